"""The worker: one loop that does due jobs, asks the periodic ones and delivers notices."""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from datetime import timedelta
from types import FrameType
from typing import Any
from uuid import UUID

from django.db import close_old_connections, connection, transaction

from tongchou import audit, citytime, notices
from tongchou.jobs import claims
from tongchou.jobs.beside import Beside, step_back
from tongchou.jobs.claims import LeaseLost
from tongchou.jobs.machine import WorkerIdentity, machine_now
from tongchou.jobs.models import Job, JobState
from tongchou.jobs.registry import HANDLERS

log = logging.getLogger("tongchou.jobs")
_POLL_S = 1.0


class Run:
    """One start of one job, in the handler's hands.

    ``args``: what was asked; ``cursor``: the bookmark of the last committed batch ({} at first);
    ``by``: the audit identity of the post that asked.
    """

    def __init__(self, job: Job, worker: str) -> None:
        self._job, self._worker = job, worker
        self._lease = timedelta(minutes=HANDLERS[job.kind].lease_minutes)
        self.job_id = str(job.id)
        self.args: dict[str, Any] = dict(job.args)
        self.cursor: dict[str, Any] = dict(job.cursor)
        self.by = audit.By(post=job.asked_post, user=job.asked_user, name=job.asked_name, purpose=job.purpose)
        self.stopped_by_request = False

    def save(self, cursor: dict[str, Any], *, done: int | None = None, total: int | None = None, zh: str = "", en: str = "") -> None:
        """Store the bookmark and renew the lease.

        Call it inside the transaction that writes the batch: batch and bookmark then commit
        together or not at all. Raises LeaseLost (which rolls the batch back) where another worker
        has taken the job over.
        """
        values: dict[str, Any] = {"cursor": cursor, "attempts": 1}
        if done is not None:
            values["done"] = done
        if total is not None:
            values["total"] = total
        if zh or en:
            values |= {"message_zh": zh or en, "message_en": en or zh}
        self._write(values | {"lease_until_at": machine_now() + self._lease})
        self.cursor = dict(cursor)

    def finish(self, result: dict[str, Any] | None = None) -> None:
        """Mark the job done inside the handler's own last transaction: exactly once without a cursor."""
        self._write(_ended(JobState.DONE) | {"result": result or {}})

    def renew(self) -> None:
        """Keep the lease during a long computation that writes nothing."""
        self._write({"lease_until_at": machine_now() + self._lease})

    def cancelled(self) -> bool:
        """True once somebody asked to cancel: clean up and return."""
        asked = Job.objects.filter(pk=self._job.pk).values_list("cancel_asked", flat=True).first()
        self.stopped_by_request = self.stopped_by_request or bool(asked)
        return self.stopped_by_request

    def _write(self, values: dict[str, Any]) -> None:
        mine = Job.objects.filter(pk=self._job.pk, worker=self._worker, state=JobState.RUNNING)
        if mine.update(**values) != 1:
            raise LeaseLost(f"job {self._job.pk} is no longer held by {self._worker}")


def _ended(state: JobState) -> dict[str, Any]:
    return {"state": state, "finished_at": citytime.now(), "lease_until_at": None}


def work_one(worker: str, *, skip: frozenset[UUID] = frozenset(), long: bool | None = None) -> Job | None:
    """Do the next due job to its end, failure or retry; None where nothing is due."""
    job = claims.claim(worker, skip=skip, long=long)
    if job is None:
        return None
    run = Run(job, worker)
    try:
        result = HANDLERS[job.kind].work(run)
    except LeaseLost:
        log.warning("job %s (%s): lease lost, left to its new worker", job.pk, job.kind)
    except Exception as error:  # noqa: BLE001 - the queue must outlive any job; the failure is stored and shown
        _failed(job, worker, error)
    else:
        _returned(run, job, worker, result or {})
    return job


def _returned(run: Run, job: Job, worker: str, result: dict[str, Any]) -> None:
    mine = Job.objects.filter(pk=job.pk, worker=worker, state=JobState.RUNNING)
    if run.stopped_by_request:
        mine.update(**_ended(JobState.CANCELLED), result=result)
    elif job.every_minutes:
        mine.update(
            state=JobState.QUEUED, attempts=0, cursor={}, result=result, finished_at=citytime.now(), lease_until_at=None, error="",
            run_after_at=machine_now() + timedelta(minutes=job.every_minutes),
        )  # fmt: skip
    else:
        # no row where the handler called run.finish itself
        mine.update(**_ended(JobState.DONE), result=result)


def _failed(job: Job, worker: str, error: Exception) -> None:
    """Store the failure by its type and place: an exception's text may quote a person's data."""
    if connection.in_atomic_block and connection.needs_rollback:
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rsplit('/src/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    what = f"{type(error).__name__} {place}"[:500]
    log.error("job %s (%s) failed: %s\n%s", job.pk, job.kind, what, "".join(traceback.format_list(frames)))
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job.pk, worker=worker, state=JobState.RUNNING).first()
        if row is None:
            return
        row.error, row.worker, row.lease_until_at = what, "", None
        zh, en = getattr(error, "zh", ""), getattr(error, "en", "")
        if zh and en and not row.every_minutes:
            # a refusal that a person must answer: doing it again would give the same answer
            row.state, row.finished_at = JobState.FAILED, citytime.now()
            row.message_zh, row.message_en = str(zh)[:500], str(en)[:500]
            row.save()
        elif row.attempts >= HANDLERS[row.kind].max_attempts:
            claims.set_aside(row, f"失败 {row.attempts} 次（{what}）", f"failed {row.attempts} times ({what})")
        else:
            row.state, row.run_after_at = JobState.QUEUED, machine_now() + claims.retry_delay(row.attempts)
            row.save()


def run(*, until_idle: bool = False, periodic: bool = True, max_jobs: int | None = None) -> int:
    """Work until stopped (SIGTERM, SIGINT), or, with ``until_idle``, until nothing is due. Returns jobs done.

    Long jobs go to a process beside this one, except with ``until_idle``: then everything is done here, in turn.
    ``periodic=False`` leaves the periodic kinds alone: a replay runs them itself, at city instants.
    """
    stop = _Stop(install=not until_idle)
    count = 0
    with WorkerIdentity() as me, stop, Beside() as beside:
        seen: set[UUID] = set()
        while not stop.asked:
            if not until_idle:
                close_old_connections()
            claims.release_the_dead(me.name)
            if periodic:
                claims.ask_periodic()
            if not until_idle:
                beside.see()
            job = work_one(me.name, skip=frozenset(seen), long=None if until_idle else False)
            if job is not None:
                count += 1
                if until_idle and job.every_minutes:
                    seen.add(job.pk)
            delivered = notices.deliver_due()
            if max_jobs is not None and count >= max_jobs:
                break
            if job is None and not delivered:
                if until_idle:
                    break
                time.sleep(_POLL_S)
    return count


def run_long() -> int:
    """Do the long jobs that are due, one after the other, at low priority; end when none is, or when the starter has ended."""
    step_back()
    starter, count = os.getppid(), 0
    with WorkerIdentity() as me:
        claims.release_the_dead(me.name)
        while os.getppid() == starter and work_one(me.name, long=True) is not None:
            count += 1
            close_old_connections()
    return count


class _Stop:
    """Turns SIGTERM and SIGINT into 'after this job'; a second signal ends at once."""

    def __init__(self, *, install: bool) -> None:
        self.asked = False
        self._install = install
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Stop:
        if self._install:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise SystemExit(128 + number)
        self.asked = True
