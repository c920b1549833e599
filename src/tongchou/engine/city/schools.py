"""Who goes to which school and class, and who teaches there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import Counts, share_out
from tongchou.engine.city.kinds import EDUCATION, SCHOOL_KINDS, HouseholdKind, SiteKind
from tongchou.engine.city.roles import YEARS
from tongchou.engine.city.sites import Batch, Index, by_lot, cut_teams, lognormal_cuts, near_home, rank_within

Chance = np.random.Generator


def enrol(age: NDArray[np.uint8], dwelling: NDArray[np.uint8], figures: Mapping[str, Any], chance: Chance) -> NDArray[np.int8]:
    """[n] school age (the age less the years behind) of those who go to school, -1 of the others.

    Residents of student dormitories all go; the others of an age by lot, so that the share enrolled of the age is met.
    """
    school = figures["school"]
    rate = np.zeros(YEARS)
    for kind in school["kind"].values():
        for year, share in kind["enrolled"].items():
            rate[int(year)] = share
    lot = chance.random(len(age), dtype=np.float32)
    behind = (lot < school["behind_one_year"] + school["behind_two_years"]).astype(np.int8) + (lot < school["behind_two_years"])
    school_age = np.where((age >= 3) & (age <= 30), age.astype(np.int8) - behind, -1).astype(np.int8)
    boards = dwelling == HouseholdKind.STUDENT_DORMITORY
    free = (school_age >= 0) & ((dwelling == HouseholdKind.FAMILY) | boards)
    total = np.bincount(school_age[free], minlength=YEARS)
    boarding = np.bincount(school_age[boards & free], minlength=YEARS)
    share = np.clip((rate * total - boarding) / np.maximum(total - boarding, 1), 0.0, 1.0)
    goes = free & (boards | (chance.random(len(age), dtype=np.float32) < share[np.maximum(school_age, 0)]))
    oldest = max(int(year) for kind in school["kind"].values() for year in kind["enrolled"])
    return np.where(goes, np.where(boards, np.clip(school_age, 15, oldest), school_age), -1).astype(np.int8)


def ages_of(kind: SiteKind, figures: Mapping[str, Any]) -> tuple[int, int]:
    """First and last school age of a kind of school."""
    years = [int(year) for year in figures["school"]["kind"][kind.name]["enrolled"]]
    return min(years), max(years)


@dataclass(frozen=True, eq=False)
class Rolls:
    """Pupils of the schools of one kind in one county, by school, year and class."""

    kind: SiteKind
    pupils: Index
    klass: Index
    """[pupils] class, 0..classes-1, schools one after another"""
    size: Counts
    """[S] pupils"""
    classes: Counts
    """[S]"""
    neighbourhood: Index
    """[S]"""


def form_schools(kind: SiteKind, pupils: Index, school_age: NDArray[np.int8], boards: NDArray[np.bool_], home: NDArray[np.int32], figures: Mapping[str, Any], chance: Chance) -> Rolls:
    """Schools for ``pupils`` (person numbers, ascending); ``school_age``, ``boards`` and ``home`` (neighbourhood) are by person."""
    known, school = figures["school"]["kind"][kind.name], figures["school"]
    size = lognormal_cuts(len(pupils), known["pupils"], school["size_deviation"], chance)
    if not len(size):
        empty = np.empty(0, np.int64)
        return Rolls(kind, empty, empty, empty, empty, empty)
    far = (chance.random(len(pupils)) < school["elsewhere"]) & ~boards[pupils]
    place = np.arange(len(pupils), dtype=np.float64)
    spread = school["catchment_spread"] * known["pupils"] * np.where(boards[pupils], 0.0, 1.0)
    order = near_home(place, far, spread, 0, len(pupils), chance)
    pupils = pupils[order]
    site = np.repeat(np.arange(len(size)), size)
    inside = by_lot(chance, len(pupils), site * 128 + school_age[pupils])
    middle = pupils[np.cumsum(size) - size + size // 2]
    pupils = pupils[inside]
    year = site * 128 + school_age[pupils]
    _, first, members = np.unique(year, return_index=True, return_counts=True)
    klass, groups = cut_teams(members, known["class"])
    classes = np.bincount(site[first], weights=groups, minlength=len(size)).astype(np.int64)
    return Rolls(kind, pupils, klass, size, classes, home[middle].astype(np.int64))


def staff_schools(rolls: list[Rolls], county_of: NDArray[np.uint16], teachers: list[Index], figures: Mapping[str, Any]) -> tuple[list[Batch], list[Index]]:
    """Batches with their teachers, and the workers in education of each county who are left.

    teachers: by county, in lots' order; each school wants its pupils over ``pupils_per_teacher``, and gets its part where
    a county has fewer. A teacher belongs to one class; classes of a school get their teachers in turn.
    """
    if not rolls:
        return [], teachers
    want = np.concatenate([roll.size / figures["school"]["kind"][roll.kind.name]["pupils_per_teacher"] for roll in rolls])
    county = county_of[np.concatenate([roll.neighbourhood for roll in rolls])]
    by_county = np.argsort(county, kind="stable")
    edges = np.searchsorted(county[by_county], np.arange(len(teachers) + 1))
    given = np.zeros(len(want), np.int64)
    left: list[Index] = []
    persons: list[Index] = []
    for here, people in enumerate(teachers):
        schools = by_county[edges[here] : edges[here + 1]]
        share = share_out(min(len(people), round(float(want[schools].sum()))), want[schools])
        given[schools] = share
        persons.append(people[: int(share.sum())])
        left.append(people[int(share.sum()) :])
    school = np.repeat(by_county, given[by_county])
    placed = np.concatenate(persons)[np.argsort(school, kind="stable")]
    batches, first, taken = [], 0, 0
    for roll in rolls:
        own = given[first : first + len(roll.size)]
        staff = placed[taken : taken + int(own.sum())]
        first, taken = first + len(own), taken + len(staff)
        batches.append(_with_staff(roll, own, staff))
    return [batch for batch in batches if len(batch.groups_of_site)], left


def _with_staff(roll: Rolls, given: Counts, staff: Index) -> Batch:
    first = np.concatenate(([0], np.cumsum(roll.classes)))[:-1]
    turn = rank_within(given) % np.repeat(roll.classes, given)
    return Batch(
        roll.kind, np.concatenate([roll.pupils, staff]), np.concatenate([roll.klass, np.repeat(first, given) + turn]), roll.classes,
        np.full(len(roll.size), EDUCATION, np.uint8), roll.neighbourhood,
    )  # fmt: skip


def school_of_age(school_age: NDArray[np.int8], figures: Mapping[str, Any]) -> dict[SiteKind, Index]:
    """Persons by kind of school."""
    found = {}
    for kind in SCHOOL_KINDS:
        low, high = ages_of(kind, figures)
        found[kind] = np.flatnonzero((school_age >= low) & (school_age <= high))
    return found
