"""Scores of quantile forecasts: weighted interval score, interval coverage, relative skill.

The weighted interval score is that of Bracher, Ray, Gneiting and Reich, "Evaluating epidemic forecasts in an interval
format", PLOS Computational Biology 2021; the pairwise relative skill that of Cramer et al., PNAS 2022, as the R package
scoringutils reports it (Bosse et al. 2022). ``docs/models/scoring.md`` has the formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.estimate.errors import EstimateError

Floats = NDArray[np.float64]

# The 23 levels of the COVID-19 forecast hubs (Cramer et al., Scientific Data 2022).
QUANTILE_LEVELS = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)
_SAME = 1e-9


@dataclass(frozen=True)
class WeightedIntervalScore:
    """Scores of many forecasts, each array of the forecasts' shape and in the unit of what was forecast.

    ``total`` is the sum of the three parts: the width of the intervals, and the penalties of forecasting too much and
    too little. Zero is best.
    """

    total: Floats
    dispersion: Floats
    overprediction: Floats
    underprediction: Floats


@dataclass(frozen=True)
class RelativeSkill:
    """One model against the others.

    Attributes:
        model: its name.
        mean_score: mean over its own forecasts.
        forecasts: how many of its forecasts were scored.
        skill: geometric mean of the ratios of mean scores against every model, itself included; below 1 is better.
        to_baseline: ``skill`` divided by the baseline's; None where no baseline was named.
    """

    model: str
    mean_score: float
    forecasts: int
    skill: float
    to_baseline: float | None


def score_quantiles(
    predicted: Floats, observed: Floats, levels: Sequence[float] = QUANTILE_LEVELS
) -> WeightedIntervalScore:
    """Weighted interval scores of forecasts given as quantiles.

    Args:
        predicted: quantiles, shape (..., K), not falling along the last axis.
        observed: what came, shape (...). NaN gives NaN.
        levels: K probabilities, rising, symmetric about the median, which must be among them.

    Raises EstimateError for levels that form no central intervals and for quantiles that cross.
    """
    predicted, observed = np.asarray(predicted, float), np.asarray(observed, float)
    levels_array = _checked_levels(levels, predicted)
    middle = len(levels_array) // 2
    lower, upper = predicted[..., :middle], predicted[..., ::-1][..., :middle]
    half_alpha = levels_array[:middle]  # alpha / 2 of each central interval
    y = observed[..., None]
    median = predicted[..., middle]
    # Each interval weighs alpha / 2, the median 1 / 2, so the penalty 2 / alpha of an interval becomes 1.
    over = np.maximum(lower - y, 0.0).sum(-1) + 0.5 * np.maximum(median - observed, 0.0)
    under = np.maximum(y - upper, 0.0).sum(-1) + 0.5 * np.maximum(observed - median, 0.0)
    width = (half_alpha * (upper - lower)).sum(-1) + 0.0 * observed
    parts = [part / (middle + 0.5) for part in (width, over, under)]
    return WeightedIntervalScore(parts[0] + parts[1] + parts[2], *parts)


def score_coverage(
    predicted: Floats, observed: Floats, share: float, levels: Sequence[float] = QUANTILE_LEVELS
) -> NDArray[np.bool_]:
    """Whether each central interval of probability ``share`` (0.5, 0.9, ...) holds what came; shape of ``observed``.

    Raises EstimateError where the levels have no such interval.
    """
    predicted, observed = np.asarray(predicted, float), np.asarray(observed, float)
    levels_array = _checked_levels(levels, predicted)
    ends = [np.flatnonzero(np.abs(levels_array - tail) < _SAME) for tail in ((1 - share) / 2, (1 + share) / 2)]
    if not all(len(end) for end in ends):
        raise EstimateError(
            f"分位数中没有 {share:g} 的中心区间", f"the quantile levels hold no central interval of {share:g}"
        )
    low, high = predicted[..., ends[0][0]], predicted[..., ends[1][0]]
    return (low <= observed) & (observed <= high)


def find_relative_skill(scores: Mapping[str, Floats], baseline: str | None = None) -> tuple[RelativeSkill, ...]:
    """Pairwise relative skill of models on the forecasts that each two have in common.

    Args:
        scores: for every model one score a forecast target, in the same order for all, NaN where it has no forecast.
        baseline: the model that the others are set against.

    Returns one row a model, best first. Raises EstimateError for an unknown baseline, for two models without a
    common forecast and for a mean score of zero, which no ratio can be taken of.
    """
    if baseline is not None and baseline not in scores:
        raise EstimateError(f"没有名为“{baseline}”的基准模型", f"there is no model {baseline!r} to compare with")
    names = list(scores)
    columns = {name: np.asarray(scores[name], float) for name in names}
    logs = {one: np.mean([_log_ratio(columns, one, other) for other in names]) for one in names}
    rows = [
        RelativeSkill(
            model=name,
            mean_score=float(np.nanmean(columns[name])),
            forecasts=int(np.isfinite(columns[name]).sum()),
            skill=float(np.exp(logs[name])),
            to_baseline=None if baseline is None else float(np.exp(logs[name] - logs[baseline])),
        )
        for name in names
    ]
    return tuple(sorted(rows, key=lambda row: row.skill))


def _log_ratio(columns: Mapping[str, Floats], one: str, other: str) -> float:
    """log of (mean score of one / mean score of other) on their common forecasts."""
    if one == other:
        return 0.0
    common = np.isfinite(columns[one]) & np.isfinite(columns[other])
    if not common.any():
        raise EstimateError(f"{one} 与 {other} 没有共同的预测", f"{one} and {other} have no forecast in common")
    means = columns[one][common].mean(), columns[other][common].mean()
    if min(means) <= 0.0:
        raise EstimateError(
            f"{one} 与 {other} 的共同预测得分为零，无法求比值",
            f"a mean score of {one} and {other} is zero, so no ratio can be taken",
        )
    return float(np.log(means[0] / means[1]))


def _checked_levels(levels: Sequence[float], predicted: Floats) -> Floats:
    found = np.asarray(levels, float)
    if found.ndim != 1 or predicted.shape[-1:] != found.shape:
        raise EstimateError(
            f"有 {found.size} 个分位水平，却有 {predicted.shape[-1]} 个分位数",
            f"{found.size} quantile levels are given for {predicted.shape[-1]} quantiles",
        )
    paired = found.size % 2 == 1 and np.all(np.abs(found + found[::-1] - 1.0) < _SAME) and np.all(np.diff(found) > 0)
    if not paired:
        raise EstimateError(
            "分位水平须递增、关于中位数对称并含中位数 0.5",
            "quantile levels must rise, be symmetric about the median and hold the median 0.5",
        )
    if np.any(np.diff(predicted, axis=-1) < 0):
        raise EstimateError("分位数不得交叉：须随水平递增", "quantiles cross: they must not fall as the level rises")
    return found
