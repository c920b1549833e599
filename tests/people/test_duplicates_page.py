"""The page of possible duplicates, as a village secretary, a county's disease control and a stranger see it."""

from __future__ import annotations

import pytest

from tongchou import audit
from tongchou.access.actor import SYSTEM
from tongchou.ledger import registry, write
from tongchou.people.models import Person, PersonMerge

from tests import cast as people
from tests.people.conftest import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db):
    return people.gather()


def add(**text) -> Person:
    ledger = registry.get("person")
    raw = {"name": "王示例", "area_path": people.VILLAGE, **text}
    return write.create_rows(ledger, [write.clean_row(ledger, raw, SYSTEM)], by=SYSTEM)[0]


@pytest.fixture
def twins(cast) -> tuple[Person, Person]:
    return add(phone="15400000001", id_no=number()), add(phone="154 0000 0001")


def test_the_secretary_sees_the_pair_masked_and_merges_it_by_one_click(cast, twins):
    client = cast.client("secretary")
    page = client.get("/people/duplicates/").content.decode()
    assert "电话相同、姓名相同" in page and twins[0].person_no in page and twins[1].person_no in page
    assert number() not in page and "15400000001" not in page
    assert audit.timeline("person", "").filter(note="duplicates", count=2).exists()

    done = client.post("/people/duplicates/", {"keep": twins[0].person_no, "drop": twins[1].person_no}, follow=True)
    assert f"已将 {twins[1].person_no} 并入 {twins[0].person_no}" in done.content.decode()
    assert "没有疑似重复" in done.content.decode()
    assert Person.objects.get(pk=twins[1].pk).merged_into_id == twins[0].pk

    undone = client.post(f"/ledger/person/{twins[1].pk}/do/unmerge/", {"confirm": "1"}, follow=True)
    assert undone.status_code == 200
    assert Person.objects.get(pk=twins[1].pk).status == "living"
    assert PersonMerge.objects.get().undone_at is not None


def test_the_other_district_neither_sees_nor_merges(cast, twins):
    client = cast.client("cdc_west")
    page = client.get("/people/duplicates/").content.decode()
    assert twins[0].person_no not in page and "没有疑似重复" in page
    asked = client.get(f"/people/duplicates/?area={people.VILLAGE}").content.decode()
    assert "不是您范围内的区划" in asked and twins[0].person_no not in asked
    refused = client.post("/people/duplicates/", {"keep": twins[0].person_no, "drop": twins[1].person_no}, follow=True)
    assert "无权合并人员" in refused.content.decode()
    assert PersonMerge.objects.count() == 0


def test_the_city_is_asked_county_by_county(cast, twins):
    client = cast.client("cdc_city")
    page = client.get("/people/duplicates/").content.decode()
    assert "请选择一个区县" in page and twins[0].person_no not in page
    assert twins[0].person_no in client.get(f"/people/duplicates/?area={people.EAST}").content.decode()


def test_the_page_speaks_english(cast, twins):
    page = cast.client("secretary").get("/people/duplicates/", headers={"accept-language": "en"}).content.decode()
    assert "Possible duplicates" in page
    assert "same phone, same name" in page
    assert "1 pair" in page


def test_a_grid_worker_has_no_such_page(cast, twins):
    assert cast.client("grid").get("/people/duplicates/").status_code in (403, 404)
