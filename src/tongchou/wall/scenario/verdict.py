"""What the second scenario changes, in a sentence a mayor reads: what it spares, what it costs, what cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

HEALTH = {
    "infections": (gettext_lazy("感染"), gettext_lazy("感染少 %(n)s 人次"), gettext_lazy("感染多 %(n)s 人次")),
    "deaths": (gettext_lazy("死亡人数"), gettext_lazy("死亡少 %(n)s 人"), gettext_lazy("死亡多 %(n)s 人")),
    "peak_beds": (gettext_lazy("床位高峰"), gettext_lazy("床位高峰少 %(n)s 张"), gettext_lazy("床位高峰多 %(n)s 张")),
}  # fmt: skip
COST = {
    "workdays_lost": (gettext_lazy("误工"), gettext_lazy("误工少 %(n)s 人日"), gettext_lazy("误工多 %(n)s 人日")),
    "school_days_lost": (gettext_lazy("误学"), gettext_lazy("误学少 %(n)s 人日"), gettext_lazy("误学多 %(n)s 人日")),
    "away": (gettext_lazy("隔离"), gettext_lazy("隔离少 %(n)s 人日"), gettext_lazy("隔离多 %(n)s 人日")),
    "tests": (gettext_lazy("检测"), gettext_lazy("检测少 %(n)s 份"), gettext_lazy("检测多 %(n)s 份")),
}  # fmt: skip
"""series: its name, and how less and more of it are said"""
LESS, MORE, UNCLEAR, SAME = "less", "more", "unclear", "same"


@dataclass(frozen=True)
class Change:
    """Second less first: ``way`` says whether nine in ten pairs or more agree on its sign."""

    way: str
    text: str
    range: str


def number(value: float) -> str:
    """A figure of a simulation with at most three digits that mean something; small ones with one decimal."""
    if value == 0:
        return "0"
    if abs(value) < 10:
        return f"{value:.1f}".removesuffix(".0")
    digits = max(0, floor(log10(abs(value))) - 2)
    return f"{round(value / 10**digits) * 10**digits:,}"


def way_of(gain: Mapping[str, Any]) -> str:
    """``less`` and ``more`` where the 90 % range of the paired differences lies on one side of zero."""
    if gain["low"] == gain["high"] == 0:
        return SAME
    if gain["high"] < 0:
        return LESS
    return MORE if gain["low"] > 0 else UNCLEAR


def change_of(gain: Mapping[str, Any]) -> Change:
    """A difference for a table: sign, median and 90 % range."""
    return Change(way_of(gain), _signed(gain["median"]), f"{_signed(gain['low'])} – {_signed(gain['high'])}")


def _signed(value: float) -> str:
    shown = number(abs(value))
    return shown if shown == "0" else f"{'+' if value > 0 else '−'}{shown}"


def verdict_of(gains: Mapping[str, Any]) -> list[str]:
    """One sentence on the disease, one on the cost."""
    health, cost = _said(gains, HEALTH), _said(gains, COST)
    sentences = [_("与情景甲相比，情景乙：%(changes)s。") % {"changes": _("；").join(health)}]
    if cost:
        sentences.append(_("代价：%(changes)s。") % {"changes": _("；").join(cost)})
    return sentences


def _said(gains: Mapping[str, Any], names: Mapping[str, Any]) -> list[str]:
    clear, same, unclear = [], [], []
    for key, (label, fewer, further) in names.items():
        gain, way = gains[key], way_of(gains[key])
        name = str(label).lower()  # inside a sentence
        if way in (LESS, MORE):
            low, high = sorted((abs(gain["low"]), abs(gain["high"])))
            change = (fewer if way == LESS else further) % {"n": number(abs(gain["median"]))}
            clear.append(_("%(change)s（%(low)s–%(high)s）") % {"change": change, "low": number(low), "high": number(high)})
        elif way == SAME:
            same.append(name)
        else:
            unclear.append(_("%(label)s（%(low)s 至 %(high)s）") % {"label": name, "low": _signed(gain["low"]), "high": _signed(gain["high"])})
    if same:
        clear.append(_("%(labels)s相同") % {"labels": _("、").join(same)})
    if unclear:
        clear.append(_("%(labels)s看不出差别") % {"labels": _("、").join(unclear)})
    return clear
