"""Forecasts of daily cases as quantiles: renewal equation, damped trend of log counts, flat baseline, and their mean.

``docs/models/forecast.md`` has the formulas, the comparison that chose the method, and where it fails.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.forecast_filter import filter_days, simulate_ahead, walk_flat
from tongchou.engine.estimate.scoring import QUANTILE_LEVELS
from tongchou.engine.estimate.series import CaseSeries

Floats = NDArray[np.float64]
LEAST_DAYS = 3
MOST_HORIZON = 60
_KERNEL_TAIL = 1e-4  # what lies beyond in the generation interval is left out


@dataclass(frozen=True)
class FilterSettings:
    """How freely the particles move.

    Attributes:
        level_sd, slope_sd: daily noise of the level and of the slope, in units of the natural logarithm.
        damping: share of the slope that is left a day later, 0 to 1.
        size_median, size_logsd: overdispersion k of the negative binomial counts, log-normal across particles.
        pull_median, pull_logsd: share by which the level falls back to zero each day, log-normal across particles; for the
            renewal equation it is the share by which log R returns to R of 1. Median 0 for none.
        highest_level: bound of the level; exp(16) is nine million cases a day.
        batch_share: share of days whose count may be anything.
        start_level, start_level_sd, start_slope_sd: the first day; ``start_level`` None starts at the first count.
        exposure_floor: infectiousness, in cases, that is there even when no case was seen (unseen and imported cases).
        particles: how many.
    """

    level_sd: float
    slope_sd: float
    damping: float
    size_median: float
    size_logsd: float
    batch_share: float
    start_level: float | None
    start_level_sd: float
    start_slope_sd: float
    exposure_floor: float
    pull_median: float = 0.0
    pull_logsd: float = 0.5
    highest_level: float = 16.0
    particles: int = 2000

    def __post_init__(self) -> None:
        positive = min(self.level_sd, self.slope_sd, self.size_median, self.start_level_sd, self.exposure_floor)
        if positive <= 0 or not 0 <= self.damping <= 1 or not 0 <= self.batch_share < 1 or self.particles < 100:
            raise EstimateError(
                "预测参数有误：标准差须为正，衰减与批量份额在 0 到 1 之间，粒子不少于 100",
                "forecast settings: spreads must be positive, damping and batch share within 0 and 1, 100 particles at least",
            )


# Chosen on the tuning cities of bench/backtest/split.toml: docs/models/forecast.md says how.
RENEWAL = FilterSettings(
    level_sd=0.03, slope_sd=0.02, damping=0.65, size_median=3.4, size_logsd=1.5, batch_share=0.01,
    start_level=0.4, start_level_sd=0.9, start_slope_sd=0.12, exposure_floor=0.035, pull_median=0.3, pull_logsd=0.1,
)  # fmt: skip
TREND = FilterSettings(
    level_sd=0.17, slope_sd=0.02, damping=0.5, size_median=3.0, size_logsd=0.4, batch_share=0.005,
    start_level=None, start_level_sd=0.36, start_slope_sd=0.1, exposure_floor=0.1,
)  # fmt: skip
METHODS = ("renewal", "trend", "mean", "baseline")
CHOSEN = "trend"  # bench/backtest/choice-2.toml says why


@dataclass(frozen=True)
class CaseForecast:
    """Daily cases of one area as forecast from one day.

    Attributes:
        area: the area's name or path.
        reference_on: the last day of counts that the forecast rests on.
        method: one of ``METHODS``.
        quantiles: cases, shape (horizon, levels): row h - 1 is the day h days after ``reference_on``.
        levels: the probabilities of the columns.
    """

    area: str
    reference_on: date
    method: str
    quantiles: Floats
    levels: tuple[float, ...] = QUANTILE_LEVELS

    @property
    def horizon(self) -> int:
        return len(self.quantiles)

    def day(self, horizon: int) -> date:
        """The day that is ``horizon`` days ahead, from 1."""
        return self.reference_on + timedelta(days=horizon)


def forecast_cases(
    series: Sequence[CaseSeries],
    *,
    interval: Floats | None = None,
    horizon: int = 14,
    method: str = CHOSEN,
    seed: int = 1,
    ordinary: Sequence[NDArray[np.bool_]] | None = None,
    renewal: FilterSettings = RENEWAL,
    trend: FilterSettings = TREND,
    threads: int = 2,
) -> tuple[CaseForecast, ...]:
    """Forecast many areas, each by itself: an area's forecast depends on its counts, its name and the seed only.

    Args:
        series: dated daily counts of each area, as reported or as cleaned (``find_artefacts``).
        interval: generation interval by day from 0 (``serial_interval_of``), needed by ``renewal`` and ``mean``.
        horizon: days ahead, 1 to 60.
        method: one of ``METHODS``; ``mean`` is the mean of the quantiles of renewal and trend.
        seed: same seed, same forecast.
        ordinary: for every series the days whose count is an observation and not an estimate; all by default.
        renewal, trend: settings of the two filters; those that the backtest chose by default.
        threads: how many areas are worked on at once; it does not change the result.

    Returns one forecast a series, in their order. Raises EstimateError for a series without dates or shorter than
    ``LEAST_DAYS``, for an unknown method, for a horizon out of range, and where an interval is needed and missing.
    """
    kernel = _checked(series, interval, horizon, method)
    masks = [np.ones(one.days, bool) for one in series] if ordinary is None else list(ordinary)

    def one_area(place: int) -> CaseForecast:
        one = series[place]
        quantiles = _quantiles_of(one, masks[place], kernel, horizon, method, seed, renewal, trend)
        last = one.on(one.days)
        assert last is not None  # checked above
        return CaseForecast(one.area, last, method, quantiles)

    with ThreadPoolExecutor(max(1, threads)) as pool:
        return tuple(pool.map(one_area, range(len(series))))


def _checked(series: Sequence[CaseSeries], interval: Floats | None, horizon: int, method: str) -> Floats:
    """The kernel from one day on, or an empty one. Raises EstimateError as ``forecast_cases`` says."""
    if method not in METHODS:
        raise EstimateError(f"没有预测方法“{method}”；可用：{'、'.join(METHODS)}", f"there is no method {method!r}; there are {', '.join(METHODS)}")
    if not 1 <= horizon <= MOST_HORIZON:
        raise EstimateError(f"预测天数须为 1 到 {MOST_HORIZON}，现为 {horizon}", f"the horizon must be 1 to {MOST_HORIZON} days, not {horizon}")
    for one in series:
        if one.first_on is None:
            raise EstimateError(f"“{one.area}”的序列没有日期，预测须知日期", f"the series of {one.area!r} has no dates; a forecast needs them")
        if one.days < LEAST_DAYS:
            raise EstimateError(f"{f'“{one.area}”' if one.area else '数据'}只有 {one.days} 天，预测至少要 {LEAST_DAYS} 天", f"{one.area or 'the data'}: {one.days} day(s); a forecast needs {LEAST_DAYS}")
    if method not in ("renewal", "mean"):
        return np.empty(0)
    if interval is None or interval.ndim != 1 or interval.size < 2 or interval[1:].sum() <= 0:
        raise EstimateError("更新方程需要代间隔（从第 0 天起逐日的概率）", "the renewal equation needs a generation interval by day, from day 0")
    kernel = interval[1:] / interval[1:].sum()
    return np.ascontiguousarray(kernel[: int(np.flatnonzero(np.cumsum(kernel) > 1 - _KERNEL_TAIL)[0]) + 1])


def _quantiles_of(
    one: CaseSeries, mask: NDArray[np.bool_], kernel: Floats, horizon: int, method: str, seed: int, renewal: FilterSettings, trend: FilterSettings
) -> Floats:
    """Quantiles of one area by one method, shape (horizon, 23)."""
    counts, area = one.incidence.astype(float), area_key(one.area)
    if method == "baseline":
        return forecast_flat(counts, horizon=horizon, seed=seed, area=area)
    # Days before the first case say nothing about how the cases move.
    start = int(np.argmax(counts > 0)) if counts.any() else 0
    parts = []
    for name, settings, weights in (("renewal", renewal, kernel), ("trend", trend, np.empty(0))):
        if method in (name, "mean"):
            futures, _ = simulate_counts(counts[start:], mask[start:], weights, settings, horizon=horizon, seed=seed, area=area)
            parts.append(np.quantile(futures, QUANTILE_LEVELS, axis=1).T)
    return np.mean(parts, axis=0)


def area_key(area: str) -> int:
    """32 bits that stand for an area in the random streams, so that its forecast depends on no other area."""
    return int.from_bytes(hashlib.blake2b(area.encode("utf-8"), digest_size=4).digest(), "big")


def forecast_flat(counts: Floats, *, horizon: int, seed: int, area: int, samples: int = 5000) -> Floats:
    """The COVID-19 forecast hub's baseline for one area: quantiles, shape (horizon, 23).

    The median is the last count on every day; the spread comes from sums of past daily increments with either sign
    (Cramer et al., PNAS 2022). Every drawn sum is taken with its mirror image, so the median is exact. Quantiles below
    zero are set to zero. counts: cases a day, shape (days,), two days at least.
    """
    futures = np.empty((horizon, samples))
    walk_flat(counts, seed, area, futures)
    both = np.concatenate((futures, 2.0 * counts[-1] - futures), axis=1)
    return np.maximum(np.quantile(both, QUANTILE_LEVELS, axis=1).T, 0.0)


def simulate_counts(
    counts: Floats,
    seen: NDArray[np.bool_],
    kernel: Floats,
    settings: FilterSettings,
    *,
    horizon: int,
    seed: int,
    area: int,
) -> tuple[Floats, Floats]:
    """Futures of one area by the particle filter, shape (horizon, particles), and the level's path, shape (days, 2).

    The path is mean and sd of the log of expected cases (empty ``kernel``) or of the log reproduction number.
    """
    level, slope, size, pull = (np.empty(settings.particles) for _ in range(4))
    path, futures = np.empty((len(counts), 2)), np.empty((horizon, settings.particles))
    first = settings.start_level if settings.start_level is not None else float(np.log(counts[0] + 0.5))
    pull_log = float(np.log(max(settings.pull_median, 1e-12)))
    start = (
        first, settings.start_level_sd, settings.start_slope_sd, float(np.log(settings.size_median)), settings.size_logsd,
        pull_log, settings.pull_logsd,
    )  # fmt: skip
    moves = (settings.level_sd, settings.slope_sd, settings.damping, settings.exposure_floor, settings.batch_share, settings.highest_level)
    filter_days(counts, seen, kernel, seed, area, start, moves, level, slope, size, pull, path)
    simulate_ahead(counts, kernel, seed, area, moves, level, slope, size, pull, futures)
    return futures, path
