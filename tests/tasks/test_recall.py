"""A report is taken back: on its day, before it is verified, by its doer; the clock runs on as if it had never stood."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tongchou import audit, citytime
from tongchou.notices.models import Notice
from tongchou.refusal import Refusal
from tongchou.tasks.actions.task import accept_task, recall_report, report_task, verify_task

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def reported(city, opened, noon):
    task = accept_task(task=opened(), by=city.village)
    return report_task(task=task, note="写错了的话", by=city.village)


def test_the_task_is_open_again_and_no_time_is_forgiven(city, reported, noon):
    due_at = reported.due_at
    with citytime.standing_at(noon + 3 * HOUR):
        task = recall_report(task=reported, by=city.village)
    assert (task.state, task.report_note, task.reported_at) == ("accepted", "", None)
    assert (task.clock.stopped_at, task.due_at) == (None, due_at)
    line = audit.timeline("task", str(task.pk)).first()
    assert line.action == "recall" and "写错了的话" not in str(line.changes)
    assert Notice.objects.filter(title__contains="反馈已由承办岗位撤回").count() == 1


def test_not_after_it_was_verified_nor_on_another_day_nor_by_another(city, reported, noon):
    with pytest.raises(Refusal):
        recall_report(task=reported, by=city.county)
    with citytime.standing_at(noon + 24 * HOUR), pytest.raises(Refusal) as late:
        recall_report(task=reported, by=city.village)
    assert late.value.code == "too_late"
    verify_task(task=reported, by=city.county)
    with pytest.raises(Refusal) as verified:
        recall_report(task=reported, by=city.village)
    assert verified.value.code == "wrong_state"


def test_what_a_step_of_the_matter_reported_is_put_right_there(city, opened, noon):
    task = accept_task(task=opened(), by=city.village)
    task = report_task(task=task, note="已网络直报", by=city.village, by_step=True)
    with pytest.raises(Refusal) as refused:
        recall_report(task=task, by=city.village)
    assert refused.value.code == "too_late"
