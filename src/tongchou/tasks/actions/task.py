"""The chain of a task: 立项 file, 交办 assign, 承办 accept, 反馈 report, 复核 verify, 办结 close, 销号 write off.

Each step is one function; it refuses a wrong state or a wrong side, writes its line in the trail
and its notice in the outbox, all in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.refusal import Refusal
from tongchou.tasks import letters, sides
from tongchou.tasks.actions.clock import restart_clock, start_clock, stop_clock
from tongchou.tasks.models import Assistant, DayNumber, Extension, SiteCheck, Task, TaskState, changed

LEDGER = "task"
_SHOWN = (
    "state", "owner_name", "requester_name", "due_at", "accepted_at", "reported_at", "verified_at", "closed_at",
    "written_off_at", "returned_count", "false_report",
)  # fmt: skip
State = TaskState


@transaction.atomic
def open_task(
    *,
    kind: str,
    title: str,
    post: Post | str,
    ledger: str,
    object_id: str,
    area_path: str,
    clock_rule: str = "",
    started_at: datetime | None = None,
    key: str,
    by: Actor,
    requester: Post | str | None = None,
    assisting: Iterable[Post | str] = (),
    title_en: str = "",
    detail: str = "",
    site_check: bool = False,
    assign: bool = True,
) -> Task:
    """File a task (立项) and, unless ``assign`` is False, hand it to its post at once (交办).

    A non-empty ``key`` opens it once only: asking again gives the first task back, whatever became
    of it. ``clock_rule`` names the rule of its time limit, counted from ``started_at`` (default: the
    assignment). The requester is the acting post; for the system, the post above the owner.
    Raises Refusal, rulebook.NoRule.
    """
    if key:
        known = Task.objects.filter(key=key).first()
        if known is not None:
            return known
    owner = _post(post)
    asked_by, asked_by_name = _requester(requester, owner, by)
    helpers = {str(one.pk): one.name for one in map(_post, assisting)}
    if asked_by == str(owner.pk) or asked_by in helpers:
        raise Refusal("交办岗位不能同时是承办或协办岗位。", "The requester's post cannot also do the task.", code="same_side", field="post")
    if not title.strip():
        raise Refusal("请填写事项。", "Say what is to be done.", code="title_missing", field="title")
    now = citytime.now()
    task = Task(
        kind=kind, title=title.strip()[:200], title_en=title_en[:200], detail=detail[:2000], ledger=ledger, object_id=str(object_id),
        area_path=area_path, owner_post=str(owner.pk), owner_name=owner.name, requester_post=asked_by, requester_name=asked_by_name,
        opened_by_post=by.post_id, opened_at=now,
        clock_rule=clock_rule, site_check_needed=site_check, key=key,
    )  # fmt: skip
    try:
        with transaction.atomic():
            task.number = _next_number(now)
            task.save(force_insert=True)
    except IntegrityError:
        # opened by another transaction between our look and our insert
        if key and (known := Task.objects.filter(key=key).first()):
            return known
        raise
    Assistant.objects.bulk_create(Assistant(task=task, post=pk, name=name) for pk, name in helpers.items())
    _record("file", task, by, {}, note=kind)
    return assign_task(task=task, by=by, started_at=started_at) if assign else task


@transaction.atomic
def assign_task(*, task: Task, by: Actor, post: Post | str | None = None, started_at: datetime | None = None) -> Task:
    """交办: hand a filed task to its post, or to another one; its clock starts."""
    row, before = _locked(task), _facts(task)
    _demand_state(row, State.FILED)
    if by.post_id != row.opened_by_post:
        sides.demand_requester(by, row)
    if post is not None:
        owner = _post(post)
        if str(owner.pk) == row.requester_post:
            raise Refusal("交办岗位不能同时是承办岗位。", "The requester's post cannot also do the task.", code="same_side", field="post")
        row.owner_post, row.owner_name = str(owner.pk), owner.name
    row.state, row.assigned_at, row.reason = State.ASSIGNED, citytime.now(), ""
    if row.clock_rule and row.clock_id is None:
        row.clock = start_clock(
            rule_id=row.clock_rule, ledger=row.ledger, object_id=row.object_id, area_path=row.area_path,
            started_at=started_at or row.assigned_at, by=by, key=f"task:{row.pk}",
        )  # fmt: skip
        row.due_at = row.clock.due_at
    _store("assign", row, by, before)
    letters.tell(row, row.owner_post, "assigned", loud=True)
    return row


@transaction.atomic
def accept_task(*, task: Task, by: Actor) -> Task:
    """承办: the owner takes the work on."""
    row, before = _locked(task), _facts(task)
    sides.demand_owner(by, row)
    _demand_state(row, State.ASSIGNED, State.RETURNED)
    row.state, row.accepted_at = State.ACCEPTED, row.accepted_at or citytime.now()
    return _store("accept", row, by, before)


@transaction.atomic
def decline_task(*, task: Task, reason: str, by: Actor) -> Task:
    """The owner says that the matter is not its own; the requester's side assigns it anew. The clock runs on."""
    row, before = _locked(task), _facts(task)
    sides.demand_owner(by, row)
    _demand_state(row, State.ASSIGNED)
    row.state, row.reason = State.FILED, _reason(reason)
    _store("decline", row, by, before, words={"reason": row.reason})
    letters.tell(row, row.requester_post, "declined")
    return row


@transaction.atomic
def block_task(*, task: Task, reason: str, by: Actor) -> Task:
    """受阻: the doer cannot go on and says why. The clock runs on: only an extension moves it."""
    row, before = _locked(task), _facts(task)
    sides.demand_doer(by, row)
    _demand_state(row, State.ACCEPTED, State.RETURNED)
    row.state, row.reason = State.BLOCKED, _reason(reason)
    _store("block", row, by, before, words={"reason": row.reason})
    letters.tell(row, row.requester_post, "blocked", loud=True)
    return row


@transaction.atomic
def unblock_task(*, task: Task, by: Actor) -> Task:
    """The obstacle is gone; either side may say so."""
    row, before = _locked(task), _facts(task)
    if not row.is_doer(by.post_id):
        sides.demand_requester(by, row)
    _demand_state(row, State.BLOCKED)
    row.state, row.reason = State.ACCEPTED, ""
    return _store("unblock", row, by, before)


@transaction.atomic
def report_task(*, task: Task, note: str, by: Actor, reported_at: datetime | None = None, by_step: bool = False) -> Task:
    """反馈: the doer says what was done, with its evidence; the clock stops. ``by_step``: a step of the matter itself says it."""
    row, before = _locked(task), _facts(task)
    sides.demand_doer(by, row)
    _demand_state(row, State.ACCEPTED, State.RETURNED, State.BLOCKED)
    if not note.strip():
        raise Refusal("请写明办理情况和依据。", "Say what was done and what shows it.", code="note_missing", field="note")
    row.state, row.reported_at, row.report_note = State.REPORTED, reported_at or citytime.now(), note.strip()[:2000]
    row.reported_by_user, row.reported_by_step, row.reason, row.false_report = by.user_id, by_step, "", False
    if row.clock is not None:
        row.clock = stop_clock(clock=row.clock, stopped_at=row.reported_at, by=by)
    _store("report", row, by, before, words={"report_note": row.report_note}, note=_lapse_extension(row))
    letters.tell(row, row.requester_post, "reported")
    return row


@transaction.atomic
def recall_report(*, task: Task, by: Actor) -> Task:
    """撤回反馈: the doer takes a report of today back before anybody verified it. The clock runs on as if it had never stood."""
    row, before = _locked(task), _facts(task)
    sides.demand_doer(by, row)
    _demand_state(row, State.REPORTED)
    if not recallable(row):
        raise Refusal(
            "只能撤回当天自己填写的反馈；之后请交办岗位退回，由办理步骤产生的反馈在原记录上更正。",
            "Only a report written today can be taken back; later the requester returns it, and one that a step made is corrected at its record.",
            code="too_late",
        )
    words = {"report_note": row.report_note}
    row.state, row.reported_at, row.report_note, row.reported_by_user = State.ACCEPTED, None, "", ""
    if row.clock is not None:
        row.clock = restart_clock(clock=row.clock, by=by, reason="反馈已撤回 / the report was taken back", forgive=False)
        row.due_at = row.clock.due_at
    _store("recall", row, by, before, words=words)
    letters.tell(row, row.requester_post, "recalled")
    return row


def recallable(task: Task) -> bool:
    """Whether a report may still be taken back: of this city day, not verified, and written by a person, not by a step."""
    if task.state != State.REPORTED or task.reported_at is None or task.reported_by_step:
        return False
    return citytime.day_of(task.reported_at) == citytime.today()


@transaction.atomic
def return_task(*, task: Task, reason: str, by: Actor) -> Task:
    """退回: the report does not suffice. The reviewer's time does not count against the doer."""
    row, before = _locked(task), _facts(task)
    sides.demand_requester(by, row)
    _demand_state(row, State.REPORTED, State.VERIFIED)
    row.reason = _reason(reason)
    _back_to_doer(row, by, forgive=True)
    _store("return", row, by, before, words={"reason": row.reason})
    letters.tell(row, row.owner_post, "returned", loud=True)
    return row


@transaction.atomic
def verify_task(*, task: Task, by: Actor) -> Task:
    """复核: the requester's side finds the report true; where a site check is asked for, one must have passed since the report."""
    row, before = _locked(task), _facts(task)
    sides.demand_requester(by, row)
    _demand_state(row, State.REPORTED)
    if row.site_check_needed and not _passed_since_report(row):
        raise Refusal(
            "须先现场核查：由承办以外的岗位到现场核实并登记“属实”，再复核。",
            "A site check comes first: a post other than the doer must look on site and record that the report is true.",
            code="site_check_missing",
        )
    row.state, row.verified_at = State.VERIFIED, citytime.now()
    return _store("verify", row, by, before)


@transaction.atomic
def close_task(*, task: Task, by: Actor) -> Task:
    """办结: only the requester's side, never the doer."""
    row, before = _locked(task), _facts(task)
    sides.demand_requester(by, row)
    _demand_state(row, State.VERIFIED)
    row.state, row.closed_at = State.CLOSED, citytime.now()
    _store("close", row, by, before)
    letters.tell(row, row.owner_post, "closed")
    return row


@transaction.atomic
def write_off_task(*, task: Task, by: Actor) -> Task:
    """销号: strike a closed task off the supervision list."""
    row, before = _locked(task), _facts(task)
    sides.demand_requester(by, row)
    _demand_state(row, State.CLOSED)
    row.state, row.written_off_at = State.WRITTEN_OFF, citytime.now()
    return _store("write_off", row, by, before)


@transaction.atomic
def cancel_task(*, task: Task, reason: str, by: Actor) -> Task:
    """撤销: the matter has gone (a case was excluded, a place closed). The requester's side says why, or the system
    where the matter's own step ended it; the row stays."""
    row, before = _locked(task), _facts(task)
    if by.role != Role.SYSTEM and by.post_id != row.opened_by_post:
        sides.demand_requester(by, row)
    _demand_state(row, State.FILED, State.ASSIGNED, State.ACCEPTED, State.BLOCKED, State.RETURNED, State.REPORTED)
    row.state, row.reason, row.closed_at = State.CANCELLED, _reason(reason), citytime.now()
    if row.clock is not None:
        row.clock = stop_clock(clock=row.clock, by=by)
    _store("cancel", row, by, before, words={"reason": row.reason}, note=_lapse_extension(row))
    letters.tell(row, row.owner_post, "cancelled")
    return row


@transaction.atomic
def check_site(*, task: Task, passed: bool, note: str, by: Actor, checked_at: datetime | None = None) -> SiteCheck:
    """现场核查 by a post that does not do the task, of a task that was reported.

    What fails reopens the task, also after it was closed; the time since the report then counts,
    for a false report stops no clock.
    """
    row, before = _locked(task), _facts(task)
    if row.is_doer(by.post_id) or (by.user_id and by.user_id == row.reported_by_user):
        raise Refusal("现场核查须由承办以外的岗位进行。", "The site check must be made by a post other than the doer.", code="doer_cannot_check")
    if by.role != Role.SYSTEM and not _may_check(by, row):
        raise Refusal("该任务不在您岗位的辖区内。", "This task lies outside your post's area.", code="out_of_scope")
    _demand_state(row, State.REPORTED, State.VERIFIED, State.CLOSED)
    if not note.strip():
        raise Refusal("请写明现场看到的情况。", "Say what you saw on site.", code="note_missing", field="note")
    at = checked_at or citytime.now()
    if row.reported_at and at < row.reported_at:
        raise Refusal("核查时间不能早于反馈时间。", "The check cannot be earlier than the report.", code="before_report", field="checked_at")
    result = SiteCheck.Result.PASSED if passed else SiteCheck.Result.FAILED
    check = SiteCheck.objects.create(
        task=row, checked_at=at, by_post=by.post_id, by_user=by.user_id, by_name=by.post_name[:120], result=result, note=note.strip()[:2000],
    )
    if passed:
        _record("check_site", row, by, before, words={"site_check": check.note}, note=result.value)
        return check
    row.false_report, row.reason = True, check.note[:500]
    _back_to_doer(row, by, forgive=False)
    _store("reopen", row, by, before, words={"site_check": check.note}, note=result.value)
    for post in (row.owner_post, row.requester_post):
        letters.tell(row, post, "reopened", loud=True)
    return check


def _may_check(by: Actor, task: Task) -> bool:
    if sides.on_requesters_side(by, task):
        return True
    return any(scope.kind == "area" and task.area_path.startswith(scope.value) for scope in by.scopes)


def _passed_since_report(task: Task) -> bool:
    return task.site_checks.filter(result=SiteCheck.Result.PASSED, checked_at__gte=task.reported_at).exists()


def _back_to_doer(task: Task, by: Actor, *, forgive: bool) -> None:
    task.state = State.RETURNED
    task.returned_count += 1
    task.verified_at = task.closed_at = None
    if task.clock is not None:
        task.clock = restart_clock(clock=task.clock, by=by, reason=task.reason, forgive=forgive)
        task.due_at = task.clock.due_at


def _lapse_extension(task: Task) -> str:
    """A request for more time that nobody decided lapses with the report: granted later it would make late work timely."""
    asked = task.extensions.filter(decision=Extension.Decision.ASKED)
    return "extension lapsed" if asked.update(decision=Extension.Decision.LAPSED, decided_at=citytime.now()) else ""


def _post(post: Post | str) -> Post:
    if isinstance(post, Post):
        return post
    try:
        found = Post.objects.filter(pk=post).first()
    except ValidationError:  # no id at all
        found = None
    if found is None:
        raise Refusal("没有这个岗位，请从岗位台账中选择。", "There is no such post; choose one from the ledger of posts.", code="unknown_post", field="post")
    return found


def _requester(requester: Post | str | None, owner: Post, by: Actor) -> tuple[str, str]:
    """(text id, name) of the post that asks for the work."""
    if requester is None and by.role != Role.SYSTEM:
        return by.post_id, by.post_name
    if requester == SYSTEM.post_id:
        return SYSTEM.post_id, SYSTEM.post_name
    post = sides.supervising_post(owner) if requester is None else _post(requester)
    return (str(post.pk), post.name) if post else (SYSTEM.post_id, SYSTEM.post_name)


def _next_number(at: datetime) -> str:
    """T20200214-0031: the city day and a count within it."""
    day = citytime.day_of(at)
    DayNumber.objects.get_or_create(day_on=day)
    DayNumber.objects.filter(day_on=day).update(last=F("last") + 1)
    return f"T{day:%Y%m%d}-{DayNumber.objects.get(day_on=day).last:04d}"


def _locked(task: Task) -> Task:
    return Task.objects.select_for_update(of=("self",)).select_related("clock").get(pk=task.pk)


def _facts(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in _SHOWN}


def _demand_state(task: Task, *states: TaskState) -> None:
    if task.state not in states:
        wanted = "、".join(str(state.label) for state in states)
        raise Refusal(
            f"任务 {task.number} 现为“{task.get_state_display()}”，这一步只适用于：{wanted}。请刷新页面。",
            f"Task {task.number} is {task.state}; this step is for: {', '.join(states)}. Load the page again.",
            code="wrong_state",
        )


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refusal("请写明原因。", "Give the reason.", code="reason_missing", field="reason")
    return reason.strip()[:500]


def _store(action: str, task: Task, by: Actor, before: dict[str, Any], words: dict[str, str] | None = None, note: str = "") -> Task:
    task.save()
    _record(action, task, by, before, words=words, note=note)
    return task


def _record(
    action: str, task: Task, by: Actor, before: dict[str, Any], words: dict[str, str] | None = None, note: str = ""
) -> None:
    changes = changed(before, _facts(task))
    # free text is class D4: the trail keeps its keyed hash, the row keeps the words
    changes |= {name: ["", audit.value_hash(text)] for name, text in (words or {}).items()}
    audit.record(action, ledger=LEDGER, object_id=str(task.pk), by=by.by, area=task.area_path, changes=changes, note=note)
