"""Report artefacts: each named one of February 2020 is found, clean series stay clean at the stated rate, nothing is lost."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from demo.extract.sources import rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.estimate.artefact_words import TERMS, WORDS, name_kind, speak
from tongchou.engine.estimate.artefacts import KINDS, CleanedSeries, count_daily, find_artefacts
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.feed_dates import find_date_shifts, find_still_days

from tests.engine_estimate.datasets import folder_of

FIRST = date(2020, 1, 20)


def quiet(days: int = 40, mean: float = 6.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, days)


def kinds(found: CleanedSeries) -> Counter[str]:
    return Counter(change.kind for change in found.changes)


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def test_a_batch_is_set_aside():
    counts = quiet()
    counts[20] += 150
    found = find_artefacts("x", FIRST, counts)
    (change,) = found.changes
    assert (change.on, change.kind, change.raw) == (on(20), "batch_report", counts[20])
    assert found.set_aside == change.raw - change.cleaned == change.reason.values["excess"]
    assert 2 <= change.cleaned <= 10 and not found.ordinary[20] and found.ordinary.sum() == 39


def test_zeros_and_then_a_jump_are_a_late_report():
    counts = quiet(mean=10.0)
    late = int(counts[18:21].sum())
    counts[18:20], counts[20] = 0, late
    found = find_artefacts("x", FIRST, counts)
    assert kinds(found) == {"late_report": 3} and found.set_aside == 0
    assert found.cleaned[18:21].sum() == late and np.ptp(found.cleaned[18:21]) <= 1


def test_two_days_in_a_row_or_a_known_day_are_a_change_of_definition():
    counts = quiet(mean=50.0)
    counts[[22, 23]] += [400, 200]
    assert kinds(find_artefacts("x", FIRST, counts)) == {"definition_change": 2}
    counts = quiet(mean=50.0)
    counts[22] += 400
    assert kinds(find_artefacts("x", FIRST, counts)) == {"batch_report": 1}
    assert kinds(find_artefacts("x", FIRST, counts, definition_changed_on=[on(21)])) == {"definition_change": 1}


def test_a_correction_is_taken_off_the_days_before():
    found = find_artefacts("x", FIRST, np.array([3, 4, 2, -5, 1, 3]))
    assert found.cleaned.tolist() == [3, 1, 0, 0, 1, 3] and found.set_aside == 0
    assert {change.on for change in found.changes} == {on(1), on(2), on(3)}
    beyond = find_artefacts("x", FIRST, np.array([1, -3, 1]))
    assert beyond.cleaned.tolist() == [0, 0, 1] and beyond.set_aside == -2
    assert beyond.changes[0].reason.values["unplaced"] == 2


def test_a_total_that_falls_and_comes_back_was_mistyped():
    found = find_artefacts("x", FIRST, np.array([4, 5, 4, 6, -50, 58, 5, 4, 6]))
    assert found.cleaned.tolist() == [4, 5, 4, 6, 4, 4, 5, 4, 6]
    assert kinds(found) == {"mistyped_total": 2} and found.set_aside == 0


def test_days_without_a_report_share_what_came_after():
    counts, missing = count_daily(np.array([np.nan, 5, 9, np.nan, np.nan, 21, 24, np.nan]))
    assert counts.tolist() == [0, 5, 4, 0, 0, 12, 3, 0]
    assert missing.tolist() == [False, False, False, True, True, False, False, True]
    found = find_artefacts("x", FIRST, counts, missing=missing)
    assert found.cleaned.tolist() == [0, 5, 4, 4, 4, 4, 3, 0]
    assert kinds(found) == {"missing_report": 3}
    assert found.ordinary.tolist() == [True, True, True, False, False, False, True, False]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-60, 400), min_size=1, max_size=50),
    st.lists(st.integers(0, 49), max_size=4),
)
def test_nothing_is_lost_and_every_change_is_listed(counts: list[int], gaps: list[int]):
    raw = np.array(counts)
    missing = np.zeros(raw.size, bool)
    missing[[gap for gap in gaps if gap < raw.size]] = True
    found = find_artefacts("x", FIRST, raw, missing=missing)
    assert found.raw.tolist() == counts and (found.cleaned >= 0).all()
    assert found.raw.sum() == found.cleaned.sum() + found.set_aside
    changed = {change.on for change in found.changes}
    assert {on(int(at)) for at in np.flatnonzero(found.raw != found.cleaned)} <= changed
    for change in found.changes:
        assert speak(change.reason, "zh") and speak(change.reason, "en") and name_kind(change.kind, "zh")


def _clean_curve(shape: str, peak: float, days: int = 60) -> np.ndarray:
    day = np.arange(days)
    curves = {
        "flat": np.full(days, peak / 2),
        "wave": peak * np.exp(-0.5 * ((day - 25) / 8) ** 2),
        "sharp": peak * np.exp(-np.abs(day - 25) / 5),
        "growth": 0.5 * np.exp(day * np.log(peak / 0.5) / days),
    }
    return np.maximum(curves[shape], 0.05)


@pytest.mark.parametrize(("size", "most"), [(2.0, 0.08), (4.0, 0.02), (20.0, 0.01)])
def test_clean_series_raise_an_alarm_at_the_stated_rate(size: float, most: float):
    """Share of 60-day series with any alarm, over four shapes and four heights, by overdispersion k (docs/models)."""
    rng = np.random.default_rng(20200213)
    alarms = runs = 0
    for shape in ("flat", "wave", "sharp", "growth"):
        for peak in (5.0, 20.0, 100.0, 1000.0):
            mean = _clean_curve(shape, peak)
            for _ in range(25):
                alarms += bool(find_artefacts("x", FIRST, rng.negative_binomial(size, size / (size + mean))).changes)
                runs += 1
    assert runs == 400 and alarms <= most * runs


def test_a_shape_that_cannot_be_judged_is_refused():
    with pytest.raises(EstimateError, match="one dimension"):
        find_artefacts("x", FIRST, np.zeros((2, 3), int))


def test_every_kind_has_its_words():
    assert set(TERMS) == set(KINDS)
    assert {f"artefact.{kind}" for kind in KINDS} | {"artefact.date_shift", "artefact.still_day"} == set(WORDS)


@cache
def _feed() -> tuple[dict[str, str], ...]:
    return tuple(rows_of(folder_of("china-city-counts") / "city_daily.csv.gz"))


def _of_city(code: str) -> CleanedSeries:
    rows = [row for row in _feed() if row["cityCode"] == code]
    first = date.fromisoformat(min(row["date"] for row in rows))
    last = date.fromisoformat(max(row["date"] for row in rows))
    totals = np.full((last - first).days + 1, np.nan)
    for row in rows:
        totals[(date.fromisoformat(row["date"]) - first).days] = float(row["confirmed"])
    counts, missing = count_daily(totals)
    return find_artefacts(code, first, counts, missing=missing)


def test_the_prison_at_jining():
    """README of the data: 52 to 253 between the rows of 20 and 21 February, 201 cases in Rencheng Prison."""
    (change,) = [change for change in _of_city("370800").changes if change.kind == "batch_report"]
    assert (change.on, change.raw) == (date(2020, 2, 21), 201) and change.cleaned <= 2


@pytest.mark.parametrize(("code", "fall"), [("320500", -50), ("320600", -21)])
def test_the_two_typing_errors(code: str, fall: int):
    """README of the data: Suzhou's total drops by 50 on 4 February, Nantong's by 21."""
    found = {change.on: change for change in _of_city(code).changes if change.kind == "mistyped_total"}
    assert found[date(2020, 2, 4)].raw == fall and date(2020, 2, 5) in found


def test_the_change_of_definition_of_12_and_13_february():
    rows = rows_of(folder_of("china-city-counts") / "national_daily.csv")
    counts, missing = count_daily(np.array([float(row["confirmed"]) for row in rows]))
    found = find_artefacts("China", date.fromisoformat(rows[0]["date"]), counts, missing=missing)
    changed = [change.on for change in found.changes if change.kind == "definition_change"]
    assert changed == [date(2020, 2, 12), date(2020, 2, 13)]
    assert found.set_aside > 13_000


def test_every_negative_increment_and_every_gap_of_the_feed_is_named():
    rows = _feed()
    codes = sorted({row["cityCode"] for row in rows if row["cityCode"].endswith("00")})
    negative = missing = named_negative = named_missing = 0
    for code in codes:
        found = _of_city(code)
        on_days = {(change.on, change.kind) for change in found.changes}
        for at in np.flatnonzero(found.raw < 0):
            negative += 1
            day = found.first_on + timedelta(days=int(at))
            named_negative += bool({(day, "negative_correction"), (day, "mistyped_total")} & on_days)
        missing += sum(kind == "missing_report" for _day, kind in on_days) > 0
        named_missing += any(change.reason.code == "artefact.missing_report" for change in found.changes)
    assert negative == named_negative >= 7
    assert missing == named_missing > 0


def _two_sources() -> tuple[np.ndarray, np.ndarray]:
    """Cumulative cases of the cities that both sources name, 20 January to 29 February, shape (cities, days) each."""
    official = rows_of(folder_of("china-city-official") / "China_accumulated_infections.csv")
    names = {list(row.values())[2].strip(): row for row in official}
    feed: dict[str, dict[str, float]] = {}
    for row in _feed():
        feed.setdefault(row["city"], {})[row["date"]] = float(row["confirmed"])
    common = sorted(set(names) & set(feed))
    days = [on(at).isoformat() for at in range(41)]
    reference = [
        [float(names[city][day]) if (names[city].get(day) or "").strip() else np.nan for day in days] for city in common
    ]
    return np.array([[feed[city].get(day, np.nan) for day in days] for city in common]), np.array(reference)


def test_the_feed_s_dates_shift_on_7_february():
    (shift,) = find_date_shifts(*_two_sources(), FIRST)
    assert (shift.on, shift.lag_before, shift.lag_after) == (date(2020, 2, 7), 0, 1)
    assert min(shift.agreement_before, shift.agreement_after) > 0.95
    assert "2020-02-07" in speak(shift.reason, "zh") and "2020-02-07" in speak(shift.reason, "en")


def test_the_day_on_which_the_feed_stood_still():
    feed, _ = _two_sources()
    (still,) = find_still_days(np.diff(feed, axis=1), on(1))
    assert still.on == date(2020, 2, 7) and still.cases < 0.1 * still.expected


def test_a_feed_that_keeps_its_dates_is_left_alone():
    totals = np.cumsum(np.random.default_rng(4).poisson(3.0, (30, 40)), axis=1).astype(float)
    assert find_date_shifts(totals, totals, FIRST) == ()
    assert find_still_days(np.diff(totals, axis=1), FIRST) == ()
    late = totals.copy()
    late[:, 20] = late[:, 19]  # one late day, made up for the next
    assert find_still_days(np.diff(late, axis=1), FIRST) == ()
    with pytest.raises(EstimateError, match="same areas and days"):
        find_date_shifts(totals, totals[:, 1:], FIRST)
