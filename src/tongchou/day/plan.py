"""Step 3, plan 策: the measures that each area's level suggests, and those that lack a legal basis."""

from __future__ import annotations

from typing import Any

from tongchou import citytime, rulebook
from tongchou.day.step import Day, Step
from tongchou.reason import Reason

_ORDER = ("IV", "III", "II", "I")


def run(day: Day, assessed: Step) -> Step:
    """For every area the measures of the decided level, or of the proposed one where none is decided."""
    areas_planned = [_area(day, zone) for zone in assessed.values["zones"]]
    lines = [line for one in areas_planned for line in _lines(one)]
    return Step({"areas": areas_planned}, lines)


def _area(day: Day, zone: dict[str, Any]) -> dict[str, Any]:
    level = zone["decided"] or zone["level"]
    rules = rulebook.at(day.on, area=zone["area"], disease=day.outbreak.disease, known_on=citytime.now())
    answer = _answer(rules, f"zone.measures.{level}") if level else None
    response = _answer(rules, "response.level")
    stands = (response.value or {}).get("level") if response else None
    value = (answer.value if answer else None) or {}
    return {
        "area": zone["area"],
        "name": zone["name"],
        "level": level,
        "decided": bool(zone["decided"]),
        "rule": answer.version if answer else "",
        "response_level": stands or "",
        "strategy": value.get("strategy") or {},
        "measures": [_measure(row, stands) for row in value.get("measures", ())],
    }


def _measure(row: dict[str, Any], stands: str | None) -> dict[str, Any]:
    """A measure with its basis: ``has_basis`` is False where the response level does not reach, None where unknown."""
    needs = row.get("needs_level")
    reaches = None if needs and stands is None else (not needs or _ORDER.index(stands) >= _ORDER.index(needs))
    return {
        **row["text"],
        "code": row["code"],
        "restricts": row["restricts"],
        "needs_level": needs or "",
        "has_basis": reaches,
    }


def _lines(one: dict[str, Any]) -> list[Reason]:
    if not one["level"]:
        return []
    if not one["measures"]:
        return [Reason("plan.no_measures", {"area": one["name"], "level": one["level"]})]
    code = "plan.decided" if one["decided"] else "plan.proposed"
    values = {"area": one["name"], "level": one["level"]}
    values |= {"strategy_zh": one["strategy"]["zh"], "strategy_en": one["strategy"]["en"]}
    values |= {
        "zh": "、".join(row["zh"] for row in one["measures"]),
        "en": "; ".join(row["en"] for row in one["measures"]),
    }
    lost = [row for row in one["measures"] if row["has_basis"] is False]
    lines = [Reason(code, values)]
    lines += [
        Reason(
            "plan.no_basis",
            {
                "area": one["name"],
                "zh": row["zh"],
                "en": row["en"],
                "needs": row["needs_level"],
                "stands": one["response_level"],
            },
        )
        for row in lost
    ]
    return lines


def _answer(rules: rulebook.Rules, rule_id: str) -> rulebook.RuleAnswer | None:
    try:
        return rules.get(rule_id)
    except rulebook.NoRule:
        return None
