"""Reminders and the ladder: each step once, to the right post, told and in the trail."""

from __future__ import annotations

from datetime import timedelta

from tongchou import audit, citytime, jobs
from tongchou.access.actor import SYSTEM
from tongchou.notices.models import Notice
from tongchou.tasks.actions.clock import pause_clock
from tongchou.tasks.actions.escalation import run_escalations
from tongchou.tasks.actions.extension import decide_extension, extend_task
from tongchou.tasks.actions.task import accept_task, decline_task, report_task
from tongchou.tasks.models import EscalationStep

HOUR = timedelta(hours=1)


def run_at(at):
    with citytime.standing_at(at):
        return [(step.kind, step.offset_minutes, step.to_post) for step in run_escalations(at=at, by=SYSTEM)]


def test_the_steps_of_a_24_hour_task_in_order_each_once(city, opened, noon):
    task = opened()
    village, street, county, command = (str(getattr(city.posts, name).pk) for name in ("village", "street", "county", "command"))
    expected = [
        (19.9, []),
        (20, [("before", -240, village)]),
        (23, [("before", -60, village)]),
        (24, [("due", 0, village)]),
        (25, [("after", 60, village)]),
        (26, [("ladder", 120, street)]),
        (32, [("ladder", 480, county)]),
        (48, [("ladder", 1440, command)]),
        (99, []),
    ]
    for hours, steps in expected:
        assert run_at(noon + hours * HOUR) == steps, hours
        assert run_at(noon + hours * HOUR) == [], "asking again does nothing"
    told = Notice.objects.filter(key__startswith=f"task:{task.pk}").order_by("id")
    assert [notice.to_post for notice in told] == [village, village, village, village, street, county, command]
    assert "已超时" in told[3].title and "overdue" in told[3].title_en
    assert [e.action for e in audit.timeline("task", task.pk)].count("escalate") == 7
    assert EscalationStep.objects.get(kind="ladder", rung=2).rule_version.startswith("escalation.ladder")


def test_a_late_run_catches_up_without_useless_reminders(city, opened, noon):
    opened()
    kinds = [kind for kind, _, _ in run_at(noon + 30 * HOUR)]
    assert kinds == ["due", "after", "ladder"]


def test_what_is_reported_or_held_is_left_alone_and_an_extension_reminds_anew(city, opened, noon):
    reported, held, extended = opened(), opened(), opened()
    report_task(task=accept_task(task=reported, by=city.village), note="完成", by=city.village)
    pause_clock(clock=held.clock, reason="封路", by=city.county)
    assert [offset for _, offset, _ in run_at(noon + 20 * HOUR)] == [-240]
    with citytime.standing_at(noon + 21 * HOUR):
        asked = extend_task(task=accept_task(task=extended, by=city.village), minutes=600, reason="人手不足", by=city.village)
        decide_extension(extension=asked, granted=True, by=city.county)
    assert run_at(noon + 25 * HOUR) == []
    assert [offset for _, offset, _ in run_at(noon + 30 * HOUR)] == [-240]


def test_a_declined_task_presses_the_post_that_must_assign_it_anew(city, opened, noon):
    decline_task(task=opened(), reason="不属本社区", by=city.village)
    county, command = str(city.posts.county.pk), str(city.posts.command.pk)
    assert run_at(noon + 24 * HOUR) == [("due", 0, county)]
    assert run_at(noon + 26 * HOUR) == [("after", 60, county), ("ladder", 120, command)]


def test_the_worker_does_it_every_five_minutes(city, opened, noon):
    opened()
    assert jobs.PERIODIC["tasks.escalate"] == 5
    with citytime.standing_at(noon + 24 * HOUR):
        jobs.run(until_idle=True)
    assert EscalationStep.objects.filter(kind="due").count() == 1
