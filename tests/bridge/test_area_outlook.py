"""The outlook of the city and its counties as the night's run stores it: once a data version, never changed."""

from datetime import date

import pytest

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.audit.models import Entry
from tongchou.bridge.area_outlook import load_cases, store_outlooks
from tongchou.outbreak.actions.investigation import link_source
from tongchou.outbreak.models import AreaOutlook, Case
from tongchou.outbreak.queries.outlook import days_of, newest_outlook, outlooks_of

from tests.bridge.real_february import report, work_february
from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import CITY, EAST, RENHE, WEST, YANBIAN

FEB_14 = date(2020, 2, 14)


@pytest.fixture
def february(posts):
    """13 cases by the 8th (tests/bridge/real_february.py); the second to fourth were infected by the first, across counties."""
    with citytime.standing_at(panzhihua.at(1, 22)):
        outbreak = panzhihua.build_outbreak()
    cases = work_february(outbreak, posts["HOSPITAL-1"], until=FEB_14)
    Case.objects.update(origin="local")
    Case.objects.filter(pk=cases[0].pk).update(origin="imported", imported_from="other_province")
    with citytime.standing_at(citytime.at_hour(FEB_14, 9)):
        for case in cases[1:4]:
            link_source(case=case, source=cases[0], by=posts["HOSPITAL-1"])
    return outbreak


def stored(outbreak, day=FEB_14, hour=17, **downgrade):
    with citytime.standing_at(citytime.at_hour(day, hour)):
        return {row.area_path: row for row in store_outlooks(outbreak, day, by=SYSTEM, days_to_downgrade=downgrade)}


def test_too_few_to_say_with_chains_and_the_rest_instead(february):
    rows = stored(february, **{f"{EAST}": 8})
    assert set(rows) == {CITY, EAST, WEST, RENHE, "510421", YANBIAN}
    city, east = rows[CITY], rows[EAST]
    assert not city.enough
    figures = city.figures
    assert (figures["cases"], figures["cases_in_window"], figures["fewest_cases"]) == (13, 1, 12)
    assert (figures["imported"], figures["local"], figures["unlinked"]["part"]) == (1, 12, 9)
    assert (figures["chains"], figures["largest_chain"], figures["deepest_generation"]) == (10, 4, 1)
    assert figures["days_since_last_case"] == 6
    assert city.reasons[0]["code"] == "outlook.too_few"
    assert "近 7 天 1 例，不足 12 例：太少" in city.reasons[0]["zh"]
    assert "too few to say" in city.reasons[0]["en"]
    # The fourth case lives in West and was infected in East: its chain reaches both, and it is not without a source.
    assert rows[WEST].figures["largest_chain"] == 4
    assert rows[WEST].figures["unlinked"]["part"] == rows[WEST].figures["cases"] - 1
    assert east.figures["downgrade"]["on"] == "2020-02-22"
    assert 0 < east.figures["downgrade"]["chance"] < 1
    assert rows[YANBIAN].reasons[0]["code"] == "outlook.no_case"


def test_the_end_is_told_by_day_with_the_model_it_was_computed_with(february):
    row = stored(february)[CITY]
    end = row.figures["end"]
    assert (end["first_on"], end["threshold"], len(end["over"])) == ("2020-02-14", 0.95, 61)
    assert end["over"] == sorted(end["over"])
    assert "2020-02-14" < end["reached_on"] < "2020-03-31"
    assert row.rules["statistics.branching"].startswith("statistics.branching")
    assert row.figures["model"]["serial_mean_days"] == pytest.approx(4.7, abs=0.05)


def test_an_unchanged_area_is_skipped_and_a_changed_one_adds_a_version(february, posts):
    first, trail = stored(february), Entry.objects.count()
    again = stored(february, hour=18)
    assert {row.pk for row in again.values()} == {row.pk for row in first.values()}
    assert Entry.objects.count() == trail
    with citytime.standing_at(citytime.at_hour(FEB_14, 19)):
        report(february, YANBIAN, FEB_14, posts["HOSPITAL-1"])
    later = stored(february, hour=20)
    changed = {path for path, row in later.items() if row.pk != first[path].pk}
    assert changed == {CITY, YANBIAN}
    assert (later[YANBIAN].version, later[YANBIAN].figures["cases"]) == (2, 1)
    assert AreaOutlook.objects.filter(area_path=YANBIAN).count() == 2  # the first is kept
    assert outlooks_of(february, FEB_14)[YANBIAN] == later[YANBIAN]
    assert newest_outlook(february, CITY).version == 2
    assert Entry.objects.filter(ledger="area_outlook", object_id=str(later[CITY].pk)).exists()


def test_another_downgrade_day_is_another_version(february):
    stored(february)
    row = stored(february, hour=18, **{EAST: 3})[EAST]
    assert (row.version, row.figures["downgrade"]["days"]) == (2, 3)


def test_a_case_of_tomorrow_is_not_known_today(february, posts):
    with citytime.standing_at(citytime.at_hour(date(2020, 2, 16), 16)):
        report(february, EAST, date(2020, 2, 16), posts["HOSPITAL-1"])
        assert len(load_cases(february, FEB_14, 14).cases) == 13
    assert stored(february, date(2020, 2, 16))[CITY].figures["cases"] == 14
    assert [row.day_on for row in days_of(february, CITY)] == [date(2020, 2, 16)]


def test_a_missing_rule_is_named_and_nothing_is_guessed(february):

    february.disease = "measles"
    row = stored(february)[CITY]
    assert row.reasons[0]["code"] == "outlook.no_rule"
    assert "statistics.serial_interval" in row.reasons[0]["zh"]
    assert not row.enough and row.figures == {"days_to_downgrade": None}
