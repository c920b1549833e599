"""Days without a new case in every county: what is reached may be declared, what may be reopened (mechanism B11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max

from tongchou import citytime, rulebook
from tongchou.bridge import counts
from tongchou.bridge.zone_levels import zone_areas
from tongchou.outbreak.models import Case, Outbreak

RULE = "zero_case.clock"


@dataclass(frozen=True)
class Step:
    """A number of days that was reached or comes next, with what may be declared and what may be reopened."""

    days: int
    zh: str
    en: str
    reopens: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ZeroClock:
    """One area's clock at the close of a day.

    Attributes:
        last_case_on: the last day with a new confirmed case; None if the outbreak brought none here.
        days: whole days since then, or since the outbreak begins where there was none.
        reached: the highest step reached; None below the first.
        ahead: the next step; None past the last, or where no rule is in force.
        days_ahead: days until ``ahead`` if no case is added.
        rule_version: version of the rule; "" where none is in force.
        marks: the days of all steps of the rule.
    """

    area: str
    last_case_on: date | None
    days: int
    reached: Step | None
    ahead: Step | None
    rule_version: str
    marks: tuple[int, ...] = ()

    @property
    def days_ahead(self) -> int | None:
        return None if self.ahead is None else self.ahead.days - self.days

    def stored(self) -> dict[str, Any]:
        """The form that a brief keeps."""
        return {
            "area": self.area,
            "last_case_on": self.last_case_on.isoformat() if self.last_case_on else None,
            "days": self.days,
            "reached": _stored(self.reached),
            "ahead": _stored(self.ahead),
            "days_ahead": self.days_ahead,
            "rule_version": self.rule_version,
        }


def zero_clocks(outbreak: Outbreak, day: date) -> list[ZeroClock]:
    """The clock of every county of the city at the close of ``day``. A case taken back by then does not count."""
    paths = zone_areas(outbreak.area_path, day)
    return clocks_of(outbreak, day, paths, "county" if len(paths[0]) == 6 else "township")


def clocks_of(outbreak: Outbreak, day: date, paths: Iterable[str], level: str) -> list[ZeroClock]:
    """The clocks of areas of one level at the close of ``day``, in the order of ``paths``."""
    last = _last_case_on(outbreak, day, level)
    return [_clock(path, last.get(path), day, outbreak.begins_on, _rule(outbreak, day, path)) for path in paths]


def city_clock(outbreak: Outbreak, day: date) -> ZeroClock:
    """The same for the city as a whole."""
    last = Case.objects.filter(counts.standing_on(day), outbreak=outbreak).aggregate(last=Max("confirmed_on"))["last"]
    return _clock(outbreak.area_path, last, day, outbreak.begins_on, _rule(outbreak, day, outbreak.area_path))


def _last_case_on(outbreak: Outbreak, day: date, level: str) -> dict[str, date]:
    cases = Case.objects.filter(counts.standing_on(day), outbreak=outbreak)
    last: dict[str, date] = {}
    for row in counts.grouped_by_place(cases, day, level).annotate(last=Max("confirmed_on")):
        for place in counts.retold({row["place"]: 1}, day, level):
            last[place] = max(last.get(place, row["last"]), row["last"])
    return last


def _rule(outbreak: Outbreak, day: date, path: str) -> rulebook.RuleAnswer | None:
    try:
        return rulebook.at(day, area=path, disease=outbreak.disease, known_on=citytime.now()).get(RULE)
    except rulebook.NoRule:
        return None


def _clock(path: str, last: date | None, day: date, begins_on: date, answer: rulebook.RuleAnswer | None) -> ZeroClock:
    days = (day - (last or begins_on)).days
    steps = _steps(answer)
    return ZeroClock(
        area=path,
        last_case_on=last,
        days=days,
        reached=max((step for step in steps if step.days <= days), key=lambda step: step.days, default=None),
        ahead=min((step for step in steps if step.days > days), key=lambda step: step.days, default=None),
        rule_version=answer.version if answer else "",
        marks=tuple(step.days for step in steps),
    )


def _steps(answer: rulebook.RuleAnswer | None) -> list[Step]:
    rows = (answer.value or {}).get("reached", ()) if answer else ()
    return [
        Step(
            row["days"],
            row["status"]["zh"],
            row["status"]["en"],
            tuple((part["text"]["zh"], part["text"]["en"]) for part in row["reopens"]),
        )
        for row in rows
    ]


def _stored(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {"days": step.days, "zh": step.zh, "en": step.en, "reopens": [list(pair) for pair in step.reopens]}
