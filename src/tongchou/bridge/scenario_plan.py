"""A comparison before it is asked for: both sides fit together and fit the city, said in words where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tongchou.bridge import scenario_choices as choices
from tongchou.engine.epidemic.measure_words import name_level
from tongchou.refusal import Refusal

Table = Mapping[str, Any]
LETTERS = (("甲", "A"), ("乙", "B"))


def check_sides(sides: Sequence[Table], city: choices.CityChoice, *, imports: bool) -> None:
    """Raises Refusal where the two are the same, name a county or level that is not there, or nobody brings the disease in.

    ``imports`` says whether the comparison itself has any, beside those of the sides.
    """
    if not choices.differences(*sides) and sides[0].get("reproduction_number") == sides[1].get("reproduction_number"):
        raise Refusal(
            "甲、乙两个情景完全相同：请改动其中一个（如把停课的止日推后两周）",
            "A and B are the same: change one of them, for instance the day on which schools open again", code="same_scenarios", field="sides",
        )  # fmt: skip
    for letter, side in zip(LETTERS, sides, strict=True):
        check_counties(side, city)
        _check_levels(letter, side)
        if not imports and not side["imports"]:
            raise Refusal(
                f"情景{letter[0]}没有输入感染，疫情不会开始：请填“首日输入”或“平均每天输入”",
                f"nobody brings the disease into scenario {letter[1]}: fill in infections on day 0, or a day", code="no_imports", field="imports",
            )  # fmt: skip


def check_counties(side: Table, city: choices.CityChoice) -> None:
    """Raises Refusal where a measure or an import is for a county in which nobody of the chosen city lives."""
    named = {str(code) for row in side["measure"] for code in row.get("counties", ())} | {str(row["county"]) for row in side["imports"] if row.get("county")}
    unknown = sorted(named - dict(city.counties).keys())
    if not unknown:
        return
    have = [f"{name}（{code}）" for code, name in city.counties], [f"{name} ({code})" for code, name in city.counties]
    empty = dict(city.empty).get(unknown[0])
    if empty is None:
        raise Refusal(
            f"县（区）{unknown[0]} 不在所选城市中：有{'、'.join(have[0])}",
            f"the chosen city has no county {unknown[0]}; it has {', '.join(have[1])}",
            code="unknown_county", field="sides",
        )  # fmt: skip
    raise Refusal(
        f"所选城市在{empty}（{unknown[0]}）没有居民，针对该县（区）的措施或输入无从推演：请改选{'、'.join(have[0]) or '其他地区'}，或换一种人口来源",
        f"nobody of the chosen city lives in {empty} ({unknown[0]}), so a measure or arrivals for it cannot be simulated: "
        f"choose {', '.join(have[1]) or 'another area'}, or another population",
        code="empty_county", field="sides",
    )  # fmt: skip


def _check_levels(letter: tuple[str, str], side: Table) -> None:
    names = [str(level["name"]) for row in side["measure"] if row["kind"] == "zone_rule" for level in row["levels"]]
    declared = set(names)
    if len(declared) < len(names):
        raise Refusal(
            f"情景{letter[0]}中有两项措施定出同名的级别：“按报告病例分级”只留一项，或在文件中给级别另起名称",
            f"two rules of scenario {letter[1]} declare a level of one name: keep one rule of levels, or name the levels otherwise in the file",
            code="level_twice", field="sides",
        )  # fmt: skip
    for row in side["measure"]:
        if row.get("level") and row["level"] not in declared:
            raise Refusal(
                f"情景{letter[0]}中有措施只在“{name_level(str(row['level']), 'zh')}级”地区执行，却没有“按报告病例分级”（zone_rule）定出这一级",
                f"a measure of scenario {letter[1]} holds at level {row['level']}, which no zone_rule of it declares",
                code="unknown_level", field="sides",
            )  # fmt: skip
