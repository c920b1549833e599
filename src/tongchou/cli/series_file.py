"""The one reader of daily counts for the commands of the engine: CSV in, ``CaseSeries`` out, every fault named by its line.

Columns: ``date`` (2020-02-14) or ``t`` (whole numbers); ``incidence`` (all cases of the day), or ``local`` beside
``imported`` as EpiEstim has it; optional ``imported`` (how many of them came from outside) and ``area``.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli.csv_lines import Line, fault, named, need_columns, read_lines
from tongchou.cli.terminal import CommandError
from tongchou.engine.estimate.series import CaseSeries

# Year, month and day in that order, as Excel and Chinese text write them too; a time of midnight is Excel's.
WRITTEN_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?")
# Day 0 of Excel's own numbers, and those of 1982 to 2064 that may stand where a date was meant.
EXCEL_DAY, EXCEL_NUMBER = date(1899, 12, 30), re.compile(r"[345]\d{4}(?:\.0)?")
# More cases than people live in any area; above it a number is a slip, and sums would not be exact.
MOST_CASES = 1_000_000_000


@dataclass(frozen=True)
class SeriesFile:
    """What a file holds: one series an area in the file's order, and the columns that were not asked for."""

    series: list[CaseSeries]
    unused: tuple[str, ...]


def read_series(path: str | Path) -> SeriesFile:
    """Daily counts by area. Raises CommandError with the line at fault and what to write."""
    header, lines = read_lines(path)
    by_date = "date" in header
    _check_columns(str(path), header)
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.cells.get("area", ""), []).append(line)
    series = [_one_area(area, members, by_date, header) for area, members in groups.items()]
    used = {"date" if by_date else "t", "area", "imported", "incidence" if "incidence" in header else "local"}
    return SeriesFile(series, tuple(name for name in header if name not in used))


def read_count(line: Line, column: str) -> int:
    """A whole number of cases, zero or more; ``3.0`` is taken for 3. Raises CommandError otherwise."""
    text = line.cells[column]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if text == "":
        raise fault(line.number, f"{column} 为空；没有病例请写 0", f"{column} is empty; write 0 for no case")
    if math.isnan(value):
        plain = re.sub(r"[,，]", "", text)
        zh, en = (f"，请写 {plain}，不带千位逗号", f"; write {plain} without commas") if plain.isdigit() else ("，请写病例数，没有写 0", "; write a count, 0 for none")
        raise fault(line.number, f"{column} 的“{text}”不是数字{zh}", f"{column}: {text!r} is no number{en}")
    if value < 0:
        raise fault(
            line.number,
            f"{column} 为负数 {text}；请先用更正后的每日新增（更正记到原来的日子）",
            f"{column} is negative: {text}; give corrected daily counts (a correction belongs to its own day)",
        )
    if value > MOST_CASES:
        raise fault(line.number, f"{column} 的 {text} 超过 {MOST_CASES} 例，请核对", f"{column}: {text} is more than {MOST_CASES} cases; check it")
    if not value.is_integer():
        raise fault(line.number, f"{column} 的“{text}”须为整数", f"{column}: {text!r} must be a whole number")
    return int(value)


def read_date(line: Line, column: str) -> date:
    """A day written 2020-02-14, 2020/2/14 or 2020年2月14日. Raises CommandError otherwise."""
    text = line.cells[column]
    written = WRITTEN_DAY.fullmatch(text)
    try:
        return date(*(int(part) for part in written.groups())) if written else date.fromisoformat(text)
    except ValueError:
        zh, en = "", ""
        if EXCEL_NUMBER.fullmatch(text):
            meant = EXCEL_DAY + timedelta(days=int(float(text)))
            zh, en = f"（Excel 的日期序号，应是 {meant}；请把该列设为 yyyy-mm-dd 格式再存）", f" (Excel's number for {meant}: format the column as yyyy-mm-dd and save again)"
        raise fault(
            line.number, f"{column} 的“{text}”不是日期，请写成 2020-02-14{zh}", f"{column}: {text!r} is no date; write 2020-02-14{en}"
        ) from None


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Results as a CSV file in UTF-8, empty where there is no value. Raises CommandError where it can't be written."""
    try:
        with path.open("w", encoding="utf-8", newline="") as sheet:
            writer = csv.DictWriter(sheet, list(columns))
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise CommandError(f"写不了 {path}：{error.strerror}", f"{path} can't be written: {error.strerror}") from None


def _check_columns(name: str, header: Sequence[str]) -> None:
    if "date" not in header and "t" not in header:
        raise CommandError(
            f"{name} 须有 date（日期）或 t（第几天）列；现有列：{named(header, '、')}",
            f"{name} needs a column date or t; its columns are {named(header)}",
        )
    if "incidence" not in header and not {"local", "imported"} <= set(header):
        need_columns(name, header, ["incidence"])


def _one_area(area: str, lines: list[Line], by_date: bool, header: Sequence[str]) -> CaseSeries:
    days = [read_date(line, "date") for line in lines] if by_date else None
    numbers = [day.toordinal() for day in days] if days else [_number(line) for line in lines]
    for line, before, after in zip(lines[1:], numbers, numbers[1:], strict=False):
        if after != before + 1:
            _refuse_step(area, line, "date" if by_date else "t", before, after, by_date)
    imported = [read_count(line, "imported") if "imported" in header else 0 for line in lines]
    if "incidence" in header:
        incidence = [read_count(line, "incidence") for line in lines]
    else:
        incidence = [read_count(line, "local") + came for line, came in zip(lines, imported, strict=True)]
    for line, every, came in zip(lines, incidence, imported, strict=True):
        if came > every:
            raise fault(
                line.number,
                f"输入病例 {came} 多于全部病例 {every}；incidence 含输入病例",
                f"{came} imported of {every} cases; incidence counts the imported too",
            )
    return CaseSeries(
        area=area,
        incidence=np.asarray(incidence, dtype=np.int64),
        imported=np.asarray(imported, dtype=np.int64),
        first_on=days[0] if days else None,
        first_t=1 if days else numbers[0],
    )


def _number(line: Line) -> int:
    try:
        return int(line.cells["t"])
    except ValueError:
        text = line.cells["t"]
        raise fault(line.number, f"t 的“{text}”须为整数", f"t: {text!r} must be a whole number") from None


def _refuse_step(area: str, line: Line, column: str, before: int, after: int, by_date: bool) -> None:
    """Two neighbouring lines of an area are not a day apart: doubled, unsorted, or with a gap."""
    shown = (lambda number: date.fromordinal(number).isoformat()) if by_date else str
    where_zh, where_en = (f"“{area}”", f" of {area!r}") if area else ("", "")
    if after == before:
        raise fault(
            line.number,
            f"{where_zh}{column} {shown(after)} 出现两次",
            f"{column} {shown(after)}{where_en} is there twice",
        )
    if after < before:
        raise fault(
            line.number,
            f"{where_zh}{column} 未按先后排列：{shown(before)} 之后是 {shown(after)}；请先排序",
            f"{column}{where_en} is not in order: {shown(after)} after {shown(before)}; sort the file",
        )
    missing = (date.fromordinal(before) + timedelta(days=1)).isoformat() if by_date else str(before + 1)
    raise fault(
        line.number,
        f"{where_zh}之前缺 {after - before - 1} 天，从 {missing} 起；没有病例的日子请写 0",
        f"{after - before - 1} day(s){where_en} are missing before it, from {missing}; write 0 for a day without cases",
    )
