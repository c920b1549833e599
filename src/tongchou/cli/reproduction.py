"""``tongchou reproduction FILE``: reproduction number of every area and window (Cori et al. 2013), from a CSV of daily counts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli.csv_lines import need_columns, read_lines
from tongchou.cli.series_file import read_series, write_rows
from tongchou.cli.shipped_rules import shipped_value
from tongchou.cli.terminal import CommandError, UsageError, records
from tongchou.engine.estimate import (
    STATUSES,
    CaseSeries,
    EstimateError,
    Prior,
    Reproduction,
    estimate_reproduction,
    serial_interval_of,
    stack_series,
)

NAME = "reproduction"
HELP_ZH = "按地区、按滑动窗口估计再生数 R（Cori 等 2013），附区间与状态"
HELP_EN = "reproduction number by area and sliding window (Cori et al. 2013), with interval and status"
DJANGO = False
INPUT = {
    "date": "日期，如 2020-02-14，逐日连续（或用 t）/ day such as 2020-02-14, without gaps (or t)",
    "t": "第几天，逐一递增（或用 date）/ number of the day, rising by one (or date)",
    "incidence": "当日全部病例，含输入 / all cases of the day, imported ones among them",
    "imported": "其中的输入病例，可省 / how many of them were imported, optional",
    "local": "本地病例；有 imported 时可代替 incidence / local cases, instead of incidence where imported is given",
    "area": "地区，可省 / area, optional",
    "k": "--si 文件：第几天，从 0 起 / file of --si: days, from 0",
    "p": "--si 文件：概率，第 0 天为 0，合计为 1 / file of --si: probability, 0 for day 0, summing to 1",
}
JSON = {
    "area": "地区；没有该列时为空 / area, empty without that column",
    "t_start": "窗口首行，从 1 数起 / first row of the window, from 1",
    "t_end": "窗口末行 / last row of the window",
    "date_start": "窗口首日；只有 t 时为 null / first day of the window, null where days are numbered",
    "date_end": "窗口末日 / last day of the window",
    "mean": "R 的后验均值 / posterior mean of R",
    "sd": "标准差 / standard deviation",
    "q025": "2.5% 分位 / 2.5 % quantile",
    "median": "中位数 / median",
    "q975": "97.5% 分位 / 97.5 % quantile",
    "cases": "窗口内全部病例 / all cases in the window",
    "status": "ok、too_few（病例太少，不下结论）、before_si_mean（窗口在一个平均代间隔之内结束，无法估计）"
    " / ok, too_few (too few cases to say), before_si_mean (ends within one mean serial interval: no estimate)",
}
SHOWN = {
    "area": "地区/area", "t_start": "首/first", "t_end": "末/last", "date_end": "末日/last day", "mean": "R", "q025": "2.5%",
    "q975": "97.5%", "cases": "病例/cases", "status": "状态/status",
}  # fmt: skip
STATUS_WORDS = {
    "ok": "可信 / ok",
    "too_few": "太少，不下结论 / too few to say",
    "before_si_mean": "太早，无法估计 / too early",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="每日病例数 CSV，- 为标准输入 / CSV of daily counts, - for standard input"
    )
    parser.add_argument(
        "--si-mean",
        type=float,
        metavar="DAYS",
        help="代间隔均值，缺省取规则库 / mean serial interval, by default the rulebook's",
    )
    parser.add_argument("--si-sd", type=float, metavar="DAYS", help="代间隔标准差 / its standard deviation")
    parser.add_argument("--si", metavar="FILE", help="逐日代间隔 CSV（k,p）/ CSV of the serial interval by day (k, p)")
    parser.add_argument(
        "--window",
        type=int,
        metavar="DAYS",
        help="窗口天数，缺省取规则库 / days of a window, by default the rulebook's",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="另存为 CSV / write a CSV as well")
    parser.add_argument(
        "--all-windows",
        action="store_true",
        help="病例太少的窗口也给数字 / give the numbers of windows with too few cases as well",
    )


def run(args: argparse.Namespace) -> int:
    interval, said = interval_of(args)
    rules, few = shipped_value("statistics", "statistics.cori"), shipped_value("statistics", "statistics.small_numbers")
    window = args.window if args.window is not None else int(rules["window_days"])
    file = read_series(args.file)
    if file.unused:
        names = ", ".join(file.unused)
        args.say.progress(f"未用到的列：{names}", f"columns not used: {names}")
    rows: list[list[dict[str, Any]]] = [[] for _ in file.series]
    try:
        for stack in stack_series(file.series):
            result = estimate_reproduction(
                stack.incidence,
                interval,
                imported=stack.imported,
                windows=window,
                prior=Prior(float(rules["prior_mean"]), float(rules["prior_sd"])),
                min_cases=int(few["cases_in_window_min"]),
            )
            for place, position in enumerate(stack.positions):
                rows[position] = rows_of(file.series[position], result, place, all_windows=args.all_windows)
    except EstimateError as error:
        raise CommandError(error.zh, error.en) from None
    told = [row for part in rows for row in part]
    if args.out:
        write_rows(args.out, list(JSON), told)
        args.say.progress(f"写入 {args.out}，{len(told)} 行", f"{len(told)} lines written to {args.out}")
    _say_short(args, file.series, rows, window)
    args.say(told, f"{said}\n{_as_text(told)}" if told else "")
    return 0


def rows_of(series: CaseSeries, result: Reproduction, place: int, *, all_windows: bool) -> list[dict[str, Any]]:
    """One row a window of one area, as the JSON of the command. ``place`` is the area's row in ``result``."""
    rows = []
    for window, (first, last) in enumerate(
        zip(result.windows.first.tolist(), result.windows.last.tolist(), strict=True)
    ):
        status = STATUSES[result.status[place, window]]
        shown = status == "ok" or all_windows
        figures = [result.mean[place, window], result.sd[place, window], *result.quantiles[place, window]]
        values = [float(one) if shown and np.isfinite(one) else None for one in figures]
        start, end = series.on(first), series.on(last)
        rows.append(
            {
                "area": series.area,
                "t_start": first,
                "t_end": last,
                "date_start": start.isoformat() if start else None,
                "date_end": end.isoformat() if end else None,
                **dict(zip(("mean", "sd", "q025", "median", "q975"), values, strict=True)),
                "cases": int(result.cases[place, window]),
                "status": status,
            }
        )
    return rows


def read_interval(path: str) -> np.ndarray:
    """A serial interval by day from a CSV of k and p (or lag and prob). Raises CommandError with the line at fault."""
    header, lines = read_lines(path)
    days, chance = ("lag", "prob") if {"lag", "prob"} <= set(header) else ("k", "p")
    need_columns(path, header, [days, chance])
    chances = []
    for expected, line in enumerate(lines):
        try:
            day, value = int(line.cells[days]), float(line.cells[chance])
        except ValueError:
            raise CommandError(
                f"第 {line.number} 行：{days} 须为整数，{chance} 须为数字",
                f"line {line.number}: {days} must be a whole number and {chance} a number",
            ) from None
        if day != expected:
            raise CommandError(
                f"第 {line.number} 行：{days} 应为 {expected}，现为 {day}；须从 0 起逐一递增",
                f"line {line.number}: {days} should be {expected}, not {day}; it rises by one from 0",
            )
        chances.append(value)
    return np.asarray(chances)


def interval_of(args: argparse.Namespace) -> tuple[np.ndarray, str]:
    """The serial interval by day, and what to say about it."""
    given = args.si_mean is not None or args.si_sd is not None
    if args.si and given:
        raise UsageError("--si 与 --si-mean/--si-sd 只能用一种", "give either --si or --si-mean with --si-sd")
    if args.si:
        return read_interval(args.si), f"代间隔 / serial interval: {args.si}"
    if given and (args.si_mean is None or args.si_sd is None):
        raise UsageError("--si-mean 与 --si-sd 须一起给", "--si-mean and --si-sd are given together")
    mean, sd, source = args.si_mean, args.si_sd, ""
    if not given:
        rule = shipped_value("statistics", "statistics.serial_interval")
        mean, sd, source = float(rule["mean_days"]), float(rule["sd_days"]), "statistics.serial_interval: "
        args.say.progress(
            f"未给代间隔，用规则库的 {mean}（标准差 {sd}）天",
            f"no serial interval given: the rulebook's {mean} (sd {sd}) days is used",
        )
    try:
        return serial_interval_of(mean, sd), f"代间隔 / serial interval: {source}{mean} ± {sd} 天 / days"
    except EstimateError as error:
        raise CommandError(error.zh, error.en) from None


def _say_short(
    args: argparse.Namespace, series: list[CaseSeries], rows: list[list[dict[str, Any]]], window: int
) -> None:
    for one, part in zip(series, rows, strict=True):
        if not part:
            args.say.progress(
                f"{f'“{one.area}”' if one.area else '数据'}只有 {one.days} 天，放不下第 2 天起 {window} 天的窗口；请补足天数或缩短 --window",
                f"{one.area or 'the data'}: {one.days} day(s), no window of {window} days from day 2 fits; give more days or a shorter --window",
            )


def _as_text(rows: list[dict[str, Any]]) -> str:
    def cell(value: Any) -> Any:
        return f"{value:.3f}" if isinstance(value, float) else value

    return records(SHOWN, [{key: STATUS_WORDS.get(value, cell(value)) for key, value in row.items()} for row in rows])
