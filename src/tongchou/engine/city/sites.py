"""Sites and groups in the making: members in the order of their sites, cut into sites by size and into groups inside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import Counts, Reals
from tongchou.engine.city.kinds import SiteKind
from tongchou.engine.city.model import Ints

LEAST_LOT_BITS = 16
NEAR_STEPS = 16
"""steps a person in which people stand along their county"""
Chance = np.random.Generator
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some sites of one kind: [M] persons and the group of each (0..groups-1), [S] groups, sector, county, neighbourhood."""

    kind: SiteKind
    persons: Index | Ints
    group: Index | Ints
    groups_of_site: Counts
    sector: NDArray[np.uint8]
    neighbourhood: Index

    @property
    def groups(self) -> int:
        return int(self.groups_of_site.sum())


@dataclass
class Sites:
    """Batches one after another; ``arrays`` makes the arrays of a ``City``."""

    batches: list[Batch] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        if len(batch.groups_of_site):
            small = {name: getattr(batch, name).astype(np.int32, copy=False) for name in ("persons", "group")}
            self.batches.append(replace(batch, **small))

    def arrays(self, persons: int, neighbourhood_county: NDArray[np.uint16]) -> dict[str, Any]:
        """Sites in order of county and kind; groups of a site side by side."""
        if not self.batches:
            self.batches.append(_no_batch())
        kind = np.concatenate([np.full(len(batch.groups_of_site), int(batch.kind), np.uint8) for batch in self.batches])
        sector = np.concatenate([batch.sector for batch in self.batches])
        hood = np.concatenate([batch.neighbourhood for batch in self.batches])
        groups = np.concatenate([batch.groups_of_site for batch in self.batches])
        county = neighbourhood_county[hood] if len(hood) else np.empty(0, np.uint16)
        order = np.lexsort((np.arange(len(kind)), kind, county))
        first = np.concatenate(([0], np.cumsum(groups)))[:-1]
        new_first = np.empty(len(order), np.int64)
        new_first[order] = np.concatenate(([0], np.cumsum(groups[order])))[:-1]
        shift = np.repeat(new_first - first, groups).astype(np.int32)
        group = self._groups_of_persons(persons, shift)
        somewhere = np.flatnonzero(group >= 0).astype(np.int32)
        own = group[somewhere]
        counts = np.bincount(own, minlength=int(groups.sum()))
        members = somewhere[stable_order(own)]
        return {
            "group": group,
            "group_start": _starts(counts),
            "group_members": members,
            "site_group_start": _starts(groups[order]),
            "site_kind": kind[order],
            "site_sector": sector[order],
            "site_county": county[order].astype(np.uint16),
            "site_neighbourhood": hood[order].astype(np.int32),
        }

    def _groups_of_persons(self, persons: int, shift: Ints) -> Ints:
        """[persons] group of each; the batches are used up."""
        group = np.full(persons, -1, np.int32)
        offset = 0
        self.batches.reverse()
        while self.batches:
            batch = self.batches.pop()
            numbers = batch.group + offset
            group[batch.persons] = numbers + shift[numbers]
            offset += batch.groups
        return group


def _no_batch() -> Batch:
    empty = np.empty(0, np.int64)
    return Batch(SiteKind.WORKPLACE, empty, empty, empty, empty.astype(np.uint8), empty)


def _starts(counts: Counts) -> Ints:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def stable_order(key: NDArray[Any]) -> Index:
    """What ``argsort(key, kind="stable")`` gives for whole numbers that are not negative, in half the time.

    Key and place are put into one word and the words sorted.
    """
    bits = max(len(key) - 1, 0).bit_length()
    if len(key) == 0 or int(key.max()).bit_length() + bits > 64:
        return np.argsort(key, kind="stable")
    word = key.astype(np.uint64)
    word <<= np.uint64(bits)
    word |= np.arange(len(key), dtype=np.uint64)
    word.sort()
    word &= np.uint64((1 << bits) - 1)
    return word.view(np.int64)


def by_lot(chance: Chance, count: int, part: Index | None = None) -> Index:
    """0..count-1 in an order by lot; with ``part`` (not negative) one part after another, by lot inside each.

    Lots are of as many bits as part and place leave of 64, at least 20 unless the city has thousands of millions.
    """
    part_bits = 0 if part is None or not count else int(part.max()).bit_length()
    bits = 64 - part_bits - max(count - 1, 0).bit_length()
    lot = chance.integers(0, 1 << 64, count, dtype=np.uint64)
    if bits < LEAST_LOT_BITS:
        return np.lexsort((lot,) if part is None else (lot, part))
    lot >>= np.uint64(64 - bits)
    if part_bits and part is not None:
        lot |= part.astype(np.uint64) << np.uint64(bits)
    return stable_order(lot)


def rank_within(sizes: Counts) -> Index:
    """0, 1, 2... inside each part."""
    ends = np.cumsum(sizes)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)


def cut_teams(sizes: Counts, team: int) -> tuple[Index, Counts]:
    """(group of each member, groups of each site) of sites of ``sizes`` members cut into equal groups of about ``team``."""
    groups = np.maximum(1, np.round(sizes / team)).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(groups)))[:-1]
    inside = rank_within(sizes) * np.repeat(groups, sizes) // np.repeat(sizes, sizes)
    return np.repeat(first, sizes) + inside, groups


def scaled_cuts(sizes: NDArray[np.float64], members: int) -> Counts:
    """Drawn sizes made to sum to ``members``; none is empty."""
    ends = np.unique(np.round(np.cumsum(sizes) / sizes.sum() * members).astype(np.int64))
    return np.diff(np.concatenate(([0], ends[ends > 0])))


def lognormal_cuts(members: int, mean: float, deviation: float, chance: Chance) -> Counts:
    """Sizes of sites that hold ``members``: log-normal about ``mean``."""
    if not members:
        return np.empty(0, np.int64)
    count = max(1, round(members / mean))
    return scaled_cuts(np.exp(deviation * chance.standard_normal(count)), members)


def pareto_cuts(members: int, exponent: float, least: float, most: float, chance: Chance) -> Counts:
    """Sizes of firms that hold ``members``: Pareto from ``least`` to ``most`` (and to a quarter of the members)."""
    if not members:
        return np.empty(0, np.int64)
    most = max(least + 1.0, min(most, members / 4))
    drawn, total = [], 0
    while total < members:
        count = max(16, (members - total) // 4)
        tail = 1.0 - chance.random(count) * (1.0 - (least / most) ** exponent)
        sizes = np.floor(least * tail ** (-1.0 / exponent)).astype(np.int64)
        drawn.append(np.maximum(sizes, 1))
        total += int(drawn[-1].sum())
    ends = np.cumsum(np.concatenate(drawn))
    sizes = np.diff(np.concatenate(([0], ends[: np.searchsorted(ends, members) + 1])))
    sizes[-1] -= int(sizes.sum()) - members
    return sizes


def near_home(home: Reals, at_random: NDArray[np.bool_], spread: float | Reals, low: int, high: int, chance: Chance) -> Index:
    """Order of people by where they spend the day: about their home, or anywhere from ``low`` to ``high`` where ``at_random``."""
    key = home + spread * chance.standard_normal(len(home))
    far = np.flatnonzero(at_random)
    key[far] = low + (high - low) * chance.random(len(far))
    return stable_order(np.rint((key - key.min(initial=0.0)) * NEAR_STEPS).astype(np.int64))
