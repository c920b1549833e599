"""A city as arrays: who lives together, who spends the day together, who rides together.

Persons are numbered 0..N-1 in the order county, neighbourhood, grid cell, household, so that each of these is a plain
range of person numbers and neighbours lie together in memory. Everything else is a list of members by group (CSR).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.kinds import NO_SECTOR, SECTORS, HouseholdKind, SiteKind

Bytes = NDArray[np.uint8]
Shorts = NDArray[np.uint16]
Ints = NDArray[np.int32]

OLDEST = 100
"""Ages are whole years; this one stands for 100 and above."""


class CityFault(ValueError):
    """The arrays of a city contradict each other, or what was asked of it cannot be. ``zh`` and ``en`` say which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class County:
    """One county or district: its division code, its name, its persons in this city."""

    code: str
    name: str
    population: int


@dataclass(frozen=True, eq=False)
class City:
    """N persons, H households, Q grid cells, B neighbourhoods, C counties, G day groups, S sites, R routes.

    ``x_start`` arrays have one entry more than there are x: members of x are ``start[x]`` up to ``start[x + 1]``.
    """

    age: Bytes
    """[N] whole years, at most ``OLDEST``"""
    sex: Bytes
    """[N] 1 male, 2 female (GB/T 2261.1)"""
    household: Ints
    """[N]"""
    household_start: Ints
    """[H + 1] persons"""
    household_kind: Bytes
    """[H] ``HouseholdKind``"""
    grid_start: Ints
    """[Q + 1] persons"""
    neighbourhood_start: Ints
    """[B + 1] persons"""
    neighbourhood_county: Shorts
    """[B]"""
    county_start: Ints
    """[C + 1] persons"""
    group: Ints
    """[N] the group of the day: school class, work team, ward; -1 for none"""
    group_start: Ints
    """[G + 1] places in ``group_members``"""
    group_members: Ints
    """[members] persons; groups of a site lie together, so a site is one slice"""
    site_group_start: Ints
    """[S + 1] groups"""
    site_kind: Bytes
    """[S] ``SiteKind``"""
    site_sector: Bytes
    """[S] number in ``SECTORS``, or ``NO_SECTOR``"""
    site_county: Shorts
    """[S]"""
    site_neighbourhood: Ints
    """[S]"""
    route: Ints
    """[N] those who ride the same line at the same time; -1 for none"""
    route_start: Ints
    """[R + 1] places in ``route_members``"""
    route_members: Ints
    """[riders] persons"""
    counties: tuple[County, ...]
    row: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """[N] the row of the list that a person was, in a city from lists; [0] in a synthesised one"""
    source: str = ""
    """what the city was made from, in words"""
    seed: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    """what its maker counted and could not meet"""

    def __len__(self) -> int:
        return len(self.age)

    @property
    def persons(self) -> int:
        return len(self.age)

    @property
    def households(self) -> int:
        return len(self.household_start) - 1

    @property
    def grids(self) -> int:
        return len(self.grid_start) - 1

    @property
    def neighbourhoods(self) -> int:
        return len(self.neighbourhood_start) - 1

    @property
    def groups(self) -> int:
        return len(self.group_start) - 1

    @property
    def sites(self) -> int:
        return len(self.site_group_start) - 1

    @property
    def routes(self) -> int:
        return len(self.route_start) - 1

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by its name, in the order of the declaration."""
        named = ((part.name, getattr(self, part.name)) for part in fields(self))
        return {name: value for name, value in named if isinstance(value, np.ndarray)}

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.arrays().values())

    def sizes(self) -> Ints:
        """[H] persons of each household."""
        return np.diff(self.household_start)

    def site_member_start(self) -> Ints:
        """[S + 1] places in ``group_members`` where each site begins."""
        return self.group_start[self.site_group_start]

    def group_site(self) -> Ints:
        """[G] the site of each group."""
        return np.repeat(np.arange(self.sites, dtype=np.int32), np.diff(self.site_group_start))

    def person_site(self) -> Ints:
        """[N] the site of each person's day, -1 for none."""
        if not self.groups:
            return np.full(self.persons, -1, np.int32)
        return np.where(self.group >= 0, self.group_site()[self.group], np.int32(-1))

    def person_neighbourhood(self) -> Ints:
        """[N]"""
        return np.repeat(np.arange(self.neighbourhoods, dtype=np.int32), np.diff(self.neighbourhood_start))

    def person_county(self) -> Shorts:
        """[N]"""
        return np.repeat(np.arange(len(self.counties), dtype=np.uint16), np.diff(self.county_start))

    def check(self) -> City:
        """The same city. Raises CityFault naming the first array that contradicts another."""
        _check_places(self)
        _check_membership(self, "group", self.group, self.group_start, self.group_members)
        _check_membership(self, "route", self.route, self.route_start, self.route_members)
        _check_sites(self)
        return self


def _must(held: bool, zh: str, en: str) -> None:
    if not held:
        raise CityFault(f"城市数据有误：{zh}", f"the city contradicts itself: {en}")


def _check_start(name: str, start: Ints, total: int, *, empty: bool = False) -> None:
    _must(len(start) > 0 and start[0] == 0 and start[-1] == total, f"{name} 应从 0 到 {total}", f"{name} must run from 0 to {total}")
    steps = np.diff(start)
    least = 0 if empty else 1
    _must(bool((steps >= least).all()), f"{name} 有空组或倒退", f"{name} has an empty part or runs backwards")


def _check_places(city: City) -> None:
    persons = city.persons
    for name in ("sex", "household", "group", "route"):
        _must(len(getattr(city, name)) == persons, f"{name} 与 age 长度不同", f"{name} is not as long as age")
    _must(bool((city.age <= OLDEST).all()), f"年龄应不超过 {OLDEST}", f"an age is above {OLDEST}")
    _must(bool(((city.sex == 1) | (city.sex == 2)).all()), "性别应为 1 或 2", "sex must be 1 or 2")
    _check_start("household_start", city.household_start, persons)
    _check_start("grid_start", city.grid_start, persons)
    _check_start("neighbourhood_start", city.neighbourhood_start, persons)
    _check_start("county_start", city.county_start, persons)
    counted = np.repeat(np.arange(city.households, dtype=np.int32), np.diff(city.household_start))
    _must(np.array_equal(counted, city.household), "household 与 household_start 不符", "household does not agree with household_start")
    _must(len(city.household_kind) == city.households, "household_kind 长度不符", "household_kind has another length")
    _must(bool((city.household_kind < len(HouseholdKind)).all()), "家庭户类别未知", "a household kind is unknown")
    nested = (("grid_start", "household_start"), ("neighbourhood_start", "grid_start"), ("county_start", "neighbourhood_start"))
    for outer, inner in nested:
        inside = np.isin(getattr(city, outer), getattr(city, inner))
        _must(bool(inside.all()), f"{outer} 切开了 {inner} 的一组", f"{outer} cuts through a part of {inner}")
    _must(len(city.counties) == len(city.county_start) - 1, "区县名单长度不符", "the list of counties has another length")
    said = [county.population for county in city.counties]
    _must(said == np.diff(city.county_start).tolist(), "区县人口不符", "the population of a county is not its persons")
    home = np.searchsorted(city.county_start, city.neighbourhood_start[:-1], side="right") - 1
    _must(np.array_equal(home, city.neighbourhood_county), "neighbourhood_county 不符", "neighbourhood_county does not agree")


def _check_membership(city: City, name: str, of_person: Ints, start: Ints, members: Ints) -> None:
    _check_start(f"{name}_start", start, len(members))
    within = len(members) == 0 or (members.min() >= 0 and members.max() < city.persons)
    _must(bool(within), f"{name}_members 有不存在的人", f"{name}_members names a person who is not there")
    told = np.full(city.persons, -1, np.int32)
    told[members] = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    _must(np.array_equal(told, of_person), f"{name} 与 {name}_members 不符", f"{name} does not agree with {name}_members")
    _must(int((of_person >= 0).sum()) == len(members), f"{name}_members 有重复的人", f"{name}_members names a person twice")


def _check_sites(city: City) -> None:
    sites = city.sites
    _check_start("site_group_start", city.site_group_start, city.groups)
    for name in ("site_kind", "site_sector", "site_county", "site_neighbourhood"):
        _must(len(getattr(city, name)) == sites, f"{name} 长度不符", f"{name} has another length")
    _must(bool((city.site_kind < len(SiteKind)).all()), "场所类别未知", "a site kind is unknown")
    known = (city.site_sector < len(SECTORS)) | (city.site_sector == NO_SECTOR)
    _must(bool(known.all()), "行业编号未知", "a sector is unknown")
    placed = (city.site_neighbourhood >= 0) & (city.site_neighbourhood < city.neighbourhoods)
    _must(bool(placed.all()), "场所所在社区不存在", "a site lies in no neighbourhood")
    county = city.neighbourhood_county[city.site_neighbourhood] if sites else city.site_county
    _must(np.array_equal(county, city.site_county), "场所的区县与社区不符", "the county of a site is not that of its neighbourhood")
