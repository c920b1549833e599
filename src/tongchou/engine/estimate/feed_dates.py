"""A feed whose dates change their meaning: found against a second source, or by the day on which all areas stand still.

``docs/models/report-artefacts.md`` has the method and what it found in the counts of February 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.estimate.errors import EstimateError
from tongchou.reason import Reason

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DateShift:
    """From ``on`` a row of the feed is the figure of the day ``lag_after`` days before its date, until then ``lag_before``.

    ``agreement_before`` and ``agreement_after`` are the shares of area-days that equal the second source at that lag,
    among those that tell the lags apart.
    """

    on: date
    lag_before: int
    lag_after: int
    agreement_before: float
    agreement_after: float
    reason: Reason


@dataclass(frozen=True)
class StillDay:
    """A day on which nearly every area stood still although they moved the days around: the day before, repeated."""

    on: date
    cases: int
    expected: float
    reason: Reason


def find_date_shifts(
    feed: Floats, reference: Floats, first_on: date, *, lags: Sequence[int] = (-1, 0, 1, 2), switch_cost: float = 20.0
) -> tuple[DateShift, ...]:
    """Days from which a feed of cumulative counts lags differently behind a second source.

    Each day and lag scores one for every area whose total equals the reference ``lag`` days earlier, where the reference
    tells the lags apart; the best sequence of lags is found by dynamic programming, each switch costing ``switch_cost``
    such agreements.

    Args:
        feed, reference: cumulative cases, shape (areas, days), the same areas and days; NaN where nothing was reported.
        first_on: the first day of both.
        lags: lags in days that are tried.
        switch_cost: agreements that a switch must gain.

    Raises EstimateError where the two have different shapes.
    """
    if feed.shape != reference.shape or feed.ndim != 2:
        raise EstimateError("两个来源的地区与日期须一致", "both sources must have the same areas and days")
    agree, told = _agreement(feed, reference, lags)
    chosen = _best_lags(agree, switch_cost)
    edges = [0, *(np.flatnonzero(np.diff(chosen)) + 1).tolist(), len(chosen)]
    found = []
    for before, start, stop in zip(edges, edges[1:-1], edges[2:], strict=False):
        lag_before, lag_after = lags[chosen[start - 1]], lags[chosen[start]]
        shares = [
            float(agree[part, chosen[part.start]].sum() / max(1, told[part].sum()))
            for part in (slice(before, start), slice(start, stop))
        ]
        on = first_on + timedelta(days=start)
        values = {
            "on": on.isoformat(), "before": lag_before, "after": lag_after,
            "share_before": round(100 * shares[0]), "share_after": round(100 * shares[1]),
        }  # fmt: skip
        found.append(DateShift(on, lag_before, lag_after, shares[0], shares[1], Reason("artefact.date_shift", values)))
    return tuple(found)


def find_still_days(
    counts: Floats, first_on: date, *, side_days: int = 3, share: float = 0.2, least: float = 30.0
) -> tuple[StillDay, ...]:
    """Days whose cases over all areas are under ``share`` of the median of the days around, and no later day makes up for it.

    A report that is merely late comes back the next day; a row that repeats the day before never does, so from then on
    every row is the figure of an earlier day.

    Args:
        counts: daily cases, shape (areas, days); NaN counts as zero.
        first_on: the first day.
        side_days: days on each side that the median is taken of.
        share: part of the median below which a day stands still.
        least: fewer cases a day than this around it say nothing.
    """
    total = np.nansum(counts, axis=0)
    found = []
    for at in range(side_days, total.size - side_days):
        around = np.concatenate((total[at - side_days : at], total[at + 1 : at + 1 + side_days]))
        usual = float(np.median(around))
        made_up = total[at + 1] > usual + 0.5 * (usual - total[at])
        if usual >= least and total[at] < share * usual and not made_up:
            on = first_on + timedelta(days=at)
            reason = Reason(
                "artefact.still_day", {"on": on.isoformat(), "cases": int(total[at]), "expected": round(usual)}
            )
            found.append(StillDay(on, int(total[at]), usual, reason))
    return tuple(found)


def _agreement(feed: Floats, reference: Floats, lags: Sequence[int]) -> tuple[Floats, Floats]:
    """How many areas agree, shape (days, lags), and how many could, shape (days,)."""
    areas, days = feed.shape
    shifted = np.full((len(lags), areas, days), np.nan)
    for place, lag in enumerate(lags):
        source = slice(max(0, -lag), days - max(0, lag))
        target = slice(max(0, lag), days - max(0, -lag))
        shifted[place][:, target] = reference[:, source]
    known = np.isfinite(shifted).all(axis=0) & np.isfinite(feed)
    filled = np.where(np.isfinite(shifted), shifted, 0.0)
    told = known & (filled.max(axis=0) != filled.min(axis=0))
    agree = ((shifted == feed[None]) & told[None]).sum(axis=1).T
    return agree.astype(float), told.sum(axis=0).astype(float)


def _best_lags(agree: Floats, switch_cost: float) -> NDArray[np.int64]:
    """Index of the lag of every day on the best path (Viterbi)."""
    days, lags = agree.shape
    best, came = agree[0].copy(), np.zeros((days, lags), np.int64)
    for day in range(1, days):
        other = int(np.argmax(best))
        stay = best >= best[other] - switch_cost
        came[day] = np.where(stay, np.arange(lags), other)
        best = np.where(stay, best, best[other] - switch_cost) + agree[day]
    path = np.empty(days, np.int64)
    path[-1] = int(np.argmax(best))
    for day in range(days - 1, 0, -1):
        path[day - 1] = came[day, path[day]]
    return path
