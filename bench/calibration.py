"""Calibration to three Chinese city curves of early 2020 with held-out days, beside the forecasts of engine/estimate.

    flock /work/bench.lock env PYTHONPATH=src:. .venv/bin/python -m bench.calibration [--budget 1000] [--people 100000]

Chosen before any score was seen: three sizes (174, 93 and 16 cases), no batch report in them, 22 January to 22 February
2020 of ../shared/data/china-city-official, the last 14 days held out. Prints the table of docs/benchmarks.md and writes
bench/calibration.json, which docs/models/draw_calibration.py draws.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from demo.extract.sources import data_folder, rows_of

from tongchou.engine.city import City, synthesize_city
from tongchou.engine.epidemic.calibrate import Calibration, Prior, calibrate_epidemic
from tongchou.engine.epidemic.scenario import read_scenario
from tongchou.engine.estimate.forecast_methods import forecast_cases
from tongchou.engine.estimate.scoring import score_coverage, score_quantiles
from tongchou.engine.estimate.series import CaseSeries
from tongchou.store.census_tables import read_census
from tongchou.store.epidemic_packs import SCENARIOS, load_contacts, load_disease

RESULTS = Path(__file__).resolve().parent / "calibration.json"
CITIES = (("Hefei", "Anhui", "3401"), ("Nanjing", "Jiangsu", "3201"), ("Panzhihua", "Sichuan", "5104"))
FIRST_ON, DAYS, HELD_OUT, LEAD_DAYS = date(2020, 1, 22), 32, 14, 14
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
PRIORS = (Prior("transmission", 0.3, 1.8), Prior("seeds", 2, 400, logarithmic=True), Prior("strength", 0.0, 1.0))


def curve_of(name: str, province: str) -> np.ndarray:
    """Daily new cases as reported; the official table leaves days before the province's first report empty."""
    rows = rows_of(data_folder() / "china-city-official" / "China_daily_new_infections.csv")
    (row,) = [row for row in rows if list(row.values())[:2] == [name, province]]
    days = [(FIRST_ON + timedelta(days=place)).isoformat() for place in range(DAYS)]
    return np.array([int(float(row[day] or 0)) for day in days])


def city_of(code: str, people: int) -> City:
    table = data_folder() / "census" / "county_2020_census.csv.gz"
    return synthesize_city(read_census(str(table), area=code), people=people, seed=1)


def calibrate(city: City, observed: np.ndarray, budget: int, particles: int, seed: int) -> Calibration:
    contacts = load_contacts()
    scenario = read_scenario((SCENARIOS / "reported-curve.toml").read_text("utf-8"), contacts)
    return calibrate_epidemic(
        city, load_disease(scenario.disease), scenario.measures, observed, contacts=contacts, imports=scenario.imports, parameters=PRIORS,
        lead_days=LEAD_DAYS, held_out=HELD_OUT, budget=budget, particles=particles, seed=seed,
    )  # fmt: skip


def forecasts(name: str, observed: np.ndarray) -> dict[str, dict[str, float]]:
    """The same days by the flat baseline and by the chosen forecast, from the same fitted days."""
    known, truth = observed[:-HELD_OUT], observed[-HELD_OUT:].astype(float)
    series = CaseSeries(name, known, np.zeros_like(known), FIRST_ON)
    told = {}
    for method in ("baseline", "trend"):
        (made,) = forecast_cases([series], horizon=HELD_OUT, method=method)
        told[method] = {
            "wis": float(score_quantiles(made.quantiles, truth).total.mean()),
            **{f"coverage_{share:.0%}".rstrip("%"): float(score_coverage(made.quantiles, truth, share).mean()) for share in (0.5, 0.9)},
        }  # fmt: skip
    return told


def measure(name: str, province: str, code: str, *, people: int, budget: int, particles: int, seed: int) -> dict[str, Any]:
    observed = curve_of(name, province)
    city = city_of(code, people)
    started = time.perf_counter()
    found = calibrate(city, observed, budget, particles, seed)
    took = time.perf_counter() - started
    held = found.held_out
    assert held is not None  # fourteen days are
    names = ("reproduction_number", *found.values)
    return {
        "city": name, "people": city.persons, "cases": int(observed.sum()), "held_out_cases": int(observed[-HELD_OUT:].sum()),
        "observed": observed.tolist(), "fitted_days": found.fitted_days, "seconds": round(took, 1),
        "simulations": found.particles.simulations, "rounds": found.particles.rounds, "misfit": round(found.misfit, 2),
        "parameters": {each: np.round(found.quantiles(each, LEVELS), 3).tolist() for each in names},
        "correlation": np.round(found.correlation(), 2).tolist(),
        "calibration": {"wis": held.wis, "coverage_50": held.coverage_50, "coverage_90": held.coverage_90},
        "fitted_coverage_90": float(score_coverage(found.bands(), observed.astype(float), 0.9)[: found.fitted_days].mean()),
        **forecasts(name, observed), "bands": np.round(found.bands(LEVELS), 2).tolist(),
    }  # fmt: skip


def row_of(told: dict[str, Any]) -> str:
    def interval(name: str, digits: int) -> str:
        low, _, middle, _, high = told["parameters"][name]
        return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"

    scores = [f"{told[name]['wis']:.2f} ({told[name]['coverage_50']:.0%} / {told[name]['coverage_90']:.0%})" for name in ("calibration", "baseline", "trend")]
    fitted = [interval("reproduction_number", 1), interval("seeds", 0), interval("strength", 2)]
    head = f"{told['city']}, {told['cases']} cases, {told['held_out_cases']} of them held out"
    cells = [head, *fitted, f"{told['misfit']:.1f}", f"{told['fitted_coverage_90']:.0%}", *scores, f"{told['simulations']}, {told['seconds']:.0f} s"]
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.calibration")
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--particles", type=int, default=120)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    told = []
    for name, province, code in CITIES:
        told.append(measure(name, province, code, people=args.people, budget=args.budget, particles=args.particles, seed=args.seed))
        print(row_of(told[-1]), flush=True)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    args.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
