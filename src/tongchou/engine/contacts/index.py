"""The index over visits: built once from arrays, grown by segments; a question touches only what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.numbering import Coder, Numbering
from tongchou.engine.contacts.records import Ints, Visits
from tongchou.engine.contacts.segment import (
    AT,
    MIN_START,
    ROWS,
    TABLE_COLUMNS,
    Coded,
    Words,
    new_segment,
    order_of_starts,
)

DAY_S = 86_400
# Seconds are kept in 32 bits from the origin: about 68 years either way.
REACH_S = 2**31 - 1


@dataclass(frozen=True)
class VisitIndex:
    """Sorted visits by day. Make one with ``build_index``, or open one with ``tongchou.store.contact_index``.

    Attributes:
        words: segments one after another (see ``segment``), read-only, in memory or memory-mapped.
        table: shape (segments, 8), where each segment lies, in order of their earliest start.
        persons, places: the numbers behind the codes.
        origin: the second that the index counts from; a multiple of a day.
    """

    words: Words
    table: NDArray[np.int64]
    persons: Numbering
    places: Numbering
    origin: int

    def __len__(self) -> int:
        return int(self.table[:, ROWS].sum())

    def seconds(self, instants: Ints) -> Ints:
        """Instants as seconds since the origin; what is out of reach becomes the last second within it."""
        return np.clip(instants, self.origin - REACH_S, self.origin + REACH_S) - self.origin


def build_index(visits: Visits) -> VisitIndex:
    """An index in memory. Raises ContactError where the visits span more than 68 years."""
    origin = origin_of(visits.start)
    person_coder, place_coder = Coder(), Coder()
    coded = code_visits(visits, origin, person_coder, place_coder)
    persons, person_rank = sort_numbering(person_coder.numbering())
    places, place_rank = sort_numbering(place_coder.numbering())
    coded = Coded(person_rank[coded.person], place_rank[coded.place], coded.start, coded.end)
    days = dict(by_day(coded))
    groups = group_days({day: one.person.size for day, one in days.items()}, len(persons) + 2 * len(places))
    lines, words, at = [], [np.zeros(0, np.int32)], 0
    for first, last in groups:
        one = together([days[day] for day in range(first, last + 1) if day in days])
        line, part = new_segment(one, len(places), len(persons), (first, last))
        line[AT] = at
        at += part.size
        lines.append(line)
        words.append(part)
    table = np.array(lines, np.int64).reshape(-1, TABLE_COLUMNS)
    return open_index(np.concatenate(words), table, persons, places, origin)


def open_index(words: Words, table: NDArray[np.int64], persons: Numbering, places: Numbering, origin: int) -> VisitIndex:
    """An index over words that exist already; the words are looked at read-only, empty segments are left out."""
    words = words.view()
    words.setflags(write=False)
    table = table[table[:, ROWS] > 0]
    table = np.ascontiguousarray(table[np.argsort(table[:, MIN_START], kind="stable")])
    return VisitIndex(words, table, persons, places, origin)


def origin_of(start: Ints) -> int:
    """The beginning of the day of the earliest start."""
    return int(start.min()) // DAY_S * DAY_S if start.size else 0


def code_visits(visits: Visits, origin: int, persons: Coder, places: Coder) -> Coded:
    """Visits as codes and seconds since ``origin``; an end out of reach is one that does not come.

    Raises ContactError where a start is out of reach.
    """
    low, high = origin - REACH_S, origin + REACH_S
    if len(visits) and not low <= int(visits.start.min()) <= int(visits.start.max()) <= high:
        raise ContactError(
            "到访时间前后相差超过 68 年，请检查单位是否为秒",
            "the visits span more than 68 years: check that the times are seconds",
            code="out_of_reach",
        )
    start, end = (visits.start - origin).astype(np.int32), (np.minimum(visits.end, high) - origin).astype(np.int32)
    return Coded(persons.codes(visits.person), places.codes(visits.place), start, end)


def sort_numbering(numbering: Numbering) -> tuple[Numbering, NDArray[np.int32]]:
    """The same numbers in their order, and the new code of each old one."""
    return Numbering(numbering.numbers[numbering.order]), numbering.rank


def by_day(coded: Coded) -> Iterator[tuple[int, Coded]]:
    """The visits of each day of starting, days ascending, each day's in the order in which they came."""
    day = coded.start // DAY_S
    if day.size == 0:
        return
    if day.min() == day.max():
        yield int(day[0]), coded
        return
    order = order_of_starts(day.astype(np.int32))
    sorted_day = day[order]
    bounds = [0, *(np.flatnonzero(np.diff(sorted_day)) + 1).tolist(), day.size]
    for low, high in zip(bounds[:-1], bounds[1:], strict=True):
        rows = order[low:high]
        yield int(sorted_day[low]), Coded(*(column[rows] for column in coded))


def together(parts: list[Coded]) -> Coded:
    return parts[0] if len(parts) == 1 else Coded(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def group_days(rows: Mapping[int, int], heads: int) -> list[tuple[int, int]]:
    """(first day, last day) of each segment: a day, or several where days hold so few visits that the heads of a
    segment (``heads``: an offset a person, two a place) would outweigh them."""
    groups, first, held = [], None, 0
    for day in sorted(rows):
        first = day if first is None else first
        held += rows[day]
        if 2 * held >= heads:
            groups.append((first, day))
            first, held = None, 0
    if first is not None:
        groups.append((first, max(rows)))
    return groups
