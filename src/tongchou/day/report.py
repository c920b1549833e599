"""Step 1, report 报: what came in during the day, every row accounted for."""

from __future__ import annotations

from django.db.models import Count

from tongchou import citytime
from tongchou.day.step import Day, Step
from tongchou.ledger.models import Import
from tongchou.outbreak.models import CaseStatus
from tongchou.reason import Reason


def run(day: Day) -> Step:
    """Steps of cases entered during the day by status, and the day's imports with every row accounted for."""
    span = (citytime.day_start(day.on), day.at)
    found = CaseStatus.objects.filter(case__outbreak=day.outbreak, at__gte=span[0], at__lt=span[1])
    by_status = dict(found.values_list("status").annotate(steps=Count("id")).order_by("status"))
    imports = [
        _import(row) for row in Import.objects.filter(created_at__gte=span[0], created_at__lt=span[1]).order_by("id")
    ]
    lines = [Reason("report.case", {"status": status, "count": count}) for status, count in by_status.items()]
    lines += [Reason("report.import", one) for one in imports if one["state"] != Import.State.REFUSED]
    lines += [
        Reason("report.import_refused", {"file": one["file"], "ledger": one["ledger"]})
        for one in imports
        if one["state"] == Import.State.REFUSED
    ]
    return Step({"cases": by_status, "imports": imports}, lines or [Reason("report.none")])


def _import(row: Import) -> dict[str, object]:
    names = ("ledger", "state", "rows", "created", "updated", "unchanged", "rejected")
    return {"file": row.file_name, **{name: getattr(row, name) for name in names}}
