"""Decide an area's level. Raising may stand at once; lowering waits for a second person; nothing falls by itself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tongchou import areas, audit, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.refusal import Refusal, Refusals
from tongchou.tasks.actions.clock import stop_clock
from tongchou.tasks.actions.task import accept_task, open_task, report_task
from tongchou.tasks.models import Task, TaskState
from tongchou.zones.models import RANK, Level, ZoneDecision, ZoneProposal
from tongchou.zones.queries.level import standing
from tongchou.zones.words import LEVELS

REVIEW_CLOCK = "clock.restriction_review"
_PENDING = (ZoneDecision.State.WAITING, ZoneDecision.State.PROVISIONAL)
_REQUIRED = {
    "rule_id": ("规则", "the rule"),
    "reason": ("理由", "a reason"),
    "legal_basis": ("法律依据", "the legal basis"),
    "complaint_channel": ("申诉渠道", "a complaint channel"),
}


@transaction.atomic
def decide_level(
    *,
    area_path: str,
    disease: str,
    level: str,
    rule_id: str,
    rule_version: str,
    reason: str,
    legal_basis: str,
    complaint_channel: str,
    by: Actor,
    to_on: date,
    review_on: date | None = None,
    evidence: dict[str, Any] | None = None,
    proposal: ZoneProposal | None = None,
) -> ZoneDecision:
    """Decide ``level`` for an area from today until ``to_on``.

    A level above the one that stands takes effect at once as provisional and must be reviewed by a second person;
    any other waits for the second person before it takes effect. ``review_on`` is seven days ahead unless given,
    never after ``to_on``. Raises Refusals.
    """
    _demand(by, "decide", area_path)
    today = citytime.today()
    review_on = review_on or min(today + timedelta(days=7), to_on)
    given = {"rule_id": rule_id, "reason": reason, "legal_basis": legal_basis, "complaint_channel": complaint_channel}
    _check(given, level, area_path, today, to_on, review_on)
    if ZoneDecision.objects.filter(area_path=area_path, disease=disease, state__in=_PENDING).exists():
        raise Refusal(
            f"{areas.name_of(area_path)}已有一项待第二人确认的决定，请先处理",
            f"{areas.name_of(area_path)} has a decision that waits for a second person: settle it first",
            code="pending",
        )
    now_standing = standing(area_path, disease=disease, on=today)
    before = now_standing.level if now_standing else ""
    raising = RANK[level] > RANK.get(before, -1) and level != Level.LOW
    decision = ZoneDecision.objects.create(
        disease=disease,
        area_path=area_path,
        level=level,
        level_before=before,
        state=ZoneDecision.State.PROVISIONAL if raising else ZoneDecision.State.WAITING,
        proposal=proposal,
        rule_version=rule_version,
        evidence=evidence or {},
        from_on=today,
        to_on=to_on,
        review_on=review_on,
        decided_at=citytime.now(),
        decided_by_post=by.post_id,
        decided_by_user=by.user_id,
        decided_by_name=by.post_name,
        **given,
    )
    _record("decide", decision, by, before, level)
    _ask_second(decision, by)
    return decision


@transaction.atomic
def second_decision(*, decision: ZoneDecision, by: Actor) -> ZoneDecision:
    """A second person confirms a decision; from now on it is in force and the one before it is replaced."""
    row = _pending(decision)
    _demand(by, "confirm", row.area_path)
    same_post = by.post_id == row.decided_by_post
    same_user = bool(by.user_id) and by.user_id == row.decided_by_user
    if same_post or same_user:
        raise Refusal(
            "须由另一岗位的另一人确认，决定人不能自己确认",
            "another person in another post must confirm: you cannot confirm your own decision",
            code="same_person",
        )
    today = citytime.today()
    if row.state == ZoneDecision.State.WAITING:
        if row.to_on < today:
            raise Refusal(
                "该决定的截止日期已过，请重新决定", "this decision's end has passed: decide anew", code="ended"
            )
        row.from_on = today
    _replace_before(row, today)
    row.state = ZoneDecision.State.IN_FORCE
    row.seconded_at, row.seconded_by_post = citytime.now(), by.post_id
    row.seconded_by_user, row.seconded_by_name = by.user_id, by.post_name
    row.save()
    _record("confirm", row, by, row.level_before, row.level)
    _close_task(row, by, note=f"已确认：{LEVELS[row.level][0]}")
    return row


@transaction.atomic
def refuse_decision(*, decision: ZoneDecision, reason: str, by: Actor) -> ZoneDecision:
    """A second person refuses, or the decider takes back; a provisional raise ends and the level before it stands again."""
    row = _pending(decision)
    _demand(by, "reject", row.area_path)
    if not reason.strip():
        raise Refusal("请写明不同意的原因", "say why it is refused", code="required", field="reason")
    row.state, row.refusal, row.ended_on = ZoneDecision.State.REFUSED, reason, citytime.today()
    row.save(update_fields=["state", "refusal", "ended_on"])
    _record("refuse", row, by, row.level, row.level_before)
    _close_task(row, by, note=f"未通过：{reason}")
    return row


def _ask_second(decision: ZoneDecision, by: Actor) -> None:
    """A task for the post above (the office where none stands above): confirm within the rule's time, or refuse."""
    second = _second_post(decision, by)
    if second is None:
        return
    name = areas.name_of(decision.area_path)
    open_task(
        kind="zone.second",
        title=f"复核{name}定为{LEVELS[decision.level][0]}的决定",
        title_en=f"Review the decision on {name}: {decision.level}",
        post=second,
        ledger="zone_decision",
        object_id=str(decision.pk),
        area_path=decision.area_path,
        clock_rule=REVIEW_CLOCK,
        started_at=decision.decided_at,
        requester=None if by.role == Role.SYSTEM else by.post_id,
        key=f"zone_decision:{decision.pk}:second",
        by=by,
    )


def _second_post(decision: ZoneDecision, by: Actor) -> Post | None:
    paths = [*areas.ancestors(decision.area_path), decision.area_path]
    rows = Post.objects.filter(role=Role.COMMAND, area_path__in=paths).exclude(pk=by.post_id or None)
    standing_posts = [row for row in rows.order_by("code") if row.in_force_on(citytime.today())]
    # nearest to the area first, so that a county's own command reviews a city decision and the other way round
    return max(standing_posts, key=lambda row: len(row.area_path), default=None)


def _close_task(row: ZoneDecision, by: Actor, *, note: str) -> None:
    task = Task.objects.filter(key=f"zone_decision:{row.pk}:second").select_related("clock").first()
    if task is None:
        return
    if task.owner_post == by.post_id and task.state == TaskState.ASSIGNED:
        task = accept_task(task=task, by=by)
        report_task(task=task, note=note, by=by, by_step=True)
    elif task.clock is not None:
        stop_clock(clock=task.clock, by=by)


def _check(given: dict[str, str], level: str, area_path: str, today: date, to_on: date, review_on: date) -> None:
    problems = [
        Refusal(f"请填写{zh}", f"give {en}", code="required", field=field)
        for field, (zh, en) in _REQUIRED.items()
        if not given[field].strip()
    ]
    if level not in RANK:
        problems.append(
            Refusal(f"级别“{level}”无法识别", f"unknown level {level!r}", code="unknown_choice", field="level")
        )
    if areas.find(area_path, today) is None:
        problems.append(
            Refusal(
                f"地区 {area_path} 不在区划表中",
                f"area {area_path} is not in the tree",
                code="area_unknown",
                field="area_path",
            )
        )
    if to_on < today:
        problems.append(
            Refusal("截止日期已过，请改晚", "the end lies in the past; choose a later day", code="past", field="to_on")
        )
    if not today <= review_on <= max(to_on, today):
        problems.append(
            Refusal(
                "复评日期应在今天与截止日期之间",
                "the review lies between today and the end",
                code="order",
                field="review_on",
            )
        )
    if problems:
        raise Refusals(problems)


def _demand(by: Actor, verb: str, area_path: str) -> None:
    reaches = any(scope.kind == "area" and area_path.startswith(scope.value) for scope in by.scopes)
    if not (permissions.may(by, "zone_decision", verb) and reaches):
        raise Refusal(
            f"{by.post_name or '当前岗位'}无权决定该地区的级别，请交由指挥部办理",
            "your post may not decide this area's level: hand it to the command post",
            code="no_right",
        )


def _pending(decision: ZoneDecision) -> ZoneDecision:
    row = ZoneDecision.objects.select_for_update().get(pk=decision.pk)
    if row.state not in _PENDING:
        raise Refusal("该决定已处理", "this decision has been settled already", code="settled")
    return row


def _replace_before(row: ZoneDecision, today: date) -> None:
    ZoneDecision.objects.filter(
        area_path=row.area_path, disease=row.disease, state=ZoneDecision.State.IN_FORCE
    ).exclude(pk=row.pk).update(state=ZoneDecision.State.REPLACED, ended_on=today)


def _record(action: str, row: ZoneDecision, by: Actor, before: str, after: str) -> None:
    audit.record(
        action,
        ledger="zone_decision",
        object_id=row.id,
        by=by.by,
        area=row.area_path,
        changes={"level": [before, after]},
        note=f"{row.rule_id} {row.rule_version}",
    )
