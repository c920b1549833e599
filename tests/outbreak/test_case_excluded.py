"""A case is excluded: nobody is left with work or a running clock for it, and the tasks say why they ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.notices.models import Notice
from tongchou.outbreak.actions.case import exclude_case, report_case
from tongchou.tasks.actions.task import accept_task, decline_task, report_task
from tongchou.tasks.models import Clock, Task, TaskState

from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import EAST, VILLAGES

pytestmark = pytest.mark.django_db


def suspected(outbreak, by):
    now = citytime.now()
    return report_case(outbreak=outbreak, residence_path=VILLAGES[EAST], found_at=now - timedelta(hours=1), by=by, status="suspected")


def exclude(case):
    """Two negative swabs more than a day apart, two days later."""
    with citytime.standing_at(panzhihua.at(2, 16)):
        return exclude_case(case=case, criteria={"negatives": [panzhihua.at(2, 14, 13), panzhihua.at(2, 15, 14)]}, by=SYSTEM)


def test_open_tasks_are_cancelled_with_the_reason_and_clocks_stop(outbreak, posts):
    case = suspected(outbreak, posts["HOSPITAL-1"])
    tasks = Task.objects.filter(ledger="case", object_id=str(case.pk))
    assert {task.kind for task in tasks} == {"case.report", "case.investigate"}
    accept_task(task=tasks.get(kind="case.report"), by=posts["HOSPITAL-1"])
    exclude(case)
    assert {(task.state, f"病例 {case.case_no} 已排除" in task.reason) for task in tasks.all()} == {(TaskState.CANCELLED, True)}
    assert not Clock.objects.filter(ledger="case", object_id=str(case.pk), stopped_at=None).exists()
    told = Notice.objects.filter(to_post=posts["HOSPITAL-1"].post_id, title__contains="已撤销")
    assert told.count() == 1


def test_a_task_given_back_goes_and_one_reported_waits_for_its_review(outbreak, posts):
    case = suspected(outbreak, posts["HOSPITAL-1"])
    report, investigation = (Task.objects.get(object_id=str(case.pk), kind=kind) for kind in ("case.report", "case.investigate"))
    owner = next(post for post in posts.values() if post.post_id == investigation.owner_post)
    decline_task(task=investigation, reason="不属本区", by=owner)
    report_task(task=accept_task(task=report, by=posts["HOSPITAL-1"]), note="已直报", by=posts["HOSPITAL-1"])
    exclude(case)
    for task, state in ((investigation, TaskState.CANCELLED), (report, TaskState.REPORTED)):
        task.refresh_from_db()
        assert task.state == state
