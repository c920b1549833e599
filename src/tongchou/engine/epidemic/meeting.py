"""Who is met: batches of contacts on their way through the look-ups that find the person at the other end.

Contacts are worked off in batches, one look-up after the other for the whole batch: a look-up in a city that does not
fit the cache takes a hundred times as long as a sum, but many of them can be under way at once if none waits for another.
Nothing inside the loops is called with a tuple of arrays: that would count a reference up and down for each of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.chance import range_from, unit
from tongchou.engine.epidemic.ground import AWAY_HOME

HOME, GROUP, SITE, COMMUNITY, ROUTE = 0, 1, 2, 3, 4
BATCH = 2048


class Batch(NamedTuple):
    """Contacts on their way through the look-ups."""

    row: NDArray[np.int32]
    person: NDArray[np.int32]
    slot: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    """class of the site"""
    own: NDArray[np.int32]
    """the household, group or route met in, then the site"""
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    target: NDArray[np.int32]
    record: NDArray[np.int32]
    """the target's last infection"""
    left: NDArray[np.float32]
    """share of such contacts that calendar, isolation and measures leave"""
    passed: NDArray[np.float32]
    """share of their transmissions that masks, age and immunity leave"""
    where: NDArray[np.uint32]
    whom: NDArray[np.uint32]
    meets: NDArray[np.uint32]
    passes: NDArray[np.uint32]


def empty_batch() -> Batch:
    """Room for one part of the rows."""
    wide = {"slot": np.uint8, "kind": np.uint8, "left": np.float32, "passed": np.float32}
    words32 = dict.fromkeys(("where", "whom", "meets", "passes"), np.uint32)
    types = {**dict.fromkeys(Batch._fields, np.int32), **wide, **words32}
    return Batch(*(np.empty(BATCH, types[name]) for name in Batch._fields))


@njit(cache=True, nogil=True)
def part_of(start, person):
    """The part of a CSR start list in which a number lies."""
    low, high = 0, start.size - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if start[middle] <= person:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def goes_out(away, slot, home_contacts):
    """Share of a slot's contacts that is left to somebody who is away: ``away`` says how."""
    if slot == HOME and away == AWAY_HOME:
        return home_contacts
    return 0.0


@njit(cache=True, nogil=True)
def find_place(count, ground, state, rules, day, batch):
    """The household, group or route of each contact, and what the infectious person's own isolation leaves of it."""
    for at in range(count):
        person, slot = np.int64(batch.person[at]), batch.slot[at]
        batch.left[at] = 1.0
        if state.away_until[person] > day:
            batch.left[at] = goes_out(state.away[person], slot, rules.home_contacts)
        if slot == HOME:
            batch.own[at] = ground.household[person]
        elif slot == ROUTE:
            batch.own[at] = ground.route[person]
        elif slot == COMMUNITY:
            batch.own[at] = -1
        else:
            batch.own[at] = ground.group[person]


@njit(cache=True, nogil=True)
def find_range(count, ground, rows, batch):
    """The list or range of persons to choose from; sites take a look-up more than groups."""
    for at in range(count):
        slot, own = batch.slot[at], np.int64(batch.own[at])
        batch.kind[at] = 0
        if slot == HOME:
            batch.start[at], batch.stop[at] = ground.household_start[own], ground.household_start[own + 1]
        elif slot == ROUTE:
            batch.start[at], batch.stop[at] = ground.route_start[own], ground.route_start[own + 1]
        elif slot == GROUP:
            batch.start[at], batch.stop[at] = ground.group_start[own], ground.group_start[own + 1]
            batch.own[at] = ground.group_site[own]
        elif slot == SITE:
            batch.own[at] = ground.group_site[own]
        else:
            home, place = np.int64(rows.home[batch.row[at]]), unit(batch.where[at])
            batch.start[at], batch.stop[at] = 0, ground.age.size
            if place < ground.share[0]:
                batch.start[at], batch.stop[at] = ground.neighbourhood_start[home], ground.neighbourhood_start[home + 1]
            elif place < ground.share[1]:
                county = np.int64(ground.neighbourhood_county[home])
                batch.start[at], batch.stop[at] = ground.county_start[county], ground.county_start[county + 1]
    for at in range(count):
        slot, own = batch.slot[at], np.int64(batch.own[at])
        if slot == SITE:
            batch.start[at], batch.stop[at] = ground.site_start[own], ground.site_start[own + 1]
        if slot in (SITE, GROUP):
            batch.kind[at] = ground.site_class[own]


@njit(cache=True, nogil=True)
def find_target(count, ground, state, batch):
    """The person met, somebody else of the list or range, and that person's last infection."""
    for at in range(count):
        slot, person = batch.slot[at], batch.person[at]
        start, stop = np.int64(batch.start[at]), np.int64(batch.stop[at])
        if stop - start < 2:
            batch.target[at] = -1
            continue
        found = start + range_from(np.uint64(batch.whom[at]), stop - start - 1)
        if slot in (HOME, COMMUNITY):
            batch.target[at] = found + 1 if found >= person else found
        elif slot == ROUTE:
            batch.target[at] = ground.route_members[found]
            if batch.target[at] == person:
                batch.target[at] = ground.route_members[stop - 1]
        else:
            batch.target[at] = ground.group_members[found]
            if batch.target[at] == person:
                batch.target[at] = ground.group_members[stop - 1]
    for at in range(count):
        if batch.target[at] >= 0:
            batch.record[at] = state.record[batch.target[at]]
