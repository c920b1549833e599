"""Bayesian renewal model of reports, fitted by nested Laplace approximation: minutes of NUTS in milliseconds an area.

    log R_t = log R_(t-1) + random walk of sd sigma         log R_1 ~ normal(0, r_sd)
    infections_t = R_t sum over s of w_s infections_(t-s)   before day 1: exponential growth, log level and rate normal
    mean reports_t = weekday effect x infections spread by the reporting delay
    reports_t ~ negative binomial, variance mean + mean^2 kappa^2;  sigma and kappa half-normal

This is the deterministic renewal model of EpiNow2 (Abbott et al. 2020, Wellcome Open Res 5:112). For given sigma and kappa the
posterior of everything else is taken as normal at its mode (Newton steps with Fisher's information); sigma and kappa are summed
over a grid of those normals, weighted by their Laplace marginal likelihood (Rue, Martino and Chopin 2009, J R Stat Soc B 71:319).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from tongchou.engine.estimate.delays import Floats
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.renewal_kernel import WEEK, fit_areas
from tongchou.engine.estimate.reproduction import LEVELS, checked_interval, counts_of

BISECTIONS = 50
LEAST_DAYS = 14


@dataclass(frozen=True)
class RenewalPrior:
    """Priors of the model; sds of log R on day 1, of the walk a day (half-normal), of kappa (half-normal), of growth before
    day 1, of the log level of infections and of the log weekday effects."""

    r_sd: float = 0.5
    walk_sd: float = 0.1
    kappa_sd: float = 0.5
    growth_sd: float = 0.1
    level_sd: float = 1.0
    weekday_sd: float = 0.3


# Grid of sigma and kappa, even on the log scale; its ends lie where the priors and counts leave next to nothing.
WALKS = np.geomspace(0.01, 0.32, 6)
KAPPAS = np.geomspace(0.03, 1.0, 6)


@dataclass(frozen=True)
class Renewal:
    """Posterior of R by area and day, arrays of shape (areas, days); ``quantiles`` (areas, days, levels).

    ``walk`` and ``kappa`` (areas,) are posterior means of sigma and kappa, ``weekday`` (areas, 7) the effects by day of the
    series modulo 7 (their mean is 1), ``infections`` (areas, days) at the most probable grid point. ``above_one`` is the
    probability that R exceeds 1. ``settled`` is False for an area whose mode was not reached: read nothing from it.
    """

    mean: Floats
    sd: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    above_one: Floats
    walk: Floats
    kappa: Floats
    weekday: Floats
    infections: Floats
    settled: NDArray[np.bool_]


def estimate_renewal(
    incidence: ArrayLike,
    generation_time: ArrayLike,
    reporting_delay: ArrayLike,
    *,
    prior: RenewalPrior | None = None,
    levels: Sequence[float] = LEVELS,
) -> Renewal:
    """Posterior of the daily reproduction number of every area, from counts of shape (days,) or (areas, days).

    ``generation_time`` is by day with 0 for day 0, ``reporting_delay`` by day from infection to report. R of the newest days
    rests on few reports and leans on the walk: its interval widens. Nothing here is random.
    Raises EstimateError for counts, an interval or a delay that are none, or fewer than 14 days.
    """
    every, _came = counts_of(incidence)
    chances = checked_interval(generation_time)
    delay = np.asarray(reporting_delay, dtype=float)
    if delay.ndim != 1 or not len(delay) or delay.min() < 0 or abs(delay.sum() - 1) > 0.01:
        raise EstimateError(
            "报告时滞须为从第 0 天起、合计为 1 的概率", "a reporting delay is probabilities from day 0 that sum to 1"
        )
    if every.shape[1] < LEAST_DAYS:
        raise EstimateError(f"至少须 {LEAST_DAYS} 天", f"at least {LEAST_DAYS} days are needed")
    believed = prior or RenewalPrior()
    sds = np.array([believed.r_sd, believed.growth_sd, believed.level_sd, believed.weekday_sd])
    logs, centre, spread, weekday, infections, settled = fit_areas(
        every.astype(float), chances, delay, sds, WALKS, KAPPAS
    )
    # Half-normal densities, and the grid's own density: it is even in the logs.
    logs = logs + (np.log(WALKS) - (WALKS / believed.walk_sd) ** 2 / 2)[None, :, None]
    logs = logs + (np.log(KAPPAS) - (KAPPAS / believed.kappa_sd) ** 2 / 2)[None, None, :]
    weights = np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    flat = weights.reshape(len(every), 1, -1)
    centre, spread = (np.moveaxis(one.reshape(len(every), -1, every.shape[1]), 1, 2) for one in (centre, spread))
    first = (flat * np.exp(centre + spread**2 / 2)).sum(axis=2)
    second = (flat * np.exp(2 * centre + 2 * spread**2)).sum(axis=2)
    best = flat[:, 0].argmax(axis=1)
    rows = np.arange(len(every))
    return Renewal(
        mean=first,
        sd=np.sqrt(np.maximum(second - first**2, 0.0)),
        quantiles=np.stack([np.exp(_mixed_quantile(flat, centre, spread, level)) for level in levels], axis=-1),
        levels=tuple(levels),
        above_one=(flat * special.ndtr(centre / spread)).sum(axis=2),
        walk=(weights.sum(axis=2) * WALKS).sum(axis=1),
        kappa=(weights.sum(axis=1) * KAPPAS).sum(axis=1),
        weekday=weekday.reshape(len(every), -1, WEEK)[rows, best],
        infections=infections.reshape(len(every), -1, every.shape[1])[rows, best],
        settled=settled,
    )


def _mixed_quantile(weights: Floats, centre: Floats, spread: Floats, level: float) -> Floats:
    """Quantile of a mixture of normals along the last axis, by bisection."""
    each = centre + spread * special.ndtri(level)
    low, high = each.min(axis=2), each.max(axis=2)
    for _step in range(BISECTIONS):
        middle = (low + high) / 2
        below = (weights * special.ndtr((middle[..., None] - centre) / spread)).sum(axis=2) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
