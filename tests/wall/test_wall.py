"""The command wall on real days: its numbers are those of the ledgers, down to the village, for whom they are meant."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post, PostHolding, User
from tongchou.bridge.zone_levels import store_levels
from tongchou.zones.models import PublishedLevel

from tests.bridge.real_february import work_february
from tests.cast import BACKEND, TOTP_SECRET
from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import EAST, RENHE, VILLAGES, WEST, YANBIAN


def signed_in(client, code):
    """The client as a fresh user who holds the post of that code."""
    user = User.objects.create(username=f"u-{code}", name="值班员", password="!")
    PostHolding.objects.create(user=user, post=Post.objects.get(code=code))
    secret = {"secret": get_adapter().encrypt(TOTP_SECRET)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=secret)
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def february(db):
    """Panzhihua at noon of 14 February 2020 after 13 cases; the levels of the 13th are proposed."""
    panzhihua.build_divisions()
    with citytime.standing_at(panzhihua.at(1, 22)):
        posts = panzhihua.build_posts()
        outbreak = panzhihua.build_outbreak()
    work_february(outbreak, posts["HOSPITAL-1"], until=date(2020, 2, 13))
    with citytime.standing_at(panzhihua.at(2, 13, 23)):
        store_levels(outbreak, date(2020, 2, 13), by=SYSTEM)
    with citytime.standing_at(panzhihua.at(2, 14)):
        yield outbreak


@pytest.fixture
def command(client, february):
    return signed_in(client, "COMMAND-5104")


def page(client, address="/wall/", **headers):
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def figure(text, label):
    found = re.search(rf"<dt>{label}</dt>\s*<dd><span class=\"value\">(\d+)<", text)
    assert found, f"no figure {label}"
    return int(found.group(1))


def row_of(text, name):
    return next(row for row in text.split("<tr>") if f">{name}</a></th>" in row)


def plain(row):
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_the_head_figures_are_those_of_the_case_ledger(command):
    text = page(command)
    # 13 confirmed by 8 February, 10 discharged by 13 February (tests/bridge/real_february.py)
    assert (figure(text, "累计确诊"), figure(text, "累计治愈"), figure(text, "现有确诊"), figure(text, "累计死亡")) == (13, 10, 3, 0)
    assert figure(text, "连续无新增") == 6  # 8 to 14 February
    assert "病例台账" in text


def test_each_county_has_level_reason_rule_and_clock(command):
    text = page(command)
    east, yanbian = plain(row_of(text, "东区")), plain(row_of(text, "盐边县"))
    assert "中风险" in east
    assert "未决定" in east
    assert "zone.sichuan.2020-02-06" in east or "zone.sichuan.2020-02-13" in east
    assert "低风险" in yanbian
    assert "无病例" in yanbian
    assert "未录入公布名单" in text


def test_a_published_list_stands_beside_the_computed_level(command, february):
    PublishedLevel.objects.create(published_on=date(2020, 2, 13), disease="covid-19", area_path=EAST, level="low", source="试验名单")
    east = plain(row_of(page(command), "东区"))
    assert east.count("风险") >= 2
    assert "计算为中风险，低于公布的低风险" not in east
    assert "高于公布的低风险" in east


def test_the_curve_holds_both_dates_and_marks_the_definitions(command):
    text = page(command)
    data = json.loads(re.search(r'<script id="curve-data" type="application/json">(.*?)</script>', text, re.DOTALL).group(1))
    assert sum(data["report"]) == 13
    assert sum(data["onset"]) == 13
    assert data["report"][data["days"].index("2020-01-31")] == 6
    assert data["onset"][data["days"].index("2020-01-28")] == 6  # three days before (tests/bridge/real_february.py)
    assert (data["active"][-1], data["recovered"][-1]) == (3, 10)
    assert [mark["day"] for mark in data["marks"]] == ["2020-01-28", "2020-02-06"]
    assert text.count("<th scope=\"row\">2020-") == len(data["days"])


def test_from_the_city_down_to_the_village(command):
    for path in (EAST, VILLAGES[EAST][:9], VILLAGES[EAST]):
        text = page(command, f"/wall/area/{path}/")
        assert figure(text, "累计确诊") == 9
        assert "清零时钟" in text
    assert "这里没有下一级区划" in text
    assert "攀枝花市" in text.split("wall-crumbs")[1].split("</nav>")[0]
    assert command.get("/wall/area/440100/").status_code == 404
    assert command.get("/wall/area/51040299/").status_code == 404


def test_a_county_sees_itself_and_no_neighbour(client, february):
    east = signed_in(client, f"CDC-{EAST}")
    text = page(east)
    assert "<h1>东区" in text
    assert east.get(f"/wall/area/{WEST}/").status_code == 404
    assert east.get(f"/wall/live/{WEST}/").status_code == 404
    assert east.get("/wall/area/5104/").status_code == 404


def test_nothing_comes_back_while_nothing_changed(command, february):
    version = re.search(r'data-version="(\w+)"', page(command)).group(1)
    assert command.get("/wall/live/5104/", {"version": version}).status_code == 204
    with citytime.standing_at(panzhihua.at(2, 14, 16)):
        from_now = command.get("/wall/live/5104/", {"version": "other"})
    assert from_now.status_code == 200
    assert "<html" not in from_now.content.decode()


def test_a_map_has_one_hexagon_a_county_with_its_level_in_words(command):
    text = page(command)
    assert text.count("<polygon") == 5
    assert 'aria-label="东区，中风险，现有' in text
    township = page(command, f"/wall/area/{YANBIAN}/")
    assert "<polygon" not in township  # one township only: nothing to place


@pytest.mark.mechanism("B11")
def test_a_county_without_new_cases_for_14_days_declares_it_and_names_what_reopens(command, february):
    """清零: "Zero-case clock per county (14/28 days), declares status and what reopens"."""
    renhe = f"/wall/area/{RENHE}/"  # its one case was confirmed on 1 February
    assert "连续 13 天无新增，再过 1 天满 14 天" in page(command, renhe)
    with citytime.standing_at(panzhihua.at(2, 15)):
        text = page(command, renhe)
        assert "可宣布：连续 14 天无新增" in text
        assert "企业、项目全面复工，不设条件" in text
        assert "学校按年级错峰返校" not in text
    with citytime.standing_at(panzhihua.at(2, 29)):
        text = page(command, renhe)
        assert "确诊病例清零" in text
        assert "学校按年级错峰返校" in text


def test_english(command):
    text = page(command, **{"accept-language": "en"})
    assert figure(text, "Confirmed") == 13
    assert "Medium risk" in plain(row_of(text, "东区"))
    assert "no published list entered" in text


def test_a_city_without_an_outbreak_or_without_a_case_has_a_wall(client, db):
    panzhihua.build_divisions()
    with citytime.standing_at(panzhihua.at(1, 22)):
        panzhihua.build_posts()
        signed_in(client, "COMMAND-5104")
        assert "还没有启动的疫情" in page(client)
        panzhihua.build_outbreak()
        text = page(client)
    assert figure(text, "累计确诊") == 0
    assert "还没有病例" in text
    assert "没有超时的任务" in text
    assert "连续无新增" not in text.split("</dl>")[0]  # the head figures: nothing to count from


def test_a_machine_without_divisions_has_a_wall_too(cast, db):
    assert "还没有启动的疫情" in page(cast.client("command"))


@pytest.mark.parametrize("who", ["auditor", "sys_admin", "resident", "checkpoint", "machine"])
def test_who_has_no_aggregates_has_no_wall(cast, who):
    assert cast.client(who).get("/wall/").status_code == 404


def test_the_wall_costs_the_same_however_many_cases_there_are(command):
    with CaptureQueriesContext(connection) as asked:
        page(command)
    assert len(asked) < 80
