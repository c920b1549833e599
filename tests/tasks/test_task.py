"""The chain of a task, who may take which step, and what each step does to the clock."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM, Actor
from tongchou.notices.models import Notice
from tongchou.refusal import Refusal
from tongchou.tasks.actions.clock import pause_clock, recompute_clock, resume_clock, start_clock
from tongchou.tasks.actions.extension import decide_extension, extend_task
from tongchou.tasks.actions.task import (
    accept_task,
    assign_task,
    block_task,
    cancel_task,
    check_site,
    close_task,
    decline_task,
    open_task,
    report_task,
    return_task,
    unblock_task,
    verify_task,
    write_off_task,
)
from tongchou.tasks.models import Clock, Task
from tongchou.tasks.queries.clock import counts_by_state, states
from tongchou.tasks.terms import Terms, terms_on

HOUR = timedelta(hours=1)


def steps(task: Task) -> list[str]:
    return [entry.action for entry in reversed(audit.timeline("task", task.pk))]


@contextmanager
def refused(code: str):
    """The block is refused with this code, and says why in both languages."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code
    assert caught.value.zh and caught.value.en


def test_the_whole_chain(city, opened, noon):
    task = opened(assign=False)
    assert (task.state, task.number) == ("filed", "T20200214-0001")
    task = assign_task(task=task, by=city.county)
    assert (task.state, task.due_at) == ("assigned", noon + 24 * HOUR)
    task = accept_task(task=task, by=city.village)
    with citytime.standing_at(noon + 5 * HOUR):
        task = report_task(task=task, note="走访 12 户,均无异常", by=city.village)
    assert task.clock.stopped_at == noon + 5 * HOUR
    task = verify_task(task=task, by=city.county)
    task = close_task(task=task, by=city.county)
    task = write_off_task(task=task, by=city.county)
    assert task.state == "written_off"
    assert steps(task) == ["file", "assign", "accept", "report", "verify", "close", "write_off"]
    assert audit.verify().sound
    told = list(Notice.objects.order_by("id").values_list("to_post", flat=True))
    village, county = str(city.posts.village.pk), str(city.posts.county.pk)
    assert told == [village, county, village]


def test_numbers_count_within_the_city_day_and_a_key_opens_once(city, opened, noon):
    first = opened(key="day:1")
    assert opened(key="day:1").pk == first.pk
    assert opened().number == "T20200214-0002"
    with citytime.standing_at(citytime.day_close(citytime.day_of(noon))):
        assert opened().number == "T20200215-0001"
    assert Task.objects.count() == 3


def test_only_the_requesters_side_judges(city, opened):
    task = report_task(task=accept_task(task=opened(), by=city.village), note="完成", by=city.village)
    for step in (verify_task, close_task):
        with refused("doer_cannot_close"):
            step(task=task, by=city.village)
    with refused("not_requester"):
        verify_task(task=task, by=city.cdc)
    with refused("not_requester"):
        verify_task(task=task, by=city.other)
    with refused("not_requester"):
        verify_task(task=task, by=SYSTEM)
    assert verify_task(task=task, by=city.command).state == "verified", "the post above the requester may"


def test_the_same_person_through_a_second_post_is_still_the_doer(city, opened):
    task = report_task(task=accept_task(task=opened(), by=city.village), note="完成", by=city.village)
    acting = Actor.of_post(city.posts.county, city.users.village)
    with refused("doer_cannot_close"):
        verify_task(task=task, by=acting)
    with refused("doer_cannot_check"):
        check_site(task=task, passed=True, note="属实", by=acting)


def test_steps_out_of_turn_or_by_the_wrong_post_change_nothing(city, opened):
    task = opened()
    with refused("wrong_state"):
        verify_task(task=task, by=city.county)
    with refused("not_owner"):
        accept_task(task=task, by=city.grid)
    with refused("not_doer"):
        report_task(task=task, note="x", by=city.county)
    accept_task(task=task, by=city.village)
    with refused("note_missing"):
        report_task(task=task, note="  ", by=city.village)
    task.refresh_from_db()
    assert (task.state, steps(task)) == ("accepted", ["file", "assign", "accept"])
    with refused("same_side"):
        opened(post=city.posts.county)


def test_assisting_posts_may_report_and_are_doers(city, opened):
    task = accept_task(task=opened(assisting=[city.posts.grid]), by=city.village)
    task = report_task(task=task, note="完成", by=city.grid)
    with refused("doer_cannot_close"):
        verify_task(task=task, by=city.grid)


def test_declined_blocked_and_back(city, opened):
    task = decline_task(task=opened(), reason="不属本社区", by=city.village)
    assert task.state == "filed"
    task = assign_task(task=task, post=city.posts.street, by=city.county)
    assert task.owner_post == str(city.posts.street.pk)
    task = block_task(task=accept_task(task=task, by=city.street), reason="门锁未开", by=city.street)
    assert (task.state, task.reason) == ("blocked", "门锁未开")
    assert unblock_task(task=task, by=city.county).state == "accepted"
    assert Clock.objects.get().version == 1


def test_the_reviewers_time_does_not_count_when_a_report_is_returned(city, opened, noon):
    task = accept_task(task=opened(), by=city.village)
    with citytime.standing_at(noon + 20 * HOUR):
        task = report_task(task=task, note="完成", by=city.village)
    with citytime.standing_at(noon + 30 * HOUR):
        task = return_task(task=task, reason="缺照片", by=city.county)
        assert (task.state, task.due_at, task.returned_count) == ("returned", noon + 34 * HOUR, 1)
        assert states(Clock.objects.all(), citytime.now()) == {task.clock_id: "near"}


def test_a_false_report_stops_no_clock(city, opened, noon):
    task = accept_task(task=opened(site_check=True), by=city.village)
    with citytime.standing_at(noon + 20 * HOUR):
        task = report_task(task=task, note="完成", by=city.village)
        with refused("site_check_missing"):
            verify_task(task=task, by=city.county)
    with citytime.standing_at(noon + 30 * HOUR):
        check_site(task=task, passed=False, note="现场未消毒", by=city.county)
        task.refresh_from_db()
        assert (task.state, task.false_report, task.due_at) == ("returned", True, noon + 24 * HOUR)
        assert states(Clock.objects.all(), citytime.now()) == {task.clock_id: "over"}
        task = report_task(task=task, note="已消毒", by=city.village)
        with refused("site_check_missing"):
            verify_task(task=task, by=city.county)
        check_site(task=task, passed=True, note="属实", by=city.street)
        assert verify_task(task=task, by=city.county).state == "verified"
        assert states(Clock.objects.all(), citytime.now()) == {task.clock_id: "over_done"}


def test_a_site_check_reopens_even_a_closed_task_but_not_from_another_district(city, opened):
    task = report_task(task=accept_task(task=opened(), by=city.village), note="完成", by=city.village)
    task = close_task(task=verify_task(task=task, by=city.county), by=city.county)
    with refused("out_of_scope"):
        check_site(task=task, passed=False, note="未见", by=city.other)
    check_site(task=task, passed=False, note="未见", by=city.cdc)
    task.refresh_from_db()
    assert (task.state, task.closed_at) == ("returned", None)


def test_more_time_needs_a_reason_and_the_requesters_word(city, opened, noon):
    task = accept_task(task=opened(), by=city.village)
    with refused("reason_missing"):
        extend_task(task=task, minutes=60, reason=" ", by=city.village)
    with refused("not_doer"):
        extend_task(task=task, minutes=60, reason="x", by=city.county)
    asked = extend_task(task=task, minutes=120, reason="住户外出", by=city.village)
    with refused("already_asked"):
        extend_task(task=task, minutes=60, reason="再延", by=city.village)
    with refused("doer_cannot_close"):
        decide_extension(extension=asked, granted=True, by=city.village)
    decide_extension(extension=asked, granted=True, by=city.county)
    task.refresh_from_db()
    clock = Clock.objects.get()
    assert (task.due_at, clock.version, clock.limit_minutes) == (noon + 26 * HOUR, 2, 1560)
    assert clock.versions.get().was["limit_minutes"] == 1440
    with refused("wrong_state"):
        decide_extension(extension=asked, granted=False, by=city.county)


def test_a_request_that_nobody_decided_lapses_with_the_report(city, opened, noon):
    task = accept_task(task=opened(), by=city.village)
    asked = extend_task(task=task, minutes=6000, reason="住户外出", by=city.village)
    with citytime.standing_at(noon + 30 * HOUR):
        task = report_task(task=task, note="完成", by=city.village)
        with refused("wrong_state"):
            decide_extension(extension=asked, granted=True, by=city.county)
        asked.refresh_from_db()
        assert (asked.decision, states([task.clock], citytime.now())) == ("lapsed", {task.clock_id: "over_done"})
        task = return_task(task=task, reason="缺照片", by=city.county)
        assert extend_task(task=task, minutes=60, reason="补照片", by=city.village).decision == "asked"


def test_the_system_asks_in_the_name_of_the_post_above(city, opened):
    task = opened(by=SYSTEM, key="s")
    assert task.requester_post == str(city.posts.street.pk)
    task = report_task(task=accept_task(task=task, by=city.village), note="完成", by=city.village)
    assert verify_task(task=task, by=city.street).state == "verified"


def test_what_is_asked_in_the_systems_own_name_is_judged_by_the_command_of_the_area(city, opened):
    task = opened(requester="system")
    assert (task.requester_post, task.requester_name) == ("system", "系统")
    task = report_task(task=accept_task(task=task, by=city.village), note="完成", by=city.village)
    with refused("not_requester"):
        verify_task(task=task, by=city.street)
    assert verify_task(task=task, by=city.county).state == "verified"


def test_a_matter_that_is_gone_is_cancelled_by_the_side_that_asked(city, opened, noon):
    task = accept_task(task=opened(), by=city.village)
    with refused("doer_cannot_close"):
        cancel_task(task=task, reason="不想办", by=city.village)
    with refused("reason_missing"):
        cancel_task(task=task, reason=" ", by=city.county)
    task = cancel_task(task=task, reason="病例已排除", by=city.county)
    assert (task.state, task.clock.stopped_at) == ("cancelled", noon)
    with refused("wrong_state"):
        report_task(task=task, note="完成", by=city.village)


def test_a_clock_is_started_once_held_resumed_and_never_moved_silently(city, noon):
    values = {"ledger": "case", "object_id": "c-1", "area_path": "510402", "started_at": noon, "by": SYSTEM}
    clock = start_clock(rule_id="clock.case_report", key="case:c-1:report", **values)
    assert start_clock(rule_id="clock.case_report", key="case:c-1:report", **values).pk == clock.pk
    assert (clock.due_at, clock.near_at, clock.rule_mark) == (noon + 2 * HOUR, noon + 1.5 * HOUR, "seen")
    assert "2 小时" in clock.legal_zh and "2 hours" in clock.legal_en
    with citytime.standing_at(noon + HOUR):
        clock = pause_clock(clock=clock, reason="道路中断", by=city.county)
        assert clock.due_at is None
        with refused("not_running"):
            pause_clock(clock=clock, reason="再停", by=city.county)
    with citytime.standing_at(noon + 3 * HOUR):
        clock = resume_clock(clock=clock, by=city.county)
        assert clock.due_at == noon + 4 * HOUR
        assert recompute_clock(clock=clock, reason="规则未变", by=city.county).version == 1
    with citytime.standing_at(noon + 5 * HOUR), refused("overdue"):
        pause_clock(clock=clock, reason="太迟", by=city.county)
    counted = counts_by_state(Clock.objects.all(), noon + 5 * HOUR)
    assert counted == {"pending": 0, "ok": 0, "near": 0, "over": 1, "over_done": 0, "unknown": 0}
    assert [entry.action for entry in audit.timeline("clock", clock.pk)] == ["clock.resume", "clock.pause", "clock.start"]


def test_a_changed_rule_moves_a_running_clock_only_as_a_new_version(city, opened, noon, monkeypatch):
    task = opened()
    stopped = report_task(task=accept_task(task=opened(), by=city.village), note="完成", by=city.village).clock
    known = terms_on("clock.case_investigation", day=citytime.day_of(noon), area_path="510402").fields
    later = Terms({**known, "limit_minutes": 720, "rule_version": "clock.case_investigation@later"})
    monkeypatch.setattr("tongchou.tasks.actions.clock.terms_on", lambda *args, **kwargs: later)
    task.refresh_from_db()
    assert task.due_at == noon + 24 * HOUR, "nothing moves by itself"
    clock = recompute_clock(clock=task.clock, reason="规则已修订", by=city.county)
    task.refresh_from_db()
    assert (clock.version, clock.due_at, task.due_at) == (2, noon + 12 * HOUR, noon + 12 * HOUR)
    assert clock.versions.get().was["limit_minutes"] == 1440
    entry = audit.timeline("clock", clock.pk)[0]
    assert (entry.action, entry.changes["limit_minutes"]) == ("clock.recompute", ["1440", "720"])
    with refused("stopped"):
        recompute_clock(clock=stopped, reason="规则已修订", by=city.county)


CANARIES = ("王小明", "13800138000", "510402198001011234")


def test_notices_and_the_trail_carry_no_personal_data(city, opened):
    said = "、".join(CANARIES)
    task = opened(title=f"走访{said}", detail=said, site_check=True)
    task = block_task(task=accept_task(task=task, by=city.village), reason=said, by=city.village)
    extend_task(task=task, minutes=60, reason=said, by=city.village)
    task = report_task(task=task, note=said, by=city.village)
    task = return_task(task=task, reason=said, by=city.county)
    task = report_task(task=task, note=said, by=city.village)
    check_site(task=task, passed=False, note=said, by=city.county)
    told = [" ".join((n.title, n.title_en, n.body, n.body_en, n.link)) for n in Notice.objects.all()]
    trail = [f"{entry.changes} {entry.note}" for entry in audit.timeline("task", task.pk)]
    assert len(told) >= 6 and len(trail) >= 8
    assert all(task.number in text for text in told)
    assert not [text for text in (*told, *trail) for canary in CANARIES if canary in text]


def test_an_unknown_post_or_rule_opens_nothing(city, opened):
    with refused("unknown_post"):
        opened(post="no-id-at-all")
    with refused("unknown_post"):
        opened(post="0192f0c1-2345-7000-8000-000000000000")
    with pytest.raises(Exception, match="clock.nonsense"):
        open_task(
            kind="x", title="x", post=city.posts.village, ledger="place", object_id="1", area_path="510402", clock_rule="clock.nonsense",
            key="", by=city.county,
        )  # fmt: skip
    assert not Task.objects.exists()
