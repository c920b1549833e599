"""Today's work of a post: what it must do, what it must judge, and how its clocks stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.ledger import registry
from tongchou.tasks.actions.task import recallable
from tongchou.tasks.models import OPEN_STATES, REVIEW_STATES, Task, TaskState
from tongchou.tasks.queries.clock import readings

#: rows shown of each list; further ones are in the task ledger
MOST_SHOWN = 100
LATE_SHOWN = 10
#: the next step of the doer and of the requester's side, by state
DOER_STEPS = {
    TaskState.ASSIGNED: ("accept",),
    TaskState.RETURNED: ("report",),
    TaskState.ACCEPTED: ("report",),
    TaskState.BLOCKED: ("report",),
}
JUDGE_STEPS = {TaskState.REPORTED: ("verify", "return"), TaskState.VERIFIED: ("close",)}
#: steps that need words with them
WORDED = ("report", "return")


@dataclass(frozen=True)
class Item:
    """One task as its post sees it. ``margin`` is the time left to its due instant, negative when late."""

    task: Task
    area_name: str
    state: str
    due_at: datetime | None
    margin_text: str
    paused: bool
    steps: tuple[str, ...]

    @property
    def late(self) -> bool:
        return self.state == "over"


@dataclass(frozen=True)
class Work:
    """``to_do`` in order of urgency, ``to_judge`` by time reported, ``done`` what was reported today, newest first; the totals count past what is shown."""

    to_do: list[Item]
    to_judge: list[Item]
    done: list[Item]
    to_do_total: int
    to_judge_total: int
    done_today: int
    late: int

    @property
    def sentence(self) -> str:
        """The day in one line, e.g. ``待办 5 件，其中超时 1 件``."""
        if not self.to_do_total:
            return _("现在没有待办")
        text = ngettext("待办 %(n)d 件", "待办 %(n)d 件", self.to_do_total) % {"n": self.to_do_total}
        if self.late:
            text += _("，") + ngettext("其中超时 %(n)d 件", "其中超时 %(n)d 件", self.late) % {"n": self.late}
        return text


def of(actor: Actor) -> Work | None:
    """The work of the actor's post now; None for a post that has nothing to do with tasks."""
    if not actor.post_id or not permissions.may(actor, "task", "list"):
        return None
    now = citytime.now()
    mine = Task.objects.filter(Q(owner_post=actor.post_id) | Q(pk__in=_assisted(actor)), state__in=OPEN_STATES)
    judged = Task.objects.filter(requester_post=actor.post_id, state__in=REVIEW_STATES)
    day = citytime.today()
    done = Task.objects.filter(
        owner_post=actor.post_id, reported_at__gte=citytime.day_start(day), reported_at__lt=citytime.day_close(day)
    ).exclude(state__in=OPEN_STATES)
    return Work(
        to_do=items(actor, mine.order_by(F("due_at").asc(nulls_last=True), "opened_at", "id")[:MOST_SHOWN], now),
        to_judge=items(actor, judged.order_by("reported_at", "id")[:MOST_SHOWN], now),
        done=items(actor, done.order_by("-reported_at", "-id")[:MOST_SHOWN], now),
        to_do_total=mine.count(),
        to_judge_total=judged.count(),
        done_today=done.count(),
        late=mine.filter(due_at__lt=now, clock__stopped_at=None).count(),
    )


def late_below(actor: Actor) -> list[tuple[Item, str]]:
    """Late tasks of other posts in the actor's area with the name of the post, longest late first; empty for a post
    that supervises nobody."""
    if not actor.area_path or not permissions.may_open(actor, "task-board"):
        return []
    now = citytime.now()
    late = registry.get("task").rows(actor).filter(
        areas.within("area_path", actor.area_path), state__in=OPEN_STATES, due_at__lt=now, clock__stopped_at=None
    ).exclude(owner_post=actor.post_id)
    found = items(actor, late.order_by("due_at", "id")[:LATE_SHOWN], now)
    names = {str(pk): name for pk, name in Post.objects.filter(pk__in=[one.task.owner_post for one in found]).values_list("pk", "name")}
    return [(one, names.get(one.task.owner_post, "")) for one in found]


def items(actor: Actor, tasks: QuerySet[Task], now: datetime) -> list[Item]:
    """Tasks with their clocks read at ``now`` and the steps that this post may take."""
    rows = list(tasks.select_related("clock").prefetch_related("assistants"))
    read = readings([row.clock for row in rows if row.clock is not None], now)
    return [_item(actor, row, read.get(row.clock_id) if row.clock_id else None) for row in rows]


def item(actor: Actor, task: Task) -> Item:
    """One task, as after a step was taken."""
    return items(actor, Task.objects.filter(pk=task.pk), citytime.now())[0]


def _item(actor: Actor, task: Task, reading: Any) -> Item:
    doer = task.is_doer(actor.post_id)
    steps = (DOER_STEPS if doer else JUDGE_STEPS).get(TaskState(task.state), ())
    if doer and recallable(task):
        steps = ("recall",)
    if doer and task.owner_post != actor.post_id:
        steps = tuple(step for step in steps if step != "accept")
    return Item(
        task=task,
        area_name=areas.name_of(task.area_path),
        state=reading.state if reading else "",
        due_at=reading.due_at if reading else None,
        margin_text=_margin(reading),
        paused=bool(reading and reading.paused),
        steps=tuple(step for step in steps if permissions.may(actor, "task", step)),
    )


def _margin(reading: Any) -> str:
    if reading is None or reading.left is None:
        return ""
    words = duration(abs(reading.left))
    if reading.paused:
        return _("已暂停，剩余 %(time)s") % {"time": words}
    if reading.state in ("ok", "over_done") and reading.due_at is None:
        return ""
    return _("超时 %(time)s") % {"time": words} if reading.left < timedelta() else _("还剩 %(time)s") % {"time": words}


def duration(span: timedelta) -> str:
    """A span in its two largest units: ``2 天 3 小时``, ``1 小时 20 分``, ``5 分``."""
    minutes = int(span.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [
        ngettext("%(n)d 天", "%(n)d 天", days) % {"n": days} if days else "",
        ngettext("%(n)d 小时", "%(n)d 小时", hours) % {"n": hours} if hours else "",
        ngettext("%(n)d 分", "%(n)d 分", rest) % {"n": rest} if not days and (rest or not hours) else "",
    ]
    return " ".join(part for part in parts if part)


def _assisted(actor: Actor) -> QuerySet:
    return Task.objects.filter(assistants__post=actor.post_id).values("pk")
