"""``tongchou simulate`` on processes or on Dask: many replicates, kept in a folder, of one scenario or of two side by side."""

from __future__ import annotations

import argparse
import hashlib
import math
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli import simulate_truth
from tongchou.cli.terminal import CommandError, UsageError, table
from tongchou.engine.city import City
from tongchou.engine.epidemic import Contacts
from tongchou.engine.epidemic.ensemble import QUANTILES, SERIES, Arm, Replicate
from tongchou.engine.epidemic.scenario import Scenario
from tongchou.store.city_file import load_city, save_city
from tongchou.store.ensemble_crews import BACKENDS
from tongchou.store.ensemble_runner import Ensemble, ready_arm, run_ensemble, usable_cores

STOPPED = 130
"""exit code of what was stopped by Ctrl-C, as for every command"""

TOTALS = {
    "infections": "感染/infections", "onsets": "发病/onsets", "reports": "报告/reports", "admissions": "住院/admissions", "deaths": "死亡/deaths",
    "beds": "床日/bed-days", "infectious": "传染人日/infectious days", "tests": "检测/tests", "away": "隔离人日/days away", "workdays_lost": "误工日/workdays lost",
    "school_days_lost": "误学日/school days lost",
}  # fmt: skip
"""headings of series summed over the days"""


def add_ensemble_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--workers", type=int, metavar="W", help="用 W 个进程代替线程 / W processes in place of threads")
    add("--backend", choices=BACKENDS, help="在本机进程或 Dask 上运行，缺省本机进程 / on processes here (if left out) or on Dask")
    add("--scheduler", default="", metavar="ADDRESS", help="Dask 调度器地址；省略则在本机起一个 / of a Dask cluster; without it one is started here")
    add("--keep", type=Path, metavar="DIR", help="保留每次重复的文件夹；中断后同一命令续接 / folder that keeps each replicate; after a stop the same command goes on")
    add("--against", metavar="FILE.toml", help="另一情景：同一随机数下逐人成对比较 / a second scenario, compared person by person under the same random numbers")


def is_asked(args: argparse.Namespace) -> bool:
    """Whether the words ask for an ensemble, and not for runs on threads of this process."""
    asked = args.workers is not None or bool(args.backend or args.scheduler or args.keep or args.against)
    if asked and simulate_truth.is_asked(args):
        raise UsageError(
            "--out、--series、--visits、--explain 只说单次运行：请去掉 --workers、--backend、--scheduler、--keep、--against",
            "--out writes out one run, as do --series, --visits and --explain; leave out --workers, --backend, --scheduler, --keep and --against",
        )
    return asked


@contextmanager
def saved_city(args: argparse.Namespace, make: Callable[[], City]) -> Iterator[Path]:
    """The folder of the city that all workers map: the one named, one kept beside the runs, or one for this call."""
    if args.city:
        yield args.city
        return
    home: AbstractContextManager[str] = nullcontext(str(args.keep / "city")) if args.keep else tempfile.TemporaryDirectory(prefix="tongchou-city-")
    with home as parent:
        census = Path(args.census)
        table_hash = hashlib.sha256(census.read_bytes()).hexdigest()[:12] if census.is_file() else census.name
        folder = Path(parent) / f"{table_hash}-{args.people}-{args.seed}"
        if not folder.exists():
            save_city(make(), folder)
        yield folder


def ready_arms(scenarios: Mapping[str, Scenario], folder: Path, contacts: Contacts) -> list[Arm]:
    city = load_city(folder)
    return [ready_arm(name, scenario, city, contacts) for name, scenario in scenarios.items()]


def run_arms(args: argparse.Namespace, folder: Path, arms: list[Arm], contacts: Contacts) -> Ensemble:
    """Raises CommandError where it was stopped before anything was finished."""
    with _stop_after_this() as stopped:
        ensemble = run_ensemble(
            folder, arms, replicates=args.replicates, seed=args.seed, days=args.days, contacts=contacts, backend=args.backend or "processes",
            workers=args.workers, scheduler=args.scheduler, keep=args.keep, progress=_Report(args), cancelled=stopped.is_set,
        )  # fmt: skip
    if ensemble.damaged:
        args.say.progress(f"{ensemble.damaged} 个保留文件已损坏，已重新运行", f"{ensemble.damaged} kept files were damaged and were run again")
    if not ensemble.complete:
        if args.keep:
            args.say.progress(f"已停止；用同一命令从 {args.keep} 续接", f"stopped; the same command goes on from {args.keep}")
        if not all(ensemble.replicates(arm.name) for arm in arms):
            raise CommandError("已停止，尚无完成的重复", "stopped before a replicate of each scenario was finished")
    return ensemble


class _Report:
    """Says how far it is, twenty times at most."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.say, self.said = args.say.progress, -1

    def __call__(self, done: int, total: int) -> None:
        step = done * 20 // total
        if step > self.said:
            self.said = step
            self.say(f"已完成 {done}/{total} 次", f"{done} of {total} replicates")


@contextmanager
def _stop_after_this() -> Iterator[threading.Event]:
    """The first Ctrl-C (or SIGTERM) lets what runs come to its end; a second one breaks it off."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _frame: Any) -> None:
        stopped.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def rows_of(ensemble: Ensemble, name: str) -> list[dict[str, Any]]:
    """The same of each replicate that a run on threads states."""
    return [_row(run) for run in ensemble.replicates(name)]


def _row(run: Replicate) -> dict[str, Any]:
    total = {name: int(run.series[name].sum()) for name in ("infections", "infectious", "reports", "deaths", "tests")}
    return {
        "seed": run.seed, "infections": total["infections"], "attack_rate": round(run.attack_rate, 6), "infectious_days": total["infectious"],
        "reports": total["reports"], "deaths": total["deaths"], "tests": total["tests"], "sha256": run.sha256,
    }  # fmt: skip


def stated(args: argparse.Namespace, ensemble: Ensemble) -> dict[str, Any]:
    """What an ensemble says beyond its replicates, for JSON."""
    names = [arm.name for arm in ensemble.plan.arms]
    told: dict[str, Any] = {
        "backend": args.backend or "processes", "workers": args.workers or usable_cores(), "complete": ensemble.complete,
        "resumed": ensemble.resumed, "damaged": ensemble.damaged, "quantiles": list(QUANTILES),
        "bands": {name: {series: np.round(band, 3).tolist() for series, band in ensemble.bands(name).items()} for name in names},
    }  # fmt: skip
    if len(names) == 2:
        gains = {series: _finite(asdict(gain)) for series, gain in ensemble.gains(*names).items()}
        told["difference"] = {"totals": gains, "replicates": [asdict(one) for one in ensemble.differences(*names)]}
    return told


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no nan."""
    return {name: round(value, 6) if math.isfinite(value) else None for name, value in values.items()}


def text_of(ensemble: Ensemble) -> str:
    """Totals of each scenario as median and 90 % range, and what the second changes."""
    columns = {"": ["次/runs", *(TOTALS[name] for name in SERIES)]}
    for arm in ensemble.plan.arms:
        runs = ensemble.replicates(arm.name)
        totals = [np.quantile([run.series[name].sum() for run in runs], (0.05, 0.5, 0.95)) for name in SERIES]
        columns[arm.name] = [str(len(runs)), *(f"{middle:.0f} ({low:.0f} – {high:.0f})" for low, middle, high in totals)]
    if len(ensemble.plan.arms) == 2:
        names = [arm.name for arm in ensemble.plan.arms]
        gains, pairs = ensemble.gains(*names), len(ensemble.differences(*names))
        columns["差/difference"] = [str(pairs), *(f"{gains[s].median:+.0f} ({gains[s].low:+.0f} – {gains[s].high:+.0f})" for s in SERIES)]
    return table(list(columns), list(zip(*columns.values(), strict=True)))
