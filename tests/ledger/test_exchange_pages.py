"""A secretary's way with a sheet in the browser: upload, see each row judged, map columns, confirm, undo."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tongchou import jobs
from tongchou.files import store
from tongchou.ledger.models import ColumnMapping, Import
from tongchou.people.models import Person

from tests.cast import VILLAGE, gather
from tests.people.conftest import number

pytestmark = pytest.mark.django_db
PAGE = reverse("ledger-import", kwargs={"key": "person"})


def sheet(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("名单.csv", ("\n".join(lines) + "\n").encode(), content_type="text/csv")


@pytest.fixture
def work(django_capture_on_commit_callbacks):
    """The worker's turn, with what waits for the commit."""

    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            jobs.run(until_idle=True, periodic=False)

    return run


def test_upload_judge_confirm_undo(work):
    client = gather().client("secretary")
    assert client.post(PAGE, {}).status_code == 422
    sent = client.post(PAGE, {"file": sheet("姓名,证件号码,居住区划", f"王一,{number()},{VILLAGE}", f"李二,123,{VILLAGE}")})
    page = sent["Location"]
    source = Import.objects.get()
    assert (source.state, Person.objects.count()) == ("staging", 0)
    assert "王一".encode() not in (store.folder() / source.stored).read_bytes()
    work()
    shown = client.get(page).content.decode()
    assert "待确认" in shown and "身份证" in shown and Person.objects.count() == 0
    rejected = client.get(reverse("ledger-import-rejected", kwargs={"key": "person", "pk": source.pk})).content.decode()
    assert "李二" in rejected and "王一" not in rejected
    client.post(page, {"step": "confirm"})
    work()
    source.refresh_from_db()
    assert (source.state, source.created, source.rejected, source.rows) == ("done", 1, 1, 2)
    assert not store.exists(source.stored)
    assert Person.objects.get().name == "王一"
    client.post(page, {"step": "undo"})
    assert not Person.objects.exists()
    assert "已撤销" in client.get(page).content.decode()


def test_an_import_belongs_to_the_post_that_began_it(work):
    cast = gather()
    page = cast.client("secretary").post(PAGE, {"file": sheet("姓名,居住区划", f"王一,{VILLAGE}")})["Location"]
    work()
    for stranger in ("secretary_west", "cdc_east", "office"):
        assert cast.client(stranger).get(page).status_code == 404
        assert cast.client(stranger).post(page, {"step": "confirm"}).status_code == 404
    assert Import.objects.get().state == "staged"


def test_a_foreign_sheet_is_mapped_once_and_then_by_name(work):
    client = gather().client("secretary")
    foreign = ("who,born,where", f"王一,14/02/1980,{VILLAGE}")
    page = client.post(PAGE, {"file": sheet(*foreign)})["Location"]
    work()
    assert Import.objects.get().refusal["code"] == "no_header"
    form = page + "columns/"
    assert "who" in client.get(form).content.decode()
    rules = {"name": "village-list", "name.from": "who", "born_on.from": "born", "born_on.date": "%d/%m/%Y", "area_path.from": "where"}
    sent = client.post(form, {**rules, "name": "village-list"})
    assert sent.status_code == 302, sent.content.decode()
    work()
    source = Import.objects.get()
    assert (source.state, source.created, source.mapping) == ("staged", 1, "village-list")
    assert ColumnMapping.objects.get().columns["born_on"] == {"from": "born", "date": "%d/%m/%Y"}
    assert "village-list" in client.get(PAGE).content.decode()
