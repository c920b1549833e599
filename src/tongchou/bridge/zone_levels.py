"""Case rows to zone proposals: count each county's facts, ask the engine, store what it proposes and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from django.db import transaction

from tongchou import areas, audit, citytime, rulebook
from tongchou.access.actor import Actor
from tongchou.bridge import counts
from tongchou.bridge.area_proposal import AreaProposal, answer_or_none
from tongchou.bridge.case_tables import CaseTables
from tongchou.bridge.zone_moves import propose_moves
from tongchou.engine.zoning import CaseCounts, RuleError, count_facts, propose_level, read_rule
from tongchou.engine.zoning.criteria import LEVELS, comparisons_of
from tongchou.engine.zoning.words import speak
from tongchou.outbreak.models import Outbreak
from tongchou.reason import Reason
from tongchou.refusal import Refusal
from tongchou.zones.models import ZoneProposal
from tongchou.zones.queries.level import judged_of, population_of, standing_of

ZONE_RULE, UNIT_RULE, CLUSTER_RULE = "zone.level", "zone.unit", "cluster.min_cases"
_COMPARED = (
    "level", "rule_id", "rule_version", "reasons", "facts", "unknown", "beaten", "days_to_downgrade", "next_level",
)  # fmt: skip


def propose_levels(outbreak: Outbreak, day: date) -> list[AreaProposal]:
    """What the rules in force on ``day``, as known now, propose for every county of the city at the close of the day.

    A city without counties is judged by its townships. Reads cases by grouped queries only.
    """
    paths = zone_areas(outbreak.area_path, day)
    known_at = citytime.now()
    rules = {path: rulebook.at(day, area=path, disease=outbreak.disease, known_on=known_at) for path in paths}
    answers = {path: answer_or_none(rules[path], ZONE_RULE) for path in paths}
    clusters = {path: answer_or_none(rules[path], CLUSTER_RULE) for path in paths}
    counted = _count(outbreak, day, paths, answers)
    people = population_of(paths, on=day)
    proposed = [
        _propose(path, day, answers[path], clusters[path], counted.get(path), people.get(path)) for path in paths
    ]
    unit = answer_or_none(
        rulebook.at(day, area=outbreak.area_path, disease=outbreak.disease, known_on=known_at), UNIT_RULE
    )
    if unit is not None and unit.value and unit.value["aggregate"] == "city_urban_max":
        return _as_one_urban_unit(proposed, day)
    return proposed


@transaction.atomic
def store_levels(outbreak: Outbreak, day: date, *, by: Actor) -> list[ZoneProposal]:
    """Store the proposals of a day, once: running again changes a row only where the proposal differs."""
    version = counts.data_version(outbreak)
    known = {row.area_path: row for row in ZoneProposal.objects.filter(day_on=day, disease=outbreak.disease)}
    stored = []
    for one in [*propose_levels(outbreak, day), *propose_moves(outbreak, day)]:
        row = _row(one, outbreak, day, version.stamp)
        before = known.get(one.area)
        if before is not None and all(getattr(before, name) == getattr(row, name) for name in _COMPARED):
            stored.append(before)
            continue
        if before is not None:
            row.pk = before.pk
        row.save(force_insert=before is None, force_update=before is not None)
        audit.record(
            "propose",
            ledger="zone_proposal",
            object_id=row.pk,
            by=by.by,
            area=one.area,
            changes={"level": [before.level if before else "", row.level]},
            note=f"{day.isoformat()} {row.rule_version}",
        )
        stored.append(row)
    return stored


def computed_levels(outbreak: Outbreak, day: date) -> list[ZoneProposal]:
    """The proposals of a day as unsaved rows, for a reader who asks before the day has been run."""
    stamp = counts.data_version(outbreak).stamp
    return [_row(one, outbreak, day, stamp) for one in [*propose_levels(outbreak, day), *propose_moves(outbreak, day)]]


def judged_level(city: str, day: date) -> str:
    """The level of areas that county rules judge in a city: its counties, or townships where it has none."""
    return "county" if areas.below(city, day, "county") else "township"


def zone_areas(city: str, day: date) -> list[str]:
    """The areas that are judged: the city's counties on that day, or its townships where it has none."""
    found = areas.below(city, day, judged_level(city, day))
    if not found:
        raise Refusal(
            f"{city} 下没有县区或乡镇，请先导入区划",
            f"{city} has neither counties nor townships: import its divisions first",
            code="no_areas",
        )
    return [division.path for division in found]


def _propose(
    path: str,
    day: date,
    answer: rulebook.RuleAnswer | None,
    cluster: rulebook.RuleAnswer | None,
    counted: CaseCounts | None,
    people: int | None,
) -> AreaProposal:
    if answer is None:
        return AreaProposal(path, None, None, (Reason("rule.none", {"day": day.isoformat()}),), {})
    if answer.value is None:
        return AreaProposal(path, answer, None, (Reason("rule.not_found", {"version": answer.version}),), {})
    try:
        rule = read_rule(answer.rule_id, answer.version, answer.value)
    except RuleError as error:
        raise Refusal(error.zh, error.en, code="rule_unreadable") from error
    size = (cluster.value if cluster else None) or {}
    facts = count_facts(
        counted or CaseCounts(),
        area=path,
        on=day,
        population=people,
        cluster_min_cases=size.get("min_cases"),
        cluster_window_days=size.get("window_days", 14),
    )
    proposal = propose_level(facts, rule)
    names = dict.fromkeys(test.fact for level in rule.order for test in comparisons_of(rule.criteria[level]))
    shown = {name: facts.value(name) for name in ("cum", "new_14d", "in_hospital", *names)}
    return AreaProposal(path, answer, proposal, proposal.reasons, shown | {"population": people})


def _count(
    outbreak: Outbreak, day: date, paths: list[str], answers: Mapping[str, rulebook.RuleAnswer | None]
) -> dict[str, CaseCounts]:
    """Each area's counts. Areas whose rules count the same cases share one pass over the ledger."""
    alike: dict[str, list[str]] = defaultdict(list)
    values = {path: answer.value for path, answer in answers.items() if answer is not None and answer.value}
    for path, value in values.items():
        alike[str(sorted((key, sorted(part)) for key, part in value["cases"].items()))].append(path)
    judged = judged_of(paths, disease=outbreak.disease, on=day)
    decided = standing_of(paths, disease=outbreak.disease, on=day)
    told: dict[str, CaseCounts] = {}
    for same in alike.values():
        tables = CaseTables(outbreak, day, values[same[0]], judged_level(outbreak.area_path, day))
        for path in same:
            told[path] = replace(
                tables.of(path), judged=judged.get(path, {}), level=decided[path].level if path in decided else None
            )
    return told


def _as_one_urban_unit(proposed: list[AreaProposal], day: date) -> list[AreaProposal]:
    """All urban districts of the city take the highest level among them (Hubei from 4 March 2020)."""
    urban = [(one, one.proposal) for one in proposed if _is_urban(one.area) and one.proposal is not None]
    if not urban:
        return proposed
    top, highest = max(urban, key=lambda pair: LEVELS.index(pair[1].level))
    reason = Reason("unit.urban_max", {"area": areas.name_of(top.area, day), "level": highest.level})
    joined = {one.area: replace(one, proposal=highest, reasons=(reason, *top.reasons)) for one, _own in urban}
    return [joined.get(one.area, one) for one in proposed]


def _is_urban(path: str) -> bool:
    """A district of the city proper: third pair of the division code 01 to 20 (21 and on are counties)."""
    return len(path) == 6 and 1 <= int(path[4:6]) <= 20


def _row(one: AreaProposal, outbreak: Outbreak, day: date, stamp: str) -> ZoneProposal:
    answer, proposal = one.answer, one.proposal
    return ZoneProposal(
        day_on=day,
        disease=outbreak.disease,
        area_path=one.area,
        level=proposal.level if proposal else "",
        rule_id=answer.rule_id if answer else ZONE_RULE,
        rule_version=answer.version if answer else "",
        reasons=[{**reason.stored(), "zh": speak(reason, "zh"), "en": speak(reason, "en")} for reason in one.reasons],
        facts=dict(one.facts),
        unknown=list(proposal.unknown) if proposal else [],
        beaten=[{"version": row.version, "zh": row.zh, "en": row.en} for row in (answer.beaten if answer else ())],
        days_to_downgrade=proposal.days_to_downgrade if proposal else None,
        next_level=proposal.next_level if proposal else "",
        data_version=stamp,
        computed_at=citytime.now(),
    )
