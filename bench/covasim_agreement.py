"""Does this engine agree with Covasim: attack rate, peak day and peak height on settings that both can have.

    nice flock /work/bench.lock env PYTHONPATH=src:. .venv/bin/python -m bench.covasim_agreement --peers DIR [--only SETTING ...] [--versions covasim3 covasim4] [--seeds 40] [--keep DIR] [--out FILE.json]

DIR holds venv-covasim3 (3.1.6) and venv-covasim4 (4.0.1), as for ``bench.epidemic``. The settings, what is compared and when
it counts as agreement were fixed before the first run and are explained in docs/models/covasim.md: the median of our runs must
lie inside Covasim's own 5 to 95 % range over seeds. Exits with 1 where it does not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.covasim_settings import (
    DAYS,
    IMPORTS,
    PEOPLE,
    Setting,
    controlled_setting,
    layers_setting,
    random_setting,
    shipped_setting,
)
from tongchou.engine.epidemic import simulate_epidemic

PEER = Path(__file__).with_name("covasim_peer.py")
VERSIONS = {"covasim3": 1.0, "covasim4": 0.5}  # share of the seeds, at least 20: version 4 takes twice the time
FIGURES = ("attack_rate", "peak_day", "peak_per_1000")
SMOOTHED_DAYS = 7
SEEDS_AT_ONCE = 4
OUR_SEEDS = 40
Rows = NDArray[np.float64]


def figures_of(daily: NDArray[Any], infected: int, people: int) -> tuple[float, float, float]:
    """Share ever infected; day and height (new infections a day per 1,000 persons) of the peak of the centred 7-day mean."""
    smooth = np.convolve(daily, np.full(SMOOTHED_DAYS, 1.0 / SMOOTHED_DAYS), mode="valid")
    peak = int(smooth.argmax())
    return infected / people, peak + SMOOTHED_DAYS // 2, 1000.0 * float(smooth[peak]) / people


def our_figures(setting: Setting, first_seed: int, seeds: int) -> Rows:
    """[seeds, figures] of this engine."""
    rows = []
    for seed in range(first_seed, first_seed + seeds):
        outcome = simulate_epidemic(
            setting.city, setting.disease, setting.measures, contacts=setting.contacts, days=DAYS, imports=IMPORTS, seed=seed, threads=2,
        )  # fmt: skip
        daily = np.bincount(outcome.chain.day, minlength=DAYS)
        rows.append(figures_of(daily, len(np.unique(outcome.chain.person)), setting.city.persons))
    return np.array(rows)


def peer_figures(setting: Setting, python: Path, seeds: int, keep: Path) -> tuple[Rows, str]:
    """[seeds, figures] of Covasim, and its version. Runs are kept by setting and version and not run again."""
    words = json.dumps(setting.peer)
    number = sha256(words.encode() + b"".join(array.tobytes() for array in setting.arrays.values())).hexdigest()[:12]
    kept = keep / f"{setting.name}-{python.parents[1].name}-{number}.jsonl"
    keep.mkdir(parents=True, exist_ok=True)
    kept.touch()
    with tempfile.TemporaryDirectory() as folder:
        text, arrays = Path(folder) / "setting.json", Path(folder) / "setting.npz"
        text.write_text(words, encoding="utf-8")
        np.savez(arrays, **setting.arrays)
        while (done := len(kept.read_text("utf-8").splitlines())) < seeds:
            command = [str(python), str(PEER), str(text), str(arrays), str(done + 1), str(min(SEEDS_AT_ONCE, seeds - done))]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode:
                raise SystemExit(f"{python}: {ended.stderr[-2000:]}")
            lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]  # Covasim greets first
            with kept.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
    runs = [json.loads(line) for line in kept.read_text("utf-8").splitlines()[:seeds]]
    rows = [figures_of(np.array(run["daily"]), run["ever_infected"], setting.peer["people"]) for run in runs]
    return np.array(rows), runs[0]["version"]


def read_shipped(python: Path, *, daily: bool = False) -> Setting:
    """The setting of Covasim as it ships; its population and course are written by version 3."""
    with tempfile.TemporaryDirectory() as folder:
        arrays, course = Path(folder) / "people.npz", Path(folder) / "course.json"
        subprocess.run([str(python), str(PEER), "--shipped", str(PEOPLE), str(arrays), str(course)], check=True, capture_output=True)
        with np.load(arrays) as file:
            people = {name: file[name] for name in file.files}
        return shipped_setting(people, json.loads(course.read_text(encoding="utf-8")), daily=daily)


def judge(ours: Rows, theirs: Rows) -> list[dict[str, float | bool | str]]:
    """By figure: Covasim's range over seeds, our median in it or not, the share of our runs in it, difference of medians."""
    found: list[dict[str, float | bool | str]] = []
    for at, name in enumerate(FIGURES):
        low, middle, high = np.quantile(theirs[:, at], (0.05, 0.5, 0.95))
        own_low, own, own_high = np.quantile(ours[:, at], (0.05, 0.5, 0.95))
        inside = (ours[:, at] >= low) & (ours[:, at] <= high)
        found.append({
            "figure": name, "low": float(low), "median": float(middle), "high": float(high), "our_low": float(own_low), "our_median": float(own),
            "our_high": float(own_high), "difference": float(own - middle), "our_runs_inside": float(inside.mean()), "agrees": bool(low <= own <= high),
        })  # fmt: skip
    return found


def compare(setting: Setting, peers: Path, versions: list[str], seeds: int, keep: Path) -> list[dict[str, Any]]:
    out = []
    for version in versions:
        theirs, number = peer_figures(setting, peers / f"venv-{version}" / "bin" / "python", max(20, round(VERSIONS[version] * seeds)), keep)
        ours = our_figures(setting, 1, OUR_SEEDS)
        for row in judge(ours, theirs):
            out.append({"setting": setting.name, "covasim": number, "seeds": len(theirs), "our_seeds": OUR_SEEDS, **row})
            say(out[-1])
    return out


def say(row: dict[str, Any]) -> None:
    digits = {"attack_rate": 4, "peak_day": 1, "peak_per_1000": 2}[row["figure"]]
    shown = {key: f"{row[key]:.{digits}f}" for key in ("low", "median", "high", "our_low", "our_median", "our_high", "difference")}
    print(
        f"{row['setting']:10} {row['covasim']} {row['figure']:13} Covasim {shown['median']:>7} ({shown['low']} to {shown['high']})  "
        f"ours {shown['our_median']:>7} ({shown['our_low']} to {shown['our_high']})  difference {shown['difference']:>7}  "
        f"inside {row['our_runs_inside']:4.0%}  {'agrees' if row['agrees'] else 'DIFFERS'}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.covasim_agreement")
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=["random", "layers", "controlled", "shipped", "daily"])
    parser.add_argument("--versions", nargs="*", default=list(VERSIONS), choices=list(VERSIONS))
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--keep", type=Path, default=Path("covasim-runs"), help="folder of Covasim's runs; a killed comparison goes on from it")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    makers: dict[str, Callable[[], Setting]] = {
        "random": random_setting, "layers": layers_setting, "controlled": controlled_setting,
        "shipped": lambda: read_shipped(args.peers / "venv-covasim3" / "bin" / "python"),
        "daily": lambda: read_shipped(args.peers / "venv-covasim3" / "bin" / "python", daily=True),
    }  # fmt: skip
    rows = [row for name in args.only for row in compare(makers[name](), args.peers, args.versions, args.seeds, args.keep)]
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0 if all(row["agrees"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
