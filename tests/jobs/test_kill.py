"""kill -9 of a worker in the middle of a job: the next worker goes on at once, and every row is there once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from tongchou import audit, jobs
from tongchou.jobs.machine import surely_dead
from tongchou.jobs.models import Job
from tongchou.jobs.registry import HANDLERS, PERIODIC
from tongchou.notices.models import Notice

from tests.jobs import slow_work

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_s_job_is_resumed_by_the_next_without_waiting_for_its_lease():
    saved = [(table, dict(table)) for table in (HANDLERS, PERIODIC)]
    for table, _ in saved:
        table.clear()
    try:
        slow_work.declare(pause_s=0)
        job = jobs.ask("t.slow", by=audit.By(post="p"), salt="s")
        for stop_after in (5, 25):
            _work_and_kill(job, stop_after)
        assert jobs.run(until_idle=True) == 1
    finally:
        for table, before in saved:
            table.clear()
            table.update(before)
    job.refresh_from_db()
    assert (job.state, job.done, job.result) == ("done", slow_work.ROWS, {"rows": slow_work.ROWS})
    titles = sorted(int(re.sub(r"\D", "", title)) for title in Notice.objects.values_list("title", flat=True))
    assert titles == list(range(slow_work.ROWS)), "every row once: none lost, none doubled"


def _work_and_kill(job: Job, stop_after: int) -> None:
    name = str(connection.settings_dict["NAME"])
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    worker = subprocess.Popen([sys.executable, "-m", "tests.jobs.slow_work", name], cwd=ROOT, env=env)
    try:
        end = time.monotonic() + PATIENCE_S
        while Job.objects.get(pk=job.pk).done < stop_after:
            assert worker.poll() is None, "the worker ended by itself"
            assert time.monotonic() < end, "the worker made no progress"
            time.sleep(0.01)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    row = Job.objects.get(pk=job.pk)
    assert (row.state, row.worker.split(":")[1]) == ("running", str(worker.pid))
    assert stop_after <= row.done < slow_work.ROWS


def test_nothing_is_said_of_workers_elsewhere_or_unknown():
    assert not surely_dead("another-machine:1:abc")
    assert not surely_dead("")
