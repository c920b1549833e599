"""One click to act: the row comes back as it now stands, and nothing moves for whom it is not."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tongchou.tasks.actions.task import accept_task, report_task
from tongchou.tasks.models import Task, TaskState

HTMX = {"hx-request": "true"}


def act(cast, who, task, step, headers=HTMX, **words):
    return cast.client(who).post(f"/act/{task.pk}/{step}/", words, headers=headers)


def test_accept_gives_the_row_back_with_the_next_step(cast, open_task_for):
    task = open_task_for("grid", "核查")
    answer = act(cast, "grid", task, "accept")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.strip().startswith("<li")
    assert "已承办" in page
    assert "确认反馈" in page
    task.refresh_from_db()
    assert task.state == TaskState.ACCEPTED


def test_report_needs_words_and_says_so(cast, open_task_for):
    task = open_task_for("grid", "核查")
    accept_task(task=task, by=cast.actor("grid"))
    refused = act(cast, "grid", task, "report", note="  ")
    assert refused.status_code == 409
    assert "请写明办理情况" in refused.content.decode()
    assert unquote(refused["X-Tongchou-Say"]) == refused.content.decode()
    done = act(cast, "grid", task, "report", note="已上门核实。")
    assert "已反馈，等待复核" in done.content.decode()
    task.refresh_from_db()
    assert (task.state, task.report_note) == (TaskState.REPORTED, "已上门核实。")


def test_the_asking_post_verifies_and_closes_or_returns(cast, open_task_for):
    task = open_task_for("grid", "核查")
    accept_task(task=task, by=cast.actor("grid"))
    report_task(task=task, note="办完了", by=cast.actor("grid"))
    assert "已退回" in act(cast, "east", task, "return", reason="没有附名单").content.decode()
    report_task(task=Task.objects.get(pk=task.pk), note="附了名单", by=cast.actor("grid"))
    assert "办结" in act(cast, "east", task, "verify").content.decode()
    act(cast, "east", task, "close")
    task.refresh_from_db()
    assert task.state == TaskState.CLOSED


@pytest.mark.parametrize("who", ["grid_west", "auditor", "secretary"])
def test_for_anyone_else_there_is_no_such_task(cast, open_task_for, who):
    task = open_task_for("grid", "核查")
    assert act(cast, who, task, "accept").status_code == 404
    task.refresh_from_db()
    assert task.state == TaskState.ASSIGNED


def test_unknown_steps_and_reading_are_no_way_in(cast, open_task_for):
    task = open_task_for("grid", "核查")
    assert act(cast, "grid", task, "delete").status_code == 404
    assert cast.client("grid").get(f"/act/{task.pk}/accept/").status_code == 405


def test_without_scripts_the_page_comes_back_with_the_refusal(cast, open_task_for):
    task = open_task_for("grid", "核查")
    answer = cast.client("grid").post(f"/act/{task.pk}/report/", {"note": "x"}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == "/"
    assert "这一步只适用于" in page


def test_the_phone_gets_its_own_card_back(cast, open_task_for):
    task = open_task_for("grid", "核查")
    page = act(cast, "grid", task, "accept", face="field").content.decode()
    assert 'class="card-task is-just"' in page
