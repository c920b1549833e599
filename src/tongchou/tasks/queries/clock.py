"""How clocks stand at an instant: one by one with all their pauses, or counted by the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from tongchou.tasks import clockwork
from tongchou.tasks.clockwork import Reading
from tongchou.tasks.models import Clock, ClockState
from tongchou.tasks.terms import course_of


def readings(rows: Iterable[Clock], at: datetime) -> dict[UUID, Reading]:
    """The full reading of each clock at ``at``, by its id. Two queries, whatever the number of rows."""
    clocks = rows.prefetch_related("pauses") if isinstance(rows, QuerySet) else list(rows)
    return {clock.pk: clockwork.read(course_of(clock), at) for clock in clocks}


def states(rows: Iterable[Clock], at: datetime) -> dict[UUID, str]:
    """Each clock's state at ``at`` by its id: pending, ok, near, over, over_done or unknown."""
    return {pk: reading.state for pk, reading in readings(rows, at).items()}


def with_state(rows: QuerySet[Clock], at: datetime) -> QuerySet[Clock]:
    """The clocks with ``state`` computed by the database from the stored instants.

    For ``at`` = now this equals ``states``: stored due instants already hold all pauses known by
    now. For the past use ``states``, which leaves out what was not known then.
    """
    limitless = Q(limit_minutes__isnull=True, limit_working_days__isnull=True)
    return rows.annotate(
        state=Case(
            When(limitless, then=Value(ClockState.UNKNOWN)),
            When(Q(started_at__isnull=True) | Q(started_at__gt=at), then=Value(ClockState.PENDING)),
            When(stopped_at__lte=at, stopped_at__gt=F("due_at"), then=Value(ClockState.OVER_DONE)),
            When(stopped_at__lte=at, then=Value(ClockState.OK)),
            When(due_at__isnull=True, near_at__lte=F("paused_from_at"), then=Value(ClockState.NEAR)),
            When(due_at__isnull=True, then=Value(ClockState.OK)),
            When(due_at__lt=at, then=Value(ClockState.OVER)),
            When(near_at__lte=at, then=Value(ClockState.NEAR)),
            default=Value(ClockState.OK),
            output_field=CharField(),
        )
    )


def counts_by_state(rows: QuerySet[Clock], at: datetime, *, running_only: bool = False) -> dict[str, int]:
    """{state: number} over all six states, one query. ``running_only`` leaves out what was done by ``at``."""
    if running_only:
        rows = rows.exclude(stopped_at__lte=at)
    grouped: QuerySet[Any] = with_state(rows, at)
    found = dict(grouped.order_by().values_list("state").annotate(n=Count("pk")))
    return {state: found.get(state, 0) for state in ClockState.values}
