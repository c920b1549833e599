"""Case rows to zone proposals: count each county's facts, ask the engine, store what it proposes and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from tongchou import areas, audit, citytime, rulebook
from tongchou.access.actor import Actor
from tongchou.bridge import counts
from tongchou.engine.zoning import CaseCounts, Proposal, RuleError, count_facts, propose_level, read_rule
from tongchou.engine.zoning.criteria import LEVELS, comparisons_of
from tongchou.engine.zoning.words import speak
from tongchou.outbreak.models import Case, Outbreak
from tongchou.reason import Reason
from tongchou.refusal import Refusal
from tongchou.zones.models import ZoneProposal
from tongchou.zones.queries.level import judged_of, population_of, standing_of

ZONE_RULE, UNIT_RULE, CLUSTER_RULE = "zone.level", "zone.unit", "cluster.min_cases"
_COMPARED = (
    "level", "rule_id", "rule_version", "reasons", "facts", "unknown", "beaten", "days_to_downgrade", "next_level",
)  # fmt: skip


@dataclass(frozen=True)
class AreaProposal:
    """A proposal for one area with the rule that made it; ``proposal`` is None where no rule could judge."""

    area: str
    answer: rulebook.RuleAnswer | None
    proposal: Proposal | None
    reasons: tuple[Reason, ...]
    facts: Mapping[str, Any]


def propose_levels(outbreak: Outbreak, day: date) -> list[AreaProposal]:
    """What the rules in force on ``day``, as known now, propose for every county of the city at the close of the day.

    A city without counties is judged by its townships. Reads cases by grouped queries only.
    """
    paths = zone_areas(outbreak.area_path, day)
    known_at = citytime.now()
    rules = {path: rulebook.at(day, area=path, disease=outbreak.disease, known_on=known_at) for path in paths}
    answers = {path: _answer(rules[path], ZONE_RULE) for path in paths}
    clusters = {path: _answer(rules[path], CLUSTER_RULE) for path in paths}
    counted = _count(outbreak, day, paths, answers)
    people = population_of(paths, on=day)
    proposed = [
        _propose(path, day, answers[path], clusters[path], counted.get(path), people.get(path)) for path in paths
    ]
    unit = _answer(rulebook.at(day, area=outbreak.area_path, disease=outbreak.disease, known_on=known_at), UNIT_RULE)
    if unit is not None and unit.value and unit.value["aggregate"] == "city_urban_max":
        return _as_one_urban_unit(proposed, day)
    return proposed


@transaction.atomic
def store_levels(outbreak: Outbreak, day: date, *, by: Actor) -> list[ZoneProposal]:
    """Store the proposals of a day, once: running again changes a row only where the proposal differs."""
    version = counts.data_version(outbreak)
    known = {row.area_path: row for row in ZoneProposal.objects.filter(day_on=day, disease=outbreak.disease)}
    stored = []
    for one in propose_levels(outbreak, day):
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
    return [_row(one, outbreak, day, stamp) for one in propose_levels(outbreak, day)]


def zone_areas(city: str, day: date) -> list[str]:
    """The areas that are judged: the city's counties on that day, or its townships where it has none."""
    found = areas.below(city, day, "county") or areas.below(city, day, "township")
    if not found:
        raise Refusal(
            f"{city} 下没有县区或乡镇，请先导入区划",
            f"{city} has neither counties nor townships: import its divisions first",
            code="no_areas",
        )
    return [division.path for division in found]


def counted_cases(value: Mapping[str, Any]) -> Q:
    """The cases that a zone rule counts, by origin.

    "Imported" in these rules means from abroad (the national rule's note); a case brought in from another
    province counts to the county like a local one, and so does a case whose origin nobody has entered yet.
    """
    origins = value["cases"]["origin"]
    left_out = Q(pk__in=[])
    if Case.Origin.IMPORTED not in origins:
        left_out |= Q(origin=Case.Origin.IMPORTED, imported_from=Case.ImportedFrom.ABROAD)
    if Case.Origin.LINKED not in origins:
        left_out |= Q(origin__in=[Case.Origin.LINKED, Case.Origin.SECONDARY])
    if Case.Origin.LOCAL not in origins:
        left_out |= Q(origin__in=[Case.Origin.LOCAL, ""])
    return ~left_out


def _answer(rules: rulebook.Rules, rule_id: str) -> rulebook.RuleAnswer | None:
    try:
        return rules.get(rule_id)
    except rulebook.NoRule:
        return None


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
        tables = _Tables(outbreak, day, values[same[0]])
        for path in same:
            told[path] = replace(
                tables.of(path), judged=judged.get(path, {}), level=decided[path].level if path in decided else None
            )
    return told


class _Tables:
    """Grouped counts of the cases that one rule counts, by area of judgement and day."""

    def __init__(self, outbreak: Outbreak, day: date, value: Mapping[str, Any]) -> None:
        self.day = day
        statuses = value["cases"]["status"]
        fields = [
            {"asymptomatic": "asymptomatic_on", "confirmed": "confirmed_on"}[status] for status in sorted(statuses)
        ]
        cases = Case.objects.filter(counted_cases(value), outbreak=outbreak)
        cases = cases.annotate(counted_on=Coalesce(*fields, fields[0])).filter(counted_on__lte=day)
        self.cases = cases.exclude(excluded_on__lte=day)
        self.level = "township" if not areas.below(outbreak.area_path, day, "county") else "county"
        self.new = self._by_day(self.cases, "counted_on")
        self.clusters = self._clusters()
        inside = counts.in_hospital_on(day) | (
            Q(asymptomatic_on__lte=day, confirmed_on__isnull=True, discharged_on=None)
        )
        self.in_hospital = self._by_place(self.cases.filter(inside))
        self.left = self._last_left()

    def of(self, path: str) -> CaseCounts:
        return CaseCounts(
            new=self.new.get(path, {}),
            clusters=self.clusters.get(path, {}),
            in_hospital=self.in_hospital.get(path, 0),
            last_left_on=self.left.get(path),
        )

    def _grouped(self, cases: QuerySet[Case], *also: str) -> Any:
        return counts.grouped_by_place(cases, self.day, self.level, *also)

    def _by_place(self, cases: QuerySet[Case]) -> dict[str, int]:
        found = {row["place"]: row["cases"] for row in self._grouped(cases).annotate(cases=Count("id"))}
        return counts.retold(found, self.day, self.level)

    def _by_day(self, cases: QuerySet[Case], name: str) -> dict[str, dict[date, int]]:
        by_day: dict[date, dict[str, int]] = defaultdict(dict)
        for row in self._grouped(cases, name).annotate(cases=Count("id")):
            by_day[row[name]][row["place"]] = row["cases"]
        told: dict[str, dict[date, int]] = defaultdict(dict)
        for one_day, found in by_day.items():
            for place, number in counts.retold(found, self.day, self.level).items():
                told[place][one_day] = number
        return told

    def _clusters(self) -> dict[str, dict[str, dict[date, int]]]:
        """Clusters with a case in the last 60 days: longer than any window of a rule with its own window before it."""
        recent = self.cases.filter(counted_on__gt=self.day - timedelta(days=60)).exclude(cluster_id="")
        told: dict[str, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
        for row in self._grouped(recent, "cluster_id", "counted_on").annotate(cases=Count("id")):
            for place, number in counts.retold({row["place"]: row["cases"]}, self.day, self.level).items():
                days = told[place][row["cluster_id"]]
                days[row["counted_on"]] = days.get(row["counted_on"], 0) + number
        return told

    def _last_left(self) -> dict[str, date]:
        """The last day on which a case left hospital: discharged, moved to another area, or died there."""
        last: dict[str, date] = {}
        for name in ("discharged_on", "moved_on", "died_on"):
            left = self.cases.filter(**{f"{name}__lte": self.day})
            for row in self._grouped(left).annotate(last=Max(name)):
                for place in counts.retold({row["place"]: 1}, self.day, self.level):
                    last[place] = max(last.get(place, row["last"]), row["last"])
        return last


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
