"""What a simulated epidemic costs, part by part. ``python -m bench.epidemic --part NAME`` runs one of ``PARTS``.

Sizes, saved cities and cold starts are processes of their own (``tongchou simulate --json``); towns, layers and measures
run in this one, on one thread; of repeats the median is told, here the least, for a difference of two. Every row says how many were infected and for how
many infectious days, because a cost without them says nothing.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from tongchou.engine.city import City, synthesize_city
from tongchou.engine.epidemic import Contacts, Disease, Layer, Outcome, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.layers import Meeting
from tongchou.engine.epidemic.scenario import read_scenario
from tongchou.engine.epidemic.theory import scale_to_reproduction_number
from tongchou.store.census_tables import read_census
from tongchou.store.epidemic_packs import SCENARIOS, load_contacts, load_disease

ROOT = Path(__file__).resolve().parents[1]
DELTA = 'name_en = "Delta without measures"\ndisease = "sars-cov-2-delta"\n'
NOBODY = Meeting(0.0)
NONE = (NOBODY, NOBODY)
EVERYWHERE = m.Where()
CENSUS, SEED, IMPORTS = "panzhihua", 1, 20
TOWN_PEOPLE, TOWN_DAYS = 20_000, 45
NO_NETWORK_REPRODUCTION = 3.0


def command(*words: str, cache: str | None = None) -> dict[str, Any]:
    """One ``tongchou ... --json`` in a process of its own; ``wall_s`` and ``cpu_s`` of the whole of it beside what it says."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")} | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    begun, spent = perf_counter(), _children_s()
    done = subprocess.run([sys.executable, "-m", "tongchou.cli", *words, "--json"], capture_output=True, text=True, check=True, cwd=ROOT, env=env)
    return {**json.loads(done.stdout), "wall_s": perf_counter() - begun, "cpu_s": _children_s() - spent}


def _children_s() -> float:
    """Processor seconds of all processes that this one has waited for: on a loaded machine they say more than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def simulated(people: int, days: int, scenario: str, *more: str, cache: str | None = None) -> dict[str, Any]:
    named = ("--people", str(people)) if people else ()
    return command("simulate", *named, "--days", str(days), "--imports", str(IMPORTS), "--scenario", scenario, *more, cache=cache)


def middle(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The median of every number of some rows."""
    return {key: statistics.median(row[key] for row in rows) for key, value in rows[0].items() if isinstance(value, int | float)}


def told(name: str, row: dict[str, Any], *more: str) -> None:
    parts = [
        f"build {row['build_s']:.2f} s", f"run {row['run_s']:.2f} s", f"load {row['load_s']:.2f} s", f"{row['peak_rss_mib']:.0f} MiB",
        f"infections {row['infections']:.0f} ({row['attack_rate']:.3f})", f"processor {row['cpu_s']:.2f} s", f"infectious days {row['infectious_days']:.0f}", *more,
    ]  # fmt: skip
    print(f"{name:34} {'  '.join(parts)}", flush=True)


def sizes(people: Sequence[int], days: int, repeats: int, folder: Path) -> None:
    """Cost of an infectious person-day and memory of a person, by size of the city."""
    heavy = folder / "delta.toml"
    heavy.write_text(DELTA, encoding="utf-8")
    base = simulated(1000, 5, "uncontrolled")["peak_rss_mib"]
    for count in people:
        for scenario in (str(heavy), "uncontrolled", "controlled"):
            row = middle([simulated(count, days, scenario) for _ in range(repeats)])
            per_day = f"{row['run_s'] / max(row['infectious_days'], 1) * 1e9:.0f} ns an infectious day"
            told(f"{count} {Path(scenario).stem}", row, per_day, f"{(row['peak_rss_mib'] - base) * 2**20 / count:.0f} bytes a person above {base} MiB")


def saved(people: Sequence[int], days: int, repeats: int, folder: Path) -> None:
    """The same from a city that is on disk."""
    for count in people:
        place = folder / f"city-{count}"
        made = command("city", "synthesize", "--census", CENSUS, "--people", str(count), "--out", str(place))
        print(f"{count} synthesised in {made['build_s']} s, written in {made['save_s']} s, {made['bytes_per_person']} bytes a person", flush=True)
        for scenario in ("uncontrolled", "controlled"):
            row = middle([simulated(0, days, scenario, "--city", str(place)) for _ in range(repeats)])
            told(f"{count} saved, {scenario}", row, f"wall {row['wall_s']:.2f} s")


def cold(_people: Sequence[int], _days: int, repeats: int, folder: Path) -> None:
    """The first call of a machine, which compiles, and the calls after it."""
    for scenario in ("uncontrolled", "controlled"):
        for name in range(repeats):
            cache = str(folder / f"{scenario}-{name}")
            first, again = (simulated(10_000, 30, scenario, cache=cache) for _ in range(2))
            print(f"{scenario}: first call {first['wall_s']:.1f} s (load {first['load_s']:.1f} s), again {again['wall_s']:.2f} s (load {again['load_s']:.2f} s)", flush=True)


def towns(_people: Sequence[int], _days: int, repeats: int, _folder: Path) -> None:
    """What a run of a small town takes, which is mostly the cost of its days and not of its infections."""
    city, contacts = synthesize_city(read_census(CENSUS), people=TOWN_PEOPLE, seed=SEED), load_contacts()
    for name in ("uncontrolled", "reported-curve", "controlled"):
        scenario = read_scenario((SCENARIOS / f"{name}.toml").read_text("utf-8"), contacts)
        seconds, outcome = timed(city, load_disease(scenario.disease), scenario.measures, contacts, TOWN_DAYS, 10 * repeats, scenario.imports or IMPORTS)
        print(f"{TOWN_PEOPLE} people, {TOWN_DAYS} days, {name}: {seconds * 1e3:.1f} ms, {outcome.infections} infections", flush=True)


def timed(
    city: City, disease: Disease, measures: Sequence[m.Measure], contacts: Contacts, days: int, repeats: int, imports: Any = IMPORTS
) -> tuple[float, Outcome]:
    """(least seconds of a run on one thread, its outcome); one run before them loads the code. Other programs only add."""
    def once() -> Outcome:
        return simulate_epidemic(city, disease, measures, contacts=contacts, days=days, imports=imports, seed=SEED)

    once()
    spent = []
    for _ in range(repeats):
        begun = perf_counter()
        outcome = once()
        spent.append(perf_counter() - begun)
    return min(spent), outcome


def layers(people: Sequence[int], days: int, repeats: int, _folder: Path) -> None:
    """One layer of contacts after another, each time scaled to the same reproduction number."""
    usual, disease = load_contacts(), load_disease("sars-cov-2-delta")
    city = synthesize_city(read_census(CENSUS), people=people[0], seed=SEED)
    plain = replace(
        usual, household=NOBODY, school=NONE, work=NONE, institution=NONE, transport=NOBODY, own_neighbourhood=0.0, own_county=0.0
    )  # fmt: skip
    steps: list[tuple[str, dict[str, Any]]] = [
        ("anybody in the city", {}),
        ("and mostly of one's neighbourhood", {"own_neighbourhood": usual.own_neighbourhood, "own_county": usual.own_county}),
        ("and households", {"household": usual.household}), ("and schools", {"school": usual.school}),
        ("and teams and workplaces", {"work": usual.work}), ("and institutions", {"institution": usual.institution}),
        ("and transport", {"transport": usual.transport}),
    ]  # fmt: skip
    contacts = plain
    for name, more in steps:
        contacts = replace(contacts, **more)
        scaled = scale_to_reproduction_number(city, disease, contacts, NO_NETWORK_REPRODUCTION)
        _say_cost(name, city, *timed(city, scaled, (), contacts, days, repeats))


def _say_cost(name: str, city: City, seconds: float, outcome: Outcome, *more: str) -> None:
    each = seconds / max(outcome.infectious_days, 1) * 1e9
    parts = [f"{seconds:.3f} s", f"infected {outcome.attack_rate:.3f}", f"infectious days {outcome.infectious_days}", f"{each:.0f} ns an infectious day"]
    print(f"{name:40} {'  '.join([*parts, *more])}  ({city.persons} people)", flush=True)


def measures(people: Sequence[int], days: int, repeats: int, _folder: Path) -> None:
    """One measure after another in a full epidemic, each set so that it changes nothing: what is left is its work.

    Nobody wears the masks, isolates, is quarantined or vaccinated; so every row has the same infections, which is checked.
    A "time" is a day, for rounds of tests a round.
    """
    contacts, disease = load_contacts(), load_disease("sars-cov-2-delta")
    city = synthesize_city(read_census(CENSUS), people=people[0], seed=SEED)
    found = tuple((layer, share) for layer, share in zip(Layer, (1.0, 0.7, 0.7, 0.5, 0.2, 0.0, 0.7, 0.0), strict=True))  # as controlled.toml
    weekly = m.TestRounds(EVERYWHERE, 0.8, 7, 1)
    steps: tuple[tuple[str, m.Measure], ...] = (
        ("masks by layer, area and age", m.masks(m.Where(first_age=6), wearing=0.0, outward=0.5, inward=0.5)),
        ("vaccination", m.Vaccination(EVERYWHERE, 1.0, 1e-9)),
        ("tests of the ill, results, reports", m.SymptomaticTesting(EVERYWHERE, 0.7, (0.3, 0.4, 0.3), 1)),
        ("isolation", m.Isolation(EVERYWHERE, 14, 0.0)),
        ("rounds of tests every 7 days", weekly),
        ("zone levels", m.ZoneRule(EVERYWHERE, "neighbourhood", (m.ZoneLevel("raised", 5, 7),), 7)),
        ("tracing of 1,000 cases a day", m.Tracing(EVERYWHERE, found, (), cases_per_day=1000)),
        ("quarantine of those found", m.Quarantine(EVERYWHERE, 14, 0.0)),
    )
    bare, outcome = timed(city, disease, (), contacts, days, repeats)
    _say_cost("no measure", city, bare, outcome)
    so_far: tuple[m.Measure, ...] = ()
    before = bare
    for name, measure in steps:
        so_far = (*so_far, measure)
        seconds, again = timed(city, disease, so_far, contacts, days, repeats)
        if again.infections != outcome.infections:
            raise AssertionError(f"{name} changed the epidemic: {again.infections} infections instead of {outcome.infections}")
        times = days / weekly.every_days if measure is weekly else days
        more = (seconds - before) / city.persons / times * 1e9
        _say_cost(f"and {name}", city, seconds, again, f"{seconds - before:+.3f} s", f"{more:+.2f} ns a person and time", f"{again.log.traced.sum()} traced")
        before = seconds


PARTS: dict[str, Callable[[Sequence[int], int, int, Path], None]] = {
    "sizes": sizes, "saved": saved, "cold": cold, "towns": towns, "layers": layers, "measures": measures,
}  # fmt: skip


def run_part(part: str, people: Sequence[int], days: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        PARTS[part](people, days, repeats, Path(folder))
