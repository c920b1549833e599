"""Runs an ensemble on processes here or on Dask there: the same call, the same results, progress, cancel, resume."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tongchou.engine.city import City
from tongchou.engine.epidemic import Contacts, EpidemicFault, Imports
from tongchou.engine.epidemic.ensemble import (
    QUANTILES,
    SERIES,
    Arm,
    EnsemblePlan,
    Gain,
    PairedDifference,
    Reals,
    Replicate,
    estimate_bands,
    estimate_gain,
    find_paired_difference,
)  # fmt: skip
from tongchou.engine.epidemic.scenario import Scenario
from tongchou.engine.epidemic.theory import scale_to_reproduction_number
from tongchou.store.city_file import read_manifest
from tongchou.store.ensemble_crews import Crew, Fault, Task, open_crew
from tongchou.store.ensemble_runs import Keeper, MemoryKeeper, open_kept
from tongchou.store.epidemic_packs import load_contacts, load_disease

Progress = Callable[[int, int], None]
"""called with (replicates done, replicates asked for), those of all scenarios together"""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What was run: ``ran`` replicates now, ``resumed`` ones kept from before; ``damaged`` kept files could not be read."""

    plan: EnsemblePlan
    keeper: Keeper
    ran: int
    resumed: int
    damaged: int
    complete: bool
    """False where it was cancelled: the same call with the same ``keep`` goes on from here"""

    def replicates(self, name: str) -> list[Replicate]:
        """The finished runs of a scenario, by seed; read from the folder at each call where they are kept in one."""
        return [found for seed in self.plan.seeds if (found := self.keeper.get(self._arm(name), seed)) is not None]

    def bands(self, name: str, quantiles: Sequence[float] = QUANTILES) -> dict[str, Reals]:
        """Of each of ``SERIES``, [quantiles, days] over the finished runs of a scenario."""
        runs = self.replicates(name)
        return {series: estimate_bands([run.series[series] for run in runs], quantiles) for series in SERIES}

    def pairs(self, first: str, second: str) -> Iterator[tuple[Replicate, Replicate]]:
        """Finished runs of two scenarios with the same seed."""
        left, right = self._arm(first), self._arm(second)
        for seed in self.plan.seeds:
            one, other = self.keeper.get(left, seed), self.keeper.get(right, seed)
            if one is not None and other is not None:
                yield one, other

    def differences(self, first: str, second: str) -> list[PairedDifference]:
        """What the second scenario changes in each replicate, person by person."""
        return [find_paired_difference(one, other) for one, other in self.pairs(first, second)]

    def gains(self, first: str, second: str) -> dict[str, Gain]:
        """What the second scenario changes in the total of each of ``SERIES``, over the pairs."""
        pairs = [({s: one.series[s].sum() for s in SERIES}, {s: other.series[s].sum() for s in SERIES}) for one, other in self.pairs(first, second)]
        return {s: estimate_gain([one[s] for one, _ in pairs], [other[s] for _, other in pairs]) for s in SERIES}

    def _arm(self, name: str) -> Arm:
        for arm in self.plan.arms:
            if arm.name == name:
                return arm
        known = ", ".join(arm.name for arm in self.plan.arms)
        raise EpidemicFault(f"没有情景 {name}：有 {known}", f"there is no scenario {name!r}; there are {known}")


def ready_arm(name: str, scenario: Scenario, city: City, contacts: Contacts, imports: Sequence[Imports] = ()) -> Arm:
    """A scenario with its disease loaded and scaled to the reproduction number it asks for; ``imports`` come on top of its own."""
    disease = load_disease(scenario.disease)
    if scenario.reproduction_number is not None:
        disease = scale_to_reproduction_number(city, disease, contacts, scenario.reproduction_number)
    return Arm(name, disease, scenario.measures, (*scenario.imports, *imports), scenario.first_weekday)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_ensemble(
    city_folder: Path | str,
    scenarios: Sequence[Arm],
    *,
    replicates: int,
    seed: int,
    days: int,
    contacts: Contacts | None = None,
    backend: str = "processes",
    workers: int | None = None,
    scheduler: str = "",
    keep: Path | str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Ensemble:
    """Run every scenario ``replicates`` times in the city saved in a folder, with the same seeds in each scenario.

    ``backend``: ``processes`` on this machine (1 worker: in this process) or ``dask``, on the cluster at ``scheduler`` or,
    without an address, on one that is started here and ended with the call. Results do not depend on it, nor on ``workers``
    (every usable core where left out). ``keep``: a folder where each replicate is kept as soon as it is done; what it holds
    already is not run again. ``cancelled`` is asked a few times a second; once it says yes nothing new is started, what
    runs here is finished and kept, what runs on Dask is given up. Raises EpidemicFault or CityFault for what cannot be
    run, with what was kept left in place.
    """
    folder = Path(city_folder).resolve()
    city = str(read_manifest(folder)["sha256"])
    plan = EnsemblePlan(tuple(scenarios), contacts or load_contacts(), days, replicates, seed)
    kept: AbstractContextManager[Keeper] = open_kept(Path(keep), plan, city) if keep is not None else nullcontext(MemoryKeeper())
    with kept as keeper:
        waiting = _missing(plan, keeper)
        total = len({(arm.digest, run_seed) for arm, run_seed in plan.tasks()})
        done = resumed = total - len(waiting)
        damaged = len(keeper.damaged)
        say = progress or _say_nothing
        say(done, total)
        if waiting:
            tasks = [Task(str(folder), city, arm, plan.contacts, days, run_seed) for arm, run_seed in waiting]
            with open_crew(backend, usable_cores() if workers is None else workers, scheduler) as crew:
                for arm, replicate in _drive(crew, iter(tasks), cancelled or _never):
                    keeper.put(arm, replicate)
                    done += 1
                    say(done, total)
        return Ensemble(plan, keeper, done - resumed, resumed, damaged, done == total)


def _missing(plan: EnsemblePlan, keeper: Keeper) -> list[tuple[Arm, int]]:
    """What is still to be run; two names for one scenario are one run."""
    wanted: Mapping[tuple[str, int], tuple[Arm, int]] = {(arm.digest, seed): (arm, seed) for arm, seed in plan.tasks()}
    return [(arm, seed) for arm, seed in wanted.values() if keeper.get(arm, seed) is None]


def _drive(crew: Crew, tasks: Iterator[Task], cancelled: Callable[[], bool]) -> Iterator[tuple[Arm, Replicate]]:
    """Keep the crew busy and hand over each replicate as it ends, in whatever order."""
    running: dict[Any, Task] = {}
    stopped = False
    while True:
        if not stopped and cancelled():
            stopped = True
            running = {handle: running[handle] for handle in crew.give_up(running)}
        while not stopped and len(running) < crew.room and (task := next(tasks, None)) is not None:
            running[crew.submit(task)] = task
        if not running:
            return
        for handle in crew.finished(running):
            result, task = handle.result(), running.pop(handle)
            if isinstance(result, Fault):
                raise EpidemicFault(result.zh, result.en)
            yield task.arm, result


def _never() -> bool:
    return False


def _say_nothing(_done: int, _total: int) -> None:
    return None
