"""The rows of a seeded ledger city: residents from the demo's synthesis, cases and tasks of plausible shape."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from demo.loading import city, marks
from demo.loading.plan import read_plan

from demo import play
from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post
from tongchou.outbreak.actions.outbreak import draft_outbreak, open_outbreak
from tongchou.outbreak.models import Case, Outbreak
from tongchou.people.models import Person
from tongchou.tasks.models import Task, TaskState

OUTBREAK_CODE = "BENCH"
FIRST_DAY, DAYS = date(2020, 1, 25), 60
_BATCH_ROWS = 5000
_RECOVERY_DAYS = (12, 25)


def make(people: int, cases: int, tasks: int, seed: int, say: Any) -> dict[str, int]:
    """Make the city, or finish one that was begun with the same numbers; how many rows of each kind there are.

    Raises:
        city.OtherCity: where the folder holds another city.
    """
    play.migrate(say)
    plan = read_plan(people, seed=seed)
    city.load_city(plan, say, sign_ins=False)
    with citytime.standing_at(datetime(2020, 4, 1, 9, 0, tzinfo=citytime.zone())):
        with_cases = add_cases(cases, seed, say)
        with_tasks = add_tasks(tasks, say)
    return {"people": plan.total, "cases": with_cases, "tasks": with_tasks}


def _outbreak() -> Outbreak:
    found = Outbreak.objects.filter(code=OUTBREAK_CODE).first()
    if found is not None:
        return found
    draft = draft_outbreak(
        code=OUTBREAK_CODE, name="测试数据,非真实疫情", disease="covid-19", area_path="5104", begins_on=date(2020, 1, 20),
        lead_post="5104-COMMAND", task_force="测试", plan="测试", voice_post="5104-OFFICE", by=SYSTEM,
    )  # fmt: skip
    return open_outbreak(outbreak=draft, by=SYSTEM)


def add_cases(count: int, seed: int, say: Any) -> int:
    """``count`` cases among the residents, spread over the city; each batch once only."""


    total = Person.objects.count()
    if not count:
        return Case.objects.count()
    outbreak = _outbreak()
    people = Person.objects.order_by("area_path", "id").values_list("pk", "area_path", "sex", "born_on")
    every = max(total // count, 1)
    chosen = islice(people.iterator(chunk_size=_BATCH_ROWS), 0, None, every)
    for number, batch in enumerate(_batches(islice(chosen, count))):
        key = f"bench:cases:{number:04d}"
        if marks.done(key):
            continue
        chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number, 7])))
        with marks.step(key) as rows:
            made = [_case(outbreak, number * _BATCH_ROWS + i, one, chance) for i, one in enumerate(batch)]
            Case.objects.bulk_create(made, batch_size=_BATCH_ROWS)
            rows.append(len(made))
        say(f"病例 {number * _BATCH_ROWS + len(batch):,}/{count:,}", f"cases {number * _BATCH_ROWS + len(batch):,}/{count:,}")
    return Case.objects.count()


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield batch


def _case(outbreak: Outbreak, number: int, person: tuple[Any, ...], chance: np.random.Generator) -> Case:
    pk, area, sex, born_on = person
    onset = FIRST_DAY + timedelta(days=int(chance.integers(0, DAYS)))
    confirmed = onset + timedelta(days=int(chance.integers(1, 7)))
    recovered = confirmed + timedelta(days=int(chance.integers(*_RECOVERY_DAYS)))
    ended = recovered <= citytime.today()
    at = citytime.at_hour(confirmed, int(chance.integers(8, 20)), int(chance.integers(0, 60)))
    return Case(
        outbreak=outbreak, case_no=f"{OUTBREAK_CODE}-{number:06d}", person_id=pk, sex=sex, age_years=confirmed.year - born_on.year,
        area_path=area, residence_path=area, status=Case.Status.CONFIRMED, definition_version="v4", severity=Case.Severity.MODERATE,
        origin=Case.Origin.LOCAL, onset_on=onset, found_at=at, reported_at=at, suspected_on=onset, confirmed_on=confirmed,
        recovered_on=recovered if ended else None, discharged_on=recovered if ended else None,
        outcome=Case.Outcome.RECOVERED if ended else Case.Outcome.ILL, changed_at=at,
    )  # fmt: skip


def add_tasks(count: int, say: Any) -> int:
    """``count`` tasks of village posts about cases, half of them open."""


    posts = list(Post.objects.filter(role="SECRETARY").select_related("parent").order_by("code"))
    now = citytime.now()
    for number, batch in enumerate(_batches(iter(range(count)))):
        key = f"bench:tasks:{number:04d}"
        if marks.done(key):
            continue
        rows = []
        for i in batch:
            post = posts[i % len(posts)]
            state = TaskState.CLOSED if i % 2 else TaskState.ASSIGNED
            opened = now - timedelta(minutes=30 * (i % 3000))
            rows.append(
                Task(
                    number=f"TB{i:08d}", kind="bench", title=f"测试任务 {i}", ledger="area", object_id=post.area_path, area_path=post.area_path,
                    owner_post=str(post.pk), owner_name=post.name, requester_post=str(post.parent_id), requester_name=post.parent.name,
                    opened_by_post="system", state=state, opened_at=opened, assigned_at=opened, due_at=opened + timedelta(hours=24),
                    closed_at=opened if state == TaskState.CLOSED else None, key=f"bench:{i}",
                )  # fmt: skip
            )
        with marks.step(key) as marked:
            Task.objects.bulk_create(rows, batch_size=_BATCH_ROWS)
            marked.append(len(rows))
        say(f"任务 {batch[-1] + 1:,}/{count:,}", f"tasks {batch[-1] + 1:,}/{count:,}")
    return Task.objects.filter(kind="bench").count()
