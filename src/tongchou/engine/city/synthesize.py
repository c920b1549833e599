"""A city of any size from census tables by county.

The order of work, county by county, then over the whole city:

1. persons by sex and single year of age, in the census's shares (``roles.people_by_year``)
2. those who live outside families, by rooms and buildings (``collective``)
3. households by type (``plan``), places by age and sex (``roles.fit_roles``), members (``homes``)
4. neighbourhoods and grid cells (``layout``)
5. who studies (``schools.enrol``), who works in which industry (``work.employ``) and county (``work.commute``)
6. schools with their teachers, care homes and prisons with their staff, hospitals, firms (``schools``, ``closed``, ``work``)
7. parties on the way to work (``routes``)

Every step of every county draws from a stream of its own: the same census, figures, size and seed give the same city.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from tongchou.engine.city.sites import Index, Sites
from tongchou.engine.city.work import commute, employ, form_firms, work_county

LEAST_PERSONS = 100
MOST_PERSONS = 2_000_000_000


def synthesize_city(census: Census, *, people: int, seed: int) -> City:
    """A city of ``people`` persons with the counties, ages, households and industries of ``census``.

    Counties keep their shares of the population. ``City.notes`` holds the census table it was made from, households by
    generations as planned ([C][4]), and what could not be met: ``misplaced`` persons stand in a household place that their
    age or sex did not fit, ``persons_missed`` had to live alone because no household type was left for them, ``without_employment`` counties stand with the employment
    of the others because the table has none of theirs. Raises CityFault for
    a size that cannot be or a census that contradicts itself.
    """
    census, unsampled = census.check().completed()
    least = LEAST_PERSONS * len(census.counties)
    if not least <= people <= MOST_PERSONS:
        raise CityFault(f"人数应在 {least} 到 {MOST_PERSONS} 之间", f"people must be from {least} to {MOST_PERSONS}")
    shares = share_out(people, np.array([county.population for county in census.counties]))
    types = read_types(census.figures)
    built = _Built(census, seed, shares)
    for number, county in enumerate(census.counties):
        built.settle_county(number, county, types)
    return _spend_days(built, unsampled)


@dataclass(eq=False)
class _Built:
    """Homes of the counties that are done."""

    census: Census
    seed: int
    shares: Counts
    dwellings: list[Dwellings] = field(default_factory=list)
    hoods: list[Index] = field(default_factory=list)
    grids: list[Index] = field(default_factory=list)
    generations: list[list[int]] = field(default_factory=list)
    misplaced: int = 0
    persons_missed: int = 0

    def settle_county(self, number: int, county: CountyCensus, types: Types) -> None:
        chance = stream(self.seed, Purpose.CITY_HOUSEHOLD, number)
        persons = int(self.shares[number])
        pool = people_by_year(county, persons)
        outside = persons - round(persons * county.people_in_households / county.population)
        rooms = take_collective(pool, outside, self.census.figures, chance)
        families = self._families(county, pool, types, chance)
        homes = settle(join([families, rooms]), stream(self.seed, Purpose.CITY_ORDER, number))
        hoods, grids = cut_areas(homes.size, self.census.figures, stream(self.seed, Purpose.CITY_NEIGHBOURHOOD, number))
        self.dwellings.append(homes)
        self.hoods.append(hoods)
        self.grids.append(grids)

    def _families(self, county: CountyCensus, pool: Counts, types: Types, chance: np.random.Generator) -> Dwellings:
        persons = int(pool.sum())
        count = max(1, round(persons / county.mean_size))
        by_generation = share_out(count, county.generations)
        singles = min(round(count * county.households_of_one / county.households), int(by_generation[0]))
        by_generation[0] -= singles
        at_home = float((pool.sum(axis=0) * curve(self.census.figures["household"]["child_at_home"])).sum())
        minors = int(pool[:, AGES < GROWN].sum())
        counts = plan_types(types, by_generation, persons=persons - singles, children=at_home, least_children=minors)
        # Types that cannot hold everybody leave a few over, or want a few too many: singles take up the difference.
        planned = int(counts @ types.size)
        self.persons_missed += abs(persons - singles - planned)
        singles = persons - planned
        self.generations.append([int(counts[types.generations == many].sum()) + singles * (many == 1) for many in (1, 2, 3, 4)])
        filled, misfits = fill_homes(pool, types, counts, singles, self.census.figures, chance)
        self.misplaced += misfits
        size = np.diff(filled.start)
        kind = np.full(len(size), int(HouseholdKind.FAMILY), np.uint8)
        return Dwellings(filled.age, filled.sex, size, kind, np.full(len(size), -1))


def _spend_days(built: _Built, unsampled: list[str]) -> City:
    census, seed = built.census, built.seed
    places = _places(built)
    age, sex, dwelling, building = (places.pop(name) for name in ("age", "sex", "dwelling", "building"))
    spans = list(zip(places["county_start"][:-1].tolist(), places["county_start"][1:].tolist(), strict=True))
    home = np.repeat(np.arange(len(places["neighbourhood_county"]), dtype=np.int32), np.diff(places["neighbourhood_start"]))
    school_age, sector, county = _occupations(census, seed, spans, age, sex, dwelling)
    sites = Sites()
    rolls = _rolls(census, seed, spans, school_age, dwelling, home, sites)
    by_sector = _workers(seed, len(spans), sector, county)
    old_enough = age >= census.figures["school"]["youngest_teacher"]
    teachers = [workers[EDUCATION][old_enough[workers[EDUCATION]]] for workers in by_sector]
    staffed, left = staff_schools(rolls, places["neighbourhood_county"], teachers, census.figures)
    for batch in staffed:
        sites.add(batch)
    for here, (workers, span) in enumerate(zip(by_sector, spans, strict=True)):
        workers[EDUCATION] = np.concatenate([left[here], workers[EDUCATION][~old_enough[workers[EDUCATION]]]])
        for batch in form_closed(dwelling, building, span, workers, home, census.figures):
            sites.add(batch)
        _firms(census, seed, here, span, workers, home, sites)
    day = sites.arrays(len(age), places["neighbourhood_county"])
    group_site = np.repeat(np.arange(len(day["site_kind"]), dtype=np.int32), np.diff(day["site_group_start"]))
    works = (sector < len(SECTORS)) & (day["group"] >= 0)
    away = np.where(works, day["site_neighbourhood"][group_site[np.maximum(day["group"], 0)]], np.int32(-1)) if len(group_site) else np.full(len(age), -1, np.int32)
    route, route_start, route_members = form_routes(home, away, townships(places["neighbourhood_county"], census.figures), census.figures, stream(seed, Purpose.CITY_ROUTE))
    counties = tuple(County(county.code, county.name, high - low) for county, (low, high) in zip(census.counties, spans, strict=True))
    return City(
        age=age, sex=sex, **places, **day, route=route, route_start=route_start, route_members=route_members,
        counties=counties, source=census.source, seed=seed,
        notes={
            "misplaced": built.misplaced, "persons_missed": built.persons_missed, "generations": built.generations,
            "without_employment": unsampled, "census": census.stated(),
        },
    )  # fmt: skip


def _places(built: _Built) -> dict[str, Any]:
    whole = join(built.dwellings)
    size = whole.size
    before = np.concatenate(([0], np.cumsum(built.shares)))

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
        "grid_start": starts(built.grids),
        "neighbourhood_start": starts(built.hoods),
        "neighbourhood_county": np.repeat(np.arange(len(built.hoods)), [len(part) - 1 for part in built.hoods]).astype(np.uint16),
        "county_start": before.astype(np.int32),
    }


def _occupations(census: Census, seed: int, spans: list[tuple[int, int]], age: Any, sex: Any, dwelling: Any) -> tuple[Any, Any, Any]:
    """School age, sector and county of work of every person."""
    school_age = np.empty(len(age), np.int8)
    sector, works_in = np.empty(len(age), np.uint8), np.empty(len(age), np.uint16)
    flow = commute(census, census.figures)
    for number, ((low, high), county) in enumerate(zip(spans, census.counties, strict=True)):
        part = slice(low, high)
        school_age[part] = enrol(age[part], dwelling[part], census.figures, stream(seed, Purpose.CITY_SCHOOL, number))
        chance = stream(seed, Purpose.CITY_EMPLOYED, number)
        sector[part] = employ(county, age[part], sex[part], dwelling[part], school_age[part] >= 0, census.figures, chance)
        works_in[part] = work_county(flow, sector[part], number, stream(seed, Purpose.CITY_AREA, number))
    return school_age, sector, works_in


def _rolls(census: Census, seed: int, spans: list[tuple[int, int]], school_age: Any, dwelling: Any, home: Any, sites: Sites) -> list[Rolls]:
    """Schools of every kind; colleges are the city's, the other kinds are the county's."""
    boards = dwelling == HouseholdKind.STUDENT_DORMITORY
    rolls = []
    for kind, pupils in school_of_age(school_age, census.figures).items():
        if kind == SiteKind.COLLEGE:
            rolls.append(form_schools(kind, pupils, school_age, boards, home, census.figures, stream(seed, Purpose.CITY_CLASS, int(kind))))
            continue
        for number, (low, high) in enumerate(spans):
            here = pupils[np.searchsorted(pupils, low) : np.searchsorted(pupils, high)]
            chance = stream(seed, Purpose.CITY_CLASS, int(kind) + 16 * (number + 1))
            rolls.append(form_schools(kind, here, school_age, boards, home, census.figures, chance))
    return rolls


def _workers(seed: int, counties: int, sector: Any, works_in: Any) -> list[dict[int, Index]]:
    """Workers of each county by sector, each in an order by lot."""
    everybody = np.flatnonzero(sector < len(SECTORS))
    everybody = everybody[np.argsort(works_in[everybody], kind="stable")]
    edges = np.searchsorted(works_in[everybody], np.arange(counties + 1))
    found = []
    for county in range(counties):
        here = everybody[edges[county] : edges[county + 1]]
        here = here[np.argsort(stream(seed, Purpose.CITY_SECTOR, county).random(len(here), dtype=np.float32), kind="stable")]
        of = sector[here]
        found.append({number: here[of == number] for number in range(len(SECTORS))})
    return found


def _firms(census: Census, seed: int, county: int, span: tuple[int, int], workers: dict[int, Index], home: Any, sites: Sites) -> None:
    for sector, people in workers.items():
        chance = stream(seed, Purpose.CITY_SITE_SIZE, county * 32 + sector)
        if sector == HEALTH:
            many = round(len(people) * census.figures["work"]["hospital"]["share"])
            sites.add(form_firms(SiteKind.HOSPITAL, sector, people[:many], span, home, census.figures, chance))
            people = people[many:]
        sites.add(form_firms(SiteKind.WORKPLACE, sector, people, span, home, census.figures, chance))
