"""The pages of supervision: what they show, to whom, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from tongchou import audit, citytime
from tongchou.access.models import PostHolding
from tongchou.tasks.actions.task import accept_task, open_task, report_task
from tongchou.tasks.models import Task

from tests.cast import VILLAGE, add_second_factor, gather

MORNING = datetime(2020, 2, 14, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    with citytime.standing_at(MORNING):
        yield gather()


@pytest.fixture
def task(cast) -> Task:
    return open_task(
        kind="supervision", title="核查一村封闭管理", title_en="Check the closed management", detail="逐户核对", post=cast.posts["secretary"],
        ledger="area", object_id=VILLAGE, area_path=VILLAGE, clock_rule="clock.supervision.extra_urgent", key="", by=cast.actor("east"),
    )  # fmt: skip


def page(task: Task) -> str:
    return reverse("task", kwargs={"pk": task.pk})


def step(task: Task, name: str) -> str:
    return reverse("task-step", kwargs={"pk": task.pk, "name": name})


def test_words_are_for_the_two_sides_and_those_above_the_doer(cast, task):
    report_task(task=accept_task(task=task, by=cast.actor("secretary")), note="已核对 40 户", by=cast.actor("secretary"))
    for key, reads in (("east", True), ("secretary", True), ("street", True), ("command", True), ("grid", False), ("office", False)):
        shown = cast.client(key).get(page(task)).content.decode()
        assert ("已核对 40 户" in shown) is reads, key
        assert task.number in shown
    assert cast.client("secretary_west").get(page(task)).status_code == 404
    for key in ("auditor", "sys_admin", "hospital", "checkpoint", "enterprise"):
        assert cast.client(key).get(page(task)).status_code == 404, key
        assert task.number not in cast.client(key).get("/ledger/task/").content.decode()


def test_only_fitting_steps_are_offered_and_a_refusal_says_what_to_do(cast, task):
    doer, asker = cast.client("secretary"), cast.client("east")
    shown = doer.get(page(task)).content.decode()
    assert step(task, "accept") in shown and step(task, "verify") not in shown and step(task, "cancel") not in shown
    assert step(task, "accept") not in asker.get(page(task)).content.decode()
    doer.post(step(task, "accept"))
    answer = doer.post(step(task, "report"), {"note": " "})
    assert answer.status_code == 422 and "必填" in answer.content.decode()
    assert doer.post(step(task, "nonsense")).status_code == 404
    answer = doer.post(step(task, "extend"), {"hours": "0", "reason": "人手不足"})
    assert answer.status_code == 422 and "延长时间须大于零" in answer.content.decode()
    assert cast.client("grid").get(step(task, "verify")).status_code == 404
    task.refresh_from_db()
    assert task.state == "accepted"


def test_more_time_through_the_pages(cast, task):
    doer, asker = cast.client("secretary"), cast.client("east")
    doer.post(step(task, "accept"))
    assert "待批" in doer.post(step(task, "extend"), {"hours": "24", "reason": "住户外出"}, follow=True).content.decode()
    shown = asker.get(page(task)).content.decode()
    assert "住户外出" in shown and step(task, "decide") in shown
    granted = asker.post(step(task, "decide"), {"decision": "granted", "note": "同意一天"}, follow=True).content.decode()
    assert "第 1 版" in granted and "2020-02-15 11:00" in granted
    assert step(task, "decide") not in granted


def test_filing_refuses_what_lies_outside_or_is_unknown(cast):
    client = cast.client("east")
    good = {"title": "清点口罩", "area": "一村", "post": "一村书记", "urgency": "clock.supervision.urgent", "assign": "on"}
    for changes, said in (
        ({"area": "510403001001"}, "不在您的辖区内"),
        ({"area": "火星"}, "没有“火星”这个区划"),
        ({"post": "上村书记"}, "没有岗位“上村书记”"),
        ({"urgency": "zone.level"}, "请选择缓急"),
        ({"title": ""}, "必填"),
    ):
        answer = client.post(reverse("task-new"), {**good, **changes})
        assert (answer.status_code, said in answer.content.decode()) == (422, True), changes
    assert not Task.objects.exists()
    client.post(reverse("task-new"), good)
    made = Task.objects.get()
    # three working days from Friday 14 February: Wednesday 19 February closes
    assert made.due_at == citytime.day_close(datetime(2020, 2, 19, tzinfo=UTC).date())
    assert cast.client("grid").get(reverse("task-new")).status_code == 404


def test_the_board_counts_inside_the_scope_and_leads_down(cast, task):
    with citytime.standing_at(MORNING + 3 * HOUR):
        mine = cast.client("east").get(reverse("task-board")).content.decode()
        assert "共 1 件任务" in mine and "一村书记" in mine and reverse("village", kwargs={"area_path": "510402001"}) in mine
        other = cast.client("west").get(reverse("task-board")).content.decode()
        assert "共 0 件任务" in other and "没有超时的任务" in other
        assert "一村书记" not in cast.client("west").get(reverse("task-board") + f"?area={VILLAGE}").content.decode()
        narrowed = cast.client("command").get(reverse("task-board") + "?area=510403").content.decode()
        assert "西山区" in narrowed and "共 0 件任务" in narrowed
        late = reverse("task-late", kwargs={"post": task.owner_post})
        assert task.number in cast.client("east").get(late).content.decode()
        assert task.number not in cast.client("west").get(late).content.decode()
        assert cast.client("east").get(reverse("task-late", kwargs={"post": "nobody"})).status_code == 404


def test_the_pages_speak_english(cast, task):
    client = cast.client("east")
    client.cookies["django_language"] = "en"
    shown = client.get(page(task)).content.decode()
    assert "Check the closed management" in shown and "Chain of supervision" in shown and "2 h" in shown
    assert "Supervision board" in client.get(reverse("task-board")).content.decode()


def test_the_ledger_lists_filters_and_finds_by_number(cast, task):
    client = cast.client("east")
    assert task.number in client.get("/ledger/task/").content.decode()
    assert task.number not in client.get("/ledger/task/?state=closed").content.decode()
    assert task.number in client.get(f"/search/?q={task.number}").content.decode()
    assert "督办：特急" in client.get("/ledger/clock/").content.decode()
    assert task.number not in cast.client("west").get("/ledger/task/").content.decode()


def test_a_deputy_acts_for_the_post_while_its_holder_is_away(cast, task):
    deputy = cast.add("deputy", "副书记")
    PostHolding.objects.create(user=deputy, post=cast.posts["secretary"], kind=PostHolding.Kind.DEPUTY)
    PostHolding.objects.filter(user=cast.users["secretary"]).update(absent_from_on=citytime.today())
    add_second_factor(deputy)
    client = cast.client("deputy")
    assert 'aria-current="step"><strong>承办' in client.post(step(task, "accept"), follow=True).content.decode()
    entry = audit.timeline("task", task.pk).get(action="accept")
    assert (entry.post, entry.user) == (str(cast.posts["secretary"].pk), str(deputy.pk))


def test_an_open_task_opens_the_row_it_points_at(cast, task):
    """A hospital sees no village, but the task it was given there."""
    own = open_task(
        kind="x", title="转运", post=cast.posts["hospital"], ledger="area", object_id="510403001001", area_path="510403001001", key="",
        by=cast.actor("command"),
    )  # fmt: skip
    client = cast.client("hospital")
    assert client.get(page(own)).status_code == 200
    assert own.number in client.get("/ledger/task/").content.decode()
    report_task(task=accept_task(task=own, by=cast.actor("hospital")), note="完成", by=cast.actor("hospital"))
    assert client.get(page(own)).status_code == 200
