"""Nowcast: by hand where the ladder is plain, against what was known later where it is not."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pytest
from bench.nowcast_scores import LINE_LISTS, _days

from tongchou.engine.estimate import (
    Delay,
    EstimateError,
    Pairs,
    Reports,
    WeakPrior,
    delay_of_moments,
    discretise_delay,
    estimate_delay,
    nowcast_counts,
    pairs_of_reports,
    reports_of_cases,
)


def weighted_interval_score(result, truth: np.ndarray, newest: int) -> float:
    """Mean over areas and newest days of the pinball losses, doubled (Bracher et al. 2021)."""
    quantiles, seen = result.quantiles[:, -newest:], truth[:, -newest:, None]
    return float(np.mean(2 * ((seen <= quantiles) - np.asarray(result.levels)) * (quantiles - seen)))


def simulated(chance, days: int = 70, level: float = 30.0, delay: Delay | None = None) -> tuple[np.ndarray, np.ndarray]:
    cases = chance.poisson(level * np.exp(np.cumsum(chance.normal(0, 0.08, days))))
    onset = np.repeat(np.arange(days), cases)
    waited = (delay or delay_of_moments("lognormal", 5.0, 3.0)).quantile(chance.random(len(onset)))
    return onset, np.floor(onset + chance.random(len(onset)) + waited).astype(int)


def test_reports_hold_what_was_known_on_each_day():
    reports = reports_of_cases([0, 0, 1, 2], [0, 2, 1, 9], last=2)
    assert reports.totals[0].tolist() == [[1, 0, 0], [1, 1, 0], [2, 1, 0]]
    assert reports.known[0].tolist() == [2, 1, 0]
    assert reports.as_of(1).known[0].tolist() == [1, 1]


def test_settled_days_keep_their_count_and_nothing_known_is_lost():
    onset, report = simulated(np.random.default_rng(1))
    reports = reports_of_cases(onset, report, last=60)
    result = nowcast_counts(reports, most_delay_days=20, draws=200)
    assert (result.quantiles[0, :-20] == reports.known[0, :-20, None]).all()
    assert (result.draws >= result.known[..., None]).all()
    assert (result.share[0, :-20] == 1).all()
    assert np.all(np.diff(result.share[0, -20:]) < 0)


def test_the_share_known_is_that_of_the_delay():
    """With thousands of cases the ladder finds the share of a day's cases that are reported by each age."""
    delay = delay_of_moments("gamma", 4.0, 2.0)
    onset, report = simulated(np.random.default_rng(2), level=3000.0, delay=delay)
    result = nowcast_counts(reports_of_cases(onset, report, last=60), most_delay_days=20, draws=200)
    by_age = np.cumsum(discretise_delay(delay, 20))[:12]
    assert result.share[0, ::-1][:12] == pytest.approx(by_age, rel=0.05)
    assert result.dispersion < 1.3


def test_intervals_hold_what_was_known_later_and_beat_what_is_known_now():
    chance = np.random.default_rng(3)
    held, score, naive = [], [], []
    for _city in range(15):
        onset, report = simulated(chance, level=float(chance.uniform(3, 60)))
        truth = reports_of_cases(onset, report, last=130).known[:, :61]
        result = nowcast_counts(reports_of_cases(onset, report, last=60), most_delay_days=25, draws=400)
        newest = truth[0, -8:]
        held.append((newest >= result.quantiles[0, -8:, 1]) & (newest <= result.quantiles[0, -8:, 5]))
        score.append(weighted_interval_score(result, truth, 8))
        naive.append(np.abs(result.known[0, -8:] - newest).mean())
    assert 0.82 <= np.mean(held) <= 0.99
    assert np.mean(score) < 0.45 * np.mean(naive)


def test_areas_with_few_cases_borrow_the_delay_of_all():
    chance = np.random.default_rng(4)
    parts = [simulated(chance, level=1.0) for _area in range(20)]
    onset, report = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    areas = np.repeat(np.arange(20), [len(part[0]) for part in parts])
    now = reports_of_cases(onset, report, last=60, areas=areas, area_count=20)
    truth = reports_of_cases(onset, report, last=130, areas=areas, area_count=20).known[:, :61]
    result = nowcast_counts(now, most_delay_days=25, draws=300)
    assert result.mean[:, -8:].sum() == pytest.approx(truth[:, -8:].sum(), rel=0.25)
    assert result.delay.mean == pytest.approx(5.0, rel=0.2)


def test_the_same_seed_gives_the_same_nowcast():
    onset, report = simulated(np.random.default_rng(5))
    reports = reports_of_cases(onset, report, last=60)
    one, again, other = (nowcast_counts(reports, most_delay_days=20, draws=100, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.draws, again.draws)
    assert not np.array_equal(one.draws, other.draws)


@pytest.mark.parametrize(("report", "known_only"), [(2, 938), (3, 754), (4, 699)])
def test_truncated_snapshots_of_italy_are_filled_up(shared, report, known_only):
    """EpiNow2's example: five reports of one series, five days apart, with a known truncation; the truth came later."""
    seen_on = np.array([39, 44, 49, 54, 59])
    totals = np.zeros((1, 5, 60), dtype=np.int64)
    with (shared / "nowcast" / "epinow2_example_truncated.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            day = (date.fromisoformat(row["date"]) - date(2020, 2, 22)).days
            totals[0, int(row["snapshot"]) - 1, day] = int(row["confirm"])
    with (shared / "nowcast" / "epinow2_example_confirmed.csv").open(encoding="utf-8") as lines:
        later = np.array([int(row["confirm"]) for row in csv.DictReader(lines)])
    now = Reports(totals, seen_on).as_of(report)
    truth = later[None, : now.known.shape[1]]
    result = nowcast_counts(now, most_delay_days=15, draws=500)
    newest = slice(-12, None)
    assert np.abs(result.known - truth)[:, newest].mean() == pytest.approx(known_only, abs=1)
    assert weighted_interval_score(result, truth, 12) < 0.1 * known_only
    inside = (truth >= result.quantiles[..., 1]) & (truth <= result.quantiles[..., 5])
    assert inside[:, newest].all()


def test_measles_of_hagelloch_from_prodrome_to_rash(shared):
    """188 cases, all known in the end: nowcasts on every day from the 60th report on, newest eight days."""
    with (shared / "outbreaks" / "measles_hagelloch_1861.csv").open(encoding="utf-8") as lines:
        dates = [(row["date_of_prodrome"], row["date_of_rash"]) for row in csv.DictReader(lines)]
    days = np.array([[date.fromisoformat(one).toordinal() for one in pair] for pair in dates])
    days -= days.min()
    days = days[days[:, 1] >= days[:, 0]]
    whole = reports_of_cases(days[:, 0], days[:, 1], last=int(days[:, 1].max()))
    score, naive, held = [], [], []
    for now in range(28, 46):
        result = nowcast_counts(whole.as_of(now), most_delay_days=9, draws=300)
        truth = whole.known[:, : now + 1]
        score.append(weighted_interval_score(result, truth, 8))
        naive.append(np.abs(result.known - truth)[:, -8:].mean())
        held.append((truth >= result.quantiles[..., 1]) & (truth <= result.quantiles[..., 5]))
    assert np.mean(score) < 0.7 * np.mean(naive)
    assert np.mean([one[0, -8:].mean() for one in held]) > 0.75


def test_pairs_of_reports_are_those_of_the_cases():
    reports = reports_of_cases([0, 0, 1], [1, 1, 3], last=4)
    pairs = pairs_of_reports(reports, 10)
    assert pairs.cases == 3
    assert pairs.second_from.tolist() == [1, 3] and pairs.weights.tolist() == [2, 1]
    assert pairs.seen_to.tolist() == [5, 5]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: reports_of_cases([3], [2], last=5), "reported before onset"),
        (lambda: Reports(np.zeros((1, 3, 4), dtype=np.int64), np.array([0, 1, 3])), "equal distances"),
        (lambda: Reports(np.zeros((1, 2, 4), dtype=np.int64), np.array([1, 2])), "end with the day of the last"),
        (lambda: Reports(np.full((1, 1, 1), -1), np.array([0])), "not be negative"),
        (lambda: nowcast_counts(reports_of_cases([0, 1], [1, 2], last=3), most_delay_days=5), "at least 5"),
        (lambda: nowcast_counts(reports_of_cases([0, 1], [1, 2], last=3), most_delay_days=0), "1 day at least"),
    ],
)
def test_reports_that_say_too_little_are_refused(make, words):
    with pytest.raises(EstimateError, match=words) as caught:
        make()
    assert caught.value.zh


def test_reporting_that_begins_in_the_middle_of_an_epidemic_does_not_make_delays_look_long(shared):
    """Cases of the first weeks were all reported late, when tests came. The open line list of China did so: by 23 January 2020
    its nowcast of the newest eight days, of which 109 came, stood at 2,200 while that was not seen; now about 300."""
    cases = LINE_LISTS["open line list, China 2020"](shared)
    reports, truth, longest = next(iter(_days(cases)))
    result = nowcast_counts(reports, most_delay_days=longest)
    assert reports.began_on == int(np.argmax(reports.totals.any(axis=(0, 2)))) > 0
    assert 0.4 < result.mean[0, -8:].sum() / truth[-8:].sum() < 4
    assert ((truth >= result.quantiles[0, :, 0]) & (truth <= result.quantiles[0, :, -1]))[-8:].sum() >= 7


def test_a_record_that_begins_late_gives_the_delay_back():
    chance = np.random.default_rng(4)
    onset = np.repeat(np.arange(60), 40)
    report = np.floor(onset + chance.random(len(onset)) + chance.gamma(4, 1.5, len(onset))).astype(int)
    report = np.where(report < 25, 25 + chance.integers(0, 3, len(onset)), report)  # the backlog of the first 25 days
    later = onset >= 25
    backlog = reports_of_cases(onset, report, last=45)
    fitted = estimate_delay(pairs_of_reports(backlog, 25), prior=WeakPrior()).mean
    assert backlog.began_on == 25
    assert abs(fitted.value - 6.0) < 0.7, fitted  # 5.6; 70 days where the beginning of the record is not seen
    clean = reports_of_cases(onset[later] - 25, report[later] - 25, last=20)
    assert abs(estimate_delay(pairs_of_reports(clean, 25), prior=WeakPrior()).mean.value - 6.0) < 0.7
    with pytest.raises(EstimateError, match="before the record begins"):
        Pairs(*(np.array([float(one)]) for one in (0, 1, 3, 4, 9)), seen_from=np.array([5.0]))


def test_a_given_delay_serves_where_hardly_anything_is_reported():
    result = nowcast_counts(
        reports_of_cases([0, 1], [1, 2], last=3),
        most_delay_days=10,
        prior_delay=delay_of_moments("gamma", 3.0, 2.0),
        draws=200,
    )
    assert result.mean[0, -1] > 0
