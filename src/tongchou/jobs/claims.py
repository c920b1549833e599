"""Take a job out of the table: at most one live worker holds it.

Works the same on both databases: the embedded one runs every transaction as IMMEDIATE, so two
claims cannot overlap; a server database skips rows that another claim has locked.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from tongchou import audit, citytime, notices
from tongchou.jobs.machine import machine_now, surely_dead
from tongchou.jobs.models import Job, JobState
from tongchou.jobs.registry import HANDLERS, PERIODIC, long_kinds

SYSTEM = audit.By(post=notices.SYSTEM_POST, name="system")
_FIRST_RETRY_S = 5
_LONGEST_RETRY_S = 900


class LeaseLost(Exception):
    """Another worker holds the job now; what this worker had not committed is rolled back."""


def retry_delay(attempts: int) -> timedelta:
    """Wait before the next start: 5 s, 20 s, 80 s, 320 s, then 15 minutes."""
    return timedelta(seconds=min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 4 ** max(0, attempts - 1)))


def due(*, long: bool | None = None) -> QuerySet[Job]:
    """Jobs that a worker may take now, the longest waiting first; only long ones, or only the others, where it is said."""
    now = machine_now()
    rows = Job.objects.filter(
        Q(state=JobState.QUEUED, run_after_at__lte=now) | Q(state=JobState.RUNNING, lease_until_at__lte=now)
    ).order_by("run_after_at", "id")
    if long is None:
        return rows
    return rows.filter(kind__in=long_kinds()) if long else rows.exclude(kind__in=long_kinds())


def release_the_dead(me: str) -> int:
    """Take back the leases of workers that this machine knows to be dead; the others keep theirs."""
    holders = Job.objects.filter(state=JobState.RUNNING, lease_until_at__gt=machine_now()).exclude(worker=me)
    dead = [name for name in holders.values_list("worker", flat=True).distinct() if surely_dead(name)]
    if not dead:
        return 0
    return Job.objects.filter(state=JobState.RUNNING, worker__in=dead).update(lease_until_at=machine_now())


def ask_periodic() -> None:
    """See that each periodic kind has its one row, due when its interval has passed."""
    known = dict(Job.objects.filter(key__in=[f"every:{kind}" for kind in PERIODIC]).values_list("kind", "every_minutes"))
    for kind, minutes in PERIODIC.items():
        if kind not in known:
            Job.objects.bulk_create(
                [
                    Job(
                        kind=kind, key=f"every:{kind}", every_minutes=minutes, run_after_at=machine_now(),
                        asked_at=citytime.now(), asked_post=SYSTEM.post, asked_name=SYSTEM.name,
                    )
                ],
                ignore_conflicts=True,
            )
        elif known[kind] != minutes:
            Job.objects.filter(key=f"every:{kind}").update(every_minutes=minutes)


def claim(worker: str, *, skip: frozenset[UUID] = frozenset(), long: bool | None = None) -> Job | None:
    """Take the next due job for ``worker``, or None. A job that has used up its starts is set aside."""
    while due(long=long).exclude(pk__in=skip).exists():
        with transaction.atomic():
            rows = due(long=long).exclude(pk__in=skip)
            if connection.features.has_select_for_update:
                rows = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            job = rows.first()
            if job is None:
                return None
            if not _set_aside_if_spent(job):
                _lease(job, worker)
                return job
    return None


def _lease(job: Job, worker: str) -> None:
    job.state, job.worker = JobState.RUNNING, worker
    job.lease_until_at = machine_now() + timedelta(minutes=HANDLERS[job.kind].lease_minutes)
    job.attempts += 1
    job.started_at = job.started_at or citytime.now()
    job.save(update_fields=["state", "worker", "lease_until_at", "attempts", "started_at"])


def _set_aside_if_spent(job: Job) -> bool:
    handler = HANDLERS.get(job.kind)
    if handler is None:
        set_aside(job, f"没有“{job.kind}”的处理程序", f"nothing here does jobs of kind {job.kind}")
        return True
    if job.attempts >= handler.max_attempts:
        # its worker died each time without saving progress: starting it again would only kill the next one
        set_aside(job, f"连续 {job.attempts} 次没有进展，已搁置", f"{job.attempts} starts without progress: set aside")
        return True
    return False


def set_aside(job: Job, zh: str, en: str) -> None:
    """Put a job where it stops nobody, and tell the system post once for this job and day."""
    day = citytime.today().isoformat()
    if job.every_minutes:
        job.state, job.attempts = JobState.QUEUED, 0
        job.run_after_at = machine_now() + timedelta(minutes=job.every_minutes)
    else:
        job.state, job.finished_at = JobState.POISON, citytime.now()
    job.message_zh, job.message_en = zh, en
    job.worker, job.lease_until_at = "", None
    job.save()
    audit.record("set_aside", ledger="job", object_id=str(job.id), by=SYSTEM, note=f"{job.kind}: {job.error or en}")
    notices.send(
        to_post=notices.SYSTEM_POST,
        title=f"作业搁置：{job.kind}", title_en=f"Job set aside: {job.kind}",
        body=f"作业 {job.id}:{zh}。处理后可重新排队。",
        body_en=f"Job {job.id}: {en}. Mend the cause, then queue it again.",
        link=f"/ledger/job/{job.id}/", key=f"job.set_aside:{job.id}:{day}:{job.attempts}",
    )
