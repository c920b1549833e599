"""Long jobs never hold up the others: a process of their own, at low priority, for as long as one waits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tongchou import audit, jobs
from tongchou.jobs import beside, claims
from tongchou.jobs.models import Job
from tongchou.jobs.registry import HANDLERS, PERIODIC, long_kinds

ROOT = Path(__file__).resolve().parents[2]
BY = audit.By(post="p")


@pytest.fixture
def kinds():
    """One quick kind and one long one, nothing else."""
    saved = [(table, dict(table)) for table in (HANDLERS, PERIODIC)]
    for table, _ in saved:
        table.clear()
    jobs.handler("t.quick")(lambda run: {"nice": os.nice(0)})
    jobs.handler("t.long", long=True)(lambda run: {"nice": os.nice(0)})
    yield
    for table, before in saved:
        table.clear()
        table.update(before)


@pytest.mark.django_db
def test_who_takes_which(kinds):
    slow, quick = jobs.ask("t.long", by=BY), jobs.ask("t.quick", by=BY)
    assert long_kinds() == ["t.long"]
    assert [job.pk for job in claims.due(long=True)] == [slow.pk] and [job.pk for job in claims.due(long=False)] == [quick.pk]
    assert claims.due().count() == 2
    assert jobs.run(until_idle=True, periodic=False) == 2, "a worker that ends when idle does both, in turn"
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.django_db
def test_a_process_is_started_for_a_long_job_and_ended_with_the_worker(kinds, monkeypatch):
    monkeypatch.setattr(beside, "words", lambda: [sys.executable, "-c", "import time; time.sleep(60)"])
    with beside.Beside() as one:
        one.see()
        assert one._process is None, "nothing waits"
        jobs.ask("t.quick", by=BY)
        one.see()
        assert one._process is None
        jobs.ask("t.long", by=BY)
        one.see()
        first = one._process
        one.see()
        assert first is not None and one._process is first and first.poll() is None, "one at a time"
    assert first.poll() is not None


@pytest.mark.django_db(transaction=True)
def test_the_process_gives_way_and_ends_when_nothing_is_due(kinds):
    job, quick = jobs.ask("t.long", by=BY), jobs.ask("t.quick", by=BY)
    program = (
        "import sys, django; from django.conf import settings; settings.DATABASES['default']['NAME'] = sys.argv[1]; django.setup();"
        "import os; from tongchou import jobs; from tongchou.jobs.registry import HANDLERS, PERIODIC; HANDLERS.clear(); PERIODIC.clear();"
        "jobs.handler('t.long', long=True)(lambda run: {'nice': os.nice(0)}); print(jobs.run_long())"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", program, str(connection.settings_dict["NAME"])], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    job.refresh_from_db()
    quick.refresh_from_db()
    assert (job.state, quick.state) == ("done", "queued")
    assert job.result["nice"] >= min(19, os.nice(0) + beside.NICENESS)
