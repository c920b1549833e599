"""More time: asked for by the doer with a reason, decided by the requester's side."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.refusal import Refusal
from tongchou.tasks import letters, sides
from tongchou.tasks.actions.clock import extend_clock
from tongchou.tasks.models import OPEN_STATES, Extension, Task

LEDGER = "task"
LONGEST_MINUTES = 366 * 24 * 60


@transaction.atomic
def extend_task(*, task: Task, minutes: int, reason: str, by: Actor) -> Extension:
    """Ask for ``minutes`` more on the limit; nothing moves until the requester's side grants it.

    Raises Refusal where the task has no clock with a limit, is not in the doer's hands, or a request is open.
    """
    row = Task.objects.select_for_update(of=("self",)).select_related("clock").get(pk=task.pk)
    sides.demand_doer(by, row)
    if row.state not in OPEN_STATES:
        raise Refusal("任务已反馈或已结束，不能再申请延期。", "The task is reported or over: no more time can be asked for.", code="wrong_state")
    if row.clock is None or (row.clock.limit_minutes is None and row.clock.limit_working_days is None):
        raise Refusal("该任务没有时限，无须延期。", "This task has no time limit to extend.", code="no_limit")
    if not 0 < minutes <= LONGEST_MINUTES:
        raise Refusal("延长时间须大于零且不超过一年。", "Ask for more than nothing and at most a year.", code="bad_minutes", field="minutes")
    if not reason.strip():
        raise Refusal("请写明延期理由。", "Give the reason for the delay.", code="reason_missing", field="reason")
    try:
        with transaction.atomic():
            asked = Extension.objects.create(
                task=row, minutes=minutes, reason=reason.strip()[:500], asked_at=citytime.now(),
                asked_by_post=by.post_id, asked_by_user=by.user_id, asked_by_name=by.post_name[:120],
            )  # fmt: skip
    except IntegrityError:
        raise Refusal("已有一份延期申请待批。", "A request for more time is waiting for its decision already.", code="already_asked") from None
    _record("extend", row, asked, by)
    letters.tell(row, row.requester_post, "extension_asked")
    return asked


@transaction.atomic
def decide_extension(*, extension: Extension, granted: bool, by: Actor, note: str = "") -> Extension:
    """Grant or refuse; a grant lengthens the clock's limit as a new version of it."""
    asked = Extension.objects.select_for_update().get(pk=extension.pk)
    row = Task.objects.select_for_update(of=("self",)).select_related("clock").get(pk=asked.task_id)
    sides.demand_requester(by, row)
    if by.user_id and by.user_id == asked.asked_by_user:
        raise Refusal("申请人不能批复自己的延期申请。", "Who asked for more time cannot grant it.", code="doer_cannot_close")
    if asked.decision != Extension.Decision.ASKED:
        raise Refusal("该申请已经批复。", "This request was decided already.", code="wrong_state")
    asked.decision = Extension.Decision.GRANTED if granted else Extension.Decision.REFUSED
    asked.decided_at, asked.decided_by_post, asked.decision_note = citytime.now(), by.post_id, note.strip()[:500]
    asked.decided_by_name = by.post_name[:120]
    asked.save()
    if granted and row.clock is not None:
        extend_clock(clock=row.clock, minutes=asked.minutes, reason=asked.reason, by=by)
        row.refresh_from_db(fields=["due_at"])
    _record("decide", row, asked, by)
    letters.tell(row, row.owner_post, f"extension_{asked.decision}")
    return asked


def _record(action: str, task: Task, asked: Extension, by: Actor) -> None:
    audit.record(
        action, ledger=LEDGER, object_id=str(task.pk), by=by.by, area=task.area_path,
        changes={"minutes": ["", str(asked.minutes)], "reason": ["", audit.value_hash(asked.reason)], "decision": ["", asked.decision]},
    )  # fmt: skip
