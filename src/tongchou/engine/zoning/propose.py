"""Propose a level: try the levels in the rule's order, say why each was taken or passed, look ahead to a downgrade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tongchou.engine.zoning.criteria import Comparison, Group, ZoneRule, comparisons_of
from tongchou.engine.zoning.facts import WINDOWED, ZoneFacts
from tongchou.reason import Reason

# Longer than any window that a rule has used (28 days): what has not fallen by then will not fall by waiting.
HORIZON_DAYS = 120


@dataclass(frozen=True)
class Proposal:
    """A proposed level, never a decision.

    Attributes:
        level: the first level of the rule's order whose criteria hold.
        reasons: what decided it, and why the levels tried before it were passed over.
        days_to_downgrade: days until the rule would propose a lower level if no case is added and
            present inpatients stay; None where it would not, or where a fact is unknown.
        next_level: the level it would then propose; "" where days_to_downgrade is None.
        unknown: facts that are unknown and could have changed the level.
    """

    level: str
    reasons: tuple[Reason, ...]
    days_to_downgrade: int | None
    next_level: str
    unknown: tuple[str, ...] = ()


def propose_level(facts: ZoneFacts, rule: ZoneRule) -> Proposal:
    """The level that ``rule`` proposes on ``facts``. A level with an unknown test is not granted, and that is said."""
    level, reasons, unknown = _judge(facts, rule)
    days, next_level, outlook = _look_ahead(facts, rule, level)
    return Proposal(level, (*reasons, *outlook), days, next_level, unknown)


def _judge(facts: ZoneFacts, rule: ZoneRule) -> tuple[str, tuple[Reason, ...], tuple[str, ...]]:
    passed: list[Reason] = []
    unknown: list[str] = []
    for level in rule.order:
        group = rule.criteria[level]
        verdict = group.judge(facts)
        if verdict:
            if not group.parts:
                return level, (Reason("level.rest", {"level": level}), *passed), tuple(unknown)
            because = [test_reason(test, facts) for test in deciding(group, facts, True)]
            return level, (Reason("level.met", {"level": level}), *because, *passed), tuple(unknown)
        if verdict is None:
            undecided = _undecided(group, facts)
            unknown.extend(test.fact for test in undecided if test.fact not in unknown)
            passed.append(Reason("level.unknown", {"level": level}))
            passed.extend(test_reason(test, facts) for test in undecided)
        else:
            passed.append(Reason("level.not_met", {"level": level}))
            passed.extend(test_reason(test, facts) for test in deciding(group, facts, False))
    raise AssertionError("a checked rule ends with else")


def deciding(part: Comparison | Group, facts: ZoneFacts, verdict: bool) -> list[Comparison]:
    """The tests that made ``part`` come out as ``verdict``: one branch that is enough, or every one that failed."""
    if isinstance(part, Comparison):
        return [part]
    matching = [one for one in part.parts if one.judge(facts) is verdict]
    if verdict and part.kind == "any":
        matching = matching[:1]  # one branch that holds is reason enough; what failed is told whole
    return [test for one in matching for test in deciding(one, facts, verdict)]


def _undecided(part: Comparison | Group, facts: ZoneFacts) -> list[Comparison]:
    """The unknown tests that keep ``part`` unknown; those beside a branch that decides without them are left out."""
    if isinstance(part, Comparison):
        return [part]
    return [test for one in part.parts if one.judge(facts) is None for test in _undecided(one, facts)]


def test_reason(test: Comparison, facts: ZoneFacts) -> Reason:
    """What one comparison found, as a reason."""
    value = facts.value(test.fact)
    windowed = WINDOWED.match(test.fact)
    name = f"{windowed[1]}_window" if windowed else test.fact
    values: dict[str, Any] = {"value": value, "op": test.op, "bound": test.bound}
    if windowed:
        values["days"] = int(windowed[2])
    if test.fact == "weekly_per_100k":
        values |= {"days": 7, "per": 100_000}
    if value is None:
        del values["value"]
        return Reason(f"fact.{name}.unknown", values)
    return Reason(f"fact.{name}", values)


def _look_ahead(facts: ZoneFacts, rule: ZoneRule, level: str) -> tuple[int | None, str, tuple[Reason, ...]]:
    rank = rule.rank(level)
    if rank == 0:
        return None, "", (Reason("downgrade.lowest", {"level": level}),)
    for days in range(1, HORIZON_DAYS + 1):
        later, _reasons, _unknown = _judge(facts.after(days), rule)
        if rule.rank(later) < rank:
            return days, later, (Reason("downgrade.in_days", {"days": days, "next": later}),)
    last = facts.after(HORIZON_DAYS)
    blocking = [
        test
        for lower in rule.order
        if rule.rank(lower) < rank
        for test in comparisons_of(rule.criteria[lower])
        if not test.judge(last) and test.fact != "cum"  # a total never falls, so it is nothing to wait for
    ]
    reasons = [test_reason(test, facts) for test in dict.fromkeys(blocking)]
    return None, "", (Reason("downgrade.not_by_waiting"), *reasons)
