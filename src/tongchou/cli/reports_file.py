"""Reads cases by day of onset and day of report: a line list, counts by pair of days, or cumulative counts by report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from tongchou.cli.csv_lines import Line, fault, need_columns, read_lines
from tongchou.cli.series_file import read_count, read_date
from tongchou.cli.terminal import CommandError
from tongchou.engine.estimate import Reports, reports_of_cases

# Onsets older than this before the last report are settled and teach nothing about the newest.
KEPT_DAYS = 120


@dataclass(frozen=True)
class ReportsFile:
    """``areas`` in the file's order, the first day of onset, the reports, and rows that were not used by why."""

    areas: tuple[str, ...]
    first_on: date
    reports: Reports
    longest_days: int
    left_out: dict[tuple[str, str], int]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    area: int
    onset: int
    report: int
    count: int


def read_reports(path: str, as_of: date | None) -> ReportsFile:
    """Raises CommandError with the line at fault, or where no case was reported by ``as_of`` (default: the last report)."""
    header, lines = read_lines(path)
    need_columns(path, header, ["reference_date", "report_date"])
    if {"count", "confirm"} <= set(header):
        raise CommandError(
            "count（新增）与 confirm（累计）只能有一列",
            "give either count (new cases) or confirm (cumulative), not both",
        )
    amount = next((name for name in ("count", "confirm") if name in header), "")
    left_out: dict[tuple[str, str], int] = {}
    areas: dict[str, int] = {}
    rows = [row for line in lines if (row := _read(line, amount, areas, left_out)) is not None]
    if not rows:
        raise CommandError(f"{path} 没有可用的行", f"{path} has no line that can be used")
    last = as_of.toordinal() if as_of else max(row.report for row in rows)
    in_time = [row for row in rows if row.report <= last]
    _count(left_out, len(rows) - len(in_time), "截止日之后报告", "reported after the day asked")
    recent = [row for row in in_time if row.onset > last - KEPT_DAYS]
    _count(
        left_out, len(in_time) - len(recent), f"发病早于截止日前 {KEPT_DAYS} 天", f"onset over {KEPT_DAYS} days before"
    )
    if not recent:
        newest = date.fromordinal(max(row.report for row in rows))
        asked = date.fromordinal(last)
        raise CommandError(
            f"截至 {asked}，{KEPT_DAYS} 天内没有已报告的病例（表中最后报告日 {newest}）；请核对日期或 --as-of",
            f"by {asked} no case with an onset in {KEPT_DAYS} days is reported (the file's last report is of {newest}); check the dates or --as-of",
        )
    first = min(row.onset for row in recent)
    build = _cumulative if amount == "confirm" else _daily
    used = {"reference_date", "report_date", "area", amount}
    return ReportsFile(
        areas=tuple(areas),
        first_on=date.fromordinal(first),
        reports=build(recent, first, last, len(areas)),
        longest_days=max(row.report - row.onset for row in recent),
        left_out=left_out,
        unused=tuple(name for name in header if name not in used),
    )


def _read(line: Line, amount: str, areas: dict[str, int], left_out: dict[tuple[str, str], int]) -> _Row | None:
    area = areas.setdefault(line.cells.get("area", ""), len(areas))
    for column, zh, en in (
        ("reference_date", "没有发病日", "no day of onset"),
        ("report_date", "没有报告日", "no day of report"),
    ):
        if not line.cells[column]:
            _count(left_out, 1, zh, en)
            return None
    onset, report = read_date(line, "reference_date"), read_date(line, "report_date")
    if report < onset:
        raise fault(
            line.number,
            f"报告日 {report} 早于发病日 {onset}；请更正",
            f"the report of {report} is before the onset of {onset}: mend one of them",
        )
    return _Row(area, onset.toordinal(), report.toordinal(), read_count(line, amount) if amount else 1)


def _daily(rows: Sequence[_Row], first: int, last: int, areas: int) -> Reports:
    return reports_of_cases(
        np.array([row.onset - first for row in rows]),
        np.array([row.report - first for row in rows]),
        last=last - first,
        areas=np.array([row.area for row in rows]),
        area_count=areas,
        counts=np.array([row.count for row in rows]),
    )


def _cumulative(rows: Sequence[_Row], first: int, last: int, areas: int) -> Reports:
    seen = sorted({row.report for row in rows} | {last})
    gaps = {after - before for before, after in zip(seen, seen[1:], strict=False)}
    if len(gaps) > 1:
        odd = next(day for before, day in zip(seen, seen[1:], strict=False) if day - before != min(gaps))
        raise CommandError(
            f"累计数的报告日间隔不等（{date.fromordinal(odd)} 处）；请每隔相同天数取一次报告",
            f"the reports of cumulative counts are not equally spaced (at {date.fromordinal(odd)}); take one every so many days",
        )
    totals = np.full((areas, len(seen), last - first + 1), -1, dtype=np.int64)
    for row in rows:
        totals[row.area, seen.index(row.report), row.onset - first] = row.count
    for report in range(len(seen)):
        before = totals[:, report - 1] if report else np.zeros_like(totals[:, 0])
        totals[:, report] = np.where(totals[:, report] < 0, before, totals[:, report])
    return Reports(totals, np.array([day - first for day in seen], dtype=np.int64))


def _count(left_out: dict[tuple[str, str], int], many: int, zh: str, en: str) -> None:
    if many:
        left_out[zh, en] = left_out.get((zh, en), 0) + many


def day_after(first_on: date, days: int) -> str:
    """``first_on`` plus so many days, as text."""
    return (first_on + timedelta(days=days)).isoformat()
