"""The form of a comparison: city, disease, days, imports, replicates; the two orders stand in ``sides``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongchou import areas, citytime
from tongchou.bridge import scenario_choices as choices

LEAST_DAYS, MOST_DAYS = 14, 240
MOST_REPLICATES = 500
MOST_PERSONS = 100_000_000
ONLINE_PERSONS = 2_000_000
"""a census city starts with its whole population, up to this many: what takes longer is asked for on purpose"""


class PlanForm(forms.Form):
    """What both scenarios share. Choices depend on what the actor may see and on the area chosen."""

    area = forms.ChoiceField(label=gettext_lazy("地区"))
    city = forms.ChoiceField(label=gettext_lazy("人口来源"))
    people = forms.IntegerField(label=gettext_lazy("人数"), min_value=1000, max_value=MOST_PERSONS, required=False,
                                help_text=gettext_lazy("按普查表合成时可以少于实际人口：算得快，但输入感染相对更多"))  # fmt: skip
    disease = forms.ChoiceField(label=gettext_lazy("疾病"))
    starts_on = forms.DateField(label=gettext_lazy("第 0 天（推演从这天开始）"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    days = forms.IntegerField(label=gettext_lazy("推演多少天"), min_value=LEAST_DAYS, max_value=MOST_DAYS)
    imports_first = forms.IntegerField(label=gettext_lazy("第 0 天已有感染者（人）"), min_value=0, max_value=100_000)
    imports_per_day = forms.FloatField(label=gettext_lazy("以后平均每天输入感染者（人）"), min_value=0, max_value=10_000)
    imports_days = forms.IntegerField(label=gettext_lazy("输入持续多少天"), min_value=0, max_value=MOST_DAYS)
    replicates = forms.IntegerField(label=gettext_lazy("每个情景推演多少次"), min_value=2, max_value=MOST_REPLICATES,
                                    help_text=gettext_lazy("次数越多，区间越稳；20 次够看大概，100 次够写进报告"))  # fmt: skip
    beds = forms.IntegerField(label=gettext_lazy("可用床位（张）"), min_value=0, max_value=1_000_000, required=False,
                              help_text=gettext_lazy("台账里没有床位数，请填写；不填则不画床位线"))  # fmt: skip
    seed = forms.IntegerField(label=gettext_lazy("随机种子"), min_value=0, max_value=2**31 - 1,
                              help_text=gettext_lazy("任一整数：同一种子得同样的结果；换一个再推演，可看结论是否仍成立"))  # fmt: skip

    def __init__(self, data: Any, *, lang: str, areas_open: list[tuple[str, str]], cities: Mapping[str, choices.CityChoice]) -> None:
        super().__init__(data)
        self.cities = cities
        self._choose("area", areas_open)
        self._choose("city", [(key, city_label(one)) for key, one in cities.items()])
        self._choose("disease", [(code, one.name_zh if lang == "zh" else one.name_en) for code, one in choices.diseases().items()])
        for name, shown in self.fields.items():
            select = isinstance(shown, forms.ChoiceField)
            shown.widget.attrs["class"] = "form-select" if select else "form-control"
            if shown.help_text:
                shown.widget.attrs["aria-describedby"] = f"id_{name}_helptext"
        for name in ("area", "city"):
            self.fields[name].widget.attrs["data-refresh"] = ""

    def _choose(self, name: str, pairs: list[tuple[str, Any]]) -> None:
        shown = self.fields[name]
        if isinstance(shown, forms.ChoiceField):
            shown.choices = pairs

    def clean(self) -> dict[str, Any]:
        told = dict(super().clean() or {})
        city = self.cities.get(told.get("city", ""))
        if city is None:
            return told
        if city.key == choices.LEDGER:
            told["people"] = city.persons
            if city.persons == 0:
                self.add_error("city", _("这个地区没有登记出生日期的居民：请导入人口台账，或按普查表合成"))
        elif not told.get("people") and "people" not in self.errors:
            told["people"] = usual_people(city)
        return told


def city_label(city: choices.CityChoice) -> str:
    """What a choice of the city says."""
    if city.key == choices.LEDGER:
        return _("台账中的居民（%(n)s 人）") % {"n": f"{city.persons:,}"}
    if city.key == choices.OWN_CENSUS:
        return _("本市自备普查表合成（%(n)s 人）") % {"n": f"{city.persons:,}"}
    return _("按 2020 年普查合成（%(n)s 人）") % {"n": f"{city.persons:,}"}


def usual_people(city: choices.CityChoice) -> int:
    return min(city.persons, ONLINE_PERSONS)


def usual_plan(area: str, cities: Mapping[str, choices.CityChoice]) -> dict[str, Any]:
    """What the form starts with: the whole city, wild type, 180 days, fifty infections at first."""
    census = next((one for one in cities.values() if one.key != choices.LEDGER), None)
    chosen = census or cities[choices.LEDGER]
    return {
        "area": area, "city": chosen.key, "people": usual_people(chosen), "disease": "sars-cov-2-wild", "starts_on": citytime.today().isoformat(),
        "days": 180, "imports_first": 50, "imports_per_day": 0, "imports_days": 0, "replicates": 20, "beds": "", "seed": 1,
    }  # fmt: skip


def plan_as_form(plan: Mapping[str, Any], area: str) -> dict[str, Any]:
    """The form of an earlier comparison."""
    first = next((one["count"] for one in plan["imports"] if "count" in one), 0)
    later = next((one for one in plan["imports"] if "per_day" in one), {})
    return {
        **{name: plan[name] for name in ("city", "people", "disease", "starts_on", "days", "replicates", "seed")}, "area": area,
        "beds": "" if plan.get("beds") is None else plan["beds"], "imports_first": first, "imports_per_day": later.get("per_day", 0),
        "imports_days": later.get("to_day", 0),
    }  # fmt: skip


def imports_of(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Infections that both scenarios get from outside."""
    found: list[dict[str, Any]] = []
    if told["imports_first"]:
        found.append({"count": told["imports_first"]})
    if told["imports_per_day"] and told["imports_days"]:
        found.append({"per_day": told["imports_per_day"], "from_day": 1, "to_day": told["imports_days"]})
    return found


def areas_open(top: str, on: date) -> list[tuple[str, str]]:
    """The areas that a post may simulate: what it answers for, and the counties in it."""
    below = areas.below(top, on, "county") if len(top) < 6 else []
    return [(top, areas.name_of(top, on)), *((one.path, one.name) for one in below)]
