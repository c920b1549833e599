"""Forecasts as rows in the columns of the hubverse, kept as issued, and scored when the truth has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.forecast_methods import CaseForecast
from tongchou.engine.estimate.scoring import find_relative_skill, score_coverage, score_quantiles

# Model output columns of the hubverse (https://docs.hubverse.io, "model output"); reference_date is the last day of data.
COLUMNS = ("reference_date", "horizon", "target_end_date", "location", "target", "output_type", "output_type_id", "value")
TARGET = "day inc case"
Key = tuple[str, str, date]


@dataclass(frozen=True)
class IssuedForecast:
    """One target as one model forecast it: a location, a day, and its quantiles by level."""

    model: str
    reference_on: date
    horizon: int
    target_end_on: date
    location: str
    target: str
    levels: tuple[float, ...]
    quantiles: tuple[float, ...]

    @property
    def key(self) -> Key:
        """What a true value is found by."""
        return self.location, self.target, self.target_end_on


@dataclass(frozen=True)
class ForecastScore:
    """One issued forecast beside what came. Scores are in cases; coverage says whether the interval held the truth."""

    forecast: IssuedForecast
    observed: float
    wis: float
    dispersion: float
    overprediction: float
    underprediction: float
    absolute_error: float
    in_50: bool
    in_90: bool


@dataclass(frozen=True)
class ModelScore:
    """One model's mean scores over its scored forecasts; ``waiting`` targets have no truth yet.

    ``skill`` and ``to_baseline`` are those of ``find_relative_skill``; None with one model, or without a baseline.
    """

    model: str
    scored: int
    waiting: int
    wis: float
    dispersion: float
    overprediction: float
    underprediction: float
    absolute_error: float
    coverage_50: float
    coverage_90: float
    skill: float | None
    to_baseline: float | None


def issue(forecast: CaseForecast, target: str = TARGET) -> tuple[IssuedForecast, ...]:
    """A forecast as one issued target a day ahead."""
    return tuple(
        IssuedForecast(
            model=forecast.method,
            reference_on=forecast.reference_on,
            horizon=ahead,
            target_end_on=forecast.day(ahead),
            location=forecast.area,
            target=target,
            levels=forecast.levels,
            quantiles=tuple(forecast.quantiles[ahead - 1].tolist()),
        )
        for ahead in range(1, forecast.horizon + 1)
    )


def hub_rows(issued: Iterable[IssuedForecast]) -> list[dict[str, Any]]:
    """Rows in the hubverse's columns: one a quantile, in the order of the forecasts and of the levels."""
    rows = []
    for one in issued:
        stem = (one.reference_on.isoformat(), one.horizon, one.target_end_on.isoformat(), one.location, one.target, "quantile")
        for level, value in zip(one.levels, one.quantiles, strict=True):
            rows.append(dict(zip(COLUMNS, (*stem, level, round(value, 4)), strict=True)))
    return rows


def gather_rows(rows: Iterable[Mapping[str, object]], model: str = "") -> tuple[IssuedForecast, ...]:
    """Issued forecasts from hubverse rows whose cells are already dates and numbers, in order of first appearance.

    A row's ``model_id`` goes before ``model``. Rows of another output type than quantiles are left to the caller.
    Raises EstimateError where a level stands twice for one target.
    """
    found: dict[tuple[object, ...], dict[float, float]] = {}
    for row in rows:
        name = row.get("model_id") or model
        key = (name, *(row[column] for column in COLUMNS[:5]))
        levels = found.setdefault(key, {})
        level = float(str(row["output_type_id"]))
        if level in levels:
            raise EstimateError(
                f"{row['location']} {row['target_end_date']} 的分位水平 {level:g} 出现两次".strip(),
                f"the level {level:g} stands twice for {row['location'] or 'the target'} on {row['target_end_date']}",
            )
        levels[level] = float(str(row["value"]))
    issued = []
    for (name, reference_on, horizon, end_on, location, target), levels in found.items():
        assert isinstance(reference_on, date) and isinstance(end_on, date) and isinstance(horizon, int)
        ordered = tuple(sorted(levels))
        values = tuple(levels[level] for level in ordered)
        issued.append(IssuedForecast(str(name), reference_on, horizon, end_on, str(location), str(target), ordered, values))
    return tuple(issued)


def score_issued(issued: Sequence[IssuedForecast], truth: Mapping[Key, float]) -> tuple[ForecastScore, ...]:
    """Scores of the forecasts whose truth has come, in their order; truth by (location, target, day).

    Raises EstimateError for levels that form no intervals (``score_quantiles``).
    """
    groups: dict[tuple[float, ...], list[IssuedForecast]] = {}
    for one in issued:
        if one.key in truth:
            groups.setdefault(one.levels, []).append(one)
    scored: dict[int, ForecastScore] = {}
    for levels, members in groups.items():
        quantiles = np.array([one.quantiles for one in members])
        observed = np.array([truth[one.key] for one in members], float)
        wis = score_quantiles(quantiles, observed, levels)
        inside = [score_coverage(quantiles, observed, share, levels) for share in (0.5, 0.9)]
        error = np.abs(quantiles[:, len(levels) // 2] - observed)
        for place, one in enumerate(members):
            scored[id(one)] = ForecastScore(
                one, float(observed[place]), float(wis.total[place]), float(wis.dispersion[place]), float(wis.overprediction[place]),
                float(wis.underprediction[place]), float(error[place]), bool(inside[0][place]), bool(inside[1][place]),
            )  # fmt: skip
    return tuple(scored[id(one)] for one in issued if id(one) in scored)


def summarise_scores(
    issued: Sequence[IssuedForecast], scores: Sequence[ForecastScore], baseline: str | None = None
) -> tuple[ModelScore, ...]:
    """Mean scores by model, best relative skill first (best score where there is one model, or a score of zero).

    Relative skill rests on the targets that two models have in common: location, target, reference date and horizon.
    """
    models = list(dict.fromkeys(one.model for one in issued))
    by_model: dict[str, list[ForecastScore]] = {model: [] for model in models}
    for score in scores:
        by_model[score.forecast.model].append(score)
    told = [model for model in models if by_model[model]]
    skills = _skills({model: by_model[model] for model in told}, baseline)
    rows = []
    for model in told:
        mine = by_model[model]
        parts = [[one.wis, one.dispersion, one.overprediction, one.underprediction, one.absolute_error] for one in mine]
        wis, dispersion, over, under, error = (float(mean) for mean in np.mean(parts, axis=0))
        waiting = sum(one.model == model for one in issued) - len(mine)
        covered = [float(np.mean([one.in_50 for one in mine])), float(np.mean([one.in_90 for one in mine]))]
        skill, to_baseline = skills.get(model, (None, None))
        rows.append(
            ModelScore(model, len(mine), waiting, wis, dispersion, over, under, error, covered[0], covered[1], skill, to_baseline)
        )
    return tuple(sorted(rows, key=lambda row: (row.skill if row.skill is not None else row.wis, row.model)))


def _skills(by_model: Mapping[str, Sequence[ForecastScore]], baseline: str | None) -> dict[str, tuple[float, float | None]]:
    """(skill, skill to the baseline) by model; empty for one model and no baseline."""
    if len(by_model) < 2 and baseline is None:
        return {}
    keys = {model: {(*one.forecast.key, one.forecast.reference_on): one.wis for one in scores} for model, scores in by_model.items()}
    every = list(dict.fromkeys(key for mine in keys.values() for key in mine))
    columns = {model: np.array([mine.get(key, np.nan) for key in every]) for model, mine in keys.items()}
    return {row.model: (row.skill, row.to_baseline) for row in find_relative_skill(columns, baseline)}
