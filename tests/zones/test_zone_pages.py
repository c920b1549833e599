"""The zone pages, as a command post and a village see them."""

from datetime import date

import pytest

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.bridge.zone_levels import store_levels
from tongchou.outbreak.actions.case import report_case
from tongchou.zones.models import PublishedLevel, ZoneDecision

from tests import cast as people
from tests.outbreak import panzhihua

FEB_14 = date(2020, 2, 14)


@pytest.fixture
def cast(db):
    with citytime.standing_at(panzhihua.at(2, 14, 17)):
        gathered = people.gather()
        outbreak = panzhihua.build_outbreak()
        instant = panzhihua.at(2, 10)
        report_case(
            outbreak=outbreak, residence_path=people.VILLAGE, status="confirmed", found_at=instant, reported_at=instant,
            by=gathered.actor("hospital"),
        )  # fmt: skip
        store_levels(outbreak, FEB_14, by=SYSTEM)
        yield gathered


def test_the_table_shows_computed_published_and_decided_side_by_side(cast):
    page = cast.client("command").get("/zones/?date=2020-02-14").content.decode()
    assert "东山区" in page and "西山区" in page
    assert "近 14 天新增 1 例（条件：等于 0）" in page
    assert "未录入公布名单" in page
    assert "zone.sichuan.2020-02-13" in page and "zone.national.2020-02-17" not in page
    PublishedLevel.objects.create(
        published_on=FEB_14, disease="covid-19", area_path=people.EAST, level="low", source="公告"
    )
    page = cast.client("command").get("/zones/?date=2020-02-14").content.decode()
    assert "计算为中风险，高于公布的低风险（2020-02-14）" in page


def test_the_page_speaks_english(cast):
    client = cast.client("command")
    page = client.get("/zones/", headers={"accept-language": "en"}).content.decode()
    assert "1 new in the last 14 days (criterion: equal to 0)" in page
    assert "Proposed by rule" in page


def test_a_county_sees_its_own_and_a_village_its_county(cast):
    own = cast.client("west").get("/zones/?date=2020-02-14").content.decode()
    assert "西山区" in own and "东山区</a>" not in own
    village = cast.client("secretary").get("/zones/?date=2020-02-14").content.decode()
    assert "东山区</a>" in village and "西山区</a>" not in village
    assert cast.client("west").get(f"/zones/{people.EAST}/").status_code == 404


def test_deciding_from_the_page(cast):
    client = cast.client("east")
    form = {
        "level": "medium", "reason": "近 14 天有新增", "legal_basis": "传染病防治法", "complaint_channel": "12345",
        "to_on": "2020-03-01", "review_on": "2020-02-21",
    }  # fmt: skip
    lacking = client.post(f"/zones/{people.EAST}/decide/", form | {"legal_basis": ""})
    assert lacking.status_code == 422
    done = client.post(f"/zones/{people.EAST}/decide/", form, follow=True)
    assert "已临时生效，等待第二人复核" in done.content.decode()
    decision = ZoneDecision.objects.get()
    assert (decision.state, decision.rule_version) == ("provisional", "zone.sichuan.2020-02-13")
    assert decision.evidence["facts"]["new_14d"] == 1
    detail = cast.client("command").get(f"/ledger/zone_decision/{decision.pk}/").content.decode()
    assert "确认（第二人）" in detail
    confirmed = cast.client("command").post(
        f"/ledger/zone_decision/{decision.pk}/do/confirm/", {"sure": "1"}, follow=True
    )
    assert confirmed.status_code == 200
    decision.refresh_from_db()
    assert decision.state == "in_force"


def test_who_may_not_decide_finds_no_form(cast):
    assert cast.client("cdc_east").get(f"/zones/{people.EAST}/decide/").status_code in (403, 404)
    assert cast.client("west").get(f"/zones/{people.EAST}/decide/").status_code in (403, 404)


def test_a_day_without_proposals_and_a_bad_day_say_what_to_do(cast):
    client = cast.client("command")
    assert "这一天还没有分级建议" in client.get("/zones/?date=2020-02-01").content.decode()
    assert "请写成 2020-02-14" in client.get("/zones/?date=yesterday").content.decode()


def test_the_published_list_is_entered_by_form(cast):
    client = cast.client("office")
    form = {"published_on": "2020-02-14", "area_path": "510402000000", "level": "medium", "source": "省公告"}
    assert client.post("/ledger/published_level/new/", form, follow=True).status_code == 200
    row = PublishedLevel.objects.get()
    assert (row.area_path, row.level, row.disease) == (people.EAST, "medium", "covid-19")
    future = client.post("/ledger/published_level/new/", form | {"published_on": "2020-02-20"})
    assert future.status_code == 422 and "在今天之后" in future.content.decode()
