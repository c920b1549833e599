"""Steps taken by anybody in any order: what must hold of a task whatever is tried (I7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.refusal import Refusal
from tongchou.tasks.actions import extension
from tongchou.tasks.actions import task as acts
from tongchou.tasks.models import DONE_STATES, OPEN_STATES, Extension, SiteCheck, Task

START = datetime(2020, 2, 14, 1, 0, tzinfo=UTC)
ALLOWED = {
    "filed": {"assigned", "cancelled"},
    "assigned": {"accepted", "filed", "cancelled"},
    "accepted": {"reported", "blocked", "cancelled"},
    "blocked": {"accepted", "reported", "cancelled"},
    "reported": {"verified", "returned", "cancelled"},
    "verified": {"closed", "returned"},
    "returned": {"accepted", "reported", "blocked", "cancelled"},
    "closed": {"written_off", "returned"},
    "written_off": set(),
    "cancelled": set(),
}
JUDGING = {"verify", "return", "close", "write_off", "decide", "cancel"}
STEPS = {
    "assign": lambda task, by: acts.assign_task(task=task, by=by),
    "accept": lambda task, by: acts.accept_task(task=task, by=by),
    "decline": lambda task, by: acts.decline_task(task=task, reason="r", by=by),
    "block": lambda task, by: acts.block_task(task=task, reason="r", by=by),
    "unblock": lambda task, by: acts.unblock_task(task=task, by=by),
    "report": lambda task, by: acts.report_task(task=task, note="n", by=by),
    "extend": lambda task, by: extension.extend_task(task=task, minutes=60, reason="r", by=by),
    "decide": lambda task, by: extension.decide_extension(extension=_asked(task), granted=True, by=by),
    "check": lambda task, by: acts.check_site(task=task, passed=True, note="n", by=by),
    "check_failed": lambda task, by: acts.check_site(task=task, passed=False, note="n", by=by),
    "verify": lambda task, by: acts.verify_task(task=task, by=by),
    "return": lambda task, by: acts.return_task(task=task, reason="r", by=by),
    "close": lambda task, by: acts.close_task(task=task, by=by),
    "write_off": lambda task, by: acts.write_off_task(task=task, by=by),
    "cancel": lambda task, by: acts.cancel_task(task=task, reason="r", by=by),
}


def _asked(task: Task) -> Extension:
    asked = task.extensions.filter(decision="asked").first()
    if asked is None:
        raise Refusal("没有申请", "none asked", code="not_asked")
    return asked


class AnyOrder(TestCase):
    def setUp(self) -> None:
        above = Post.objects.create(code="A", name="甲", role=Role.OFFICE, area_path="510402")
        doer = Post.objects.create(code="B", name="乙", role=Role.SECRETARY, area_path="510402001", parent=above)
        other = Post.objects.create(code="C", name="丙", role=Role.CDC_DISTRICT, area_path="510402")
        self.posts = {"asker": above, "doer": doer, "other": other}

    # cancelling is tried more rarely: it would end most runs at once
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        tries=st.lists(
            st.tuples(
                st.sampled_from(sorted(set(STEPS) - {"cancel"}) * 3 + ["cancel"]), st.sampled_from(["asker", "doer", "other"]), st.integers(0, 600)
            ),
            max_size=25,
        ),
        site_check=st.booleans(),
    )
    def test_whatever_is_tried(self, tries, site_check) -> None:
        actors = {name: Actor.of_post(post) for name, post in self.posts.items()}
        now = START
        with citytime.standing_at(now):
            task = acts.open_task(
                kind="k", title="t", post=self.posts["doer"], ledger="l", object_id="1", area_path="510402001", key="",
                clock_rule="clock.case_investigation", by=actors["asker"], site_check=site_check, assign=False,
            )  # fmt: skip
        taken = 1
        for name, who, minutes in tries:
            now += timedelta(minutes=minutes)
            before, due_before = task.state, task.due_at
            with citytime.standing_at(now):
                try:
                    STEPS[name](task, actors[who])
                except Refusal as refusal:
                    assert refusal.zh and refusal.en
                    self._unchanged(task, before, due_before)
                    continue
            taken += 1
            task = Task.objects.select_related("clock").get(pk=task.pk)
            assert task.state == before or task.state in ALLOWED[before], (name, before, task.state)
            assert not (who == "doer" and name in JUDGING), name
            if due_before is not None:
                assert task.due_at is not None and task.due_at >= due_before, "a limit never gets shorter by a step"
            self._holds_together(task)
        assert audit.timeline("task", task.pk).count() == taken
        assert audit.verify().sound

    def _unchanged(self, task: Task, state: str, due_at: datetime | None) -> None:
        row = Task.objects.get(pk=task.pk)
        assert (row.state, row.due_at) == (state, due_at)

    def _holds_together(self, task: Task) -> None:
        if task.clock is not None:
            assert (task.clock.stopped_at is not None) == (task.state not in OPEN_STATES and task.state != "filed")
            assert task.due_at == task.clock.due_at
        if task.state in DONE_STATES and task.state != "cancelled":
            assert task.verified_at is not None and task.closed_at is not None
        if task.site_check_needed and task.state in ("verified", "closed", "written_off"):
            assert task.site_checks.filter(result=SiteCheck.Result.PASSED, checked_at__gte=task.reported_at).exists()
        assert task.extensions.filter(decision="asked").count() <= 1
