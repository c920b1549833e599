"""A segment: the visits that start on some days, sorted so that a question touches only what it asks for.

A segment is one run of 32-bit words, so an index is one flat array of segments (in memory or memory-mapped) and a
small table that says where each begins. Its parts, in this order:

    place_offsets   n_places + 1    where the visits at a place begin
    place_max_end   n_places        when the last of them ends: a place that was empty by then is passed over
    person_offsets  n_persons + 1   where a person's visits begin in ``positions``
    positions       n_rows          rows of the person's visits, in order of place, then start
    block_max       n_rows / 16     latest end in each 16 rows: visits long over are passed over 16 at a time
    rows            4 * n_rows      person, start, end, place of each visit, by place, then start, then as they came

Persons and places are codes (see ``numbering``), times are seconds since the index's origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.int32]

BLOCK = 16
ROW = 4
# Columns of the table of segments (int64).
DAY_FIRST, DAY_LAST, AT, ROWS, PLACES, PERSONS, MIN_START, MAX_END = range(8)
TABLE_COLUMNS = 8
NEVER = -(2**31)


class Coded(NamedTuple):
    """Visits as codes and seconds since the origin: four int32 arrays of one length."""

    person: Words
    place: Words
    start: Words
    end: Words


def words_of_segment(rows: int, places: int, persons: int) -> int:
    """How many 32-bit words a segment takes; a multiple of 16, so that each begins on a cache line."""
    used = places + 1 + places + persons + 1 + rows + -(-rows // BLOCK) + ROW * rows
    return -(-used // 16) * 16


def new_segment(coded: Coded, places: int, persons: int, days: tuple[int, int]) -> tuple[NDArray[np.int64], Words]:
    """``coded`` sorted: the segment's line of the table, its ``AT`` still 0, and its words."""
    rows = coded.person.size
    out = np.empty(words_of_segment(rows, places, persons), np.int32)
    _write(*coded, order_of_starts(coded.start), places, persons, out)
    low = int(coded.start.min()) if rows else 0
    high = int(coded.end.max()) if rows else NEVER
    return np.array([*days, 0, rows, places, persons, low, high], np.int64), out


def order_of_starts(start: Words) -> Words:
    """A stable order by start: by counting where the starts lie close, as within a day, else by comparing."""
    if start.size == 0:
        return np.zeros(0, np.int32)
    low, high = int(start.min()), int(start.max())
    if high - low < 4 * start.size + 2**17:
        return _counted_order(start, low, high - low + 1)
    return np.argsort(start, kind="stable").astype(np.int32)


@njit(cache=True, nogil=True)
def _counted_order(start, low, span):
    at = np.zeros(span + 1, np.int32)
    for one in start:
        at[one - low + 1] += 1
    for second in range(span):
        at[second + 1] += at[second]
    order = np.empty(start.size, np.int32)
    for row in range(start.size):
        second = start[row] - low
        order[at[second]] = row
        at[second] += 1
    return order


@njit(cache=True, nogil=True)
def parts(table, segment):
    """Where the parts of a segment begin, in words: offsets, ends by place, offsets by person, positions, blocks, rows."""
    place_at = table[segment, AT]
    ends_at = place_at + table[segment, PLACES] + 1
    person_at = ends_at + table[segment, PLACES]
    positions_at = person_at + table[segment, PERSONS] + 1
    blocks_at = positions_at + table[segment, ROWS]
    rows_at = blocks_at + (table[segment, ROWS] + BLOCK - 1) // BLOCK
    return place_at, ends_at, person_at, positions_at, blocks_at, rows_at


@njit(cache=True, nogil=True)
def _write(person, place, start, end, order, places, persons, out):
    rows = person.size
    place_offsets = out[: places + 1]
    place_max = out[places + 1 : 2 * places + 1]
    person_offsets = out[2 * places + 1 : 2 * places + persons + 2]
    head = 2 * places + persons + 2
    positions = out[head : head + rows]
    blocks = out[head + rows : head + rows + (rows + BLOCK - 1) // BLOCK]
    body = out[head + rows + blocks.size : head + rows + blocks.size + ROW * rows]
    for word in range(head):
        out[word] = 0
    for one in range(places):
        place_max[one] = NEVER
    for block in range(blocks.size):
        blocks[block] = NEVER
    for row in range(rows):
        place_offsets[place[row] + 1] += 1
        person_offsets[person[row] + 1] += 1
    for one in range(places):
        place_offsets[one + 1] += place_offsets[one]
    for one in range(persons):
        person_offsets[one + 1] += person_offsets[one]
    place_next = place_offsets[:-1].copy()
    for turn in range(rows):
        row = order[turn]
        where = place[row]
        to = place_next[where]
        place_next[where] = to + 1
        body[ROW * to] = person[row]
        body[ROW * to + 1] = start[row]
        body[ROW * to + 2] = end[row]
        body[ROW * to + 3] = where
    person_next = person_offsets[:-1].copy()
    for to in range(rows):
        who = body[ROW * to]
        positions[person_next[who]] = to
        person_next[who] += 1
        until = body[ROW * to + 2]
        blocks[to // BLOCK] = max(blocks[to // BLOCK], until)
        where = body[ROW * to + 3]
        place_max[where] = max(place_max[where], until)
    for word in range(head + rows + blocks.size + ROW * rows, out.size):
        out[word] = 0
