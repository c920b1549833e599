"""Instantaneous growth rate and doubling time: a straight line through the log of expected cases, in every window at once.

Poisson regression of daily cases on the day, with the spread of the counts around the line taken into the interval
(quasi-Poisson, McCullagh and Nelder 1989, section 6.2): variance = dispersion x mean, dispersion at least 1, Student's t with
window - 2 degrees of freedom. The doubling time is ln 2 / growth rate; below zero it is the halving time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from tongchou.engine.estimate.delays import Floats
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.reproduction import OK, TOO_FEW, counts_of

LEAST_DAYS = 4
MOST_STEPS = 50
CLOSE = 1e-12


@dataclass(frozen=True)
class Growth:
    """Growth a day of every area and window, arrays of shape (areas, windows); NaN where no line can be drawn.

    ``first`` and ``last`` number the windows' days from 1, shape (windows,). A line can't be drawn through no case, or where all cases fall on the window's first or last day. ``status`` indexes
    ``reproduction.STATUSES`` (ok, too_few).
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    rate: Floats
    low: Floats
    high: Floats
    level: float
    dispersion: Floats
    cases: NDArray[np.int64]
    status: NDArray[np.uint8]

    @property
    def doubling_days(self) -> Floats:
        """Days in which cases double; below zero, days in which they halve."""
        return _doubling(self.rate)

    @property
    def doubling_low_days(self) -> Floats:
        """Near end of the interval where growth is of one sign for sure, else NaN."""
        return np.where(self.low * self.high > 0, _doubling(self.high), np.nan)

    @property
    def doubling_high_days(self) -> Floats:
        """Far end of the interval where growth is of one sign for sure, else NaN."""
        return np.where(self.low * self.high > 0, _doubling(self.low), np.nan)

    @property
    def fastest_doubling_days(self) -> Floats:
        """Shortest doubling time that the interval allows; infinite where it allows none."""
        return np.where(self.high > 0, _doubling(self.high), np.where(np.isnan(self.high), np.nan, np.inf))

    @property
    def fastest_halving_days(self) -> Floats:
        """Shortest halving time that the interval allows; infinite where it allows none."""
        return np.where(self.low < 0, -_doubling(self.low), np.where(np.isnan(self.low), np.nan, np.inf))


def estimate_growth(incidence: ArrayLike, *, window_days: int = 14, level: float = 0.95, min_cases: int = 12) -> Growth:
    """Growth rate in sliding windows from day 1 on, for counts of shape (days,) or (areas, days), with intervals of ``level``.

    Raises EstimateError for a window under four days or longer than the series.
    """
    every, _came = counts_of(incidence)
    days = every.shape[1]
    if not LEAST_DAYS <= window_days <= days:
        raise EstimateError(
            f"增长率的窗口须为 {LEAST_DAYS} 至 {days} 天，现为 {window_days}",
            f"a window for growth has {LEAST_DAYS} to {days} days, not {window_days}",
        )
    counts = sliding_window_view(every, window_days, axis=1).astype(float)
    place = (np.arange(window_days) - (window_days - 1) / 2).astype(np.float64)
    total = counts.sum(axis=2)
    drawable = (total > 0) & (counts[..., 0] < total) & (counts[..., -1] < total)
    rate, error, dispersion = _fit(counts[drawable], place)
    reach = float(stats.t.ppf((1 + level) / 2, window_days - 2)) * error
    cases = total.astype(np.int64)
    ends = np.arange(window_days, days + 1, dtype=np.int64)
    return Growth(
        first=ends - window_days + 1,
        last=ends,
        rate=_spread(drawable, rate),
        low=_spread(drawable, rate - reach),
        high=_spread(drawable, rate + reach),
        level=level,
        dispersion=_spread(drawable, dispersion),
        cases=cases,
        status=np.where(drawable & (cases >= min_cases), OK, TOO_FEW).astype(np.uint8),
    )


def _fit(counts: Floats, place: Floats) -> tuple[Floats, Floats, Floats]:
    """Slope, its standard error and the dispersion of each row of ``counts``, by Newton's method; ``place`` is centred."""
    height, slope = np.log(counts.mean(axis=1)), np.zeros(len(counts))
    for _step in range(MOST_STEPS):
        expected = np.exp(height[:, None] + slope[:, None] * place)
        gap = counts - expected
        weight, first, second = expected.sum(axis=1), expected @ place, expected @ place**2
        determinant = weight * second - first**2
        lift, tilt = gap.sum(axis=1), gap @ place
        # Steps are held to one log unit: far from the solution Newton's method leaps over it.
        up = np.clip((second * lift - first * tilt) / determinant, -1, 1)
        turn = np.clip((weight * tilt - first * lift) / determinant, -1, 1)
        height, slope = height + up, slope + turn
        if max(np.abs(up).max(initial=0.0), np.abs(turn).max(initial=0.0)) < CLOSE:
            break
    expected = np.exp(height[:, None] + slope[:, None] * place)
    weight, first, second = expected.sum(axis=1), expected @ place, expected @ place**2
    pearson = ((counts - expected) ** 2 / expected).sum(axis=1) / (len(place) - 2)
    dispersion = np.maximum(pearson, 1.0)
    return slope, np.sqrt(dispersion * weight / (weight * second - first**2)), dispersion


def _spread(where: NDArray[np.bool_], values: Floats) -> Floats:
    placed = np.full(where.shape, np.nan)
    placed[where] = values
    return placed


def _doubling(rate: Floats) -> Floats:
    return np.divide(np.log(2.0), rate, out=np.full(np.shape(rate), np.inf), where=np.asarray(rate) != 0)
