"""Every method on every city and date of the split, and the scores with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from bench.backtest.data import SPLIT, Vintage
from tongchou.engine.chance import Purpose, stream
from tongchou.engine.estimate.artefacts import find_artefacts
from tongchou.engine.estimate.discretise import serial_interval_of
from tongchou.engine.estimate.forecast_methods import METHODS, forecast_cases
from tongchou.engine.estimate.scoring import find_relative_skill, score_coverage, score_quantiles
from tongchou.engine.estimate.series import CaseSeries

Floats = NDArray[np.float64]
# Li et al., NEJM, 29 January 2020: what was published by the first forecast date. Mean and sd in days.
INTERVAL_DAYS = (7.5, 3.4)


@dataclass(frozen=True)
class Scores:
    """Scores of one method over the forecasts of one part: arrays of shape (forecasts, horizon)."""

    wis: Floats
    dispersion: Floats
    overprediction: Floats
    underprediction: Floats
    log_wis: Floats
    in_50: NDArray[np.bool_]
    in_90: NDArray[np.bool_]


@dataclass(frozen=True)
class Skill:
    """Skill of a method against the baseline; the interval is a bootstrap over cities, None where there is one city."""

    method: str
    to_baseline: float
    low: float | None
    high: float | None
    log_to_baseline: float


def forecast_part(
    vintages: Sequence[Vintage], seed: int = 1, interval_days: tuple[float, float] = INTERVAL_DAYS
) -> dict[str, Floats]:
    """Quantiles of every method, shape (forecasts, horizon, 23); methods see counts cleaned with what was known that day.

    The baseline is that of the hub: it sees the counts as reported. ``interval_days``: mean and sd for the renewal.
    """
    series, masks, raw = [], [], []
    for one in vintages:
        found = find_artefacts(one.city, one.first_on, one.known)
        series.append(CaseSeries(one.city, found.cleaned, np.zeros_like(found.cleaned), one.first_on))
        raw.append(CaseSeries(one.city, one.known, np.zeros_like(one.known), one.first_on))
        masks.append(found.ordinary)
    horizon, interval = SPLIT["forecasts"]["horizon_days"], serial_interval_of(*interval_days)
    made = {}
    for method in METHODS:
        cleaned = method != "baseline"
        forecasts = forecast_cases(
            series if cleaned else raw, interval=interval, horizon=horizon, method=method, seed=seed, ordinary=masks if cleaned else None
        )
        made[method] = np.stack([one.quantiles for one in forecasts])
    return made


def score_part(vintages: Sequence[Vintage], made: dict[str, Floats]) -> dict[str, Scores]:
    truth = np.stack([one.truth for one in vintages]).astype(float)
    found = {}
    for method, quantiles in made.items():
        wis, logs = score_quantiles(quantiles, truth), score_quantiles(np.log1p(quantiles), np.log1p(truth))
        inside = [score_coverage(quantiles, truth, share) for share in (0.5, 0.9)]
        found[method] = Scores(wis.total, wis.dispersion, wis.overprediction, wis.underprediction, logs.total, *inside)
    return found


def ratio_with_interval(mine: Floats, baseline: Floats) -> tuple[float, float, float]:
    """Ratio of two sums over cities, and its bootstrap interval over whole cities (``split.toml``, choice)."""
    choice = SPLIT["choice"]
    chance = stream(choice["seed"], Purpose.FORECAST_BASELINE)
    draws = chance.integers(0, len(mine), (choice["bootstrap_draws"], len(mine)))
    tails = [(1 - choice["interval"]) / 2, (1 + choice["interval"]) / 2]
    low, high = np.quantile(mine[draws].sum(axis=1) / baseline[draws].sum(axis=1), tails)
    return float(mine.sum() / baseline.sum()), float(low), float(high)


def skills(vintages: Sequence[Vintage], scores: dict[str, Scores]) -> list[Skill]:
    """Relative skill to the baseline, best first, with its interval.

    With every method on every target, relative skill to the baseline is the ratio of the mean scores.
    """
    cities = np.array([one.city for one in vintages])
    names = sorted(set(cities))
    sums = {method: np.array([found.wis[cities == city].sum() for city in names]) for method, found in scores.items()}
    logs = find_relative_skill({method: found.log_wis.ravel() for method, found in scores.items()}, "baseline")
    on_logs = {row.model: float(row.to_baseline or np.nan) for row in logs}
    found = []
    for row in find_relative_skill({method: one.wis.ravel() for method, one in scores.items()}, "baseline"):
        _, low, high = ratio_with_interval(sums[row.model], sums["baseline"])
        single = len(names) == 1
        found.append(Skill(row.model, float(row.to_baseline or np.nan), None if single else low, None if single else high, on_logs[row.model]))
    return found


def by_group(groups: Sequence[str | date], scores: dict[str, Scores]) -> list[tuple[str, int, dict[str, float]]]:
    """(group, forecasts, mean score by method) in order of the groups."""
    held = np.array([str(group) for group in groups])
    return [
        (name, int((held == name).sum()), {method: float(found.wis[held == name].mean()) for method, found in scores.items()})
        for name in sorted(set(held))
    ]
