"""Whom an infected person can meet: not kept for each, because a city has some hundreds of kinds of surroundings and not more.

What a person's contacts amount to follows from the class of the site and from how many others there are in each slot, and
of these only as many count as anybody meets. So an infection keeps the number of its kind of surroundings, two bytes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.epidemic.layers import SLOTS
from tongchou.engine.epidemic.meeting import HOME

FULL = 65535.0
FIRST_ROOM = 4096
PLACES_A_ROW = 4
MIXING = np.uint64(0x9E3779B97F4A7C15)


class Surroundings(NamedTuple):
    """One row a kind of surroundings, in the order in which the infected had them; rows from ``kinds[0]`` on are free."""

    kinds: NDArray[np.int64]
    sizes: NDArray[np.int64]
    """[room, slot + 1] class of the site, then the others in each slot, as far as they count"""
    hazard: NDArray[np.float64]
    """[room] summed over everybody whom the person meets, for somebody of hazard 1 to each"""
    reach: NDArray[np.uint16]
    """[room, 4] cumulated shares of that hazard by slot, in 65535ths"""
    place: NDArray[np.int32]
    """[4 * room, a power of two] rows by their sizes, -1 for none: the first free place after the one that the sizes say"""


def empty_surroundings(room: int = FIRST_ROOM) -> Surroundings:
    """Room for so many kinds, a power of two."""
    return Surroundings(
        np.zeros(1, np.int64), np.empty((room, SLOTS + 1), np.int64), np.empty(room), np.empty((room, SLOTS - 1), np.uint16),
        np.full(PLACES_A_ROW * room, -1, np.int32),
    )  # fmt: skip


def more_surroundings(known: Surroundings, meets: NDArray[np.float64]) -> Surroundings:
    """The same rows with room for twice as many; ``meets`` is that of ``Ground``."""
    count, wider = int(known.kinds[0]), empty_surroundings(2 * len(known.hazard))
    kind, sizes = known.sizes[:count, 0].copy(), known.sizes[:count, 1:].copy()
    find_surroundings(count, kind, sizes, meets, wider, np.empty(count, np.int64))
    return wider


@njit(cache=True, nogil=True)
def find_surroundings(count, kind, sizes, meets, known, found):
    """Write to ``found`` the rows of ``known`` for classes of site and others in each slot ([count, slot], which are cut to
    what counts). Those not known yet become new rows, for which there must be room."""
    counted, last = np.ceil(meets[:, :, 0]).astype(np.int64), known.place.size - 1
    for at in range(count):
        what = kind[at]
        mixed = np.uint64(what)
        for slot in range(SLOTS):
            if slot != HOME:
                sizes[at, slot] = min(sizes[at, slot], counted[what, slot])
            mixed = mixed * MIXING + np.uint64(sizes[at, slot])
        place = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(last))
        row = np.int64(known.place[place])
        while row >= 0:
            same = known.sizes[row, 0] == what
            for slot in range(SLOTS):
                same = same and known.sizes[row, slot + 1] == sizes[at, slot]
            if same:
                break
            place = (place + 1) & last
            row = np.int64(known.place[place])
        if row < 0:
            row = np.int64(known.kinds[0])
            known.kinds[0] = row + 1
            known.place[place] = row
            _weigh(row, what, sizes[at], meets, known)
        found[at] = row


@njit(cache=True, nogil=True)
def _weigh(row, kind, sizes, meets, known):
    """Write a new row: what each slot adds to the hazard."""
    hazard, total = np.empty(SLOTS), 0.0
    known.sizes[row, 0] = kind
    for slot in range(SLOTS):
        usual, size = meets[kind, slot, 0], np.float64(sizes[slot])
        met = usual * size if slot == HOME else min(usual, size)
        total += met * meets[kind, slot, 1]
        hazard[slot] = total
        known.sizes[row, slot + 1] = sizes[slot]
    for slot in range(SLOTS - 1):
        known.reach[row, slot] = np.uint16(FULL * hazard[slot] / total) if total > 0.0 else 0
    known.hazard[row] = total
