"""Forecasts: the same whatever the threads, right on curves whose future is known, the hub's baseline by its definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy import stats

from tongchou.engine.estimate.discretise import serial_interval_of
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.forecast_filter import draw_count, exposure_on, four_normals
from tongchou.engine.estimate.forecast_methods import (
    METHODS,
    RENEWAL,
    TREND,
    area_key,
    forecast_cases,
    forecast_flat,
    simulate_counts,
)
from tongchou.engine.estimate.scoring import QUANTILE_LEVELS, score_coverage
from tongchou.engine.estimate.series import CaseSeries

INTERVAL = serial_interval_of(5.0, 2.5)
FIRST = date(2020, 1, 20)
FEW = {"renewal": replace(RENEWAL, particles=300), "trend": replace(TREND, particles=300)}


def series(counts, area: str = "x", first_on: date | None = FIRST) -> CaseSeries:
    counts = np.asarray(counts, np.int64)
    return CaseSeries(area, counts, np.zeros_like(counts), first_on)


def poisson_days(mean: float, days: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, days)


def forecast(many, **options):
    return forecast_cases(many, interval=INTERVAL, **{**FEW, **options})


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_whatever_the_threads_and_the_other_areas(method: str):
    east, west = series(poisson_days(8, 30, 1), "东"), series(poisson_days(20, 25, 2), "西")
    both = forecast([east, west], method=method, threads=2)
    alone = forecast([west], method=method, threads=1)
    assert np.array_equal(both[1].quantiles, alone[0].quantiles)
    other = forecast([west], method=method, seed=2)
    assert not np.array_equal(other[0].quantiles, alone[0].quantiles)


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_rise_and_are_no_negative_counts(method: str):
    many = [series(poisson_days(mean, 20, 3), f"a{mean}") for mean in (0, 1, 30, 3000)]
    for one in forecast(many, method=method, horizon=5):
        assert one.quantiles.shape == (5, 23) and one.horizon == 5
        assert (np.diff(one.quantiles, axis=1) >= 0).all() and (one.quantiles >= 0).all()
        assert one.reference_on == date(2020, 2, 8) and one.day(5) == date(2020, 2, 13)


@pytest.mark.parametrize("method", ["trend", "renewal"])
def test_steady_counts_are_forecast_as_steady(method: str):
    """Poisson counts of mean 40 for 50 days: the median stays near 40 and the 95 % interval holds nearly every day."""
    many = [series(poisson_days(40, 64, seed), f"a{seed}") for seed in range(12)]
    known = [series(one.incidence[:50], one.area) for one in many]
    made = np.stack([one.quantiles for one in forecast(known, method=method)])
    truth = np.stack([one.incidence[50:] for one in many]).astype(float)
    medians = made[:, :, 11].mean(axis=0)
    assert (medians > 30).all() and (medians < 50).all()
    assert score_coverage(made, truth, 0.95).mean() > 0.9


def test_the_trend_follows_a_rise_and_a_fall():
    day = np.arange(25)
    rise, fall = series(np.round(3 * np.exp(0.12 * day)), "up"), series(np.round(80 * np.exp(-0.12 * day)), "down")
    up, down = (one.quantiles[:, 11] for one in forecast([rise, fall], method="trend"))
    assert up[0] > 0.7 * rise.incidence[-1] and down[6] < 2 * fall.incidence[-1]
    steep, _ = simulate_counts(
        rise.incidence.astype(float), np.ones(25, bool), np.empty(0), replace(TREND, level_sd=0.02, damping=0.98, start_slope_sd=0.3, size_median=50.0),
        horizon=7, seed=1, area=1,
    )  # fmt: skip
    assert np.median(steep[6]) > 1.4 * rise.incidence[-1]


def test_the_level_of_the_renewal_is_the_reproduction_number():
    """Counts made by the renewal equation with R of 1.3 and no pull: the filter's mean R ends near it."""
    kernel, counts = INTERVAL[1:] / INTERVAL[1:].sum(), [50.0]
    for _ in range(59):
        past = np.array(counts[::-1])[: kernel.size]
        counts.append(1.3 * float((kernel[: past.size] * past).sum() / kernel[: past.size].sum()))
    settings = replace(RENEWAL, pull_median=1e-9, level_sd=0.05, slope_sd=0.001, size_median=30.0, size_logsd=0.3, particles=1000)
    _, path = simulate_counts(np.round(counts), np.ones(60, bool), kernel, settings, horizon=1, seed=3, area=5)
    assert np.exp(path[-1, 0]) == pytest.approx(1.3, rel=0.1)


def test_a_day_that_is_no_observation_is_not_learned_from():
    counts = poisson_days(10, 30, 5)
    wild = counts.copy()
    wild[25] = 400
    mask = np.ones(30, bool)
    mask[25] = False
    options = {"method": "trend", "horizon": 3}
    told = forecast([series(wild)], ordinary=[mask], **options)[0].quantiles
    without = forecast([series(counts)], ordinary=[mask], **options)[0].quantiles
    assert np.abs(told[:, 11] - without[:, 11]).max() <= 2.0


def test_the_baseline_is_flat_and_grows_wider():
    counts = np.array([4.0, 9.0, 5.0, 12.0, 8.0, 10.0])
    quantiles = forecast_flat(counts, horizon=14, seed=1, area=1)
    assert np.allclose(quantiles[:, 11], 10.0)
    assert quantiles[13, 22] - quantiles[13, 11] > 2 * (quantiles[0, 22] - quantiles[0, 11])
    # One step ahead: the increments 5, -4, 7, -4, 2 and their opposites, on the last count, never below zero.
    steps = np.array([5, 4, 7, 4, 2])
    both = 10 + np.concatenate((steps, -steps))
    assert quantiles[0, 0] == max(0, both.min()) and quantiles[0, 22] == both.max()
    # 5000 sums of one to fourteen steps: the spread is that of independent steps.
    assert np.std(quantiles[13]) < 8 * np.sqrt(14)


def test_the_kernels_draw_what_they_promise():
    drawn = np.array([draw_count(7, 3, 1, k, 6.0, 2.0) for k in range(20_000)])
    assert drawn.mean() == pytest.approx(6.0, rel=0.03) and drawn.var() == pytest.approx(6 + 36 / 2, rel=0.06)
    assert np.mean(drawn == 0) == pytest.approx(stats.nbinom.pmf(0, 2, 2 / 8), abs=0.01)
    large = np.array([draw_count(7, 3, 1, k, 4000.0, 10.0) for k in range(20_000)])
    assert large.mean() == pytest.approx(4000, rel=0.02) and large.std() == pytest.approx(np.sqrt(4000 + 4000**2 / 10), rel=0.03)
    normals = np.array([four_normals(1, 221, 2, 3, k) for k in range(20_000)])
    assert np.abs(np.corrcoef(normals.T) - np.eye(4)).max() < 0.03 and np.abs(normals.std(axis=0) - 1).max() < 0.02


def test_exposure_looks_back_into_what_was_seen_and_what_was_drawn():
    counts, later, kernel = np.array([1.0, 2.0, 4.0]), np.array([8.0, 0.0]), np.array([0.5, 0.3, 0.2])
    assert exposure_on(counts, 3, later, 0, kernel, 0.0) == pytest.approx(0.5 * 4 + 0.3 * 2 + 0.2 * 1)
    assert exposure_on(counts, 3, later, 1, kernel, 0.1) == pytest.approx(0.1 + 0.5 * 8 + 0.3 * 4 + 0.2 * 2)
    assert exposure_on(counts, 0, later, 0, kernel, 0.1) == pytest.approx(0.1)


def test_areas_have_streams_of_their_own():
    assert area_key("510402") != area_key("510403") and 0 <= area_key("") < 2**32
    assert len(QUANTILE_LEVELS) == 23


@pytest.mark.parametrize(
    ("one", "options", "words"),
    [
        (series([1, 2]), {}, "needs 3"),
        (series([1, 2, 3], first_on=None), {}, "has no dates"),
        (series([1, 2, 3]), {"horizon": 0}, "must be 1 to 60"),
        (series([1, 2, 3]), {"method": "magic"}, "no method 'magic'"),
    ],
)
def test_what_cannot_be_forecast_is_refused_in_both_languages(one, options, words):
    with pytest.raises(EstimateError, match=words) as refused:
        forecast([one], **options)
    assert refused.value.zh


def test_the_renewal_needs_an_interval_and_sound_settings():
    with pytest.raises(EstimateError, match="needs a generation interval"):
        forecast_cases([series([1, 2, 3])], method="renewal")
    with pytest.raises(EstimateError, match="must be positive"):
        replace(TREND, level_sd=0.0)
