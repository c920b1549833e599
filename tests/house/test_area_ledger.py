"""The ledger of divisions: list and filters, a version's fate, rename and merger by page, a sheet of new versions."""

import csv
from datetime import date

import pytest
from django.urls import reverse

from tongchou import areas, audit, citytime, jobs
from tongchou.areas.actions.reform import merge_areas
from tongchou.areas.models import Area
from tongchou.ledger import door, registry
from tongchou.ledger.exchange import applying, staging
from tongchou.ledger.models import Import
from tongchou.places.models import Place
from tongchou.refusal import Refusal

from tests.cast import gather

STREET, TOWN = "510402001", "510402002"
DAY = date(2020, 3, 1)


@pytest.fixture
def cast(db):
    return gather()


@pytest.fixture
def ledger():
    return registry.get("area")


def detail(path, route="ledger-detail", **more):
    return reverse(route, kwargs={"key": "area", "pk": Area.objects.get(path=path, valid_to_on=None).pk} | more)


def page(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_list_is_filtered_by_level_and_by_place(cast):
    office = cast.client("office")
    shown = page(office.get(reverse("ledger-list", kwargs={"key": "area"}), {"level": "township", "path": "510402"}))
    assert "河口街道" in shown and "桥头镇" in shown
    assert "石门镇" not in shown and "一村" not in shown


def test_a_post_sees_its_own_area_only(cast, ledger):
    assert set(ledger.rows(cast.actor("street")).values_list("path", flat=True)) == {
        STREET, f"{STREET}001", f"{STREET}002", f"{STREET}003",
    }  # fmt: skip
    assert cast.client("street").get(detail(TOWN)).status_code == 404


def test_a_rename_by_page_makes_a_version_and_both_can_be_read(cast):
    office = cast.client("office")
    old = detail(TOWN)
    sent = {"name": "桥南镇", "on": "2020-03-01", "source": "试验文号 1"}
    assert office.post(detail(TOWN, "ledger-action", name="rename"), sent).status_code == 302
    assert [(row.name, row.valid_from_on, row.valid_to_on) for row in Area.objects.filter(path=TOWN)] == [
        ("桥头镇", date(2019, 1, 1), DAY), ("桥南镇", DAY, None),
    ]  # fmt: skip
    before, after = Area.objects.filter(path=TOWN)
    assert (before.became, after.came_from, after.became) == ("桥南镇", "桥头镇", "")
    assert "2020-03-01" in page(office.get(old)) and "桥南镇" in page(office.get(detail(TOWN)))


def test_a_merger_by_page_says_what_became_of_the_town(cast):
    office = cast.client("office")
    old = detail(TOWN)
    sent = {"to": "河口街道", "on": "2020-03-01", "name": "", "source": ""}
    assert office.post(detail(TOWN, "ledger-action", name="succeed"), sent).status_code == 302
    assert areas.successors(TOWN, DAY) == {STREET: 1}
    assert "试验市东山区河口街道" in page(office.get(old))
    village = page(office.get(detail(f"{STREET}004")))
    assert "甲村" in village and "试验市东山区桥头镇甲村" in village
    assert audit.verify().sound


@pytest.mark.parametrize(
    ("who", "to", "told"),
    [("office", "下村", "不是同一级别"), ("office", "510499", "不是本市现有或曾有的区划代码")],
)
def test_an_impossible_merger_is_answered_on_the_form(cast, who, to, told):
    answer = cast.client(who).post(detail(TOWN, "ledger-action", name="succeed"), {"to": to, "on": "2020-03-01"})
    assert answer.status_code == 422 and told in answer.content.decode()
    assert areas.find(TOWN, DAY) is not None


def test_who_may_only_look_cannot_change(cast, ledger):
    assert cast.client("secretary").post(detail(f"{STREET}001", "ledger-action", name="rename"), {}).status_code == 404
    with pytest.raises(Refusal):
        ledger.actions[1].do(area=Area.objects.get(path=TOWN), to="510403001", on=DAY, by=cast.actor("east"))


def sheet(tmp_path, *rows):
    file = tmp_path / "区划.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows([["区划代码", "名称", "生效日期", "驻地经度（度）", "驻地纬度（度）", "坐标系"], *rows])
    return file


def taken_in(ledger, file, by):
    source = staging.stage(ledger, file, file_name=file.name, by=by)
    if source.state == Import.State.STAGED:
        applying.confirm_import(source=source, by=by)
        jobs.run(until_idle=True)
        source.refresh_from_db()
    return source, applying.account(source)


def test_a_sheet_brings_new_divisions_and_new_versions_and_can_be_undone(cast, ledger, tmp_path):
    file = sheet(
        tmp_path,
        ["510402001009", "新建社区", "2020-02-01", "", "", ""],
        [TOWN, "桥南镇", "2020-03-01", "", "", ""],
        [STREET, "河口街道", "2019-01-01", "101.7", "26.5", "GCJ-02"],
        ["510403001", "石门镇", "2019-01-01", "", "", ""],
        ["510402009001", "孤村", "2020-02-01", "", "", ""],
        ["510402002001", "甲村", "2020-05-01", "", "", ""],
        ["510402001008", "斜村", "2020-02-01", "26.5", "101.7", "GCJ-02"],
    )
    source, account = taken_in(ledger, file, cast.actor("office"))
    assert (account["rows"], account["created"], account["updated"], account["unchanged"]) == (7, 2, 1, 1), account
    assert [(one["row"], one["column"], one["code"]) for one in account["reasons"]] == [
        (6, "code", "parent_unknown"), (7, "name", "nothing_new"), (8, "lon", "seat_outside"),
    ]  # fmt: skip
    assert areas.full_name("510402001009", DAY) == "试验市东山区河口街道新建社区"
    assert [(row.name, row.valid_to_on) for row in Area.objects.filter(path=TOWN)] == [("桥头镇", DAY), ("桥南镇", None)]
    seat = areas.get(STREET)
    assert (seat.lon, seat.lat, seat.seat_datum) == (101.7, 26.5, "GCJ-02")
    _, again = taken_in(ledger, file, cast.actor("office"))
    assert (again["created"], again["updated"], again["rejected"]) == (0, 0, 3), again

    applying.undo_import(source=source, by=cast.actor("office"))
    assert [(row.name, row.valid_to_on) for row in Area.objects.filter(path=TOWN)] == [("桥头镇", None)]
    assert areas.find("510402001009", DAY) is None and areas.get(STREET).lon is None
    assert audit.verify().sound


def test_after_a_merger_the_post_sees_and_may_write_rows_of_the_former_town(cast):
    """A row keeps the code it was written with; nobody's records fall out of everybody's reach."""
    street = cast.actor("street")
    places = registry.get("place")
    now = citytime.now()
    shop = Place.objects.create(
        place_no="L1", name="试验店", type_key="supermarket", area_path=f"{TOWN}001", created_at=now, updated_at=now
    )
    assert not places.rows(street).exists() and not door.may_hold(places, shop, street)
    merge_areas(from_paths=[TOWN], to=STREET, on=DAY, by=cast.actor("office").by)
    with citytime.standing_at(citytime.day_start(DAY)):
        assert list(places.rows(street)) == [shop] and door.may_hold(places, shop, street)
    with citytime.standing_at(citytime.day_start(date(2020, 2, 29))):
        assert not places.rows(street).exists()
