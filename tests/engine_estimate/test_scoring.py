"""Scores against hand-worked figures, against scoringutils' example, and against the definition."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.scoring import QUANTILE_LEVELS, find_relative_skill, score_coverage, score_quantiles

from tests.engine_estimate.datasets import folder_of


def test_the_levels_are_the_23_of_the_hubs():
    assert len(QUANTILE_LEVELS) == 23
    assert QUANTILE_LEVELS[:4] == (0.01, 0.025, 0.05, 0.1)
    assert QUANTILE_LEVELS[11] == 0.5


def test_a_score_worked_by_hand():
    """Interval of 50 % from 10 to 20, median 14, seen 25: width 10/4, missed by 5, median off by 11/2; over 1.5."""
    score = score_quantiles(np.array([10.0, 14.0, 20.0]), np.array(25.0), (0.25, 0.5, 0.75))
    assert score.dispersion == pytest.approx(2.5 / 1.5)
    assert score.underprediction == pytest.approx(10.5 / 1.5)
    assert score.overprediction == 0.0
    assert score.total == pytest.approx(13.0 / 1.5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1e5), min_size=23, max_size=23), st.floats(0, 1e5))
def test_it_is_twice_the_mean_quantile_loss(values: list[float], seen: float):
    quantiles, levels = np.sort(values), np.array(QUANTILE_LEVELS)
    loss = np.mean(2 * ((seen <= quantiles) - levels) * (quantiles - seen))
    score = score_quantiles(quantiles, np.array(seen))
    assert score.total == pytest.approx(loss, rel=1e-9, abs=1e-9)
    assert score.total == pytest.approx(score.dispersion + score.overprediction + score.underprediction)


def test_an_interval_holds_its_ends():
    quantiles = np.tile(np.arange(23.0), (3, 1))
    assert score_coverage(quantiles, np.array([6.0, 5.9, 17.0]), 0.5).tolist() == [True, False, False]
    assert score_coverage(quantiles, np.array([2.0, 20.0, 21.0]), 0.9).tolist() == [True, True, False]


def test_what_was_not_seen_is_not_scored():
    score = score_quantiles(np.arange(23.0), np.array(np.nan))
    assert np.isnan(score.total) and np.isnan(score.dispersion)


@pytest.mark.parametrize(
    ("quantiles", "levels"),
    [
        (np.arange(22.0), QUANTILE_LEVELS),
        (np.array([1.0, 2.0]), (0.25, 0.75)),
        (np.array([1.0, 2.0, 3.0]), (0.25, 0.5, 0.7)),
        (np.array([1.0, 3.0, 2.0]), (0.25, 0.5, 0.75)),
    ],
)
def test_what_is_no_quantile_forecast_is_refused_in_both_languages(quantiles, levels):
    with pytest.raises(EstimateError) as refused:
        score_quantiles(quantiles, np.array(1.0), levels)
    assert refused.value.zh and refused.value.en


def test_no_such_interval():
    with pytest.raises(EstimateError, match="central interval of 0.55"):
        score_coverage(np.arange(23.0), np.array(1.0), 0.55)


def test_relative_skill_by_hand():
    """Common to a and b: targets 1, 2 (means 1.5, 3); a and c: targets 2, 3 (2, 2); b and c: target 2 (4, 1)."""
    nan = np.nan
    scores = {"a": np.array([1.0, 2.0, 2.0]), "b": np.array([2.0, 4.0, nan]), "c": np.array([nan, 1.0, 3.0])}
    rows = {row.model: row for row in find_relative_skill(scores, baseline="b")}
    skill_a, skill_b = (1 * 0.5 * 1) ** (1 / 3), (2 * 1 * 4) ** (1 / 3)
    assert rows["a"].skill == pytest.approx(skill_a)
    assert rows["b"].skill == pytest.approx(skill_b)
    assert rows["a"].to_baseline == pytest.approx(skill_a / skill_b)
    assert rows["b"].to_baseline == pytest.approx(1.0)
    assert [rows[name].forecasts for name in "abc"] == [3, 2, 2]


def test_models_that_cannot_be_compared():
    nan = np.nan
    with pytest.raises(EstimateError, match="no forecast in common"):
        find_relative_skill({"a": np.array([1.0, nan]), "b": np.array([nan, 1.0])})
    with pytest.raises(EstimateError, match="is zero"):
        find_relative_skill({"a": np.array([0.0]), "b": np.array([1.0])})
    with pytest.raises(EstimateError, match="no model 'z'"):
        find_relative_skill({"a": np.array([1.0])}, baseline="z")


def _example() -> dict[tuple[str, ...], tuple[np.ndarray, float]]:
    """{(model, location, forecast date, day, horizon): (23 quantiles, seen)} of scoringutils' example, Cases only."""
    table: dict[tuple[str, ...], dict[float, float]] = {}
    seen: dict[tuple[str, ...], float] = {}
    path = folder_of("forecast-scoring") / "example_quantile_Cases.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["model"]:
                key = tuple(row[name] for name in ("model", "location", "forecast_date", "target_end_date", "horizon"))
                table.setdefault(key, {})[float(row["quantile_level"])] = float(row["predicted"])
                seen[key] = float(row["observed"])
    return {key: (np.array([found[level] for level in QUANTILE_LEVELS]), seen[key]) for key, found in table.items()}


def test_the_example_of_scoringutils():
    example = _example()
    keys = list(example)
    quantiles = np.stack([example[key][0] for key in keys])
    observed = np.array([example[key][1] for key in keys])
    score = score_quantiles(quantiles, observed)
    inside = {share: score_coverage(quantiles, observed, share) for share in (0.5, 0.9)}
    ours = {key: place for place, key in enumerate(keys)}
    checked = 0
    with (folder_of("forecast-scoring") / "wis_per_forecast_Cases.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            place = ours[row["model"], row["location"], row["forecast_date"], row["target_end_date"], row["horizon"]]
            assert score.total[place] == pytest.approx(float(row["wis"]), abs=1e-6)
            assert score.dispersion[place] == pytest.approx(float(row["dispersion"]), abs=1e-6)
            assert score.overprediction[place] == pytest.approx(float(row["overprediction"]), abs=1e-6)
            assert score.underprediction[place] == pytest.approx(float(row["underprediction"]), abs=1e-6)
            assert inside[0.5][place] == bool(float(row["cov50"])) and inside[0.9][place] == bool(float(row["cov90"]))
            checked += 1
    assert checked == len(keys) > 300
    of_model = lambda name: np.array([key[0] == name for key in keys])  # noqa: E731
    ensemble, baseline = of_model("EuroCOVIDhub-ensemble"), of_model("EuroCOVIDhub-baseline")
    assert score.total[ensemble].mean() == pytest.approx(17943.823832, abs=1e-6)
    assert score.total[baseline].mean() == pytest.approx(28483.574654, abs=1e-6)
    assert score.total[of_model("epiforecasts-EpiNow2")].mean() == pytest.approx(20831.556617, abs=1e-6)
    assert inside[0.5][ensemble].mean() == pytest.approx(0.390625)
    assert inside[0.5][baseline].mean() == pytest.approx(0.328125)
