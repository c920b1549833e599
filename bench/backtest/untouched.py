"""Every method on the curves of ``untouched.toml``, which no choice has touched, and what its rule decides.

    PYTHONPATH=src:. python -m bench.backtest.untouched [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from demo.extract.sources import data_folder, rows_of
from numpy.typing import NDArray

from bench.backtest.data import SPLIT, Counts, Vintage, daily_counts, redate
from bench.backtest.run import forecast_part, score_part

PLAN = tomllib.loads((Path(__file__).parent / "untouched.toml").read_text(encoding="utf-8"))
METHODS = ("trend", "renewal", "mean", "baseline")
DAY_ZERO = date(1900, 1, 1)  # for a curve whose days are only numbered


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.backtest.untouched")
    parser.add_argument("--out", type=Path, help="also write every figure as JSON")
    args = parser.parse_args()
    rows = [row for curve in PLAN["curve"] for row in score_curves(vintages_of(curve), curve)]
    rows += score_curves(later_vintages(), PLAN["later"])
    told = {"curves": rows, "parts": {part: summary(rows, part) for part in dict.fromkeys(row["part"] for row in rows)}}
    print(as_text(told))
    if args.out:
        args.out.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def score_curves(vintages: list[Vintage], curve: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a place: forecasts, mean score of every method, coverage of the trend."""
    if not vintages:
        return []
    scores = score_part(vintages, forecast_part(vintages, interval_days=tuple(curve["interval"])))
    places = np.array([one.city for one in vintages])
    return [
        {
            "curve": str(place), "part": curve["part"], "forecasts": int((places == place).sum()),
            **{method: float(scores[method].wis[places == place].mean()) for method in METHODS},
            "log_trend": float(scores["trend"].log_wis[places == place].mean() / scores["baseline"].log_wis[places == place].mean()),
            "in_50": float(scores["trend"].in_50[places == place].mean()), "in_90": float(scores["trend"].in_90[places == place].mean()),
        }
        for place in dict.fromkeys(places)
    ]  # fmt: skip


def vintages_of(curve: Mapping[str, Any]) -> list[Vintage]:
    """Every forecast date of a curve (of each of its places)."""
    plan = PLAN["forecasts"]
    found = []
    for place, first_on, counts in _curves(curve):
        enough = [
            place for place in range(1, len(counts) + 1)
            if counts[max(0, place - plan["window_days"]) : place].sum() >= plan["least_cases"]
        ]  # fmt: skip
        for upto in range(enough[0] if enough else len(counts), len(counts) - plan["horizon_days"] + 1, plan["every_days"]):
            if upto in enough:
                ahead = counts[upto : upto + plan["horizon_days"]]
                found.append(Vintage(place, curve["part"], first_on + timedelta(days=upto - 1), first_on, counts[:upto], ahead))
    return found


def _curves(curve: Mapping[str, Any]) -> Iterator[tuple[str, date, Counts]]:
    rows = [{key.strip(): value for key, value in row.items()} for row in rows_of(data_folder() / curve["file"])]
    if "count" in curve:
        yield curve["name"], DAY_ZERO, np.array([int(float(row[curve["count"]])) for row in rows])
        return
    dated = [(row.get(curve.get("by", ""), ""), _day(row[curve["day"]])) for row in rows]
    for place in sorted({place for place, day in dated if day and (place or "by" not in curve)}):
        by_day = Counter(day for where, day in dated if day and where == place)
        first_on = min(by_day)
        days = (max(by_day) - first_on).days + 1
        name = f"{curve['name']}, {place}" if place else curve["name"]
        yield name, first_on, np.array([by_day[first_on + timedelta(days=ahead)] for ahead in range(days)])


def _day(text: str) -> date | None:
    """2020-02-14 or 14/02/2020; None for anything else, as NA."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    turned = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text)
    return date(*(int(part) for part in turned.groups()[::-1])) if turned else None


def later_vintages() -> list[Vintage]:
    """Every province on every forecast date of the weeks after the split, as known on that day."""
    plan, later = PLAN["forecasts"], PLAN["later"]
    totals: dict[str, dict[date, int]] = {}
    for row in rows_of(data_folder() / "china-city-counts" / "province_daily.csv"):
        day = redate(date.fromisoformat(row["date"]), SPLIT["truth"])
        if day is not None:
            totals.setdefault(row["province"], {})[day] = int(row["confirmed"])
    first_on = min(min(rows) for rows in totals.values())
    found = []
    for province, cumulative in sorted(totals.items()):
        truth = daily_counts(cumulative, first_on, SPLIT["truth"]["known_until"])
        for day in range(later["first_on"].toordinal(), later["last_on"].toordinal() + 1, plan["every_days"]):
            known = daily_counts(cumulative, first_on, date.fromordinal(day))
            if known[-plan["window_days"] :].sum() >= plan["least_cases"]:
                ahead = truth[len(known) : len(known) + plan["horizon_days"]]
                found.append(Vintage(province, later["part"], date.fromordinal(day), first_on, known, ahead))
    return found


def summary(rows: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """Geometric mean over a part's curves of each method's ratio to the baseline, and of trend to renewal, with intervals."""
    chosen = [row for row in rows if row["part"] == part]
    logs = {method: np.log([row[method] / row["baseline"] for row in chosen]) for method in METHODS[:-1]}
    logs["renewal over trend"] = logs["renewal"] - logs["trend"]
    chance = np.random.default_rng(PLAN["decision"]["seed"])
    draws = chance.integers(0, len(chosen), (PLAN["decision"]["bootstrap_draws"], len(chosen)))
    return {"curves": len(chosen)} | {name: _mean_with_interval(values, draws) for name, values in logs.items()}


def _mean_with_interval(logs: NDArray[np.float64], draws: NDArray[np.int64]) -> list[float]:
    low, high = np.quantile(logs[draws].mean(axis=1), [0.025, 0.975])
    return [float(value) for value in np.exp([logs.mean(), low, high])]


def as_text(told: dict[str, Any]) -> str:
    lines = [
        "| curve | part | forecasts | WIS baseline | trend | renewal | mean of both | trend, log scale | trend held by 50 % / 90 % |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in told["curves"]:
        ratios = " | ".join(f"{row[method] / row['baseline']:.2f}" for method in METHODS[:-1])
        lines.append(
            f"| {row['curve']} | {row['part']} | {row['forecasts']} | {row['baseline']:.2f} | {ratios} | {row['log_trend']:.2f} "
            f"| {100 * row['in_50']:.0f} / {100 * row['in_90']:.0f} |"
        )
    for part, one in told["parts"].items():
        figures = ", ".join(f"{name} {value[0]:.3f} ({value[1]:.3f}-{value[2]:.3f})" for name, value in one.items() if name != "curves")
        lines.append(f"\n{part}, {one['curves']} curves, geometric mean of the ratios: {figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
