"""Read a clock's terms out of the rulebook: limit, warning time, calendar, in the shapes that the packs use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tongchou import citytime, rulebook
from tongchou.refusal import Refusal
from tongchou.tasks.clockwork import Calendar, Course, Limit, Pause
from tongchou.tasks.models import Clock

CALENDAR_RULE = "calendar.working_days"


@dataclass(frozen=True)
class Terms:
    """What a clock rule says on a day: the model fields that a clock keeps of it."""

    fields: dict[str, Any]


def terms_on(rule_id: str, *, day: date, area_path: str) -> Terms:
    """The terms of ``rule_id`` for an area on a city day.

    A rule that is marked as not found gives a clock without a limit, whose state is ``unknown``.
    Raises rulebook.NoRule where there is no such rule, Refusal where its value names no limit.
    """
    rules = rulebook.at(day, area=area_path)
    answer = rules.get(rule_id)
    value = answer.value or {}
    minutes, working_days = value.get("limit_minutes"), value.get("limit_working_days")
    if answer.value is not None and (working_days is None) == (minutes is None):
        raise Refusal(
            f"规则“{rule_id}”不是时限：应写明 limit_minutes 或 limit_working_days 之一。",
            f"The rule {rule_id!r} is no clock: it must state one of limit_minutes and limit_working_days.",
            code="clock_terms",
        )
    reminders = sorted({int(one) for one in value.get("remind_before_minutes") or ()}, reverse=True)
    calendar, calendar_version = _calendar(day, area_path) if working_days is not None else ({}, "")
    reference = value.get("legal_reference") or {}
    return Terms(
        {
            "rule_version": answer.version, "rule_mark": answer.mark,
            "legal_zh": str(reference.get("zh") or answer.source_text)[:400],
            "legal_en": str(reference.get("en") or answer.source_text)[:400],
            "label_zh": answer.label_zh[:120], "label_en": answer.label_en[:120],
            "limit_minutes": minutes, "limit_working_days": working_days,
            "calendar": calendar, "calendar_version": calendar_version,
            "near_minutes": reminders[0] if reminders else 0, "reminders_minutes": reminders,
        }
    )  # fmt: skip


def _calendar(day: date, area_path: str) -> tuple[dict[str, Any], str]:
    """The calendar of a day's year joined with that of the next: a limit set in December ends in January."""
    weekend: list[int] = []
    holidays: set[str] = set()
    workdays: set[str] = set()
    version = ""
    for year_day in (date(day.year + 1, 1, 1), day):
        answer = rulebook.at(year_day, area=area_path).get(CALENDAR_RULE)
        value = answer.value or {}
        weekend, version = [int(one) for one in value.get("weekend", ())], answer.version
        workdays |= {one.isoformat() for one in value.get("working_weekends") or ()}
        for row in value.get("holidays") or ():
            span = (row["to_on"] - row["from_on"]).days
            holidays |= {(row["from_on"] + timedelta(days=n)).isoformat() for n in range(span + 1)}
    return {"rest_weekdays": weekend, "holidays": sorted(holidays - workdays), "workdays": sorted(workdays)}, version


def calendar_of(clock: Clock) -> Calendar | None:
    """The working-day calendar that a clock was started with."""
    if not clock.calendar:
        return None
    return Calendar(
        zone=citytime.zone(),
        rest_weekdays=frozenset(clock.calendar["rest_weekdays"]),
        holidays=frozenset(date.fromisoformat(day) for day in clock.calendar["holidays"]),
        workdays=frozenset(date.fromisoformat(day) for day in clock.calendar["workdays"]),
        version=clock.calendar_version,
    )


def course_of(clock: Clock) -> Course:
    """A stored clock as plain facts for ``clockwork``."""
    limit = None
    if clock.limit_minutes is not None:
        limit = Limit(minutes=clock.limit_minutes)
    elif clock.limit_working_days is not None:
        limit = Limit(working_days=clock.limit_working_days, calendar=calendar_of(clock))
    pauses = tuple(Pause(row.from_at, row.to_at) for row in clock.pauses.all())
    return Course(limit, clock.started_at, clock.stopped_at, pauses, clock.near_minutes)
