"""The pages of supervision: the board, the late of one post, one task with its chain, its steps, a new task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongchou import areas, audit, citytime
from tongchou.access import permissions
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post
from tongchou.access.pages import page
from tongchou.ledger import registry, serializer
from tongchou.ledger.pages import rows as kernel
from tongchou.ledger.pages.forms import RowForm
from tongchou.refusal import Refusal
from tongchou.tasks import sides
from tongchou.tasks.models import Clock, Task, TaskState
from tongchou.tasks.new_task import NewTaskForm
from tongchou.tasks.queries import board
from tongchou.tasks.queries import clock as clocks

SHOWN_LATE = 200
CHAIN = (
    (TaskState.FILED, "opened_at"), (TaskState.ASSIGNED, "assigned_at"), (TaskState.ACCEPTED, "accepted_at"),
    (TaskState.REPORTED, "reported_at"), (TaskState.VERIFIED, "verified_at"), (TaskState.CLOSED, "closed_at"),
    (TaskState.WRITTEN_OFF, "written_off_at"),
)  # fmt: skip


@dataclass(frozen=True)
class Link:
    """One step of the chain on the page: its name, when it was taken, and whether the task stands there now."""

    label: str
    at: datetime | None
    done: bool
    here: bool


def tasks_of(actor: Actor) -> QuerySet[Task]:
    """The one read door for tasks."""
    return registry.get("task").rows(actor)


def actor_of(request: HttpRequest) -> Actor:
    actor = Actor.of_request(request)
    if actor is None or not permissions.may(actor, "task", "read"):
        raise Http404
    return actor


@page("task-board")
def board_page(request: HttpRequest) -> HttpResponse:
    """How supervision stands inside the actor's scope, with ways down to posts, areas and tasks."""
    actor, now = actor_of(request), citytime.now()
    area = _area(request.GET.get("area", ""), actor)
    rows = tasks_of(actor)
    if area:
        rows = rows.filter(areas.within("area_path", area))
    running = Clock.objects.filter(areas.within("area_path", area or actor.area_path))
    states = board.counts_by_state(rows)
    clock_states = clocks.counts_by_state(running, now, running_only=True)
    context = {
        "now": now,
        "area": area,
        "area_name": areas.full_name(area) if area else "",
        "states": [(state, TaskState(state).label, number) for state, number in states.items()],
        "total": sum(states.values()),
        "clock_states": list(clock_states.items()),
        "posts": board.late_by_post(rows, now),
        "lines": board.lines_below(rows, area or actor.area_path, now) if _covers_area(actor) else [],
        "score": board.score(rows, now, area=area or actor.area_path),
        "may_create": permissions.may_open(actor, "task-new"),
    }
    return render(request, "tasks/board.html", context)


@page("task-late")
def late_page(request: HttpRequest, post: str) -> HttpResponse:
    """The overdue tasks of one post, the longest overdue first."""
    actor, now = actor_of(request), citytime.now()
    rows = list(board.late(tasks_of(actor).filter(owner_post=post), now)[:SHOWN_LATE])
    name = rows[0].owner_name if rows else Task.objects.filter(owner_post=post).values_list("owner_name", flat=True).first()
    if name is None:
        raise Http404(_("这个岗位没有任务。"))
    lines = [(row, now - row.due_at, areas.name_of(row.area_path)) for row in rows if row.due_at]
    context = {"rows": lines, "name": name, "now": now, "most": SHOWN_LATE}
    return render(request, "tasks/late.html", context)


@page("task")
def task_page(request: HttpRequest, pk: str) -> HttpResponse:
    """One task: where it stands in the chain, its clock, what was said and checked, and the steps open to this post."""
    actor, now = actor_of(request), citytime.now()
    ledger = registry.get("task")
    task = kernel.find_row(ledger, actor, pk)
    audit.record("read", ledger="task", object_id=str(task.pk), by=actor.by, area=task.area_path)
    reads_words = sides.is_party(actor, task) or permissions.right(actor, "D4").read not in ("-", "g")
    context = {
        "task": task,
        "area_name": areas.full_name(task.area_path),
        "chain": chain(task),
        "clock": task.clock,
        "reading": clocks.readings([task.clock], now)[task.clock_id] if task.clock else None,
        "words": reads_words,
        "checks": task.site_checks.all() if reads_words else (),
        "extensions": task.extensions.all(),
        "pauses": task.clock.pauses.all() if task.clock else (),
        "versions": task.clock.versions.all() if task.clock else (),
        "reminders": task.steps.all(),
        "steps": steps_for(ledger, task, actor),
        "timeline": timeline(ledger, task),
        "target": _object_link(task, actor),
    }
    return render(request, "tasks/task.html", context)


@page("task-step")
def step_page(request: HttpRequest, pk: str, name: str) -> HttpResponse:
    """Take a step. One that needs words asks for them; one that needs none is taken by its button."""
    actor = actor_of(request)
    ledger = registry.get("task")
    task = kernel.find_row(ledger, actor, pk)
    action = next((one for one in ledger.actions if one.name == name), None)
    if action is None or not permissions.may(actor, "task", name):
        raise Http404
    form = RowForm(action.fields, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            kernel.do_action(ledger, action, task, form.raw(), actor)
        except Refusal as refusal:
            if not action.fields:
                messages.error(request, refusal.text)
                return redirect("task", pk=task.pk)
            form.show(refusal)
        else:
            messages.success(request, _("已办理：%(action)s。") % {"action": action.label})
            return redirect("task", pk=task.pk)
    context = {"task": task, "action": action, "form": form}
    return render(request, "tasks/step.html", context, status=422 if form.errors else 200)


@page("task-new")
def new_page(request: HttpRequest) -> HttpResponse:
    """立项: file a task for a post inside the actor's area, and hand it over at once if wanted."""
    actor = actor_of(request)
    form = NewTaskForm(actor, request.POST or None, initial={"area": request.GET.get("area", "")})
    if request.method == "POST" and form.is_valid():
        try:
            task = form.open()
        except Refusal as refusal:
            form.show(refusal)
        else:
            messages.success(request, _("已立项：%(number)s。") % {"number": task.number})
            return redirect("task", pk=task.pk)
    return render(request, "tasks/new.html", {"form": form}, status=422 if form.errors else 200)


def chain(task: Task) -> list[Link]:
    """The seven links of supervision with the time of each; blocked and returned tasks stand at 承办."""
    state = TaskState(task.state)
    stands = {TaskState.BLOCKED: TaskState.ACCEPTED, TaskState.RETURNED: TaskState.ACCEPTED}.get(state, state)
    order = [state for state, _name in CHAIN]
    position = order.index(stands) if stands in order else -1
    return [
        Link(str(state.label), getattr(task, name) if index <= position else None, index < position, index == position)
        for index, (state, name) in enumerate(CHAIN)
    ]


DOER_STEPS = ("accept", "decline", "report", "recall", "block", "extend")
REQUESTER_STEPS = ("assign", "decide", "verify", "return", "close", "write_off", "cancel")


def steps_for(ledger: Any, task: Task, actor: Actor) -> list[Any]:
    """The steps that this post can take now: by right, by state, by side."""
    doer, requester = task.is_doer(actor.post_id), sides.on_requesters_side(actor, task)
    sided = {
        **dict.fromkeys(DOER_STEPS, doer),
        **dict.fromkeys(("accept", "decline"), actor.post_id == task.owner_post),
        **dict.fromkeys(REQUESTER_STEPS, requester),
        **dict.fromkeys(("assign", "cancel"), requester or actor.post_id == task.opened_by_post),
        "unblock": doer or requester,
        "check_site": not doer,
    }
    return [action for action in ledger.actions if sided[action.name] and permissions.may(actor, "task", action.name) and action.when(task)]


def timeline(ledger: Any, task: Task) -> list[tuple[Any, str, str]]:
    """(line of the trail, what happened, by which post), newest first; reading is left out."""
    labels = {action.name: str(action.label) for action in ledger.actions}
    labels |= {"file": _("立项"), "reopen": _("核查不属实，重新办理"), "escalate": _("催办、上报")}
    found = list(audit.timeline("task", str(task.pk)).exclude(action="read")[: kernel.TIMELINE_LINES])
    names = {str(post.pk): post.name for post in Post.objects.filter(pk__in={one.post for one in found} - {SYSTEM.post_id, ""})}
    names[SYSTEM.post_id] = SYSTEM.post_name
    return [(entry, labels.get(entry.action, entry.action), names.get(entry.post, "")) for entry in found]


def _covers_area(actor: Actor) -> bool:
    """Whether the pages of divisions are open to this post; a hospital or laboratory has a site, no division."""
    return any(scope.kind == "area" for scope in actor.scopes)


def _area(text: str, actor: Actor) -> str:
    """The asked area if it is one and lies inside the actor's own, else nothing."""
    path = areas.path_of(text) if text.isdigit() else ""
    inside = any(scope.kind == "area" and path.startswith(scope.value) for scope in actor.scopes)
    return path if path and inside else ""


def _object_link(task: Task, actor: Actor) -> tuple[str, str]:
    """(what the task points at, its address or nothing) as far as this actor may open it."""
    if task.ledger == "area":
        return areas.full_name(task.object_id), reverse("village", kwargs={"area_path": task.object_id})
    known = {ledger.key: ledger for ledger in registry.every()}
    ledger = known.get(task.ledger)
    if ledger is None:
        return f"{task.ledger} {task.object_id}", ""
    label = str(ledger.label)
    if not permissions.may(actor, ledger.key, "read"):
        return label, ""
    try:
        row = ledger.rows(actor).filter(pk=task.object_id).first()
    except (ValueError, TypeError, ValidationError):
        row = None  # the id is of a kind that this ledger does not have
    if row is None:
        return label, ""
    shown = serializer.serialize(ledger, row, actor, ledger.title_of(row))
    name = " ".join(one.text for one in shown.values())
    return f"{label} {name}", reverse("ledger-detail", kwargs={"key": ledger.key, "pk": row.pk})
