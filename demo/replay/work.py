"""How posts give and do tasks in the replay: orders out, then each holder by habit, through the task actions."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from demo.replay.scenario import ZONE, Order, Scenario, ScenarioBroken
from demo.replay.stories import Event
from demo.replay.world import World, actor_of
from tongchou import areas, citytime
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.outbreak.models import Case
from tongchou.tasks.actions.task import accept_task, close_task, open_task, report_task, verify_task
from tongchou.tasks.models import Task, TaskState

# Cases.csv says when these were done; the decision on a zone is left to whoever opens the demo.
_NOT_BY_HABIT = ("case.", "zone")
_DONE_NOTES = {"order.visit": "已入户，体温正常，物资送达", "order.screen": "已逐户排查并登记", "order.check": "已核查，无异常"}


def order_events(scenario: Scenario, world: World) -> Iterator[Event]:
    for order in scenario.orders:
        yield Event(order.at, f"order:{order.key}:{order.by}", lambda order=order: _give(order, world))


def _give(order: Order, world: World) -> int:
    by = world.actor(order.by)
    posts = _receivers(order, world)
    for post in posts:
        open_task(
            kind=order.kind, title=order.title_zh, title_en=order.title_en, post=post, ledger="area", object_id=post.area_path,
            area_path=post.area_path, clock_rule=order.clock_rule, key=f"demo:{order.key}:{post.code}", by=by,
        )  # fmt: skip
    return len(posts)


def _receivers(order: Order, world: World) -> list[Post]:
    """``county:OFFICE``, ``departments``, ``grid:AREA``, ``township:AREA``, ``casegrid:AREA``, ``firstgrids:AREA:N`` or a post code."""
    group, _, rest = order.to.partition(":")
    posts = Post.objects.order_by("code")
    if group == "county":
        return list(posts.filter(role=rest, area_path__in=[area.path for area in areas.children("5104")]))
    if group == "departments":
        return list(posts.filter(role=Role.DEPARTMENT))
    if group == "grid":
        return list(posts.filter(areas.within("area_path", rest), role=Role.GRID))
    if group == "township":
        townships = [area.path for area in areas.children(rest)]
        return list(posts.filter(role=Role.SECRETARY, area_path__in=townships))
    if group == "casegrid":
        ill = Case.objects.filter(areas.within("area_path", rest)).exclude(status=Case.Status.EXCLUDED).values_list("area_path", flat=True)
        return list(posts.filter(role=Role.GRID, area_path__in=set(ill)))
    if group == "firstgrids":
        area, _, count = rest.partition(":")
        return list(posts.filter(areas.within("area_path", area), role=Role.GRID)[: int(count)])
    if not rest:
        return [world.post(order.to)]
    raise ScenarioBroken(f"orders.csv：不认识收件 {order.to}", f"orders.csv: unknown receivers {order.to}")


class Workforce:
    """The holders at work: what each would have done by an instant, in the order in which it happened."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self.habits = scenario.habits
        self.away = [(world.resolve(row.post), row.from_on, row.to_on) for row in scenario.habits.away]
        self._posts: dict[str, Post | None] = {}
        self._actors: dict[str, Actor] = {}
        self.office = str(world.post("5104-OFFICE").pk)

    def work(self, until: datetime) -> int:
        """Do everything that was planned before ``until``, in order; how many steps were taken."""
        planned = [plan for task in self._open_tasks() if (plan := self._next(task)) and plan[0] < until]
        heapq.heapify(planned)
        steps = 0
        while planned:
            at, _number, act, task, actor = heapq.heappop(planned)
            with citytime.standing_at(at):
                STEPS[act](task, actor)
            steps += 1
            plan = self._next(Task.objects.get(pk=task.pk))
            if plan and plan[0] < until:
                heapq.heappush(planned, plan)
        return steps

    @staticmethod
    def _open_tasks() -> list[Task]:
        states = (TaskState.ASSIGNED, TaskState.ACCEPTED, TaskState.REPORTED)
        return list(Task.objects.filter(state__in=states).order_by("number"))

    def _next(self, task: Task) -> tuple[datetime, str, str, Task, Actor] | None:
        """(instant, number, what, task, who) of a task's next step, or None where nobody takes it."""
        if task.state == TaskState.REPORTED:
            reviewer = self._actor(self._reviewer(task))
            at = self._plan(reviewer, task.reported_at, self.habits.minutes(task.kind, "review_after_minutes"))
            return (at, task.number, "review", task, reviewer) if at else None
        if task.state not in (TaskState.ASSIGNED, TaskState.ACCEPTED) or task.kind.startswith(_NOT_BY_HABIT):
            return None
        owner = self._actor(task.owner_post)
        act = "accept" if task.state == TaskState.ASSIGNED else "report"
        at = self._plan(owner, task.assigned_at, self.habits.minutes(task.kind, f"{act}_after_minutes"))
        if at and task.accepted_at:
            at = max(at, task.accepted_at + timedelta(minutes=1))
        return (at, task.number, act, task, owner) if at else None

    def _reviewer(self, task: Task) -> str:
        return task.requester_post if self._post(task.requester_post) is not None else self.office

    def _plan(self, actor: Actor | None, start: datetime, minutes: int) -> datetime | None:
        """The instant at which a post gets round to something: within hours, and not while it is away."""
        if actor is None:
            return None
        at = (start + timedelta(minutes=minutes)).astimezone(ZONE)
        first, last = self.habits.hours
        for _day in range(60):
            if at.hour >= last:
                at = (at + timedelta(days=1)).replace(hour=first, minute=at.minute)
            elif at.hour < first:
                at = at.replace(hour=first)
            if not any(code == actor.post_code and from_on <= at.date() <= to_on for code, from_on, to_on in self.away):
                return at
            at = (at + timedelta(days=1)).replace(hour=first)
        return None

    def _post(self, post_id: str) -> Post | None:
        if post_id not in self._posts:
            self._posts[post_id] = Post.objects.filter(pk=post_id).first() if len(post_id) == 36 else None
        return self._posts[post_id]

    def _actor(self, post_id: str) -> Actor | None:
        post = self._post(post_id)
        if post is None:
            return None
        if post_id not in self._actors:
            self._actors[post_id] = actor_of(post)
        return self._actors[post_id]


def _accept(task: Task, by: Actor) -> None:
    accept_task(task=task, by=by)


def _report(task: Task, by: Actor) -> None:
    report_task(task=task, note=_DONE_NOTES.get(task.kind, "已办理，情况属实"), by=by)


def _review(task: Task, by: Actor) -> None:
    close_task(task=verify_task(task=task, by=by), by=by)


STEPS = {"accept": _accept, "report": _report, "review": _review}
