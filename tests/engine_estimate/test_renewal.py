"""The renewal posterior: simulated truths, NUTS on the same model, areas that stand alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tongchou.engine.estimate import EstimateError, estimate_renewal

from tests.engine_estimate.test_infections import DELAY, INTERVAL, outbreak

NUTS = Path(__file__).with_name("nuts_reference.json")
GENERATION = INTERVAL[:22] / INTERVAL[:22].sum()


@pytest.fixture(scope="module")
def two() -> tuple[np.ndarray, np.ndarray]:
    pairs = [outbreak(seed, days=70) for seed in (0, 3)]
    return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])


def test_intervals_hold_the_true_number(two):
    reports, number = two
    result = estimate_renewal(reports, GENERATION, DELAY)
    assert result.settled.all()
    held = (number >= result.quantiles[..., 0]) & (number <= result.quantiles[..., 2])
    assert held.mean() >= 0.88
    assert np.sqrt(np.mean((result.mean - number) ** 2)) < 0.12
    assert result.weekday.mean(axis=1) == pytest.approx([1, 1], abs=0.02)
    sunday, monday = 6 - 30 % 7, (7 - 30 % 7) % 7  # the simulation began 30 days before day 1
    assert (result.weekday[:, sunday] < result.weekday[:, monday]).all()


def test_posterior_is_that_of_nuts():
    """The file: ``bench/estimates_nuts.py`` (numpyro, one chain of 500 after 300) on two simulated areas, one with few cases."""
    kept = json.loads(NUTS.read_text(encoding="utf-8"))
    result = estimate_renewal(kept["counts"], GENERATION, DELAY)
    theirs, spread = np.array(kept["mean"]), np.array(kept["sd"])
    gap = np.abs(result.mean - theirs) / spread
    assert gap.mean() < 0.15
    assert gap.max() < 0.5
    assert np.abs(result.sd / spread - 1).mean() < 0.1
    for place in (0, 2):
        ends = np.array(kept["quantiles"])[..., place]
        assert (np.abs(result.quantiles[..., place] - ends) / spread).mean() < 0.3


def test_newest_days_are_less_sure_and_an_area_stands_alone(two):
    reports, _number = two
    together = estimate_renewal(reports[:, :30], GENERATION, DELAY)
    assert (together.sd[:, -1] > 1.3 * together.sd[:, 12]).all()
    alone = estimate_renewal(reports[1, :30], GENERATION, DELAY)
    assert np.array_equal(alone.quantiles[0], together.quantiles[1])
    assert np.array_equal(alone.above_one[0], together.above_one[1])


def test_no_case_says_nothing_and_does_not_break():
    result = estimate_renewal(np.zeros((1, 20)), GENERATION, DELAY)
    assert np.isfinite(result.quantiles).all()
    assert (result.quantiles[0, :, 2] - result.quantiles[0, :, 0]).min() > 0.8


@pytest.mark.parametrize(
    ("cases", "interval", "delay", "words"),
    [
        ([3] * 10, GENERATION, DELAY, "at least 14 days"),
        ([3] * 20, [0.5, 0.5], DELAY, "day 0"),
        ([3] * 20, GENERATION, [0.3], "sum to 1"),
    ],
)
def test_what_can_t_be_fitted_is_refused(cases, interval, delay, words):
    with pytest.raises(EstimateError, match=words):
        estimate_renewal(cases, interval, delay)
