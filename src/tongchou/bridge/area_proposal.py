"""What was proposed for one area, by which rule, from which facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongchou import rulebook
from tongchou.engine.zoning import Proposal
from tongchou.reason import Reason


@dataclass(frozen=True)
class AreaProposal:
    """A proposal for one area with the rule that made it; ``proposal`` is None where no rule could judge."""

    area: str
    answer: rulebook.RuleAnswer | None
    proposal: Proposal | None
    reasons: tuple[Reason, ...]
    facts: Mapping[str, Any]


def answer_or_none(rules: rulebook.Rules, rule_id: str) -> rulebook.RuleAnswer | None:
    """The rule in force, or None where none is."""
    try:
        return rules.get(rule_id)
    except rulebook.NoRule:
        return None
