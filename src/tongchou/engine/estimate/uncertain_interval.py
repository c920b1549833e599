"""Reproduction number when the serial interval itself is uncertain: every drawn interval gives a posterior, all are mixed.

As "uncertain SI" of Cori et al. (2013, web appendix 4): mean and sd of the interval are drawn from truncated normal
distributions. EpiEstim then draws from each posterior; here the mixture's mean, sd and quantiles are computed, so that
nothing but the intervals is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from tongchou.engine.estimate.delays import Floats
from tongchou.engine.estimate.discretise import discretise_serial_interval
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.reproduction import (
    LEVELS,
    Prior,
    Reproduction,
    Windows,
    checked_interval,
    counts_of,
    infectivity_of,
    sliding_windows,
    window_status,
    window_sums,
)

NEWTON_STEPS = 40
CLOSE = 1e-10
# Cells (an area's window at a level) worked on at once: bounds the memory to cells x intervals numbers.
CELLS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Uncertain:
    """A figure known as a normal distribution cut off at ``low`` and ``high``, in days."""

    mean: float
    sd: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (self.sd > 0 and self.low < self.mean < self.high):
            raise EstimateError(
                f"须为 下限 < 均值 < 上限 且标准差大于 0：{self}", f"need low < mean < high and an sd above 0: {self}"
            )

    def draw(self, count: int, chance: np.random.Generator) -> Floats:
        """``count`` figures by inversion, so that each takes one random number."""
        ends = stats.norm.cdf([self.low, self.high], self.mean, self.sd)
        levels = ends[0] + (ends[1] - ends[0]) * chance.random(count)
        return np.asarray(stats.norm.ppf(levels, self.mean, self.sd))


def draw_serial_intervals(mean: Uncertain, sd: Uncertain, *, count: int, most_days: int, seed: int) -> Floats:
    """``count`` discretised serial intervals, shape (count, most_days + 1). The same seed gives the same intervals.

    Raises EstimateError where a mean at or below one day can be drawn.
    """
    if mean.low < 1 or sd.low < 0:
        raise EstimateError("代间隔均值须大于 1 天，标准差须大于 0", "a mean must exceed one day and an sd 0")
    chance = np.random.Generator(np.random.Philox(seed))
    pairs = zip(mean.draw(count, chance), sd.draw(count, chance), strict=True)
    return np.stack([discretise_serial_interval(float(one), float(other), most_days) for one, other in pairs])


def estimate_reproduction_uncertain(
    incidence: ArrayLike,
    serial_intervals: ArrayLike,
    *,
    imported: ArrayLike | None = None,
    windows: Windows | int = 7,
    prior: Prior | None = None,
    levels: Sequence[float] = LEVELS,
    min_cases: int = 12,
) -> Reproduction:
    """Cori's posterior mixed over serial intervals of shape (intervals, days from 0); otherwise ``estimate_reproduction``.

    A window is ``before_si_mean`` where it ends at or before the mean of the intervals' means; ``infectivity`` is the mean
    over the intervals. Raises EstimateError for counts or an interval that are none.
    """
    every, came = counts_of(incidence, imported)
    drawn = [checked_interval(one) for one in np.atleast_2d(np.asarray(serial_intervals, dtype=float))]
    spans = sliding_windows(every.shape[1], windows) if isinstance(windows, int) else windows
    before = prior or Prior()
    shape = before.shape + window_sums(every - came, spans)
    daily = [infectivity_of(every, one, came) for one in drawn]
    scales = np.stack([1 / (1 / before.scale + window_sums(one, spans)) for one in daily], axis=-1)
    mean_days = float(np.mean([one @ np.arange(len(one)) for one in drawn]))
    early = spans.last <= mean_days
    cases = window_sums(every, spans)
    status = window_status(cases, early, min_cases)
    middle = shape * scales.mean(axis=-1)
    square = shape * (shape + 1) * (scales**2).mean(axis=-1)
    sd = np.sqrt(np.maximum(square - middle**2, 0.0))
    quantiles = np.stack([_mixed_quantile(shape, scales, level, middle, sd) for level in levels], axis=-1)
    middle[:, early], sd[:, early], quantiles[:, early] = np.nan, np.nan, np.nan
    return Reproduction(spans, middle, sd, quantiles, tuple(levels), cases, status, np.mean(daily, axis=0))


def _mixed_quantile(shape: Floats, scales: Floats, level: float, mean: Floats, sd: Floats) -> Floats:
    """Quantile of equal parts of gamma distributions with one shape and several scales, by safeguarded Newton steps."""
    flat_shape, flat_scales = shape.ravel(), scales.reshape(-1, scales.shape[-1])
    matched = (mean / sd).ravel() ** 2
    start = special.gammaincinv(matched, level) * (mean.ravel() / matched)
    found = np.empty_like(start)
    for first in range(0, len(start), CELLS_AT_ONCE):
        part = slice(first, first + CELLS_AT_ONCE)
        found[part] = _solve(flat_shape[part], flat_scales[part], level, start[part])
    return found.reshape(shape.shape)


def _solve(shape: Floats, scales: Floats, level: float, start: Floats) -> Floats:
    low = special.gammaincinv(shape, level) * scales.min(axis=1)
    high = special.gammaincinv(shape, level) * scales.max(axis=1)
    at = np.clip(start, low, high)
    for _step in range(NEWTON_STEPS):
        ratio = at[:, None] / scales
        gap = special.gammainc(shape[:, None], ratio).mean(axis=1) - level
        low, high = np.where(gap < 0, at, low), np.where(gap < 0, high, at)
        log_slope = (shape[:, None] - 1) * np.log(ratio) - ratio - special.gammaln(shape)[:, None]
        slope = (np.exp(log_slope) / scales).mean(axis=1)
        step = np.divide(gap, slope, out=np.full_like(gap, np.inf), where=slope > 0)
        moved = at - step
        moved = np.where((moved > low) & (moved < high), moved, (low + high) / 2)
        if np.max(np.abs(moved - at) / np.maximum(at, 1e-300), initial=0.0) < CLOSE:
            return moved
        at = moved
    return at
