"""The two orders of a comparison as the page edits them: rows of measures with fields, always a readable scenario file too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongchou.bridge import scenario_choices as choices
from tongchou.refusal import Refusal

LETTERS = {"a": gettext_lazy("甲"), "b": gettext_lazy("乙")}
FIGURES = {
    "compliance": gettext_lazy("遵守"), "open_share": gettext_lazy("到场"), "wearing": gettext_lazy("佩戴"),
    "outward": gettext_lazy("传出减少"), "inward": gettext_lazy("吸入减少"), "contacts": gettext_lazy("接触保留"),
    "share": gettext_lazy("采样比例"), "backward": gettext_lazy("追溯来源"), "coverage": gettext_lazy("接种到"),
    "home_contacts": gettext_lazy("家中接触保留"), "shifts": gettext_lazy("班次"), "sittings": gettext_lazy("批次"),
    "largest": gettext_lazy("人数上限"), "result_days": gettext_lazy("几天出结果"), "again_days": gettext_lazy("几天后复测（0 为不复测）"),
    "every_days": gettext_lazy("几天一轮"), "quarantine_days": gettext_lazy("隔离天数"), "per_day": gettext_lazy("每天份数"),
    "look_back_days": gettext_lazy("回溯天数"), "backward_days": gettext_lazy("追溯来源天数"), "cases_per_day": gettext_lazy("每天可追踪病例"),
    "days": gettext_lazy("天数"), "places": gettext_lazy("集中隔离点床位"), "clear_days": gettext_lazy("几天后降级"),
    "doses": gettext_lazy("剂数"), "first_doses_per_day": gettext_lazy("每天首剂"),
    "other_illness_per_100k": gettext_lazy("其他病因求检（每十万人每天）"),
    "household": gettext_lazy("同住者一并隔离"), "isolate_while_waiting": gettext_lazy("等结果时居家"),
}  # fmt: skip
SEVERAL = ("layers", "sectors", "counties")
MOST_UNFOLDED = 12
LEVEL_FIGURES = {"cases": gettext_lazy("报告例数"), "within_days": gettext_lazy("几天内")}


@dataclass(frozen=True)
class Figure:
    """One number (or yes and no) of a measure; ``value`` is what the field shows, shares in percent."""

    key: str
    label: str
    kind: str
    value: str
    step: str = "1"
    most: str = ""
    checked: bool = False


@dataclass(frozen=True)
class Pick:
    """A choice of several: layers, sectors or counties; a long one folds, and stands open where something is chosen."""

    key: str
    label: str
    options: list[tuple[str, str, bool]]

    @property
    def folds(self) -> bool:
        return len(self.options) > MOST_UNFOLDED

    @property
    def chosen(self) -> int:
        return sum(checked for _key, _label, checked in self.options)


@dataclass(frozen=True)
class Line:
    """A measure as the form shows it; ``stored`` is the whole row for the way back."""

    at: int
    name: str
    summary: str
    stored: str
    from_day: str
    to_day: str
    has_end: bool
    figures: list[Figure]
    picks: list[Pick]
    ages: tuple[str, str] | None
    rates: list[tuple[str, str, str, str]]
    differs: bool
    """whether the other side has no such measure"""
    unit: list[tuple[str, str, bool]]
    """of a rule of levels: what has a level, as options of a choice"""
    steps: list[tuple[str, str, str]]
    """of a rule of levels: (name in words, cases, days) of each, from below"""
    level: list[tuple[str, str, bool]]
    """at which level the measure holds, as options of a choice; empty where there is nothing to choose"""


@dataclass
class Side:
    """One order. ``problem`` says what is wrong with it, in the reader's language."""

    key: str
    name_zh: str = ""
    name_en: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    imports: list[dict[str, Any]] = field(default_factory=list)
    reproduction_number: float | None = None
    problem: str = ""
    typed: str = ""

    @property
    def letter(self) -> str:
        return str(LETTERS[self.key])

    @property
    def table(self) -> dict[str, Any]:
        head = {"name_zh": self.name_zh, "name_en": self.name_en, "reproduction_number": self.reproduction_number}
        return {**head, "imports": self.imports, "measure": self.rows}

    @property
    def text(self) -> str:
        return self.typed or choices.text_of(self.table)

    @property
    def head(self) -> str:
        """What the form carries along unseen: imports and reproduction number of the side's own file."""
        return json.dumps({"imports": self.imports, "reproduction_number": self.reproduction_number}, ensure_ascii=False)

    def name(self, lang: str) -> str:
        return (self.name_zh or self.name_en) if lang == "zh" else (self.name_en or self.name_zh)

    def notes(self, lang: str) -> list[str]:
        """What is allowed and seldom meant: a measure that stands in the order twice, levels that nothing goes by."""
        names = dict.fromkeys(choices.told(row, lang).name for row in choices.doubled(self.rows))
        found = [_("“%(name)s”有两项同时执行，效果相乘；只要一项时请去掉另一项。") % {"name": name} for name in names]
        if any("levels" in row for row in self.rows) and not any(row.get("level") for row in self.rows):
            found.append(_("分级本身不减少接触：请在要按级执行的措施中选“只在哪一级地区”。"))
        return found

    def take(self, table: Mapping[str, Any]) -> None:
        """Become what a scenario file says."""
        whole = deepcopy(dict(table))
        self.name_zh, self.name_en = whole.get("name_zh", ""), whole.get("name_en", "")
        self.rows, self.imports = whole["measure"], whole["imports"]
        self.reproduction_number, self.problem, self.typed = whole.get("reproduction_number"), "", ""

    def check(self) -> None:
        """Put the first fault of the order into ``problem``."""
        if self.problem:
            return
        try:
            choices.read_side(choices.text_of(self.table))
        except Refusal as refusal:
            self.problem = refusal.text


def side_from_post(key: str, post: Any, lang: str) -> Side:
    """What the form sent for one side. A number that is none becomes the side's ``problem``."""
    side = Side(key, post.get(f"{key}-name_zh", "")[:80], post.get(f"{key}-name_en", "")[:80])
    shown = post.get(f"{key}-name", "").strip()[:80]
    if shown and shown != side.name(lang):
        side.name_zh = side.name_en = shown
    head = _stored(post.get(f"{key}-head", "{}"))
    side.imports = [one for one in head.get("imports", []) if isinstance(one, dict)]
    number = head.get("reproduction_number")
    side.reproduction_number = float(number) if isinstance(number, int | float) else None
    for at in range(min(_count(post.get(f"{key}-count", "0")), choices.MOST_MEASURES)):
        row = _stored(post.get(f"{key}-{at}-row", "{}"))
        if _well_formed(row):
            try:
                side.rows.append(_changed(row, f"{key}-{at}", post))
            except Refusal as refusal:
                side.rows.append(row)
                side.problem = side.problem or _("第 %(at)d 项措施：%(text)s") % {"at": at + 1, "text": refusal.text}
    return side


def _stored(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _well_formed(row: Mapping[str, Any]) -> bool:
    """Whether a row that came back is of the shapes that we sent; what a person typed is checked by its words elsewhere."""
    if row.get("kind") not in choices.kinds():
        return False
    if not all(isinstance(level, dict) and isinstance(level.get("name"), str) and set(level) == {"name", *LEVEL_FIGURES} for level in row.get("levels", ())):
        return False
    plain = {*choices.own_keys(row["kind"]), "from_day", "to_day"}
    shapes = {"found": dict, "delay_days": dict, **dict.fromkeys((*SEVERAL, "ages", "delay", "levels", "order", "site_kinds", "neighbourhoods"), list)}
    return all(
        isinstance(value, int | float) if key in plain else isinstance(value, shapes.get(key, str)) for key, value in row.items()
    )  # fmt: skip


def _count(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 4 else 0


def _changed(row: dict[str, Any], name: str, post: Any) -> dict[str, Any]:
    """A stored row with what the fields say now."""
    kind, new = row["kind"], dict(row)
    for key in ("from_day", "to_day"):
        if f"{name}-{key}" in post:
            _put(new, key, _number(post[f"{name}-{key}"], FROM_TO[key], whole=True))
    for key, form in choices.own_keys(kind).items():
        if form == "flag":
            if f"{name}-shown" in post:
                new[key] = f"{name}-{key}" in post
        elif f"{name}-{key}" in post:
            number = _number(post[f"{name}-{key}"], FIGURES[key], whole=form == "count")
            _put(new, key, round(number / 100, 6) if number is not None and form == "share" else number)
    for key in SEVERAL:
        if f"{name}-has-{key}" in post:
            values = [value for value in post.getlist(f"{name}-{key}") if value]
            _put(new, key, ([int(value) for value in values if value.isdigit()] if key == "sectors" else values) or None)
    if f"{name}-first_age" in post:
        first, last = (_number(post.get(f"{name}-{key}", ""), _("年龄"), whole=True) for key in ("first_age", "last_age"))
        _put(new, "ages", None if first is None and last is None else [int(first or 0), int(127 if last is None else last)])
    if f"{name}-level" in post:
        _put(new, "level", post[f"{name}-level"] or None)
    if isinstance(row.get("levels"), list):
        new["unit"] = post.get(f"{name}-unit", row.get("unit", ""))
        new["levels"] = [_step(level, f"{name}-step-{at}", post) for at, level in enumerate(row["levels"])]
    if isinstance(row.get("found"), dict):
        new["found"], delays = _rates(row, name, post)
        _put(new, "delay_days", delays or None)
    # a field that shows what holds by default anyway adds nothing to the file
    usual = {"from_day": 0, **{key: choices.default_of(kind, key) for key in choices.own_keys(kind)}}
    return {key: value for key, value in new.items() if key in row or key not in usual or value != usual[key]}


def _step(level: Mapping[str, Any], name: str, post: Any) -> dict[str, Any]:
    """One level of a rule: how many cases in how many days."""
    new = dict(level)
    for key, label in LEVEL_FIGURES.items():
        if f"{name}-{key}" in post:
            number = _number(post[f"{name}-{key}"], label, whole=True)
            if number is None or number < 1:
                raise Refusal(f"“{label}”应为大于 0 的整数", f"“{label}” must be a whole number above 0")
            new[key] = number
    return new


FROM_TO = {"from_day": gettext_lazy("从第几天"), "to_day": gettext_lazy("到第几天")}


def _rates(row: Mapping[str, Any], name: str, post: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    found, delays = dict(row["found"]), dict(row.get("delay_days") or {})
    for layer, label in choices.layer_names("zh", home=True).items():
        share, days = post.get(f"{name}-found-{layer}"), post.get(f"{name}-delay-{layer}")
        if share is not None:
            number = _number(share, label, whole=False)
            _put(found, layer, None if number is None else round(number / 100, 6))
        if days is not None:
            _put(delays, layer, _number(days, label, whole=True))
    return found, {layer: days for layer, days in delays.items() if layer in found}


def _put(row: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        row.pop(key, None)
    else:
        row[key] = value


def _number(text: str, label: Any, *, whole: bool) -> float | int | None:
    text = text.strip().replace("，", "").replace(",", "").removesuffix("%")
    if not text:
        return None
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = float("nan")
    if value != value or abs(value) > 1e9:
        raise Refusal(f"“{label}”应为{'整数' if whole else '数字'}，现为“{text[:20]}”", f"“{label}” must be a {'whole ' if whole else ''}number, not “{text[:20]}”")
    return value


def lines_of(side: Side, other: Side, lang: str, starts_on: date, city: choices.CityChoice) -> list[Line]:
    """The measures of a side for the template, those that the other side has not with a mark."""
    declared = [str(level["name"]) for row in side.rows for level in row.get("levels", ())]
    return [_line(at, row, lang, starts_on, city, declared, differs=row not in other.rows) for at, row in enumerate(side.rows)]


def _line(
    at: int, row: Mapping[str, Any], lang: str, starts_on: date, city: choices.CityChoice, declared: list[str], *, differs: bool
) -> Line:
    said = choices.told(row, lang, starts_on=starts_on, names=dict((*city.counties, *city.empty)))
    selects = choices.selects(row["kind"])
    ages = row.get("ages")
    return Line(
        at=at, name=said.name, summary=" · ".join(part for part in (said.what, said.whom, said.when) if part), stored=json.dumps(row, ensure_ascii=False),
        from_day=str(row.get("from_day", 0)), to_day="" if row.get("to_day") is None else str(row["to_day"]), has_end="to_day" in selects,
        figures=_figures(row), picks=_picks(row, selects, lang, city),
        ages=((str(ages[0]), "" if ages[1] >= 127 else str(ages[1])) if ages else ("", "")) if "ages" in selects else None,
        rates=_rate_lines(row, lang), differs=differs, unit=_units(row, lang),
        steps=[(choices.level_name(level["name"], lang), str(level["cases"]), str(level["within_days"])) for level in row.get("levels", ())],
        level=_levels(row, declared, lang) if "level" in selects else [],
    )  # fmt: skip


def _units(row: Mapping[str, Any], lang: str) -> list[tuple[str, str, bool]]:
    return [(key, label, row["unit"] == key) for key, label in choices.unit_names(lang).items()] if "unit" in row else []


def _levels(row: Mapping[str, Any], declared: list[str], lang: str) -> list[tuple[str, str, bool]]:
    """Everywhere, or at a level that a rule of the same side declares; what the row says stays in the list."""
    now = str(row.get("level") or "")
    names = list(dict.fromkeys([*declared, *([now] if now else [])]))
    found = [(name, _("%(level)s级地区") % {"level": choices.level_name(name, lang)}, name == now) for name in names]
    return [("", _("不分级别"), not now), *found] if found else []


def _figures(row: Mapping[str, Any]) -> list[Figure]:
    found = []
    for key, form in choices.own_keys(row["kind"]).items():
        value = row.get(key, choices.default_of(row["kind"], key))
        label = str(FIGURES[key])
        if form == "flag":
            found.append(Figure(key, label, form, "", checked=bool(value)))
        elif form == "share":
            found.append(Figure(key, label, form, "" if value is None else f"{100 * value:.6g}", step="any", most="100"))
        else:
            found.append(Figure(key, label, form, "" if value is None else f"{value:g}" if isinstance(value, float) else str(value), step="any" if form == "number" else "1"))
    return found


def _picks(row: Mapping[str, Any], selects: tuple[str, ...], lang: str, city: choices.CityChoice) -> list[Pick]:
    options = {
        "layers": (_("场景（不选为家庭以外全部）"), choices.layer_names(lang)),
        "sectors": (_("行业（不选为全部）"), {str(number): name for number, name in choices.sector_names(lang).items()}),
        "counties": (_("县（区）（不选为全市）"), dict(city.counties)),
    }  # fmt: skip
    found = []
    for key, (label, names) in options.items():
        if key in selects and (len(names) > 1 or row.get(key)):
            chosen = {str(one) for one in row.get(key, ())}
            extra = {one: dict(city.empty).get(one, one) for one in chosen if one not in names}
            found.append(Pick(key, label, [(value, name, value in chosen) for value, name in {**names, **extra}.items()]))
    return found


def _rate_lines(row: Mapping[str, Any], lang: str) -> list[tuple[str, str, str, str]]:
    """(layer, its name, percent found, days until reached) of a tracing measure."""
    if not isinstance(row.get("found"), Mapping):
        return []
    delays = row.get("delay_days") or {}
    names = choices.layer_names(lang, home=True)
    return [(layer, names[layer], f"{100 * row['found'][layer]:.6g}" if layer in row["found"] else "", str(delays.get(layer, ""))) for layer in names]
