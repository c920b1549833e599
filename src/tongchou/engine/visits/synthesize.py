"""``synthesize_visits``: the visits of a city, a day at a time.

Every number is drawn by counter (seed, purpose, person, day, k), so a day comes out the same whoever asks for it, in
whatever order and with however many threads; memory holds one day.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.chance import Purpose, exponential, stream, uniform, unit, words
from tongchou.engine.visits.pattern import HOUR, MOST_A_DAY, PatternError, VisitPattern

DAY_S = 24 * HOUR
EPOCH = date(1970, 1, 1)
ACTIVITY, PRESENCE = int(Purpose.VISIT_ACTIVITY), int(Purpose.VISIT_PRESENCE)
PLACE, TIME, FAVOURITE = int(Purpose.VISIT_PLACE), int(Purpose.VISIT_TIME), int(Purpose.VISIT_FAVOURITE)
TWO_PI = 2.0 * np.pi
#: A person's least and greatest activity against the mean, and the most that one day may exceed it.
QUIET, BUSY, DAY_MOST = 0.4, 1.6, 3.5


@dataclass(frozen=True)
class VisitsOfDay:
    """All visits that start on one day, in order of their start; four int64 arrays of one length, times in seconds."""

    day: date
    person: NDArray[np.int64]
    place: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True)
class VisitDays:
    """A city whose visits can be made. Days are asked for one by one (``of_day``) or in their order (iteration)."""

    people: int
    places: int
    first: date
    counts: tuple[int, ...]
    seed: int
    pattern: VisitPattern
    threads: int
    _shares: NDArray[np.float64]
    _place_of_rank: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[VisitsOfDay]:
        return (self.of_day(number) for number in range(len(self)))

    def of_day(self, number: int) -> VisitsOfDay:
        """The visits of the day ``number``, counted from 0."""
        day = self.first + timedelta(days=number)
        begins = np.empty(self.people + 1, np.int64)
        _allot(self.seed, number, self.counts[number], begins)
        rank, start, end, person = (np.empty(self.counts[number], np.int64) for _ in range(4))
        steps = np.cumsum(self._shares)
        steps[-1] = 1.0
        kinds = self.pattern.kind_of(self.places)
        opens = np.array([kind.opens_s for kind in self.pattern.openings])[kinds]
        closes = np.array([kind.closes_s for kind in self.pattern.openings])[kinds]
        form = np.array([
            np.log(self.pattern.stay_median_s), self.pattern.stay_sdlog, self.pattern.stay_least_s, self.pattern.stay_most_s,
            self.pattern.returning, self.pattern.favourites,
        ])  # fmt: skip
        edges = np.linspace(0, self.people, self.threads + 1).astype(np.int64)
        with ThreadPoolExecutor(self.threads) as pool:
            parts = [
                pool.submit(_go_about, self.seed, number, low, high, begins, steps, opens, closes, form, person, rank, start, end)
                for low, high in zip(edges[:-1], edges[1:], strict=True)
            ]
            for part in parts:
                part.result()
        order = np.argsort(start, kind="stable")
        midnight = (day - EPOCH).days * DAY_S
        return VisitsOfDay(day, person[order], self._place_of_rank[rank[order]], start[order] + midnight, end[order] + midnight)


def synthesize_visits(
    *, people: int, visits: int, days: int, seed: int, places: int | None = None, first: date = date(2020, 1, 6),
    pattern: VisitPattern | None = None, threads: int = 2,
) -> VisitDays:  # fmt: skip
    """A city of ``people`` who make ``visits`` visits within ``days`` days.

    Args:
        places: how many places; by default one for each 500 visits, at least as many as the crowding allows.
        first: the first day; times are seconds of the city's own clock since 1970-01-01 00:00, so that a day is 86,400 of them.
        threads: how many threads may work; the visits do not depend on it.

    Returns:
        ``VisitDays``: exactly ``visits`` visits in all. Nobody is at two places at once; a visit that
        a person's earlier one delays is cut at closing, though never below the shortest stay, and begins before midnight.

    Raises:
        PatternError: where a number is not above 0, or more visits are asked for than the people or places can hold.
    """
    pattern = pattern or VisitPattern()
    if min(people, visits, days, threads, 1 if places is None else places) < 1 or seed < 0:
        raise PatternError(
            "人数、到访数、天数、场所数须大于 0，种子不得为负。",
            "People, visits, days and places must be above 0, the seed must not be negative.",
            code="not_positive",
        )
    weights = np.array([pattern.weekdays[(first + timedelta(days=number)).weekday()] for number in range(days)])
    edges = np.floor(visits * np.concatenate([[0.0], np.cumsum(weights) / weights.sum()]) + 0.5).astype(np.int64)
    counts = tuple(int(count) for count in np.diff(edges))
    if min(counts) < 1:
        raise PatternError(
            f"{visits} 次到访不够 {days} 天：每天至少一次。", f"{visits} visits do not fill {days} days: one a day at least.", code="visits_few"
        )
    if max(counts) > MOST_A_DAY * people:
        raise PatternError(
            f"每人每日平均 {max(counts) / people:.1f} 次到访过多：请增加人数或减少到访数（最多 {MOST_A_DAY:.0f} 次）。",
            f"{max(counts) / people:.1f} visits a person and day are too many: more people or fewer visits (at most {MOST_A_DAY:.0f}).",
            code="visits_many",
        )
    number_of = places or max(1, visits // 500, round(2 * max(counts) * pattern.mean_stay_s() / (pattern.busiest * 8 * HOUR)))
    shares = pattern.popularity(number_of, visits / days)
    order = stream(seed, Purpose.VISIT_RANK).permutation(number_of)
    return VisitDays(people, number_of, first, counts, seed, pattern, threads, shares, order)


@njit(cache=True, nogil=True)
def _allot(seed, day, count, begins):
    """Where each person's visits of the day begin in the day's arrays: ``count`` in all, by activity and chance."""
    people = begins.size - 1
    total = 0.0
    for person in range(people):
        total += _weight(seed, person, day)
    shift = uniform(seed, PRESENCE, -1, day, 1)
    reached = 0.0
    begins[0] = 0
    for person in range(people):
        reached += _weight(seed, person, day)
        begins[person + 1] = min(count, np.int64(count * (reached / total) + shift))
    begins[people] = count


@njit(cache=True, nogil=True)
def _weight(seed, person, day):
    activity = QUIET + (BUSY - QUIET) * uniform(seed, ACTIVITY, person, 0, 0)
    return activity * min(exponential(seed, PRESENCE, person, day, 0), DAY_MOST)


@njit(cache=True, nogil=True)
def _go_about(seed, day, low, high, begins, steps, opens, closes, form, persons, ranks, starts, ends):
    """The visits of people ``low`` to ``high`` on one day: drawn, put in order, and moved so that none overlap."""
    for person in range(low, high):
        first, last = begins[person], begins[person + 1]
        for at in range(first, last):
            k = at - first
            chosen, slot, wish, _ = words(seed, PLACE, person, day, k)
            if unit(wish) < form[4]:
                own = np.int64(unit(slot) * form[5])
                chosen = words(seed, FAVOURITE, person, 0, own)[0]
            rank = np.searchsorted(steps, unit(chosen), side="right")
            when, one, two, _ = words(seed, TIME, person, day, k)
            deviate = np.sqrt(-2.0 * np.log(unit(one))) * np.cos(TWO_PI * unit(two))
            stay = np.int64(min(max(np.exp(form[0] + form[1] * deviate), form[2]), form[3]))
            start = opens[rank] + np.int64(unit(when) * (closes[rank] - opens[rank] - stay))
            spot = at
            while spot > first and starts[spot - 1] > start:
                starts[spot], ends[spot], ranks[spot] = starts[spot - 1], ends[spot - 1], ranks[spot - 1]
                spot -= 1
            starts[spot], ends[spot], ranks[spot] = start, start + stay, rank
            persons[at] = person
        least = np.int64(form[2])
        for at in range(first, last):
            stay = ends[at] - starts[at]
            after = starts[at] if at == first else max(starts[at], ends[at - 1])
            moved = min(after, DAY_S - least * (last - at))  # all that are left begin before midnight
            if moved != starts[at]:
                starts[at] = moved
                ends[at] = moved + max(least, min(stay, closes[ranks[at]] - moved))
            if at > first:
                ends[at - 1] = min(ends[at - 1], moved)
