"""List page and search, p95 for each post, in two ledger cities side by side; no ledger may be scanned.

    python -m bench.lists SMALL_FOLDER LARGE_FOLDER [--requests 40]

The folders are ledger cities made by ``tongchou city synthesize-ledger``. Requests go through Django's
test client: URL, gate, view, template and audit line included, the network left out. The two cities are
measured in turns, so that other work on the machine meets both alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.lists")
    parser.add_argument("small", type=Path)
    parser.add_argument("large", type=Path)
    parser.add_argument("--requests", type=int, default=40)
    args = parser.parse_args()
    times: dict[str, dict[str, list[float]]] = {}
    scans: list[str] = []
    for _round in range(ROUNDS):
        for folder in (args.small, args.large):
            told = _probe(folder, args.requests)
            scans += [f"{folder.name}: {plan}" for plan in told["scans"]]
            for question, took in told["times_ms"].items():
                times.setdefault(question, {}).setdefault(folder.name, []).extend(took)
    print(f"{'question':<34}{args.small.name:>14}{args.large.name:>14}{'ratio':>8}   (p95, ms, {ROUNDS * args.requests} requests)")
    worst = 0.0
    for question, both in sorted(times.items()):
        small, large = p95(both[args.small.name]), p95(both[args.large.name])
        worst = max(worst, large / small)
        print(f"{question:<34}{small:>14.1f}{large:>14.1f}{large / small:>8.2f}")
    for plan in sorted(set(scans)):
        print("FULL SCAN", plan)
    print(f"worst ratio {worst:.2f} (target 2), full scans {len(set(scans))} (target 0)")
    return 0 if worst <= 2 and not scans else 1


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _probe(folder: Path, requests: int) -> dict:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    words = [sys.executable, "-W", "ignore", "-m", "bench.lists_probe", "--requests", str(requests)]
    environment = {**os.environ, "TONGCHOU_DATA": str(folder.resolve()), "PYTHONPATH": path, "TONGCHOU_DEMO": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
