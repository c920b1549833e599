"""Cases by day of onset, with those that have happened but are not reported yet.

The share of a day's cases that is known at age a (days since onset) is a product of steps, each the share of what is known one
report later: a chain ladder (Mack 1993; as reversed-time hazards in Lawless 1994, Can J Stat 22:15; Hoehle and an der Heiden
2014, Biometrics 70:993). Each step has a beta posterior: counts of the area divided by their overdispersion, on a prior from one
log-normal delay fitted to all areas with right truncation. Expected cases move from day to day by a discounted gamma level
(Harvey and Fernandes 1989, J Bus Econ Stat 7:407), so that a day of which hardly anything is known leans on the days before.
What is missing is negative binomial with that mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tongchou.engine.estimate.delay_fit import LEAST_PAIRS, WeakPrior, estimate_delay
from tongchou.engine.estimate.delays import Delay, Floats
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.reports import Reports, pairs_of_reports

LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
# Weight of the past a day back; the best for the area's own past is taken.
DISCOUNTS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# The prior delay counts as so many cases at each step.
PRIOR_CASES = 30.0
START_SHAPE = 0.5
AREAS_AT_ONCE = 50


@dataclass(frozen=True)
class Nowcast:
    """Cases by day of onset as they will be known in the end.

    ``known``, ``mean`` and ``share`` (of a day's cases known by now) have the shape (areas, days), ``quantiles`` (areas, days,
    levels) and ``draws`` (areas, days, draws) the counts of the joint sample. ``dispersion`` is the reports' variance over that of
    independent cases; ``delay`` the prior delay used.
    """

    known: NDArray[np.int64]
    mean: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    share: Floats
    dispersion: float
    delay: Delay
    draws: NDArray[np.int64]


@dataclass(frozen=True)
class _Ladder:
    """Cases known at each age, and those of the same days known one report later; shape (areas, ages)."""

    before: Floats
    after: Floats
    gap: int


def nowcast_counts(
    reports: Reports,
    *,
    most_delay_days: int,
    memory_days: int = 28,
    prior_delay: Delay | None = None,
    levels: Sequence[float] = LEVELS,
    draws: int = 1000,
    seed: int = 1,
) -> Nowcast:
    """Nowcast of every area by the last report.

    Args:
        most_delay_days: a day this old is taken as fully reported.
        memory_days: steps are learnt from onsets of so many days before the last report (older ones may have had other delays).
        prior_delay: delay from onset to report; by default fitted to the reports of all areas together.
        draws, seed: size and seed of the sample; the same seed gives the same nowcast.

    Raises EstimateError where no delay can be learnt from the reports and none is given.
    """
    if most_delay_days < 1 or draws < 20 or seed < 0:
        raise EstimateError(
            "最长时滞至少 1 天，抽样至少 20 次，随机种子不能为负", "the longest delay is 1 day at least, the draws 20, and the seed not negative"
        )
    delay = prior_delay or _learn_delay(reports, most_delay_days)
    ladder = _climb(reports, most_delay_days, memory_days)
    prior = _prior_steps(delay, most_delay_days, ladder.gap)
    dispersion = _dispersion(reports, ladder, prior, memory_days)
    chance = np.random.Generator(np.random.Philox(seed))
    known = reports.known
    sample = np.repeat(known[..., None], draws, axis=2)
    share = np.ones(known.shape)
    for first in range(0, len(known), AREAS_AT_ONCE):
        part = slice(first, first + AREAS_AT_ONCE)
        shares = _draw_shares(ladder, part, prior, dispersion, draws, chance)
        recent = min(shares.shape[1], known.shape[1])
        share[part, -recent:] = shares.mean(axis=2)[:, :recent][:, ::-1]
        sample[part, -recent:] += _draw_missing(known[part], shares[:, :recent], dispersion, chance)
    return Nowcast(
        known=known,
        mean=sample.mean(axis=2),
        quantiles=np.moveaxis(np.quantile(sample, np.asarray(levels), axis=2), 0, -1),
        levels=tuple(levels),
        share=share,
        dispersion=dispersion,
        delay=delay,
        draws=sample,
    )


def _learn_delay(reports: Reports, most_delay_days: int) -> Delay:
    pairs = pairs_of_reports(reports, most_delay_days)
    if pairs.cases < LEAST_PAIRS:
        raise EstimateError(
            f"看得出时滞的只有 {pairs.cases} 例，至少须 {LEAST_PAIRS} 例：请等更多报告，或给出时滞（命令行 --delay-mean 与 --delay-sd，Python prior_delay）",
            f"the reports tell the delay of {pairs.cases} case(s), at least {LEAST_PAIRS} are needed: wait for more, or give a delay (--delay-mean with --delay-sd, in Python prior_delay)",
        )
    return estimate_delay(pairs, prior=WeakPrior()).delay


def _climb(reports: Reports, most_delay_days: int, memory_days: int) -> _Ladder:
    areas, count, _days = reports.totals.shape
    before, after = np.zeros((areas, most_delay_days)), np.zeros((areas, most_delay_days))
    for report in range(count - 1):
        ages, days = _ages(reports, report, most_delay_days, memory_days)
        later = reports.totals[:, report + 1, days]
        # A negative correction would make a share above 1; what was taken back is not known earlier either.
        before[:, ages] += np.minimum(reports.totals[:, report, days], later)
        after[:, ages] += later
    return _Ladder(before, after, reports.gap_days)


def _ages(
    reports: Reports, report: int, most_delay_days: int, memory_days: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ages (and days of onset) of a report that the ladder learns from."""
    seen = int(reports.seen_on[report])
    # Onsets before reporting began could only be reported late: their steps would make the delay too long.
    oldest = max(reports.began_on, int(reports.seen_on[-1]) - memory_days, seen - most_delay_days + 1)
    days = np.arange(seen, oldest - 1, -1, dtype=np.int64)
    return seen - days, days


def _prior_steps(delay: Delay, most_delay_days: int, gap: int) -> Floats:
    """Share known at each age of what is known a report later, by the prior delay, shape (ages,)."""
    ages = np.arange(most_delay_days)
    # With onset uniform over its day, H(a + 1) - H(a) of the delay is known at the end of day a.
    known = np.diff(delay.integrated_cdf(np.arange(0, most_delay_days + gap + 1, dtype=float)))
    later = np.minimum(ages + gap, most_delay_days)
    return np.clip(known[ages] / np.maximum(known[later], 1e-12), 1e-6, 1 - 1e-6)


def _dispersion(reports: Reports, ladder: _Ladder, prior: Floats, memory_days: int) -> float:
    """Pearson's chi-square over degrees of freedom of all steps, at least 1."""
    step = (ladder.before + PRIOR_CASES * prior) / (ladder.after + PRIOR_CASES)
    total, free = 0.0, 0.0
    for report in range(reports.totals.shape[1] - 1):
        ages, days = _ages(reports, report, len(prior), memory_days)
        later = reports.totals[:, report + 1, days].astype(float)
        expected = step[:, ages] * later
        variance = expected * (1 - step[:, ages])
        used = variance > 0.1  # a step that is all but sure says nothing of the spread
        gap = np.minimum(reports.totals[:, report, days], later) - expected
        total += float((gap[used] ** 2 / variance[used]).sum())
        free += float(used.sum())
    free -= float((ladder.after > 0).sum())
    return max(1.0, total / free) if free > 0 else 1.0


def _draw_shares(
    ladder: _Ladder, part: slice, prior: Floats, dispersion: float, draws: int, chance: np.random.Generator
) -> Floats:
    """Share of a day's cases that is known at each age, shape (areas, ages, draws)."""
    before, after = ladder.before[part], ladder.after[part]
    known = PRIOR_CASES * prior + before / dispersion
    missed = PRIOR_CASES * (1 - prior) + (after - before) / dispersion
    steps = chance.beta(known[..., None], missed[..., None], size=(*known.shape, draws))
    shares = np.ones_like(steps)
    ages = steps.shape[1]
    for age in range(ages - 1, -1, -1):
        later = age + ladder.gap
        shares[:, age] = steps[:, age] * (shares[:, later] if later < ages else 1.0)
    return shares


def _draw_missing(
    known: NDArray[np.int64], shares: Floats, dispersion: float, chance: np.random.Generator
) -> NDArray[np.int64]:
    """Cases of the newest days that are still to be reported, oldest of them first, shape (areas, ages, draws)."""
    areas, recent, draws = shares.shape
    days = known.shape[1]
    settled = np.ones((areas, days))
    settled[:, days - recent :] = shares.mean(axis=2)[:, ::-1]
    discount, spread = _discount(known, settled)
    shape, rate = np.full(areas, START_SHAPE), np.full(areas, START_SHAPE)
    for day in range(days - recent):
        shape, rate = discount * shape + known[:, day], discount * rate + 1
    missing = np.zeros((areas, recent, draws), dtype=np.int64)
    shapes, rates = np.repeat(shape[:, None], draws, axis=1), np.repeat(rate[:, None], draws, axis=1)
    for place in range(recent):
        share = shares[:, recent - 1 - place]
        shapes = discount[:, None] * shapes + known[:, days - recent + place, None]
        rates = discount[:, None] * rates + share
        wide = shapes / spread[:, None]
        expected = chance.standard_gamma(np.maximum(wide, 1e-6)) / (rates / spread[:, None]) * (1 - share)
        if dispersion > 1:
            size = np.maximum(expected / (dispersion - 1), 1e-9)
            expected = chance.standard_gamma(size) * (dispersion - 1)
        missing[:, place] = chance.poisson(expected)
    return missing


def _discount(known: NDArray[np.int64], share: Floats) -> tuple[Floats, Floats]:
    """The discount under which the area's own days were best foretold, one day ahead, and how much wider they fell than that.

    Both have the shape (areas,); the second is Pearson's chi-square a day, at least 1.
    """
    choices = np.asarray(DISCOUNTS)
    shape, rate = np.full((len(known), len(choices)), START_SHAPE), np.full((len(known), len(choices)), START_SHAPE)
    score, square = np.zeros_like(shape), np.zeros_like(shape)
    for day in range(known.shape[1]):
        shape, rate = choices * shape, choices * rate
        count, part = known[:, day, None].astype(float), np.maximum(share[:, day, None], 1e-12)
        score += (
            special.gammaln(shape + count)
            - special.gammaln(shape)
            - special.gammaln(count + 1)
            + shape * np.log(rate / (rate + part))
            + count * np.log(part / (rate + part))
        )
        expected = shape / rate * part
        # A day on which next to nothing was expected would count for far too much.
        square += (count - expected) ** 2 / np.maximum(expected * (1 + part / rate), 0.5)
        shape, rate = shape + count, rate + part
    best = np.argmax(score, axis=1)
    spread = np.take_along_axis(square, best[:, None], axis=1)[:, 0] / known.shape[1]
    return choices[best], np.maximum(spread, 1.0)
