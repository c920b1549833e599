"""What a proposed row would do, worked out before anyone decides: faults, rows replaced, rows hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongchou import rulebook
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook.answers import near_ids
from tongchou.rulebook.errors import Problem
from tongchou.rulebook.models import RuleProposal
from tongchou.rulebook.packs import Packs, row_faults
from tongchou.rulebook.reader import Book, as_row
from tongchou.rulebook.rows import Row


@dataclass(frozen=True)
class DryRun:
    """``faults`` must be empty for the proposal to stand. ``replaced`` are the city's own rows whose known period
    would close, ``hidden`` the shipped rows of the same scope that it would go before, ``before`` the row in force
    on its first day as things stand."""

    faults: tuple[Problem, ...]
    replaced: tuple[Row, ...]
    hidden: tuple[Row, ...]
    before: Row | None
    returns: Row | None = None


def try_proposal(proposal: RuleProposal) -> DryRun:
    """The dry run of a stored or unsaved proposal, on the rulebook as it is now."""
    packs = pack_files.shipped()
    book = rulebook.book()
    if proposal.rule_id not in packs.kinds:
        near = ", ".join(near_ids(proposal.rule_id, packs.kinds))
        fault = Problem(
            "",
            proposal.rule_id,
            "rule_id",
            f"没有这个规则编号{f'；相近的有：{near}' if near else ''}。",
            f"there is no such rule{f'; near it: {near}' if near else ''}.",
        )
        return DryRun((fault,), (), (), None)
    if proposal.kind == RuleProposal.Kind.WITHDRAW:
        return _try_withdrawal(proposal, book, packs)
    row = drafted(proposal, packs)
    same = [other for other in book.rows_of(row.rule_id) if other.scope == row.scope and other.known(None)]
    touched = [other for other in same if _meet(row, other)]
    faults = [*row_faults(row, packs), *_claims_faults(row, touched, proposal)]
    return DryRun(
        tuple(faults),
        tuple(other for other in touched if other.own),
        tuple(other for other in touched if not other.own),
        _in_force(book, row, row.valid_from_on),
    )


def drafted(proposal: RuleProposal, packs: Packs) -> Row:
    """The proposal as the row that it asks for, for the reader's own checks."""
    return as_row(proposal, packs)


def _try_withdrawal(proposal: RuleProposal, book: Book, packs: Packs) -> DryRun:
    stored = proposal.withdraws
    if stored is None or stored.known_to_at is not None:
        fault = Problem(
            "",
            proposal.rule_id,
            "withdraws",
            "要撤回的那一行已不在用；请刷新页面。",
            "the row to withdraw is no longer in use: reload the page.",
        )
        return DryRun((fault,), (), (), None)
    row = as_row(stored, packs)
    left = [other for other in book.rows_of(row.rule_id) if other.row_id != row.row_id]
    claims = [other for other in left if other.scope.covers(row.scope) and other.known(None)]
    claims = [other for other in claims if other.in_force(row.valid_from_on)]
    returns = max(claims, key=Row.order_key, default=None)
    return DryRun((), (row,), (), row, returns)


def _claims_faults(row: Row, touched: list[Row], proposal: RuleProposal) -> list[Problem]:
    def fault(key: str, zh: str, en: str) -> Problem:
        return Problem("", row.version, key, zh, en)

    found = []
    for other in touched:
        same_days = (other.valid_from_on, other.valid_to_on) == (row.valid_from_on, row.valid_to_on)
        if same_days and other.value == row.value and (other.own or other.valid_from_on == row.valid_from_on):
            found.append(
                fault(
                    "value",
                    f"与现行的 {other.version} 完全相同，没有改动。",
                    f"is the same as {other.version}, which stands: nothing would change.",
                )
            )
    waiting = RuleProposal.objects.filter(
        state=RuleProposal.State.OPEN,
        kind=RuleProposal.Kind.SET,
        rule_id=row.rule_id,
        area_path=row.scope.area,
        disease=row.scope.disease,
        firm_class=row.scope.firm_class,
        sector=row.scope.sector,
        group=row.scope.group,
    ).exclude(pk=proposal.pk)
    for one in waiting:
        if _days_meet(row.valid_from_on, row.valid_to_on, one.valid_from_on, one.valid_to_on):
            found.append(
                fault(
                    "valid_from",
                    f"同一规则、同一范围已有一份待批准的提案（{one.valid_from_on} 起），请先对它作出决定。",
                    f"a proposal for the same rule and scope waits already (from {one.valid_from_on}): decide on that first.",
                )
            )
    return found


def _in_force(book: Book, row: Row, day: date) -> Row | None:
    claims = [
        other
        for other in book.rows_of(row.rule_id)
        if other.scope.covers(row.scope) and other.in_force(day) and other.known(None)
    ]
    return max(claims, key=Row.order_key, default=None)


def _meet(row: Row, other: Row) -> bool:
    return _days_meet(row.valid_from_on, row.valid_to_on, other.valid_from_on, other.valid_to_on)


def _days_meet(first: date, first_to: date | None, second: date, second_to: date | None) -> bool:
    return (first_to is None or second <= first_to) and (second_to is None or first <= second_to)
