"""Estimators for 300 areas and 120 days, beside the published packages in the same run.

    flock /work/bench.lock .venv/bin/python -m bench.estimates --peers PYTHON [--parts reproduction,infections,renewal,nowcast,forecast]

PYTHON has epyestim and numpyro; EpiEstim is run by Rscript (Debian's r-cran-epiestim). A peer that is not there is left out and
said so. Each of ours is the median of ``--rounds`` runs after one that compiles. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from bench import estimates_forecast  # noqa: E402  (the path is set just above)
from tongchou.engine import estimate  # noqa: E402  (as above)

AREAS, DAYS = 300, 120
R_COVID_AREAS = 3
NUTS_AREAS = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.estimates")
    parser.add_argument("--peers", type=Path, default=None, help="a Python that has epyestim and numpyro")
    parser.add_argument("--parts", default="reproduction,infections,renewal,nowcast,forecast")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    answers: dict[str, Any] = {"areas": AREAS, "days": DAYS, "cpus": os.cpu_count(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.parts.split(","):
            answers[name] = PARTS[name](args, Path(folder))
    print(json.dumps(answers, indent=1, default=float))
    return 0


def outbreaks(areas: int = AREAS, days: int = DAYS, seed: int = 1) -> np.ndarray:
    """Simulated daily reports, shape (areas, days): renewal with a wandering R, sizes from a few cases a day to hundreds."""
    chance = np.random.default_rng(seed)
    interval, early = _interval(), 30
    cases = np.zeros((areas, early + days))
    cases[:, :10] = chance.uniform(2, 60, size=(areas, 1))
    walk = np.cumsum(chance.normal(0, 0.03, size=(areas, early + days)), axis=1)
    number = np.exp(walk - walk.mean(axis=1, keepdims=True))
    for day in range(10, early + days):
        reach = min(day, len(interval) - 1)
        pressure = cases[:, day - reach : day] @ interval[1 : reach + 1][::-1]
        cases[:, day] = chance.poisson(np.minimum(number[:, day] * pressure, 2000))
    return cases[:, early:].astype(np.int64)


def _interval() -> np.ndarray:
    return estimate.serial_interval_of(4.7, 2.9)


def _delay() -> np.ndarray:
    return estimate.discretise_delay(estimate.delay_of_moments("gamma", 7.0, 3.5), 25)


def _median(work: Callable[[], Any], rounds: int) -> float:
    took = []
    for _round in range(rounds):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def _cpu(work: Callable[[], Any]) -> float:
    """Processor seconds of one run: what it costs, whatever else the machine does."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _peer(args: argparse.Namespace, *words: str) -> float | None:
    """Seconds that a script of the peers' Python prints as its last word; None where there is no such Python."""
    if args.peers is None:
        print("no --peers given: left out", words, file=sys.stderr)
        return None
    done = subprocess.run([str(args.peers), *words], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _reproduction(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    counts, interval = outbreaks(), _interval()
    estimate.estimate_reproduction(counts[:1], interval)
    ours = _median(lambda: estimate.estimate_reproduction(counts, interval), args.rounds)
    cost = _cpu(lambda: estimate.estimate_reproduction(counts, interval))
    answer: dict[str, Any] = {"ours_s": ours, "ours_cpu_s": cost}
    if shutil.which("Rscript"):
        np.savetxt(folder / "counts.csv", counts.T, fmt="%d", delimiter=",", header=",".join(f"a{n}" for n in range(AREAS)), comments="")
        np.savetxt(folder / "si.csv", interval, header="p", comments="")
        script = str(ROOT / "bench" / "estimates_epiestim.R")
        done = subprocess.run(
            ["Rscript", script, str(folder / "counts.csv"), str(folder / "si.csv"), str(folder / "first.csv")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        answer["epiestim_s"] = float(done.stdout.split()[-1])
        answer["times_epiestim"] = answer["epiestim_s"] / ours
        answer["largest_gap_to_epiestim"] = _gap(folder / "first.csv", counts[0], interval)
    np.savez(folder / "in.npz", counts=counts, interval=interval, delay=_delay())
    answer["epyestim_s"] = _peer(args, str(ROOT / "bench" / "estimates_peers.py"), str(folder / "in.npz"), "estimate_r", str(AREAS))
    return answer


def _gap(path: Path, counts: np.ndarray, interval: np.ndarray) -> float:
    """Largest difference of mean and both ends of the interval in the first area."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    heads = ("Mean(R)", "Quantile.0.025(R)", "Quantile.0.975(R)")
    theirs = np.array([[float(row[head]) if row[head] != "NA" else np.nan for head in heads] for row in rows])
    ours = estimate.estimate_reproduction(counts, interval)
    both = np.column_stack([ours.mean[0], ours.quantiles[0, :, 0], ours.quantiles[0, :, 2]])
    return float(np.nanmax(np.abs(both - theirs)))


def _infections(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    counts, interval, delay = outbreaks(), _interval(), _delay()
    ours = _median(lambda: estimate.estimate_infection_reproduction(counts, interval, delay), args.rounds)
    cost = _cpu(lambda: estimate.estimate_infection_reproduction(counts, interval, delay))
    answer: dict[str, Any] = {"ours_s": ours, "ours_cpu_s": cost, "samples": 100}
    np.savez(folder / "in.npz", counts=counts, interval=interval, delay=delay)
    peer = _peer(args, str(ROOT / "bench" / "estimates_peers.py"), str(folder / "in.npz"), "r_covid", str(R_COVID_AREAS))
    if peer is not None:
        answer["r_covid_s_an_area"] = peer / R_COVID_AREAS
        answer["times_r_covid"] = peer / R_COVID_AREAS * AREAS / ours
    return answer


def _renewal(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from tongchou.engine.estimate.renewal import RenewalPrior, estimate_renewal  # numba is loaded only here

    counts, delay, prior = outbreaks(), _delay(), RenewalPrior()
    generation = _interval()[:22] / _interval()[:22].sum()
    started = time.perf_counter()
    estimate_renewal(counts[:1, :20], generation, delay)
    answer: dict[str, Any] = {"first_call_s": time.perf_counter() - started}
    result = None

    def work() -> None:
        nonlocal result
        result = estimate_renewal(counts, generation, delay)

    answer["ours_s"] = _median(work, min(args.rounds, 3))
    answer["ours_cpu_s"] = _cpu(work)
    answer["settled_areas"] = int(result.settled.sum())
    if args.peers is None:
        return answer
    np.savez(
        folder / "nuts.npz", counts=counts[:NUTS_AREAS], generation=generation, delay=delay, walk_sd=prior.walk_sd, kappa_sd=prior.kappa_sd,
        sds=np.array([prior.r_sd, prior.growth_sd, prior.level_sd, prior.weekday_sd]),
    )  # fmt: skip
    script = str(ROOT / "bench" / "estimates_nuts.py")
    subprocess.run([str(args.peers), script, str(folder / "nuts.npz"), str(folder / "out.npz"), "300", "300"], check=True, capture_output=True)
    theirs = np.load(folder / "out.npz")
    gap = np.abs(result.mean[:NUTS_AREAS] - theirs["mean"]) / theirs["sd"]
    answer["nuts_s_an_area"] = float(np.mean(theirs["seconds"]))
    answer["times_nuts"] = answer["nuts_s_an_area"] * AREAS / answer["ours_s"]
    answer["gap_of_means_in_sd"] = {"mean": float(gap.mean()), "largest": float(gap.max())}
    answer["ratio_of_sds"] = float(np.mean(result.sd[:NUTS_AREAS] / theirs["sd"]))
    return answer


def _nowcast(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    chance = np.random.default_rng(2)
    counts = outbreaks(seed=3)
    areas, onset = np.nonzero(counts)
    many = counts[areas, onset]
    areas, onset = np.repeat(areas, many), np.repeat(onset, many)
    waited = estimate.delay_of_moments("lognormal", 5.0, 3.0).quantile(chance.random(len(onset)))
    report = np.floor(onset + chance.random(len(onset)) + waited).astype(int)
    reports = estimate.reports_of_cases(onset, report, last=DAYS - 1, areas=areas, area_count=AREAS)
    result = None

    def work() -> None:
        nonlocal result
        result = estimate.nowcast_counts(reports, most_delay_days=21)

    took = _median(work, min(args.rounds, 3))
    newest = slice(-10, None)
    truth = counts[:, newest]
    quantiles = result.quantiles[:, newest]
    pinball = 2 * ((truth[..., None] <= quantiles) - np.asarray(result.levels)) * (quantiles - truth[..., None])
    return {
        "ours_s": took,
        "ours_cpu_s": _cpu(work),
        "cases": int(counts.sum()),
        "score_newest_10_days": float(pinball.mean()),
        "score_of_what_is_known": float(np.abs(reports.known[:, newest] - truth).mean()),
        "coverage_90": float(((truth >= quantiles[..., 1]) & (truth <= quantiles[..., 5])).mean()),
    }


PARTS: dict[str, Callable[[argparse.Namespace, Path], dict[str, Any]]] = {
    "forecast": lambda args, _folder: estimates_forecast.measure(args.rounds),
    "reproduction": _reproduction,
    "infections": _infections,
    "renewal": _renewal,
    "nowcast": _nowcast,
}


if __name__ == "__main__":
    sys.exit(main())
