"""The map of divisions on any day: drawn, listed, linked downward, and the same as data for a chart."""

from datetime import date

import pytest
from django.urls import reverse

from tongchou.areas.actions.reform import merge_areas

from tests.areas.small_city import CLERK
from tests.areas.test_outlines import feature, load
from tests.cast import gather

STREET, TOWN = "510402001", "510402002"


@pytest.fixture
def cast(db):
    return gather()


def asked(client, name, **query):
    return client.get(reverse(name), query)


def test_the_map_shows_the_divisions_of_the_day_asked_for(cast):
    merge_areas(from_paths=[TOWN], to=STREET, on=date(2020, 3, 1), name="河桥街道", by=CLERK)
    office = cast.client("office")
    before = asked(office, "area-map", under="510402", on="2020-02-29").content.decode()
    assert "桥头镇" in before and "河口街道" in before and "2020-03-01 → 试验市东山区河桥街道" in before
    after = asked(office, "area-map", under="510402", on="2020-03-01").content.decode()
    assert "河桥街道" in after and "桥头镇" not in after
    assert after.count("<polygon") == 1 and f"under={STREET}&amp;on=2020-03-01" in after


def test_a_post_begins_with_its_own_area_and_a_village_with_its_township(cast):
    assert "河口街道" in asked(cast.client("east"), "area-map").content.decode()
    village = asked(cast.client("grid"), "area-map").content.decode()
    assert "一村" in village and "二村" in village


@pytest.mark.parametrize(
    ("query", "status", "zh"),
    [
        ({"under": "510499"}, 404, "不在区划表中"),
        ({"under": "51x"}, 400, "数字以外"),
        ({"on": "2020-02-30"}, 400, "不是可用的日期"),
        ({"level": "street"}, 400, "没有“street”这个级别"),
    ],
)
def test_what_is_asked_wrongly_is_said_on_the_page_and_in_the_data(cast, query, status, zh):
    office = cast.client("office")
    shown = asked(office, "area-map", **query)
    assert (shown.status_code, zh in shown.content.decode()) == (status, True)
    answer = asked(office, "area-schematic", **query)
    assert answer.status_code == status and zh in answer.json()["zh"] and answer.json()["en"]


def test_a_day_before_the_tree_shows_an_empty_state(cast):
    shown = asked(cast.client("office"), "area-map", under="510402", on="2000-01-01")
    assert shown.status_code == 404  # the county itself does not stand on that day
    assert "这一天没有下级区划" in asked(cast.client("office"), "area-map", under=f"{STREET}001").content.decode()


def test_the_data_of_both_maps(cast):
    load(feature("510402"))
    office = cast.client("office")
    drawn = asked(office, "area-schematic", under="5104", level="township").json()
    assert [one["properties"]["title"] for one in drawn["features"]] == ["河口街道", "桥头镇", "石门镇", "青林乡"]
    outlines = asked(office, "area-outlines", under="5104").json()
    assert [one["id"] for one in outlines["features"]] == ["510402"] and outlines["missing"] == ["510403"]
    assert outlines["datums"] == ["WGS-84"]


def test_the_page_is_complete_in_english(cast):
    shown = cast.client("office").get(reverse("area-map"), {"under": "510402"}, headers={"accept-language": "en"})
    told = shown.content.decode()
    for words in ("Map of divisions", "Ledger of divisions", "from 2019-01-01", "Township", "a sketch, hexagons say nothing of area"):
        assert words in told
    assert 'aria-label="试验市东山区"' in told  # names stay as they are


def test_strangers_are_sent_to_sign_in(client, cast):
    for name in ("area-map", "area-schematic", "area-outlines"):
        assert asked(client, name).status_code in (302, 404)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_map_is_used_by_keyboard_and_runs_clean(open_page, live_server):
    cast = gather()
    page = open_page()
    cookie = cast.client("office").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(reverse("area-map") + "?under=5104")
    page.locator("svg a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**under=510402**")
    assert page.locator("svg title").all_text_contents() == ["河口街道", "桥头镇"]
    assert page.faults == []
