"""Case (cohort) reproduction number after Wallinga and Teunis (2004, Am J Epidemiol 160:509): whom did today's cases infect?

A case of day t was infected by one of day s with a probability in proportion to w_(t - s). Each later case falls to a window
or not, on its own: the number infected by a window is a sum of independent yes-or-no, whose distribution is computed exactly
(EpiEstim draws it). Cases near the end of the series have not yet infected all whom they will: read those windows as too low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from tongchou.engine.estimate.delays import Floats
from tongchou.engine.estimate.reproduction import (
    LEVELS,
    Windows,
    checked_interval,
    counts_of,
    sliding_windows,
    window_sums,
)

# Above so many later cases the sum is taken from its first three moments, right to one case in hundreds.
MOST_EXACT = 200


@dataclass(frozen=True)
class CaseReproduction:
    """By day and by window; NaN where no case occurred.

    ``by_day`` (areas, days): expected secondary cases of a case of that day. ``mean``, ``sd`` (areas, windows),
    ``quantiles`` (areas, windows, levels): mean secondary cases of the window's cases. ``complete`` (areas, days): share of
    the serial interval that has passed by the last day of the series.
    """

    windows: Windows
    by_day: Floats
    mean: Floats
    sd: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    cases: NDArray[np.int64]
    complete: Floats


def estimate_case_reproduction(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    *,
    imported: ArrayLike | None = None,
    windows: Windows | int = 7,
    levels: tuple[float, ...] = LEVELS,
) -> CaseReproduction:
    """Wallinga-Teunis reproduction number of every area, day and window.

    Args are those of ``estimate_reproduction``; imported cases infect, but were infected by nobody here.
    Raises EstimateError for counts or an interval that are none.
    """
    every, came = counts_of(incidence, imported)
    chances = checked_interval(serial_interval)
    days = every.shape[1]
    spans = sliding_windows(days, windows) if isinstance(windows, int) else windows
    cases = window_sums(every, spans)
    shares = np.stack([_infected_by(row, chances) for row in every])
    infected = (every - came).astype(float)
    by_day = np.einsum("ats,at->as", shares, infected)
    mean, sd, quantiles = _of_windows(shares, every, every - came, spans, levels)
    complete = np.cumsum(chances)[np.minimum(days - 1 - np.arange(days), len(chances) - 1)]
    return CaseReproduction(
        windows=spans,
        by_day=np.where(every > 0, by_day, np.nan),
        mean=mean,
        sd=sd,
        quantiles=quantiles,
        levels=tuple(levels),
        cases=cases,
        complete=np.broadcast_to(complete, every.shape),
    )


def _infected_by(every: NDArray[np.int64], chances: Floats) -> Floats:
    """Probability that a case of day t was infected by one given case of day s, shape (days t, days s)."""
    days = len(every)
    lags = np.arange(days)[:, None] - np.arange(days)[None, :]
    weights = np.where((lags > 0) & (lags < len(chances)), chances[np.clip(lags, 0, len(chances) - 1)], 0.0)
    total = weights @ every.astype(float)
    return np.divide(weights, total[:, None], out=np.zeros_like(weights), where=total[:, None] > 0)


def _of_windows(
    shares: Floats, every: NDArray[np.int64], infected: NDArray[np.int64], windows: Windows, levels: tuple[float, ...]
) -> tuple[Floats, Floats, Floats]:
    areas, count = len(every), len(windows)
    mean, sd = np.full((areas, count), np.nan), np.full((areas, count), np.nan)
    quantiles = np.full((areas, count, len(levels)), np.nan)
    for area in range(areas):
        by_source_day = shares[area] * every[area]
        for place, (first, last) in enumerate(zip(windows.first, windows.last, strict=True)):
            cases = int(every[area, first - 1 : last].sum())
            if not cases:
                continue
            fell = np.minimum(by_source_day[:, first - 1 : last].sum(axis=1), 1.0)
            mean[area, place] = float(fell @ infected[area]) / cases
            sd[area, place] = np.sqrt(float((fell * (1 - fell)) @ infected[area])) / cases
            quantiles[area, place] = _sum_quantiles(fell, infected[area], levels) / cases
    return mean, sd, quantiles


def _sum_quantiles(chances: Floats, counts: NDArray[np.int64], levels: tuple[float, ...]) -> Floats:
    """Quantiles of a sum of independent yes-or-no: for each day ``counts`` of them with the same chance."""
    sure = int(counts[chances >= 1].sum())
    open_days = (chances > 0) & (chances < 1) & (counts > 0)
    trials = int(counts[open_days].sum())
    if not trials:
        return np.full(len(levels), float(sure))
    if trials > MOST_EXACT:
        return sure + _refined_normal(chances[open_days], counts[open_days], levels)
    # Fourier transform of the sum's distribution is the product of the parts' (Hong 2013, Comput Stat Data Anal 59:41).
    turns = np.exp(2j * np.pi * np.arange(trials + 1) / (trials + 1))
    parts = np.log(1 - chances[open_days, None] + chances[open_days, None] * turns)
    masses = np.fft.fft(np.exp(counts[open_days] @ parts)).real / (trials + 1)
    below = np.cumsum(np.maximum(masses, 0.0))
    return sure + np.searchsorted(below / below[-1], np.asarray(levels), side="left").astype(float)


def _refined_normal(chances: Floats, counts: NDArray[np.int64], levels: tuple[float, ...]) -> Floats:
    """Quantiles of the same sum by the normal distribution with its skewness corrected (Volkova 1996, as in Hong 2013)."""
    spread = chances * (1 - chances)
    sd = np.sqrt(spread @ counts)
    skew = ((1 - 2 * chances) * spread) @ counts / sd**3
    normal = special.ndtri(np.asarray(levels))
    return np.maximum(np.ceil(chances @ counts + sd * (normal + skew * (normal**2 - 1) / 6) - 0.5), 0.0)
