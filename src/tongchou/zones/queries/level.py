"""The level that stands decided, and the one the province published, for areas on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tongchou.zones.models import AreaPopulation, ExpertJudgement, PublishedLevel, ZoneDecision

_STATES_HELD = (ZoneDecision.State.IN_FORCE, ZoneDecision.State.PROVISIONAL, ZoneDecision.State.REPLACED)


def standing(area_path: str, *, disease: str, on: date) -> ZoneDecision | None:
    """The decision that held for one area on a day; see ``standing_of``."""
    return standing_of([area_path], disease=disease, on=on).get(area_path)


def standing_of(paths: Iterable[str], *, disease: str, on: date) -> dict[str, ZoneDecision]:
    """The decision that held at the close of ``on``, by area. A provisional raise stands before the one below it.

    A decision whose ``to_on`` has passed still stands (nothing is lowered by itself); ``lapsed`` tells.
    """
    rows = (
        ZoneDecision.objects.filter(area_path__in=list(paths), disease=disease, from_on__lte=on, state__in=_STATES_HELD)
        .exclude(ended_on__lte=on)
        .order_by("decided_at", "id")
    )
    return {row.area_path: row for row in rows}


def lapsed(decision: ZoneDecision, on: date) -> bool:
    """Whether the decision's lawful end has passed without a new one."""
    return decision.to_on < on


def published_of(paths: Iterable[str], *, disease: str, on: date) -> dict[str, PublishedLevel]:
    """The newest published line of each area on or before ``on``; areas that no list names are absent."""
    rows = PublishedLevel.objects.filter(area_path__in=list(paths), disease=disease, published_on__lte=on)
    return {row.area_path: row for row in rows.order_by("published_on")}


def judged_of(paths: Iterable[str], *, disease: str, on: date) -> dict[str, dict[str, bool]]:
    """What experts had judged of each area by ``on``: area -> fact -> whether it holds; the newest judgement counts."""
    told: dict[str, dict[str, bool]] = {}
    rows = ExpertJudgement.objects.filter(area_path__in=list(paths), disease=disease, judged_on__lte=on)
    for row in rows.order_by("judged_on", "id"):
        told.setdefault(row.area_path, {})[row.fact] = row.holds
    return told


def population_of(paths: Iterable[str], *, on: date) -> dict[str, int]:
    """Persons by area: the last count before ``on``, else the first one after it (a census of the same year)."""
    told: dict[str, int] = {}
    after: dict[str, int] = {}
    for row in AreaPopulation.objects.filter(area_path__in=list(paths)).order_by("counted_on"):
        if row.counted_on <= on:
            told[row.area_path] = row.persons
        else:
            after.setdefault(row.area_path, row.persons)
    return {**after, **told}
