"""Clocks by state and tasks late by post, inside one area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongchou import areas
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.tasks.models import OPEN_STATES, Clock, ClockState, Task
from tongchou.tasks.queries.clock import with_state
from tongchou.tasks.queries.today import duration

LATE_SHOWN = 4
#: the columns of the clock table: running ones first, then how the finished ones ended
_SHOWN_STATES = ("ok", "near", "over", "in_time", "over_done")


@dataclass(frozen=True)
class Cell:
    state: str
    count: int


@dataclass(frozen=True)
class ClockRow:
    label: str
    cells: list[Cell]


@dataclass(frozen=True)
class LateRow:
    """One post with ``count`` late tasks; ``detail`` names the one that is late longest."""

    post: str
    count: int
    detail: str
    url: str


@dataclass(frozen=True)
class Supervision:
    """``heads`` are the labels of the clock table's columns; ``more`` counts the late posts not shown."""

    heads: list[str]
    clocks: list[ClockRow]
    clocks_over: int
    late: list[LateRow]
    tasks_late: int
    more: int
    tasks_url: str


def supervision(actor: Actor, path: str, now: datetime) -> Supervision:
    """How the clocks and tasks of an area stand at ``now``."""
    rows = _clock_rows(path, now)
    late, total, posts = _late(actor, path, now)
    return Supervision(
        heads=[_("正常"), _("临近"), _("超时"), _("按时办结"), _("超时办结")],
        clocks=rows,
        clocks_over=sum(cell.count for row in rows for cell in row.cells if cell.state == "over"),
        late=late,
        tasks_late=total,
        more=max(posts - len(late), 0),
        tasks_url=_url(actor, "task-board"),
    )


def _clock_rows(path: str, now: datetime) -> list[ClockRow]:
    clocks = with_state(Clock.objects.filter(areas.within("area_path", path), started_at__lte=now), now)
    label = "label_en" if (get_language() or "").startswith("en") else "label_zh"
    found: dict[str, dict[str, int]] = {}
    for finished in (False, True):
        part = clocks.filter(stopped_at__lte=now) if finished else clocks.exclude(stopped_at__lte=now)
        for row in part.values("rule_id", label, "state").annotate(n=Count("pk")).order_by("rule_id"):
            state = "in_time" if finished and row["state"] == ClockState.OK else row["state"]
            states = found.setdefault(row[label], dict.fromkeys(_SHOWN_STATES, 0))
            if state in states:
                states[state] += row["n"]
    return [ClockRow(name, [Cell(state, n) for state, n in states.items()]) for name, states in found.items()]


def _late(actor: Actor, path: str, now: datetime) -> tuple[list[LateRow], int, int]:
    tasks = Task.objects.filter(
        areas.within("area_path", path), state__in=OPEN_STATES, due_at__lt=now, clock__stopped_at=None
    )
    rows = list(tasks.values("owner_post").annotate(n=Count("pk"), oldest=Min("due_at")).order_by("-n", "oldest"))
    shown = rows[:LATE_SHOWN]
    names = {str(pk): name for pk, name in Post.objects.filter(pk__in=[row["owner_post"] for row in shown]).values_list("pk", "name")}
    late = [
        LateRow(names.get(key := row["owner_post"], key), row["n"], _longest(now - row["oldest"]), _url(actor, "task-late", post=key))
        for row in shown
    ]
    return late, sum(row["n"] for row in rows), len(rows)


def _longest(span: timedelta) -> str:
    return _("最久超时 %(time)s") % {"time": duration(span)}


def _url(actor: Actor, route: str, **parts: str) -> str:
    return reverse(route, kwargs=parts) if permissions.may_open(actor, route) else ""
