"""Proposals below the county, where a sub-county rule is in force: communities, villages, compounds that had a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tongchou import areas, citytime, rulebook
from tongchou.bridge.area_proposal import AreaProposal, answer_or_none
from tongchou.bridge.case_tables import CaseTables
from tongchou.engine.zoning import RuleError, count_facts, propose_move, read_moves
from tongchou.outbreak.models import Case, Outbreak
from tongchou.refusal import Refusal
from tongchou.zones.models import Level, ZoneDecision
from tongchou.zones.queries.level import judged_of, population_of, standing_of

RULE, COUNTY_RULE, CLUSTER_RULE = "zone.subcounty", "zone.level", "cluster.min_cases"
# The sub-county rules do not say which cases count; the county rules' words are taken.
AS_COUNTY_RULES = {"cases": {"status": ["confirmed"], "origin": ["local", "import_linked"]}}
# An area that has had no case for longer and stands at no level above low has nothing to propose.
LOOK_BACK_DAYS = 28


def propose_moves(outbreak: Outbreak, day: date) -> list[AreaProposal]:
    """For every village or community with a case in the last weeks, or decided above low: the move that its rule proposes.

    An area without a decision stands at low. Empty where no sub-county rule is in force for the city.
    """
    known_at = citytime.now()
    rules = rulebook.at(day, area=outbreak.area_path, disease=outbreak.disease, known_on=known_at)
    answer = answer_or_none(rules, RULE)
    if answer is None or answer.value is None:
        return []
    try:
        rule = read_moves(answer.rule_id, answer.version, answer.value)
    except RuleError as error:
        raise Refusal(error.zh, error.en, code="rule_unreadable") from error
    paths = _paths(outbreak, day)
    if not paths:
        return []
    county = answer_or_none(rules, COUNTY_RULE)
    tables = CaseTables(outbreak, day, (county.value if county else None) or AS_COUNTY_RULES, "village")
    size = (_value(rules, CLUSTER_RULE)) or {}
    people = population_of(paths, on=day)
    judged = judged_of(paths, disease=outbreak.disease, on=day)
    decided = standing_of(paths, disease=outbreak.disease, on=day)
    proposed = []
    for path in paths:
        standing = decided[path].level if path in decided else Level.LOW.value
        facts = count_facts(
            replace(tables.of(path), judged=judged.get(path, {}), level=standing),
            area=path,
            on=day,
            population=people.get(path),
            cluster_min_cases=size.get("min_cases"),
            cluster_window_days=size.get("window_days", 14),
        )
        proposal = propose_move(facts, standing, rule)
        shown: dict[str, Any] = {
            name: facts.value(name) for name in ("cum", "new_14d", "days_since_last_case", "level")
        }
        proposed.append(AreaProposal(path, answer, proposal, proposal.reasons, shown))
    return proposed


def _paths(outbreak: Outbreak, day: date) -> list[str]:
    recent = Case.objects.filter(
        outbreak=outbreak, confirmed_on__gt=day - timedelta(days=LOOK_BACK_DAYS), confirmed_on__lte=day
    ).values_list("area_path", flat=True)
    decided = ZoneDecision.objects.filter(
        areas.within("area_path", outbreak.area_path), disease=outbreak.disease, ended_on__isnull=True
    ).exclude(level=Level.LOW)
    found = {*recent.distinct(), *decided.values_list("area_path", flat=True)}
    return sorted({path[:12] for path in found if len(path) >= 12})


def _value(rules: rulebook.Rules, rule_id: str) -> dict[str, Any] | None:
    answer = answer_or_none(rules, rule_id)
    return answer.value if answer else None
