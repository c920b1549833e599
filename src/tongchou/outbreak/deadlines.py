"""The clocks of a case: direct network report, investigation. Each runs on a task of the post that owes it.

A report that was made before the case was entered leaves a clock that started and stopped, so its punctuality
counts; a report still owed is a task. Keys make every start harmless when repeated.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tongchou import citytime, rulebook
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.outbreak.models import Case
from tongchou.outbreak.queries.post import city_cdc, county_cdc
from tongchou.outbreak.words import STATUS
from tongchou.tasks.actions.clock import start_clock, stop_clock
from tongchou.tasks.actions.task import accept_task, cancel_task, open_task, report_task
from tongchou.tasks.models import OPEN_STATES, Clock, Task, TaskState

REPORT_RULES = ("clock.case_report", "clock.other_disease_report")
INVESTIGATION_RULE = "clock.case_investigation"
_REPORTERS = (Role.HOSPITAL, Role.LAB, Role.CDC_DISTRICT, Role.CDC_CITY)


def start(case: Case, *, at: datetime, step: str, reported_at: datetime | None, by: Actor) -> None:
    """Start the report clock of this step at ``at`` and, once a case, the investigation's."""
    _start_report(case, at, step, reported_at, by)
    _start_investigation(case, reported_at or citytime.now(), by)


def reported(case: Case, *, at: datetime, step: str, by: Actor) -> None:
    """The direct network report of this step was made: its clock stops, and the doer's task is reported."""
    _done(_report_key(case, step), at, by, note=f"{case.case_no} {STATUS[case.status][0]}：已网络直报")


def investigated(case: Case, *, at: datetime, by: Actor) -> None:
    """The investigation is finished: its clock stops, and the doer's task is reported."""
    _done(_investigation_key(case), at, by, note=f"{case.case_no}：个案调查完成")


def excluded(case: Case, *, at: datetime, by: Actor) -> None:
    """The case is excluded: nothing more is owed for it, so its open tasks are cancelled and its clocks stop."""
    _stop(case, at=at, by=by)
    _cancel(case, f"病例 {case.case_no} 已排除，不再需要 / the case was excluded: no longer needed")


def taken_back(case: Case, *, by: Actor) -> None:
    """The case was entered by mistake (its import is undone): open tasks are cancelled, with the clocks that run on them."""
    _cancel(case, f"病例 {case.case_no} 的导入已撤销 / the import of the case was undone")
    _stop(case, at=citytime.now(), by=by)


def _cancel(case: Case, reason: str) -> None:
    """By the system, which asked for the work when the case came in: whoever excludes a case stands on no side of its tasks."""
    for task in Task.objects.filter(ledger="case", object_id=str(case.pk), state__in=(TaskState.FILED, *OPEN_STATES)):
        cancel_task(task=task, reason=reason, by=SYSTEM)


def _stop(case: Case, *, at: datetime, by: Actor) -> None:
    for clock in Clock.objects.filter(ledger="case", object_id=str(case.pk), stopped_at__isnull=True):
        stop_clock(clock=clock, stopped_at=max(at, clock.started_at or at), by=by)


def _start_report(case: Case, at: datetime, step: str, reported_at: datetime | None, by: Actor) -> None:
    rule = _rule_in_force(case, at, REPORT_RULES)
    key = _report_key(case, step)
    owner = _reporter(case, at, by)
    if rule and (reported_at is not None or owner is None):
        clock = start_clock(
            rule_id=rule, ledger="case", object_id=str(case.pk), area_path=case.area_path, started_at=at, by=by, key=key
        )
        if reported_at is not None:
            stop_clock(clock=clock, stopped_at=max(reported_at, at), by=by)
    elif reported_at is None and owner is not None:
        zh, en = STATUS[step]
        _open(
            case,
            owner,
            kind="case.report",
            title=f"网络直报{zh}病例 {case.case_no}",
            title_en=f"Direct network report of {en} case {case.case_no}",
            clock_rule=rule,
            started_at=at,
            key=key,
            by=by,
        )


def _start_investigation(case: Case, started_at: datetime, by: Actor) -> None:
    if case.investigated_at is not None:
        return
    rule = _rule_in_force(case, started_at, (INVESTIGATION_RULE,))
    owner = county_cdc(case.area_path, citytime.day_of(started_at))
    key = _investigation_key(case)
    if owner is not None:
        _open(
            case,
            owner,
            kind="case.investigate",
            title=f"完成病例 {case.case_no} 个案调查",
            title_en=f"Complete the investigation of case {case.case_no}",
            clock_rule=rule,
            started_at=started_at,
            key=key,
            by=by,
        )
    elif rule:
        start_clock(
            rule_id=rule,
            ledger="case",
            object_id=str(case.pk),
            area_path=case.area_path,
            started_at=started_at,
            by=by,
            key=key,
        )


def _open(case: Case, owner: Post, *, by: Actor, **task: Any) -> None:
    """The post above asks for it: the city's CDC asks the county's, the county's asks the hospital.

    Where neither stands, the rule itself asks, and the system opens the task for whoever stands above the owner.
    """
    on = citytime.today()
    above = [post for post in (county_cdc(case.area_path, on), city_cdc(case.area_path, on)) if post]
    requester = next((post for post in above if post.pk != owner.pk), None)
    open_task(
        post=owner,
        requester=requester,
        ledger="case",
        object_id=str(case.pk),
        area_path=case.area_path,
        by=by if requester else SYSTEM,
        **task,
    )


def _reporter(case: Case, at: datetime, by: Actor) -> Post | None:
    if by.role in _REPORTERS:
        return Post.objects.filter(pk=by.post_id).first()
    return county_cdc(case.area_path, citytime.day_of(at))


def _rule_in_force(case: Case, at: datetime, rule_ids: tuple[str, ...]) -> str:
    """The first of the rules that is in force; "" where none is, so that no clock is invented."""
    rules = rulebook.at(citytime.day_of(at), area=case.area_path, disease=case.outbreak.disease)
    for rule_id in rule_ids:
        try:
            rules.get(rule_id)
        except rulebook.NoRule:
            continue
        return rule_id
    return ""


def _done(key: str, at: datetime, by: Actor, *, note: str) -> None:
    task = Task.objects.filter(key=key).select_related("clock").first()
    clock = task.clock if task else Clock.objects.filter(key=key).first()
    if task is not None and task.state in OPEN_STATES and task.is_doer(by.post_id):
        if task.state == TaskState.ASSIGNED and task.owner_post == by.post_id:
            accept_task(task=task, by=by)
        report_task(task=task, note=note, by=by, reported_at=at, by_step=True)
    elif clock is not None and clock.stopped_at is None:
        # somebody else showed that it is done: time stops counting, the doer still reports the task
        stop_clock(clock=clock, stopped_at=max(at, clock.started_at or at), by=by)


def _report_key(case: Case, step: str) -> str:
    return f"case:{case.pk}:report:{step}"


def _investigation_key(case: Case) -> str:
    return f"case:{case.pk}:investigate"
