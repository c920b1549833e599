"""The large numbers at the head of the wall, each with its age and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext as _

from tongchou import areas
from tongchou.bridge import counts
from tongchou.bridge.zero_clock import ZeroClock
from tongchou.outbreak.models import Outbreak
from tongchou.wall import official
from tongchou.wall.panels.supervision import Supervision

REAL, INVENTED = "real", "invented"


@dataclass(frozen=True)
class Figure:
    """``kind`` tells apart, in a demo city, what was published from what was invented; empty in a real city."""

    key: str
    label: str
    value: int
    unit: str
    source: str
    kind: str = ""
    at: datetime | None = None
    delta: str = ""
    late: bool = False


def figures(
    outbreak: Outbreak, path: str, day: date, zero: ZeroClock, watched: Supervision, version: counts.DataVersion
) -> list[Figure]:
    """Figures of one area at ``day`` so far, and how its clocks and tasks stand."""
    found = counts.figures_of(outbreak, day, "" if path == outbreak.area_path else path)
    kind, source = _origin(path, outbreak, day, found)

    def told(key: str, label: str, value: int, unit: str, delta: str = "") -> Figure:
        return Figure(key, label, value, unit, source, kind, version.changed_at, delta)

    cases = [
        told("confirmed", _("累计确诊"), found.confirmed, _("例"), _today(found.new_confirmed)),
        told("active", _("现有确诊"), found.active, _("例")),
        told("recovered", _("累计治愈"), found.recovered, _("例"), _today(found.new_recovered)),
        told("deaths", _("累计死亡"), found.deaths, _("例"), _today(found.new_deaths)),
    ]
    if found.asymptomatic:
        cases.append(told("asymptomatic", _("无症状在管"), found.asymptomatic, _("例")))
    if zero.last_case_on is not None:
        cases.append(told("zero_days", _("连续无新增"), zero.days, _("天")))
    system = INVENTED if settings.DEMO else ""
    return [
        *cases,
        Figure("clocks_over", _("超时时钟"), watched.clocks_over, _("个"), _("时钟台账"), system, late=watched.clocks_over > 0),
        Figure("tasks_late", _("超时任务"), watched.tasks_late, _("件"), _("任务台账"), system, late=watched.tasks_late > 0),
    ]


def _origin(path: str, outbreak: Outbreak, day: date, found: counts.Figures) -> tuple[str, str]:
    """In the demo the city's totals are real where they equal the published ones; where each case lives is invented."""
    if not settings.DEMO:
        return "", _("病例台账")
    if path != outbreak.area_path and areas.level_of(path) != "province":
        return INVENTED, _("分到区县以下为虚构")
    published = official.totals_on(day)
    if published is not None and (published.confirmed, published.recovered) == (found.confirmed, found.recovered):
        return REAL, _("全市合计同官方通报")
    return INVENTED, _("与官方通报不同：演示中有改动")


def _today(number: int) -> str:
    return _("今日 +%(n)d") % {"n": number}
