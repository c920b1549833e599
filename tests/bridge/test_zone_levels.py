"""Zone levels of real days from case rows, beside the published list, and the zero-case clock."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.models import Area, AreaSuccession
from tongchou.bridge import counts
from tongchou.bridge.zero_clock import city_clock, zero_clocks
from tongchou.bridge.zone_levels import propose_levels, store_levels
from tongchou.day.loop import run_day
from tongchou.outbreak.actions.case import exclude_case, report_case
from tongchou.outbreak.actions.outbreak import draft_outbreak, open_outbreak
from tongchou.outbreak.actions.outcome import discharge_case
from tongchou.refusal import Refusal
from tongchou.zones.actions.decision import decide_level
from tongchou.zones.models import AreaPopulation, PublishedLevel, ZoneProposal
from tongchou.zones.queries.table import zone_table

from tests.bridge.real_february import discharge, report, work_february
from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import COUNTIES, EAST, MIYI, PERSONS, RENHE, VILLAGES, WEST, YANBIAN

LIST = Path(__file__).resolve().parents[2] / "demo" / "facts" / "published_levels.csv"
FEB_28 = date(2020, 2, 28)


@pytest.fixture
def hospital(posts):
    return posts["HOSPITAL-1"]


@pytest.fixture
def early_outbreak(posts):
    with citytime.standing_at(panzhihua.at(1, 22)):
        return panzhihua.build_outbreak()


@pytest.fixture
def february(early_outbreak, hospital):
    for area, persons in PERSONS.items():
        AreaPopulation.objects.create(
            area_path=area, counted_on=date(2020, 11, 1), persons=persons, source="census 2020"
        )
    work_february(early_outbreak, hospital, until=FEB_28)
    return early_outbreak


def levels(outbreak, day):
    with citytime.standing_at(citytime.at_hour(day, 17, 30)):
        return {one.area: one.proposal.level if one.proposal else "" for one in propose_levels(outbreak, day)}


def load_published():
    with LIST.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            PublishedLevel.objects.create(
                published_on=row["published_on"],
                disease="covid-19",
                area_path=row["area"].rstrip("0"),
                level=row["level"],
                source=row["source"],
            )


@pytest.mark.mechanism("C01")
def test_zone_engine_national_provincial_and_sub_county_criteria_as_data(february):
    """Zone engine: national, provincial and sub-county criteria as data; level, reason, expiry, measures list."""
    load_published()
    with citytime.standing_at(citytime.at_hour(FEB_28, 17, 30)):
        lines = {
            line.area: line
            for line in zone_table(FEB_28, disease="covid-19", proposals=store_levels(february, FEB_28, by=SYSTEM))
        }
    east, west = lines[EAST], lines[WEST]
    # level, and the published list of that day beside it
    assert (east.level, east.published) == ("medium", "medium")
    assert (west.level, west.published) == ("low", "low")
    assert east.published_text("zh") == "与公布级别一致（2020-02-28）"
    # the reason, from criteria that are data; the provincial rule was preferred to the national one
    assert east.rule == "zone.sichuan.2020-02-13"
    assert east.reasons("zh")[0] == "不符合其他各级条件，列为中风险"
    assert "近 14 天新增 3 例（条件：等于 0）" in east.reasons("zh")
    assert "in hospital" not in " ".join(east.reasons("en")[:1])
    assert any(text.startswith("zone.national.2020-02-17") for text in east.beaten("zh"))
    # expiry: 14 days after the last discharge of the 22nd, which comes after 14 days without a case
    assert east.days_to_downgrade == 8
    assert levels(february, FEB_28 + timedelta(days=7))[EAST] == "medium"
    assert levels(february, FEB_28 + timedelta(days=8))[EAST] == "low"
    # West: its last patient left on the 13th
    assert any("距最后一例出院或转出 15 天" in text for text in west.reasons("zh"))


@pytest.mark.mechanism("C01")
def test_sub_county_criteria_raise_and_lower_a_village_with_reason_expiry_and_measures(posts):
    """Zone engine: national, provincial and sub-county criteria as data; level, reason, expiry, measures list.

    Protocol version 9 (June 2022): a village decided high falls to medium after 7 days without a case.
    """
    village, case_on, day = VILLAGES[EAST], date(2022, 7, 1), date(2022, 7, 7)
    with citytime.standing_at(citytime.at_hour(case_on, 9)):
        outbreak = panzhihua.build_outbreak()
    with citytime.standing_at(citytime.at_hour(case_on, 16)):
        report(outbreak, EAST, case_on, posts["HOSPITAL-1"], onset_on=case_on - timedelta(days=1))
        decide_level(
            area_path=village, disease="covid-19", level="high", rule_id="zone.subcounty",
            rule_version="zone.v9.2022-06-28", reason="感染者居住地", legal_basis="传染病防治法", complaint_channel="12345",
            to_on=date(2022, 7, 15), by=posts["COMMAND-510402"],
        )  # fmt: skip
    with citytime.standing_at(citytime.at_hour(day, 17)):
        brief = run_day(day, by=SYSTEM)
        zone = next(zone for zone in brief.data["assess"]["zones"] if zone["area"] == village)
    assert (zone["level"], zone["decided"], zone["rule"]) == ("high", "high", "zone.v9.2022-06-28")
    assert "距最近一例 6 天（条件：不少于 7）" in zone["reasons_zh"]
    assert zone["days_to_downgrade"] == 1
    measures = next(one for one in brief.data["plan"]["areas"] if one["area"] == village)
    assert "集中精力抓防控" in [row["zh"] for row in measures["measures"]]
    with citytime.standing_at(citytime.at_hour(day + timedelta(days=1), 17)):
        after = run_day(day + timedelta(days=1), by=SYSTEM).data["assess"]["zones"]
        zone = next(zone for zone in after if zone["area"] == village)
    assert (zone["level"], zone["decided"]) == ("medium", "high"), "proposed lower, decided by nobody: it stays high"


def test_counties_without_a_case_are_low_and_unnamed_ones_say_that_the_list_left_them_out(february):
    load_published()
    found = levels(february, FEB_28)
    assert (found[MIYI], found[YANBIAN], found[RENHE]) == ("low", "low", "low")
    with citytime.standing_at(citytime.at_hour(FEB_28, 18)):
        line = next(
            line
            for line in zone_table(FEB_28, disease="covid-19", proposals=store_levels(february, FEB_28, by=SYSTEM))
            if line.area == MIYI
        )
    assert (line.published, "未列出" in line.published_text("zh")) == ("", True)


def test_published_stays_empty_with_its_reason_until_a_list_is_entered(february):
    with citytime.standing_at(citytime.at_hour(FEB_28, 17)):
        rows = zone_table(FEB_28, disease="covid-19", proposals=store_levels(february, FEB_28, by=SYSTEM))
    assert {line.published for line in rows} == {""}
    assert "未录入公布名单" in rows[0].published_text("zh")
    assert "no published list entered" in rows[0].published_text("en")


def test_days_without_a_rule_or_with_a_rule_not_found_propose_nothing_and_say_why(early_outbreak, hospital):
    work_february(early_outbreak, hospital, until=date(2020, 2, 10))
    with citytime.standing_at(citytime.at_hour(date(2020, 2, 10), 17)):
        assert {one.proposal for one in propose_levels(early_outbreak, date(2020, 2, 3))} == {None}
        first = propose_levels(early_outbreak, date(2020, 2, 3))[0]
        assert first.reasons[0].code == "rule.none"
        assert propose_levels(early_outbreak, date(2020, 2, 10))[0].reasons[0].code == "rule.not_found"


def test_the_national_rule_as_it_was_known_on_the_day(posts):
    """Foshan, 24 March 2020: only Chancheng medium. A case of the 15th is still inside 14 days, one of the 3rd is not."""
    names = {"440604": "禅城区", "440605": "南海区", "440606": "顺德区", "440607": "三水区", "440608": "高明区"}
    sheet = "code,name\n440600000000,佛山市\n" + "".join(f"{code}000000,{name}\n" for code, name in names.items())
    import_divisions(file=sheet.encode(), valid_from_on=date(2019, 1, 1), source="admin-divisions", by=panzhihua.CLERK)
    with citytime.standing_at(panzhihua.at(1, 23)):
        draft = draft_outbreak(
            code="CV4406", name="佛山", disease="covid-19", area_path="4406", begins_on=date(2020, 1, 1),
            lead_post="a", task_force="b", plan="c", voice_post="d", by=SYSTEM,
        )  # fmt: skip
        foshan = open_outbreak(outbreak=draft, by=SYSTEM)
    day = date(2020, 3, 24)
    with citytime.standing_at(citytime.at_hour(day, 17)):
        for area, month, on in (("440604", 3, 15), ("440605", 3, 3), ("440606", 2, 20)):
            instant = panzhihua.at(month, on)
            report_case(
                outbreak=foshan,
                residence_path=area,
                status="confirmed",
                found_at=instant,
                reported_at=instant,
                by=SYSTEM,
            )
        abroad = panzhihua.at(3, 22)
        report_case(
            outbreak=foshan, residence_path="440606", status="confirmed", found_at=abroad, reported_at=abroad,
            origin="imported", imported_from="abroad", by=SYSTEM,
        )  # fmt: skip
        found = {one.area: one.proposal.level for one in propose_levels(foshan, day)}
        rule = propose_levels(foshan, day)[0].answer.version
    assert rule == "zone.national.2020-02-17"
    assert found == {"440604": "medium", "440605": "low", "440606": "low", "440607": "low", "440608": "low"}


def test_storing_twice_changes_nothing_and_new_facts_change_the_row(february, hospital):
    with citytime.standing_at(citytime.at_hour(FEB_28, 17)):
        first = store_levels(february, FEB_28, by=SYSTEM)
        again = store_levels(february, FEB_28, by=SYSTEM)
        assert [row.pk for row in first] == [row.pk for row in again]
        assert ZoneProposal.objects.count() == len(COUNTIES)
        report(february, YANBIAN, FEB_28, hospital)
        store_levels(february, FEB_28, by=SYSTEM)
    assert ZoneProposal.objects.count() == len(COUNTIES)
    assert ZoneProposal.objects.get(area_path=YANBIAN).level == "medium"


@pytest.mark.mechanism("B11")
def test_zero_case_clock_per_county_declares_status_and_what_reopens(february, hospital):
    """Zero-case clock per county (14/28 days), declares status and what reopens."""
    with citytime.standing_at(citytime.at_hour(date(2020, 3, 16), 17)):
        # West's last case was confirmed on 2 February: 14 days on the 16th, 28 days on 1 March
        at_day = {on: {clock.area: clock for clock in zero_clocks(february, on)} for on in
                  (date(2020, 2, 15), date(2020, 2, 16), date(2020, 2, 29), date(2020, 3, 1), date(2020, 3, 16))}  # fmt: skip
        assert (at_day[date(2020, 2, 15)][WEST].reached, at_day[date(2020, 2, 15)][WEST].days_ahead) == (None, 1)
        fourteen = at_day[date(2020, 2, 16)][WEST].reached
        assert (fourteen.zh, fourteen.days) == ("连续 14 天无新增", 14)
        assert (
            "企业、项目全面复工，不设条件",
            "all firms and projects at work, without conditions",
        ) in fourteen.reopens
        assert at_day[date(2020, 2, 29)][WEST].reached.days == 14
        cleared = at_day[date(2020, 3, 1)][WEST].reached
        assert cleared.days == 28 and "清零" in cleared.zh
        assert cleared.reopens[-1] == ("学校按年级错峰返校", "schools, by grade in turn")
        # East's last was on the 17th, so the city reaches 28 days on 16 March
        assert at_day[date(2020, 3, 16)][EAST].days == 28
        assert city_clock(february, date(2020, 3, 16)).reached.days == 28
        assert at_day[date(2020, 2, 16)][MIYI].last_case_on is None
        # a new case starts the clock anew
        report(february, WEST, date(2020, 3, 16), hospital)
        assert {clock.area: clock.days for clock in zero_clocks(february, date(2020, 3, 16))}[WEST] == 0


def test_a_case_taken_back_does_not_stop_the_clock_from_then_on(february, hospital, posts):
    with citytime.standing_at(citytime.at_hour(FEB_28, 10)):
        case = report(february, WEST, date(2020, 2, 27), hospital)
        exclude_case(case=case, reason="复核为阴性", by=posts["CDC-510403"])
        assert {clock.area: clock.days for clock in zero_clocks(february, FEB_28)}[WEST] == 26
        assert {clock.area: clock.days for clock in zero_clocks(february, date(2020, 2, 27))}[WEST] == 0


def test_figures_of_real_days(february):
    """13 confirmed by 14 February, 16 by the 17th, all 16 recovered by the 22nd (official, 24:00)."""
    with citytime.standing_at(citytime.at_hour(FEB_28, 17)):
        by_day = {day: counts.figures_of(february, date(2020, 2, day)) for day in (14, 17, 22)}
    assert (by_day[14].confirmed, by_day[17].confirmed, by_day[22].confirmed) == (13, 16, 16)
    assert (by_day[17].new_confirmed, by_day[22].recovered, by_day[22].active) == (3, 16, 0)
    assert by_day[14].active == 13 - by_day[14].recovered


def test_counts_by_county_add_up_and_series_say_their_date(february):
    day = date(2020, 2, 17)
    with citytime.standing_at(citytime.at_hour(FEB_28, 17)):
        by_area = counts.figures_by_area(february, day)
        assert {path: one.confirmed for path, one in by_area.items()} == {EAST: 12, WEST: 3, RENHE: 1}
        assert counts.figures_of(february, day, WEST).confirmed == 3
        by_report = counts.series(february, date(2020, 1, 28), day)
        by_onset = counts.series(february, date(2020, 1, 25), day, by=counts.ONSET)
    assert dict(zip(by_report.days, by_report.counts, strict=True))[date(2020, 1, 31)] == 6
    assert (sum(by_report.counts), sum(by_onset.counts), by_onset.undated) == (16, 16, 0)
    assert by_report.means[1].startswith("day of the confirmation report")
    assert [(mark.day, mark.after) for mark in by_report.marks] == [(date(2020, 2, 6), "case.definition.v4")]
    assert by_report.version.cases == 16


def test_a_township_that_moved_county_takes_its_cases_along(february, hospital):
    moved_on = date(2020, 2, 20)
    Area.objects.filter(path=VILLAGES[RENHE]).update(valid_to_on=moved_on)
    AreaSuccession.objects.create(
        from_path=VILLAGES[RENHE], to_path=VILLAGES[WEST], changed_on=moved_on, share=1, kind="merge"
    )
    with citytime.standing_at(citytime.at_hour(FEB_28, 17)):
        before = counts.figures_by_area(february, date(2020, 2, 19))
        after = counts.figures_by_area(february, date(2020, 2, 21))
    assert (before[RENHE].confirmed, before[WEST].confirmed) == (1, 3)
    assert RENHE not in after
    assert after[WEST].confirmed == 4


def test_discharge_is_refused_with_what_is_missing(early_outbreak, hospital):
    day = date(2020, 2, 14)
    with citytime.standing_at(citytime.at_hour(day, 17)):
        case = report(early_outbreak, EAST, date(2020, 2, 4), hospital)
        with pytest.raises(Refusal) as refused:
            discharge_case(
                case=case,
                criteria={
                    "negatives": ["2020-02-13 09:00", "2020-02-13 20:00"],
                    "fever_free_days": 3,
                    "symptoms_improved": True,
                },
                by=hospital,
            )
        for missing in ("间隔至少 24 小时（现有 1 次）", "体温正常超过 3 天（现为 3 天）", "影像学明显好转"):
            assert missing in refused.value.zh
        assert "2 negative respiratory samples" in refused.value.en
        assert discharge(case, day, hospital).outcome == "recovered"
