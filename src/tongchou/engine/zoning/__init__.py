"""Risk level of an area: counted facts against criteria that are data, with reasons and days to downgrade."""

from tongchou.engine.zoning.criteria import RuleError, ZoneRule, read_rule
from tongchou.engine.zoning.facts import CaseCounts, ZoneFacts, count_facts
from tongchou.engine.zoning.moves import MoveRule, propose_move, read_moves
from tongchou.engine.zoning.propose import Proposal, propose_level

__all__ = [
    "CaseCounts", "MoveRule", "Proposal", "RuleError", "ZoneFacts", "ZoneRule", "count_facts", "propose_level",
    "propose_move", "read_moves", "read_rule",
]  # fmt: skip
