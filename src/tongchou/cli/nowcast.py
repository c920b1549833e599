"""``tongchou nowcast FILE``: cases by day of onset with those that have happened but are not reported yet."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from tongchou.cli.reports_file import ReportsFile, day_after, read_reports
from tongchou.cli.series_file import write_rows
from tongchou.cli.terminal import CommandError, UsageError, records
from tongchou.engine.estimate import EstimateError, Nowcast, delay_of_moments, nowcast_counts

NAME = "nowcast"
HELP_ZH = "按发病日的病例数，补上已发病但尚未报告的，附区间"
HELP_EN = "cases by day of onset corrected for those not reported yet, with intervals"
DJANGO = False
INPUT = {
    "reference_date": "发病日，如 2020-02-14 / day of onset",
    "report_date": "报告日 / day of report",
    "count": "该发病日、该报告日的新增例数，可省（一行一例）/ new cases of that pair of days, optional (a line is a case)",
    "confirm": "截至该报告日的累计例数，代替 count / cumulative cases by that report, instead of count",
    "area": "地区，可省 / area, optional",
}
JSON = {
    "area": "地区；没有该列时为空 / area, empty without that column",
    "reference_date": "发病日 / day of onset",
    "reported": "已报告例数 / cases reported so far",
    "mean": "最终例数的期望 / expected cases in the end",
    "q05": "5% 分位 / 5 % quantile",
    "q25": "25% 分位 / 25 % quantile",
    "median": "中位数 / median",
    "q75": "75% 分位 / 75 % quantile",
    "q95": "95% 分位 / 95 % quantile",
    "share_reported": "估计已报告的比例 / share thought to be reported",
}
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
LONGEST_DAYS = 45
SHOWN_DAYS = 14


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="CSV，- 为标准输入 / CSV, - for standard input")
    parser.add_argument(
        "--as-of",
        metavar="D",
        help="按哪一天所知，缺省为最后报告日 / as known on which day, by default the last report's",
    )
    parser.add_argument(
        "--max-delay", type=int, metavar="DAYS",
        help=f"发病后多少天视为已全部报告，缺省为所见最长（至多 {LONGEST_DAYS}）/ days after onset when all is taken as reported,"
        f" by default the longest seen (at most {LONGEST_DAYS})",
    )  # fmt: skip
    parser.add_argument(
        "--delay-mean", type=float, metavar="DAYS",
        help="发病到报告的均值（对数正态），病例太少学不出时滞时给；须与 --delay-sd 一起 / mean delay from onset to report (log-normal), where"
        " too few cases tell it; given with --delay-sd",
    )  # fmt: skip
    parser.add_argument("--delay-sd", type=float, metavar="DAYS", help="其标准差 / its standard deviation")
    parser.add_argument(
        "--draws", type=int, default=2000, metavar="N", help="抽样次数，缺省 2000 / size of the sample, 2000 by default"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="随机种子，缺省 1 / seed of the sample, 1 by default"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="另存为 CSV / write a CSV as well")


def run(args: argparse.Namespace) -> int:
    if (args.delay_mean is None) != (args.delay_sd is None):
        raise UsageError("--delay-mean 与 --delay-sd 须一起给", "--delay-mean and --delay-sd are given together")
    file = read_reports(args.file, _day(args.as_of))
    for (zh, en), many in file.left_out.items():
        args.say.progress(f"未用 {many} 行：{zh}", f"{many} line(s) not used: {en}")
    if file.unused:
        names = ", ".join(file.unused)
        args.say.progress(f"未用到的列：{names}", f"columns not used: {names}")
    longest = args.max_delay if args.max_delay is not None else max(1, min(LONGEST_DAYS, file.longest_days))
    try:
        delay = None if args.delay_mean is None else delay_of_moments("lognormal", args.delay_mean, args.delay_sd)
        result = nowcast_counts(
            file.reports, most_delay_days=longest, prior_delay=delay, levels=LEVELS, draws=args.draws, seed=args.seed
        )
    except EstimateError as error:
        raise CommandError(error.zh, error.en) from None
    rows = _rows(file, result)
    if args.out:
        write_rows(args.out, list(JSON), rows)
        args.say.progress(f"写入 {args.out}，{len(rows)} 行", f"{len(rows)} lines written to {args.out}")
    head = (
        f"时滞中位数 / median delay {float(result.delay.quantile(0.5)):.1f} 天 / days · "
        f"{longest} 天后视为报全 / complete after {longest} days"
    )
    args.say(rows, f"{head}\n{_as_text(rows, file)}")
    return 0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"“{text}”不是日期，请写成 2020-02-14", f"{text!r} is no date; write 2020-02-14") from None


def _rows(file: ReportsFile, result: Nowcast) -> list[dict[str, Any]]:
    return [
        {
            "area": name,
            "reference_date": day_after(file.first_on, day),
            "reported": int(result.known[area, day]),
            "mean": round(float(result.mean[area, day]), 3),
            **{key: float(one) for key, one in zip(("q05", "q25", "median", "q75", "q95"), result.quantiles[area, day], strict=True)},
            "share_reported": round(float(result.share[area, day]), 4),
        }
        for area, name in enumerate(file.areas)
        for day in range(result.known.shape[1])
    ]  # fmt: skip


def _as_text(rows: list[dict[str, Any]], file: ReportsFile) -> str:
    days = len(rows) // len(file.areas)
    recent = [row for place, row in enumerate(rows) if place % days >= days - SHOWN_DAYS]
    heads = {
        "area": "地区/area", "reference_date": "发病日/onset", "reported": "已报/reported", "median": "中位/median", "q05": "5%",
        "q95": "95%", "share_reported": "已报比例/share",
    }  # fmt: skip
    return records(heads, recent)
