"""Forecasts and report artefacts for 300 areas and 120 days: seconds, and whether threads change the result.

    flock /work/bench.lock env PYTHONPATH=src:. .venv/bin/python -m bench.estimates_forecast [--rounds 3]

Counts are simulated: a renewal with a wandering R and negative binomial days. Each figure is the median of ``--rounds`` runs
after one that compiles. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from tongchou.engine.chance import Purpose, stream
from tongchou.engine.estimate.artefacts import find_artefacts
from tongchou.engine.estimate.discretise import serial_interval_of
from tongchou.engine.estimate.forecast_methods import METHODS, RENEWAL, forecast_cases
from tongchou.engine.estimate.hubverse import issue, score_issued
from tongchou.engine.estimate.series import CaseSeries

AREAS, DAYS, HORIZON = 300, 120, 14
FIRST = date(2020, 1, 20)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.estimates_forecast")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(json.dumps(measure(args.rounds), indent=1, default=float))
    return 0


def measure(rounds: int) -> dict[str, Any]:
    """Seconds by method on two threads, and of artefacts and scores; ``same_on_one_thread`` must be true."""
    series, interval = outbreaks(), serial_interval_of(4.7, 2.9)
    answer: dict[str, Any] = {
        "areas": AREAS, "days": DAYS, "horizon": HORIZON, "particles": RENEWAL.particles, "cpus": os.cpu_count(), "load": os.getloadavg()[0],
    }  # fmt: skip
    forecast_cases(series[:1], interval=interval, method="mean")
    made = {}
    for method in METHODS:
        work = lambda method=method: forecast_cases(series, interval=interval, horizon=HORIZON, method=method, threads=2)  # noqa: E731
        answer[f"{method}_s"], made[method] = timed(work, rounds)
    one = forecast_cases(series[:20], interval=interval, horizon=HORIZON, method="renewal", threads=1)
    answer["same_on_one_thread"] = all(np.array_equal(a.quantiles, b.quantiles) for a, b in zip(one, made["renewal"], strict=False))
    answer["artefacts_s"], _ = timed(lambda: [find_artefacts(each.area, FIRST, each.incidence) for each in series], rounds)
    issued = [target for forecast in made["renewal"] for target in issue(forecast)]
    truth = {target.key: 10.0 for target in issued}
    answer["score_s"], scores = timed(lambda: score_issued(issued, truth), rounds)
    answer["scored"] = len(scores)
    answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return answer


def timed(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Median seconds and the last result."""
    took, result = [], None
    for _ in range(rounds):
        started = time.perf_counter()
        result = work()
        took.append(time.perf_counter() - started)
    return statistics.median(took), result


def outbreaks(areas: int = AREAS, days: int = DAYS, seed: int = 1) -> list[CaseSeries]:
    chance = stream(seed, Purpose.PROBE)
    kernel = serial_interval_of(4.7, 2.9)[1:41]
    cases = np.zeros((areas, days))
    cases[:, :7] = chance.poisson(chance.uniform(1, 30, (areas, 1)), (areas, 7))
    level = np.cumsum(chance.normal(0, 0.04, (areas, days)), axis=1)
    level -= level.mean(axis=1, keepdims=True)
    for day in range(7, days):
        reach = min(day, kernel.size)
        mean = np.minimum(np.exp(level[:, day]) * (cases[:, day - reach : day][:, ::-1] @ kernel[:reach]), 2000) + 0.1
        cases[:, day] = chance.negative_binomial(5.0, 5.0 / (5.0 + mean))
    whole = cases.astype(np.int64)
    return [CaseSeries(f"area {place}", row, np.zeros_like(row), FIRST) for place, row in enumerate(whole)]


if __name__ == "__main__":
    sys.exit(main())
