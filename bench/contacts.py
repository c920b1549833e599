"""Who was exposed, side by side: our index, DuckDB on sorted Parquet, DuckDB's own table, Polars, PostgreSQL.

    tongchou visits synthesize --people 200000 --visits 10000000 --days 21 --seed 1 --out WORK/raw
    python -m bench.contacts prepare WORK [ENGINE ...]      builds what each engine keeps, once; it stays
    python -m bench.contacts ask WORK [ENGINE ...]          the same questions to all in one run, answers compared
    python -m bench.contacts day WORK                       a further day into the index, and out again

Needs ``requirements-bench.txt``. Every engine runs in a process of its own with two threads. *Cold* is a fresh process whose
files have left the page cache. An answer that differs from the others in any row or column fails the run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from bench.contact_peers import ENGINES, run_apart  # noqa: E402
from tongchou.engine.contacts import Visits  # noqa: E402
from tongchou.engine.visits import synthesize_visits  # noqa: E402
from tongchou.store.contact_index import open_contact_index  # noqa: E402
from tongchou.store.visit_store import VisitStore  # noqa: E402

DAY_S = 86_400


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.contacts")
    parser.add_argument("what", choices=("prepare", "ask", "day"))
    parser.add_argument("work", type=Path, help="a folder with raw/ from `tongchou visits synthesize`")
    parser.add_argument("engines", nargs="*", help=f"of {', '.join(ENGINES)}; all by default")
    parser.add_argument("--cases", default="1,10,100,1000", help="how many cases each question asks")
    parser.add_argument("--second", default="1", help="how many cases are asked to the second generation; empty for none")
    parser.add_argument("--days", type=int, default=14, help="length of the window, ending with the last day")
    parser.add_argument("--repeat", type=int, default=7, help="warm repetitions of a quick question; slow ones are asked less often")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    names = args.engines or list(ENGINES)
    if unknown := set(names) - set(ENGINES):
        parser.error(f"unknown engine: {', '.join(unknown)}")
    return {"prepare": prepare, "ask": ask, "day": further_day}[args.what](args, names)


def prepare(args: argparse.Namespace, names: list[str]) -> int:
    for name in names:
        done = run_apart(name, "prepare", args.work)
        keep(args.work / "built.json", name, done)
        sys.stdout.write(f"{name}: {json.dumps(done)}\n")
        sys.stdout.flush()
    return 0


def keep(path: Path, name: str, done: dict[str, Any]) -> None:
    whole = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(whole | {name: done}, indent=1))


def ask(args: argparse.Namespace, names: list[str]) -> int:
    """The questions to the engines named; the answers are held against each other and against kept ones to the same plan."""
    plan = plan_of(args)
    (args.work / "plan.json").write_text(json.dumps(plan))
    kept = json.loads(path.read_text()) if (path := args.work / "asked.json").exists() else {}
    told = {name: one for name, one in kept.items() if one["plan"] == plan["questions"]}
    for name in names:
        told[name] = run_apart(name, "ask", args.work) | {"plan": plan["questions"]}
        keep(path, name, told[name])
        sys.stdout.write(f"{name}: opened in {told[name]['open_s']} s, peak {told[name]['peak_mb']} MB\n")
        sys.stdout.flush()
    built = json.loads((args.work / "built.json").read_text()) if (args.work / "built.json").exists() else {}
    sys.stdout.write(table_of(told, built) + "\n")
    wrong = differing(told)
    for line in wrong:
        sys.stdout.write(f"DIFFERENT: {line}\n")
    if not wrong and len(told) > 1:
        sys.stdout.write(f"{', '.join(told)}: the same rows to every question\n")
    return 1 if wrong else 0


def plan_of(args: argparse.Namespace) -> dict[str, Any]:
    """The questions: cases drawn from those who have visits, all within the last ``--days`` days."""
    store = VisitStore(args.work / "raw")
    last = max(store.days())
    ends = (last + 1) * DAY_S
    people = np.unique(store.read_day(last).person)
    counts = [int(word) for word in args.cases.split(",")]
    drawn = np.random.default_rng(args.seed).choice(people, max(counts), replace=False).tolist()
    questions = [{"name": f"{count} cases", "cases": drawn[:count], "generations": 1} for count in counts]
    for word in filter(None, args.second.split(",")):
        questions.append({"name": f"{word} to the second", "cases": drawn[: int(word)], "generations": 2})
    return {"window": [ends - args.days * DAY_S, ends], "least": 60, "repeat": args.repeat, "questions": questions}


def differing(told: dict[str, dict[str, Any]]) -> list[str]:
    """The questions that not all engines answer with the same rows."""
    by_question: dict[str, dict[tuple[str, int], list[str]]] = {}
    for name, one in told.items():
        for answer in one["answers"]:
            by_question.setdefault(answer["name"], {}).setdefault((answer["digest"], answer["rows"]), []).append(name)
    return [f"{question}: {answers}" for question, answers in by_question.items() if len(answers) > 1]


def table_of(told: dict[str, dict[str, Any]], built: dict[str, dict[str, Any]]) -> str:
    """Markdown: medians in ms, the first question cold in brackets, and how many times the index's time."""
    questions = [answer["name"] for answer in next(iter(told.values()))["answers"]]
    rows = {answer["name"]: answer["rows"] for answer in next(iter(told.values()))["answers"]}
    heads = ["engine", "build s", "peak MB", "on disk MB", *(f"{name} ({rows[name]:,} rows)" for name in questions), "asking, peak MB"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    ours = {answer["name"]: answer["warm_s"] for answer in told.get("index", {"answers": []})["answers"]}
    for name, one in told.items():
        build = built.get(name, {})
        cells = [name, str(build.get("build_s", "")), str(build.get("peak_mb", "")), str(one["size_mb"])]
        for answer in one["answers"]:
            times = f" ×{answer['warm_s'] / ours[answer['name']]:,.0f}" if name != "index" and ours.get(answer["name"]) else ""
            cold = f" (cold {answer['first_s'] * 1000:,.1f})" if answer["cold"] else ""
            cells.append(f"{answer['warm_s'] * 1000:,.2f}{times}{cold}")
        lines.append(f"| {' | '.join([*cells, str(one['peak_mb'])])} |")
    return "\n".join(lines)


def further_day(args: argparse.Namespace, _names: list[str]) -> int:
    """One more day of visits into the standing store and index; afterwards the day is taken out again."""
    store = VisitStore(args.work / "raw")
    sizes = store.days()
    last, most = max(sizes), max(sizes.values())
    people = int(store.read_day(last).person.max()) + 1
    first = date(1970, 1, 1) + timedelta(days=last + 1)
    day = synthesize_visits(people=people, visits=most, days=1, seed=args.seed, places=max(1, sum(sizes.values()) // 500), first=first).of_day(0)
    for what, visits in (("added", Visits(day.person, day.place, day.start, day.end)), ("taken out", Visits([], [], [], []))):
        started = time.perf_counter()
        store.replace_day(last + 1, visits)
        stored = time.perf_counter()
        opened = open_contact_index(args.work / "raw", folder=args.work / "index")
        sys.stdout.write(
            f"a day of {most} visits {what}: store {stored - started:.2f} s, index {opened.done} in {time.perf_counter() - stored:.2f} s, "
            f"{opened.count.good} visits\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
