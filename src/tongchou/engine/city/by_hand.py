"""A city from lists: real households and firms as columns, or a few lines written by hand in a test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.kinds import NO_SECTOR, SECTORS, HouseholdKind, SiteKind
from tongchou.engine.city.model import OLDEST, City, CityFault, County, Ints

Columns = Mapping[str, Sequence[Any] | NDArray[Any]]
LEFT_OUT = ("households_without_people", "sites_without_people", "teams_without_site")
"""Keys of ``City.notes`` that say which rows of the lists are not in the city."""


def city_from_lists(
    persons: Columns,
    households: Columns | None = None,
    sites: Columns | None = None,
    *,
    counties: Sequence[tuple[str, str]] = (("", ""),),
    source: str = "lists",
) -> City:
    """A ``City`` from columns of equal length; keys may be any texts or numbers.

    persons
        ``age`` (years), ``sex`` (1 male, 2 female), ``household`` (key); and where known ``site`` (key of where the day
        is spent), ``team`` (key inside the site: class, shift, ward; without it the whole site is one group), ``route``
        (key of the line ridden). An empty text, None or -1 as a site, team or route is none.
    households
        ``household`` (key) and where known ``county`` (a code of ``counties``), ``neighbourhood`` (key), ``grid`` (key),
        ``kind`` (``HouseholdKind``). Without the list all live in one neighbourhood of the first county.
    sites
        ``site`` (key) and where known ``kind`` (``SiteKind``), ``sector`` (0..18 or ``NO_SECTOR``), ``neighbourhood``
        (key; without one the site stands where most of its people live). Without the list every site is a workplace.

    Persons keep the order of the list except that those who live together are moved together; ``City.row`` says which
    row each person was. What the lists have and the city has not is counted in ``City.notes``:
    ``households_without_people`` and ``sites_without_people`` (rows of the lists that no person names), and
    ``teams_without_site`` (persons whose team is named and whose site is not: they spend the day in no group). Raises
    CityFault where a key has no row, a figure is out of range or a column is missing.
    """
    if not counties:
        raise CityFault("请至少给出一个区县", "give one county at least")
    count = _length(persons, "persons", ("age", "sex", "household"))
    if not count:
        raise CityFault("名单中没有人：请至少给出一人", "the list has no persons; give one at least")
    age, sex = _figures(persons["age"], "age", 0, 150), _figures(persons["sex"], "sex", 1, 2)
    homes = _Homes(persons, households, [code for code, _name in counties])
    order = np.lexsort((np.arange(count), homes.rank[homes.of_row]))
    place = homes.places(order)
    groups = _Groups(persons, sites, order)
    sited = groups.sited(homes, place)
    route, route_start, route_members = _members(_codes(_column(persons, "route", count))[0][order])
    population = np.diff(place["county_start"]).tolist()
    return City(
        age=np.minimum(age, OLDEST).astype(np.uint8)[order], sex=sex.astype(np.uint8)[order], **place,
        group=groups.group, group_start=groups.start, group_members=groups.members, **sited,
        route=route, route_start=route_start, route_members=route_members, row=order.astype(np.int32),
        counties=tuple(County(code, name, people) for (code, name), people in zip(counties, population, strict=True)),
        source=source, notes=dict(zip(LEFT_OUT, (homes.empty, groups.empty, groups.teams_without_site), strict=True)),
    ).check()  # fmt: skip


def _length(columns: Columns, what: str, needed: tuple[str, ...]) -> int:
    for name in needed:
        if name not in columns:
            raise CityFault(f"{what} 缺少列 {name}", f"{what} has no column {name}")
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise CityFault(f"{what} 各列长度不同", f"the columns of {what} differ in length")
    return lengths.pop()


def _figures(column: Sequence[Any] | NDArray[Any], name: str, least: int, most: int) -> Ints:
    real = np.array([_real(value) for value in column], np.float64)
    wrong = ~np.isfinite(real) | (real != np.floor(real))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise CityFault(
            f"第 {row + 1} 行的 {name} 为 {column[row]!r}，应为整数", f"row {row + 1}: {name} is {column[row]!r}; it must be a whole number"
        )  # fmt: skip
    values = real.astype(np.int64)
    outside = (values < least) | (values > most)
    if outside.any():
        row = int(np.argmax(outside))
        raise CityFault(
            f"第 {row + 1} 行的 {name} 为 {values[row]}，应在 {least} 到 {most} 之间",
            f"row {row + 1}: {name} is {values[row]}; it must be from {least} to {most}",
        )
    return values.astype(np.int32)


def _real(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _column(columns: Columns, name: str, count: int) -> NDArray[Any]:
    """A column as texts; what is not there is empty."""
    if name not in columns:
        return np.full(count, "")
    given = [("" if value is None or value == -1 or value != value else str(value)) for value in columns[name]]
    return np.array(given, dtype=np.str_)


def _codes(keys: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Numbers for keys in order of their first mention, -1 for empty; and the keys in that order."""
    found, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    order = order[found[order] != ""]
    number = np.full(len(found), -1, np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    return number[inverse.reshape(-1)], found[order]


def _find(keys: NDArray[Any], known: NDArray[Any], what_zh: str, what_en: str) -> Ints:
    """The place of every key in ``known``."""
    place = {key: number for number, key in enumerate(known.tolist())}
    if len(place) != len(known):
        raise CityFault(f"{what_zh}名单中有重复的编号", f"the list of {what_en} names one twice")
    unknown = [key for key in keys.tolist() if key not in place]
    if unknown:
        raise CityFault(f"名单中没有{what_zh} {unknown[0]}", f"{what_en} {unknown[0]!r} is not in the list")
    return np.array([place[key] for key in keys.tolist()], np.int32)


def _members(of_person: Ints) -> tuple[Ints, Ints, Ints]:
    """(of_person renumbered without gaps, start, members) in order of the numbers."""
    numbers, inverse, counts = np.unique(of_person, return_inverse=True, return_counts=True)
    none = int(len(numbers) > 0 and numbers[0] < 0)
    renumbered = (inverse.reshape(-1) - none).astype(np.int32)
    members = np.argsort(renumbered, kind="stable").astype(np.int32)[int(counts[:none].sum()) :]
    return renumbered, _starts(counts[none:]), members


def _starts(counts: NDArray[Any]) -> Ints:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


class _Homes:
    """Where the rows live: household, grid, neighbourhood and county, in the order of a city."""

    def __init__(self, persons: Columns, households: Columns | None, codes: list[str]) -> None:
        of_person = _column(persons, "household", len(persons["age"]))
        if (of_person == "").any():
            row = int(np.argmax(of_person == "")) + 1
            raise CityFault(f"第 {row} 行没有填家庭户", f"row {row} names no household")
        self.of_row, mentioned = _codes(of_person)
        table = households or {"household": mentioned}
        count = _length(table, "households", ("household",))
        at = _find(mentioned, _column(table, "household", count), "家庭户", "household")
        self.empty = count - len(mentioned)
        county = _column(table, "county", count)[at]
        self.county = _find(np.where(county == "", codes[0], county), np.array(codes), "区县", "county")
        kind = table.get("kind", np.zeros(count, np.int32))
        self.kind = _figures(kind, "kind", 0, max(HouseholdKind)).astype(np.uint8)[at]
        self.neighbourhood, self.names = _codes_within(self.county, _column(table, "neighbourhood", count)[at])
        self.grid, _ = _codes_within(self.neighbourhood, _column(table, "grid", count)[at])
        order = np.lexsort((np.arange(len(at)), self.grid, self.neighbourhood, self.county))
        self.rank = np.empty(len(at), np.int32)
        self.rank[order] = np.arange(len(at), dtype=np.int32)
        self.order, self.counties = order, len(codes)

    def places(self, order: NDArray[Any]) -> dict[str, Any]:
        """The arrays of a ``City`` that say where its persons live."""
        household = self.rank[self.of_row][order]
        size = np.bincount(household, minlength=len(self.order))
        hood, grid = self.neighbourhood[self.order][household], self.grid[self.order][household]
        hoods = np.unique(hood, return_index=True)[1]
        by_county = np.bincount(self.county[self.order][household], minlength=self.counties)
        if (by_county == 0).any():
            raise CityFault("有的区县没有人：请从名单中去掉", "a county has no persons; leave it out of the list")
        self.position = hood[np.sort(hoods)]
        return {
            "household": household.astype(np.int32),
            "household_start": _starts(size),
            "household_kind": self.kind[self.order],
            "grid_start": _ranges(grid),
            "neighbourhood_start": _ranges(hood),
            "neighbourhood_county": self.county[self.order][household][np.sort(hoods)].astype(np.uint16),
            "county_start": _starts(by_county),
        }


def _codes_within(outer: Ints, keys: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Numbers for (outer, key) pairs; an empty key is the one nameless part of its outer area."""
    return _codes(np.array([f"{area}/{key}" for area, key in zip(outer.tolist(), keys.tolist(), strict=True)]))


def _ranges(numbers: NDArray[Any]) -> Ints:
    """Where runs of equal numbers begin, and the end."""
    return np.concatenate(([0], np.flatnonzero(np.diff(numbers)) + 1, [len(numbers)])).astype(np.int32)


class _Groups:
    """Sites and the groups inside them."""

    def __init__(self, persons: Columns, sites: Columns | None, order: NDArray[Any]) -> None:
        count = len(order)
        keys = _column(persons, "site", count)[order]
        of_person, mentioned = _codes(keys)
        self.table: Columns = sites or {"site": mentioned}
        rows = _length(self.table, "sites", ("site",))
        known = _column(self.table, "site", rows)
        at = _find(mentioned, known, "场所", "site")
        self.empty = rows - len(mentioned)
        self.site = np.where(of_person >= 0, at[of_person] if len(at) else of_person, -1).astype(np.int32)
        team = _column(persons, "team", count)[order]
        self.teams_without_site = int(((team != "") & (self.site < 0)).sum())
        pairs = [f"{site:010d}/{name}" if site >= 0 else "" for site, name in zip(self.site.tolist(), team.tolist(), strict=True)]
        found, inverse = np.unique(np.array(pairs), return_inverse=True)
        number = inverse.reshape(-1) - int(len(found) > 0 and found[0] == "")
        self.group, self.start, self.members = _members(number.astype(np.int32))

    def sited(self, homes: _Homes, place: dict[str, Any]) -> dict[str, Any]:
        """The arrays of a ``City`` that say what each site is; sites that nobody goes to are left out and counted."""
        first = self.members[self.start[:-1]]
        used, groups = np.unique(self.site[first], return_counts=True)
        rows = len(self.table["site"])
        kind = _figures(self.table.get("kind", np.zeros(rows, np.int32)), "kind", 0, max(SiteKind))[used]
        sector = _figures(self.table.get("sector", np.full(rows, NO_SECTOR)), "sector", 0, NO_SECTOR)[used]
        if ((sector >= len(SECTORS)) & (sector != NO_SECTOR)).any():
            raise CityFault("sector 应为 0 到 18 或 255", "a sector must be 0 to 18, or 255 for none")
        hood = self._neighbourhoods(_column(self.table, "neighbourhood", rows)[used], used, homes, place)
        return {
            "site_group_start": _starts(groups),
            "site_kind": kind.astype(np.uint8),
            "site_sector": sector.astype(np.uint8),
            "site_neighbourhood": hood,
            "site_county": place["neighbourhood_county"][hood] if len(hood) else np.empty(0, np.uint16),
        }

    def _neighbourhoods(self, named: NDArray[Any], used: Ints, homes: _Homes, place: dict[str, Any]) -> Ints:
        names = [homes.names[number].split("/", 1)[1] for number in homes.position]
        known = {name: number for number, name in enumerate(names)}
        starts = place["neighbourhood_start"]
        home = np.searchsorted(starts, np.arange(starts[-1]), side="right") - 1
        result = np.empty(len(used), np.int32)
        for number, (site, name) in enumerate(zip(used.tolist(), named.tolist(), strict=True)):
            if name and names.count(name) > 1:
                raise CityFault(f"两个区县都有社区 {name}：请用不同的编号", f"two counties have a neighbourhood {name!r}; give them keys of their own")
            if name and name not in known:
                raise CityFault(f"场所所在社区 {name} 没有住户", f"no household lives in {name!r}, where a site stands")
            result[number] = known[name] if name else np.bincount(home[self.site == site]).argmax()
        return result
