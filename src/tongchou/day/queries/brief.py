"""The brief of a day, and which days have one."""

from __future__ import annotations

from datetime import date

from tongchou.day.models import DayBrief


def newest_brief(day: date | None = None) -> DayBrief | None:
    """The newest version of a day's brief; of the newest day where none is named."""
    rows = DayBrief.objects.select_related("outbreak")
    if day is not None:
        rows = rows.filter(day_on=day)
    return rows.order_by("-day_on", "-version").first()


def versions(brief: DayBrief) -> list[DayBrief]:
    """All versions of the same day, newest first; nothing is overwritten."""
    return list(DayBrief.objects.filter(outbreak=brief.outbreak, day_on=brief.day_on).order_by("-version"))


def neighbours(brief: DayBrief) -> tuple[date | None, date | None]:
    """The days before and after that have a brief."""
    days = DayBrief.objects.filter(outbreak=brief.outbreak).values_list("day_on", flat=True)
    before = days.filter(day_on__lt=brief.day_on).order_by("-day_on").first()
    after = days.filter(day_on__gt=brief.day_on).order_by("day_on").first()
    return before, after
