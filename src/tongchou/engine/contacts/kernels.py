"""The compiled loops of the search: a person's visits, who else was there, sums by person.

All times are seconds since the index's origin. Sums are whole numbers, so no result depends on an order of adding
or on how work was shared among threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tongchou.engine.contacts.certainty import WEIGHT_ONE as ONE
from tongchou.engine.contacts.segment import AT, BLOCK, MAX_END, MIN_START, PERSONS, PLACES, ROW, parts

# Columns of an encounter: who was met, from when, until when, and which of the visits asked it was.
WHO, FROM, TO, ASKED = range(4)
# Columns of the sums of one person.
OVERLAP, WEIGHTED, MEETINGS, FIRST, LAST, SITES, LAST_SITE = range(7)
SUMS = 7
# An index of this type is never negative: the compiler need not ask whether it counts from the end.
U = np.uint64


@njit(cache=True, nogil=True)
def collect(words, table, codes, since, until, need):
    """The visits of people within their windows, clipped: (place, start, end, whose turn), in order of whose.

    ``codes`` (int32), ``since`` and ``until`` (int64) are of one length; visits with less than ``need`` seconds in the
    window are left out. Each result is an int32 array, one entry a visit.
    """
    room = 64 * codes.size + 64
    place, start = np.empty(room, np.int32), np.empty(room, np.int32)
    end, asked = np.empty(room, np.int32), np.empty(room, np.int32)
    count = 0
    for turn in range(codes.size):
        code = codes[turn]
        for segment in range(table.shape[0]):
            if table[segment, MIN_START] > until[turn] - need:
                break
            if table[segment, MAX_END] < since[turn] + need or code < 0 or code >= table[segment, PERSONS]:
                continue
            _places, _ends, person_at, positions_at, _blocks, rows_at = parts(table, segment)
            low, high = words[person_at + code], words[person_at + code + 1]
            while place.size < count + high - low:
                place, start = _longer_column(place, count), _longer_column(start, count)
                end, asked = _longer_column(end, count), _longer_column(asked, count)
            for at in range(low, high):
                row = rows_at + ROW * words[positions_at + at]
                place[count] = words[row + 3]
                start[count] = max(since[turn], words[row + 1])
                end[count] = min(until[turn], words[row + 2])
                asked[count] = turn
                count += end[count] - start[count] >= need
    return place[:count], start[:count], end[:count], asked[:count]


@njit(cache=True, nogil=True)
def _sort_by_place(place, start, end):
    """Sort three columns by place, in order of coming within a place (Shell 1959: few rows, no further memory)."""
    keys = np.empty(place.size, np.int64)
    for row in range(place.size):
        keys[row] = np.int64(place[row]) << 32 | row
    gap = place.size // 2
    while gap > 0:
        for row in range(gap, keys.size):
            key, to = keys[row], row
            while to >= gap and keys[to - gap] > key:
                keys[to] = keys[to - gap]
                to -= gap
            keys[to] = key
        gap //= 2
    sorted_place, sorted_start, sorted_end = np.empty_like(place), np.empty_like(start), np.empty_like(end)
    for row in range(keys.size):
        old = keys[row] & 0xFFFFFFFF
        sorted_place[row], sorted_start[row], sorted_end[row] = place[old], start[old], end[old]
    return sorted_place, sorted_start, sorted_end


@njit(cache=True, nogil=True)
def _first_from(words, rows_at, low, high, bound):
    """The first row in [low, high) whose start is at least ``bound``."""
    while low < high:
        middle = (low + high) >> 1
        if words[rows_at + ROW * middle + 1] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def scan(words, table, place, start, end, whose, need, visit, segment, found):
    """Encounters of the visits asked, from (visit, segment) on, to the last or until ``found`` might overflow.

    Returns (number found, visit, segment) to go on from. Where not even one visit's worth fits, it returns 0 found
    and the same place to go on from: hand a larger ``found``.
    """
    count = 0
    while visit < place.size:
        where, since, until, self_code = place[visit], start[visit], end[visit], whose[visit]
        ended, begun = since + need, until - need  # who ends before the one or starts after the other is not met
        while segment < table.shape[0]:
            if table[segment, MIN_START] > begun:
                break
            if table[segment, MAX_END] < ended or where >= table[segment, PLACES]:
                segment += 1
                continue
            place_at = table[segment, AT]
            if words[place_at + table[segment, PLACES] + 1 + where] < ended:
                segment += 1
                continue
            low, high = words[place_at + where], words[place_at + where + 1]
            if high - low >= found.shape[0] - count:
                return count, visit, segment
            _place, _ends, _person, _positions, blocks_at, rows_at = parts(table, segment)
            high = _first_from(words, rows_at, low, high, begun + 1)
            while low < high:
                stop = min(high, (low // BLOCK + 1) * BLOCK)
                if words[blocks_at + low // BLOCK] >= ended:
                    at = U(rows_at + ROW * low)
                    for _row in range(stop - low):
                        # written whether it counts or not: a line too many costs less than a branch guessed wrongly
                        who, left, right = words[at], max(since, words[at + U(1)]), min(until, words[at + U(2)])
                        found[U(count), WHO] = who
                        found[U(count), FROM] = left
                        found[U(count), TO] = right
                        found[U(count), ASKED] = visit
                        count += right - left >= need and who != self_code
                        at += U(ROW)
                low = stop
            segment += 1
        visit += 1
        segment = 0
    return count, visit, segment


@njit(cache=True, nogil=True)
def add_meeting(sums, row, begin, finish, weight, site):
    """One more meeting of the person of a line; a line with no meeting yet may hold anything but in ``MEETINGS``."""
    length = finish - begin
    if sums[row, MEETINGS] == 0:
        sums[row, OVERLAP] = length
        sums[row, WEIGHTED] = length * weight
        sums[row, MEETINGS] = 1
        sums[row, FIRST] = begin
        sums[row, LAST] = finish
        sums[row, LAST_SITE] = site
        sums[row, SITES] = 1
        return
    sums[row, OVERLAP] += length
    sums[row, WEIGHTED] += length * weight
    sums[row, MEETINGS] += 1
    sums[row, FIRST] = min(sums[row, FIRST], begin)
    sums[row, LAST] = max(sums[row, LAST], finish)
    if sums[row, LAST_SITE] != site:
        sums[row, LAST_SITE] = site
        sums[row, SITES] += 1


@njit(cache=True, nogil=True)
def _sum_into(found, count, place, weight, slots, people, sums):
    """Sums of ``count`` encounters by person into the first lines of ``people`` and ``sums``; how many people.

    ``slots`` is room for a hash table, above twice ``count``; the three may hold anything.
    """
    size = 16
    while size < 2 * count:
        size *= 2
    for slot in range(size):
        slots[slot] = -1
    rows = 0
    for one in range(count):
        who = found[one, WHO]
        slot = (who * 40503) & (size - 1)
        while slots[slot] >= 0 and people[slots[slot]] != who:
            slot = (slot + 1) & (size - 1)
        if slots[slot] < 0:
            slots[slot] = rows
            people[rows] = who
            sums[rows, MEETINGS] = 0
            rows += 1
        asked = found[one, ASKED]
        add_meeting(sums, slots[slot], found[one, FROM], found[one, TO], weight[asked], place[asked])
    return rows


@njit(cache=True, nogil=True)
def sum_few(found, count, place, weight, rank):
    """Sums of ``count`` encounters by person, through a hash table: (people, sums), in order of the people's ranks."""
    slots = np.empty(4 * count + 16, np.int32)
    people = np.empty(count, np.int32)
    sums = np.empty((count, SUMS), np.int64)
    rows = _sum_into(found, count, place, weight, slots, people, sums)
    sorted_people, sorted_sums = np.empty(rows, np.int32), np.empty((rows, SUMS), np.int64)
    _put_in_order(people, sums, rows, rank, sorted_people, sorted_sums, 0)
    return sorted_people, sorted_sums


@njit(cache=True, nogil=True)
def _put_in_order(people, sums, rows, rank, to_people, to_sums, at):
    """The first ``rows`` lines in order of the people's ranks, from line ``at`` on: sorted digit by digit, 11 bits at a time."""
    keys, other = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for row in range(rows):
        keys[row] = np.int64(rank[people[row]]) << 32 | row
    begins = np.empty(2049, np.int32)
    shift = 32
    while rank.size >> (shift - 32) > 0:
        for digit in range(2049):
            begins[digit] = 0
        for row in range(rows):
            begins[(keys[row] >> shift & 2047) + 1] += 1
        for digit in range(2048):
            begins[digit + 1] += begins[digit]
        for row in range(rows):
            digit = keys[row] >> shift & 2047
            other[begins[digit]] = keys[row]
            begins[digit] += 1
        keys, other = other, keys
        shift += 11
    for turn in range(rows):
        row = keys[turn] & 0xFFFFFFFF
        to_people[at + turn] = people[row]
        for column in range(SUMS):
            to_sums[at + turn, column] = sums[row, column]


@njit(cache=True, nogil=True)
def search_each(words, table, codes, since, until, need, place_weight, rank):
    """The first generation of every case: (turn of the case, person, sums), by turn, then by ``rank[person]``.

    ``place_weight`` has an entry a place (int64, 1/1024; 0 leaves the place out), or none where every second weighs 1.
    """
    room = 2**16  # memory that is not touched costs nothing
    turns, people, sums = np.empty(room, np.int32), np.empty(room, np.int32), np.empty((room, SUMS), np.int64)
    found = np.empty((4096, 4), np.int32)
    slots, some, sum_of = np.empty(4 * 4096, np.int32), np.empty(4096, np.int32), np.empty((4096, SUMS), np.int64)
    rows = 0
    for turn in range(codes.size):
        one = slice(turn, turn + 1)
        place, start, end, _asked = collect(words, table, codes[one], since[one], until[one], need)
        place, start, end = _sort_by_place(place, start, end)
        weight, kept = weigh(place, place_weight)
        place, start, end, weight = place[kept], start[kept], end[kept], weight[kept]
        whose = np.empty(place.size, np.int32)
        for visit in range(place.size):
            whose[visit] = codes[turn]
        count, visit, segment = 0, 0, 0
        while visit < place.size:
            more, visit, segment = scan(words, table, place, start, end, whose, need, visit, segment, found[count:])
            count += more
            if visit < place.size:
                found = _longer(found, count)
        if count > some.size:
            size = found.shape[0]
            slots, some, sum_of = np.empty(4 * size, np.int32), np.empty(size, np.int32), np.empty((size, SUMS), np.int64)
        met = _sum_into(found, count, place, weight, slots, some, sum_of)
        while rows + met > people.size:
            turns, people, sums = _longer_column(turns, rows), _longer_column(people, rows), _longer(sums, rows)
        _put_in_order(some, sum_of, met, rank, people, sums, rows)
        for row in range(rows, rows + met):
            turns[row] = turn
        rows += met
    return turns[:rows], people[:rows], sums[:rows]


# Copies are loops: numba compiles an assignment between slices together with the text of its error, which takes seconds.


@njit(cache=True, nogil=True)
def _longer(lines, count):
    """Room for twice as many lines, the first ``count`` kept."""
    longer = np.empty((2 * lines.shape[0], lines.shape[1]), lines.dtype)
    for line in range(count):
        for column in range(lines.shape[1]):
            longer[line, column] = lines[line, column]
    return longer


@njit(cache=True, nogil=True)
def _longer_column(column, count):
    longer = np.empty(2 * column.size, column.dtype)
    for row in range(count):
        longer[row] = column[row]
    return longer


@njit(cache=True, nogil=True)
def weigh(place, place_weight):
    """The weight of each visit asked (int64, 1/1024) and whether its place counts at all."""
    weight = np.empty(place.size, np.int64)
    kept = np.empty(place.size, np.bool_)
    for visit in range(place.size):
        weight[visit] = place_weight[place[visit]] if place_weight.size else ONE
        kept[visit] = weight[visit] > 0
    return weight, kept


@njit(cache=True, nogil=True)
def write_rows(people, sums, numbers, origin, contact, overlap, weighted, meetings, first, last, sites):
    """The columns of sums, a line a row; ``first`` and ``last`` as instants, ``weighted`` in seconds."""
    for row in range(people.size):
        contact[row], overlap[row], weighted[row] = numbers[people[row]], sums[row, OVERLAP], sums[row, WEIGHTED] / ONE
        meetings[row], sites[row] = sums[row, MEETINGS], sums[row, SITES]
        first[row], last[row] = sums[row, FIRST] + origin, sums[row, LAST] + origin


@njit(cache=True, nogil=True)
def pick(sums, codes, left_out):
    """The lines with a meeting whose person is not left out: (the person's code, of ``codes`` by line, and the sums)."""
    rows = 0
    for line in range(sums.shape[0]):
        rows += sums[line, MEETINGS] > 0 and not left_out[line]
    people = np.empty(rows, np.int32)
    picked = np.empty((rows, SUMS), np.int64)
    rows = 0
    for line in range(sums.shape[0]):
        if sums[line, MEETINGS] > 0 and not left_out[line]:
            people[rows] = codes[line]
            for column in range(SUMS):
                picked[rows, column] = sums[line, column]
            rows += 1
    return people, picked
