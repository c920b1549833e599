"""Sub-county rules as data: from the level that stands, a move to another where its criterion holds.

The form::

    moves = [{start = "high", to = "medium", when = {days_since_last_case = {ge = 7}}}, ...]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongchou.engine.zoning.criteria import LEVELS, Group, RuleError, comparisons_of, read_criterion
from tongchou.engine.zoning.facts import ZoneFacts
from tongchou.engine.zoning.propose import HORIZON_DAYS, Proposal, deciding, test_reason
from tongchou.reason import Reason


@dataclass(frozen=True)
class Move:
    start: str
    to: str
    when: Group


@dataclass(frozen=True)
class MoveRule:
    """The moves of one rule, ready to judge."""

    rule_id: str
    version: str
    moves: tuple[Move, ...]


def read_moves(rule_id: str, version: str, value: Mapping[str, Any]) -> MoveRule:
    """A rule's value as a MoveRule. Raises RuleError for an unknown level, a move to itself, or an unreadable criterion."""
    moves = []
    for row in value.get("moves", ()):
        start, to = row.get("start"), row.get("to")
        if start not in LEVELS or to not in LEVELS or start == to:
            raise RuleError(
                f"规则 {rule_id} 的转换“{start} → {to}”无法识别，级别可用 {LEVELS}，且不能转到自身",
                f"rule {rule_id}: cannot read the move {start} -> {to}; use two of {LEVELS}",
            )
        moves.append(Move(start, to, read_criterion(row.get("when"), f"{rule_id}.{start}->{to}")))
    if not moves:
        raise RuleError(f"规则 {rule_id} 没有写出级别转换", f"rule {rule_id} states no moves between levels")
    return MoveRule(rule_id, version, tuple(moves))


def propose_move(facts: ZoneFacts, standing: str, rule: MoveRule) -> Proposal:
    """The level to which the rule moves an area that stands at ``standing``; without a move that holds it stays.

    A raise goes before a fall; of several the farthest is taken.
    """
    held = [move for move in rule.moves if move.start == standing and move.when.judge(facts)]
    raises = [move for move in held if LEVELS.index(move.to) > LEVELS.index(standing)]
    taken = max(raises, key=_rank) if raises else min(held, key=_rank, default=None)
    if taken is not None:
        because = [test_reason(test, facts) for test in deciding(taken.when, facts, True)]
        reasons = [Reason("move.taken", {"level": standing, "next": taken.to}), *because]
        level = taken.to
    else:
        waiting = [test for move in rule.moves if move.start == standing for test in comparisons_of(move.when)]
        reasons = [Reason("move.stays", {"level": standing})]
        reasons += [test_reason(test, facts) for test in dict.fromkeys(waiting) if not test.judge(facts)]
        level = standing
    days, to = _fall_ahead(facts, level, rule)
    if days is not None:
        reasons.append(Reason("downgrade.in_days", {"days": days, "next": to}))
    return Proposal(level, tuple(reasons), days, to)


def _fall_ahead(facts: ZoneFacts, level: str, rule: MoveRule) -> tuple[int | None, str]:
    falls = [move for move in rule.moves if move.start == level and _rank(move) < LEVELS.index(level)]
    for days in range(1, HORIZON_DAYS + 1 if falls else 1):
        later = facts.after(days)
        held = [move for move in falls if move.when.judge(later)]
        if held:
            return days, min(held, key=_rank).to
    return None, ""


def _rank(move: Move) -> int:
    return LEVELS.index(move.to)
