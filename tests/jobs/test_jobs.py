"""The job table and its worker: once by key, batches with their cursor, retry, poison, cancel."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction

from tongchou import audit, jobs
from tongchou.jobs import claims
from tongchou.jobs.machine import machine_now
from tongchou.jobs.models import Job
from tongchou.jobs.registry import HANDLERS, PERIODIC
from tongchou.notices.models import Notice

BY = audit.By(post="post-1", user="user-1", name="值班员")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_own_handlers():
    saved = [(table, dict(table)) for table in (HANDLERS, PERIODIC)]
    for table, _ in saved:
        table.clear()
    yield
    for table, before in saved:
        table.clear()
        table.update(before)


def _later(job: Job) -> None:
    """Let the back-off of a job pass."""
    Job.objects.filter(pk=job.pk).update(run_after_at=machine_now() - timedelta(seconds=1))


def test_same_key_gives_the_first_job_and_the_work_is_done_once():
    done = []

    @jobs.handler("t.once")
    def work(run):
        done.append(run.args["n"])
        return {"n": run.args["n"]}

    first = jobs.ask("t.once", by=BY, key="k", n=1)
    assert jobs.ask("t.once", by=BY, key="k", n=2).pk == first.pk
    assert jobs.ask("t.once", by=BY, n=3).pk != first.pk
    assert jobs.run(until_idle=True) == 2
    assert done == [1, 3]
    first.refresh_from_db()
    assert (first.state, first.result, first.asked_post, first.asked_user) == ("done", {"n": 1}, "post-1", "user-1")
    assert [entry.action for entry in audit.timeline("job", first.pk)] == ["ask"]


def test_a_job_asked_in_a_rolled_back_transaction_never_was():
    jobs.handler("t.gone")(lambda run: {})
    with pytest.raises(RuntimeError), transaction.atomic():
        jobs.ask("t.gone", by=BY)
        raise RuntimeError
    assert not Job.objects.exists()


def test_unknown_kind_is_refused_in_both_languages():
    with pytest.raises(jobs.JobError) as refusal:
        jobs.ask("t.nobody", by=BY)
    assert "t.nobody" in refusal.value.zh
    assert "t.nobody" in refusal.value.en


def test_a_failing_batch_is_rolled_back_with_its_cursor_and_the_next_start_goes_on_from_the_last():
    tries = []

    @jobs.handler("t.batches")
    def work(run):
        for step in range(run.cursor.get("next", 0), 4):
            with transaction.atomic():
                audit.record("step", ledger="t", object_id=str(step), by=run.by)
                run.save({"next": step + 1}, done=step + 1, total=4, zh=f"第{step + 1}批", en=f"batch {step + 1}")
                tries.append(step)
                if tries.count(2) == 1 and step == 2:
                    raise OSError("a name that must not be stored: 王小明")

    job = jobs.ask("t.batches", by=BY)
    jobs.run(until_idle=True)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.done, job.total) == ("queued", {"next": 2}, 2, 4)
    assert job.error.startswith("OSError ")
    assert "王小明" not in job.error
    assert 4 < (job.run_after_at - machine_now()).total_seconds() <= 5
    _later(job)
    jobs.run(until_idle=True)
    job.refresh_from_db()
    assert (job.state, job.done, job.message_en, job.share) == ("done", 4, "batch 4", 1.0)
    assert tries == [0, 1, 2, 2, 3]
    assert [audit.timeline("t", str(step)).count() for step in range(4)] == [1, 1, 1, 1]


def test_poison_is_set_aside_told_to_the_system_post_and_the_queue_goes_on():
    done = []

    @jobs.handler("t.poison", max_attempts=3)
    def poison(run):
        raise ZeroDivisionError

    jobs.handler("t.good")(lambda run: done.append(1))
    bad = jobs.ask("t.poison", by=BY)
    jobs.ask("t.good", by=BY)
    for _ in range(3):
        _later(bad)
        jobs.run(until_idle=True)
    bad.refresh_from_db()
    assert (bad.state, bad.attempts, done) == ("poison", 3, [1])
    assert "ZeroDivisionError" in bad.message_zh
    notice = Notice.objects.get()
    assert notice.to_post == "system"
    assert str(bad.pk) in notice.body
    assert audit.timeline("job", bad.pk)[0].action == "set_aside"

    jobs.retry_job(job=bad, by=BY)
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == ("queued", 0)


def test_a_refusal_that_speaks_both_languages_is_not_tried_again():
    class Refusal(Exception):
        zh, en = "缺少“日期”列", "the column 'date' is missing"

    @jobs.handler("t.refused")
    def work(run):
        raise Refusal

    job = jobs.ask("t.refused", by=BY)
    jobs.run(until_idle=True)
    job.refresh_from_db()
    assert (job.state, job.message_zh, job.message_en, job.attempts) == ("failed", Refusal.zh, Refusal.en, 1)


def test_cancel_while_queued_and_while_running():
    steps = []

    @jobs.handler("t.long")
    def work(run):
        for step in range(10):
            if run.cancelled():
                return {"stopped_at": step}
            steps.append(step)
            run.save({"next": step + 1}, done=step + 1, total=10)
            if step == 2:
                jobs.cancel_job(job=job, by=BY)
        return None

    job = jobs.ask("t.long", by=BY)
    jobs.run(until_idle=True)
    job.refresh_from_db()
    assert (job.state, job.result, steps) == ("cancelled", {"stopped_at": 3}, [0, 1, 2])
    with pytest.raises(jobs.JobError):
        jobs.cancel_job(job=job, by=BY)

    queued = jobs.ask("t.long", by=BY)
    jobs.cancel_job(job=queued, by=BY)
    assert jobs.run(until_idle=True) == 0
    queued.refresh_from_db()
    assert queued.state == "cancelled"


def test_a_lapsed_lease_is_taken_over_and_the_late_worker_can_write_nothing_more():
    from_late_worker = []

    @jobs.handler("t.late")
    def work(run):
        if not from_late_worker:
            from_late_worker.append(run)
            Job.objects.filter(pk=run.job_id).update(lease_until_at=machine_now() - timedelta(seconds=1))
            assert claims.claim("elsewhere:1:x").pk == job.pk
            run.save({"next": 1})
        return {}

    job = jobs.ask("t.late", by=BY)
    jobs.run(until_idle=True)
    job.refresh_from_db()
    assert (job.state, job.worker, job.cursor, job.attempts) == ("running", "elsewhere:1:x", {}, 2)
    assert claims.claim("third:1:y") is None


def test_a_job_that_kills_its_worker_each_time_is_set_aside():
    jobs.handler("t.killer", max_attempts=2)(lambda run: {})
    job = jobs.ask("t.killer", by=BY)
    for _ in range(2):
        assert claims.claim("elsewhere:1:x").pk == job.pk
        Job.objects.filter(pk=job.pk).update(lease_until_at=machine_now())
    assert claims.claim("elsewhere:2:x") is None
    job.refresh_from_db()
    assert job.state == "poison"


def test_periodic_work_has_one_row_and_comes_round_by_machine_time():
    runs = []
    jobs.handler("t.beat")(lambda run: runs.append(time.time()))
    jobs.every("t.beat", minutes=5)
    jobs.run(until_idle=True)
    jobs.run(until_idle=True)
    job = Job.objects.get()
    assert (len(runs), job.state, job.every_minutes) == (1, "queued", 5)
    assert 290 < (job.run_after_at - machine_now()).total_seconds() <= 300
    _later(job)
    jobs.run(until_idle=True)
    assert (len(runs), Job.objects.count()) == (2, 1)


def test_finish_inside_the_handlers_transaction_is_the_jobs_end():
    @jobs.handler("t.finish")
    def work(run):
        with transaction.atomic():
            audit.record("effect", ledger="t", object_id="1", by=run.by)
            run.finish({"rows": 1})

    job = jobs.ask("t.finish", by=BY)
    jobs.run(until_idle=True)
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"rows": 1})
