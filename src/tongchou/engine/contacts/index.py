"""The index over visits: built once from arrays, grown by segments; a question touches only what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.numbering import Coder, Numbering
from tongchou.engine.contacts.records import Ints, Visits
from tongchou.engine.contacts.segment import (
    AT,
    DAY_FIRST,
    MIN_START,
    ROWS,
    TABLE_COLUMNS,
    Coded,
    Words,
    words_of_segment,
    write_segment,
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
    day = coded.start // DAY_S
    order = np.argsort(day, kind="stable")
    groups = [
        (days, Coded(*(column[order[low:high]] for column in coded)))
        for days, low, high in spans_of_days(day[order], len(persons) + 2 * len(places))
    ]
    sizes = [words_of_segment(one.person.size, len(places), len(persons)) for _days, one in groups]
    words = np.empty(sum(sizes), np.int32)
    table = np.zeros((len(groups), TABLE_COLUMNS), np.int64)
    at = 0
    for line, ((days, one), size) in enumerate(zip(groups, sizes, strict=True)):
        table[line] = write_segment(one, len(places), len(persons), days, words[at : at + size])
        table[line, AT] = at
        at += size
    return open_index(words, table, persons, places, origin)


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
    """Visits as codes and seconds since ``origin``. Raises ContactError where a time is out of reach."""
    low, high = origin - REACH_S, origin + REACH_S
    if len(visits) and (int(visits.start.min()) < low or int(visits.end.max()) > high):
        raise ContactError(
            "到访时间前后相差超过 68 年，请检查单位是否为秒",
            "the visits span more than 68 years: check that the times are seconds",
            code="out_of_reach",
        )
    start, end = (visits.start - origin).astype(np.int32), (visits.end - origin).astype(np.int32)
    return Coded(persons.codes(visits.person), places.codes(visits.place), start, end)


def sort_numbering(numbering: Numbering) -> tuple[Numbering, NDArray[np.int32]]:
    """The same numbers in their order, and the new code of each old one."""
    return Numbering(numbering.numbers[numbering.order]), numbering.rank


def spans_of_days(days: Iterable[int] | NDArray[np.int32], heads: int) -> Iterator[tuple[tuple[int, int], int, int]]:
    """((first day, last day), low, high) of each segment over visits in order of their days.

    A segment is a day, or several where days hold so few visits that its heads (offsets a person and place) would
    outweigh them.
    """
    sorted_days = np.asarray(days)
    if sorted_days.size == 0:
        return
    distinct, begins = np.unique(sorted_days, return_index=True)
    low, first = 0, int(distinct[0])
    for turn, day in enumerate(distinct.tolist()):
        high = int(begins[turn + 1]) if turn + 1 < distinct.size else sorted_days.size
        if 2 * (high - low) >= heads or turn + 1 == distinct.size:
            yield (first, day), low, high
            low, first = high, int(distinct[turn + 1]) if turn + 1 < distinct.size else day


def days_of(table: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last day of each segment, as day numbers since the origin."""
    return [(int(line[DAY_FIRST]), int(line[DAY_FIRST + 1])) for line in table]
