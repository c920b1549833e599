"""Growth rate and doubling time: exact lines, intervals that hold the truth, windows that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tongchou.engine.estimate import EstimateError, estimate_growth
from tongchou.engine.estimate.reproduction import STATUSES


def test_doubling_every_day_is_found_exactly():
    growth = estimate_growth([1, 2, 4, 8, 16, 32, 64, 128], window_days=8)
    assert growth.rate[0, 0] == pytest.approx(np.log(2), abs=1e-9)
    assert growth.doubling_days[0, 0] == pytest.approx(1.0)
    assert growth.low[0, 0] < growth.rate[0, 0] < growth.high[0, 0]
    assert growth.doubling_low_days[0, 0] < 1 < growth.doubling_high_days[0, 0]
    assert growth.dispersion[0, 0] == 1.0
    assert (growth.first.tolist(), growth.last.tolist(), growth.cases.tolist()) == ([1], [8], [[255]])


def test_halving_is_doubling_backwards():
    growth = estimate_growth([64, 32, 16, 8, 4, 2], window_days=6)
    assert growth.doubling_days[0, 0] == pytest.approx(-1.0)
    assert growth.fastest_doubling_days[0, 0] == np.inf
    assert 0 < growth.fastest_halving_days[0, 0] < 1


def test_a_level_series_has_no_sign():
    growth = estimate_growth([5] * 14)
    assert growth.rate[0, 0] == pytest.approx(0, abs=1e-12)
    assert np.isnan(growth.doubling_low_days[0, 0])
    assert growth.fastest_doubling_days[0, 0] == pytest.approx(growth.fastest_halving_days[0, 0])


def test_intervals_hold_the_true_rate_as_often_as_they_say():
    chance = np.random.default_rng(11)
    days = np.arange(14)
    spread = chance.gamma(5, 1 / 5, size=(600, 14))
    counts = chance.poisson(40 * np.exp(0.05 * days) * spread)
    growth = estimate_growth(counts)
    held = ((growth.low < 0.05) & (growth.high > 0.05)).mean()
    assert 0.92 <= held <= 0.985
    assert np.median(growth.dispersion) > 3


def test_windows_through_which_no_line_goes():
    growth = estimate_growth([[0, 0, 0, 0], [0, 0, 0, 9], [20, 0, 0, 0], [0, 3, 0, 0], [9, 9, 9, 9]], window_days=4)
    assert np.isnan(growth.rate[:3]).all()
    assert growth.rate[3, 0] < 0 < growth.rate[4, 0] + 1
    assert [STATUSES[code] for code in growth.status[:, 0]] == ["too_few", "too_few", "too_few", "too_few", "ok"]


def test_a_window_needs_four_days_within_the_series():
    for window in (3, 9):
        with pytest.raises(EstimateError, match="4 to 8 days"):
            estimate_growth([1] * 8, window_days=window)
