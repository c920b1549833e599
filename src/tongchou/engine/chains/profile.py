"""Reproduction number and dispersion by maximum likelihood, with profile-likelihood intervals.

The offspring of a case are negative binomial with mean R and size k, that is a Poisson number whose mean is gamma
distributed with shape k (Lloyd-Smith et al. 2005, Nature 438:355). k to infinity is the Poisson; k below 1 means
that few cases infect most others. The interval of one figure holds every value at which the likelihood, with the
other figure free, lies within half a chi-square quantile of its maximum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2, gamma

LogLikelihood = Callable[[float, float], float]

# Search range: below the first every case but a handful infects nobody, above the last the Poisson is reached to
# within what any table of cases could tell.
LEAST_K, MOST_K = 1e-4, 1e4
LEAST_R, MOST_R = 1e-6, 1e3
POISSON = math.inf


@dataclass(frozen=True)
class Offspring:
    """R and k of an offspring distribution, with the interval of ``confidence``.

    Attributes:
        cases: how many cases (or, from cluster sizes, clusters) were counted.
        infected: how many they infected.
        reproduction, reproduction_low, reproduction_high: R. The upper end is infinite where nothing bounds it.
        dispersion, dispersion_low, dispersion_high: k. ``inf`` is the Poisson; NaN where nobody infected anybody, so
            that no k is better than another; the interval's ends are equal to it where k was given.
        log_likelihood: at the estimate.
        share_for_80: the least share of cases that makes 80 % of all infections; NaN where k is.
    """

    cases: int
    infected: int
    reproduction: float
    reproduction_low: float
    reproduction_high: float
    dispersion: float
    dispersion_low: float
    dispersion_high: float
    log_likelihood: float
    share_for_80: float
    confidence: float


def estimate_profile(
    log_likelihood: LogLikelihood,
    *,
    cases: int,
    infected: int,
    start: float,
    dispersion: float | None,
    confidence: float,
) -> Offspring:
    """The maximum of ``log_likelihood(R, k)`` and both profile intervals. ``start`` is a first guess of R.

    With ``dispersion`` k is given and only R is sought.
    """
    drop = chi2.ppf(confidence, 1) / 2

    def best_k(r: float) -> tuple[float, float]:
        if dispersion is not None:
            return dispersion, log_likelihood(r, dispersion)
        return _highest(lambda k: log_likelihood(r, k), LEAST_K, MOST_K)

    def best_r(k: float) -> tuple[float, float]:
        return _highest(lambda r: log_likelihood(r, k), LEAST_R, MOST_R)

    if infected == 0:
        return _nobody(log_likelihood, cases, dispersion, drop, confidence)
    r, _top = _highest(lambda r: best_k(r)[1], max(LEAST_R, start / 50), min(MOST_R, start * 50))
    k, top = best_k(r)
    if dispersion is None and k > MOST_K / 10 and log_likelihood(r, MOST_K) >= top - 1e-4:
        k, top = POISSON, log_likelihood(r, POISSON)
    floor = top - drop
    r_low = _crossing(lambda at: best_k(at)[1] - floor, r, LEAST_R, 0.0)
    r_high = _crossing(lambda at: best_k(at)[1] - floor, r, MOST_R, math.inf)
    if dispersion is not None:
        k_low = k_high = dispersion
    else:
        at = min(k, MOST_K)
        k_low = _crossing(lambda one: best_r(one)[1] - floor, at, LEAST_K, 0.0)
        k_high = POISSON if k == POISSON else _crossing(lambda one: best_r(one)[1] - floor, at, MOST_K, POISSON)
    return Offspring(cases, infected, r, r_low, r_high, k, k_low, k_high, top, share_for(k, 0.8), confidence)


def share_for(k: float, of_all: float) -> float:
    """The least share of cases that makes ``of_all`` of the infections, for a gamma infectiousness of shape ``k``.

    Lloyd-Smith et al. 2005: the mean-weighted gamma is the gamma of shape k + 1, so R does not matter.
    """
    if math.isnan(k):
        return math.nan
    if math.isinf(k):
        return of_all
    below = gamma.ppf(1 - of_all, k + 1)
    return float(gamma.sf(below, k))


def _nobody(
    log_likelihood: LogLikelihood, cases: int, dispersion: float | None, drop: float, confidence: float
) -> Offspring:
    """Nobody infected anybody: R is 0; with k free any R could hide behind a small enough k, so nothing bounds it."""
    high, k = math.inf, math.nan
    if dispersion is not None:
        k = dispersion
        high = _crossing(lambda at: log_likelihood(at, dispersion) + drop, LEAST_R, MOST_R, math.inf)
    return Offspring(cases, 0, 0.0, 0.0, high, k, k, k, 0.0, share_for(k, 0.8), confidence)


def _highest(value: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Where a function of a positive figure is highest, sought on the logarithm; and its height there."""
    found = minimize_scalar(
        lambda log: -value(math.exp(log)), bounds=(math.log(low), math.log(high)), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    return math.exp(found.x), -float(found.fun)


def _crossing(above: Callable[[float], float], inside: float, end: float, beyond: float) -> float:
    """Where ``above`` turns negative between ``inside`` (positive) and ``end``; ``beyond`` where it never does."""
    if above(end) >= 0:
        return beyond
    log = brentq(lambda one: above(math.exp(one)), math.log(inside), math.log(end), xtol=1e-8)
    return math.exp(log)
