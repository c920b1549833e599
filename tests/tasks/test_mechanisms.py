"""Mechanisms A25 and A08, driven through the pages by the people who use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.tasks.actions.escalation import run_escalations
from tongchou.tasks.models import Task

from tests.cast import OTHER_VILLAGE, VILLAGE, Cast, gather

MORNING = datetime(2020, 2, 14, 1, 0, tzinfo=UTC)  # 09:00 in the city, a Friday
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(db) -> Cast:
    return gather()


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def file_task(client, cast, **changes):
    values = {
        "title": "核查一村封闭管理", "detail": "逐户核对", "area": VILLAGE, "post": cast.posts["secretary"].code,
        "urgency": "clock.supervision.extra_urgent", "site_check": "on", "assign": "on",
    }  # fmt: skip
    return client.post(reverse("task-new"), {**values, **changes}, follow=True)


def step(client, task, name, **fields):
    return client.post(reverse("task-step", kwargs={"pk": task.pk, "name": name}), fields, follow=True)


@pytest.mark.mechanism("A25")
def test_task_states_reminders_escalation_site_check(cast):
    """Task states 立项→交办→承办→反馈→复核→办结→销号, reminders, escalation, site check"""
    asker, doer, other = cast.client("east"), cast.client("secretary"), cast.client("street")
    with citytime.standing_at(MORNING):
        page = text(file_task(asker, cast, assign=""))
        task = Task.objects.get()
        assert task.number == "T20200214-0001" and task.number in page and 'aria-current="step"><strong>立项' in page
        assert 'aria-current="step"><strong>交办' in text(step(asker, task, "assign"))
        mine = text(doer.get(reverse("home")))
        assert task.number in mine or task.title in mine
        assert 'aria-current="step"><strong>承办' in text(step(doer, task, "accept"))

    with citytime.standing_at(MORNING + 1.5 * HOUR):
        run_escalations(at=citytime.now(), by=SYSTEM)
        assert "到期前提醒</strong> 一村书记" in text(doer.get(reverse("task", kwargs={"pk": task.pk})))
    with citytime.standing_at(MORNING + 4 * HOUR):
        run_escalations(at=citytime.now(), by=SYSTEM)
        page = text(asker.get(reverse("task", kwargs={"pk": task.pk})))
        assert "上报上级</strong> 河口街道书记" in page and "超时" in page
        assert f"任务 {task.number}：下级岗位超时未办结" in text(other.get(reverse("notices")))
        assert "一村书记" in text(asker.get(reverse("task-board")))
        assert task.number in text(asker.get(reverse("task-late", kwargs={"post": cast.posts["secretary"].pk})))

        assert 'aria-current="step"><strong>反馈' in text(step(doer, task, "report", note="已核对 40 户,门岗值守"))
        page = text(doer.get(reverse("task", kwargs={"pk": task.pk})))
        assert reverse("task-step", kwargs={"pk": task.pk, "name": "close"}) not in page, "the doer is offered no closing"
        assert "承办一方不能复核" in text(step(doer, task, "verify"))
        assert "须先现场核查" in text(step(asker, task, "verify"))
        page = text(step(other, task, "check_site", result="failed", note="门岗无人"))
        assert "反馈不实" in page and "门岗无人" in page and "不属实" in page

    with citytime.standing_at(MORNING + 6 * HOUR):
        step(doer, task, "report", note="门岗已到位")
        assert "属实" in text(step(other, task, "check_site", result="passed", note="门岗两人在岗"))
        assert 'aria-current="step"><strong>复核' in text(step(asker, task, "verify"))
        assert 'aria-current="step"><strong>办结' in text(step(asker, task, "close"))
        assert 'aria-current="step"><strong>销号' in text(step(asker, task, "write_off"))
    trail = [entry.action for entry in reversed(audit.timeline("task", task.pk)) if entry.action != "read"]
    assert trail == [
        "file", "assign", "accept", "escalate", "escalate", "escalate", "escalate", "report", "reopen", "report", "check_site",
        "verify", "close", "write_off",
    ]  # fmt: skip
    assert audit.verify().sound


@pytest.mark.mechanism("A08")
def test_village_is_the_smallest_reporting_unit_with_its_own_ledger_and_score(cast):
    """Village/community as the smallest reporting unit; own ledger and score"""
    asker, doer, neighbour = cast.client("east"), cast.client("secretary"), cast.client("secretary_west")
    with citytime.standing_at(MORNING):
        for title in ("消毒农贸市场", "走访返乡人员", "清点口罩"):
            assert file_task(asker, cast, title=title, site_check="").redirect_chain
    tasks = list(Task.objects.order_by("number"))
    with citytime.standing_at(MORNING + HOUR):
        for task in tasks[:2]:
            step(doer, task, "accept")
        step(doer, tasks[0], "report", note="完成")
    with citytime.standing_at(MORNING + 5 * HOUR):
        step(doer, tasks[1], "report", note="迟到完成")
        page = text(doer.get(reverse("village", kwargs={"area_path": VILLAGE})))
        # due at 11:00: one reported in time, one three hours late, one still open
        assert 'data-score="33">33%' in page and "超时 1 件" in page and "延误中位数" in page and "3 小时" in page
        assert all(task.number in page for task in tasks)
        assert reverse("ledger-list", kwargs={"key": "task"}) + f"?area_path={VILLAGE}" in page
        assert "人员" in page and "户" in page and "一村书记" in page

        above = text(asker.get(reverse("village", kwargs={"area_path": VILLAGE[:9]})))
        assert reverse("village", kwargs={"area_path": VILLAGE}) in above and "33%" in above
        assert reverse("village", kwargs={"area_path": OTHER_VILLAGE}) in above
        assert neighbour.get(reverse("village", kwargs={"area_path": VILLAGE})).status_code == 404
        assert doer.get(reverse("village", kwargs={"area_path": OTHER_VILLAGE})).status_code == 404
        assert doer.get(reverse("village", kwargs={"area_path": "510402001999"})).status_code == 404
        assert doer.get(reverse("village", kwargs={"area_path": "nonsense"})).status_code == 404
        empty = text(asker.get(reverse("village", kwargs={"area_path": OTHER_VILLAGE})))
        assert "没有到期的任务，不评分" in empty
