"""Reproduction number: EpiEstim's own digits, hand-checked windows, imports, many areas, an uncertain interval."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tongchou.engine.estimate import (
    STATUSES,
    EstimateError,
    Prior,
    Uncertain,
    Windows,
    draw_serial_intervals,
    estimate_case_reproduction,
    estimate_reproduction,
    estimate_reproduction_uncertain,
    infectivity_of,
    serial_interval_of,
    sliding_windows,
)
from tongchou.engine.estimate.discretise import discretise_serial_interval

DIGITS = 1e-9
LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
HEADS = [
    "Mean(R)", "Std(R)", "Quantile.0.025(R)", "Quantile.0.05(R)", "Quantile.0.25(R)", "Median(R)", "Quantile.0.75(R)",
    "Quantile.0.95(R)", "Quantile.0.975(R)",
]  # fmt: skip
SETS = ("Flu1918", "Flu2009", "Measles1861")
CITIES = ("Bengbu", "Jining", "Panzhihua")


def agree(reference, file: str, result) -> None:
    ours = np.column_stack([result.mean[0], result.sd[0], result.quantiles[0]])
    theirs = np.column_stack([reference(file, head) for head in HEADS])
    assert np.array_equal(result.windows.first, reference(file, "t_start"))
    assert np.array_equal(result.windows.last, reference(file, "t_end"))
    np.testing.assert_allclose(ours, theirs, rtol=DIGITS, atol=DIGITS, equal_nan=True)
    early = np.isnan(theirs[:, 0])
    assert [STATUSES[code] == "before_si_mean" for code in result.status[0]] == early.tolist()


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("window", "suffix", "prior"), [(7, "win7", Prior()), (14, "win14", Prior()), (7, "win7_prior2_1", Prior(2, 1))]
)
def test_given_interval_agrees_with_epiestim(reference, name, window, suffix, prior):
    cases, interval = reference(f"{name}_incidence.csv", "incidence"), reference(f"{name}_si_distr.csv", "prob")
    result = estimate_reproduction(cases, interval, windows=window, prior=prior, levels=LEVELS)
    agree(reference, f"{name}_R_nonparam_{suffix}.csv", result)
    np.testing.assert_allclose(
        result.infectivity[0], reference(f"{name}_overall_infectivity.csv", "Lambda"), rtol=DIGITS, equal_nan=True
    )


def test_parametric_interval_agrees_with_epiestim(reference):
    cases = reference("Flu2009_incidence.csv", "incidence")
    interval = serial_interval_of(2.6, 1.5)
    theirs = reference("Flu2009_parametric_mean2.6_sd1.5_si_distr.csv", "prob")
    np.testing.assert_allclose(interval[: len(theirs) - 1], theirs[:-1], atol=DIGITS)
    agree(
        reference, "Flu2009_R_parametric_mean2.6_sd1.5_win7.csv", estimate_reproduction(cases, interval, levels=LEVELS)
    )


def test_imported_cases_infect_but_are_not_infected(reference):
    local = reference("Flu2009_local_imported_input.csv", "local")
    imported = reference("Flu2009_local_imported_input.csv", "imported")
    interval = reference("Flu2009_si_distr.csv", "prob")
    result = estimate_reproduction(local + imported, interval, imported=imported, levels=LEVELS)
    agree(reference, "Flu2009_R_local_imported_win7.csv", result)


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize(("mean", "sd"), [(7.5, 3.4), (4.7, 2.9)])
@pytest.mark.parametrize("window", [7, 14])
def test_chinese_cities_agree_with_epiestim(reference, city, mean, sd, window):
    cases = reference(f"city_{city}_incidence.csv", "incidence")
    result = estimate_reproduction(cases, serial_interval_of(mean, sd), windows=window, levels=LEVELS)
    agree(reference, f"city_{city}_R_si{mean}_{sd}_win{window}.csv", result)


@pytest.mark.parametrize(("mean", "sd"), [(2.6, 1.5), (4.7, 2.9), (7.5, 3.4)])
def test_serial_interval_is_discretised_as_epiestim_does(reference, mean, sd):
    theirs = reference(f"discr_si_mean{mean}_sd{sd}.csv", "prob")
    np.testing.assert_allclose(discretise_serial_interval(mean, sd, len(theirs) - 1), theirs, atol=1e-12)


def test_case_reproduction_agrees_with_epiestims_wallinga_teunis(reference):
    """EpiEstim's mean is exact; its sd and quantiles come from 1,000 draws and are held where the window has cases."""
    file = "Flu2009_wallinga_teunis_win7_nsim1000.csv"
    result = estimate_case_reproduction(
        reference("Flu2009_incidence.csv", "incidence"), reference("Flu2009_si_distr.csv", "prob")
    )
    np.testing.assert_allclose(result.mean[0], reference(file, "Mean(R)"), rtol=DIGITS)
    enough = result.cases[0] > 12
    assert enough.sum() == 18
    np.testing.assert_allclose(result.sd[0][enough], reference(file, "Std(R)")[enough], rtol=0.05)
    # A quantile of a count moves by whole cases: either within 5 % or one case apart.
    for place, head in ((0, "Quantile.0.025(R)"), (2, "Quantile.0.975(R)")):
        gap = np.abs(result.quantiles[0][:, place] - reference(file, head))
        assert (gap <= np.maximum(0.05 * reference(file, head), 1.001 / result.cases[0])).all()


def test_one_window_by_hand():
    """Cases 2, 4, 6 and all secondary cases after one day: infectivity 2, 4; window 2-3 has 10 local cases."""
    result = estimate_reproduction(
        [2, 4, 6], [0.0, 1.0], windows=Windows(np.array([2]), np.array([3])), prior=Prior(1, 1)
    )
    assert infectivity_of([2, 4, 6], [0.0, 1.0])[0, 1:].tolist() == [2.0, 4.0]
    assert result.mean[0, 0] == pytest.approx(11 / 7)  # (1 + 10) / (1 + 6)
    assert result.sd[0, 0] == pytest.approx(np.sqrt(11) / 7)
    assert result.quantiles[0, 0].tolist() == pytest.approx(
        stats.gamma.ppf([0.025, 0.5, 0.975], 11, scale=1 / 7).tolist()
    )
    assert (result.cases[0, 0], STATUSES[result.status[0, 0]]) == (10, "too_few")


def test_one_day_s_cases_of_wallinga_and_teunis_by_hand():
    """One case, then two, then three; each next day's cases fall to the day before: 2 and 1.5 secondary cases."""
    result = estimate_case_reproduction([1, 2, 3], [0.0, 1.0], windows=Windows(np.array([2]), np.array([2])))
    assert result.by_day[0].tolist() == [2.0, 1.5, 0.0]
    assert (result.mean[0, 0], result.sd[0, 0], result.quantiles[0, 0].tolist()) == (1.5, 0.0, [1.5, 1.5, 1.5])
    assert result.complete[0].tolist() == [1.0, 1.0, 0.0]


def test_the_sum_of_many_later_cases_is_near_the_exact_one(monkeypatch):
    chance = np.random.default_rng(3)
    cases, interval = chance.poisson(12, 40), serial_interval_of(4.7, 2.9)
    near = estimate_case_reproduction(cases, interval)
    monkeypatch.setattr("tongchou.engine.estimate.case_reproduction.MOST_EXACT", 10**6)
    exact = estimate_case_reproduction(cases, interval)
    assert near.cases.max() > 60
    assert (np.abs(near.quantiles - exact.quantiles) * exact.cases[..., None]).max() <= 1.0001


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=12, max_size=12), min_size=2, max_size=5), st.integers(1, 8))
def test_areas_together_are_areas_alone(cases, window):
    interval = serial_interval_of(4.7, 2.9)
    together = estimate_reproduction(cases, interval, windows=window)
    for place, one in enumerate(cases):
        alone = estimate_reproduction(one, interval, windows=window)
        assert np.array_equal(alone.quantiles[0], together.quantiles[place], equal_nan=True)
        assert np.array_equal(alone.status[0], together.status[place])


def test_an_uncertain_interval_mixes_the_posteriors(reference):
    """Quantiles of the mixture are those of draws from it, within 5 %; mean and sd are those of the draws' law."""
    cases = reference("Flu2009_incidence.csv", "incidence")
    drawn = draw_serial_intervals(
        Uncertain(2.6, 1, 1.1, 4.2), Uncertain(1.5, 0.5, 0.5, 2.5), count=60, most_days=31, seed=7
    )
    assert np.array_equal(
        drawn,
        draw_serial_intervals(
            Uncertain(2.6, 1, 1.1, 4.2), Uncertain(1.5, 0.5, 0.5, 2.5), count=60, most_days=31, seed=7
        ),
    )
    mixed = estimate_reproduction_uncertain(cases, drawn)
    chance = np.random.default_rng(1)
    draws = []
    told = mixed.windows.last > drawn.sum(axis=1).max() * 4.2  # after the longest mean that can be drawn
    for one in drawn:
        each = estimate_reproduction(cases, one / one.sum(), levels=(0.5,))
        shape = (each.mean[0] / each.sd[0])[told] ** 2
        draws.append(chance.gamma(shape, each.mean[0][told] / shape, size=(4000, len(shape))))
    pooled = np.concatenate(draws)
    np.testing.assert_allclose(mixed.mean[0][told], pooled.mean(axis=0), rtol=0.05)
    np.testing.assert_allclose(mixed.sd[0][told], pooled.std(axis=0), rtol=0.05)
    np.testing.assert_allclose(mixed.quantiles[0][told], np.quantile(pooled, mixed.levels, axis=0).T, rtol=0.05)


def test_an_uncertain_interval_agrees_with_epiestim(reference):
    """The file is what EpiEstim 2.2-4 gives for uncertain_si with these laws, n1 = 500, n2 = 100, seed 1: it samples, so 5 %."""
    with Path(__file__).with_name("epiestim_uncertain_si.csv").open(encoding="utf-8") as lines:
        theirs = np.array([[float(row[key]) for key in ("mean", "sd", "q025", "q975")] for row in csv.DictReader(lines)])
    cases = reference("Flu2009_incidence.csv", "incidence")
    drawn = draw_serial_intervals(Uncertain(2.6, 1, 1.1, 4.2), Uncertain(1.5, 0.5, 0.5, 2.5), count=1000, most_days=31, seed=3)
    mixed = estimate_reproduction_uncertain(cases, drawn, levels=(0.025, 0.975))
    ours = np.column_stack([mixed.mean[0], mixed.sd[0], mixed.quantiles[0]])
    np.testing.assert_allclose(ours, theirs, rtol=0.05)


def test_one_interval_many_times_is_that_interval():
    cases, interval = [3, 5, 8, 9, 12, 15, 20, 22, 30, 31], serial_interval_of(2.6, 1.5)
    sure, mixed = (
        estimate_reproduction(cases, interval),
        estimate_reproduction_uncertain(cases, np.stack([interval] * 5)),
    )
    np.testing.assert_allclose(mixed.quantiles, sure.quantiles, rtol=1e-8, equal_nan=True)
    np.testing.assert_allclose(mixed.sd, sure.sd, rtol=1e-8, equal_nan=True)


def test_windows_before_one_mean_interval_have_no_number():
    result = estimate_reproduction(np.full(10, 20), serial_interval_of(4.7, 2.9), windows=2)
    told = [STATUSES[code] for code in result.status[0]]
    assert told[:3] == ["before_si_mean", "before_si_mean", "ok"]  # they end on days 3, 4, 5
    assert np.isnan(result.mean[0, :2]).all()
    assert np.isfinite(result.quantiles[0, 2:]).all()


@pytest.mark.parametrize(
    ("cases", "interval", "imported", "words"),
    [
        ([1, -1, 2], [0, 1.0], None, "not be negative"),
        ([1, 2.5, 2], [0, 1.0], None, "whole numbers"),
        ([1, 2, 3], [0.1, 0.9], None, "day 0 must be 0"),
        ([1, 2, 3], [0, 0.4], None, "sum to 1"),
        ([1, 2, 3], [0, 1.5, -0.5], None, "probabilities from day 0"),
        ([1, 2, 3], [0, 1.0], [0, 3, 0], "more than all"),
        ([1, 2, 3], [0, 1.0], [0, 3], "imported the same"),
    ],
)
def test_what_is_no_count_or_interval_is_refused(cases, interval, imported, words):
    with pytest.raises(EstimateError, match=words) as caught:
        estimate_reproduction(cases, interval, imported=imported)
    assert caught.value.zh


def test_windows_lie_inside_the_series():
    assert len(sliding_windows(7, 7)) == 0
    assert sliding_windows(9, 7).first.tolist() == [2, 3]
    with pytest.raises(EstimateError, match="day 2 or later"):
        Windows(np.array([1]), np.array([3]))
    with pytest.raises(EstimateError, match="after the last of the 3 days"):
        estimate_reproduction([1, 2, 3], [0, 1.0], windows=Windows(np.array([2]), np.array([4])))
    with pytest.raises(EstimateError, match="at least 1 day"):
        sliding_windows(9, 0)
