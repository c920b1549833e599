"""Reminders before, at and after the limit, then up the line of posts; each step once, in the trail and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from tongchou import audit, citytime, rulebook
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.notices import SYSTEM_POST
from tongchou.tasks import letters, sides
from tongchou.tasks.models import OPEN_STATES, EscalationStep, Task, TaskState

LADDER_RULE = "escalation.ladder"
_BATCH_TASKS = 100
Kind = EscalationStep.Kind


@dataclass(frozen=True)
class Step:
    """One thing to do about a task whose limit is near or past. ``offset_minutes`` counts from the due instant."""

    kind: str
    due_at: datetime
    offset_minutes: int
    to_post: str
    to_name: str
    rung: int = 0

    def key(self, task: Task) -> str:
        # the due instant is part of it: a limit that was extended reminds again, one that was not never does
        return f"task:{task.pk}:{self.due_at:%Y%m%d%H%M}:{self.kind}:{self.offset_minutes}:{self.rung}"


def run_escalations(*, at: datetime, by: Actor) -> list[EscalationStep]:
    """Do every step that has become due by ``at`` and was not done before; asking again does nothing.

    Before the limit: the post that has to act, as the clock's rule says. At and after it: that post
    again, then the posts above it, by the rule ``escalation.ladder`` of the task's area. To act is
    the owner's; of a task that its owner declined, the requester's. A task that is with its
    reviewer, held or over is left alone.
    """
    done: list[EscalationStep] = []
    lines: dict[str, list[Post]] = {}
    rules: dict[str, Any] = {}
    ids = list(_candidates(at).values_list("pk", flat=True))
    for start in range(0, len(ids), _BATCH_TASKS):
        with transaction.atomic():
            done.extend(_escalate_batch(ids[start : start + _BATCH_TASKS], at, by, lines, rules))
    return done


def _candidates(at: datetime) -> Any:
    return (
        Task.objects.filter(state__in=(*OPEN_STATES, TaskState.FILED), clock__stopped_at__isnull=True, clock__paused_from_at__isnull=True, due_at__isnull=False)
        .filter(Q(due_at__lte=at) | Q(clock__near_at__lte=at))
        .order_by("due_at", "id")
    )


def _escalate_batch(ids: list[Any], at: datetime, by: Actor, lines: dict[str, list[Post]], rules: dict[str, Any]) -> list[EscalationStep]:
    tasks = list(_candidates(at).filter(pk__in=ids).select_related("clock").select_for_update(of=("self",)))
    wanted = [(task, step) for task in tasks for step in _steps(task, at, lines, rules)]
    known = set(EscalationStep.objects.filter(key__in=[step.key(task) for task, step in wanted]).values_list("key", flat=True))
    fresh = [(task, step) for task, step in wanted if step.key(task) not in known]
    rows = [_row(task, step, at, rules) for task, step in fresh]
    EscalationStep.objects.bulk_create(rows)
    audit.record_many([_event(task, step, by) for task, step in fresh])
    for task, step in fresh:
        letters.tell(task, step.to_post, step.kind, key=step.key(task), loud=True)
    return rows


def _steps(task: Task, at: datetime, lines: dict[str, list[Post]], rules: dict[str, Any]) -> Iterator[Step]:
    """The steps of a task that are due by ``at``, in order."""
    due = task.due_at
    if due is None or task.clock is None:
        return
    filed = task.state == TaskState.FILED
    to_act = (task.requester_post, task.requester_name) if filed else (task.owner_post, task.owner_name)
    if at < due:
        for minutes in task.clock.reminders_minutes:
            if due - timedelta(minutes=minutes) <= at:
                yield Step(Kind.BEFORE, due, -minutes, *to_act)
        return
    ladder = _rule(task, at, rules).value or {}
    if ladder.get("remind_at_due"):
        yield Step(Kind.DUE, due, 0, *to_act)
    for minutes in sorted(ladder.get("remind_after_minutes") or ()):
        if due + timedelta(minutes=minutes) <= at:
            yield Step(Kind.AFTER, due, minutes, *to_act)
    line = _line(to_act[0], lines)
    for rung in sorted(ladder.get("rungs") or (), key=lambda row: row["rung"]):
        if due + timedelta(minutes=rung["after_minutes"]) <= at and rung["rung"] <= len(line):
            above = line[rung["rung"] - 1]
            yield Step(Kind.LADDER, due, rung["after_minutes"], str(above.pk), above.name, rung["rung"])


def _rule(task: Task, at: datetime, rules: dict[str, Any]) -> Any:
    if task.area_path not in rules:
        rules[task.area_path] = rulebook.at(citytime.day_of(at), area=task.area_path).get(LADDER_RULE)
    return rules[task.area_path]


def _line(post: str, lines: dict[str, list[Post]]) -> list[Post]:
    if post not in lines:
        found = Post.objects.filter(pk=post).first() if post != SYSTEM_POST else None
        lines[post] = sides.posts_above(found) if found else []
    return lines[post]


def _row(task: Task, step: Step, at: datetime, rules: dict[str, Any]) -> EscalationStep:
    by_clock = task.clock.rule_version if task.clock else ""
    return EscalationStep(
        task=task, kind=step.kind, offset_minutes=step.offset_minutes, rung=step.rung, to_post=step.to_post, to_name=step.to_name,
        due_at=step.due_at, done_at=at, rule_version=by_clock if step.kind == Kind.BEFORE else _rule(task, at, rules).version,
        key=step.key(task),
    )  # fmt: skip


def _event(task: Task, step: Step, by: Actor) -> audit.Event:
    return audit.Event(
        "escalate", "task", str(task.pk), by.by, task.area_path,
        {"step": ["", step.kind], "to_post": ["", step.to_name], "offset_minutes": ["", str(step.offset_minutes)]},
    )
