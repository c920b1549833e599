"""What can be chosen for a comparison of scenarios: shipped scenarios, measures to add, diseases with their sources, cities."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Substr

from tongchou import areas
from tongchou.bridge.city_rows import COUNTY
from tongchou.engine.city import SECTORS, CityFault
from tongchou.engine.epidemic import EpidemicFault
from tongchou.engine.epidemic.measure_words import (
    LAYERS,
    NAMES,
    UNITS,
    Difference,
    Told,
    find_differences,
    name_level,
    speak_measure,
)
from tongchou.engine.epidemic.scenario import COUNTS, DAYS, KINDS, SHARES
from tongchou.engine.epidemic.scenario_text import read_table, write_scenario
from tongchou.people.models import Person
from tongchou.refusal import Refusal
from tongchou.store.census_tables import census_names, read_census
from tongchou.store.epidemic_packs import (
    describe_disease,
    disease_names,
    load_contacts,
    load_presets,
    scenario_names,
    scenario_text,
)

LEDGER = "ledger"
OWN_CENSUS = "own"
MULTIPLIED = frozenset({"closure", "reduced_opening", "masks", "distancing", "gathering_ban", "gates", "travel_limit"})
"""kinds whose effect two measures multiply"""
MOST_TEXT, MOST_MEASURES = 60_000, 60
MARKS = {
    "seen": ("已核对", "checked"), "knowledge": ("凭记忆引用，待核对", "cited from memory, to be checked"), "assumption": ("假定", "assumption"),
}  # fmt: skip
"""what the marks of a pack say of a source"""
_MARK = re.compile(r"\s*\[(seen|knowledge|assumption)[^\]]*\]")


@dataclass(frozen=True)
class CityChoice:
    """A city that can be simulated: ``key`` is ``ledger``, the name of a shipped census, or ``own`` (packs/census.csv)."""

    key: str
    persons: int
    counties: tuple[tuple[str, str], ...]
    """(code, name) of those with residents"""
    empty: tuple[tuple[str, str], ...] = ()
    """(code, name) of counties of the area in which nobody of this city lives"""


@dataclass(frozen=True)
class Source:
    """What a figure of a pack rests on, and how sure that is."""

    table: str
    parts: tuple[tuple[str, str], ...]
    """pieces of its text, each with the mark that ends it, "" for none"""

    @property
    def text(self) -> str:
        return "".join(text for text, _mark in self.parts)


@dataclass(frozen=True)
class DiseaseChoice:
    code: str
    name_zh: str
    name_en: str
    version: str
    reproduction_number: float
    sources: tuple[Source, ...]


@cache
def diseases() -> dict[str, DiseaseChoice]:
    """Shipped disease packs by code."""
    return {name: _disease(describe_disease(name)) for name in disease_names()}


def _disease(told: Mapping[str, Any]) -> DiseaseChoice:
    return DiseaseChoice(
        told["code"], told["name_zh"], told["name_en"], told["version"], told["reproduction_number"], tuple(map(source_of, told["sources"]))
    )


def source_of(line: str) -> Source:
    """A line ``table: source [mark]`` of a pack."""
    table, _, text = line.partition(": ")
    pieces = [*_MARK.split(text), ""]  # text, mark, text, mark, ..., text, ""
    return Source(table, tuple((piece, mark) for piece, mark in zip(pieces[::2], pieces[1::2], strict=True) if piece or mark))


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """Tables of the shipped scenarios by name."""
    return {name: read_table(scenario_text(name), load_contacts(), name=f"{name}.toml") for name in scenario_names()}


@cache
def presets() -> dict[str, dict[str, Any]]:
    """Measures to add, each with names, ``source`` with its marks, and its ``row``."""
    return load_presets()


def read_side(text: str, *, name: str = "") -> dict[str, Any]:
    """The tables of a scenario file that somebody brings. Raises Refusal with the line at fault."""
    if len(text) > MOST_TEXT:
        raise Refusal(f"情景文件超过 {MOST_TEXT:,} 个字符", f"the scenario file is longer than {MOST_TEXT:,} characters", code="too_long")
    try:
        table = read_table(text, load_contacts(), name=name)
    except EpidemicFault as fault:
        raise Refusal(fault.zh, fault.en, code="bad_scenario") from None
    if len(table["measure"]) > MOST_MEASURES:
        raise Refusal(f"措施超过 {MOST_MEASURES} 条", f"there are more than {MOST_MEASURES} measures", code="too_long")
    return table


def text_of(table: Mapping[str, Any]) -> str:
    """The scenario file of such tables."""
    return write_scenario(table)


def told(row: Mapping[str, Any], lang: str, *, starts_on: date | None = None, names: Mapping[str, str] | None = None) -> Told:
    """A measure in words."""
    return speak_measure(row, lang, starts_on=starts_on, areas=names)


def imports_as_rows(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What arrives from outside by the scenario itself, told like a measure."""
    return [{**row, "kind": "imports"} for row in table["imports"]]


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """What differs between two scenarios: measures, and what each lets in from outside."""
    return find_differences([*first["measure"], *imports_as_rows(first)], [*second["measure"], *imports_as_rows(second)])


def doubled(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Measures that another one of the same kind repeats for the same people on some of the same days: contacts shrink twice."""
    return [row for at, row in enumerate(rows) if row["kind"] in MULTIPLIED and any(_repeats(row, other) for other in rows[:at])]


def _repeats(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    whom = [key for key in KINDS[row["kind"]].where if key not in DAYS]
    if row["kind"] != other["kind"] or any((row.get(key) or None) != (other.get(key) or None) for key in whom):
        return False
    first, last = max(row.get("from_day", 0), other.get("from_day", 0)), min(row.get("to_day", inf), other.get("to_day", inf))
    return bool(first <= last)


def own_keys(kind: str) -> dict[str, str]:
    """The figures of a kind of measure that a form can ask for: key -> ``share``, ``count`` or ``flag``."""
    found = {}
    for key, default in KINDS[kind].own.items():
        if key in SHARES:
            found[key] = "share"
        elif key in COUNTS:
            found[key] = "count"
        elif isinstance(default, bool):
            found[key] = "flag"
        elif key in ("first_doses_per_day", "other_illness_per_100k"):
            found[key] = "number"
    return found


def default_of(kind: str, key: str) -> Any:
    """What holds where the key is left out; None where it must be written."""
    value = KINDS[kind].own[key]
    return None if value is ... else value


def selects(kind: str) -> tuple[str, ...]:
    """By what a kind of measure is limited: days, counties, ages, layers, sectors and more."""
    return KINDS[kind].where


def kind_name(kind: str, lang: str) -> str:
    return NAMES[kind][0 if lang == "zh" else 1]


def kinds() -> tuple[str, ...]:
    """Kinds of measures that a scenario can have."""
    return tuple(KINDS)


def layer_names(lang: str, *, home: bool = False) -> dict[str, str]:
    """Layers that a measure can be for; with ``home`` the household too, which tracing reaches."""
    without = ("import",) if home else ("import", "household")
    return {name: words[0 if lang == "zh" else 1] for name, words in LAYERS.items() if name not in without}


def unit_names(lang: str) -> dict[str, str]:
    """What a rule of levels can give a level to."""
    return {key: words[0 if lang == "zh" else 1] for key, words in UNITS.items()}


def level_name(name: str, lang: str) -> str:
    """A level in words: ``medium`` is 中."""
    return name_level(name, lang)


def sector_names(lang: str) -> dict[int, str]:
    return {number: words[0 if lang == "zh" else 1] for number, words in enumerate(SECTORS)}


def cities(area: str, on: date) -> dict[str, CityChoice]:
    """The cities that can be simulated for an area: a census that has its counties, and the residents on record."""
    inside = tuple((one.path, one.name) for one in areas.below(area, on, "county")) or ((area, areas.name_of(area, on)),)
    found = {name: _census_city(name, name, area, inside) for name in census_names(area)}
    own = own_census()
    if own is not None:
        found[OWN_CENSUS] = _census_city(OWN_CENSUS, str(own), area, inside)
    found[LEDGER] = _ledger_city(area, on, inside)
    return found


def _ledger_city(area: str, on: date, inside: tuple[tuple[str, str], ...]) -> CityChoice:
    """The residents on record, counted by county in one query."""
    people = Person.objects.filter(status=Person.Status.LIVING, born_on__lte=on)
    here = people.filter(areas.within("area_path", area)) if area else people
    counted = dict(here.order_by().values_list(Substr("area_path", 1, COUNTY)).annotate(n=Count("pk")))
    lived = tuple((code, areas.name_of(code, on)) for code in sorted(counted))
    return CityChoice(LEDGER, sum(counted.values()), lived, tuple(one for one in inside if one[0] not in counted))


def own_census() -> Path | None:
    """The county table that an installation puts beside its data, where there is one."""
    path = Path(settings.DATA) / "packs" / "census.csv"
    return path if path.is_file() else None


def _census_city(key: str, name: str, area: str, inside: tuple[tuple[str, str], ...]) -> CityChoice:
    try:
        census = read_census(name, area=area)
    except CityFault as fault:
        raise Refusal(fault.zh, fault.en, code="bad_census") from None
    counted = {(county.code, county.name): int(county.men.sum() + county.women.sum()) for county in census.counties}
    lived = tuple(one for one, persons in counted.items() if persons)
    known = {code for code, _name in lived}
    return CityChoice(key, sum(counted.values()), lived, tuple(one for one in inside if one[0] not in known))
