"""The phone page: today's list in stacks, for grid workers and those who walk."""

from __future__ import annotations

import pytest

from tongchou.tasks.actions.task import accept_task


def page_of(cast, who="grid", **headers):
    answer = cast.client(who).get("/field/", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_stacks_by_urgency(cast, open_task_for):
    open_task_for("grid", "没有时限的事", clock_rule="")
    open_task_for("grid", "明天到期的事", hours_ago=0)
    open_task_for("grid", "今天到期的事", hours_ago=20)
    open_task_for("grid", "已经超时的事", hours_ago=40)
    page = page_of(cast)
    order = [page.index(words) for words in ("已经超时的事", "今天到期的事", "明天到期的事", "没有时限的事")]
    assert order == sorted(order)
    for heading in ("已超时 <span>1", "今天到期 <span>1", "以后到期 <span>1", "没有时限 <span>1"):
        assert heading in page


def test_a_card_offers_the_next_step_only(cast, open_task_for):
    task = open_task_for("grid", "核查")
    assert "/report/" not in page_of(cast)
    accept_task(task=task, by=cast.actor("grid"))
    page = page_of(cast)
    assert f"/act/{task.pk}/report/" in page
    assert "/accept/" not in page


def test_an_empty_day_says_what_will_come(cast):
    assert "现在没有要走访的" in page_of(cast)
    assert "Nothing to visit now" in page_of(cast, **{"accept-language": "en"})


@pytest.mark.parametrize(("who", "status"), [("grid", 200), ("secretary", 200), ("checkpoint", 200), ("lab", 404), ("auditor", 404)])
def test_who_may_open_it(cast, who, status):
    assert cast.client(who).get("/field/").status_code == status


def test_a_visitor_is_asked_to_sign_in(client, db):
    assert client.get("/field/")["Location"] == "/account/login/?next=/field/"
