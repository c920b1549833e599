"""Forecasts of daily cases as quantiles: renewal equation, damped trend of log counts, flat baseline, and their mean.

``docs/models/forecast.md`` has the formulas, the comparison that chose the method, and where it fails.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.forecast_filter import filter_days, simulate_ahead, walk_flat
from tongchou.engine.estimate.scoring import QUANTILE_LEVELS

Floats = NDArray[np.float64]
LEAST_DAYS = 3


@dataclass(frozen=True)
class FilterSettings:
    """How freely the particles move.

    Attributes:
        level_sd, slope_sd: daily noise of the level and of the slope, in units of the natural logarithm.
        damping: share of the slope that is left a day later, 0 to 1.
        size_median, size_logsd: overdispersion k of the negative binomial counts, log-normal across particles.
        pull_median, pull_logsd: share by which the level falls back to zero each day, log-normal across particles; for the
            renewal equation it is the share by which log R returns to R of 1. Median 0 for none.
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
    particles: int = 2000

    def __post_init__(self) -> None:
        positive = min(self.level_sd, self.slope_sd, self.size_median, self.start_level_sd, self.exposure_floor)
        if positive <= 0 or not 0 <= self.damping <= 1 or not 0 <= self.batch_share < 1 or self.particles < 100:
            raise EstimateError(
                "预测参数有误：标准差须为正，衰减与批量份额在 0 到 1 之间，粒子不少于 100",
                "forecast settings: spreads must be positive, damping and batch share within 0 and 1, 100 particles at least",
            )


TREND = FilterSettings(
    level_sd=0.05, slope_sd=0.04, damping=0.9, size_median=5.0, size_logsd=0.7, batch_share=0.01,
    start_level=None, start_level_sd=1.0, start_slope_sd=0.2, exposure_floor=0.1,
)  # fmt: skip
RENEWAL = FilterSettings(
    level_sd=0.10, slope_sd=0.01, damping=0.5, size_median=5.0, size_logsd=0.7, batch_share=0.01,
    start_level=0.7, start_level_sd=0.7, start_slope_sd=0.01, exposure_floor=0.1,
)  # fmt: skip


@dataclass(frozen=True)
class CaseForecast:
    """Daily cases of one area as forecast from one day.

    Attributes:
        area: the area's name or path.
        reference_on: the last day of counts that the forecast rests on.
        method: the method's name.
        quantiles: cases, shape (horizon, levels): row h - 1 is the day h days after ``reference_on``.
        levels: the probabilities of the columns.
    """

    area: str
    reference_on: date
    method: str
    quantiles: Floats
    levels: tuple[float, ...] = QUANTILE_LEVELS

    def day(self, horizon: int) -> date:
        return self.reference_on + timedelta(days=horizon)


def area_key(area: str) -> int:
    """32 bits that stand for an area in the random streams, so that its forecast depends on no other area."""
    return int.from_bytes(hashlib.blake2b(area.encode("utf-8"), digest_size=4).digest(), "big")


def forecast_flat(counts: Floats, *, horizon: int, seed: int, area: int, samples: int = 5000) -> Floats:
    """The COVID-19 forecast hub's baseline for one area: quantiles, shape (horizon, 23).

    The median is the last count on every day; the spread comes from sums of past daily increments with either sign
    (Cramer et al., PNAS 2022). Quantiles below zero are set to zero. counts: cases a day, shape (days,).
    """
    futures = np.empty((horizon, samples))
    walk_flat(counts, seed, area, futures)
    quantiles = np.quantile(futures, QUANTILE_LEVELS, axis=1).T
    centred = quantiles - quantiles[:, [len(QUANTILE_LEVELS) // 2]] + counts[-1]
    return np.maximum(centred, 0.0)


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
    moves = (settings.level_sd, settings.slope_sd, settings.damping, settings.exposure_floor, settings.batch_share)
    filter_days(counts, seen, kernel, seed, area, start, moves, level, slope, size, pull, path)
    simulate_ahead(counts, kernel, seed, area, moves, level, slope, size, pull, futures)
    return futures, path
