"""The backtest: tables for docs/benchmarks.md on standard output.

    PYTHONPATH=src:. python -m bench.backtest [--part tune|held_out|external|all] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.backtest.data import Vintage, cumulative_by_city, external, vintages
from bench.backtest.run import Scores, by_group, forecast_part, ratio_with_interval, score_part, skills
from tongchou.engine.estimate.artefacts import BATCH, DEFINITION, LATE, MISTYPED, count_daily, find_artefacts

PARTS = ("tune", "held_out", "external")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.backtest")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--out", type=Path, help="also write every figure as JSON")
    args = parser.parse_args()
    told: dict[str, Any] = {}
    for part in PARTS if args.part == "all" else (args.part,):
        cases = external() if part == "external" else vintages(part)
        started = time.perf_counter()
        scores = score_part(cases, forecast_part(cases))
        told[part] = figures(cases, scores)
        print(as_text(part, told[part], time.perf_counter() - started))
    if args.out:
        args.out.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def figures(cases: list[Vintage], scores: dict[str, Scores]) -> dict[str, Any]:
    """Everything that the tables and the figure of docs/models/forecast.md are made of."""
    rows = []
    for skill in skills(cases, scores):
        one = scores[skill.method]
        rows.append(
            {
                "method": skill.method, "wis": one.wis.mean(), "dispersion": one.dispersion.mean(),
                "overprediction": one.overprediction.mean(), "underprediction": one.underprediction.mean(),
                "coverage_50": one.in_50.mean(), "coverage_90": one.in_90.mean(), "to_baseline": skill.to_baseline,
                "low": skill.low, "high": skill.high, "log_to_baseline": skill.log_to_baseline,
                "by_horizon": one.wis.mean(axis=0).tolist(),
            }  # fmt: skip
        )
    marked = marked_cities({one.city for one in cases})
    return {
        "marked": marked, "without_marked": without(marked, by_group([one.city for one in cases], scores)),
        "forecasts": len(cases), "cities": len({one.city for one in cases}), "methods": rows,
        "by_date": by_group([one.reference_on for one in cases], scores), "by_city": by_group([one.city for one in cases], scores),
    }  # fmt: skip


def marked_cities(cities: set[str]) -> list[str]:
    """Cities whose whole series holds a batch, a late report, a change of definition or a mistyped total."""
    totals, found = cumulative_by_city(), []
    for city in sorted(cities & set(totals)):
        first_on, last_on = min(totals[city]), max(totals[city])
        days = [first_on + timedelta(days=place) for place in range((last_on - first_on).days + 1)]
        counts, missing = count_daily(np.array([totals[city].get(day, np.nan) for day in days], float))
        kinds = {change.kind for change in find_artefacts(city, first_on, counts, missing=missing).changes}
        found += [city] if kinds & {BATCH, LATE, DEFINITION, MISTYPED} else []
    return found


def without(marked: list[str], cities: list[tuple[str, int, dict[str, float]]]) -> dict[str, tuple[float, float, float]]:
    """Score of each method over the baseline's with its interval, over the cities that are not marked."""
    kept = [(count, means) for city, count, means in cities if city not in marked]
    sums = {method: np.array([count * means[method] for count, means in kept]) for method in kept[0][1]}
    return {method: ratio_with_interval(mine, sums["baseline"]) for method, mine in sums.items()}


def as_text(part: str, told: dict[str, Any], seconds: float) -> str:
    lines = [
        f"\n{part}: {told['forecasts']} forecasts of {told['cities']} cities, {seconds:.0f} s\n",
        "| method | WIS | spread / over / under | 50 % / 90 % held | relative skill (95 %) | on log scale | WIS day 1 / 7 / 14 |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in told["methods"]:
        interval = f" ({row['low']:.3f}-{row['high']:.3f})" if row["low"] is not None else ""
        days = " / ".join(f"{row['by_horizon'][day]:.2f}" for day in (0, 6, 13))
        lines.append(
            f"| {row['method']} | {row['wis']:.3f} | {row['dispersion']:.3f} / {row['overprediction']:.3f} / {row['underprediction']:.3f} "
            f"| {100 * row['coverage_50']:.0f} / {100 * row['coverage_90']:.0f} | {row['to_baseline']:.3f}{interval} "
            f"| {row['log_to_baseline']:.3f} | {days} |"
        )
    rest = ", ".join(f"{method} {value:.3f} ({low:.3f}-{high:.3f})" for method, (value, low, high) in told["without_marked"].items())
    lines += ["", f"without {', '.join(told['marked']) or 'any'} (batch, late or mistyped): {rest}"]
    for title, key in (("forecast date", "by_date"), ("city", "by_city")):
        names = list(told[key][0][2])
        lines += ["", f"| {title} | forecasts | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
        lines += [f"| {name} | {count} | {' | '.join(f'{means[method]:.2f}' for method in names)} |" for name, count, means in told[key]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
