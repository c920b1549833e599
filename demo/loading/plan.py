"""The city as it will be loaded: counties, villages, residents and grids, worked out without the database."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from demo.synthesis.census import CountyCensus, read_counties, spread
from demo.synthesis.residents import Residents, Village, apportion, synthesize_residents

FOLDER = Path(__file__).resolve().parents[1]
DEFAULT_PEOPLE = 20_000


@dataclass(frozen=True)
class Grid:
    """A grid cell: 15-digit path, its village, and how many of the village's first households it holds."""

    path: str
    name: str
    village: str
    households: int


@dataclass(frozen=True)
class Plan:
    """Everything that follows from the facts, ``city.toml``, a number of people and a seed."""

    settings: Mapping[str, Any]
    counties: tuple[CountyCensus, ...]
    divisions: tuple[Mapping[str, str], ...]
    persons: tuple[int, ...]
    seed: int

    @property
    def city(self) -> str:
        return self.settings["city"]

    @property
    def loaded_at(self) -> datetime:
        return self.settings["loaded_at"]

    @property
    def ages_on(self) -> date:
        return self.settings["ages_on"]

    @property
    def total(self) -> int:
        return sum(self.persons)

    def paths(self, level: str, under: str = "") -> list[str]:
        """Paths of a level, in code order."""
        return [row["path"] for row in self.divisions if row["level"] == level and row["path"].startswith(under)]

    @cached_property
    def names(self) -> dict[str, str]:
        return {row["path"]: row["name"] for row in self.divisions}

    def villages(self, county: str) -> list[Village]:
        return [Village(path, self.names[path], is_urban(self.names[path])) for path in self.paths("village", county)]

    def residents(self, index: int) -> Residents:
        """The residents of one county; the same each time."""
        county = self.counties[index]
        return synthesize_residents(
            county, self.villages(county.code), self.persons[index], seed=self.seed, lane=index, lanes=len(self.counties),
            on=self.ages_on,
        )  # fmt: skip

    @cached_property
    def grids(self) -> list[Grid]:
        """The grids with a worker: in each county its largest villages, as many as its share of households."""
        found = []
        homes = [np.bincount(self.residents(i).home_village, minlength=len(self.villages(c.code))) for i, c in enumerate(self.counties)]
        quota = spread(self.settings["grids"], np.array([int(counts.sum()) for counts in homes]))
        for county, counts, wanted in zip(self.counties, homes, quota.tolist(), strict=True):
            villages = self.villages(county.code)
            largest = np.argsort(-counts, kind="stable")[: min(wanted, len(villages))]
            for i in sorted(largest.tolist()):
                village, held = villages[i], min(int(counts[i]), self.settings["grid_households"])
                found.append(Grid(f"{village.path}001", f"{short_name(village.name)}第1网格", village.path, held))
        return found


def is_urban(name: str) -> bool:
    """Whether a village-level unit is run by a residents' committee (a town's), not a villagers' committee."""
    return name.endswith(("居民委员会", "居委会"))


def short_name(name: str) -> str:
    """A village's name without its committee."""
    for ending in ("社区居民委员会", "社区村民委员会", "居民委员会", "村村民委员会", "村民委员会", "居委会", "村委会"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def read_plan(people: int | None = DEFAULT_PEOPLE, *, seed: int | None = None, city_file: Path | None = None) -> Plan:
    """The plan for ``people`` residents (None: as many as the census counts).

    Raises:
        ValueError: for a number that no city can have.
    """
    settings = tomllib.loads((city_file or FOLDER / "panzhihua" / "city.toml").read_text(encoding="utf-8"))
    counties = tuple(read_counties(FOLDER / "facts" / "census_county.csv", settings["city"]))
    census = sum(county.persons for county in counties)
    wanted = census if people is None else people
    if not 100 <= wanted <= census * 2:
        raise ValueError(f"居民数应在100到{census * 2}之间 / residents: from 100 to {census * 2}")
    with (FOLDER / "facts" / "divisions.csv").open(encoding="utf-8", newline="") as file:
        divisions = tuple({**row, "path": _path(row["code"])} for row in csv.DictReader(file))
    return Plan(settings, counties, divisions, tuple(apportion(counties, wanted)), settings["seed"] if seed is None else seed)


def _path(code: str) -> str:
    for length in (2, 4, 6, 9, 12):
        if set(code[length:]) <= {"0"}:
            return code[:length]
    return code
