"""The level that stands decided, and the one the province published, for areas on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tongchou.zones.models import PublishedLevel, ZoneDecision

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
