"""A city of any size from census tables by county.

The order of work, county by county, then over the whole city:

1. persons by sex and single year of age, in the census's shares (``roles.people_by_year``)
2. those who live outside families, by rooms and buildings (``collective``)
3. households by type (``plan``), places by age and sex (``roles.fit_roles``), members (``homes``)
4. neighbourhoods and grid cells (``layout``)
5. who studies (``schools.enrol``), who works in which industry (``work.employ``) and county (``work.commute``)
6. schools with their teachers, care homes and prisons with their staff, hospitals, firms (``schools``, ``closed``, ``work``)
7. parties on the way to work (``routes``)

Every step of every county draws from a stream of its own: the same census, figures, size and seed give the same city,
whatever the number of threads that share the counties.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.chance import Purpose, stream
from tongchou.engine.city.census import Census, Counts, CountyCensus, share_out
from tongchou.engine.city.closed import form_closed
from tongchou.engine.city.collective import Dwellings, take_collective
from tongchou.engine.city.homes import fill_homes
from tongchou.engine.city.kinds import EDUCATION, HEALTH, SECTORS, HouseholdKind, SiteKind
from tongchou.engine.city.layout import cut_areas, join, settle
from tongchou.engine.city.model import City, CityFault, County
from tongchou.engine.city.plan import Types, plan_types, read_types
from tongchou.engine.city.roles import AGES, GROWN, curve, people_by_year
from tongchou.engine.city.routes import form_routes, townships
from tongchou.engine.city.schools import Rolls, enrol, form_schools, school_of_age, staff_schools
from tongchou.engine.city.sites import Batch, Index, Sites, by_lot
from tongchou.engine.city.work import commute, employ, form_firms, work_county

LEAST_PERSONS = 100
MOST_PERSONS = 2_000_000_000


def synthesize_city(census: Census, *, people: int, seed: int, threads: int = 1) -> City:
    """A city of ``people`` persons with the counties, ages, households and industries of ``census``.

    ``threads`` work at once, a county each. Counties keep their shares of the population. ``City.notes`` holds the census table it was made from, households by
    generations as planned ([C][4]), and what could not be met: ``misplaced`` persons stand in a household place that their
    age or sex did not fit, ``persons_missed`` had to live alone because no household type was left for them, ``without_employment`` counties stand with the employment
    of the others because the table has none of theirs. Raises CityFault for
    a size that cannot be or a census that contradicts itself.
    """
    census, unsampled = census.check().completed()
    least = LEAST_PERSONS * len(census.counties)
    if not least <= people <= MOST_PERSONS:
        raise CityFault(f"人数应在 {least} 到 {MOST_PERSONS} 之间", f"people must be from {least} to {MOST_PERSONS}")
    population = np.array([county.population for county in census.counties])
    shares = share_out(people, population)
    if not shares.all():
        name, enough = census.counties[int(np.argmin(population))].name, -(-int(population.sum()) // int(population.min()))
        raise CityFault(
            f"人数 {people} 太少，{name} 分不到一个人：请给出至少 {enough} 人，或从普查表中去掉该区县",
            f"{people} people leave nobody for {name}; ask for {enough} at least, or leave that county out of the table",
        )
    types = read_types(census.figures)
    numbers = range(len(census.counties))
    with ThreadPoolExecutor(threads) as pool:
        settled = list(pool.map(lambda number: _settle_county(census, seed, int(shares[number]), number, types), numbers))
        return _spend_days(census, seed, shares, settled, unsampled, pool)


@dataclass(eq=False)
class _Settled:
    """Homes of a county. [K] households; ``hoods`` and ``grids`` say where neighbourhoods and cells begin; the notes of ``City``."""

    homes: Dwellings
    hoods: Index
    grids: Index
    generations: list[int]
    misplaced: int
    persons_missed: int


def _settle_county(census: Census, seed: int, persons: int, number: int, types: Types) -> _Settled:
    county, chance = census.counties[number], stream(seed, Purpose.CITY_HOUSEHOLD, number)
    pool = people_by_year(county, persons)
    outside = persons - round(persons * county.people_in_households / county.population)
    rooms = take_collective(pool, outside, census.figures, chance)
    families, generations, misplaced, missed = _families(census, county, pool, types, chance)
    homes = settle(join([families, rooms]), stream(seed, Purpose.CITY_ORDER, number))
    hoods, grids = cut_areas(homes.size, census.figures, stream(seed, Purpose.CITY_NEIGHBOURHOOD, number))
    return _Settled(homes, hoods, grids, generations, misplaced, missed)


def _families(
    census: Census, county: CountyCensus, pool: Counts, types: Types, chance: np.random.Generator
) -> tuple[Dwellings, list[int], int, int]:
    """Family households of a county; households by generations, persons misplaced, persons missed."""
    persons = int(pool.sum())
    count = max(1, round(persons / county.mean_size))
    by_generation = share_out(count, county.generations)
    singles = min(round(count * county.households_of_one / county.households), int(by_generation[0]))
    by_generation[0] -= singles
    at_home = float((pool.sum(axis=0) * curve(census.figures["household"]["child_at_home"])).sum())
    minors = int(pool[:, AGES < GROWN].sum())
    counts = plan_types(types, by_generation, persons=persons - singles, children=at_home, least_children=minors)
    # Types that cannot hold everybody leave a few over, or want a few too many: singles take up the difference.
    planned = int(counts @ types.size)
    missed = abs(persons - singles - planned)
    while planned > persons:
        most = int(np.argmax(counts))
        counts[most] -= min(int(counts[most]), -(-(planned - persons) // int(types.size[most])))
        planned = int(counts @ types.size)
    singles = persons - planned
    generations = [int(counts[types.generations == many].sum()) + singles * (many == 1) for many in (1, 2, 3, 4)]
    filled, misplaced = fill_homes(pool, types, counts, singles, census.figures, chance)
    size = np.diff(filled.start)
    kind = np.full(len(size), int(HouseholdKind.FAMILY), np.uint8)
    return Dwellings(filled.age, filled.sex, size, kind, np.full(len(size), -1)), generations, misplaced, missed


@dataclass(frozen=True, eq=False)
class _Persons:
    """[N] each: ``dwelling`` the kind of the household, ``building`` -1 for a home that stands by itself."""

    age: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    dwelling: NDArray[np.uint8]
    building: NDArray[np.int32]


def _spend_days(census: Census, seed: int, shares: Counts, settled: list[_Settled], unsampled: list[str], pool: Executor) -> City:
    notes = {
        "misplaced": sum(one.misplaced for one in settled), "persons_missed": sum(one.persons_missed for one in settled),
        "generations": [one.generations for one in settled], "without_employment": unsampled, "census": census.stated(),
    }  # fmt: skip
    places = _places(shares, settled)
    persons = _Persons(*(places.pop(name) for name in ("age", "sex", "dwelling", "building")))
    hood_county, hood_start = places["neighbourhood_county"], places["neighbourhood_start"]
    spans = list(zip(places["county_start"][:-1].tolist(), places["county_start"][1:].tolist(), strict=True))
    home = np.repeat(np.arange(len(hood_county), dtype=np.int32), np.diff(hood_start))
    school_age, sector, works_in = _occupations(census, seed, spans, persons, pool)
    sites = _sites(census, seed, spans, persons, school_age, _workers(seed, len(spans), sector, works_in), home, hood_county, pool)
    age, sex = persons.age, persons.sex
    del persons, school_age, works_in
    day = sites.arrays(len(age), hood_county)
    working = np.flatnonzero((sector < len(SECTORS)) & (day["group"] >= 0))
    group_site = np.repeat(np.arange(len(day["site_kind"]), dtype=np.int32), np.diff(day["site_group_start"]))
    away = np.full(len(age), -1, np.int32)
    away[working] = day["site_neighbourhood"][group_site[day["group"][working]]]
    del working, sector
    chance = stream(seed, Purpose.CITY_ROUTE)
    route, route_start, route_members = form_routes(home, away, townships(hood_county, census.figures), census.figures, chance)
    counties = tuple(County(county.code, county.name, high - low) for county, (low, high) in zip(census.counties, spans, strict=True))
    return City(
        age=age, sex=sex, **places, **day, route=route, route_start=route_start, route_members=route_members,
        counties=counties, source=census.source, seed=seed, notes=notes,
    )  # fmt: skip


def _places(shares: Counts, settled: list[_Settled]) -> dict[str, Any]:
    """Where everybody lives; ``settled`` is used up."""
    hoods, grids = [one.hoods for one in settled], [one.grids for one in settled]
    whole = join([one.homes for one in settled])
    settled.clear()
    size = whole.size
    before = np.concatenate(([0], np.cumsum(shares)))

    def starts(parts: list[Index]) -> NDArray[np.int32]:
        inner = [part[:-1] + first for part, first in zip(parts, before[:-1], strict=True)]
        return np.concatenate([*inner, before[-1:]]).astype(np.int32)

    return {
        "age": whole.age,
        "sex": whole.sex,
        "dwelling": np.repeat(whole.kind, size),
        "building": np.repeat(whole.building.astype(np.int32), size),
        "household": np.repeat(np.arange(len(size), dtype=np.int32), size),
        "household_start": np.concatenate(([0], np.cumsum(size))).astype(np.int32),
        "household_kind": whole.kind,
        "grid_start": starts(grids),
        "neighbourhood_start": starts(hoods),
        "neighbourhood_county": np.repeat(np.arange(len(hoods)), [len(part) - 1 for part in hoods]).astype(np.uint16),
        "county_start": before.astype(np.int32),
    }


def _occupations(census: Census, seed: int, spans: list[tuple[int, int]], persons: _Persons, pool: Executor) -> tuple[Any, Any, Any]:
    """School age, sector and county of work of every person."""
    age, sex, dwelling = persons.age, persons.sex, persons.dwelling
    school_age = np.empty(len(age), np.int8)
    sector, works_in = np.empty(len(age), np.uint8), np.empty(len(age), np.uint16)
    flow = commute(census, census.figures)

    def occupy(number: int) -> None:
        part, county = slice(*spans[number]), census.counties[number]
        school_age[part] = enrol(age[part], dwelling[part], census.figures, stream(seed, Purpose.CITY_SCHOOL, number))
        chance = stream(seed, Purpose.CITY_EMPLOYED, number)
        sector[part] = employ(county, age[part], sex[part], dwelling[part], school_age[part] >= 0, census.figures, chance)
        works_in[part] = work_county(flow, sector[part], number, stream(seed, Purpose.CITY_AREA, number))

    list(pool.map(occupy, range(len(spans))))
    return school_age, sector, works_in


def _sites(
    census: Census, seed: int, spans: list[tuple[int, int]], persons: _Persons, school_age: Any, by_sector: list[dict[int, Index]],
    home: Any, hood_county: Any, pool: Executor,
) -> Sites:  # fmt: skip
    """Schools with their teachers, then county by county institutions and firms. ``by_sector`` as of ``_workers`` (changed)."""
    sites, dwelling = Sites(), persons.dwelling
    rolls = _rolls(census, seed, spans, school_age, dwelling, home, pool)
    old_enough = persons.age >= census.figures["school"]["youngest_teacher"]
    teachers = [workers[EDUCATION][old_enough[workers[EDUCATION]]] for workers in by_sector]
    staffed, left = staff_schools(rolls, hood_county, teachers, census.figures)
    for batch in staffed:
        sites.add(batch)

    def batches_of(here: int) -> list[Batch]:
        workers, span = by_sector[here], spans[here]
        workers[EDUCATION] = np.concatenate([left[here], workers[EDUCATION][~old_enough[workers[EDUCATION]]]])
        closed = form_closed(dwelling, persons.building, span, workers, home, census.figures)
        found = closed + _firms(census, seed, here, span, workers, home)
        workers.clear()
        return found

    for batches in pool.map(batches_of, range(len(spans))):
        for batch in batches:
            sites.add(batch)
    return sites


def _rolls(census: Census, seed: int, spans: list[tuple[int, int]], school_age: Any, dwelling: Any, home: Any, pool: Executor) -> list[Rolls]:
    """Schools of every kind; colleges are the city's, the other kinds are the county's."""
    boards = dwelling == HouseholdKind.STUDENT_DORMITORY
    tasks: list[tuple[SiteKind, Index, int]] = []
    for kind, pupils in school_of_age(school_age, census.figures).items():
        if kind == SiteKind.COLLEGE:
            tasks.append((kind, pupils, int(kind)))
            continue
        for number, (low, high) in enumerate(spans):
            here = pupils[np.searchsorted(pupils, low) : np.searchsorted(pupils, high)]
            tasks.append((kind, here, int(kind) + 16 * (number + 1)))

    def form(task: tuple[SiteKind, Index, int]) -> Rolls:
        kind, pupils, index = task
        return form_schools(kind, pupils, school_age, boards, home, census.figures, stream(seed, Purpose.CITY_CLASS, index))

    return list(pool.map(form, tasks))


def _workers(seed: int, counties: int, sector: Any, works_in: Any) -> list[dict[int, Index]]:
    """Workers of each county by sector, each in an order by lot."""
    everybody = np.flatnonzero(sector < len(SECTORS)).astype(np.int32)
    everybody = everybody[np.argsort(works_in[everybody], kind="stable")]
    edges = np.searchsorted(works_in[everybody], np.arange(counties + 1))
    found = []
    for county in range(counties):
        here = everybody[edges[county] : edges[county + 1]]
        here = here[by_lot(stream(seed, Purpose.CITY_SECTOR, county), len(here))]
        of = sector[here]
        found.append({number: here[of == number] for number in range(len(SECTORS))})
    return found


def _firms(census: Census, seed: int, county: int, span: tuple[int, int], workers: dict[int, Index], home: Any) -> list[Batch]:
    found = []
    for sector, people in workers.items():
        chance = stream(seed, Purpose.CITY_SITE_SIZE, county * 32 + sector)
        if sector == HEALTH:
            many = round(len(people) * census.figures["work"]["hospital"]["share"])
            found.append(form_firms(SiteKind.HOSPITAL, sector, people[:many], span, home, census.figures, chance))
            people = people[many:]
        found.append(form_firms(SiteKind.WORKPLACE, sector, people, span, home, census.figures, chance))
    return found
