"""A comparison as files: the bands by day as CSV, and everything as JSON."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse

from tongchou.bridge.scenario_result import ORDER, PEAKS
from tongchou.scenarios.models import ScenarioRun

ARMS = {"first": "A", "second": "B"}


def csv_of(row: ScenarioRun) -> HttpResponse:
    """One line a series, scenario and day, with the quantiles; then totals. UTF-8 with a mark, so that a spreadsheet reads it."""
    result, starts_on = row.result, date.fromisoformat(row.plan["starts_on"])
    quantiles = [f"q{round(100 * level):02d}" for level in result["quantiles"]]
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["kind", "scenario", "name", "series", "day", "date", *quantiles])
    for (arm, letter), side in zip(ARMS.items(), row.sides, strict=True):
        name = (side["name_zh"] or side["name_en"]).lstrip("=+-@\t")  # a spreadsheet would take such a name for a formula
        for series in ORDER:
            for day, values in enumerate(zip(*result["bands"][arm][series], strict=True)):
                write.writerow(["daily", letter, name, series, day, (starts_on + timedelta(days=day)).isoformat(), *values])
        for kind, names in (("totals", ORDER), ("peaks", PEAKS)):
            for series in names:
                write.writerow([kind.removesuffix("s"), letter, name, series, "", "", *result[kind][arm][series]])
    for series in (*ORDER, *(f"peak_{peak}" for peak in PEAKS)):
        gain = result["gains"][series]
        write.writerow(["difference", "B-A", "", series, "", "", gain["low"], "", gain["median"], "", gain["high"]])
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="scenario-{str(row.pk)[:8]}.csv"'
    return answer


def json_of(row: ScenarioRun) -> JsonResponse:
    told: dict[str, Any] = {
        "id": str(row.pk), "title": row.title, "area": row.area_path, "asked_at": row.asked_at, "asked_by": row.by_name, "computed_at": row.computed_at,
        "data_version": row.data_version, "persons": row.persons, "plan": row.plan, "result": row.result,
    }  # fmt: skip
    return JsonResponse(told, json_dumps_params={"ensure_ascii": False})
