"""The figures of the disease that an outlook needs, from the rulebook: which rows, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou import citytime, rulebook
from tongchou.engine.chains import DayDelay, OutlookRules, Spread, whole_days
from tongchou.engine.estimate import EstimateError, Prior, delay_of_rule
from tongchou.outbreak.models import Outbreak
from tongchou.refusal import Refusal

SERIAL, REPORT = "statistics.serial_interval", "statistics.report_delay"
BRANCHING, SMALL, CORI = "statistics.branching", "statistics.small_numbers", "statistics.cori"
NEEDED = (SERIAL, REPORT, BRANCHING, SMALL, CORI)


@dataclass(frozen=True)
class FoundRules:
    """``rules`` is None where one of the rows is not there; ``missing`` names it. ``versions`` are those used."""

    rules: OutlookRules | None
    versions: Mapping[str, str]
    missing: str = ""


def find_outlook_rules(outbreak: Outbreak, day: date) -> FoundRules:
    """The rules in force for the city on ``day``, as known now. Raises Refusal for a delay that can't be read."""
    book = rulebook.at(day, area=outbreak.area_path, disease=outbreak.disease, known_on=citytime.now())
    values: dict[str, Mapping[str, Any]] = {}
    versions: dict[str, str] = {}
    for rule_id in NEEDED:
        try:
            answer = book.get(rule_id)
        except rulebook.NoRule:
            return FoundRules(None, versions, rule_id)
        versions[rule_id] = answer.version
        if answer.value is None:
            return FoundRules(None, versions, rule_id)
        values[rule_id] = answer.value
    branching, small = values[BRANCHING], values[SMALL]
    spread = Spread(
        reproduction=branching["reproduction_number"],
        dispersion=branching["dispersion_k"],
        serial=delay_of(SERIAL, values[SERIAL]),
        reported_share=branching["reported_share"],
        report_delay=delay_of(REPORT, values[REPORT]),
    )
    rules = OutlookRules(
        window_days=small["window_days"],
        fewest_cases=small["cases_in_window_min"],
        max_incubation_days=branching["max_incubation_days"],
        spread=spread,
        threshold=branching["over_from"],
        horizon_days=branching["horizon_days"],
        prior=Prior(values[CORI]["prior_mean"], values[CORI]["prior_sd"]),
    )
    return FoundRules(rules, versions)


def delay_of(rule_id: str, value: Mapping[str, Any]) -> DayDelay:
    """A ``distribution`` of the rulebook as whole days. Raises Refusal where it holds too little to be one."""
    try:
        return whole_days(delay_of_rule(value), longest_days=math.ceil(value.get("max_days", 0)))
    except EstimateError as error:
        raise Refusal(f"{rule_id}：{error.zh}", f"{rule_id}: {error.en}", code="rule_unreadable") from error
