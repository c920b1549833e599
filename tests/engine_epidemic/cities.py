"""Small cities and diseases that theory can speak about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tongchou.engine.city import City, County, SiteKind, city_from_lists
from tongchou.engine.epidemic import Contacts, Disease, Meeting
from tongchou.store.epidemic_packs import load_contacts, load_disease

NONE = Meeting(0.0, 0.0)
ALONE = (NONE, NONE)
NOBODY = Contacts(NONE, ALONE, ALONE, ALONE, NONE, NONE, own_neighbourhood=1.0, own_county=1.0)
PLAIN = load_disease("sars-cov-2-wild")
USUAL = load_contacts()
EVERY_AGE = np.ones(128)


def alike(transmission: float, *, dispersion: float = 0.0) -> Disease:
    """A disease in which everybody is like everybody else: no ages, no asymptomatic, immunity for good."""
    return replace(
        PLAIN, transmission=transmission, dispersion=dispersion, susceptibility=EVERY_AGE, infectivity=EVERY_AGE,
        asymptomatic=0 * EVERY_AGE, severe=0 * EVERY_AGE, critical=0 * EVERY_AGE, fatal=0 * EVERY_AGE,
        immunity=np.ones_like(PLAIN.immunity),
    )  # fmt: skip


def mixing(contacts: float) -> Contacts:
    """Everybody meets anybody of the neighbourhood."""
    return replace(NOBODY, community=Meeting(contacts))


def crowd(persons: int) -> City:
    """Persons who live alone in one neighbourhood; built from arrays, because theory wants many of them."""
    start, none = np.arange(persons + 1, dtype=np.int32), np.empty(0, np.int32)
    ends, nobody = np.array([0, persons], np.int32), np.full(persons, -1, np.int32)
    return City(
        age=np.full(persons, 40, np.uint8), sex=np.ones(persons, np.uint8), household=start[:-1], household_start=start,
        household_kind=np.zeros(persons, np.uint8), grid_start=ends, neighbourhood_start=ends,
        neighbourhood_county=np.zeros(1, np.uint16), county_start=ends, group=nobody, group_start=ends[:1], group_members=none,
        site_group_start=ends[:1], site_kind=np.empty(0, np.uint8), site_sector=np.empty(0, np.uint8),
        site_county=np.empty(0, np.uint16), site_neighbourhood=none, route=nobody, route_start=ends[:1], route_members=none,
        counties=(County("", "", persons),),
    ).check()  # fmt: skip


def households(count: int, size: int) -> City:
    """Households of one size in one neighbourhood, nothing else."""
    person = np.arange(count * size)
    return city_from_lists({"age": np.full(count * size, 40), "sex": person % 2 + 1, "household": person // size})


def town(persons: int = 6000, *, seed: int = 1, shuffled: bool = False) -> City:
    """A town with everything: households, schools with classes, workplaces with teams, a care home, routes, two counties."""
    rng = np.random.default_rng(seed)
    household = np.sort(rng.integers(0, persons // 3, persons))
    hood = household * 6 // (persons // 3)
    age = rng.integers(0, 90, persons)
    site, team, route = np.full(persons, "", "U12"), np.full(persons, "", "U12"), np.full(persons, "", "U12")
    pupils, workers = np.flatnonzero((age >= 6) & (age < 18)), np.flatnonzero((age >= 18) & (age < 60))
    for at, person in enumerate(pupils[np.argsort(hood[pupils], kind="stable")]):
        site[person], team[person] = f"s{at // 240}", f"{at // 30}"
    for at, person in enumerate(rng.permutation(workers)):
        site[person], team[person] = f"w{at // 40}", f"{at // 10}"
        route[person] = f"{hood[person]}-{at % 3}"
    for at, person in enumerate(np.flatnonzero(age >= 85)):
        site[person], team[person] = "care", f"{at // 12}"
    names = np.unique(site[site != ""])
    kinds = [{"s": SiteKind.PRIMARY, "w": SiteKind.WORKPLACE, "c": SiteKind.CARE_HOME}[name[0]] for name in names]
    sectors = [2 + int(name[1:]) % 5 if name[0] == "w" else 255 for name in names]
    houses = np.unique(household)
    first = hood[np.searchsorted(household, houses)]
    order = rng.permutation(persons) if shuffled else np.arange(persons)
    columns = {"age": age, "sex": age % 2 + 1, "household": household, "site": site, "team": team, "route": route}
    return city_from_lists(
        {name: column[order] for name, column in columns.items()},
        {"household": houses, "county": np.where(first < 3, "A", "B"), "neighbourhood": first},
        {"site": names, "kind": kinds, "sector": sectors},
        counties=(("A", "East"), ("B", "West")),
    )  # fmt: skip
