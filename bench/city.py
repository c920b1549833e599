"""Time and memory of a synthetic city: built, written, opened. ``python -m bench.city [--people 1000000 10000000]``.

Each size and repeat is a process of its own, so that peak memory is its own and imports are counted once, apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time


def build(census: str, people: int, folder: Path) -> dict[str, float]:
    begun = perf_counter()
    from tongchou.engine.city import synthesize_city  # the import is one of the times
    from tongchou.store.census_tables import read_census
    from tongchou.store.city_file import save_city

    table = read_census(census)
    imported, worked = perf_counter(), process_time()
    city = synthesize_city(table, people=people, seed=1, threads=2)
    built, worked = perf_counter(), process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    save_city(city, folder)
    return {
        "import_s": imported - begun, "build_s": built - imported, "build_cpu_s": worked, "save_s": perf_counter() - built, "peak_mib": peak,
        "bytes_per_person": city.nbytes / len(city),
    }  # fmt: skip


def load(folder: Path) -> dict[str, float]:
    from tongchou.store.city_file import load_city  # imports are counted in build

    begun = perf_counter()
    city = load_city(folder)
    opened = perf_counter()
    touched = sum(int(array[::1024].sum()) for array in city.arrays().values())
    mapped = perf_counter()
    whole = load_city(folder, mmap=False)
    read = perf_counter()
    whole.check()
    checked = perf_counter()
    assert touched >= 0
    return {
        "open_s": opened - begun, "touch_s": mapped - opened, "read_s": read - mapped, "check_s": checked - read,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def measure(census: str, people: int, repeats: int) -> dict[str, object]:
    runs: dict[str, list[dict[str, float]]] = {"build": [], "load": []}
    with tempfile.TemporaryDirectory() as home:
        for number in range(repeats):
            folder = Path(home) / str(number)
            for what in ("build", "load"):
                words = [sys.executable, "-m", "bench.city", "--step", what, "--census", census, "--people", str(people), "--folder", str(folder)]
                runs[what].append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    middle = {what: {key: round(statistics.median(run[key] for run in of), 3) for key in of[0]} for what, of in runs.items()}
    spread = [round(edge(run["build_s"] for run in runs["build"]), 2) for edge in (min, max)]
    return {"census": census, "people": people, "repeats": repeats, **middle, "build_s_spread": spread}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--census", default="generic")
    parser.add_argument("--people", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--step", choices=("build", "load"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps(build(args.census, args.people[0], args.folder) if args.step == "build" else load(args.folder)))
        return
    for people in args.people:
        print(json.dumps(measure(args.census, people, args.repeats)), flush=True)


if __name__ == "__main__":
    main()
