"""What the kernels read and write: the city, the rules of a day, the records of infections, where people are.

NamedTuples of arrays, because numba takes them as they are. Arrays of the city are handed over read-only, whether they
come from memory or from a mapped file, so that one compiled kernel serves both.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import City
from tongchou.engine.epidemic.layers import SLOT_LAYER, Contacts, site_class
from tongchou.engine.epidemic.samples import Findings

NEVER = np.int16(-1)
FOREVER = np.int16(32767)


class Ground(NamedTuple):
    """The city. ``meets`` is [class of site, slot, (contacts, hazard, weekend)]; ``share`` the cumulated shares of
    community contacts in one's own neighbourhood and county."""

    age: NDArray[np.uint8]
    household: NDArray[np.int32]
    household_start: NDArray[np.int32]
    household_kind: NDArray[np.uint8]
    group: NDArray[np.int32]
    group_start: NDArray[np.int32]
    group_members: NDArray[np.int32]
    group_site: NDArray[np.int32]
    site_start: NDArray[np.int32]
    site_class: NDArray[np.uint8]
    site_county: NDArray[np.uint16]
    site_sector: NDArray[np.uint8]
    site_group_start: NDArray[np.int32]
    route: NDArray[np.int32]
    route_start: NDArray[np.int32]
    route_members: NDArray[np.int32]
    neighbourhood_start: NDArray[np.int32]
    neighbourhood_county: NDArray[np.uint16]
    county_start: NDArray[np.int32]
    meets: NDArray[np.float64]
    share: NDArray[np.float64]
    slot_layer: NDArray[np.uint8]


class Chain(NamedTuple):
    """One row an infection, in the order in which they happened. Days count from 0; -1 is none."""

    person: NDArray[np.int32]
    day: NDArray[np.int16]
    source: NDArray[np.int32]
    """row of the infector, -1 for an import"""
    layer: NDArray[np.uint8]
    previous: NDArray[np.int32]
    """row of this person's earlier infection"""
    round: NDArray[np.uint8]
    """how many infections this person had before"""
    home: NDArray[np.uint16]
    """neighbourhood"""
    infectious: NDArray[np.int16]
    """first infectious day"""
    onset: NDArray[np.int16]
    factor: NDArray[np.float32]
    """hazard summed over the course and over everybody whom the person meets"""
    around: NDArray[np.uint16]
    """the row of ``Surroundings`` that says how that hazard is shared between the slots"""
    severity: NDArray[np.uint8]
    admitted: NDArray[np.int16]
    left: NDArray[np.int16]
    """day of leaving hospital, alive or dead"""


class Kin(NamedTuple):
    """Whom each infection caused, as lists that tracers follow. Both empty where nobody is traced."""

    last_child: NDArray[np.int32]
    """[rows] the last row that this one caused, -1 for none"""
    older_sibling: NDArray[np.int32]
    """[rows] the row that its infector caused before it, -1 for none"""


class State(NamedTuple):
    """Where persons are. ``record`` is a person's last row of the chain, -1 for never infected."""

    record: NDArray[np.int32]
    away_until: NDArray[np.int16]
    """first day on which the person goes out again"""
    away: NDArray[np.uint8]
    """how, while it lasts: ``whereabouts`` has the numbers"""
    away_since: NDArray[np.int16]
    """empty where nobody is traced: only tracers ask for it"""


class Rules(NamedTuple):
    """What holds today. Factors are 1 where nothing is ordered.

    ``home`` is [neighbourhood, age class, slot 0..2 (household, community, transport), (contacts, outward, inward)];
    ``site`` is [site, age class, slot 0..1 (group, site), the same]. Where ``plain`` is 1 both are all ones.
    """

    plain: int
    day_contacts: NDArray[np.float32]
    """[class of site, slot] share of weekday contacts that the calendar leaves"""
    age_class: NDArray[np.uint8]
    home: NDArray[np.float32]
    site: NDArray[np.float32]
    shifts: NDArray[np.uint8]
    """[site] groups are split into so many shifts that never meet"""
    gate: NDArray[np.float32]
    """[neighbourhood] share of contacts with people from outside it that remains"""
    travel: NDArray[np.float32]
    """[county] the same between counties"""
    home_contacts: float
    """share of household contacts of somebody isolated or quarantined at home"""
    program: NDArray[np.float64]
    """vaccination: rows of (first age, last age, first day, days, coverage, doses, number), see ``vaccination``"""
    program_area: NDArray[np.uint8]
    """[program, neighbourhood] 1 where it runs"""


AWAY_HOME = 1


def city_ground(city: City, contacts: Contacts) -> Ground:
    """The city as kernels read it."""
    classes = site_class(city.site_kind)
    shares = np.array([contacts.own_neighbourhood, contacts.own_county])
    return Ground._make(
        _fixed(array) for array in (
            city.age, city.household, city.household_start, city.household_kind, city.group, city.group_start,
            city.group_members, city.group_site(), city.site_member_start(), classes, city.site_county, city.site_sector,
            city.site_group_start, city.route, city.route_start, city.route_members, city.neighbourhood_start,
            city.neighbourhood_county, city.county_start, contacts.table(), shares, SLOT_LAYER,
        )
    )  # fmt: skip


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    view = np.asarray(array).view()
    if not view.flags.c_contiguous:
        view = np.ascontiguousarray(view)
    view.flags.writeable = False
    return view


def empty_chain(rows: int) -> Chain:
    """Room for so many infections; memory is taken as rows are written."""
    return Chain(
        person=np.empty(rows, np.int32), day=np.empty(rows, np.int16), source=np.empty(rows, np.int32),
        layer=np.empty(rows, np.uint8), previous=np.empty(rows, np.int32), round=np.empty(rows, np.uint8), home=np.empty(rows, np.uint16),
        infectious=np.empty(rows, np.int16), onset=np.empty(rows, np.int16), factor=np.empty(rows, np.float32),
        around=np.empty(rows, np.uint16), severity=np.empty(rows, np.uint8),
        admitted=np.empty(rows, np.int16), left=np.empty(rows, np.int16),
    )  # fmt: skip


def empty_kin(rows: int) -> Kin:
    """Lists for so many infections; for 0 none are kept."""
    return Kin(np.empty(rows, np.int32), np.empty(rows, np.int32))


Rows = TypeVar("Rows", Chain, Kin, Findings)


def longer(columns: Rows, rows: int) -> Rows:
    """The same with room for ``rows``; columns that are empty stay so."""
    found: list[NDArray[Any]] = []
    for name in columns._fields:
        old: NDArray[Any] = getattr(columns, name)
        new = np.empty((rows if len(old) else 0, *old.shape[1:]), old.dtype)
        new[: len(old)] = old
        found.append(new)
    return type(columns)(*found)


def first_state(persons: int, *, traced: bool) -> State:
    """Nobody infected, nobody away; ``traced``: whether tracers may ask since when somebody is."""
    since = np.zeros(persons if traced else 0, np.int16)
    return State(np.full(persons, -1, np.int32), np.zeros(persons, np.int16), np.zeros(persons, np.uint8), since)
