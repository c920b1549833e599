"""``tongchou score FORECASTS TRUTH``: issued forecasts against what came."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from tongchou.cli.csv_lines import Line, fault, read_lines
from tongchou.cli.series_file import read_date
from tongchou.cli.terminal import CommandError, records
from tongchou.engine.estimate import EstimateError
from tongchou.engine.estimate.hubverse import (
    COLUMNS,
    TARGET,
    ForecastScore,
    IssuedForecast,
    Key,
    ModelScore,
    gather_rows,
    score_issued,
    summarise_scores,
)
from tongchou.store.forecasts import ForecastKept, kept_forecasts

NAME = "score"
HELP_ZH = "以实际病例数评分已发布的预测：加权区间得分、覆盖率、相对技巧"
HELP_EN = "score issued forecasts against what came: weighted interval score, coverage, relative skill"
DJANGO = False
INPUT = {
    "reference_date, horizon, target_end_date, location, target, output_type, output_type_id, value": "预测（hubverse），可有 model_id / "
    "forecasts (hubverse), model_id optional",
    "location": "TRUTH：地区，可省 / TRUTH: area, optional",
    "target_end_date": "TRUTH：日期（或 date）/ TRUTH: day (or date)",
    "observation": "TRUTH：实际数（或 observed、incidence、value）/ TRUTH: what came (or observed, incidence, value)",
}
JSON = {
    "model": "模型 / model",
    "group": "--by 的分组 / group of --by",
    "scored": "已评分的目标数 / targets scored",
    "waiting": "尚无实际数的目标数 / targets without a truth yet",
    "wis": "加权区间得分均值，越小越好 / mean weighted interval score, less is better",
    "dispersion": "其中：离散 / of it: width of the intervals",
    "overprediction": "其中：高估 / of it: too much forecast",
    "underprediction": "其中：低估 / of it: too little forecast",
    "absolute_error": "中位数的绝对误差 / absolute error of the median",
    "coverage_50": "50% 区间覆盖率 / coverage of the 50 % interval",
    "coverage_90": "90% 区间覆盖率 / coverage of the 90 % interval",
    "skill": "两两相对技巧的几何平均；只有一个模型时为 null / pairwise relative skill, null for one model",
    "to_baseline": "相对基准模型；未指定时为 null / relative to the baseline, null without one",
}
# What scoringutils calls the same things.
NAMES = {"quantile_level": "output_type_id", "predicted": "value", "model": "model_id", "forecast_date": "reference_date", "target_type": "target"}
SEEN = ("observation", "observed", "incidence", "oracle_value", "value")
SHOWN = {
    "model": "模型/model", "group": "组/group", "scored": "评分/scored", "waiting": "待/waiting", "wis": "WIS", "coverage_50": "50%",
    "coverage_90": "90%", "skill": "技巧/skill", "to_baseline": "对基准/to baseline",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("forecasts", metavar="FORECASTS", help="预测 CSV（可 .gz），或 forecast --keep 的文件夹 / CSV (.gz too), or a folder of forecast --keep")
    parser.add_argument("truth", metavar="TRUTH", help="实际病例数 CSV / CSV of what came")
    parser.add_argument("--baseline", metavar="MODEL", help="作为基准的模型 / model to compare the others with")
    parser.add_argument("--by", choices=("horizon", "location", "reference_date"), help="再按此分组 / groups of their own")


def run(args: argparse.Namespace) -> int:
    try:
        issued = read_forecasts(args, Path(args.forecasts))
        targets = {one.target for one in issued}
        truth = read_truth(Path(args.truth), targets)
        scores = score_issued(issued, truth)
        if below := sum(one.observed < 0 for one in scores):  # the published hub data hold such corrections and score them
            args.say.progress(f"{below} 个预测的实际数为负（更正），照原样评分", f"{below} forecasts have a negative truth (a correction) and were scored against it as it is")
        if not scores:
            raise CommandError(
                f"{len(issued)} 个预测目标都没有实际数；请核对地区名与日期",
                f"no truth for any of the {len(issued)} targets; check the names of the areas and the days",
            )
        rows = [row for group in _groups(args.by, issued, scores) for row in _rows(*group, args.baseline)]
    except (EstimateError, ForecastKept) as error:
        raise CommandError(error.zh, error.en) from None
    args.say(rows, records(SHOWN, [{key: _cell(value) for key, value in row.items()} for row in rows]))
    return 0


def read_rows(path: Path) -> tuple[list[str], list[Line]]:
    """Header and lines of a CSV file, gzipped or not, under the hubverse's names. Raises CommandError where it can't be read."""
    first, lines = read_lines(path)
    now = {cell: NAMES.get(cell, cell) if NAMES.get(cell, cell) not in first else cell for cell in first}
    return list(now.values()), [Line(line.number, {now[cell]: text for cell, text in line.cells.items()}) for line in lines]


def read_forecasts(args: argparse.Namespace, path: Path) -> tuple[IssuedForecast, ...]:
    """Issued forecasts of a file or of a folder that ``tongchou forecast --keep`` wrote; what is left out is told."""
    if path.is_dir():
        kept = tuple(one for file in kept_forecasts(path) for one in file.issued)
        if not kept:
            raise CommandError(f"{path} 里没有已存档的预测", f"{path} holds no kept forecast")
        return _newest(args, kept)
    header, lines = read_rows(path)
    needed = ("reference_date", "target_end_date", "location", "output_type_id", "value")
    if missing := [name for name in needed if name not in header]:
        raise CommandError(f"{path} 缺少列 {'、'.join(missing)}", f"{path} lacks {', '.join(missing)}; the columns are {', '.join(COLUMNS)}")
    told = [line for line in lines if line.cells["value"] and line.cells.get("output_type", "quantile") == "quantile"]
    if left := len(lines) - len(told):
        args.say.progress(f"{left} 行不是分位数预测，未用", f"{left} rows are no quantile forecast and were left out")
    if not told:
        raise CommandError(f"{path} 没有一行分位数预测", f"{path} has no line with a quantile forecast")
    return gather_rows([_typed(line) for line in told], path.name.split(".")[0])


def read_truth(path: Path, targets: set[str]) -> dict[Key, float]:
    """What came, by location, target and day. A truth without a column target holds for every target of the forecasts."""
    header, lines = read_rows(path)
    day = next((name for name in ("target_end_date", "date") if name in header), None)
    seen = next((name for name in SEEN if name in header), None)
    if day is None or seen is None:
        raise CommandError(
            f"{path} 须有日期列（target_end_date 或 date）和实际数列（{'、'.join(SEEN)} 之一）",
            f"{path} needs a column of days (target_end_date or date) and one of {', '.join(SEEN)}",
        )
    found: dict[Key, float] = {}
    for line in lines:
        if not line.cells[seen]:
            continue
        location = line.cells.get("location", line.cells.get("area", ""))
        value, on = _number(line, seen), read_date(line, day)
        for target in [line.cells["target"]] if "target" in header else targets:
            if found.setdefault((location, target, on), value) != value:
                of_zh, of_en = (f"“{location}”", f" for {location!r}") if location else ("", "")
                raise fault(line.number, f"{of_zh}{on} 有两个不同的实际数", f"two different truths{of_en} on {on}")
    return found


def _newest(args: argparse.Namespace, kept: tuple[IssuedForecast, ...]) -> tuple[IssuedForecast, ...]:
    """One forecast a model, target and reference day: where several data versions were kept, the first that was issued counts."""
    first: dict[tuple[object, ...], IssuedForecast] = {}
    for one in kept:
        first.setdefault((one.model, one.reference_on, *one.key), one)
    if left := len(kept) - len(first):
        args.say.progress(f"{left} 个目标有多个数据版本，只评第一个", f"{left} targets were issued by more than one data version; one is scored")
    return tuple(first.values())


def _typed(line: Line) -> dict[str, Any]:
    reference_on, end_on = read_date(line, "reference_date"), read_date(line, "target_end_date")
    horizon = int(_number(line, "horizon")) if line.cells.get("horizon") else (end_on - reference_on).days
    return {
        **line.cells, "reference_date": reference_on, "target_end_date": end_on, "horizon": horizon,
        "target": line.cells.get("target", TARGET), "output_type_id": _number(line, "output_type_id"), "value": _number(line, "value"),
    }  # fmt: skip


def _number(line: Line, column: str) -> float:
    text = line.cells[column]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise fault(line.number, f"{column} 的“{text}”不是数字", f"{column}: {text!r} is no number")
    return value


def _groups(
    by: str | None, issued: tuple[IssuedForecast, ...], scores: tuple[ForecastScore, ...]
) -> list[tuple[Any, list[IssuedForecast], list[ForecastScore]]]:
    """(group, its forecasts, its scores); one group named None without ``--by``."""
    of = {"horizon": lambda one: one.horizon, "location": lambda one: one.location, "reference_date": lambda one: one.reference_on}
    name = of.get(by or "", lambda one: None)
    return [
        (group, [one for one in issued if name(one) == group], [one for one in scores if name(one.forecast) == group])
        for group in sorted({name(one.forecast) for one in scores}, key=lambda group: (group is not None, group))
    ]


def _rows(group: Any, issued: list[IssuedForecast], scores: list[ForecastScore], baseline: str | None) -> list[dict[str, Any]]:
    def row(one: ModelScore) -> dict[str, Any]:
        return {"model": one.model, "group": group, **{name: getattr(one, name) for name in JSON if name not in ("model", "group")}}

    return [row(one) for one in summarise_scores(issued, scores, baseline)]


def _cell(value: Any) -> Any:
    return f"{value:.3f}" if isinstance(value, float) else value
