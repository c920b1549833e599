"""Step 5, supervise 督: reminders and escalation of what is near its limit or past it, and who is late."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count

from tongchou import areas, citytime
from tongchou.access.models import Post
from tongchou.day.step import Day, Step
from tongchou.reason import Reason
from tongchou.tasks.actions.escalation import run_escalations
from tongchou.tasks.models import OPEN_STATES, EscalationStep, Task


def run(day: Day) -> Step:
    """Do the reminders and escalations that are due, then tell those of the day and the posts that are late."""
    run_escalations(at=day.at, by=day.by)
    span = (citytime.day_start(day.on), day.at)
    done = EscalationStep.objects.filter(due_at__gte=span[0], due_at__lte=span[1])
    done = done.filter(areas.within("task__area_path", day.outbreak.area_path))
    steps = Counter(dict(done.values_list("kind").annotate(steps=Count("id")).order_by("kind")))
    late = _late(day)
    lines = [Reason("supervise.step", {"kind": kind, "count": count}) for kind, count in sorted(steps.items())]
    lines += [Reason("supervise.late", one) for one in late]
    return Step({"steps": dict(steps), "late": late}, lines or [Reason("supervise.none")])


def _late(day: Day) -> list[dict[str, object]]:
    """Posts with tasks past their limit, the most tasks first."""
    open_late = Task.objects.filter(
        areas.within("area_path", day.outbreak.area_path), state__in=OPEN_STATES, due_at__lt=day.at
    )
    found = list(open_late.values("owner_post").annotate(tasks=Count("id")).order_by("-tasks", "owner_post"))
    names = {str(row.pk): row.name for row in Post.objects.filter(pk__in=[one["owner_post"] for one in found])}
    return [{"post": names.get(one["owner_post"], one["owner_post"]), "tasks": one["tasks"]} for one in found]
