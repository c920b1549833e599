"""The administrator sees what was set aside and starts it again."""

from __future__ import annotations

import pytest

from tongchou import audit, jobs
from tongchou.jobs.models import Job, JobState

from tests.cast import gather


@pytest.mark.django_db
def test_a_set_aside_job_is_shown_and_queued_again():
    cast = gather()
    job = Job.objects.create(kind="import.apply", state=JobState.POISON, run_after_at="2020-02-14T04:00Z", asked_at="2020-02-14T04:00Z", error="OSError x.py:1", attempts=5)
    admin = cast.client("sys_admin")
    page = admin.get(f"/ledger/job/?state={JobState.POISON}").content.decode()
    assert "import.apply" in page and "搁置" in page
    detail = admin.get(f"/ledger/job/{job.pk}/").content.decode()
    assert "OSError x.py:1" in detail and "重新排队" in detail and "取消作业" not in detail
    admin.post(f"/ledger/job/{job.pk}/do/retry/", {"sent": "1"})
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    assert audit.timeline("job", job.pk).filter(action="retry").exists()
    assert cast.client("secretary").get("/ledger/job/").status_code == 404


@pytest.mark.django_db
def test_an_over_job_cannot_be_cancelled_from_the_page():
    cast = gather()
    job = Job.objects.create(kind="x", state=JobState.DONE, run_after_at="2020-02-14T04:00Z", asked_at="2020-02-14T04:00Z")
    page = cast.client("sys_admin").post(f"/ledger/job/{job.pk}/do/cancel/", {"sent": "1"}).content.decode()
    assert "作业已经结束" in page
    assert jobs.Job.objects.get(pk=job.pk).state == "done"
