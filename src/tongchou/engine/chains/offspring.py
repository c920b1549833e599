"""How many others a case infects: from counted secondary cases, or from cluster sizes alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, xlog1py, xlogy

from tongchou.engine.chains.cases import ChainInputError, Counts, Reals
from tongchou.engine.chains.intervals import DayDelay
from tongchou.engine.chains.profile import Offspring, estimate_profile


def estimate_offspring(
    infected: ArrayLike, *, seen_share: ArrayLike | None = None, dispersion: float | None = None,
    confidence: float = 0.95,
) -> Offspring:  # fmt: skip
    """R and k from the number of others that each case infected.

    ``infected``: one whole number a case, nought included. ``seen_share``: for each case the probability in (0, 1]
    that one whom it infects is known by now, as a case of yesterday has not had time for its secondary cases: seen
    offspring of a negative binomial of mean R are negative binomial of mean ``R x seen_share`` with the same k.
    ``dispersion`` gives k where too few cases are there to find it. Raises ChainInputError for no case, a negative
    number, or a share outside (0, 1].
    """
    counts = np.asarray(infected)
    if counts.size == 0:
        raise ChainInputError("没有病例，无法估计", "no case to estimate from")
    if (counts < 0).any() or (counts != np.floor(counts)).any():
        raise ChainInputError(
            "每例传染的人数须为不小于 0 的整数", "the number infected by a case must be a whole number from 0"
        )
    share = np.ones(counts.size) if seen_share is None else np.asarray(seen_share, np.float64)
    if share.shape != counts.shape or not ((share > 0) & (share <= 1)).all():
        raise ChainInputError(
            "seen_share 须逐例给出，大于 0 且不超过 1", "seen_share must be given by case, above 0 and at most 1"
        )
    both, times = np.unique(np.column_stack([counts, share]), axis=0, return_counts=True)
    number, seen = both[:, 0], both[:, 1]

    def log_likelihood(r: float, k: float) -> float:
        return float(times @ log_negative_binomial(number, r * seen, k))

    total = int(counts.sum())
    start = total / share.sum()
    return estimate_profile(
        log_likelihood, cases=counts.size, infected=total, start=start, dispersion=dispersion, confidence=confidence
    )


def estimate_offspring_from_sizes(
    sizes: ArrayLike, *, first_cases: ArrayLike | None = None, running: ArrayLike | None = None,
    dispersion: float | None = None, confidence: float = 0.95,
) -> Offspring:  # fmt: skip
    """R and k from the sizes of clusters alone (Blumberg and Lloyd-Smith 2013, PLoS Comput Biol 9:e1002993).

    ``sizes``: cases a cluster. ``first_cases``: how many of them started it (1 by default). ``running``: clusters
    that may still grow, of which only is known that they reach their size. By Dwass (1969, J Appl Prob 6:682) a
    cluster of n cases with s first ones has probability s/n times that of n draws of the offspring distribution
    adding up to n - s, which is negative binomial again. Raises ChainInputError for a size below its first cases.
    """
    size = np.asarray(sizes, np.int64)
    first = np.ones(size.size, np.int64) if first_cases is None else np.asarray(first_cases, np.int64)
    grows = np.zeros(size.size, np.bool_) if running is None else np.asarray(running, np.bool_)
    if size.size == 0:
        raise ChainInputError("没有聚集，无法估计", "no cluster to estimate from")
    if first.shape != size.shape or grows.shape != size.shape:
        raise ChainInputError("各栏长度须相同", "all columns must have the same length")
    if (first < 1).any() or (size < first).any():
        raise ChainInputError(
            "每起聚集至少有一例首发，且病例数不少于首发病例数",
            "every cluster has a first case at least, and no fewer cases than first ones",
        )
    both, times = np.unique(np.column_stack([size, first, grows]), axis=0, return_counts=True)
    ended = both[:, 2] == 0

    def log_likelihood(r: float, k: float) -> float:
        value = float(times[ended] @ _log_size(both[ended, 0], both[ended, 1], r, k))
        for (n, s, _grows), number in zip(both[~ended], times[~ended], strict=True):
            smaller = np.exp(_log_size(np.arange(s, n), np.full(n - s, s), r, k)).sum() if n > s else 0.0
            value += number * math.log(max(1.0 - smaller, 1e-300))
        return value

    total = int((size - first).sum())
    return estimate_profile(
        log_likelihood, cases=size.size, infected=total, start=max(total, 1) / size.sum(), dispersion=dispersion,
        confidence=confidence,
    )  # fmt: skip


def find_seen_share(ages: ArrayLike, serial: DayDelay, report_delay: DayDelay | None = None) -> Reals:
    """For cases of onset ``ages`` days ago: the probability that a secondary case is known by now.

    Known is who has fallen ill (serial interval) and, with ``report_delay``, been reported since. At least the chance
    of the youngest age that has any, so that a case of today weighs next to nothing instead of being refused.
    """
    pmf = serial.pmf if report_delay is None else np.convolve(serial.pmf, report_delay.pmf)
    total = np.cumsum(pmf)
    share = total[np.clip(np.asarray(ages, np.int64), 0, total.size - 1)]
    return np.clip(share, total[total > 0][0], 1.0)


def log_negative_binomial(number: ArrayLike, mean: ArrayLike, k: ArrayLike) -> Reals:
    """Log probability of ``number`` for the negative binomial of ``mean`` and size ``k``; the Poisson for infinite k."""
    number, mean, k = np.asarray(number, np.float64), np.asarray(mean, np.float64), np.asarray(k, np.float64)
    poisson = xlogy(number, mean) - mean - gammaln(number + 1)
    finite = np.where(np.isinf(k), 1.0, k)
    spread = (
        gammaln(finite + number) - gammaln(finite) - gammaln(number + 1)
        + xlogy(number, mean) - xlogy(number, finite + mean) - xlog1py(finite, mean / finite)
    )  # fmt: skip
    return np.where(np.isinf(k), poisson, spread)


def _log_size(size: Counts, first: Counts, r: float, k: float) -> Reals:
    """Log probability that a cluster of ``first`` first cases ends with ``size`` cases."""
    return np.log(first / size) + log_negative_binomial(size - first, size * r, size * k)
