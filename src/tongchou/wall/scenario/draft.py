"""A comparison being built: what the form sent, what the pressed button changes, what is still wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.bridge import scenario_choices as choices
from tongchou.bridge.scenario_plan import check_counties, check_sides
from tongchou.refusal import Refusal
from tongchou.scenarios.actions.run import ask_run
from tongchou.scenarios.models import ScenarioRun
from tongchou.wall.scenario import form
from tongchou.wall.scenario.sides import Side, lines_of, side_from_post

FIRST = {"a": "schools-four-weeks", "b": "schools-six-weeks"}
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text))


@dataclass
class Draft:
    """``do`` is the button: ``run``, ``refresh``, ``load:a``, ``add:a``, ``remove:a:3``, ``copy:b``, ``text:a``."""

    plan: form.PlanForm
    sides: dict[str, Side]
    cities: Mapping[str, choices.CityChoice]
    lang: str
    do: str = ""
    problems: list[str] = field(default_factory=list)
    open_text: str = ""
    touched: str = ""

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        starts_on, city = self.starts_on(), self.city()
        disease = choices.diseases().get(str(self.plan["disease"].value()))
        return {
            "form": self.plan, "problems": self.problems, "disease": disease, "disease_name": disease and (disease.name_zh if self.lang == "zh" else disease.name_en),
            "marks": {name: words[0 if self.lang == "zh" else 1] for name, words in choices.MARKS.items()}, "ledger": city.key == choices.LEDGER,
            "sides": [
                (side, side.name(self.lang), lines_of(side, other, self.lang, starts_on, city), self._imports(side, starts_on))
                for side, other in zip(self.sides.values(), reversed(self.sides.values()), strict=True)
            ],
            "shipped": [(name, self._name(table)) for name, table in choices.shipped().items()],
            "presets": [(name, self._name(told), told["source"]) for name, told in choices.presets().items()],
            "notes": {key: side.notes(self.lang) for key, side in self.sides.items()}, "open_text": self.open_text, "starts_on": starts_on, "touched": self.touched,
        }  # fmt: skip

    def _imports(self, side: Side, starts_on: date) -> list[str]:
        names = dict((*self.city().counties, *self.city().empty))
        return [choices.told(row, self.lang, starts_on=starts_on, names=names).sentence for row in choices.imports_as_rows(side.table)]

    def _name(self, told: Mapping[str, Any]) -> str:
        return str(told["name_zh" if self.lang == "zh" else "name_en"])

    def city(self) -> choices.CityChoice:
        return self.cities.get(str(self.plan["city"].value())) or next(iter(self.cities.values()))

    def starts_on(self) -> date:
        """Day 0 as far as it can be read: dates beside the days follow it."""
        try:
            return date.fromisoformat(str(self.plan["starts_on"].value()))
        except ValueError:
            return citytime.today()

    def press(self, post: Any, uploads: Any) -> None:
        """Do what a button of a side asks for."""
        word, _colon, rest = self.do.partition(":")
        key, _colon, number = rest.partition(":")
        side = self.sides.get(key)
        if side is None:
            return
        self.touched = f"side-{key}"
        if word == "load" and post.get(f"{key}-template") in choices.shipped():
            side.take(choices.shipped()[post[f"{key}-template"]])
        elif word == "copy":
            side.take(self.sides["a" if key == "b" else "b"].table)
        elif word == "add" and post.get(f"{key}-preset") in choices.presets():
            side.rows.append(dict(choices.presets()[post[f"{key}-preset"]]["row"]))
        elif word == "remove" and number.isdigit() and int(number) < len(side.rows):
            del side.rows[int(number)]
            side.problem = ""
        elif word == "text":
            self._read_text(side, post, uploads)

    def _read_text(self, side: Side, post: Any, uploads: Any) -> None:
        """A scenario file, uploaded or pasted, in place of the side's order."""
        upload, text, name = uploads.get(f"{side.key}-file"), post.get(f"{side.key}-text", ""), ""
        self.open_text = side.key
        try:
            if upload is not None:
                text, name = _decoded(upload), upload.name[:60]
            table = choices.read_side(text.replace("\r\n", "\n"), name=name)
        except Refusal as refusal:
            side.problem, side.typed = refusal.text, text
            return
        side.take(table)
        if not side.name(self.lang):
            side.name_zh = side.name_en = name.removesuffix(".toml")
        if "disease" in table and table["disease"] != self.plan["disease"].value():
            self.problems.append(_("文件写的疾病是 %(disease)s；两个情景共用上面所选的疾病") % {"disease": table["disease"]})

    def check(self) -> None:
        """Put what is wrong with either order, by itself or in the chosen city, beside it."""
        for side in self.sides.values():
            side.check()
            try:
                check_counties(side.table, self.city())
            except Refusal as refusal:
                side.problem = side.problem or refusal.text

    def ask(self, actor: Actor) -> ScenarioRun | None:
        """Queue the comparison, or None with ``problems``."""
        valid = self.plan.is_valid()
        self.check()
        self.problems += [f"{side.letter}：{side.problem}" for side in self.sides.values() if side.problem]
        if not valid:
            self.problems.append(_("上面有几项要改，见各项下方的说明"))
        if self.problems:
            return None
        told = self.plan.cleaned_data
        imports = form.imports_of(told)
        tables = [side.table for side in self.sides.values()]
        try:
            check_sides(tables, self.cities[told["city"]], imports=bool(imports))
            return ask_run(title=self._title(), area_path=told["area"], plan=self._plan(told, imports), persons=told["people"], by=actor)
        except Refusal as refusal:
            self.problems.append(refusal.text)
            return None

    def _title(self) -> str:
        first, second = (side.name(self.lang)[:75] or side.letter for side in self.sides.values())
        return f"{first} ↔ {second}"

    def _plan(self, told: Mapping[str, Any], imports: list[dict[str, Any]]) -> dict[str, Any]:
        shared = {"disease": told["disease"], "first_weekday": told["starts_on"].weekday()}
        sides = [{"name_zh": one.name_zh, "name_en": one.name_en, "text": choices.text_of({**one.table, **shared})} for one in self.sides.values()]
        return {
            **{name: told[name] for name in ("city", "people", "disease", "days", "replicates", "seed", "beds")},
            "starts_on": told["starts_on"].isoformat(), "imports": imports, "sides": sides,
        }  # fmt: skip


def _decoded(upload: Any) -> str:
    if upload.size > choices.MOST_TEXT:
        raise Refusal("情景文件太大：应为几十行的文本", "the scenario file is too large: it should be a text of some dozen lines", code="too_long")
    try:
        return str(upload.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refusal("情景文件不是 UTF-8 文本", "the scenario file is no text in UTF-8", code="bad_text") from None


def first_plan(top: str, open_areas: list[tuple[str, str]], earlier: ScenarioRun | None, lang: str) -> Draft:
    """What the form shows at first: a start of ours, or an earlier comparison to change."""
    on = citytime.today()
    area = earlier.area_path if earlier is not None and earlier.area_path in dict(open_areas) else top
    cities = choices.cities(area, on)
    data = form.plan_as_form(earlier.plan, area) if earlier is not None else form.usual_plan(area, cities)
    sides = {key: Side(key) for key in FIRST}
    for at, (key, side) in enumerate(sides.items()):
        side.take(choices.read_side(earlier.sides[at]["text"]) if earlier is not None else choices.shipped()[FIRST[key]])
    made = Draft(form.PlanForm(data, lang=lang, areas_open=open_areas, cities=cities), sides, cities, lang)
    made.check()
    return made


def sent_plan(post: Any, uploads: Any, open_areas: list[tuple[str, str]], lang: str) -> Draft:
    """What was sent, after the pressed button did its work."""
    area = post.get("area", "")
    area = area if area in dict(open_areas) else open_areas[0][0]
    cities = choices.cities(area, citytime.today())
    data = post.copy()
    if data.get("city") not in cities:
        data["city"] = form.usual_plan(area, cities)["city"]
    if post.get("before", "") not in ("", f"{area}:{data['city']}") and data["city"] != choices.LEDGER:
        data["people"] = form.usual_people(cities[data["city"]])  # another city was chosen: the number of persons follows it
    plan = form.PlanForm(data, lang=lang, areas_open=open_areas, cities=cities)
    sides = {key: side_from_post(key, post, lang) for key in FIRST}
    made = Draft(plan, sides, cities, lang, do=post.get("do", ""))
    made.press(post, uploads)
    if made.do != "run":
        made.check()
    return made
