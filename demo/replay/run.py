"""Replay the days: events in order, work between them, the day loop at 17:30 and at the close. Nothing is done twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from demo.loading import marks
from demo.replay.scenario import FIRST_DAY, LAST_DAY, ZONE, Scenario
from demo.replay.stories import Event, case_events, outbreak_events
from demo.replay.work import Workforce, order_events
from demo.replay.world import World
from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.day.loop import run_day
from tongchou.tasks.actions.escalation import run_escalations

RUN_AT = (17, 30)
_ESCALATION_HOURS = range(8, 23, 2)


def replay(scenario: Scenario, say: marks.Say, first: date = FIRST_DAY, last: date = LAST_DAY) -> datetime:
    """Replay every day that is missing; the instant at which the demo's clock then stands.

    The last day is replayed to 17:30: what happens later that day is left to whoever opens the demo.
    """
    stands_at = _at(last, *RUN_AT)
    if marks.done(f"replay:{last}"):
        return stands_at
    world = World(scenario)
    workers = Workforce(scenario, world)
    events = sorted([*outbreak_events(world), *case_events(scenario, world), *order_events(scenario, world)], key=_order)
    day = first
    while day <= last:
        if not marks.done(f"replay:{day}"):
            _replay_day(day, [event for event in events if event.at.astimezone(ZONE).date() == day], workers, last=day == last)
            say(f"重演 {day}", f"replayed {day}")
        day += timedelta(days=1)
    return stands_at


def _replay_day(day: date, events: list[Event], workers: Workforce, *, last: bool) -> None:
    stages = [*events, *_routine(day)]
    end = _at(day, *RUN_AT) if last else _at(day, 23, 59)
    for event in sorted(stages, key=_order):
        if event.at > end:
            break
        workers.work(event.at)
        _once(event)
    if not last:
        workers.work(_at(day, 23, 59))
    with citytime.standing_at(end), marks.step(f"replay:{day}") as rows:
        rows.append(len(events))


def _routine(day: date) -> list[Event]:
    """What the house does by itself: escalations through the day, the day loop before the evening report and at the close."""
    ladder = [_ladder_step(day, hour) for hour in _ESCALATION_HOURS]
    return [
        *ladder,
        Event(_at(day, *RUN_AT), f"day:{day}:evening", lambda: run_day(day, by=SYSTEM)),
        Event(_at(day, 23, 58), f"day:{day}:close", lambda: run_day(day, by=SYSTEM)),
    ]


def _ladder_step(day: date, hour: int) -> Event:
    at = _at(day, hour)
    return Event(at, f"escalate:{day}:{hour:02d}", lambda: run_escalations(at=at, by=SYSTEM))


def _once(event: Event) -> None:
    if marks.done(event.key):
        return
    with citytime.standing_at(event.at), marks.step(event.key):
        event.do()


def _order(event: Event) -> tuple[datetime, str]:
    return event.at, event.key


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
