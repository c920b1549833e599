"""Supervision in figures: tasks by state, late by post and by area, share on time, median delay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Substr

from tongchou import areas, citytime, rulebook
from tongchou.tasks.models import OPEN_STATES, Task, TaskState

SCORE_RULE = "supervision.score"
_FIGURES = ("open", "late", "due", "on_time")


@dataclass(frozen=True)
class LatePost:
    """A post with overdue tasks. ``oldest_due_at``: the due instant of the one overdue longest."""

    post: str
    name: str
    late: int
    oldest_due_at: datetime


@dataclass(frozen=True)
class Score:
    """Of the tasks whose limit fell into the window: how many were reported in time.

    ``share`` is None where no limit fell into it; ``median_delay`` is over the late ones, those
    still open measured to the instant asked.
    """

    due: int
    on_time: int
    false_reports: int
    median_delay: timedelta | None
    window_days: int

    @property
    def late(self) -> int:
        return self.due - self.on_time

    @property
    def share(self) -> float | None:
        return self.on_time / self.due if self.due else None

    @property
    def percent(self) -> int | None:
        return round(self.share * 100) if self.share is not None else None


@dataclass(frozen=True)
class AreaLine:
    """One division below another: its open and late tasks and its share on time."""

    path: str
    name: str
    open: int
    late: int
    due: int
    on_time: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.on_time / self.due) if self.due else None


def late(rows: QuerySet[Task], at: datetime) -> QuerySet[Task]:
    """Tasks in the doer's hands whose limit has passed, the longest overdue first."""
    return rows.filter(_late_at(at)).order_by("due_at", "id")


def _late_at(at: datetime) -> Q:
    return Q(state__in=OPEN_STATES, due_at__lt=at)


def counts_by_state(rows: QuerySet[Task]) -> dict[str, int]:
    """{state: number}, every state named."""
    found = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {state: found.get(state, 0) for state in TaskState.values}


def late_by_post(rows: QuerySet[Task], at: datetime, *, limit: int = 50) -> list[LatePost]:
    """Posts with overdue tasks, the most overdue first."""
    found = (
        rows.filter(_late_at(at)).order_by().values("owner_post").annotate(late=Count("pk"), oldest=Min("due_at"), name=Min("owner_name"))
        .order_by("-late", "oldest")[:limit]
    )  # fmt: skip
    return [LatePost(row["owner_post"], row["name"], row["late"], row["oldest"]) for row in found]


def window(at: datetime, area: str = "") -> tuple[datetime, int]:
    """(first instant counted, days): the last days up to ``at`` by the rule ``supervision.score``."""
    days = int((rulebook.at(citytime.day_of(at), area=area).get(SCORE_RULE).value or {}).get("window_days", 0))
    return at - timedelta(days=days), days


def score(rows: QuerySet[Task], at: datetime, *, area: str = "") -> Score:
    """The score of these tasks at ``at``; cancelled ones do not count."""
    since, days = window(at, area)
    due = rows.exclude(state=TaskState.CANCELLED).filter(due_at__gt=since, due_at__lte=at)
    figures = due.aggregate(
        due=Count("pk"), on_time=Count("pk", filter=Q(clock__stopped_at__lte=F("due_at"))), false=Count("pk", filter=Q(false_report=True)),
    )  # fmt: skip
    done_late = due.filter(Q(clock__stopped_at__gt=F("due_at")) | Q(clock__stopped_at__isnull=True))
    delays = [stop - limit for stop, limit in done_late.order_by().values_list(Coalesce("clock__stopped_at", at), "due_at")]
    return Score(figures["due"], figures["on_time"], figures["false"], median(delays) if delays else None, days)


def lines_below(rows: QuerySet[Task], path: str, at: datetime) -> list[AreaLine]:
    """The divisions below ``path``, each with its own tasks and score, worst share first; one query for all."""
    below = areas.children(path)
    if not below:
        return []
    since, _ = window(at, path)
    counted = Q(due_at__gt=since, due_at__lte=at) & ~Q(state=TaskState.CANCELLED)
    totals = {child.path: dict.fromkeys(_FIGURES, 0) for child in below}
    for length in {len(child.path) for child in below}:
        grouped = (
            rows.filter(areas.within("area_path", path)).annotate(part=Substr("area_path", 1, length)).order_by().values("part")
            .annotate(
                open=Count("pk", filter=Q(state__in=OPEN_STATES)), late=Count("pk", filter=_late_at(at)), due=Count("pk", filter=counted),
                on_time=Count("pk", filter=counted & Q(clock__stopped_at__lte=F("due_at"))),
            )
        )  # fmt: skip
        for row in grouped:
            figures: dict[str, Any] = {**row}
            target = totals.get(_today(row["part"], length), {})
            for name in target:
                target[name] += figures[name]
    lines = [AreaLine(child.path, child.name, **totals[child.path]) for child in below]
    return sorted(lines, key=lambda line: (line.percent if line.percent is not None else 101, -line.late, line.path))


def _today(part: str, length: int) -> str:
    """Where the rows of a division count today: itself, or the one whole division that it went into."""
    if areas.find(part, citytime.today()) is not None or areas.find(part) is None:
        return part
    heirs = areas.successors(part, citytime.today())
    return next(iter(heirs))[:length] if len(heirs) == 1 else part
