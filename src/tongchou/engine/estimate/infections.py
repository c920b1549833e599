"""Reproduction number by day of infection: reports are smoothed, moved back by their delay, and the whole is bootstrapped.

Reports of a day are past infections spread by the delay. They are put back by Richardson-Lucy steps, corrected for what is not
reported yet (Goldstein et al. 2009, PNAS 106:21825), after a local linear smoothing of three weeks (Cleveland 1979) that takes out
weekends. Each bootstrap sample is drawn negative binomial around the smooth curve with the spread seen in the data, and goes
through smoothing, deconvolution and Cori's posterior again (as in Huisman et al. 2022, eLife 11:e71345). All areas and samples go
through each step together, as columns of one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.estimate.delays import Floats
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.reproduction import (
    LEVELS,
    Prior,
    Windows,
    checked_interval,
    counts_of,
    sliding_windows,
    window_status,
    window_sums,
)

SMOOTH_DAYS = 21
MOST_STEPS = 10
DRAWS_A_SAMPLE = 3
AREAS_AT_ONCE = 25
# Infections of a day are shown once half of them will have been reported.
LEAST_REPORTED = 0.5
TINY = 1e-12


@dataclass(frozen=True)
class InfectionReproduction:
    """Reproduction number by window of infection days, numbered from 1 like the days of the counts.

    ``mean`` and ``sd`` (areas, windows) and ``quantiles`` (areas, windows, levels) are NaN where a window ends before one mean
    serial interval or holds days of which less than half is reported; ``infections`` (areas, days) are the mean of the samples.
    """

    windows: Windows
    mean: Floats
    sd: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    infections: Floats
    reported: Floats
    cases: NDArray[np.int64]
    status: NDArray[np.uint8]


def estimate_infection_reproduction(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    reporting_delay: ArrayLike,
    *,
    window_days: int = 7,
    samples: int = 100,
    prior: Prior | None = None,
    levels: Sequence[float] = LEVELS,
    min_cases: int = 12,
    seed: int = 1,
) -> InfectionReproduction:
    """Bootstrapped reproduction number of the days of infection, for counts of shape (days,) or (areas, days).

    Args:
        reporting_delay: probability of 0, 1, ... days from infection to report.
        samples: bootstrap samples of each area.

    Raises EstimateError for counts, an interval or a delay that are none, or a series shorter than the smoothing.
    """
    every, _came = counts_of(incidence)
    chances, delay = checked_interval(serial_interval), _checked_delay(reporting_delay)
    days = every.shape[1]
    if days < SMOOTH_DAYS or samples < 10:
        raise EstimateError(
            f"至少须 {SMOOTH_DAYS} 天、10 次抽样", f"at least {SMOOTH_DAYS} days and 10 samples are needed"
        )
    windows = sliding_windows(days, window_days)
    spread = _spread_matrix(days, delay)
    before = prior or Prior()
    chance = np.random.Generator(np.random.Philox(seed))
    smoother = _smoother(days)
    figures = [
        _bootstrap(
            every[first : first + AREAS_AT_ONCE], smoother, spread, chances, windows, before, samples, levels, chance
        )
        for first in range(0, len(every), AREAS_AT_ONCE)
    ]
    mean, sd, quantiles, infections = (np.concatenate(parts) for parts in zip(*figures, strict=True))
    reported = spread.sum(axis=0)[-days:]
    early = windows.last <= float(chances @ np.arange(len(chances)))
    unsure = reported[windows.last - 1] < LEAST_REPORTED
    for figure in (mean, sd, quantiles):
        figure[:, early | unsure] = np.nan
    cases = window_sums(every, windows)
    return InfectionReproduction(
        windows, mean, sd, quantiles, tuple(levels), infections, reported, cases, window_status(cases, early, min_cases)
    )


def _bootstrap(
    every: NDArray[np.int64], smoother: Floats, spread: Floats, chances: Floats, windows: Windows, prior: Prior,
    samples: int, levels: Sequence[float], chance: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Mean, sd, quantiles and infections of some areas."""
    areas, days = every.shape
    level = np.maximum(every @ smoother.T, 0.05)
    dispersion = np.maximum(((every - level) ** 2 / level).sum(axis=1) / (days - np.trace(smoother)), 1.0)
    drawn = _draw_counts(level, dispersion, samples, chance).reshape(areas * samples, days)
    smooth = np.maximum(smoother @ drawn.T, TINY)
    # The smoother keeps straight lines, not sums: every sample gets its own total back.
    smooth *= drawn.sum(axis=1) / smooth.sum(axis=0)
    infected = _deconvolve(np.maximum(smooth, TINY), spread)[-days:]
    flat = np.ascontiguousarray(infected.T)
    shape = prior.shape + window_sums(flat, windows)
    scale = 1 / (1 / prior.scale + window_sums(_infectivity(flat, chances), windows))
    count = len(windows)
    chosen = chance.standard_gamma(np.repeat(shape[..., None], DRAWS_A_SAMPLE, axis=2)) * scale[..., None]
    pool = np.moveaxis(chosen.reshape(areas, samples, count, DRAWS_A_SAMPLE), 2, 1).reshape(areas, count, -1)
    centre = (shape * scale).reshape(areas, samples, count)
    within = (shape * scale**2).reshape(areas, samples, count).mean(axis=1)
    return (
        centre.mean(axis=1),
        np.sqrt(within + centre.var(axis=1)),
        np.moveaxis(np.quantile(pool, np.asarray(levels), axis=2), 0, -1),
        flat.reshape(areas, samples, days).mean(axis=1),
    )


def _draw_counts(level: Floats, dispersion: Floats, samples: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Counts around the smooth curve with variance dispersion x mean, shape (areas, samples, days)."""
    wide = np.repeat(level[:, None, :], samples, axis=1)
    beyond = np.maximum(dispersion - 1, 1e-6)[:, None, None]
    return chance.poisson(chance.standard_gamma(wide / beyond) * beyond)


def _smoother(days: int) -> Floats:
    """Local linear regression with tricube weights over ``SMOOTH_DAYS`` as a matrix, shape (days, days)."""
    place = np.arange(days, dtype=float)
    matrix = np.zeros((days, days))
    for day in range(days):
        # Near the ends the window stays as long and leans inwards.
        nearest = np.sort(np.abs(place - day))[min(SMOOTH_DAYS, days) - 1] + 1
        gap = place - day
        weight = np.clip(1 - (np.abs(gap) / nearest) ** 3, 0, None) ** 3
        whole, first, second = weight.sum(), weight @ gap, weight @ gap**2
        matrix[day] = weight * (second - first * gap) / (whole * second - first**2)
    return matrix


def _spread_matrix(days: int, delay: Floats) -> Floats:
    """Share of the infections of day j that is reported on day i; columns start as many days early as the delay is long."""
    early = len(delay) - 1
    lag = np.arange(days)[:, None] + early - np.arange(days + early)[None, :]
    return np.where((lag >= 0) & (lag < len(delay)), delay[np.clip(lag, 0, len(delay) - 1)], 0.0)


def _deconvolve(smooth: Floats, spread: Floats) -> Floats:
    """Infections by day, shape (early days + days, columns), that give back the smooth reports; columns stop at chi-square 1."""
    days = len(smooth)
    early = spread.shape[1] - days
    seen = np.maximum(spread.sum(axis=0), TINY)[:, None]
    moved = int(round(float((spread[-1, ::-1] * np.arange(spread.shape[1])).sum() / max(spread[-1].sum(), TINY))))
    ahead = np.vstack([np.repeat(smooth[:1], early, axis=0), smooth])
    infected = np.vstack([ahead[moved:], np.repeat(ahead[-1:], moved, axis=0)]) if moved else ahead
    infected = np.maximum(infected, TINY)
    for _step in range(MOST_STEPS):
        expected = np.maximum(spread @ infected, TINY)
        fits = ((expected - smooth) ** 2 / expected).mean(axis=0) < 1
        change = (spread.T @ (smooth / expected)) / seen
        infected = np.where(fits & (_step > 0), infected, infected * np.maximum(change, TINY))
        if fits.all() and _step > 0:
            break
    return infected


def _infectivity(infected: Floats, chances: Floats) -> Floats:
    days = infected.shape[1]
    lag = np.arange(days)[None, :] - np.arange(days)[:, None]
    known = (lag > 0) & (lag < len(chances))
    return np.asarray(infected @ np.where(known, chances[np.clip(lag, 0, len(chances) - 1)], 0.0))


def _checked_delay(reporting_delay: ArrayLike) -> Floats:
    delay = np.asarray(reporting_delay, dtype=float)
    if (
        delay.ndim != 1
        or not len(delay)
        or not np.isfinite(delay).all()
        or delay.min() < 0
        or abs(delay.sum() - 1) > 0.01
    ):
        raise EstimateError(
            "报告时滞须为从第 0 天起、合计为 1 的概率", "a reporting delay is probabilities from day 0 that sum to 1"
        )
    return delay
