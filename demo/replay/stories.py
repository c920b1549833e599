"""The events of a case, from the hospital's find to discharge, done by the posts that do them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from demo.replay.scenario import ZONE, CaseStory, Scenario
from demo.replay.world import OUTBREAK_CODE, World
from tongchou.outbreak.actions import case as case_actions
from tongchou.outbreak.actions.investigation import finish_investigation, link_source
from tongchou.outbreak.actions.outbreak import draft_outbreak, open_outbreak
from tongchou.outbreak.actions.outcome import discharge_case
from tongchou.outbreak.models import Outbreak
from tongchou.places.models import Place

_BEFORE_RELEASE_DAYS = (3, 1)
_FEVER_FREE_DAYS = 5
_ENTRY_MINUTES = 5


@dataclass(frozen=True)
class Event:
    """Something that happens at an instant, once."""

    at: datetime
    key: str
    do: Callable[[], object]


def outbreak_events(world: World) -> Iterator[Event]:
    """The command names the four ones and opens the outbreak on the first day of the replay."""

    def draft() -> object:
        return draft_outbreak(
            code=OUTBREAK_CODE, name="新型冠状病毒肺炎疫情（演示）", disease="covid-19", area_path="5104", begins_on=date(2020, 1, 20),
            lead_post="5104-COMMAND", task_force="市应急指挥部工作专班", plan="攀枝花市防控工作方案（演示）", voice_post="5104-OFFICE",
            by=world.actor("5104-COMMAND"),
        )  # fmt: skip

    def start() -> object:
        return open_outbreak(outbreak=Outbreak.objects.get(code=OUTBREAK_CODE), by=world.actor("5104-COMMAND"))

    yield Event(datetime(2020, 1, 22, 8, 30, tzinfo=ZONE), "outbreak:draft", draft)
    yield Event(datetime(2020, 1, 22, 9, 0, tzinfo=ZONE), "outbreak:open", start)


def case_events(scenario: Scenario, world: World) -> Iterator[Event]:
    """Every event of every case, in no order."""
    for story in scenario.cases:
        yield from _story(story, world)


def _story(story: CaseStory, world: World) -> Iterator[Event]:
    def event(name: str, at: datetime | None, do: Callable[[], object]) -> Iterator[Event]:
        if at is not None:
            yield Event(at, f"case:{story.key}:{name}", do)

    hospital, county = story.hospital, f"{story.county}-CDC"
    yield from event("found", story.found_at + timedelta(minutes=_ENTRY_MINUTES), lambda: _report(story, world))
    yield from event("reported", story.reported_at, lambda: _network(story, story.reported_at, world.actor(hospital), world))
    yield from event("positive", story.positive_at, lambda: _confirm(story, world))
    yield from event(
        "positive-reported", story.positive_reported_at, lambda: _network(story, story.positive_reported_at, world.actor(hospital), world)
    )
    yield from event("investigated", story.investigated_at, lambda: _investigate(story, world.actor(county), world))
    yield from event("discharged", story.discharged_at, lambda: _discharge(story, world.actor(hospital), world))
    yield from event("excluded", story.excluded_at, lambda: _exclude(story, world.actor(county), world))


def _report(story: CaseStory, world: World) -> object:
    person = world.person(story)
    actor = world.actor(story.hospital)
    hospital = Place.objects.filter(pk=world.post(story.hospital).scope_value).first()
    return case_actions.report_case(
        outbreak=Outbreak.objects.get(code=OUTBREAK_CODE),
        residence_path=person.area_path,
        found_at=story.found_at,
        criteria=story.criteria,
        case_no=world.case_nos[story.key],
        person=person,
        sex=person.sex,
        age_years=_age(person.born_on, story.onset_on),
        hospital=hospital,
        onset_on=story.onset_on,
        first_visit_on=story.first_visit_on,
        isolated_on=story.found_at.date(),
        by=actor,
    )


def _age(born_on: date, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _network(story: CaseStory, at: datetime, by, world: World) -> object:
    return case_actions.network_report(case=world.case(story.key), at=at, by=by)


def _confirm(story: CaseStory, world: World) -> object:
    return case_actions.confirm_case(
        case=world.case(story.key),
        at=story.positive_at,
        criteria={**story.criteria, "pcr": True},
        severity=story.severity,
        by=world.actor(story.hospital),
    )


def _investigate(story: CaseStory, by, world: World) -> object:
    findings = {"origin": story.origin, "imported_from": story.imported_from, "cluster_id": story.cluster}
    case = finish_investigation(
        case=world.case(story.key), at=story.investigated_at, findings={k: v for k, v in findings.items() if v}, by=by
    )
    # Also where nobody in the city infected the case: an imported case then opens its chain as generation 0.
    return link_source(case=case, source=world.case(story.source) if story.source else None, by=by)


def _negatives(at: datetime) -> list[str]:
    return [(at - timedelta(days=days)).isoformat() for days in _BEFORE_RELEASE_DAYS]


def _discharge(story: CaseStory, by, world: World) -> object:
    shown = {
        "negatives": _negatives(story.discharged_at),
        "fever_free_days": _FEVER_FREE_DAYS,
        "symptoms_improved": True,
        "imaging_improved": True,
    }
    return discharge_case(case=world.case(story.key), criteria=shown, by=by)


def _exclude(story: CaseStory, by, world: World) -> object:
    first = story.found_at + timedelta(hours=4)
    shown = {"negatives": [first.isoformat(), (first + timedelta(hours=25)).isoformat()]}
    return case_actions.exclude_case(case=world.case(story.key), criteria=shown, at=story.excluded_at, by=by)
