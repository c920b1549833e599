"""``tongchou forecast FILE``: daily cases of the days to come as 23 quantiles, from a CSV of daily counts."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli.reproduction import interval_of
from tongchou.cli.series_file import read_series
from tongchou.cli.shipped_rules import shipped_value
from tongchou.cli.terminal import CommandError, UsageError, records
from tongchou.engine.estimate import CaseSeries, EstimateError
from tongchou.engine.estimate.artefact_words import speak
from tongchou.engine.estimate.artefacts import CleanedSeries, find_artefacts
from tongchou.engine.estimate.forecast_methods import CHOSEN, METHODS, MOST_HORIZON, CaseForecast, forecast_cases
from tongchou.engine.estimate.hubverse import hub_rows, issue
from tongchou.store.forecasts import ForecastKept, as_csv, keep_forecasts

NAME = "forecast"
HELP_ZH = "预测未来各日病例数，以 23 个分位数给出（hubverse 列名）"
HELP_EN = "daily cases of the days to come as 23 quantiles, in the hubverse's columns"
DJANGO = False
INPUT = {
    "date": "日期，如 2020-02-14，逐日连续 / day such as 2020-02-14, without gaps",
    "incidence": "当日新增病例 / new cases of the day",
    "imported": "其中的输入病例，可省；只用于检查 / how many of them were imported, optional, checked but not used",
    "area": "地区，可省 / area, optional",
}
JSON = {
    "reference_date": "所依据数据的最后一天 / last day of the data that it rests on",
    "horizon": "提前天数 / days ahead",
    "target_end_date": "被预测的日期 / day that is forecast",
    "location": "地区；没有该列时为空 / area, empty without that column",
    "target": "day inc case：当日新增病例 / new cases of the day",
    "output_type": "总是 quantile：分位数 / always quantile",
    "output_type_id": "分位水平 / level of the quantile",
    "value": "病例数 / cases",
}
SHOWN = {
    "location": "地区/area", "day": "日期/day", "horizon": "提前/ahead", "median": "中位/median", "half": "50%", "most": "95%",
}  # fmt: skip
# A forecast of fewer cases than the rulebook's least in so many days says little (docs/models/forecast.md).
RECENT_DAYS, MOST_NAMED = 14, 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="每日病例数 CSV，- 为标准输入 / CSV of daily counts, - for standard input")
    parser.add_argument("--horizon", type=int, default=14, metavar="DAYS", help=f"预测天数，1 到 {MOST_HORIZON}，缺省 14 / days ahead")
    parser.add_argument("--method", choices=METHODS, default=CHOSEN, help=f"方法，缺省 {CHOSEN} / method (docs/models/forecast.md)")
    parser.add_argument("--si-mean", type=float, metavar="DAYS", help="代间隔均值，缺省取规则库 / mean serial interval, by default the rulebook's")
    parser.add_argument("--si-sd", type=float, metavar="DAYS", help="代间隔标准差 / its standard deviation")
    parser.add_argument("--si", metavar="FILE", help="逐日代间隔 CSV（k,p）/ CSV of the serial interval by day (k, p)")
    parser.add_argument("--seed", type=int, default=1, help="随机种子：同种子同结果 / seed: the same seed gives the same forecast")
    parser.add_argument("--raw", action="store_true", help="不剔除成批报告等 / leave batch reports and the like in")
    parser.add_argument("--out", metavar="FILE", help="写入 .csv 或 .parquet 文件 / write a .csv or .parquet file")
    parser.add_argument("--keep", metavar="FOLDER", help="按发布原样存档，不可改写 / keep it in this folder as issued, never rewritten")
    parser.add_argument("--data-version", metavar="TEXT", help="存档的数据版本，缺省由病例数算出 / data version of what is kept, by default made from the counts")


def run(args: argparse.Namespace) -> int:
    out = Path(args.out) if args.out else None
    if out and out.suffix not in (".csv", ".parquet"):
        raise UsageError(f"--out 须以 .csv 或 .parquet 结尾，现为 {out.name}", f"--out ends in .csv or .parquet, not {out.name}")
    if args.seed < 0:
        raise UsageError("--seed 不能为负", "--seed must not be negative")
    file = read_series(args.file)
    if file.unused:
        names = ", ".join(file.unused)
        args.say.progress(f"未用到的列：{names}", f"columns not used: {names}")
    interval = None
    if args.method in ("renewal", "mean"):
        interval = interval_of(args)[0]
    elif args.si or args.si_mean is not None or args.si_sd is not None:
        raise UsageError(f"方法 {args.method} 不用代间隔，请去掉 --si…或改用 --method renewal", f"{args.method} uses no serial interval: leave --si... out, or take --method renewal")
    try:
        series, ordinary = file.series, None
        if not args.raw:
            series, ordinary = cleaned(args, file.series)
        forecasts = forecast_cases(
            series, interval=interval, horizon=args.horizon, method=args.method, seed=args.seed, ordinary=ordinary
        )
        issued = [one for forecast in forecasts for one in issue(forecast)]
        rows = hub_rows(issued)
        if out:
            write_rows(out, rows)
            args.say.progress(f"已写入 {out}：{len(rows)} 行", f"{len(rows)} rows written to {out}")
        if args.keep:
            version = args.data_version or version_of(series)
            stated = {"seed": args.seed, "cleaned": not args.raw, "interval": None if interval is None else np.round(interval, 9).tolist()}
            for path in keep_forecasts(Path(args.keep), issued, data_version=version, stated=stated):
                args.say.progress(f"已存档 {path}", f"kept as {path}")
    except (EstimateError, ForecastKept) as error:
        raise CommandError(error.zh, error.en) from None
    _say_few(args, series)
    args.say(rows, records(SHOWN, shown(forecasts)))
    return 0


def _say_few(args: argparse.Namespace, series: list[CaseSeries]) -> None:
    """Names the areas whose last two weeks hold too few cases for a forecast to say much."""
    least = int(shipped_value("statistics", "statistics.small_numbers")["cases_in_window_min"])
    few = [one.area for one in series if int(one.incidence[-RECENT_DAYS:].sum()) < least]
    if few:
        named = "、".join(name for name in few[:MOST_NAMED] if name)
        zh, en = (f"（{named}）", f" ({named})") if named else ("", "")
        args.say.progress(
            f"{len(few)} 个地区{zh}最近 {RECENT_DAYS} 天不足 {least} 例：病例太少，不宜据此下结论，请看传播链",
            f"{len(few)} area(s){en} with fewer than {least} cases in the last {RECENT_DAYS} days: too few to say; look at the chains",
        )


def cleaned(args: argparse.Namespace, series: list[CaseSeries]) -> tuple[list[CaseSeries], list[Any]]:
    """The series without report artefacts and the days that are observations; every change is told."""
    found: list[CleanedSeries] = []
    for one in series:
        if one.first_on is None:
            raise EstimateError("预测需要 date 列，只有 t 不够", "a forecast needs the column date; t alone is not enough")
        found.append(find_artefacts(one.area, one.first_on, one.incidence))
    for each in found:
        for reason in dict.fromkeys(change.reason for change in each.changes):
            where = f"{each.area}: " if each.area else ""
            args.say.progress(f"{where}{speak(reason, 'zh')}", f"{where}{speak(reason, 'en')}")
    clean = [CaseSeries(one.area, one.cleaned, np.zeros_like(one.cleaned), one.first_on) for one in found]
    return clean, [one.ordinary for one in found]


def version_of(series: list[CaseSeries]) -> str:
    """Twelve hex digits that stand for the counts a forecast rests on, whatever file they came in."""
    digest = hashlib.sha256()
    for one in series:
        digest.update(f"{one.area}\n{one.first_on}\n{one.incidence.tolist()}\n".encode())
    return digest.hexdigest()[:12]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Hubverse rows as CSV or Parquet, by the file's ending. Raises CommandError where it can't be written."""
    try:
        if path.suffix == ".csv":
            path.write_bytes(as_csv(rows))
        else:
            import pyarrow as pa  # takes 0.1 s and is needed for this ending only
            import pyarrow.parquet as pq  # as above

            typed = [{**row, "output_type_id": float(row["output_type_id"])} for row in rows]
            pq.write_table(pa.Table.from_pylist(typed), path)
    except OSError as error:
        raise CommandError(f"写不了 {path}：{error.strerror}", f"{path} can't be written: {error.strerror}") from None


def shown(forecasts: tuple[CaseForecast, ...]) -> list[dict[str, Any]]:
    """Median, 50 % and 95 % intervals by area and day, for the terminal."""
    rows = []
    for one in forecasts:
        at = {level: place for place, level in enumerate(one.levels)}
        for ahead, values in enumerate(one.quantiles, 1):
            cell = lambda level, values=values, at=at: f"{values[at[level]]:.0f}"  # noqa: E731
            rows.append(
                {
                    "location": one.area, "day": one.day(ahead).isoformat(), "horizon": ahead, "median": cell(0.5),
                    "half": f"{cell(0.25)}-{cell(0.75)}", "most": f"{cell(0.025)}-{cell(0.975)}",
                }  # fmt: skip
            )
    return rows
