"""Propose a row, approve it, refuse it, withdraw one. Two persons at two posts, each step in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tongchou import audit, citytime
from tongchou.audit.ids import uuid7
from tongchou.rulebook.errors import NotAllowed, RuleError
from tongchou.rulebook.models import RulebookState, RuleProposal, RuleRow
from tongchou.rulebook.packs import version_name
from tongchou.rulebook.queries.dry_run import DryRun, try_proposal
from tongchou.rulebook.rows import Scope, area_path
from tongchou.rulebook.shapes import plain

LEDGER = "rule"
STATE = "rulebook"
_CLAIM = (
    "rule_id", "area_path", "disease", "firm_class", "sector", "group", "value", "valid_from_on", "valid_to_on", "mark",
    "source", "source_text", "label_zh", "label_en", "note_zh", "note_en", "response_level",
)  # fmt: skip


def draft(
    *,
    rule_id: str,
    value: Mapping[str, Any],
    valid_from_on: date,
    reason: str,
    source_text: str,
    valid_to_on: date | None = None,
    area: str = "",
    disease: str = "",
    firm_class: str = "",
    sector: str = "",
    group: str = "",
    mark: str = RuleProposal.Mark.SEEN,
    note_zh: str = "",
    note_en: str = "",
    response_level: str = "",
) -> RuleProposal:
    """An unsaved proposal, for a dry run (``try_proposal``) or for ``propose_rule``."""
    return RuleProposal(
        rule_id=rule_id.strip(),
        area_path=area_path(area),
        disease=disease.strip(),
        firm_class=firm_class.strip(),
        sector=sector.strip(),
        group=group.strip(),
        value=plain(dict(value)),
        valid_from_on=valid_from_on,
        valid_to_on=valid_to_on,
        mark=mark,
        source=["CITY"],
        source_text=source_text.strip(),
        note_zh=note_zh.strip(),
        note_en=note_en.strip(),
        response_level=response_level,
        reason=reason.strip(),
    )


@transaction.atomic
def propose_rule(*, proposal: RuleProposal, by: audit.By) -> RuleProposal:
    """Store a drafted proposal. Raises ``NotAllowed`` naming every key at fault; nothing is stored then."""
    _person(by)
    for text, key, zh, en in (
        (proposal.reason, "reason", "请写明为什么改。", "say why it changes."),
        (proposal.source_text, "source_text", "请写明依据的文件。", "name the document that it rests on."),
    ):
        if not text:
            raise NotAllowed(zh, en, code="missing", field=key)
    _refuse_faults(try_proposal(proposal))
    return _file(proposal, by)


@transaction.atomic
def propose_withdrawal(*, row: RuleRow, reason: str, by: audit.By) -> RuleProposal:
    """Ask that one of the city's own rows be withdrawn: what stood before it, or was shipped, holds again."""
    _person(by)
    if not reason.strip():
        raise NotAllowed("请写明为什么撤回。", "say why it is withdrawn.", code="missing", field="reason")
    if RuleProposal.objects.filter(withdraws=row, state=RuleProposal.State.OPEN).exists():
        raise NotAllowed("撤回这一行的提案已在等待批准。", "a proposal to withdraw this row waits already.")
    proposal = RuleProposal(
        **{name: getattr(row, name) for name in _CLAIM},
        kind=RuleProposal.Kind.WITHDRAW,
        withdraws=row,
        reason=reason.strip(),
    )
    _refuse_faults(try_proposal(proposal))
    return _file(proposal, by)


@transaction.atomic
def approve_proposal(*, proposal: RuleProposal, by: audit.By, note: str = "") -> RuleProposal:
    """Put a proposal in force. The second person is another one, at another post, than who proposed it.

    The proposal is tried again first, since the rulebook may have changed. The known periods of the city's own rows
    that it covers close at this instant; what they say of other days goes on in new rows.
    """
    proposal = _open_proposal(proposal, by)
    _refuse_faults(try_proposal(proposal))
    if proposal.kind == RuleProposal.Kind.WITHDRAW:
        _close([row for row in (proposal.withdraws,) if row is not None])
    else:
        _put_in_force(proposal)
    _restamp()
    return _decide(proposal, RuleProposal.State.APPROVED, "approve", note, by)


@transaction.atomic
def refuse_proposal(*, proposal: RuleProposal, note: str, by: audit.By) -> RuleProposal:
    """Turn a proposal down, with the reason that its proposer will read."""
    if not note.strip():
        raise NotAllowed("请写明不批准的理由。", "say why it is refused.", code="missing", field="note")
    return _decide(_open_proposal(proposal, by), RuleProposal.State.REFUSED, "reject", note, by)


def _person(by: audit.By) -> None:
    if not by.user or not by.post:
        raise NotAllowed(
            "规则只能由在岗的人提出和决定，系统不能。",
            "only a person at a post may propose or decide on a rule; the system may not.",
            code="no_person",
        )


def _refuse_faults(tried: DryRun) -> None:
    if tried.faults:
        raise NotAllowed(
            "这份提案不能成立：" + "；".join(fault.text_zh() for fault in tried.faults),
            "this proposal can't stand: " + "; ".join(fault.text_en() for fault in tried.faults),
            code="contradiction",
            field=tried.faults[0].key,
        )


def _file(proposal: RuleProposal, by: audit.By) -> RuleProposal:
    proposal.proposed_at = citytime.now()
    proposal.proposed_post, proposal.proposed_user, proposal.proposed_name = by.post, by.user, by.name
    proposal.save(force_insert=True)
    changes = {
        "kind": ["", proposal.kind],
        "valid_from_on": ["", str(proposal.valid_from_on)],
        "valid_to_on": ["", str(proposal.valid_to_on or "")],
        "value": ["", _text(proposal.value)],
        "proposal": ["", str(proposal.pk)],
    }
    audit.record(
        "propose",
        ledger=LEDGER,
        object_id=proposal.rule_id,
        by=by,
        area=proposal.area_path,
        changes=changes,
        note=proposal.reason,
    )
    return proposal


def _open_proposal(proposal: RuleProposal, by: audit.By) -> RuleProposal:
    """The proposal, locked and still open, in the hands of a second person."""
    _person(by)
    try:
        found = RuleProposal.objects.select_for_update().get(pk=proposal.pk)
    except RuleProposal.DoesNotExist:
        raise RuleError("没有这份提案。", "there is no such proposal.", code="gone") from None
    if found.state != RuleProposal.State.OPEN:
        raise NotAllowed("这份提案已经有了决定。", "this proposal was decided already.", code="decided")
    if by.user == found.proposed_user or by.post == found.proposed_post:
        raise NotAllowed(
            "须由另一个人、在另一个岗位上决定：提出人不能批准自己的提案。",
            "another person at another post must decide: nobody decides on their own proposal.",
            code="two_persons",
        )
    return found


def _put_in_force(proposal: RuleProposal) -> None:
    at = citytime.now()
    scope = Scope(proposal.area_path, proposal.disease, proposal.firm_class, proposal.sector, proposal.group)
    standing = RuleRow.objects.select_for_update().filter(
        rule_id=proposal.rule_id, area_path=scope.area, disease=scope.disease, firm_class=scope.firm_class,
        sector=scope.sector, group=scope.group, known_to_at__isnull=True,
    )  # fmt: skip
    covered = [row for row in standing if _covers_some_of(proposal, row)]
    _close(covered)
    for row in covered:
        for first, last in _left_over(proposal, row):
            _add(row, proposal, version=row.version, first=first, last=last, at=at, continues=row)
    version = f"{version_name(proposal.rule_id, scope, proposal.valid_from_on)}~{str(proposal.pk)[-8:]}"
    _add(proposal, proposal, version=version, first=proposal.valid_from_on, last=proposal.valid_to_on, at=at)


def _add(
    claim: RuleProposal | RuleRow,
    proposal: RuleProposal,
    *,
    version: str,
    first: date,
    last: date | None,
    at: Any,
    continues: RuleRow | None = None,
) -> None:
    values = {name: getattr(claim, name) for name in _CLAIM} | {"valid_from_on": first, "valid_to_on": last}
    RuleRow.objects.create(**values, version=version, known_from_at=at, proposal=proposal, continues=continues)


def _close(rows: list[RuleRow]) -> None:
    at = citytime.now()
    for row in rows:
        row.known_to_at = at
        row.save(update_fields=["known_to_at"])


def _covers_some_of(proposal: RuleProposal, row: RuleRow) -> bool:
    ends_before = proposal.valid_to_on is not None and proposal.valid_to_on < row.valid_from_on
    starts_after = row.valid_to_on is not None and row.valid_to_on < proposal.valid_from_on
    return not (ends_before or starts_after)


def _left_over(proposal: RuleProposal, row: RuleRow) -> list[tuple[date, date | None]]:
    """The days of a covered row that the proposal says nothing about."""
    parts: list[tuple[date, date | None]] = []
    if row.valid_from_on < proposal.valid_from_on:
        parts.append((row.valid_from_on, proposal.valid_from_on - timedelta(days=1)))
    if proposal.valid_to_on is not None and (row.valid_to_on is None or row.valid_to_on > proposal.valid_to_on):
        parts.append((proposal.valid_to_on + timedelta(days=1), row.valid_to_on))
    return parts


def _restamp() -> None:
    RulebookState.objects.update_or_create(name=STATE, defaults={"stamp": str(uuid7())})


def _decide(proposal: RuleProposal, state: str, action: str, note: str, by: audit.By) -> RuleProposal:
    proposal.state = state
    proposal.decided_at = citytime.now()
    proposal.decided_post, proposal.decided_user, proposal.decided_name = by.post, by.user, by.name
    proposal.decision_note = note.strip()
    proposal.save()
    audit.record(
        action,
        ledger=LEDGER,
        object_id=proposal.rule_id,
        by=by,
        area=proposal.area_path,
        changes={"state": [RuleProposal.State.OPEN.value, str(state)], "proposal": ["", str(proposal.pk)]},
        note=proposal.decision_note,
    )
    return proposal


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:400]
