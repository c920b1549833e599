"""When a clock runs out and how it stands at an instant: plain values in, plain values out.

Two ways to count. By minutes: around the clock, pauses left out. By working days: the day of the
start does not count; a city day counts if the calendar works on it and no pause touches it; the
clock runs out when the last counted day closes (24:00).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo

PENDING, OK, NEAR, OVER, OVER_DONE, UNKNOWN = STATES = ("pending", "ok", "near", "over", "over_done", "unknown")
_LONGEST_WALK_DAYS = 3660
_SUNDAY = 7


@dataclass(frozen=True)
class Calendar:
    """The city's working days. ``rest_weekdays`` are ISO numbers (6 Saturday, 7 Sunday).

    ``holidays`` are days off by order, ``workdays`` the weekend days that are worked instead; a day
    that stands in both is refused.
    """

    zone: tzinfo
    rest_weekdays: frozenset[int] = frozenset({6, 7})
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    version: str = ""

    def __post_init__(self) -> None:
        both = self.holidays & self.workdays
        if both:
            raise ValueError(f"both holiday and working day: {min(both).isoformat()}")
        if self.rest_weekdays >= set(range(1, _SUNDAY + 1)):
            raise ValueError("a calendar needs at least one working weekday")

    def works_on(self, day: date) -> bool:
        if day in self.workdays:
            return True
        return day not in self.holidays and day.isoweekday() not in self.rest_weekdays

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def close_of(self, day: date) -> datetime:
        after = day + timedelta(days=1)
        return datetime(after.year, after.month, after.day, tzinfo=self.zone)


@dataclass(frozen=True)
class Limit:
    """How long a clock may run: minutes, or working days of ``calendar``; exactly one of the two."""

    minutes: int | None = None
    working_days: int | None = None
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.working_days is None):
            raise ValueError("a limit is either minutes or working days")
        if (self.minutes if self.minutes is not None else self.working_days or 0) < 0:
            raise ValueError("a limit cannot be negative")
        if self.working_days is not None and self.calendar is None:
            raise ValueError("working days need a calendar")


@dataclass(frozen=True)
class Pause:
    """From an instant to an instant, or still going on (``to_at`` None)."""

    from_at: datetime
    to_at: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """What ``read`` answers: the state, when the clock runs out (None while a pause holds it open), and the margin.

    ``left`` is the time to the due instant at the instant asked, or at the stop; negative when late.
    """

    state: str
    due_at: datetime | None = None
    near_at: datetime | None = None
    left: timedelta | None = None
    paused: bool = False


@dataclass(frozen=True)
class Course:
    """The whole life of one clock, as facts."""

    limit: Limit | None
    started_at: datetime | None
    stopped_at: datetime | None = None
    pauses: Sequence[Pause] = field(default_factory=tuple)
    near_minutes: int = 0


def merged(pauses: Iterable[Pause]) -> list[Pause]:
    """Pauses in order, without empty ones, overlapping and touching ones joined."""
    out: list[Pause] = []
    for pause in sorted(pauses, key=lambda one: one.from_at):
        if pause.to_at is not None and pause.to_at <= pause.from_at:
            continue
        last = out[-1] if out else None
        if last is not None and (last.to_at is None or pause.from_at <= last.to_at):
            ends = None if last.to_at is None or pause.to_at is None else max(last.to_at, pause.to_at)
            out[-1] = Pause(last.from_at, ends)
        else:
            out.append(pause)
    return out


def due_at(started_at: datetime, limit: Limit, pauses: Iterable[Pause] = ()) -> datetime | None:
    """The instant at which the clock runs out, or None while an open pause keeps it from being known."""
    joined = merged(pauses)
    if limit.minutes is not None:
        return _due_by_minutes(started_at, timedelta(minutes=limit.minutes), joined)
    return _due_by_working_days(started_at, limit, joined)


def _due_by_minutes(started_at: datetime, left: timedelta, pauses: Sequence[Pause]) -> datetime | None:
    at = started_at
    for pause in pauses:
        if pause.to_at is not None and pause.to_at <= at:
            continue
        if at + left <= pause.from_at:
            break
        left -= max(pause.from_at - at, timedelta(0))
        if pause.to_at is None:
            return None
        at = max(at, pause.to_at)
    return at + left


def _due_by_working_days(started_at: datetime, limit: Limit, pauses: Sequence[Pause]) -> datetime | None:
    calendar, wanted = limit.calendar, limit.working_days
    if calendar is None or wanted is None:
        raise ValueError("working days need a calendar and a number")
    day = calendar.day_of(started_at)
    if wanted == 0:
        return max(started_at, calendar.close_of(day)) if calendar.works_on(day) else _next_close(calendar, day)
    counted = 0
    for _ in range(_LONGEST_WALK_DAYS):
        day += timedelta(days=1)
        opens, closes = calendar.close_of(day - timedelta(days=1)), calendar.close_of(day)
        touching = [pause for pause in pauses if pause.from_at < closes and (pause.to_at is None or pause.to_at > opens)]
        if calendar.works_on(day) and not touching:
            counted += 1
            if counted == wanted:
                return closes
        if any(pause.to_at is None for pause in touching):
            return None
    raise ValueError(f"no {wanted} working days within {_LONGEST_WALK_DAYS} days of the start: check the calendar")


def _next_close(calendar: Calendar, day: date) -> datetime:
    for _ in range(_LONGEST_WALK_DAYS):
        day += timedelta(days=1)
        if calendar.works_on(day):
            return calendar.close_of(day)
    raise ValueError("the calendar has no working day ahead")


def last_day(due: datetime, calendar: Calendar) -> date:
    """The city day that a due instant belongs to: one that falls on 24:00 belongs to the day that closes."""
    return calendar.day_of(due - timedelta(microseconds=1))


def read(course: Course, at: datetime) -> Reading:
    """How a clock stands at ``at``, in the states that the rulebook names (rule ``clocks.states``).

    pending: not started yet; ok: in time, running or stopped; near: running, within ``near_minutes``
    of its end; over: run out and still going; over_done: stopped late; unknown: no known limit.
    While paused it stands as it stood when the pause began.
    """
    if course.limit is None:
        return Reading(UNKNOWN)
    if course.started_at is None or at < course.started_at:
        return Reading(PENDING)
    stopped = course.stopped_at if course.stopped_at is not None and course.stopped_at <= at else None
    pauses = [_seen_at(pause, at) for pause in course.pauses if pause.from_at <= at]
    if stopped is not None:
        pauses = [Pause(pause.from_at, pause.to_at or stopped) for pause in pauses]
    joined = merged(pauses)
    held = joined[-1] if joined and joined[-1].to_at is None else None
    due = due_at(course.started_at, course.limit, joined)
    if held is None:
        return _judged(course, due, stopped or at, stopped=stopped is not None)
    as_held = _judged(course, due_at(course.started_at, course.limit, joined[:-1]), held.from_at, stopped=False)
    return replace(as_held, due_at=due, near_at=as_held.near_at if due else None, paused=True)


def _seen_at(pause: Pause, at: datetime) -> Pause:
    """The pause as it was known at ``at``: its end counts only once it has come."""
    return pause if pause.to_at is not None and pause.to_at <= at else Pause(pause.from_at, None)


def _judged(course: Course, due: datetime | None, asked: datetime, *, stopped: bool) -> Reading:
    if due is None:
        return Reading(UNKNOWN)
    near = due - timedelta(minutes=course.near_minutes)
    if asked > due:
        state = OVER_DONE if stopped else OVER
    elif not stopped and course.near_minutes and asked >= near:
        state = NEAR
    else:
        state = OK
    return Reading(state, due_at=due, near_at=near, left=due - asked)
