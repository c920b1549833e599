"""Report artefacts in daily counts: batch reports, late days, changes of definition, negative corrections.

A cleaned series is offered beside the raw one; every change says where, how many, and why. Nothing is lost: the raw sum is
the cleaned sum plus what was set aside. ``docs/models/report-artefacts.md`` has the rules and their rate of false alarms.
A feed whose date meaning shifts is found by ``feed_dates``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tongchou.engine.estimate.errors import EstimateError
from tongchou.reason import Reason

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

NEGATIVE, MISTYPED, MISSING = "negative_correction", "mistyped_total", "missing_report"
LATE, BATCH, DEFINITION = "late_report", "batch_report", "definition_change"
KINDS = (NEGATIVE, MISTYPED, MISSING, LATE, BATCH, DEFINITION)


@dataclass(frozen=True)
class ArtefactRule:
    """When a day's count is called an artefact. All of it is about reporting, none of it about a disease.

    Attributes:
        alarm: probability, under a negative binomial count of the mean around it, below which a count is too high.
        beside_alarm: the same for a day beside one that was found.
        low_alarm: probability below which days without a case, taken together, are too low for a late report's eve.
        days: how many ordinary days on each side make the mean.
        least_excess: fewer cases than this above the mean are never an artefact.
        edge_growth: factor on the mean of one side where the other side has fewer than two days yet.
        prior_size, prior_days: overdispersion k assumed, and how many days of evidence that assumption weighs.
        most_size: k is never taken to be larger.
        size_days: how many days on each side tell of a day's overdispersion.
    """

    alarm: float = 1e-4
    beside_alarm: float = 0.02
    low_alarm: float = 0.02
    days: int = 5
    least_excess: int = 8
    edge_growth: float = 3.0
    prior_size: float = 4.0
    prior_days: float = 4.0
    most_size: float = 60.0
    size_days: int = 14


@dataclass(frozen=True)
class ArtefactChange:
    """One day that was changed. ``raw`` and ``cleaned`` are its cases before and after, ``reason`` says why."""

    on: date
    kind: str
    raw: int
    cleaned: int
    reason: Reason


@dataclass(frozen=True)
class CleanedSeries:
    """Daily cases of one area as reported and as cleaned.

    Attributes:
        area: its name or path.
        first_on: the day of the first count.
        raw, cleaned: cases a day, shape (days,); ``raw`` may be negative, ``cleaned`` is not.
        ordinary: False on days whose cleaned count is an estimate and no observation; shape (days,).
        set_aside: cases in ``raw`` that belong to no known day: batches, definition backlog, corrections beyond all cases
            (counted as negative).
        changes: by day.
    """

    area: str
    first_on: date
    raw: Counts
    cleaned: Counts
    ordinary: Marks
    set_aside: int
    changes: tuple[ArtefactChange, ...]


def count_daily(totals: Floats) -> tuple[Counts, Marks]:
    """Daily cases from cumulative totals, and which days had none: shape (days,) each.

    totals: cumulative cases, NaN where no total was reported. The cases of such days stand on the next reported day, as
    they came; before the first total there are none.
    """
    reported = np.isfinite(totals)
    filled = np.concatenate(([0.0], np.where(reported, totals, np.nan)))
    last = np.maximum.accumulate(np.where(np.isfinite(filled), np.arange(filled.size), 0))
    return np.diff(filled[last]).astype(np.int64), ~reported & (np.cumsum(reported) > 0)


def find_artefacts(
    area: str,
    first_on: date,
    counts: Counts,
    *,
    missing: Marks | None = None,
    definition_changed_on: Iterable[date] = (),
    rule: ArtefactRule | None = None,
) -> CleanedSeries:
    """Find and mark the artefacts of one series.

    Args:
        area: name or path, carried through.
        first_on: day of the first count.
        counts: reported daily cases, shape (days,), whole numbers; negative where a total was corrected downwards.
        missing: days for which nothing was reported (``count_daily``), shape (days,); none by default.
        definition_changed_on: days from which cases were counted by another definition, as the rulebook knows them; an
            excess on such a day or the day after is called so, even where it lasts one day only.
        rule: thresholds; the tested ones by default.

    Raises EstimateError for an empty series or more than one dimension.
    """
    raw = np.asarray(counts, np.int64)
    if raw.ndim != 1 or not raw.size or (missing is not None and missing.shape != raw.shape):
        raise EstimateError(
            f"“{area}”的序列须为一维且非空，缺报标记须等长",
            f"the series of {area!r} must have one dimension and a day at least, and as many marks of missing days",
        )
    rule = rule or ArtefactRule()
    changed = {day + timedelta(days=after) for day in definition_changed_on for after in (0, 1)}
    work = _Work(first_on, raw.copy(), np.ones(raw.size, bool), [])
    _share_missing(work, np.zeros(raw.size, bool) if missing is None else missing)
    _mend_mistyped(work, rule)
    set_aside = -_take_back(work)
    _mend_late(work, rule)
    high, expected = _too_high(work.counts, rule)
    work.ordinary[high] = False
    for start, stop in _runs(high):
        known = any(first_on + timedelta(days=at) in changed for at in range(start, stop))
        kind = DEFINITION if known or stop - start > 1 else BATCH
        set_aside += _set_aside(work, start, stop, kind, expected)
    work.changes.sort(key=lambda change: (change.on, KINDS.index(change.kind)))
    return CleanedSeries(area, first_on, raw, work.counts, work.ordinary, set_aside, tuple(work.changes))


@dataclass
class _Work:
    """A series while it is being cleaned."""

    first_on: date
    counts: Counts
    ordinary: Marks
    changes: list[ArtefactChange]

    def day(self, at: int) -> str:
        return (self.first_on + timedelta(days=at)).isoformat()

    def put(self, start: int, counts: Counts, kind: str, values: dict[str, object]) -> None:
        """Write the counts of the days from ``start``, with a line for every day that changes."""
        reason = Reason(f"artefact.{kind}", values)
        for at, count in enumerate(counts.tolist(), start):
            if self.counts[at] != count:
                on = self.first_on + timedelta(days=at)
                self.changes.append(ArtefactChange(on, kind, int(self.counts[at]), count, reason))
            self.counts[at] = count


def _share(work: _Work, start: int, at: int, kind: str) -> None:
    """The cases of the days from ``start`` to ``at`` shared evenly among them; what is left over goes to the last days."""
    days, cases = at - start + 1, int(work.counts[start : at + 1].sum())
    each, over = divmod(cases, days)
    shared = np.full(days, each)
    if over:
        shared[-over:] += 1
    work.ordinary[start : at + 1] = False
    work.put(start, shared, kind, {"on": work.day(at), "cases": cases, "days": days, "from": work.day(start)})


def _share_missing(work: _Work, missing: Marks) -> None:
    """Days without a report share the cases of the next reported day; at the end of the series there is nothing yet."""
    for start, stop in _runs(missing):
        if stop < missing.size and work.counts[stop] >= 0:
            _share(work, start, stop, MISSING)
        else:
            work.ordinary[start:stop] = False


def _mend_mistyped(work: _Work, rule: ArtefactRule) -> None:
    """A total that fell one day and came back the next was mistyped: the two days share the sum of both."""
    for at in map(int, np.flatnonzero(work.counts[:-1] < 0)):
        both = int(work.counts[at] + work.counts[at + 1])
        near = np.concatenate((work.counts[max(0, at - rule.days) : at], work.counts[at + 2 : at + 2 + rule.days]))
        usual = max(float(near.mean()), 0.0) if near.size else 0.0
        # The rise must be what the fall took, and no more beside it than two such days bring.
        if both >= 0 and work.counts[at + 1] > 2.0 * (usual + 1.0) and both <= 4.0 * (usual + 1.0):
            _share(work, at, at + 1, MISTYPED)


def _mend_late(work: _Work, rule: ArtefactRule) -> None:
    """Days without a case before a high day, together too unlikely for the days on both sides: the high day reported them.

    The lower of the two sides is taken as usual, and with the days shared out nothing unusual may be left.
    """
    zeros = work.counts == 0
    for start, at in _runs(zeros & work.ordinary):
        if start == 0 or at >= zeros.size - 1 or not work.ordinary[at]:
            continue
        usual = min(
            work.counts[max(0, start - rule.days) : start].mean(), work.counts[at + 1 : at + 1 + rule.days].mean()
        )
        size, days = rule.prior_size, at - start
        if usual <= 0:
            continue
        empty = (size / (size + usual)) ** (size * days)
        full = stats.nbinom.sf(work.counts[at] - 1, size, size / (size + usual))
        whole = size * (days + 1)
        left = stats.nbinom.sf(work.counts[at] - 1, whole, size / (size + usual))
        if empty < rule.low_alarm and empty * full < rule.alarm and left > rule.low_alarm:
            _share(work, start, at, LATE)


def _take_back(work: _Work) -> int:
    """Negative days become zero and are taken off the days before, nearest first; what no day could give is returned."""
    left = 0
    for at in map(int, np.flatnonzero(work.counts < 0)):
        owed, back = -int(work.counts[at]), at
        after = work.counts[: at + 1].copy()
        after[at] = 0
        while owed and back > 0:
            back -= 1
            taken = min(owed, max(0, int(after[back])))
            after[back] -= taken
            owed -= taken
        left += owed
        values = {"on": work.day(at), "cases": -int(work.counts[at]), "from": work.day(back), "unplaced": owed}
        work.put(back, after[back:], NEGATIVE, values)
    return left


def _set_aside(work: _Work, start: int, stop: int, kind: str, expected: Floats) -> int:
    """Days that are too high come down to what is expected; the excess is returned."""
    usual = np.minimum(work.counts[start:stop], np.rint(expected[start:stop]).astype(np.int64))
    cases = int(work.counts[start:stop].sum())
    excess = cases - int(usual.sum())
    values = {
        "on": work.day(start), "until": work.day(stop - 1), "days": stop - start, "cases": cases, "excess": excess,
        "expected": cases - excess,
    }  # fmt: skip
    work.put(start, usual, kind, values)
    return excess


def _too_high(counts: Counts, rule: ArtefactRule) -> tuple[Marks, Floats]:
    """Days whose count is too high for the ordinary days around them, and the count expected there, shape (days,) each.

    Found days stop being neighbours of others, so the search is repeated until nothing new is found. Two days in a row
    hide each other, so each day is also judged without the next one, and the next one without it.
    """
    high = np.zeros(counts.size, bool)
    for _ in range(counts.size):
        expected, bound = _expected(counts, high, rule)
        size = _estimate_size(counts, expected, high, rule)
        beside = np.zeros(counts.size, bool)
        beside[1:] |= high[:-1]
        beside[:-1] |= high[1:]
        alarm = np.where(beside, rule.beside_alarm, rule.alarm)
        found = _exceeds(counts, bound, size, alarm, rule) & ~high
        first, second = (
            _exceeds(counts, _expected(counts, high, rule, skip)[1], size, alarm, rule) for skip in (1, -1)
        )
        pair = first[:-1] & second[1:] & ~high[:-1] & ~high[1:]
        found[:-1] |= pair
        found[1:] |= pair
        if not found.any():
            return high, expected
        # The wildest day alone: it may be what made its neighbours look low, or the next wildest look ordinary.
        worst = np.flatnonzero(found)[np.argmax((counts / bound)[found])]
        high[worst] = True
    return high, expected


def _exceeds(counts: Counts, bound: Floats, size: Floats, alarm: Floats, rule: ArtefactRule) -> Marks:
    return (stats.nbinom.sf(counts - 1, size, size / (size + bound)) < alarm) & (counts - bound >= rule.least_excess)


def _expected(counts: Counts, high: Marks, rule: ArtefactRule, skip: int = 0) -> tuple[Floats, Floats]:
    """What the days around say of each day: the mean of both sides, and the highest of several means, as a bound.

    A peak or a steep rise lies under the bound because the two nearest days and each whole side count by themselves.
    ``skip`` 1 leaves the next day out of each day's neighbours, -1 the day before.
    """
    days = np.arange(counts.size)
    before = np.concatenate(([0], np.cumsum(~high)))[:-1]  # how many ordinary days stand before each day
    after = before + ~high
    out = np.zeros(counts.size, bool)
    if skip:
        inside = (days + skip >= 0) & (days + skip < counts.size)
        out[inside] = ~high[(days + skip)[inside]]
    upto, since = before - out * (skip < 0), after + out * (skip > 0)
    total = np.concatenate(([0.0], np.cumsum(counts[~high], dtype=float)))
    last = total.size - 1

    def mean(low: NDArray[np.int64], top: NDArray[np.int64]) -> Floats:
        return (total[top] - total[low]) / np.maximum(top - low, 1)

    sides, near, there = [], [], []
    for low, top in (
        (np.maximum(upto - rule.days, 0), upto),
        (np.minimum(since, last), np.minimum(since + rule.days, last)),
    ):
        close = (np.maximum(top - 2, low), top) if top is upto else (low, np.minimum(low + 2, top))
        sides.append(mean(low, top))
        near.append(np.maximum(sides[-1], mean(*close)) + 0.5)
        there.append(top - low >= 2)
    both, none = there[0] & there[1], ~there[0] & ~there[1]
    highest = np.maximum(np.where(there[0], near[0], 0.0), np.where(there[1], near[1], 0.0))
    bound = np.where(none, counts + 0.5, highest * np.where(both, 1.0, rule.edge_growth))
    weight = there[0].astype(float) + there[1]
    expected = (sides[0] * there[0] + sides[1] * there[1]) / np.maximum(weight, 1.0)
    return np.where(none, counts, expected), bound


def _estimate_size(counts: Counts, mean: Floats, high: Marks, rule: ArtefactRule) -> Floats:
    """Overdispersion k by day, shape (days,), from the ordinary days near it, drawn towards the prior.

    variance = mean + mean^2 / k; each day near gives (deviation^2 - mean) / mean^2 as its 1 / k, cut so that no one day
    decides. The mean of neighbours deviates too, hence 1.2 means.
    """
    ordinary = ~high & (mean > 1.0)
    safe = np.where(ordinary, mean, 1.0)
    own = np.where(ordinary, np.clip(((counts - safe) ** 2 - 1.2 * safe) / safe**2, -1.0, 2.0), 0.0)
    window = np.ones(2 * rule.size_days + 1)
    total, days = (
        np.convolve(part, window)[rule.size_days : -rule.size_days] for part in (own, ordinary.astype(float))
    )
    inverse = (rule.prior_days / rule.prior_size + total) / (rule.prior_days + days)
    return 1.0 / np.maximum(inverse, 1.0 / rule.most_size)


def _runs(high: Marks) -> list[tuple[int, int]]:
    """Half-open runs of marked days."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], high, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
