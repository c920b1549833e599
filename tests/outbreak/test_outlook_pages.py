"""The outlook on its page and on the wall: what was stored, for whom it is meant, in both languages."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from django.utils import translation

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.bridge.area_outlook import store_outlooks
from tongchou.outbreak.models import AreaOutlook, Case
from tongchou.outbreak.outlook_view import chance_text

from tests.bridge.real_february import work_february
from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import CITY, EAST, VILLAGES, WEST, YANBIAN
from tests.wall.test_wall import plain, signed_in

FEB_13 = date(2020, 2, 13)


@pytest.fixture
def february(db):
    """13 cases (tests/bridge/real_february.py), the outlooks of the 12th and 13th stored, noon of the 14th."""
    panzhihua.build_divisions()
    with citytime.standing_at(panzhihua.at(1, 22)):
        posts = panzhihua.build_posts()
        outbreak = panzhihua.build_outbreak()
    work_february(outbreak, posts["HOSPITAL-1"], until=FEB_13)
    Case.objects.update(origin="local")
    for day in (12, 13):
        with citytime.standing_at(panzhihua.at(2, day, 23)):
            store_outlooks(outbreak, date(2020, 2, day), by=SYSTEM, days_to_downgrade={EAST: 9})
    with citytime.standing_at(panzhihua.at(2, 14)):
        yield outbreak


@pytest.fixture(autouse=True)
def own_language():
    """A page asked for in English leaves the thread in English: what runs next shall not notice."""
    yield
    translation.deactivate()


def page(client, address, **headers):
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def tile(text, key):
    return plain(re.search(rf'data-tile="{key}">(.*?)</div>', text, re.DOTALL).group(1))


def chart(text):
    return json.loads(re.search(r'<script id="outlook-data" type="application/json">(.*?)</script>', text, re.DOTALL).group(1))


def test_the_city_page_says_too_few_and_shows_the_rest(client, february):
    text = page(signed_in(client, "COMMAND-5104"), f"/outbreak/outlook/{CITY}/")
    assert "近 7 天 2 例，不足 12 例：太少，不推算传播速度和走势" in text
    row = AreaOutlook.objects.get(area_path=CITY, day_on=FEB_13)
    assert tile(text, "over").startswith(f"本轮已结束的可能性 {chance_text(row.figures['end']['over'][0])}")
    assert row.figures["end"]["reached_on"] in tile(text, "over")
    assert "13 例" in tile(text, "unlinked")
    assert tile(text, "last_case").startswith("距最近一例报告 5 天")
    data = chart(text)
    assert data["end"]["over"][0] == pytest.approx(100 * row.figures["end"]["over"][0], abs=0.06)
    assert len(data["end"]["days"]) == 29 and len(data["chains"]["rows"]) == 13
    assert "据 13 例病例记录" in text and "statistics.branching" in text
    assert f'href="/outbreak/outlook/{EAST}/"' in text  # the counties stand below
    assert "?date=2020-02-12" in text  # the day before is kept
    assert "2020-02-12，第 1 版" in page(client, f"/outbreak/outlook/{CITY}/?date=2020-02-12")


def test_a_county_shows_its_downgrade_day_with_its_chance(client, february):
    text = page(signed_in(client, f"CDC-{EAST}"), f"/outbreak/outlook/{EAST}/")
    assert "最早可建议降级 2020-02-22" in tile(text, "downgrade")
    assert re.search(r"其间没有新报告的可能性 \d+%", tile(text, "downgrade"))
    assert chart(text)["end"]["downgrade"] == "2020-02-22"


def test_english(client, february):
    text = page(signed_in(client, "COMMAND-5104"), f"/outbreak/outlook/{CITY}/", **{"accept-language": "en"})
    assert "too few to say how fast it spreads" in text
    assert tile(text, "over").startswith("Chance that this episode is over")
    assert chart(text)["end"]["names"] == ["Over (if none is reported)", "None reported by that day"]


def test_a_post_is_led_to_its_own_area_and_sees_no_neighbour(client, february):
    east = signed_in(client, f"CDC-{EAST}")
    assert east.get("/outbreak/outlook/").headers["Location"] == f"/outbreak/outlook/{EAST}/"
    assert east.get(f"/outbreak/outlook/{WEST}/").status_code == 404
    assert east.get(f"/outbreak/outlook/{CITY}/").status_code == 404
    assert east.get("/outbreak/outlook/440100/").status_code == 404


def test_the_wall_carries_the_outlook_and_changes_with_it(client, february):
    command = signed_in(client, "COMMAND-5104")
    text = page(command, "/wall/")
    assert "疫情研判" in text and "太少，不推算" in text and chart(text)["today"] == "2020-02-13"
    assert "outlook-title" not in page(command, f"/wall/area/{VILLAGES[EAST]}/")  # of a village none is made
    assert "本次疫情中没有病例" in page(command, f"/wall/area/{YANBIAN}/")
    version = re.search(r'data-version="(\w+)"', text).group(1)
    assert command.get(f"/wall/live/{CITY}/", {"version": version}).status_code == 204
    store_outlooks(february, date(2020, 2, 14), by=SYSTEM, days_to_downgrade={})
    assert command.get(f"/wall/live/{CITY}/", {"version": version}).status_code == 200


def test_before_the_first_run_the_page_says_what_to_do(client, february):
    AreaOutlook.objects.all().delete()
    command = signed_in(client, "COMMAND-5104")
    assert "还没有研判" in page(command, f"/outbreak/outlook/{CITY}/")
    assert "outlook-title" not in page(command, "/wall/")
    assert "无法识别" in page(command, f"/outbreak/outlook/{CITY}/?date=yesterday")


def test_without_an_outbreak_there_is_nothing_to_judge(client, db):
    panzhihua.build_divisions()
    with citytime.standing_at(panzhihua.at(1, 22)):
        panzhihua.build_posts()
        assert "没有进行中的疫情" in page(signed_in(client, "COMMAND-5104"), "/outbreak/outlook/")


@pytest.mark.parametrize(("chance", "text"), [(None, "–"), (0.0, "0%"), (0.0004, "0.1%"), (0.41, "41%"), (0.9999, "99.9%"), (1.0, "100%")])
def test_no_chance_is_rounded_into_certainty(chance, text):
    assert chance_text(chance) == text
