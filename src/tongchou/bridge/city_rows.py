"""The city of the ledgers as arrays: residents, households and workplaces, for the questions that the engine answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db.models import Q, QuerySet

from tongchou import areas
from tongchou.engine.city import NO_SECTOR, SECTORS, City, HouseholdKind, SiteKind, city_from_lists
from tongchou.people.models import Household, Person
from tongchou.places.models import Place
from tongchou.refusal import Refusal

COUNTY, VILLAGE, GRID = 6, 12, 15
_SEX: Final[Mapping[str, int]] = {Person.Sex.MALE: 1, Person.Sex.FEMALE: 2}
_SITE_KINDS: Final[Mapping[str, SiteKind]] = {
    "kindergarten": SiteKind.KINDERGARTEN, "school": SiteKind.PRIMARY, "hospital": SiteKind.HOSPITAL, "clinic": SiteKind.HOSPITAL,
    "care_home": SiteKind.CARE_HOME, "welfare": SiteKind.CARE_HOME, "prison": SiteKind.PRISON, "shelter": SiteKind.OTHER_CLOSED,
    "psychiatric": SiteKind.OTHER_CLOSED,
}  # fmt: skip
_SECTOR_OF_TYPE: Final[Mapping[str, int]] = {
    "farm": 0, "mine": 1, "factory": 2, "construction_site": 4, "market": 5, "supermarket": 5, "mall": 5, "daily_shop": 5,
    "pharmacy": 5, "station": 6, "restaurant": 7, "hotel": 7, "school": 15, "kindergarten": 15, "hospital": 16, "clinic": 16,
    "care_home": 16, "welfare": 16, "psychiatric": 16, "gym": 17, "cinema": 17, "ktv": 17, "service_hall": 18, "prison": 18,
}  # fmt: skip
_INDUSTRIES = {zh: number for number, (zh, _en) in enumerate(SECTORS)}


@dataclass(frozen=True)
class LedgerCity:
    """A city and who of the ledger is not in it."""

    city: City
    person_ids: tuple[str, ...]
    """the ledger's person of each row that ``City.row`` names"""
    without_birth: int
    """persons left out because their day of birth is unknown"""
    without_sex: int
    """persons of unknown sex: they stand as men and women in turn"""
    households_without_people: int
    """households on record in the area that nobody in the city belongs to"""
    sites_without_people: int
    """places on record in the area, not closed by the day, that are nobody's workplace"""

    @property
    def left_out(self) -> dict[str, int]:
        """The four counts by name."""
        return {
            "without_birth": self.without_birth, "without_sex": self.without_sex,
            "households_without_people": self.households_without_people, "sites_without_people": self.sites_without_people,
        }  # fmt: skip


def read_city(day: date, *, area: str = "") -> LedgerCity:
    """Everybody who lives in ``area`` (a path; the whole city where empty) as the ledger has it, with ages of ``day``.

    A person without a household lives alone. The neighbourhood is the village or community of the address, the site is the
    workplace on record, its sector the industry that most of its people name, else that of its type. Households and
    places on record without people are counted. Raises Refusal where nobody with a day of birth lives there.
    """
    people = Person.objects.filter(status=Person.Status.LIVING)
    if area:
        people = people.filter(areas.within("area_path", area))
    columns: dict[str, list[Any]] = {"age": [], "sex": [], "household": [], "site": []}
    lived: dict[str, str] = {}
    ids: list[str] = []
    named: dict[str, Counter[int]] = {}
    without_birth = without_sex = 0
    rows = people.order_by("area_path", "household_id", "id").values_list(
        "id", "sex", "born_on", "household_id", "area_path", "workplace_id", "industry"
    )
    for person, sex, born_on, household, path, workplace, industry in rows.iterator(chunk_size=20_000):
        if born_on is None or born_on > day:
            without_birth += 1
            continue
        without_sex += sex not in _SEX
        columns["sex"].append(_SEX.get(sex, 1 + without_sex % 2))
        columns["age"].append(min(day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day)), 150))
        home = str(household or person)
        lived.setdefault(home, path)
        columns["household"].append(home)
        columns["site"].append(str(workplace or ""))
        if workplace and industry in _INDUSTRIES:
            named.setdefault(str(workplace), Counter())[_INDUSTRIES[industry]] += 1
        ids.append(str(person))
    if not ids:
        raise Refusal("该地区没有登记出生日期的居民", "nobody with a day of birth is on record there", code="no_residents", field="area")
    used = sorted({path[:COUNTY] for path in lived.values()})
    counties = [(path, areas.name_of(path, day)) for path in used]
    city = city_from_lists(columns, _households(lived), _sites(columns["site"], named), counties=counties, source=f"ledgers, {day}")
    open_places = Place.objects.filter(Q(closed_on=None) | Q(closed_on__gt=day))
    empty = (_unused(Household.objects.all(), area, lived), _unused(open_places, area, columns["site"]))
    found = LedgerCity(city, tuple(ids), without_birth, without_sex, *empty)
    return replace(found, city=replace(city, notes={**city.notes, **found.left_out}))


def _unused(rows: QuerySet[Any], area: str, used: Iterable[str]) -> int:
    """Rows in the area that are not among those used."""
    known = set(used)
    chosen = rows.filter(areas.within("area_path", area)) if area else rows
    return sum(str(row) not in known for row in chosen.order_by().values_list("id", flat=True).iterator(chunk_size=20_000))


def _households(lived: Mapping[str, str]) -> dict[str, list[Any]]:
    """Homes in order of their first person, who says where they are."""
    collective = {
        str(row) for row in Household.objects.exclude(kind=Household.Kind.FAMILY).values_list("id", flat=True).iterator(chunk_size=20_000)
    }  # fmt: skip
    return {
        "household": list(lived),
        "county": [path[:COUNTY] for path in lived.values()],
        "neighbourhood": [path[:VILLAGE] for path in lived.values()],
        "grid": [path[:GRID] for path in lived.values()],
        "kind": [int(HouseholdKind.OTHER_CLOSED if home in collective else HouseholdKind.FAMILY) for home in lived],
    }


def _sites(of_person: list[str], named: Mapping[str, Counter[int]]) -> dict[str, list[Any]]:
    used = sorted({site for site in of_person if site})
    kind_of = {str(place): key for place, key in Place.objects.values_list("id", "type_key").iterator(chunk_size=20_000)}
    keys = [kind_of[site] for site in used]
    return {
        "site": used,
        "kind": [int(_SITE_KINDS.get(key, SiteKind.WORKPLACE)) for key in keys],
        "sector": [named[site].most_common(1)[0][0] if site in named else _SECTOR_OF_TYPE.get(key, NO_SECTOR) for site, key in zip(used, keys, strict=True)],
    }
