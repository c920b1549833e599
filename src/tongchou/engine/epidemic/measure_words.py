"""Measures of a scenario in plain words of both languages, from the rows of its file: what, for whom, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from tongchou.engine.city import SECTORS
from tongchou.engine.epidemic.layers import LAYER_NAMES
from tongchou.engine.epidemic.measures import LAST_AGE
from tongchou.engine.epidemic.scenario import KINDS, SHARES

Row = Mapping[str, Any]
LAYERS: Final = {layer.name.lower(): words for layer, words in LAYER_NAMES.items()}
SITE_KINDS: Final = {
    "workplace": ("工作单位", "workplaces"), "kindergarten": ("幼儿园", "kindergartens"), "primary": ("小学", "primary schools"),
    "middle": ("初中", "middle schools"), "high": ("高中", "high schools"), "college": ("高校", "colleges"),
    "care_home": ("养老机构", "care homes"), "prison": ("监所", "prisons"), "hospital": ("医院", "hospitals"),
    "other_closed": ("其他封闭机构", "other closed institutions"),
}  # fmt: skip
NAMES: Final = {
    "closure": ("关闭", "closure"), "reduced_opening": ("减员开放", "reduced opening"), "shifts": ("错班轮班", "shifts"),
    "staggered_meals": ("分批就餐", "staggered meals"), "masks": ("佩戴口罩", "masks"), "distancing": ("减少接触", "fewer contacts"),
    "gathering_ban": ("禁止聚集", "ban on gatherings"), "gates": ("小区封闭管理", "gated neighbourhoods"),
    "travel_limit": ("县（区）间限制出行", "less travel between counties"), "test_symptomatic": ("有症状者检测", "testing those with symptoms"),
    "test_contacts": ("接触者检测", "testing of contacts"), "test_rounds": ("全员轮检", "rounds of testing"),
    "test_entry": ("入城检测", "testing on arrival"), "test_capacity": ("检测能力", "testing capacity"),
    "tracing": ("追踪接触者", "contact tracing"), "isolation": ("病例隔离", "isolation of cases"),
    "quarantine": ("接触者隔离观察", "quarantine of contacts"), "zone_rule": ("按报告病例分级", "levels by reported cases"),
    "vaccination": ("接种疫苗", "vaccination"), "imports": ("输入感染", "infections from outside"),
}  # fmt: skip
WHAT: Final = {
    "closure": ("{compliance} 遵守", "{compliance} comply"),
    "reduced_opening": ("{open_share} 到场", "{open_share} attend"),
    "shifts": ("分 {shifts} 班，互不见面", "{shifts} shifts that never meet"),
    "staggered_meals": ("分 {sittings} 批", "{sittings} sittings"),
    "masks": ("{wearing} 佩戴，传出减少 {outward}、吸入减少 {inward}", "{wearing} wear one, which stops {outward} outward and {inward} inward"),
    "distancing": ("接触保留 {contacts}", "{contacts} of the contacts remain"),
    "gathering_ban": ("{largest} 人以上，{compliance} 遵守", "of more than {largest}, {compliance} comply"),
    "gates": ("社区之间的接触保留 {contacts}", "{contacts} of the contacts between neighbourhoods remain"),
    "travel_limit": ("县（区）之间的接触保留 {contacts}", "{contacts} of the contacts between counties remain"),
    "test_symptomatic": ("采样 {share}，{result_days} 天出结果", "{share} are sampled, results after {result_days} d"),
    "test_contacts": ("采样 {share}，{result_days} 天出结果", "{share} are sampled, results after {result_days} d"),
    "test_rounds": ("每 {every_days} 天一轮，{share} 参加，{result_days} 天出结果", "every {every_days} days, {share} come, results after {result_days} d"),
    "test_entry": ("采样 {share}，{result_days} 天出结果", "{share} are sampled, results after {result_days} d"),
    "test_capacity": ("每天 {per_day} 份", "{per_day} samples a day"),
    "tracing": ("找到的比例：{found}；回溯 {look_back_days} 天", "share found: {found}; looking back {look_back_days} days"),
    "isolation": ("{days} 天，{compliance} 遵守，集中隔离点 {places} 位", "{days} days, {compliance} comply, {places} places at sites"),
    "quarantine": ("{days} 天，{compliance} 遵守，集中隔离点 {places} 位", "{days} days, {compliance} comply, {places} places at sites"),
    "zone_rule": (
        "按{unit}：{levels}；连续 {clear_days} 天达不到则降一级", "by {unit}: {levels}; one step down after {clear_days} days below",
    ),
    "vaccination": ("每天首剂 {first_doses_per_day} 人，到 {coverage} 为止，共 {doses} 剂", "{first_doses_per_day} first doses a day up to {coverage}, {doses} doses"),
    "imports": ("{amount}", "{amount}"),
}  # fmt: skip
UNITS: Final = {"county": ("县（区）", "county"), "neighbourhood": ("社区", "neighbourhood")}
LEVELS: Final = {"low": ("低", "low"), "medium": ("中", "medium"), "high": ("高", "high")}
"""usual names of levels; any other is said as it is written"""
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SAID_WHEN_ON: Final = {
    "household": ("同住者一并隔离", "their households too"), "isolate_while_waiting": ("等结果时居家", "at home while waiting"),
}  # fmt: skip
FORMS: Final = {
    (("closure"), ("school",)): ("学校停课", "schools closed"), (("reduced_opening"), ("school",)): ("学校部分开放", "schools partly open"),
    (("closure"), ("team", "workplace")): ("单位停工", "workplaces closed"), (("reduced_opening"), ("team", "workplace")): ("单位减员到岗", "part of the staff at work"),
    (("distancing"), ("community", "transport")): ("减少社区与通勤往来", "fewer contacts in the community and on the way"),
    (("distancing"), ("community",)): ("减少社区往来", "fewer community contacts"),
}  # fmt: skip
"""A kind with the layers that give it a name of its own."""


@dataclass(frozen=True)
class Told:
    """One measure in one language: its name, its strength, whom it is for ("" for everybody), and its days."""

    name: str
    what: str
    whom: str
    when: str

    @property
    def sentence(self) -> str:
        return " · ".join(part for part in (self.name, self.what, self.whom, self.when) if part)


def speak_measure(row: Row, lang: str, *, starts_on: date | None = None, areas: Mapping[str, str] | None = None) -> Told:
    """A measure (or a row of ``imports``, whose kind is given as ``imports``) as ``"zh"`` or ``"en"``.

    ``starts_on`` puts dates to day numbers, ``areas`` names to county codes.
    """
    side = 0 if lang == "zh" else 1
    kind = str(row["kind"])
    layers = tuple(row.get("layers", ()))
    named = FORMS.get((kind, tuple(sorted(layers))))
    whom = speak_whom({key: value for key, value in row.items() if not (named and key == "layers")}, lang, areas or {})
    return Told((named or NAMES[kind])[side], _what(row, kind, side), whom, speak_days(row, lang, starts_on))


def speak_days(row: Row, lang: str, starts_on: date | None = None) -> str:
    """From when to when, both days counted; day 0 is the first."""
    side = 0 if lang == "zh" else 1
    first, last = int(row.get("from_day", 0)), row.get("to_day")
    if row.get("kind") == "imports" and row.get("to_day", first) == first:
        return (f"第 {first} 天", f"day {first}")[side] if starts_on is None else _date(starts_on, first, side)
    if first <= 0 and last is None:
        return ("全程", "throughout")[side]
    shown = [str(day) if starts_on is None else _date(starts_on, day, side) for day in (first, *(() if last is None else (int(last),)))]
    if last is None:
        return (f"第 {first} 天起" if starts_on is None else f"{shown[0]}（第 {first} 天）起", f"from day {shown[0]}" if starts_on is None else f"from {shown[0]} (day {first})")[side]
    if starts_on is None:
        return (f"第 {first}–{last} 天", f"days {first} to {last}")[side]
    return (f"{shown[0]}至{shown[1]}（第 {first}–{last} 天）", f"{shown[0]} to {shown[1]} (days {first} to {last})")[side]


def _date(starts_on: date, day: int, side: int) -> str:
    on = starts_on + timedelta(days=int(day))
    return (f"{on.month}月{on.day}日", f"{on.day} {MONTHS[on.month - 1]}")[side]


def name_level(name: str, lang: str) -> str:
    """A level of a zone rule in words: ``medium`` is 中."""
    return LEVELS.get(name, (name, name))[0 if lang == "zh" else 1]


def speak_whom(row: Row, lang: str, areas: Mapping[str, str]) -> str:
    """Areas, ages, layers, sectors and kinds of sites that a measure selects; "" where it selects all."""
    side = 0 if lang == "zh" else 1
    parts = [
        *(areas.get(str(code), str(code)) for code in (*row.get("counties", ()), *([row["county"]] if row.get("county") else []))),
        *((f"社区 {number}", f"neighbourhood {number}")[side] for number in row.get("neighbourhoods", ())),
        *(SECTORS[number][side] if 0 <= number < len(SECTORS) else str(number) for number in row.get("sectors", ())),
        *(SITE_KINDS.get(name, (name, name))[side] for name in row.get("site_kinds", ())),
        *(LAYERS.get(name, (name, name))[side] for name in row.get("layers", ())),
    ]  # fmt: skip
    first, last = row.get("ages", (0, LAST_AGE))
    if (first, last) != (0, LAST_AGE):
        parts.append((f"{first} 岁及以上" if last >= LAST_AGE else f"{first}–{last} 岁", f"ages {first} and over" if last >= LAST_AGE else f"ages {first} to {last}")[side])
    if row.get("level"):
        level = name_level(str(row["level"]), lang)
        parts.append((f"{level}级地区", f"areas at level {level}")[side])
    return ("、", ", ")[side].join(parts)


def _what(row: Row, kind: str, side: int) -> str:
    values = {**{key: value for key, value in (KINDS[kind].own if kind in KINDS else {}).items() if value is not ...}, **row}
    shown = {key: _shown(key, value, side) for key, value in values.items()}
    if kind == "imports":
        shown["amount"] = _amount(row, side)
    said = "" if kind == "closure" and values["compliance"] == 1 else WHAT[kind][side].format_map(_Dashed(shown))
    extra = [words[side] for key, words in SAID_WHEN_ON.items() if row.get(key) is True]
    return ("，", ", ")[side].join(part for part in (said, *extra) if part)


class _Dashed(dict[str, str]):
    """A figure that is not written yet reads as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def _amount(row: Row, side: int) -> str:
    if "per_day" in row:
        return (f"平均每天 {row['per_day']:g} 例", f"{row['per_day']:g} a day on average")[side]
    each = row.get("to_day", row.get("from_day", 0)) > row.get("from_day", 0)
    return (f"{'每天 ' if each else ''}{row.get('count', 0)} 例", f"{row.get('count', 0)}{' a day' if each else ''}")[side]


def _shown(key: str, value: Any, side: int) -> str:
    if key in SHARES:
        return f"{100 * value:.3g}%"
    if isinstance(value, Mapping):
        by_layer = (f"{LAYERS.get(name, (name, name))[side]} {100 * part:.3g}%" for name, part in value.items())
        return ("、", ", ")[side].join(by_layer)
    if key == "levels":
        one = ("{within_days} 天内报告 {cases} 例为{name}级", "{name} from {cases} reported in {within_days} days")[side]
        names = [name_level(str(level["name"]), ("zh", "en")[side]) for level in value]
        return ("，", ", ")[side].join(one.format_map({**level, "name": name}) for level, name in zip(value, names, strict=True))
    if key == "unit":
        return str(UNITS.get(value, (value, value))[side])
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Difference:
    """Where two orders differ: a measure of the first alone, of the second alone, or of both with other figures."""

    first: Row | None
    second: Row | None


def find_differences(first: Sequence[Row], second: Sequence[Row]) -> list[Difference]:
    """What differs between two lists of measures; each row of either is equal, paired with its like, or alone.

    Rows are paired by kind and by whom they are for, then by kind; in the order of the first list, rows of the second
    alone at the end.
    """
    left, right = list(first), list(second)
    for row in first:
        same = next((other for other in right if _in_full(other) == _in_full(row)), None)
        if same is not None:
            left.remove(row)
            right.remove(same)
    pairs: dict[int, Row] = {}
    for alike in (_selects, _kind):
        for at, row in enumerate(left):
            match = next((other for other in right if at not in pairs and alike(other) == alike(row)), None)
            if match is not None:
                pairs[at] = match
                right.remove(match)
    return [*(Difference(row, pairs.get(at)) for at, row in enumerate(left)), *(Difference(None, row) for row in right)]


def _in_full(row: Row) -> dict[str, Any]:
    """With everything that holds where it is not written."""
    own = KINDS[row["kind"]].own if row["kind"] in KINDS else {}
    return {"from_day": 0, **{key: value for key, value in own.items() if value is not ...}, **row}


def _kind(row: Row) -> Any:
    return row["kind"]


def _selects(row: Row) -> Any:
    chosen = ("counties", "neighbourhoods", "sectors", "site_kinds", "layers", "ages", "level")
    return (row["kind"], *(sorted(map(str, row[key])) if isinstance(row.get(key), list) else str(row.get(key, "")) for key in chosen))
