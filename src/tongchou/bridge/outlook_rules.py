"""The figures of the disease that an outlook needs, from the rulebook: which rows, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou import citytime, rulebook
from tongchou.engine.chains import DayDelay, OutlookRules, Spread, read_delay
from tongchou.outbreak.models import Outbreak
from tongchou.refusal import Refusal

SERIAL, REPORT = "statistics.serial_interval", "statistics.report_delay"
BRANCHING, SMALL = "statistics.branching", "statistics.small_numbers"
NEEDED = (SERIAL, REPORT, BRANCHING, SMALL)


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
    )
    return FoundRules(rules, versions)


def delay_of(rule_id: str, value: Mapping[str, Any]) -> DayDelay:
    """A ``distribution`` of the rulebook as whole days: by mean and standard deviation, or a log-normal by its logs."""
    mean, sd, family = value.get("mean_days"), value.get("sd_days"), value["family"]
    if family == "lognormal" and "meanlog" in value and "sdlog" in value:
        mean = math.exp(value["meanlog"] + value["sdlog"] ** 2 / 2)
        sd = mean * math.sqrt(math.expm1(value["sdlog"] ** 2))
    if family not in ("gamma", "lognormal") or not mean or not sd:
        raise Refusal(
            f"{rule_id} 须为伽马或对数正态，并给出均值与标准差（或 meanlog、sdlog），请在规则库改写",
            f"{rule_id} must be gamma or log-normal with mean and standard deviation (or meanlog, sdlog): change the rule",
            code="rule_unreadable",
        )
    return read_delay(family, mean, sd, longest_days=math.ceil(value.get("max_days", 0)))
