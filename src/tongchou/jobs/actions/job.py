"""Ask for a job, cancel it, start one that was set aside again."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from tongchou import audit, citytime
from tongchou.jobs.machine import machine_now
from tongchou.jobs.models import Job, JobState
from tongchou.jobs.registry import HANDLERS
from tongchou.refusal import Refusal

LEDGER = "job"


class JobError(Refusal):
    """The job cannot do what was asked of it; says what to do, in both languages."""


def by_of(actor: Any) -> audit.By:
    """The audit identity of an acting post: an ``audit.By`` itself, or what carries one as ``.by``."""
    return actor if isinstance(actor, audit.By) else actor.by


@transaction.atomic
def ask(kind: str, *, by: Any, key: str = "", **args: Any) -> Job:
    """Queue a job in the caller's transaction: it exists only if that transaction commits.

    A non-empty ``key`` that was asked before gives the first job back, whatever became of it.
    ``args`` must be JSON and hold ids, not personal data. Raises JobError for an unknown kind.
    """
    if kind not in HANDLERS:
        raise JobError(f"没有“{kind}”这种作业", f"there is no job of kind {kind}")
    who = by_of(by)
    if key:
        first = Job.objects.filter(key=key).first()
        if first is not None:
            return first
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, args=args, key=key, run_after_at=machine_now(), asked_at=citytime.now(),
                asked_post=who.post, asked_user=who.user, asked_name=who.name, purpose=who.purpose,
            )
    except IntegrityError:
        # another transaction asked with the same key between our look and our insert
        return Job.objects.get(key=key)
    audit.record("ask", ledger=LEDGER, object_id=str(job.id), by=who, changes={"kind": ["", kind]})
    return job


@transaction.atomic
def cancel_job(*, job: Job, by: Any) -> Job:
    """Cancel: at once while queued; a running job stops at its next ``run.cancelled()``."""
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.over:
        raise JobError("作业已经结束，无法取消", "this job is over; there is nothing to cancel")
    row.cancel_asked = True
    if row.state == JobState.QUEUED:
        row.state, row.finished_at = JobState.CANCELLED, citytime.now()
    row.save(update_fields=["cancel_asked", "state", "finished_at"])
    audit.record("cancel", ledger=LEDGER, object_id=str(row.id), by=by_of(by), changes={"state": [job.state, row.state]})
    return row


@transaction.atomic
def retry_job(*, job: Job, by: Any) -> Job:
    """Queue a failed, cancelled or set-aside job again; it goes on from its cursor."""
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.state not in (JobState.FAILED, JobState.POISON, JobState.CANCELLED):
        raise JobError("只有未成、取消或搁置的作业可以重新排队", "only a failed, cancelled or set-aside job can be queued again")
    before = row.state
    row.state, row.attempts, row.cancel_asked, row.finished_at = JobState.QUEUED, 0, False, None
    row.worker, row.lease_until_at, row.run_after_at = "", None, machine_now()
    row.save()
    audit.record("retry", ledger=LEDGER, object_id=str(row.id), by=by_of(by), changes={"state": [before, row.state]})
    return row
