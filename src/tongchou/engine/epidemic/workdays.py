"""Working and school days lost: who works or learns where, who is away, and which sites are closed to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import NO_SECTOR, City, SiteKind
from tongchou.engine.city.kinds import SCHOOL_KINDS, HouseholdKind
from tongchou.engine.epidemic.layers import SLOT_LAYER, Slot, site_class
from tongchou.engine.epidemic.measures import Restriction
from tongchou.engine.epidemic.stays import Stays

Flags = NDArray[np.bool_]
LEAST_AGE = np.full(256, 15, np.uint8)
LEAST_AGE[list(SCHOOL_KINDS)] = 20
LEAST_AGE[SiteKind.COLLEGE] = 26
"""[kind of site] age from which somebody there works: a city does not say who teaches and who is taught. 15 is the census's
first age of employment; the ages at schools are an assumption"""


@dataclass(frozen=True, eq=False)
class Opening:
    """What keeps people from their sites from ``day`` on: orders, each with [neighbourhoods] where it holds."""

    day: int
    orders: tuple[tuple[Restriction, Flags], ...]

    def attends(self, city: City, persons: NDArray[Any]) -> NDArray[np.float64]:
        """[persons] share of days on which each may be at the site."""
        share = np.ones(len(persons))
        site = city.group_site()[city.group[persons]]
        kinds, ages = city.site_kind[site], city.age[persons]
        for order, areas in self.orders:
            where = order.where
            held = areas[city.site_neighbourhood[site]] & (ages >= where.first_age) & (ages <= where.last_age)
            held &= np.isin(SLOT_LAYER[site_class(kinds), Slot.GROUP], where.layers)
            if where.sectors:
                held &= np.isin(city.site_sector[site], where.sectors)
            if where.site_kinds:
                held &= np.isin(kinds, where.site_kinds)
            share[held] *= order.open_share
        return share


def works_at_site(city: City, persons: NDArray[Any]) -> Flags:
    """[persons] whether each works at the site of the day, and neither learns nor lives there."""
    group = city.group[persons]
    out = group >= 0
    members = persons[out]
    site = city.group_site()[group[out]]
    works = (city.site_sector[site] != NO_SECTOR) & (city.age[members] >= LEAST_AGE[city.site_kind[site]])
    out[out] = works & (city.household_kind[city.household[members]] < HouseholdKind.CARE_HOME)
    return out


def learns_at_site(city: City, persons: NDArray[Any]) -> Flags:
    """[persons] whether each learns at the site of the day: a school's people who are too young to be of its staff."""
    group = city.group[persons]
    out = group >= 0
    kinds = city.site_kind[city.group_site()[group[out]]]
    out[out] = np.isin(kinds, SCHOOL_KINDS) & (city.age[persons[out]] < LEAST_AGE[kinds])
    return out


def count_absences(
    city: City, spells: Stays, openings: tuple[Opening, ...], working: Flags, part: NDArray[np.int64], parts: int,
    who: Callable[[City, NDArray[Any]], Flags] = works_at_site,
) -> NDArray[np.float64]:
    """[days, parts] days lost by those who are away, as far as their sites are open to them; of workers, or of ``who``.

    ``spells`` do not overlap; ``part`` is [spells]; ``working`` is [days], whether a day is one of Monday to Friday.
    """
    days = len(working)
    change = np.zeros((days + 1, parts))
    works = who(city, spells.person)
    spells, part = spells.taken(works), part[works]
    ends = [opening.day for opening in openings[1:]] + [days]
    for opening, end in zip(openings, ends, strict=True):
        first, last = np.maximum(spells.day, opening.day), np.minimum(spells.until, end)
        inside = first < last
        weight = opening.attends(city, spells.person[inside])
        np.add.at(change, (first[inside], part[inside]), weight)
        np.subtract.at(change, (last[inside], part[inside]), weight)
    return np.cumsum(change[:days], axis=0) * working[:, None]


def count_closed(
    city: City, openings: tuple[Opening, ...], working: Flags, part: NDArray[np.int64], parts: int,
    who: Callable[[City, NDArray[Any]], Flags] = works_at_site,
) -> NDArray[np.float64]:
    """[days, parts] days lost because sites are not open to those who work there, or to ``who``; ``part`` is [persons]."""
    out = np.zeros((len(working), parts))
    if not any(opening.orders for opening in openings):
        return out
    staff = np.flatnonzero(who(city, np.arange(city.persons)))
    ends = [opening.day for opening in openings[1:]] + [len(working)]
    for opening, end in zip(openings, ends, strict=True):
        if opening.orders:
            out[opening.day : end] = np.bincount(part[staff], 1.0 - opening.attends(city, staff), parts)
    return out * working[:, None]
