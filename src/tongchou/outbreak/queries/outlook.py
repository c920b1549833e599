"""The outlooks of a day: for every area the newest version of the newest day that has one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Avg, Count, Q

from tongchou.outbreak.models import AreaOutlook, ForecastScore, Outbreak


@dataclass(frozen=True)
class Record:
    """How the forecasts of an area have fared: scored days, mean weighted interval score, shares within the intervals."""

    days: int
    wis: float
    in_50: float
    in_90: float


def newest_outlook(outbreak: Outbreak, path: str, on: date | None = None) -> AreaOutlook | None:
    """The last version for the area on ``on``, or by then the newest day's; None where nothing was computed yet."""
    rows = AreaOutlook.objects.filter(outbreak=outbreak, area_path=path)
    if on is not None:
        rows = rows.filter(day_on__lte=on)
    return rows.order_by("-day_on", "-version").first()


def outlooks_of(outbreak: Outbreak, on: date) -> dict[str, AreaOutlook]:
    """The last version of every area that was computed on exactly that day, by area path."""
    rows = AreaOutlook.objects.filter(outbreak=outbreak, day_on=on).order_by("area_path", "version")
    return {row.area_path: row for row in rows}


def days_of(outbreak: Outbreak, path: str, last: int = 60) -> list[AreaOutlook]:
    """One row a day, oldest first: the last version of each of the newest days."""
    rows = AreaOutlook.objects.filter(outbreak=outbreak, area_path=path).order_by("-day_on", "-version")
    by_day: dict[date, AreaOutlook] = {}
    for row in rows[: last * 4]:
        by_day.setdefault(row.day_on, row)
    return [by_day[day] for day in sorted(by_day)][-last:]


def record_of(outbreak: Outbreak, path: str) -> Record | None:
    """Over all scored days of the area's forecasts; None before the first."""
    rows = ForecastScore.objects.filter(outlook__outbreak=outbreak, outlook__area_path=path)
    found = rows.aggregate(
        days=Count("id"),
        wis=Avg("wis"),
        fifty=Count("id", filter=Q(in_50=True)),
        ninety=Count("id", filter=Q(in_90=True)),
    )
    if not found["days"]:
        return None
    return Record(found["days"], found["wis"], found["fifty"] / found["days"], found["ninety"] / found["days"])
