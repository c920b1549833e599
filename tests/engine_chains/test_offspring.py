"""R and k: closed forms, simulated truth, and what a recent case does not tell yet."""

import math

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from tongchou.engine.chains import (
    ChainInputError,
    estimate_offspring,
    estimate_offspring_from_sizes,
    find_seen_share,
    read_delay,
)
from tongchou.engine.chains.offspring import log_negative_binomial


def test_the_likelihood_is_the_negative_binomials():
    counts = np.arange(30)
    ours = log_negative_binomial(counts, 1.7, 0.4)
    assert ours == pytest.approx(nbinom.logpmf(counts, 0.4, 0.4 / (0.4 + 1.7)), rel=1e-10)
    assert log_negative_binomial(counts, 1.7, math.inf) == pytest.approx(poisson.logpmf(counts, 1.7), rel=1e-10)
    assert log_negative_binomial(np.array([0, 2]), 0.0, 0.5).tolist() == [0.0, -math.inf]


def test_the_interval_of_r_for_a_given_k_is_where_the_likelihood_drops_by_half_a_chi_square():
    counts = [0, 0, 0, 4, 1, 0, 2, 0]
    found = estimate_offspring(counts, dispersion=0.5)
    assert found.reproduction == pytest.approx(np.mean(counts), rel=1e-6)
    top = log_negative_binomial(np.array(counts), found.reproduction, 0.5).sum()
    for end in (found.reproduction_low, found.reproduction_high):
        assert top - log_negative_binomial(np.array(counts), end, 0.5).sum() == pytest.approx(3.841459 / 2, abs=1e-5)


def test_simulated_offspring_give_their_r_and_k_back():
    rng = np.random.default_rng(5)
    draws = rng.negative_binomial(0.3, 0.3 / (0.3 + 1.2), size=4000)
    found = estimate_offspring(draws)
    assert found.reproduction_low < 1.2 < found.reproduction_high
    assert found.dispersion_low < 0.3 < found.dispersion_high
    # Lloyd-Smith et al. 2005: at k = 0.3 about a quarter of cases make 80 % of infections.
    assert 0.2 < found.share_for_80 < 0.26


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(11)
    inside = np.array([[0, 0]])
    for _draw in range(50):
        found = estimate_offspring(rng.negative_binomial(0.5, 0.5 / 1.5, size=80))
        held = [
            found.reproduction_low < 1 < found.reproduction_high,
            found.dispersion_low < 0.5 < found.dispersion_high,
        ]
        inside = inside + np.array(held)
    assert (inside / 50 > 0.85).all()


def test_recent_cases_without_time_for_secondary_ones_do_not_pull_r_down():
    """Half of the cases fell ill two days ago: as they stand they halve R; by what can be seen of them they do not."""
    rng = np.random.default_rng(3)
    serial = read_delay("gamma", 6.0, 3.0)
    ages = np.array([40] * 1500 + [2] * 1500)
    seen = find_seen_share(ages, serial)
    all_ = rng.negative_binomial(0.5, 0.5 / (0.5 + 1.4), size=ages.size)
    counted = rng.binomial(all_, seen)
    naive, aware = estimate_offspring(counted), estimate_offspring(counted, seen_share=seen)
    assert naive.reproduction_high < 1
    assert aware.reproduction_low < 1.4 < aware.reproduction_high
    assert aware.dispersion_low < 0.5 < aware.dispersion_high


def test_equal_counts_are_a_poisson():
    found = estimate_offspring([1] * 30)
    assert (found.dispersion, found.dispersion_high) == (math.inf, math.inf)
    assert found.share_for_80 == 0.8


def test_nobody_infected_anybody():
    """Any R could hide behind a small enough k; with k given the interval has an end: k ln(1 + R/k) n = 1.92."""
    free = estimate_offspring([0] * 20)
    assert (free.reproduction, free.reproduction_high) == (0, math.inf)
    assert math.isnan(free.dispersion)
    given = estimate_offspring([0] * 20, dispersion=1.0)
    assert given.reproduction_high == pytest.approx(math.exp(3.841459 / 40) - 1, rel=1e-5)


@pytest.mark.parametrize(
    ("counts", "more"), [([], {}), ([-1], {}), ([1.5], {}), ([1], {"seen_share": [0.0]}), ([1], {"seen_share": [1, 1]})]
)
def test_counts_that_cannot_be_are_refused(counts, more):
    with pytest.raises(ChainInputError):
        estimate_offspring(counts, **more)


def test_cluster_sizes_alone_give_r_in_closed_form():
    """Blumberg and Lloyd-Smith 2013: R is 1 - 1 / mean size whatever k is."""
    sizes = [1] * 30 + [2] * 6 + [3] * 3 + [5, 9]
    found = estimate_offspring_from_sizes(sizes)
    assert found.reproduction == pytest.approx(1 - len(sizes) / sum(sizes), rel=1e-4)
    two = estimate_offspring_from_sizes([2, 2, 4], first_cases=[2, 2, 2])
    assert two.reproduction == pytest.approx(2 / 8, rel=1e-3)


def test_simulated_clusters_give_their_r_and_k_back():
    rng = np.random.default_rng(8)
    r, k, sizes = 0.7, 0.4, []
    for _cluster in range(1500):
        size = alive = 1
        while alive:
            alive = int(rng.negative_binomial(k, k / (k + r), size=alive).sum())
            size += alive
        sizes.append(size)
    found = estimate_offspring_from_sizes(sizes)
    assert found.reproduction_low < r < found.reproduction_high
    assert found.dispersion_low < k < found.dispersion_high


def test_a_cluster_that_still_runs_is_known_to_reach_its_size_only():
    """Cut at 12 cases: taken as ended the clusters look small, taken as running they do not."""
    rng = np.random.default_rng(21)
    r, sizes, running = 0.95, [], []
    for _cluster in range(800):
        size = alive = 1
        while alive and size < 12:
            alive = int(rng.poisson(r, size=alive).sum())
            size += alive
        sizes.append(min(size, 12))
        running.append(size >= 12 or bool(alive))
    cut = estimate_offspring_from_sizes(sizes, dispersion=math.inf)
    aware = estimate_offspring_from_sizes(sizes, running=running, dispersion=math.inf)
    assert cut.reproduction_high < r
    assert aware.reproduction_low < r < aware.reproduction_high


@pytest.mark.parametrize("sizes", [[], [0]])
def test_sizes_that_cannot_be_are_refused(sizes):
    with pytest.raises(ChainInputError):
        estimate_offspring_from_sizes(sizes)
    with pytest.raises(ChainInputError):
        estimate_offspring_from_sizes([1], first_cases=[2])
