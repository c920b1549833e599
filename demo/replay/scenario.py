"""The scenario files as typed rows: cases, orders, habits. Reading only; errors name file, row and column."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).resolve().parents[1] / "panzhihua"
ZONE = ZoneInfo("Asia/Shanghai")
FIRST_DAY, LAST_DAY = date(2020, 1, 22), date(2020, 2, 14)


class ScenarioBroken(Exception):
    """A scenario file cannot be read; the message names file, row and column."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class CaseStory:
    """What happened to one invented case, by local time. Empty instants did not happen."""

    key: str
    county: str
    home: str
    origin: str
    imported_from: str
    source: str
    cluster: str
    hospital: str
    onset_on: date
    first_visit_on: date
    found_at: datetime
    reported_at: datetime | None
    positive_at: datetime | None
    positive_reported_at: datetime | None
    severity: str
    investigated_at: datetime | None
    discharged_at: datetime | None
    excluded_at: datetime | None
    ticks: str

    @property
    def criteria(self) -> dict[str, bool]:
        """Items of the case definition that were ticked when the case was suspected."""
        return dict.fromkeys(self.ticks.split(), True)


@dataclass(frozen=True)
class Order:
    """A task that one post gives to others. ``to``: a post code, or a group as ``replay.orders`` reads it."""

    at: datetime
    key: str
    by: str
    to: str
    kind: str
    title_zh: str
    title_en: str
    clock_rule: str


@dataclass(frozen=True)
class Away:
    """A post that did nothing from a day to a day, both included."""

    post: str
    from_on: date
    to_on: date
    reason: str


@dataclass(frozen=True)
class Habits:
    hours: tuple[int, int]
    step_hours: int
    default: Mapping[str, int]
    kinds: Mapping[str, Mapping[str, int]]
    away: tuple[Away, ...]

    def minutes(self, kind: str, what: str) -> int:
        """Minutes after which a task of this kind is accepted, reported or reviewed."""
        return self.kinds.get(kind, {}).get(what, self.default[what])


@dataclass(frozen=True)
class Scenario:
    cases: tuple[CaseStory, ...]
    orders: tuple[Order, ...]
    habits: Habits

    @cached_property
    def homes(self) -> dict[tuple[str, str], list[CaseStory]]:
        """{(county, home): the stories of the people who live there}."""
        found: dict[tuple[str, str], list[CaseStory]] = {}
        for story in self.cases:
            found.setdefault((story.county, story.home), []).append(story)
        return found


def read_scenario(folder: Path = FOLDER) -> Scenario:
    """Read all files of a scenario. Raises ScenarioBroken."""
    cases = tuple(_rows(folder / "cases.csv", CaseStory))
    keys = {story.key for story in cases}
    for story in cases:
        if story.source and story.source not in keys:
            raise ScenarioBroken(
                f"cases.csv:{story.key} 的传染来源 {story.source} 不在表中", f"cases.csv: the source {story.source} of {story.key} is no case"
            )
    return Scenario(cases, tuple(_rows(folder / "orders.csv", Order)), _habits(folder / "habits.toml"))


def _rows(path: Path, kind: type) -> Iterator[Any]:
    types = {field.name: str(field.type) for field in fields(kind)}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            values: dict[str, Any] = {}
            if None in row:
                raise ScenarioBroken(f"{path.name} 第 {number} 行的列太多", f"{path.name} row {number} has too many columns")
            for name, annotation in types.items():
                try:
                    values[name] = _value(row[name], annotation)
                except (KeyError, ValueError, TypeError) as error:
                    raise ScenarioBroken(
                        f"{path.name} 第 {number} 行“{name}”列无法读取：{error}", f"{path.name} row {number}, column {name}: {error}"
                    ) from error
            yield kind(**values)


def _value(text: str, annotation: str) -> Any:
    if "None" in annotation and not text:
        return None
    if annotation.startswith("datetime"):
        return datetime.fromisoformat(text).replace(tzinfo=ZONE)
    return date.fromisoformat(text) if annotation.startswith("date") else text


def _habits(path: Path) -> Habits:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    away = tuple(Away(row["post"], row["from"], row["to"], row["reason"]) for row in raw["away"])
    return Habits(tuple(raw["hours"]), raw["step_hours"], raw["default"], raw["kind"], away)
