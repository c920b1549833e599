"""What a city is, in figures, and how it differs from the census that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tongchou.engine.city.census import AGE_BANDS, Counts, CountyCensus, Reals, from_stated
from tongchou.engine.city.kinds import FEMALE, MALE, NO_SECTOR, SECTORS, HouseholdKind, SiteKind
from tongchou.engine.city.model import City

GENERATIONS = ("one generation", "two generations", "three generations", "four generations or more")
AT_MOST_SHOWN = 10
"""Households of this size and above are one class."""


@dataclass(frozen=True)
class Difference:
    """One figure of one county: what the census gives and what the city has, both as shares (or persons, for a mean size)."""

    county: str
    figure: str
    census: float
    city: float

    @property
    def difference(self) -> float:
        return self.city - self.census


@dataclass(frozen=True, eq=False)
class CityFigures:
    """The whole city in figures."""

    men: Counts
    """[19] by ``AGE_BANDS``"""
    women: Counts
    household_sizes: Reals
    """[11] share of family households with 0, 1, ... 9, 10 and more persons"""
    persons_by_household_kind: dict[str, int]
    sectors: Reals
    """[19] share of those who work"""
    sites: dict[str, dict[str, float]]
    """by kind: sites, persons, mean and largest size"""
    work_in_other_county: float
    """share of workers"""
    riders: int
    neighbourhood_persons: float
    bytes_per_person: float


def describe_city(city: City) -> CityFigures:
    """The figures of any city, synthesised or from lists."""
    size, kind = city.sizes(), city.household_kind
    family = np.minimum(size[kind == HouseholdKind.FAMILY], AT_MOST_SHOWN)
    site = city.person_site()
    works = workers(city)
    moved = city.site_county[site[works]] != city.person_county()[works]
    counted = np.bincount(city.site_sector[site[works]], minlength=NO_SECTOR + 1)[: len(SECTORS)]
    return CityFigures(
        men=_bands(city.age[city.sex == MALE]),
        women=_bands(city.age[city.sex == FEMALE]),
        household_sizes=np.bincount(family, minlength=AT_MOST_SHOWN + 1) / max(len(family), 1),
        persons_by_household_kind={each.name.lower(): int(size[kind == each].sum()) for each in HouseholdKind},
        sectors=counted / max(int(counted.sum()), 1),
        sites=_sites(city),
        work_in_other_county=float(moved.mean()) if len(moved) else 0.0,
        riders=len(city.route_members),
        neighbourhood_persons=len(city) / city.neighbourhoods,
        bytes_per_person=city.nbytes / len(city),
    )


def workers(city: City) -> np.ndarray[Any, Any]:
    """Persons who work: members of a site of some sector who neither learn nor live there."""
    site = city.person_site()
    inside = np.flatnonzero(site >= 0)
    kind, sector = city.site_kind[site[inside]], city.site_sector[site[inside]]
    lives = np.isin(city.household_kind[city.household[inside]], [HouseholdKind.CARE_HOME, HouseholdKind.PRISON])
    return inside[(sector != NO_SECTOR) & ~lives & ~(_school(kind) & pupils(city)[inside])]


def pupils(city: City) -> np.ndarray[Any, Any]:
    """[N] whether a person learns at its site: those of a school who are not its staff.

    Staff of a school are told by age: above the oldest pupils of its kind, which no pupil of a synthesised city is.
    """
    site = city.person_site()
    kind = np.where(site >= 0, city.site_kind[np.maximum(site, 0)] if city.sites else 0, SiteKind.WORKPLACE)
    oldest = np.zeros(len(SiteKind), np.int64)
    for school, years in (("KINDERGARTEN", 8), ("PRIMARY", 14), ("MIDDLE", 17), ("HIGH", 20), ("COLLEGE", 26)):
        oldest[SiteKind[school]] = years
    return _school(kind) & (city.age <= oldest[kind])


def compare_with_census(city: City) -> list[Difference]:
    """Every figure that the census table gives, by county; empty for a city that was not synthesised."""
    counties = from_stated(city.notes.get("census", []))
    home, at_work = city.person_county(), np.zeros(len(city), bool)
    working = workers(city)
    at_work[working] = True
    sector = np.full(len(city), NO_SECTOR, np.uint8)
    sector[working] = city.site_sector[city.person_site()[working]]
    county_of_household = home[city.household_start[:-1]]
    found: list[Difference] = []
    for number, county in enumerate(counties):
        part = slice(int(city.county_start[number]), int(city.county_start[number + 1]))
        families = (county_of_household == number) & (city.household_kind == HouseholdKind.FAMILY)
        found += _ages(county, city.age[part], city.sex[part])
        found += _households(county, city.sizes()[families], part.stop - part.start, city.notes["generations"][number])
        found += _industries(county, sector[part][at_work[part]], int((city.age[part] >= 15).sum()))
    return found


def _ages(county: CountyCensus, age: Any, sex: Any) -> list[Difference]:
    whole = county.population
    rows = []
    for name, code, counted in (("men", MALE, county.men), ("women", FEMALE, county.women)):
        here = _bands(age[sex == code]) / len(age)
        rows += [
            Difference(county.name, f"{name} {_band(low, high)}", given / whole, share)
            for (low, high), given, share in zip(AGE_BANDS, counted.tolist(), here.tolist(), strict=True)
        ]
    return rows


def _households(county: CountyCensus, size: Any, persons: int, generations: list[int]) -> list[Difference]:
    given, planned = county.generations / county.generations.sum(), np.array(generations) / max(sum(generations), 1)
    return [
        Difference(county.name, "persons a household", county.mean_size, float(size.mean())),
        Difference(county.name, "households of one", county.households_of_one / county.households, float((size == 1).mean())),
        Difference(county.name, "in family households", county.people_in_households / county.population, float(size.sum() / persons)),
        *(
            Difference(county.name, name, float(share), float(part))
            for name, share, part in zip(GENERATIONS, given, planned, strict=True)
        ),
    ]


def _industries(county: CountyCensus, sector: Any, grown: int) -> list[Difference]:
    given = county.employed / max(int(county.employed.sum()), 1)
    here = np.bincount(sector, minlength=len(SECTORS))[: len(SECTORS)] / max(len(sector), 1)
    return [
        Difference(county.name, "employed of 15 and more", county.employment, len(sector) / grown),
        *(Difference(county.name, en, float(share), float(part)) for (_zh, en), share, part in zip(SECTORS, given, here, strict=True)),
    ]


def _sites(city: City) -> dict[str, dict[str, float]]:
    size = np.diff(city.site_member_start())
    found = {}
    for kind in SiteKind:
        here = size[city.site_kind == kind]
        if len(here):
            found[kind.name.lower()] = {"sites": len(here), "persons": int(here.sum()), "mean": float(here.mean()), "largest": int(here.max())}
    return found


def _school(kind: Any) -> Any:
    return (kind >= SiteKind.KINDERGARTEN) & (kind <= SiteKind.COLLEGE)


def _bands(age: Any) -> Counts:
    return np.bincount(np.searchsorted([low for low, _high in AGE_BANDS], age, side="right") - 1, minlength=len(AGE_BANDS))


def _band(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}+" if low == 85 else f"{low}-{high}"
