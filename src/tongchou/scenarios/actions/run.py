"""Ask for a comparison of two scenarios, cancel it, let a cancelled one go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from tongchou import audit, citytime, jobs
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.audit.ids import uuid7
from tongchou.jobs import JobState
from tongchou.refusal import Refusal
from tongchou.scenarios.models import ScenarioRun

LEDGER = "scenario_run"
KIND = "scenario.run"
MOST_WAITING = 3
"""comparisons of one post that wait or run at a time, so that nobody's queue keeps the others out"""


@transaction.atomic
def ask_run(*, title: str, area_path: str, plan: Mapping[str, Any], persons: int, by: Actor) -> ScenarioRun:
    """Queue a comparison. The plan was checked by ``bridge.scenario_plan``; here stand the limits of what one may ask.

    Raises Refusal where the post may not, asks for more than TONGCHOU_SCENARIO_LIMIT, or has too many waiting.
    """
    if not permissions.may(by, LEDGER, "create"):
        raise Refusal("您的岗位不能提出情景推演，可以查看已有的", "your post may look at comparisons, not ask for one", code="not_allowed")
    refuse_too_large(persons, int(plan["replicates"]))
    waiting = ScenarioRun.objects.filter(by_post=str(by.by.post), job__state__in=(JobState.QUEUED, JobState.RUNNING)).count()
    if waiting >= MOST_WAITING:
        raise Refusal(
            f"贵岗位已有 {waiting} 项推演在排队或进行：请等其中一项结束，或取消一项",
            f"{waiting} comparisons of your post wait or run: let one end, or cancel one", code="too_many",
        )  # fmt: skip
    number = uuid7()
    job = jobs.ask(KIND, by=by, key=f"{KIND}:{number}", run=str(number))
    row = ScenarioRun.objects.create(
        id=number, title=title, area_path=area_path, plan=dict(plan), persons=persons, job=job, asked_at=citytime.now(),
        by_post=by.by.post, by_name=" ".join(part for part in (by.post_name, by.name) if part)[:120],
    )  # fmt: skip
    audit.record("ask", ledger=LEDGER, object_id=str(row.id), by=by.by, area=area_path, note=f"{persons} × {row.runs}")
    return row


def refuse_too_large(persons: int, replicates: int) -> None:
    """Raises Refusal where persons x runs go beyond what this installation allows, and says what would do."""
    limit, asked = settings.SCENARIO_LIMIT, persons * 2 * replicates
    if asked > limit:
        most = limit // (2 * max(persons, 1))
        raise Refusal(
            f"人数 {persons:,} × 两个情景 × {replicates:,} 次 = {asked:,}，超过本系统上限 {limit:,}："
            f"{f'请把次数减到 {most:,} 以下' if most >= 2 else '请选较小的地区或较少的人数'}",
            f"{persons:,} persons × two scenarios × {replicates:,} replicates = {asked:,}, above this system's limit of {limit:,}: "
            f"{f'ask for {most:,} replicates or fewer' if most >= 2 else 'choose a smaller area or fewer persons'}",
            code="too_large", field="replicates",
        )  # fmt: skip


@transaction.atomic
def cancel_run(*, run: ScenarioRun, by: Actor) -> ScenarioRun:
    """Stop a comparison: at once while it waits, after the replicate under way while it runs. What is done is kept."""
    jobs.cancel_job(job=run.job, by=by)
    audit.record("cancel", ledger=LEDGER, object_id=str(run.id), by=by.by, area=run.area_path)
    run.refresh_from_db()
    return run


@transaction.atomic
def resume_run(*, run: ScenarioRun, by: Actor) -> ScenarioRun:
    """Let a cancelled or failed comparison go on from the replicates that are kept."""
    jobs.retry_job(job=run.job, by=by)
    audit.record("resume", ledger=LEDGER, object_id=str(run.id), by=by.by, area=run.area_path)
    run.refresh_from_db()
    return run
