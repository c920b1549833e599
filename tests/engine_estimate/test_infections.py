"""Reproduction number by day of infection: simulated outbreaks with delays, weekends and spread, whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from tongchou.engine.estimate import (
    EstimateError,
    delay_of_moments,
    discretise_delay,
    estimate_infection_reproduction,
    estimate_reproduction,
    serial_interval_of,
)
from tongchou.engine.estimate.infections import _deconvolve, _smoother, _spread_matrix
from tongchou.engine.estimate.reproduction import window_sums

INTERVAL = serial_interval_of(4.7, 2.9)
DELAY = discretise_delay(delay_of_moments("gamma", 7.0, 3.5), 25)


def outbreak(seed: int, days: int = 110, before: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Daily reports with weekends and extra spread, and the true reproduction number of each day of infection."""
    chance = np.random.default_rng(seed)
    whole = days + before
    number = np.exp(0.25 * np.sin(np.arange(whole) / 15 + chance.uniform(0, 6)))
    infected = np.full(whole, 60.0)
    for day in range(10, whole):
        reach = min(day, len(INTERVAL) - 1)
        infected[day] = chance.poisson(number[day] * (INTERVAL[1 : reach + 1] @ infected[day - reach : day][::-1]))
    weekday = np.array([1.1, 1.1, 1.1, 1.0, 1.0, 0.9, 0.8])[np.arange(whole) % 7]
    reports = chance.poisson(np.convolve(infected, DELAY)[:whole] * weekday * chance.gamma(30, 1 / 30, whole))
    return reports[before:], number[before:]


@pytest.fixture(scope="module")
def outbreaks() -> tuple[np.ndarray, np.ndarray]:
    pairs = [outbreak(seed) for seed in range(12)]
    return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])


def test_intervals_hold_the_truth_where_cases_taken_as_infections_do_not(outbreaks):
    reports, number = outbreaks
    moved = estimate_infection_reproduction(reports, INTERVAL, DELAY)
    plain = estimate_reproduction(reports, INTERVAL)
    held = {}
    for name, result in (("moved", moved), ("plain", plain)):
        truth = window_sums(number, result.windows) / 7
        told = ~np.isnan(result.mean)
        held[name] = ((truth >= result.quantiles[..., 0]) & (truth <= result.quantiles[..., 2]))[told].mean()
    assert 0.88 <= held["moved"] <= 0.99
    assert held["plain"] < 0.75


def test_newest_infections_are_not_told(outbreaks):
    result = estimate_infection_reproduction(outbreaks[0][:2], INTERVAL, DELAY, samples=20)
    told = ~np.isnan(result.mean[0])
    last = result.windows.last[told].max()
    assert result.reported[last - 1] >= 0.5 > result.reported[last]
    assert (told == ~np.isnan(result.quantiles[0, :, 1])).all()
    assert (result.mean[:, told] > 0).all() and (result.sd[:, told] > 0).all()


def test_the_same_seed_gives_the_same_result_and_areas_do_not_mix(outbreaks):
    once, again = (
        estimate_infection_reproduction(outbreaks[0][:3], INTERVAL, DELAY, samples=20, seed=4) for _ in range(2)
    )
    assert np.array_equal(once.quantiles, again.quantiles, equal_nan=True)
    still = outbreaks[0][:3].copy()
    still[1] = 0
    other = estimate_infection_reproduction(still, INTERVAL, DELAY, samples=20, seed=4)
    assert (other.infections[1] < 1).all()


def test_smoothing_keeps_a_line_and_deconvolution_undoes_the_delay():
    days = np.arange(60.0)
    assert _smoother(60) @ (3 + 0.5 * days) == pytest.approx(3 + 0.5 * days)
    spread = _spread_matrix(60, DELAY)
    infected = 200 * np.exp(-(((np.arange(85) - 45) / 14) ** 2)) + 5
    back = _deconvolve((spread @ infected)[:, None], spread)[:, 0]
    assert back[20:70] == pytest.approx(infected[20:70], rel=0.12)


@pytest.mark.parametrize(
    ("cases", "delay", "words"),
    [([5] * 20, DELAY, "at least 21 days"), ([5] * 30, [0.5, 0.2], "sum to 1"), ([5] * 30, [1.5, -0.5], "sum to 1")],
)
def test_what_can_t_be_deconvolved_is_refused(cases, delay, words):
    with pytest.raises(EstimateError, match=words):
        estimate_infection_reproduction(cases, INTERVAL, delay)
