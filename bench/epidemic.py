"""The epidemic engine beside the peers that install from the registry: same people, same days, one run after the other.

    flock bench.lock env PYTHONPATH=src:. .venv/bin/python -m bench.epidemic --people 100000 --peers DIR [--days 120] [--only NAME ...]
    flock bench.lock env PYTHONPATH=src:. .venv/bin/python -m bench.epidemic --part sizes --people 100000 1000000 10000000 [--repeats 3]

DIR holds one virtual environment a peer: venv-covasim3, venv-covasim4, venv-starsim, venv-epiworld, venv-laser. Each run is
a process of its own; ours prints the line of ``tongchou simulate --json``. Building the population is inside ``total``.
``--part`` measures ours alone: see ``bench.epidemic_costs``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.epidemic_costs import DELTA, PARTS, run_part, simulated

ROOT = Path(__file__).resolve().parents[1]
PEER_RUNS = (
    ("laser", "uncontrolled"), ("epiworld", "uncontrolled"), ("epiworld", "controlled"), ("covasim3", "uncontrolled"),
    ("covasim3", "controlled"), ("covasim4", "uncontrolled"), ("covasim4", "controlled"), ("starsim", "uncontrolled"),
)  # fmt: skip


def peer(folder: Path, name: str, scenario: str, people: int, days: int) -> dict[str, Any]:
    script = ROOT / "bench" / "epidemic_peers.py"
    words = [str(folder / f"venv-{name}" / "bin" / "python"), str(script), name, scenario, str(people), str(days), "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.epidemic")
    parser.add_argument("--people", type=int, nargs="+", default=[100_000])
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    if args.part:
        run_part(args.part, args.people, args.days, args.repeats)
        return 0
    (people,) = args.people
    with tempfile.TemporaryDirectory() as folder:
        heavy = Path(folder) / "delta.toml"
        heavy.write_text(DELTA, encoding="utf-8")
        simulated(10_000, 20, "controlled")  # compiles, where nothing is cached
        for scenario in ("uncontrolled", str(heavy), "controlled"):
            say("tongchou", Path(scenario).stem, simulated(people, args.days, scenario), people)
    for name, scenario in PEER_RUNS:
        if args.peers and (args.only is None or name in args.only):
            say(name, scenario, peer(args.peers, name, scenario, people, args.days), people)
    return 0


def say(name: str, scenario: str, row: dict[str, Any], people: int) -> None:
    total = row["build_s"] + row["run_s"]
    print(
        f"{name:9} {scenario:13} build {row['build_s']:8.2f} s  run {row['run_s']:8.2f} s  total {total:8.2f} s  "
        f"{row['peak_rss_mib']:6} MiB  infections {row['infections']:9} ({row['infections'] / people:.3f})  "
        f"infectious days {row.get('infectious_days', '-')}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
