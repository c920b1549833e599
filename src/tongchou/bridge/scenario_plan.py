"""A comparison before it is asked for: both sides fit together and fit the city, said in words where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tongchou.bridge import scenario_choices as choices
from tongchou.refusal import Refusal

Table = Mapping[str, Any]


def check_sides(sides: Sequence[Table], city: choices.CityChoice, *, imports: bool) -> None:
    """Raises Refusal where the two are the same, name a county or level that is not there, or nobody brings the disease in.

    ``imports`` says whether the comparison itself has any, beside those of the sides.
    """
    if not choices.differences(*sides) and sides[0].get("reproduction_number") == sides[1].get("reproduction_number"):
        raise Refusal(
            "甲、乙两个情景完全相同：请改动其中一个（如把停课的止日推后两周）",
            "A and B are the same: change one of them, for instance the day on which schools open again", code="same_scenarios", field="sides",
        )  # fmt: skip
    known = {code for code, _name in city.counties}
    for letter, side in zip((("甲", "A"), ("乙", "B")), sides, strict=True):
        _check_counties(letter, side, known)
        _check_levels(letter, side)
        if not imports and not side["imports"]:
            raise Refusal(
                f"情景{letter[0]}没有输入感染，疫情不会开始：请填“首日输入”或“平均每天输入”",
                f"nobody brings the disease into scenario {letter[1]}: fill in infections on day 0, or a day", code="no_imports", field="imports",
            )  # fmt: skip


def _check_counties(letter: tuple[str, str], side: Table, known: set[str]) -> None:
    named = {str(code) for row in side["measure"] for code in row.get("counties", ())} | {str(row["county"]) for row in side["imports"] if row.get("county")}
    unknown = sorted(named - known)
    if unknown:
        have = "、".join(sorted(known))
        raise Refusal(
            f"情景{letter[0]}提到的县（区）{unknown[0]} 不在所选城市中：有 {have}",
            f"scenario {letter[1]} names the county {unknown[0]}, which the chosen city does not have; it has {', '.join(sorted(known))}",
            code="unknown_county", field="sides",
        )  # fmt: skip


def _check_levels(letter: tuple[str, str], side: Table) -> None:
    declared = {str(level["name"]) for row in side["measure"] if row["kind"] == "zone_rule" for level in row["levels"]}
    for row in side["measure"]:
        if row.get("level") and row["level"] not in declared:
            raise Refusal(
                f"情景{letter[0]}中有措施按 {row['level']} 级执行，却没有 zone_rule 定出这一级",
                f"a measure of scenario {letter[1]} holds at level {row['level']}, which no zone_rule of it declares",
                code="unknown_level", field="sides",
            )  # fmt: skip
