"""Very many encounters: looked for by several threads, laid out by person, summed one bucket of people after another.

A second generation is millions of encounters. Each is written once, beside others of the same few thousand people, so
that the sums of a bucket are made within a core's own cache. Buckets share nothing, so threads take them as they come;
sums are whole numbers and each bucket adds in order of place, so nothing depends on which thread took what.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.contacts import kernels
from tongchou.engine.contacts.kernels import ASKED, FROM, MEETINGS, SUMS, TO, WHO, U
from tongchou.engine.contacts.records import Ints

# A bucket is 2 ** 12 people: their sums, 7 words of 8 bytes each, fit a core's own cache.
BUCKET_BITS = 12
# Encounters that a thread looks for before it lays them out: 1 MB.
AT_ONCE = 2**16
# Encounters held before they are summed: 256 MB, of which only what is used is ever touched.
HELD = 2**24
# What a thread takes at a time: visits asked about, buckets to sum, buckets to write out.
VISITS_A_TURN, BUCKETS_A_TURN = 1024, 8


class Turn(NamedTuple):
    """Visits asked about, from one segment of ``visit`` on, up to ``stop``."""

    visit: int
    segment: int
    stop: int


@dataclass(frozen=True)
class Dense:
    """Sums of every person of a city, one line a person in order of their numbers; ``rows`` counts them by bucket.

    A line without a meeting and the line of a person left out are no rows.
    """

    sums: Ints
    rows: Ints

    def spans(self) -> list[tuple[slice, int, int]]:
        """(lines, first row, one past the last row) of parts that can be written out each by itself."""
        ends = np.concatenate([[0], np.cumsum(self.rows)])
        starts = range(0, self.rows.size, BUCKETS_A_TURN)
        stops = [min(start + BUCKETS_A_TURN, self.rows.size) for start in starts]
        return [
            (slice(start << BUCKET_BITS, stop << BUCKET_BITS), int(ends[start]), int(ends[stop]))
            for start, stop in zip(starts, stops, strict=True)
        ]


class ManySums:
    """The sums of all encounters of some visits.

    Args:
        scan: ``(visit, segment, stop, found) -> (count, visit, segment)``, as ``kernels.scan`` on these visits.
        keep: what of an array of encounters counts.
        place, weight: of each visit asked about; visits are in order of place.
        rank: the line of each person, or nothing where that is the person's code.
        left_out: by line, whether the person is no row.
        threads: how many threads may work.
    """

    def __init__(
        self, scan: Callable[..., tuple[int, int, int]], keep: Callable[[Any], Any], place: NDArray[np.int32], weight: Ints,
        rank: NDArray[np.int32], left_out: NDArray[np.bool_], threads: int,
    ) -> None:  # fmt: skip
        self._scan, self._keep, self._place, self._weight = scan, keep, place, weight
        self._rank, self._left_out, self._threads = rank, left_out, threads
        self._held = np.empty((HELD, 4), np.int32)
        self._used, self._full = 0, False
        self._lock = Lock()
        self._spare = [np.empty((AT_ONCE, 4), np.int32) for _thread in range(threads)]
        self._buckets = (left_out.size >> BUCKET_BITS) + 1

    def sums(self) -> Dense:
        sums = np.zeros((self._left_out.size, SUMS), np.int64)
        rows = np.zeros(self._buckets, np.int64)
        turns = [Turn(low, 0, min(low + VISITS_A_TURN, self._place.size)) for low in range(0, self._place.size, VISITS_A_TURN)]
        spans = [(low, min(low + BUCKETS_A_TURN, self._buckets)) for low in range(0, self._buckets, BUCKETS_A_TURN)]
        with ThreadPoolExecutor(self._threads) as pool:
            while turns:
                chunks, turns = self._look(pool, turns)
                begins = np.array(chunks, np.int64).reshape(-1, self._buckets + 1)

                def add(span: tuple[int, int], begins: Ints = begins) -> None:
                    low, high = span
                    add_buckets(self._held, begins, low, high, self._place, self._weight, self._left_out, sums, rows)

                list(pool.map(add, spans))
        return Dense(sums, rows)

    def _look(self, pool: ThreadPoolExecutor, turns: list[Turn]) -> tuple[list[Ints], list[Turn]]:
        """The chunks of as many turns, in their order, as there is room for, and the turns that are left."""
        self._used, self._full = 0, False
        chunks: list[Ints] = []
        for at, (found, rest) in enumerate(pool.map(self._take, turns)):
            chunks += found
            if rest is not None and not chunks and len(turns) > 1:  # later turns were quicker and took all the room
                chunks, left = self._look(pool, turns[:1])
                return chunks, [*left, *turns[1:]]
            if rest is not None:  # what later turns found meanwhile is looked for again: sums go in order of place
                return chunks, [rest, *turns[at + 1 :]]
        return chunks, []

    def _take(self, turn: Turn) -> tuple[list[Ints], Turn | None]:
        """The encounters of one turn, laid out; what is left of the turn where the room does not hold them all."""
        visit, segment, stop = turn
        chunks: list[Ints] = []
        found = self._spare.pop()
        while visit < stop and not self._full:
            count, visit_after, segment_after = self._scan(visit, segment, stop, found)
            if count == 0 and visit_after < stop:  # one place alone has more visits than the array has lines
                found = np.empty((2 * len(found), 4), np.int32)
                continue
            kept = self._keep(found[:count])
            at = self._room(len(kept))
            if at is None:
                break
            begins = np.empty(self._buckets + 1, np.int64)
            lay_out(kept, self._rank, at, self._held, begins)
            chunks.append(begins)
            visit, segment = visit_after, segment_after
        self._spare.append(found)
        return chunks, Turn(visit, segment, stop) if visit < stop else None

    def _room(self, count: int) -> int | None:
        """The first of ``count`` lines of ``_held`` that are the caller's now; None where so many are not left."""
        with self._lock:
            if count > len(self._held) and self._used == 0:  # one scan found more than was thought of
                self._held = np.empty((count, 4), np.int32)
            if self._used + count > len(self._held):
                self._full = True
                return None
            self._used += count
            return self._used - count


@njit(cache=True, nogil=True)
def lay_out(found, rank, at, held, begins):
    """Encounters copied to ``held`` from line ``at`` on, bucket after bucket; bucket b begins at ``begins[b]``.

    Where ``rank`` is not empty the people of ``found`` become lines.
    """
    following = np.zeros(begins.size, np.int64)
    for one in range(found.shape[0]):
        if rank.size:
            found[one, WHO] = rank[U(found[one, WHO])]
        following[(U(found[one, WHO]) >> U(BUCKET_BITS)) + U(1)] += 1
    following[0] = at
    for bucket in range(begins.size - 1):
        following[bucket + 1] += following[bucket]
    for bucket in range(begins.size):
        begins[bucket] = following[bucket]
    for one in range(found.shape[0]):
        within = U(found[one, WHO]) >> U(BUCKET_BITS)
        to = U(following[within])
        following[within] += 1
        held[to, WHO] = found[one, WHO]
        held[to, FROM] = found[one, FROM]
        held[to, TO] = found[one, TO]
        held[to, ASKED] = found[one, ASKED]


@njit(cache=True, nogil=True)
def add_buckets(held, begins, low, high, place, weight, left_out, sums, rows):
    """Add the encounters of the buckets in [low, high), chunk by chunk, and count the rows of each."""
    for bucket in range(low, high):
        for chunk in range(begins.shape[0]):
            for one in range(begins[chunk, bucket], begins[chunk, bucket + 1]):
                asked = U(held[one, ASKED])
                kernels.add_meeting(sums, U(held[one, WHO]), held[one, FROM], held[one, TO], weight[asked], place[asked])
        count = 0
        for line in range(bucket << BUCKET_BITS, min((bucket + 1) << BUCKET_BITS, sums.shape[0])):
            count += sums[line, MEETINGS] > 0 and not left_out[line]
        rows[bucket] = count
