"""Start, stop, pause, resume, recompute a clock; each leaves its line in the trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.refusal import Refusal
from tongchou.tasks import clockwork
from tongchou.tasks.models import Clock, ClockPause, ClockVersion, Task, changed
from tongchou.tasks.terms import course_of, terms_on

LEDGER = "clock"
_TERMS = (
    "rule_version", "rule_mark", "legal_zh", "legal_en", "label_zh", "label_en", "limit_minutes", "limit_working_days",
    "calendar", "calendar_version", "near_minutes", "reminders_minutes",
)  # fmt: skip
_SHOWN = ("started_at", "due_at", "paused_from_at", "stopped_at", "version", "rule_version", "limit_minutes", "limit_working_days")


@transaction.atomic
def start_clock(
    *, rule_id: str, ledger: str, object_id: str, area_path: str, started_at: datetime | None, by: Actor, key: str
) -> Clock:
    """Start the clock of a rule on a row, once for ``key``: asking again gives the first clock back.

    The terms are those in force on the city day of ``started_at`` (of today where it is None: the
    clock then waits for its start and its state is ``unknown``). Raises rulebook.NoRule.
    """
    if not key:
        raise ValueError("a clock needs a key: it makes starting it twice harmless")
    known = Clock.objects.filter(key=key).first()
    if known is not None:
        return known
    day = citytime.day_of(started_at) if started_at else citytime.today()
    terms = terms_on(rule_id, day=day, area_path=area_path)
    clock = Clock(rule_id=rule_id, ledger=ledger, object_id=str(object_id), area_path=area_path, started_at=started_at, key=key)
    for name, value in terms.fields.items():
        setattr(clock, name, value)
    _time(clock)
    try:
        with transaction.atomic():
            clock.save(force_insert=True)
    except IntegrityError:
        # started by another transaction between our look and our insert
        return Clock.objects.get(key=key)
    _record("clock.start", clock, by, {}, note=f"{rule_id} {clock.rule_version}")
    return clock


@transaction.atomic
def stop_clock(*, clock: Clock, by: Actor, stopped_at: datetime | None = None) -> Clock:
    """Stop a clock: what it was for is done. Stopping a stopped clock changes nothing."""
    row = _locked(clock)
    if row.stopped_at is not None:
        return row
    at = stopped_at or citytime.now()
    if row.started_at is not None and at < row.started_at:
        raise Refusal("完成时间早于开始计时的时间，请核对。", "It cannot be done before its clock started; check the time.", code="before_start")
    before = _facts(row)
    if row.paused_from_at is not None:
        row.pauses.filter(to_at__isnull=True).update(to_at=max(at, row.paused_from_at))
        row.paused_from_at = None
    row.stopped_at = at
    return _store("clock.stop", row, by, before)


@transaction.atomic
def restart_clock(*, clock: Clock, by: Actor, reason: str, forgive: bool) -> Clock:
    """Let a stopped clock run on: what was reported did not stand.

    With ``forgive`` the time between stop and now does not count (it was the reviewer's); without
    it, it does: a false report stops no clock.
    """
    row = _locked(clock)
    if row.stopped_at is None:
        return row
    before, stopped_at, now = _facts(row), row.stopped_at, citytime.now()
    row.stopped_at = None
    if forgive and now > stopped_at:
        ClockPause.objects.create(clock=row, from_at=stopped_at, to_at=now, reason=reason[:200], by_post=by.post_id, by_user=by.user_id)
    return _store("clock.restart", row, by, before, reason=reason)


@transaction.atomic
def pause_clock(*, clock: Clock, reason: str, by: Actor, from_at: datetime | None = None) -> Clock:
    """Hold a running clock; the time until ``resume_clock`` does not count. A reason is needed."""
    row = _locked(clock)
    at = from_at or citytime.now()
    if not reason.strip():
        raise Refusal("请写明暂停计时的原因。", "Say why the clock is to be held.", code="reason_missing", field="reason")
    if row.started_at is None or at < row.started_at:
        raise Refusal("尚未开始计时，无法暂停。", "The clock has not started, so it cannot be held.", code="not_started")
    if row.stopped_at is not None or row.paused_from_at is not None:
        raise Refusal("计时已停止或已暂停。", "The clock is stopped or held already.", code="not_running")
    if row.due_at is not None and at > row.due_at:
        raise Refusal("已经超时，不能再以暂停计时补救；请申请延期。", "It is overdue: holding the clock cannot mend that; ask for an extension.", code="overdue")
    before = _facts(row)
    ClockPause.objects.create(clock=row, from_at=at, reason=reason.strip()[:200], by_post=by.post_id, by_user=by.user_id)
    row.paused_from_at = at
    return _store("clock.pause", row, by, before, reason=reason)


@transaction.atomic
def resume_clock(*, clock: Clock, by: Actor, to_at: datetime | None = None) -> Clock:
    """Let a held clock run on; its due instant moves by the time that it was held."""
    row = _locked(clock)
    if row.paused_from_at is None:
        raise Refusal("计时没有暂停。", "The clock is not held.", code="not_paused")
    at = to_at or citytime.now()
    if at < row.paused_from_at:
        raise Refusal("恢复时间早于暂停时间。", "It cannot run on before it was held.", code="before_pause")
    before = _facts(row)
    row.pauses.filter(to_at__isnull=True).update(to_at=at)
    row.paused_from_at = None
    return _store("clock.resume", row, by, before)


@transaction.atomic
def extend_clock(*, clock: Clock, minutes: int, reason: str, by: Actor) -> Clock:
    """Lengthen a limit as a new version; a working-day clock grows by whole days, rounded up."""
    row = _locked(clock)
    before = _facts(row)
    _keep_version(row, reason, by)
    if row.limit_working_days is not None:
        row.limit_working_days += -(-minutes // (24 * 60))
    elif row.limit_minutes is not None:
        row.limit_minutes += minutes
    else:
        raise Refusal("该时限没有数字，无法延长；请先在规则库填写。", "This clock has no limit to lengthen; enter its rule first.", code="no_limit")
    return _store("clock.extend", row, by, before, reason=reason)


@transaction.atomic
def recompute_clock(*, clock: Clock, reason: str, by: Actor) -> Clock:
    """Take the rule as it is known now for the day of the start; what differs becomes a new version.

    A clock that is stopped keeps its terms: the past is not judged by a later rule.
    """
    row = _locked(clock)
    if row.stopped_at is not None:
        raise Refusal("已停止的计时不按新规则重算。", "A stopped clock is not judged again by a later rule.", code="stopped")
    day = citytime.day_of(row.started_at) if row.started_at else citytime.today()
    terms = terms_on(row.rule_id, day=day, area_path=row.area_path).fields
    if all(getattr(row, name) == terms[name] for name in _TERMS):
        return row
    before = _facts(row)
    _keep_version(row, reason, by)
    for name in _TERMS:
        setattr(row, name, terms[name])
    return _store("clock.recompute", row, by, before, reason=reason)


def _locked(clock: Clock) -> Clock:
    return Clock.objects.select_for_update().get(pk=clock.pk)


def _facts(clock: Clock) -> dict[str, Any]:
    return {name: getattr(clock, name) for name in _SHOWN}


def _keep_version(clock: Clock, reason: str, by: Actor) -> None:
    ClockVersion.objects.create(
        clock=clock, number=clock.version, reason=reason[:200], replaced_at=citytime.now(), by_post=by.post_id,
        was={name: getattr(clock, name) for name in (*_TERMS, "due_at")},
    )
    clock.version += 1


def _time(clock: Clock) -> None:
    """Set ``due_at`` and ``near_at`` from the clock's facts.

    An open pause leaves ``due_at`` empty and ``near_at`` as it was when the pause began.
    """
    course = course_of(clock)
    clock.due_at = clock.near_at = None
    if course.limit is None or course.started_at is None:
        return
    clock.due_at = clockwork.due_at(course.started_at, course.limit, course.pauses)
    as_held = clockwork.due_at(course.started_at, course.limit, [pause for pause in course.pauses if pause.to_at])
    if clock.near_minutes and as_held:
        clock.near_at = as_held - timedelta(minutes=clock.near_minutes)


def _store(action: str, clock: Clock, by: Actor, before: dict[str, Any], reason: str = "") -> Clock:
    _time(clock)
    clock.save()
    Task.objects.filter(clock=clock).update(due_at=clock.due_at)
    _record(action, clock, by, before, reason=reason)
    return clock


def _record(action: str, clock: Clock, by: Actor, before: dict[str, Any], note: str = "", reason: str = "") -> None:
    changes = changed(before, _facts(clock))
    if reason:
        # a reason is free text (class D4): the trail keeps its keyed hash, the row keeps the words
        changes["reason"] = ["", audit.value_hash(reason)]
    audit.record(action, ledger=LEDGER, object_id=str(clock.pk), by=by.by, area=clock.area_path, changes=changes, note=note)
