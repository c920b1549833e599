"""The particle filter under the forecasts: one area's counts in, possible futures out.

Every particle carries a level x, a slope g, an overdispersion k and a pull p. From one day to the next

    g <- damping * g + slope_sd * noise,    x <- (1 - p) * x + g + level_sd * noise,

and the day's cases are negative binomial with mean exp(x) * exposure and size k. With exposure 1 this is a damped trend
of log counts (x is the log of the expected cases); with exposure equal to the infectiousness of the cases before (the
sum of past cases weighted by the generation interval) it is the renewal equation and exp(x) is the reproduction number, which
p draws towards 1. k and p are learned for each area: they stay with a particle but for a small jitter that keeps the
particles from becoming copies of one (Liu and West 2001).
A share of days is allowed to be anything (a batch report), so that one wild day does not throw all particles away.
Particles are weighted by the day's likelihood and resampled by the systematic scheme (Gordon, Salmond and Smith 1993;
Kitagawa 1996). Every random number is a function of (seed, purpose, area, day, particle): the same seed gives the same
futures, whatever the number of threads and whichever other areas are asked for.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from tongchou.engine.chance import Purpose, gamma, poisson_from, unit, words

_START, _FILTER, _RESAMPLE = int(Purpose.FORECAST_START), int(Purpose.FORECAST_FILTER), int(Purpose.FORECAST_RESAMPLE)
_PATH, _COUNT, _BASELINE = int(Purpose.FORECAST_PATH), int(Purpose.FORECAST_COUNT), int(Purpose.FORECAST_BASELINE)
_TWO_PI = 2.0 * math.pi
# Above this mean a Poisson count is drawn from the normal: its skewness, 0.1, is lost beside that of the gamma mean.
_LARGE_MEAN = 100.0
_LOWEST_LEVEL = -12.0
_MOST_PULL = 0.95
_JITTER = 0.03  # daily noise of log k and log p


@njit(cache=True, nogil=True)
def four_normals(seed, purpose, area, day, k):
    """Four independent standard normals (Box and Muller 1958)."""
    first, second, third, fourth = words(seed, purpose, area, day, k)
    near, far = math.sqrt(-2.0 * math.log(unit(first))), math.sqrt(-2.0 * math.log(unit(third)))
    one, other = _TWO_PI * unit(second), _TWO_PI * unit(fourth)
    return near * math.cos(one), near * math.sin(one), far * math.cos(other), far * math.sin(other)


@njit(cache=True, nogil=True)
def draw_count(seed, area, day, k, mean, size):
    """A negative binomial count of the given mean and size (variance mean + mean^2 / size)."""
    rate = mean * gamma(seed, _COUNT, area, day, k, size) / size
    first, second, third, _ = words(seed, _PATH, area, day, k + (1 << 19))
    if rate < _LARGE_MEAN:
        return float(poisson_from(first, rate))
    noise = math.sqrt(-2.0 * math.log(unit(second))) * math.cos(_TWO_PI * unit(third))
    return max(0.0, math.floor(rate + math.sqrt(rate) * noise + 0.5))


@njit(cache=True, nogil=True)
def _bounded(level, highest):
    return min(highest, max(_LOWEST_LEVEL, level))


@njit(cache=True, nogil=True)
def exposure_on(counts, past, later, ahead, kernel, floor):
    """Infectiousness on day ``past + ahead``: cases of the days before by the kernel, ``kernel[s-1]`` for s days ago."""
    total = floor
    for lag in range(1, kernel.size + 1):
        back = ahead - lag
        if back >= 0:
            total += kernel[lag - 1] * later[back]
        elif past + back >= 0:
            total += kernel[lag - 1] * counts[past + back]
    return total


@njit(cache=True, nogil=True)
def _weigh(y, mean, size, batch_share, batch_range):
    """Likelihood of a day's count under one particle, up to nothing: both terms are full probabilities."""
    log_p = (
        math.lgamma(y + size) - math.lgamma(size) - math.lgamma(y + 1.0)
        + size * math.log(size / (size + mean)) + y * math.log(mean / (size + mean))
    )  # fmt: skip
    return (1.0 - batch_share) * math.exp(log_p) + batch_share / batch_range


@njit(cache=True, nogil=True)
def _resample(seed, area, day, weight, total, level, slope, size, pull):
    """Systematic resampling in place; the order of the particles is kept."""
    particles = weight.size
    chosen = np.empty(particles, np.int64)
    start = unit(words(seed, _RESAMPLE, area, day, 0)[0])
    reached, at = weight[0], 0
    for i in range(particles):
        target = (i + start) * total / particles
        while reached < target and at < particles - 1:
            at += 1
            reached += weight[at]
        chosen[i] = at
    level[:], slope[:], size[:], pull[:] = level[chosen], slope[chosen], size[chosen], pull[chosen]


@njit(cache=True, nogil=True)
def filter_days(counts, seen, kernel, seed, area, start, moves, level, slope, size, pull, path):
    """Run the particles through the days; they end as the state after the last day.

    counts: cases a day, shape (days,). seen: False where a day is not to be learned from. kernel: weights of the
    generation interval from one day on, empty for exposure 1. start: (level, its sd, slope sd, log size, its sd, log pull, its sd).
    moves: (level sd, slope sd, damping, exposure floor, batch share, highest level). level, slope, size, pull: out, shape (particles,).
    path: out, mean and sd of the level after each day, shape (days, 2).
    """
    particles, weight = level.size, np.empty(level.size)
    none = np.empty(0)
    for i in range(particles):
        first, second, third, fourth = four_normals(seed, _START, area, 0, i)
        level[i] = start[0] + start[1] * first
        slope[i] = start[2] * second
        size[i] = math.exp(start[3] + start[4] * third)
        pull[i] = min(_MOST_PULL, math.exp(start[5] + start[6] * fourth))
    for day in range(counts.size):
        exposure = 1.0
        if kernel.size:
            exposure = exposure_on(counts, day, none, 0, kernel, moves[3])
        highest = 1.0
        for back in range(max(0, day - 7), day):
            highest = max(highest, counts[back])
        total = 0.0
        for i in range(particles):
            first, second, third, fourth = four_normals(seed, _FILTER, area, day, i)
            slope[i] = moves[2] * slope[i] + moves[1] * first
            size[i] *= math.exp(_JITTER * third)
            pull[i] = min(_MOST_PULL, pull[i] * math.exp(_JITTER * fourth))
            level[i] = _bounded((1.0 - pull[i]) * level[i] + slope[i] + moves[0] * second, moves[5])
            weight[i] = 1.0
            if seen[day]:
                mean = exposure * math.exp(level[i])
                weight[i] = _weigh(counts[day], mean, size[i], moves[4], 20.0 * highest)
            total += weight[i]
        if seen[day] and total > 0.0:
            _resample(seed, area, day, weight, total, level, slope, size, pull)
        path[day, 0], path[day, 1] = level.mean(), level.std()


@njit(cache=True, nogil=True)
def simulate_ahead(counts, kernel, seed, area, moves, level, slope, size, pull, futures):
    """Cases of the days to come, one possible future a particle: fills ``futures``, shape (horizon, particles)."""
    horizon, past = futures.shape[0], counts.size
    later = np.empty(horizon)
    for i in range(level.size):
        x, g = level[i], slope[i]
        for ahead in range(horizon):
            first, second, _, _ = four_normals(seed, _PATH, area, past + ahead, i)
            g = moves[2] * g + moves[1] * first
            x = _bounded((1.0 - pull[i]) * x + g + moves[0] * second, moves[5])
            exposure = 1.0
            if kernel.size:
                exposure = exposure_on(counts, past, later, ahead, kernel, moves[3])
            later[ahead] = draw_count(seed, area, past + ahead, i, exposure * math.exp(x), size[i])
            futures[ahead, i] = later[ahead]


@njit(cache=True, nogil=True)
def walk_flat(counts, seed, area, futures):
    """Futures of the hub's baseline: the last count plus a sum of past increments, each of random sign.

    Fills ``futures``, shape (horizon, samples); needs two days of counts.
    """
    steps = counts.size - 1
    for i in range(futures.shape[1]):
        value = counts[counts.size - 1]
        for ahead in range(futures.shape[0]):
            first, second, _, _ = words(seed, _BASELINE, area, counts.size + ahead, i)
            at = int(unit(first) * steps)
            step = counts[at + 1] - counts[at]
            value += step if unit(second) < 0.5 else -step
            futures[ahead, i] = value
