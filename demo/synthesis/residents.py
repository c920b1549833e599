"""The residents of one county as arrays: whole households in villages, with names, numbers and work.

Deterministic by (seed, county): the same arguments give the same people on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from demo.synthesis import ages, homes, names, numbers
from demo.synthesis.census import INDUSTRIES, CountyCensus, spread

RELATIONS = ("head", "spouse", "child", "parent", "grandchild", "other")
_WORKING_AGES = (16, 70)
_PHONE_FROM_AGE = 13
# Shares registered elsewhere, assumptions of ours: the extract has no such column.
_REGISTERED_NEAR, _REGISTERED_FAR = 0.12, 0.04


@dataclass(frozen=True)
class Village:
    """A place to live: 12-digit path, and whether the statistics bureau counts it as urban."""

    path: str
    name: str
    urban: bool


@dataclass(frozen=True)
class Residents:
    """Columns of one county. Household columns first, then one value a person in the order of households."""

    county: str
    home_village: np.ndarray
    home_size: np.ndarray
    home_kind: np.ndarray
    home: np.ndarray
    age: np.ndarray
    sex: np.ndarray
    relation: np.ndarray
    name: np.ndarray
    born_on: np.ndarray
    id_no: np.ndarray
    phone: np.ndarray
    registered: np.ndarray
    industry: np.ndarray

    def __len__(self) -> int:
        return len(self.home)


def apportion(counties: Sequence[CountyCensus], persons: int) -> list[int]:
    """How many of ``persons`` each county gets, by its census population."""
    return spread(persons, np.array([county.persons for county in counties])).tolist()


def synthesize_residents(
    census: CountyCensus, villages: Sequence[Village], persons: int, *, seed: int, lane: int, lanes: int, on: date
) -> Residents:
    """Invent the residents of one county.

    Args:
        villages: where they live; urban and rural residents go to urban and rural villages.
        persons: how many; ages, sexes and household sizes are scaled from the census.
        lane, lanes: the county's place among the counties of one city (numbers never collide).
        on: the day on which the ages hold.
    """
    if not villages:
        raise ValueError(f"{census.code}：没有可居住的村社区 / no village to live in")
    chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int(census.code)])))
    plan = homes.plan_homes(census, persons, chance)
    age, sex = ages.assign(plan, ages.draw_counts(census, persons), chance)
    village = _villages(census, villages, plan, chance)
    order = np.argsort(village, kind="stable")
    plan, age, sex, village = _sorted(plan, age, sex, village, order)
    born_on = _births(age, on, chance)
    registered = _registered(census.code, len(age), chance)
    prefix = _mapped(registered, numbers.unissued_prefix)
    serial = np.arange(len(age), dtype=np.int64) + lane * (numbers.PHONES // lanes)
    phone = np.where(_has_phone(age, chance), numbers.phones(serial), "")
    return Residents(
        county=census.code,
        home_village=village,
        home_size=plan.size,
        home_kind=plan.kind,
        home=plan.home,
        age=age,
        sex=sex,
        relation=_relations(plan),
        name=_names(plan, sex, chance),
        born_on=born_on,
        id_no=numbers.id_numbers(prefix, born_on, sex, lane, lanes),
        phone=phone,
        registered=registered,
        industry=_industries(census, age, chance),
    )


def _villages(
    census: CountyCensus, villages: Sequence[Village], plan: homes.Homes, chance: np.random.Generator
) -> np.ndarray:
    """A village index for each household: the census's urban share, spread over villages by weights we invent."""
    urban = np.array([village.urban for village in villages])
    weight = chance.lognormal(0.0, 0.5, len(villages))
    share = np.zeros(len(villages))
    for which, people in ((urban, census.urban), (~urban, census.rural)):
        if which.any():
            share[which] = weight[which] / weight[which].sum() * people
    if share.sum() == 0:
        share[:] = 1
    counts = spread(len(plan.kind), share)
    return chance.permutation(np.repeat(np.arange(len(villages)), counts))


def _sorted(
    plan: homes.Homes, age: np.ndarray, sex: np.ndarray, village: np.ndarray, order: np.ndarray
) -> tuple[homes.Homes, np.ndarray, np.ndarray, np.ndarray]:
    """Households by village, so that a chunk of rows is a few villages and families stay together."""
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    people = np.argsort(position[plan.home], kind="stable")
    sorted_plan = homes.Homes(plan.kind[order], plan.size[order], position[plan.home[people]], plan.role[people])
    return sorted_plan, age[people], sex[people], village[order]


def _births(age: np.ndarray, on: date, chance: np.random.Generator) -> np.ndarray:
    """Birth dates of people who have completed ``age`` years on the day ``on``."""
    latest = np.array(on, dtype="datetime64[D]")
    years = latest.astype("datetime64[Y]").astype(int) + 1970 - age
    # 365 days back from the birthday at the latest: day counts, so that 29 February needs no case of its own.
    birthday = _same_day(years, on)
    return birthday - chance.integers(0, 365, len(age)).astype("timedelta64[D]")


def _same_day(years: np.ndarray, on: date) -> np.ndarray:
    month_start = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + np.timedelta64(on.month - 1, "M")
    return month_start.astype("datetime64[D]") + np.timedelta64(min(on.day, 28) - 1, "D")


def _registered(county: str, count: int, chance: np.random.Generator) -> np.ndarray:
    """County of registration (6 digits): mostly their own, some elsewhere in the province, some in other provinces."""
    draw = chance.random(count)
    registered = np.full(count, county, dtype="<U6")
    near = [code for code in numbers.ELSEWHERE_IN_PROVINCE if code != county]
    registered[draw < _REGISTERED_NEAR] = chance.choice(near, int((draw < _REGISTERED_NEAR).sum()))
    far = (draw >= _REGISTERED_NEAR) & (draw < _REGISTERED_NEAR + _REGISTERED_FAR)
    registered[far] = chance.choice(numbers.OTHER_PROVINCES, int(far.sum()))
    return registered


def _mapped(values: np.ndarray, function) -> np.ndarray:
    different, index = np.unique(values, return_inverse=True)
    return np.array([function(value) for value in different.tolist()], dtype="<U6")[index]


def _has_phone(age: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    draw = chance.random(len(age))
    return (age >= _PHONE_FROM_AGE) & ((age < 80) | (draw < 0.6))


def _relations(plan: homes.Homes) -> np.ndarray:
    """Index into ``RELATIONS``; in three generations the couple in the middle heads the household."""
    table = np.zeros(7, dtype=np.int64)
    table[homes.SPOUSE], table[homes.CHILD], table[homes.LODGER] = 1, 2, 5
    table[homes.ELDER_MAN] = table[homes.ELDER_WOMAN] = 3
    return table[plan.role]


def _names(plan: homes.Homes, sex: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Children and grandfathers have the head's surname; wives, grandmothers and lodgers their own."""
    own = names.draw_surnames(len(sex), chance)
    family = names.draw_surnames(len(plan.kind), chance)[plan.home]
    shared = ~np.isin(plan.role, (homes.SPOUSE, homes.ELDER_WOMAN, homes.LODGER))
    return np.char.add(np.where(shared, family, own), names.draw_given_names(sex, chance))


def _industries(census: CountyCensus, age: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Index into ``INDUSTRIES`` of those who work, -1 for the others; as many as the county's share of 15 and over."""
    industry = np.full(len(age), -1, dtype=np.int64)
    able = np.flatnonzero((age >= _WORKING_AGES[0]) & (age < _WORKING_AGES[1]))
    workers = min(len(able), round(census.employed_share * int((age >= 15).sum())))
    chosen = chance.choice(able, size=workers, replace=False)
    if census.industries.sum():
        industry[chosen] = np.repeat(np.arange(len(INDUSTRIES)), spread(workers, census.industries))
    return industry
