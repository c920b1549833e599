"""Read a clock's terms out of the rulebook: limit, warning time, calendar, in the shapes that the packs use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
    working_days = value.get("limit_working_days")
    minutes = _minutes(value)
    if answer.value is not None and (working_days is None) == (minutes is None):
        raise Refusal(
            f"时限规则“{rule_id}”应写明 limit_minutes、limit_hours 或 limit_working_days 之一。",
            f"The clock rule {rule_id!r} must state one of limit_minutes, limit_hours and limit_working_days.",
            code="clock_terms",
        )
    reminders = value.get("remind_before_minutes") or []
    reminders = sorted({int(one) for one in (reminders if isinstance(reminders, list) else [reminders])}, reverse=True)
    calendar, calendar_version = ({}, "")
    if working_days is not None:
        found = rules.get(CALENDAR_RULE)
        calendar, calendar_version = _plain_calendar(found.value or {}), str(found.version)
    label_zh, label_en = label_of(answer)
    return Terms(
        {
            "rule_version": str(answer.version), "rule_mark": str(answer.mark), "legal_ref": legal_ref(answer),
            "label_zh": label_zh[:120], "label_en": label_en[:120], "limit_minutes": minutes, "limit_working_days": working_days,
            "calendar": calendar, "calendar_version": calendar_version, "near_minutes": reminders[0] if reminders else 0,
            "reminders_minutes": reminders,
        }
    )  # fmt: skip


def _minutes(value: dict[str, Any]) -> int | None:
    if value.get("limit_minutes") is not None:
        return int(value["limit_minutes"])
    if value.get("limit_hours") is not None:
        return round(float(value["limit_hours"]) * 60)
    return None


def label_of(answer: Any) -> tuple[str, str]:
    return str(getattr(answer, "label_zh", "") or answer.rule_id), str(getattr(answer, "label_en", "") or answer.rule_id)


def legal_ref(answer: Any) -> str:
    source = answer.source
    return ("; ".join(str(part) for part in source) if isinstance(source, list | tuple) else str(source or ""))[:400]


def _plain_calendar(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "rest_weekdays": [int(day) for day in value.get("rest_weekdays", (6, 7))],
        "holidays": [str(day) for day in value.get("holidays", ())],
        "workdays": [str(day) for day in value.get("workdays", ())],
    }


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
