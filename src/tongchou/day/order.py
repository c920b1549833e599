"""Step 4, order 令: what a post must decide becomes a task with a clock; clocks are read."""

from __future__ import annotations

from typing import Any

from tongchou import areas, citytime, rulebook
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.day.step import Day, Step
from tongchou.reason import Reason
from tongchou.tasks.actions.task import open_task
from tongchou.tasks.models import Clock, Task
from tongchou.tasks.queries.clock import counts_by_state
from tongchou.tasks.sides import supervising_post
from tongchou.zones.queries.table import ZoneLine, zone_table
from tongchou.zones.words import LEVELS

DECISION_CLOCK = "clock.zone_decision"


def run(day: Day, assessed: Step) -> Step:
    """Ask the county's command post to decide where the proposal differs from what stands; read the clocks.

    One question is asked once: as long as the proposal and the standing decision stay the same, so does the task.
    """
    asked, nobody = [], []
    for line in zone_table(day.on, disease=day.outbreak.disease):
        if line.needs_decision:
            task = _ask(day, line)
            if task is None:
                nobody.append(line)
            else:
                asked.append(task)
    running = counts_by_state(_clocks(day), day.at, running_only=True)
    tasks = [_task(task) for task in asked]
    lines = [Reason("order.task", one) for one in tasks]
    lines += [Reason("order.nobody", {"area": line.name, "level": line.level}) for line in nobody]
    lines.append(Reason("order.clocks", running))
    return Step({"tasks": tasks, "without_post": [line.area for line in nobody], "clocks": running}, lines)


def _ask(day: Day, line: ZoneLine) -> Task | None:
    owner = command_post(line.area, day)
    if owner is None:
        return None
    stands = line.decision.pk if line.decision else "none"
    zh, en = LEVELS[line.level]
    above = supervising_post(owner)
    return open_task(
        kind="zone.decide",
        title=f"研判{line.name}分级：规则建议{zh}",
        title_en=f"Decide the level of {line.name}: the rule proposes {en}",
        post=owner,
        requester=above,
        ledger="zone_proposal",
        object_id=str(line.proposal.pk if line.proposal else ""),
        area_path=line.area,
        clock_rule=_clock_rule(day, line.area),
        started_at=day.at,
        key=f"zone:{day.outbreak.disease}:{line.area}:{line.level}:{stands}",
        by=day.by if above else SYSTEM,
    )


def command_post(area: str, day: Day) -> Post | None:
    """The command post nearest to the area: the county's own, else the city's, else the office's."""
    paths = [*areas.ancestors(area), area]
    rows = Post.objects.filter(role__in=(Role.COMMAND, Role.OFFICE), area_path__in=paths).order_by("code")
    standing = [row for row in rows if row.in_force_on(day.on)]
    return max(standing, key=lambda row: (len(row.area_path), row.role == Role.COMMAND), default=None)


def _clock_rule(day: Day, area: str) -> str:
    try:
        rulebook.at(day.on, area=area, disease=day.outbreak.disease).get(DECISION_CLOCK)
    except rulebook.NoRule:
        return ""
    return DECISION_CLOCK


def _clocks(day: Day) -> Any:
    return Clock.objects.filter(areas.within("area_path", day.outbreak.area_path), started_at__lte=day.at)


def _task(task: Task) -> dict[str, Any]:
    post = Post.objects.filter(pk=task.owner_post).first()
    due = task.due_at.astimezone(citytime.zone()).strftime("%Y-%m-%d %H:%M") if task.due_at else "-"
    return {
        "number": task.number,
        "zh": task.title,
        "en": task.title_en or task.title,
        "post": post.name if post else task.owner_post,
        "due": due,
    }
