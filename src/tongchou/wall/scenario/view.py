"""A comparison as the page shows it: what was asked, what differs, what came of it in words, tables and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongchou import areas
from tongchou.bridge import scenario_choices as choices
from tongchou.jobs import JobState
from tongchou.scenarios.models import ScenarioRun
from tongchou.wall.scenario.sides import LETTERS
from tongchou.wall.scenario.verdict import Change, change_of, number, verdict_of

ARMS = {"first": "a", "second": "b"}
CHARTS = {
    "infections": (gettext_lazy("新增感染"), gettext_lazy("人/日")), "onsets": (gettext_lazy("新增发病"), gettext_lazy("人/日")),
    "reports": (gettext_lazy("新增报告"), gettext_lazy("例/日")), "beds": (gettext_lazy("占用床位"), gettext_lazy("张")),
    "deaths": (gettext_lazy("死亡人数"), gettext_lazy("人/日")), "away": (gettext_lazy("隔离中"), gettext_lazy("人")),
    "tests": (gettext_lazy("检测"), gettext_lazy("份/日")), "workdays_lost": (gettext_lazy("当天误工"), gettext_lazy("人")),
    "school_days_lost": (gettext_lazy("当天误学"), gettext_lazy("人")),
}  # fmt: skip
ROWS = (
    ("infections", "totals", gettext_lazy("感染"), gettext_lazy("人次")), ("onsets", "totals", gettext_lazy("发病"), gettext_lazy("人次")),
    ("reports", "totals", gettext_lazy("报告病例"), gettext_lazy("例")), ("deaths", "totals", gettext_lazy("死亡人数"), gettext_lazy("人")),
    ("beds", "peaks", gettext_lazy("床位高峰"), gettext_lazy("张")), ("beds", "totals", gettext_lazy("住院"), gettext_lazy("床日")),
    ("away", "totals", gettext_lazy("隔离"), gettext_lazy("人日")), ("away", "peaks", gettext_lazy("隔离高峰"), gettext_lazy("人")),
    ("tests", "totals", gettext_lazy("检测"), gettext_lazy("份")), ("workdays_lost", "totals", gettext_lazy("误工"), gettext_lazy("人日")),
    ("school_days_lost", "totals", gettext_lazy("误学"), gettext_lazy("人日")),
)  # fmt: skip
HEALTH = 6
"""so many of ``ROWS`` are what the disease does; the others are what the order takes"""


@dataclass(frozen=True)
class SideView:
    letter: str
    name: str
    measures: list[Any]
    imports: list[str]
    text: str


@dataclass(frozen=True)
class DifferenceLine:
    """A measure that differs: what A says and what B says; "" where a side has nothing of it."""

    name: str
    first: str
    second: str


@dataclass(frozen=True)
class Row:
    """A total or peak: median and 90 % range of both, and of their difference within pairs."""

    label: str
    unit: str
    first: str
    first_range: str
    second: str
    second_range: str
    change: Change


@dataclass(frozen=True)
class SectorRow:
    name: str
    first: str
    second: str
    change: Change


@dataclass(frozen=True)
class Chart:
    """``rows`` are the numbers of the chart as a table: day, date, then median, 50 % and 90 % range of both."""

    key: str
    title: str
    unit: str
    label: str
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class ScenarioView:
    """``state`` is the job's; what follows ``left_out`` is filled once the comparison is computed."""

    row: ScenarioRun
    state: str
    state_name: str
    message: str
    over: bool
    may_go_on: bool
    stopping: bool
    sides: list[SideView]
    differences: list[DifferenceLine]
    shared: bool
    """whether some measure is the same in both"""
    facts: list[tuple[str, str]]
    disease: Any
    disease_name: str
    marks: dict[str, str]
    version: str
    """what the city was made from and the beginning of its hash, once it is made"""
    left_out: list[str]
    """what of the ledgers is not in the city"""
    verdict: list[str] = field(default_factory=list)
    health: list[Row] = field(default_factory=list)
    cost: list[Row] = field(default_factory=list)
    sectors: list[SectorRow] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    hashes: list[tuple[str, str]] = field(default_factory=list)
    untested: bool = False
    """whether one side reports nothing although people fall ill: nobody is tested there"""


@dataclass(frozen=True)
class ListLine:
    row: ScenarioRun
    names: list[tuple[str, str]]
    area: str
    state: str
    state_name: str
    verdict: list[str]


def line_of(row: ScenarioRun, lang: str) -> ListLine:
    """A comparison in the list of earlier ones."""
    said = verdict_of(row.result["gains"]) if row.computed_at else []
    names = [(str(letter), _name(side, lang)) for letter, side in zip(LETTERS.values(), row.sides, strict=True)]
    return ListLine(row, names, areas.name_of(row.area_path), row.job.state, _state(row), said)


def view_of(row: ScenarioRun, lang: str) -> ScenarioView:
    tables = [choices.read_side(side["text"]) for side in row.sides]
    starts_on = date.fromisoformat(row.plan["starts_on"])
    names = {one.path: one.name for one in areas.below(row.area_path, starts_on, "county")}
    disease = choices.diseases().get(row.plan["disease"])
    known = {
        "row": row, "state": row.job.state, "state_name": _state(row), "message": row.job.message, "over": row.job.over,
        "may_go_on": row.job.state in (JobState.CANCELLED, JobState.FAILED, JobState.POISON), "stopping": row.job.cancel_asked and not row.job.over,
        "sides": [
            SideView(
                str(letter), _name(side, lang), [choices.told(one, lang, starts_on=starts_on, names=names) for one in table["measure"]],
                [choices.told(one, lang, starts_on=starts_on, names=names).sentence for one in choices.imports_as_rows(table)], side["text"],
            )
            for letter, side, table in zip(LETTERS.values(), row.sides, tables, strict=True)
        ],
        "differences": _differences(tables, lang, starts_on, names), "facts": _facts(row, starts_on),
        "shared": any(one in tables[1]["measure"] for one in tables[0]["measure"]), "disease": disease,
        "disease_name": (disease.name_zh if lang == "zh" else disease.name_en) if disease else row.plan["disease"],
        "marks": {name: words[0 if lang == "zh" else 1] for name, words in choices.MARKS.items()}, "version": _version(row), "left_out": _left_out(row),
    }  # fmt: skip
    return ScenarioView(**known, **(_outcome(row, lang, starts_on) if row.computed_at else {}))


def _version(row: ScenarioRun) -> str:
    if not row.computed_at:
        return ""
    known = {choices.LEDGER: _("%(on)s 的台账") % {"on": row.plan["starts_on"]}, choices.OWN_CENSUS: _("本市自备普查表")}
    return f"{known.get(row.plan['city'], _('2020 年人口普查'))} · {str(row.result['city']['sha256'])[:16]}"


def _left_out(row: ScenarioRun) -> list[str]:
    """A comparison of an earlier build may have fewer counts."""
    said = {
        "without_birth": _("%(n)s 人出生日期不详，未纳入"), "without_sex": _("%(n)s 人性别不详，轮流按男女计"),
        "households_without_people": _("%(n)s 户没有居民，未纳入"), "sites_without_people": _("%(n)s 个场所没有在岗人员，未纳入"),
    }  # fmt: skip
    counted = row.result.get("left_out", {})
    return [words % {"n": f"{counted[key]:,}"} for key, words in said.items() if counted.get(key)]


def _state(row: ScenarioRun) -> str:
    return str(JobState(row.job.state).label)


def _name(side: Mapping[str, Any], lang: str) -> str:
    first, second = ("name_zh", "name_en") if lang == "zh" else ("name_en", "name_zh")
    return str(side[first] or side[second])


def _differences(tables: Sequence[Mapping[str, Any]], lang: str, starts_on: date, names: Mapping[str, str]) -> list[DifferenceLine]:
    def parts(row: Mapping[str, Any] | None) -> str:
        if row is None:
            return ""
        said = choices.told(row, lang, starts_on=starts_on, names=names)
        return " · ".join(part for part in (said.what, said.whom, said.when) if part)

    found = []
    for one in choices.differences(*tables):
        row = one.first or one.second
        name = choices.told(row, lang).name if row is not None else ""
        found.append(DifferenceLine(name, parts(one.first), parts(one.second)))
    numbers = [table.get("reproduction_number") for table in tables]
    if numbers[0] != numbers[1]:
        found.append(DifferenceLine(_("再生数"), *(_("按疾病参数包") if value is None else f"{value:g}" for value in numbers)))
    return found


def _facts(row: ScenarioRun, starts_on: date) -> list[tuple[str, str]]:
    plan = row.plan
    last = starts_on + timedelta(days=plan["days"] - 1)
    counted = next((one["count"] for one in plan["imports"] if "count" in one), 0)
    daily = next((one for one in plan["imports"] if "per_day" in one), None)
    imports = [_("第 0 天 %(n)s 人") % {"n": number(counted)}] if counted else []
    if daily:
        imports.append(_("此后 %(days)d 天平均每天 %(n)s 人") % {"days": daily["to_day"], "n": f"{daily['per_day']:g}"})
    city = _("台账中的居民") if plan["city"] == choices.LEDGER else _("按普查表合成的居民")
    return [
        (_("地区"), areas.name_of(row.area_path, starts_on)), (_("人口来源"), _("%(city)s，%(n)s 人") % {"city": city, "n": f"{row.persons:,}"}),
        (_("时段"), _("%(first)s 至 %(last)s，%(days)d 天") % {"first": starts_on.isoformat(), "last": last.isoformat(), "days": plan["days"]}),
        (_("输入感染"), _("，").join(imports) or _("见各情景")), (_("推演"), _("每个情景 %(n)s 次，随机种子从 %(seed)s 起") % {"n": number(plan["replicates"]), "seed": plan["seed"]}),
        (_("可用床位"), _("%(n)s 张") % {"n": number(plan["beds"])} if plan.get("beds") is not None else _("未填")),
    ]  # fmt: skip


def _outcome(row: ScenarioRun, lang: str, starts_on: date) -> dict[str, Any]:
    result = row.result
    rows = [_row(result, *one) for one in ROWS]
    found = result["totals"]
    return {
        "untested": any(found[arm]["reports"][4] == 0 < found[arm]["infections"][2] for arm in ARMS),
        "verdict": verdict_of(result["gains"]) + _beds_said(row), "health": rows[:HEALTH], "cost": rows[HEALTH:],
        "sectors": _sectors(result, lang), "charts": [_chart(result, key, starts_on) for key in CHARTS], "data": _data(row, lang, starts_on),
        "hashes": [
            (_("全部推演"), result["sha256"]), (_("城市"), result["city"]["sha256"]), (_("疾病参数包"), result["disease"]["sha256"]),
            (_("接触参数"), result["contacts_sha256"]), (_("推演程序"), result["engine_sha256"]),
        ],
    }  # fmt: skip


def _row(result: Mapping[str, Any], name: str, table: str, label: Any, unit: Any) -> Row:
    first, second = (result[table][arm][name] for arm in ARMS)
    gain = result["gains"][f"peak_{name}" if table == "peaks" else name]
    return Row(str(label), str(unit), number(first[2]), _range(first), number(second[2]), _range(second), change_of(gain))


def _range(quantiles: Sequence[float]) -> str:
    return f"{number(quantiles[0])}–{number(quantiles[4])}"


def _sectors(result: Mapping[str, Any], lang: str) -> list[SectorRow]:
    names, first, second = choices.sector_names(lang), result["sectors"]["first"], result["sectors"]["second"]
    rows = [
        SectorRow(names[at], number(first[at]), number(second[at]), change_of(result["sector_gains"][at])) for at in names
        if first[at] or second[at] or result["sector_gains"][at]["high"]
    ]  # fmt: skip
    order = {names[at]: -max(first[at], second[at]) for at in names}
    return sorted(rows, key=lambda one: order[one.name])


def _beds_said(row: ScenarioRun) -> list[str]:
    """How often the beds do not suffice; nothing where the number of beds is not known."""
    over = row.result.get("over_beds")
    if over is None:
        return []
    if not any(over.values()):
        return [_("可用床位 %(beds)s 张：两个情景的各次推演都够用。") % {"beds": number(row.plan["beds"])}]
    return [
        _("可用床位 %(beds)s 张：情景甲有 %(first)s 的推演至少一天不够，情景乙 %(second)s。")
        % {"beds": number(row.plan["beds"]), "first": f"{over['first']:.0%}", "second": f"{over['second']:.0%}"}
    ]


def _chart(result: Mapping[str, Any], key: str, starts_on: date) -> Chart:
    title, unit = CHARTS[key]
    bands = [result["bands"][arm][key] for arm in ARMS]
    rows = []
    for day in range(len(bands[0][0])):
        cells = [number(band[at][day]) if at == 2 else f"{number(band[at[0]][day])}–{number(band[at[1]][day])}" for band in bands for at in (2, (1, 3), (0, 4))]
        rows.append((day, starts_on + timedelta(days=day), *cells))
    label = _("%(title)s，每天，情景甲与情景乙的中位数和 50%%、90%% 区间") % {"title": title}
    return Chart(key, str(title), str(unit), label, rows)


def _data(row: ScenarioRun, lang: str, starts_on: date) -> dict[str, Any]:
    """What ``scenario.js`` draws."""
    days = len(row.result["bands"]["first"]["infections"][0])
    return {
        "days": [(starts_on + timedelta(days=day)).isoformat() for day in range(days)],
        "names": [f"{letter} {_name(side, lang)}" for letter, side in zip(LETTERS.values(), row.sides, strict=True)],
        "letters": [str(letter) for letter in LETTERS.values()],
        "lang": lang,
        "words": {"band_50": _("50% 区间"), "band_90": _("90% 区间"), "median": _("中位数"), "beds": _("可用床位")},
        "bands": [{key: row.result["bands"][arm][key] for key in CHARTS} for arm in ARMS],
        "beds": row.plan.get("beds"),
    }  # fmt: skip
