"""Approximate Bayesian computation for a simulator that can only be run: adaptive population Monte Carlo.

The sampler is that of Lenormand, Jabot and Deffuant (Computational Statistics 28:2777, 2013), which descends from the
population Monte Carlo of Beaumont et al. 2009 and Toni et al. 2009 but sets its own tolerances and so keeps to a budget
of simulations. The first round is a scrambled Sobol design. Afterwards parameters are corrected by local linear regression
on the summaries (Beaumont, Zhang and Balding, Genetics 162:2025, 2002).

Parameters live on the scale of standard normal scores: the prior is the standard normal there, so no proposal falls
outside it and no corrected value leaves its bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import norm, qmc

from tongchou.engine.chance import Purpose, stream
from tongchou.engine.epidemic.faults import EpidemicFault

Reals = NDArray[np.float64]
Simulate = Callable[[Reals, int], tuple[Reals, Reals]]
"""(scores [n, parameters], number of the first run) -> (summaries [n, parts], curves [n, days])"""
KEPT_SHARE = 0.4  # of the particles of a round; the authors find 0.5 a good compromise, less where the budget is small
LEAST_ACCEPTED = 0.03  # share of a round's new particles that improve; below it more rounds bring little (authors: 0.01 to 0.05)
LEAST_MEMBERS = 2.0  # effective particles for each degree of freedom of the regression; fewer make intervals of their own and are refused
RIDGE = 1e-2  # of the mean variance of the summaries: keeps the regression solvable where a summary never varies


@dataclass(frozen=True)
class Particles:
    """A weighted sample of the posterior and what each of its members simulated.

    ``scores`` [n, parameters] as simulated, ``adjusted`` after the regression (the same where it was left out); ``weights`` [n] of the first,
    ``adjusted_weights`` [n] of the second, both with sum 1; ``curves`` [n, days]; ``distances`` [n].
    """

    scores: Reals
    adjusted: Reals
    weights: Reals
    adjusted_weights: Reals
    curves: Reals
    distances: Reals
    simulations: int
    rounds: int

    @property
    def tolerance(self) -> float:
        return float(self.distances.max())


@dataclass
class _Pool:
    scores: Reals
    weights: Reals
    summaries: Reals
    curves: Reals
    distances: Reals

    def best(self, count: int) -> _Pool:
        order = np.argsort(self.distances, kind="stable")[:count]
        return _Pool(self.scores[order], self.weights[order], self.summaries[order], self.curves[order], self.distances[order])

    def joined(self, other: _Pool) -> _Pool:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Pool(*(np.concatenate(pair) for pair in pairs))


def sample_posterior(simulate: Simulate, parameters: int, observed: Reals, *, budget: int, particles: int, seed: int, local: float) -> Particles:
    """``particles`` members of the approximate posterior out of at most ``budget`` simulations; depends on the seed alone.

    ``observed`` are the summaries of what was seen; the distance is the root of their mean squared difference.
    The regression is left out where the farthest member is farther than ``local``: it would extrapolate, and be too sure.
    Raises EpidemicFault where the sample is too small: before the first run where it has fewer than ``LEAST_MEMBERS`` for each
    summary and one, after the last where its effective size is below so many for each degree of freedom of the regression.
    """
    if particles < LEAST_MEMBERS * (1 + len(observed)):
        raise _too_small(particles, particles, 1.0 + len(observed))
    first = min(budget, int(round(particles / KEPT_SHARE)))
    scores = _design(first, parameters, seed)
    pool, used, rounds = _simulated(simulate, scores, np.ones(first), observed, 0), first, 1
    kept = pool.best(particles)
    while used + (new := first - particles) <= budget and new > 0:
        scores, weights = _proposed(kept, new, seed, rounds)
        tolerance = kept.distances.max()
        fresh = _simulated(simulate, scores, weights, observed, used)
        kept = kept.joined(fresh).best(particles)
        used, rounds = used + new, rounds + 1
        if (fresh.distances < tolerance).mean() < LEAST_ACCEPTED:
            break
    return _finished(kept, observed, local, used, rounds)


def _design(count: int, parameters: int, seed: int) -> Reals:
    sobol = qmc.Sobol(parameters, scramble=True, seed=stream(seed, Purpose.CALIBRATION_DESIGN))
    unit = sobol.random(1 << max(count - 1, 1).bit_length())[:count]
    return np.asarray(norm.ppf(np.clip(unit, 1e-6, 1 - 1e-6)), float)


def _simulated(simulate: Simulate, scores: Reals, weights: Reals, observed: Reals, first: int) -> _Pool:
    summaries, curves = simulate(scores, first)
    distances = np.sqrt(((summaries - observed) ** 2).mean(axis=1))
    return _Pool(scores, weights, summaries, curves, distances)


def _proposed(kept: _Pool, count: int, seed: int, number: int) -> tuple[Reals, Reals]:
    """New scores around the kept ones, by a normal kernel of twice their covariance, and their importance weights."""
    chance = stream(seed, Purpose.CALIBRATION_PROPOSAL, number)
    share = kept.weights / kept.weights.sum()
    parameters = kept.scores.shape[1]
    spread = 2.0 * np.atleast_2d(np.cov(kept.scores, rowvar=False, aweights=share)) + 1e-6 * np.eye(parameters)
    root = np.linalg.cholesky(spread)
    parents = chance.choice(len(share), size=count, p=share)
    scores = kept.scores[parents] + chance.standard_normal((count, parameters)) @ root.T
    flat = [np.linalg.solve(root, each.T).T for each in (scores, kept.scores)]
    kernel = np.exp(-0.5 * cdist(*flat, "sqeuclidean")) / np.prod(np.diag(root))
    prior = np.exp(-0.5 * (scores**2).sum(axis=1))
    return scores, prior / np.maximum(kernel @ share, 1e-300)


def _finished(kept: _Pool, observed: Reals, local: float, used: int, rounds: int) -> Particles:
    weights = kept.weights / kept.weights.sum()
    if kept.distances.max() > local:
        return Particles(kept.scores, kept.scores, weights, weights, kept.curves, kept.distances, used, rounds)
    reach = max(float(kept.distances.max()), 1e-12)
    near = weights * np.maximum(1.0 - (kept.distances / reach) ** 2, 1e-9)  # Epanechnikov's kernel, as Beaumont 2002
    near /= near.sum()
    adjusted = _regressed(kept.scores, kept.summaries - observed, near)
    return Particles(kept.scores, adjusted, weights, near, kept.curves, kept.distances, used, rounds)


def _regressed(scores: Reals, away: Reals, near: Reals) -> Reals:
    """Scores moved to where the summaries are the observed ones; residuals widened by the degrees of freedom that the fit took."""
    centre = near @ away
    design = np.column_stack((np.ones(len(away)), away))
    penalty = RIDGE * max(float(near @ ((away - centre) ** 2).mean(axis=1)), 1e-12) * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    moment = (design.T * near) @ design
    freedom = float(np.trace(np.linalg.solve(moment + penalty, moment)))
    members = 1.0 / float((near**2).sum())
    if members < LEAST_MEMBERS * freedom:
        raise _too_small(len(scores), members, freedom)
    slope = np.linalg.solve(moment + penalty, (design.T * near) @ scores)
    return np.asarray(slope[0] + (scores - design @ slope) * np.sqrt(members / (members - freedom)), float)


def _too_small(particles: int, members: float, freedom: float) -> EpidemicFault:
    """Says what sample would do, at the same share of effective members."""
    enough = 10 * math.ceil(1.2 * particles * LEAST_MEMBERS * freedom / members / 10)
    return EpidemicFault(
        f"样本 {particles} 个（有效 {members:.0f} 个）太少，曲线的 {freedom:.0f} 个自由度至少要 {LEAST_MEMBERS * freedom:.0f} 个有效样本，否则区间不可信；"
        f"请取样本 {enough} 个以上（--sample），模拟次数相应增加（--budget）",
        f"a sample of {particles} ({members:.0f} effective) is too small: the {freedom:.0f} degrees of freedom of this curve need "
        f"{LEAST_MEMBERS * freedom:.0f} effective members, or the intervals mean nothing; take {enough} or more (--sample) and as many times more runs (--budget)",
    )
