"""The epidemic curve: new cases by report and by onset, active and recovered, with changes of definition marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongchou import areas
from tongchou.bridge import counts
from tongchou.outbreak.models import Case, Outbreak

#: days before the first case that the curve shows, and the longest stretch of days on one wall
LEAD_DAYS, MOST_DAYS = 2, 90


@dataclass(frozen=True)
class Row:
    day: date
    values: tuple[int, ...]


@dataclass(frozen=True)
class Curve:
    """``data`` is what the chart reads; ``rows`` are the same numbers as a table, newest first."""

    days: tuple[date, ...]
    names: list[str]
    rows: list[Row]
    data: dict[str, Any]
    note: str
    caption: str


def curve(outbreak: Outbreak, path: str, last: date) -> Curve:
    """The curve of one area up to and including ``last``; without days where there is no case."""
    area = "" if path == outbreak.area_path else path
    names = [_("按报告日"), _("按发病日"), _("现有确诊"), _("累计治愈")]
    first = _first_day(outbreak, area, last)
    if first is None:
        return Curve((), names, [], {"days": []}, "", "")
    report = counts.series(outbreak, first, last, by=counts.REPORT, area=area)
    onset = counts.series(outbreak, first, last, by=counts.ONSET, area=area)
    days: tuple[date, ...] = tuple(report.days)
    active, recovered = _standing(outbreak, area, days)
    caption = _caption(days, sum(report.counts), active[-1])
    rows = [Row(*line) for line in zip(days, zip(report.counts, onset.counts, active, recovered, strict=True), strict=True)]
    data = {
        "days": [day.isoformat() for day in days],
        "report": report.counts,
        "onset": onset.counts,
        "active": active,
        "recovered": recovered,
        "names": names,
        "unit_new": _("例/日"),
        "unit_state": _("例"),
        "label": caption,
        "marks": [_mark(mark) for mark in report.marks],
    }
    return Curve(days, names, rows[::-1], data, _note(report, onset), caption)


def _first_day(outbreak: Outbreak, area: str, last: date) -> date | None:
    cases = Case.objects.filter(counts.standing_on(last), outbreak=outbreak)
    if area:
        cases = cases.filter(areas.within("area_path", area))
    days = [
        day
        for name in ("confirmed_on", "onset_on")
        if (day := cases.exclude(**{name: None}).order_by(name).values_list(name, flat=True).first()) is not None
    ]
    if not days:
        return None
    return max(min(days) - timedelta(days=LEAD_DAYS), last - timedelta(days=MOST_DAYS - 1))


def _standing(outbreak: Outbreak, area: str, days: tuple[date, ...]) -> tuple[list[int], list[int]]:
    """Active and recovered cases at the close of each day, from the days on which cases came and left: four queries."""
    cases = Case.objects.filter(counts.standing_on(days[-1]), outbreak=outbreak)
    if area:
        cases = cases.filter(areas.within("area_path", area))
    came, left = _by_day(cases, "confirmed_on"), _by_day(cases, "discharged_on")
    moved, died = _by_day(cases, "moved_on"), _by_day(cases, "died_on")
    recovered = [sum(n for on, n in left.items() if on <= day) for day in days]
    gone = [sum(n for part in (moved, died) for on, n in part.items() if on <= day) for day in days]
    total = [sum(n for on, n in came.items() if on <= day) for day in days]
    return [all_ - cured - away for all_, cured, away in zip(total, recovered, gone, strict=True)], recovered


def _by_day(cases: Any, name: str) -> dict[date, int]:
    return dict(cases.exclude(**{name: None}).values_list(name).annotate(n=Count("pk")).order_by(name))


def _mark(mark: counts.Mark) -> dict[str, str]:
    version = mark.after.rpartition(".")[2]
    return {"day": mark.day.isoformat(), "label": _("病例定义改为 %(version)s") % {"version": version}, "short": version}


def _caption(days: tuple[date, ...], cases: int, active: int) -> str:
    return _("流行曲线：%(first)s 至 %(last)s，按报告日共 %(n)d 例，现有 %(active)d 例") % {
        "first": days[0].isoformat(), "last": days[-1].isoformat(), "n": cases, "active": active,
    }  # fmt: skip


def _note(report: counts.Series, onset: counts.Series) -> str:
    parts = []
    if onset.undated:
        undated = ngettext("%(n)d 例没有发病日，不在发病曲线上", "%(n)d 例没有发病日，不在发病曲线上", onset.undated)
        parts.append(undated % {"n": onset.undated})
    if report.marks:
        parts.append(_("虚线处病例定义有变，前后不可直接相比"))
    return _("；").join(parts)
