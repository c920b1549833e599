"""Many runs of a few scenarios: which they are, what is kept of each, and what they say together.

Common random numbers: replicate k of every scenario has the same seed. The engine's chance is keyed by (seed, purpose,
person, day), so two scenarios differ in a replicate only by what follows from what differs between them, and the
difference within replicates has a far smaller spread than the difference of two independent runs (Law 2015, Simulation
Modeling and Analysis, 5th ed., section 11.2; for agent-based epidemics: Klein et al. 2024, "Noise-free comparison of
stochastic agent-based simulations using common random numbers").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import SECTORS, City
from tongchou.engine.epidemic.arrivals import Imports
from tongchou.engine.epidemic.disease import Disease
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import Contacts
from tongchou.engine.epidemic.measures import Measure
from tongchou.engine.epidemic.results import Outcome
from tongchou.engine.epidemic.series import find_daily_series
from tongchou.engine.epidemic.simulate import simulate_epidemic

Reals = NDArray[np.float64]
EVENT_SERIES = ("infections", "onsets", "reports", "admissions", "deaths")
SERIES = (*EVENT_SERIES, "beds", "infectious", "tests", "away", "workdays_lost", "school_days_lost")
"""[days] each: events; persons in hospital, infectious, in isolation or quarantine; samples taken; working and school days lost"""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_REPLICATES = 1_000_000


@dataclass(frozen=True, eq=False)
class Arm:
    """One scenario of an ensemble, ready to run: everything but the city, the contacts, the days and the seed."""

    name: str
    disease: Disease
    measures: tuple[Measure, ...]
    imports: tuple[Imports, ...]
    first_weekday: int = 0

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides a run; the name does not."""
        return digest_of(self.disease, self.measures, self.imports, self.first_weekday)


@dataclass(frozen=True, eq=False)
class EnsemblePlan:
    """``replicates`` runs of ``days`` days of each arm, with the seeds ``seed``, ``seed + 1``, ... in every arm."""

    arms: tuple[Arm, ...]
    contacts: Contacts
    days: int
    replicates: int
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.replicates <= MOST_REPLICATES:
            raise EpidemicFault(f"重复次数应在 1 到 {MOST_REPLICATES} 之间", f"replicates must be from 1 to {MOST_REPLICATES}")
        names = [arm.name for arm in self.arms]
        if not names or len(set(names)) < len(names):
            raise EpidemicFault("至少要有一个情景，且名称各不相同", "an ensemble needs at least one scenario, and each a name of its own")
        for arm in self.arms:
            if not arm.imports:
                raise EpidemicFault(f"情景 {arm.name} 没有输入感染：请写明 imports", f"nobody brings the disease into the scenario {arm.name}; give it imports")

    @property
    def seeds(self) -> range:
        return range(self.seed, self.seed + self.replicates)

    def tasks(self) -> Iterator[tuple[Arm, int]]:
        """(arm, seed) in the order of running: replicate by replicate, so that what is done at any moment is paired."""
        return ((arm, seed) for seed in self.seeds for arm in self.arms)


@dataclass(frozen=True, eq=False)
class Replicate:
    """What is kept of one run: its series and who was infected, 6 bytes an infected person; never the city."""

    seed: int
    persons: int
    sha256: str
    """``Outcome.digest`` of the whole run, events that are not kept here among it"""
    series: Mapping[str, Reals]
    """``SERIES``, [days] each"""
    lost_by_sector: Reals
    """[sectors] working days lost in the whole run, in the order of ``city.SECTORS``"""
    infected: NDArray[np.int32]
    """persons infected at least once, ascending"""
    first_day: NDArray[np.int16]
    """[infected] day of the first infection"""

    @property
    def attack_rate(self) -> float:
        return len(self.infected) / self.persons


@dataclass(frozen=True, eq=False)
class PairedDifference:
    """The second scenario less the first in one replicate: the same seed, so person by person."""

    seed: int
    spared: int
    """persons infected in the first scenario and never in the second"""
    added: int
    """persons infected in the second and never in the first"""
    moved: int
    """persons infected in both, first on different days"""
    totals: Mapping[str, float]
    """sums over the days, by ``SERIES``: second less first"""


@dataclass(frozen=True)
class Gain:
    """One total over all pairs. ``low`` and ``high`` are the 5 and 95 % quantiles of the differences within replicates.

    ``sd_paired`` is their standard deviation; ``sd_independent`` the one that unpaired runs would have. nan with one pair.
    """

    mean: float
    median: float
    low: float
    high: float
    sd_paired: float
    sd_independent: float


def simulate_replicate(city: City, arm: Arm, contacts: Contacts, *, days: int, seed: int) -> Replicate:
    """One run of an arm, on one thread. Raises EpidemicFault as ``simulate_epidemic`` does."""
    outcome = simulate_epidemic(
        city, arm.disease, arm.measures, contacts=contacts, days=days, imports=arm.imports, seed=seed, first_weekday=arm.first_weekday
    )
    return kept_of(outcome)


def kept_of(outcome: Outcome) -> Replicate:
    """What an ensemble keeps of a run."""
    log, chain = outcome.log, outcome.chain
    series = {
        **{name: outcome.daily(name) for name in EVENT_SERIES}, "beds": outcome.beds(), "infectious": outcome.infectious, "tests": log.tests,
        "away": log.away_at_home.sum(axis=1) + log.away_at_sites.sum(axis=1), "workdays_lost": log.workdays_lost.sum(axis=1),
        "school_days_lost": find_daily_series(outcome, "school_days_lost"),
    }  # fmt: skip
    first = np.flatnonzero(chain.round == 0)
    rows = first[np.argsort(chain.person[first])]
    return Replicate(
        outcome.seed, outcome.city.persons, outcome.digest(), {name: np.asarray(series[name], np.float64) for name in SERIES},
        log.workdays_lost[:, : len(SECTORS)].sum(axis=0), chain.person[rows].copy(), chain.day[rows].copy(),
    )  # fmt: skip


def estimate_bands(series: Sequence[Reals], quantiles: Sequence[float] = QUANTILES) -> Reals:
    """[quantiles, days] of a series over replicates, day by day (linear between order statistics; Hyndman and Fan 1996, type 7).

    A band is of single days: the line of its upper edge is no run that could happen.
    """
    if not len(series):
        raise EpidemicFault("还没有完成的重复，无法给出区间", "no replicate is done, so there are no bands")
    return np.quantile(np.stack(list(series)), list(quantiles), axis=0)


def find_paired_difference(first: Replicate, second: Replicate) -> PairedDifference:
    """``second`` less ``first``, person by person. Raises EpidemicFault where they are not of one seed and city size."""
    if (first.seed, first.persons) != (second.seed, second.persons):
        raise EpidemicFault("只有同一种子、同一城市的两次运行可以成对比较", "only runs of one seed in one city are compared as a pair")
    _both, left, right = np.intersect1d(first.infected, second.infected, assume_unique=True, return_indices=True)
    moved = int((first.first_day[left] != second.first_day[right]).sum())
    totals = {name: float(second.series[name].sum() - first.series[name].sum()) for name in SERIES}
    return PairedDifference(first.seed, len(first.infected) - len(left), len(second.infected) - len(left), moved, totals)


def estimate_gain(first: Sequence[float], second: Sequence[float]) -> Gain:
    """One total of two scenarios, [replicates] each in the order of the seeds: what the second changes, paired by seed."""
    left, right = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(left) != len(right) or not len(left):
        raise EpidemicFault("两个情景需有同样多且至少一次的重复", "both scenarios need the same number of replicates, at least one")
    change = right - left
    low, middle, high = np.quantile(change, [0.05, 0.5, 0.95])
    several = len(change) > 1
    paired = float(change.std(ddof=1)) if several else float("nan")
    alone = float(np.sqrt(left.var(ddof=1) + right.var(ddof=1))) if several else float("nan")
    return Gain(float(change.mean()), float(middle), float(low), float(high), paired, alone)


def digest_of(*values: Any) -> str:
    """SHA-256 of parameters by their content: dataclasses, sequences, mappings, arrays, numbers and words."""
    seen = hashlib.sha256()
    for part in _told(values):
        seen.update(part)
    return seen.hexdigest()


def _told(value: Any) -> Iterator[bytes]:
    """Bytes that differ where the values differ: every part states its kind and its length."""
    if isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape} ".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif is_dataclass(value):
        yield f"{type(value).__name__} ".encode()
        for field in fields(value):
            yield f"{field.name} ".encode()
            yield from _told(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from _told(tuple(value.items()))
    elif isinstance(value, tuple | list):
        yield f"list {len(value)} ".encode()
        for part in value:
            yield from _told(part)
    elif isinstance(value, Enum):
        yield f"{type(value).__name__}.{value.name} ".encode()
    elif value is None or isinstance(value, bool | int | float | str):
        words = repr(value).encode()
        yield f"{type(value).__name__} {len(words)} ".encode() + words
    else:
        raise TypeError(f"{type(value).__name__} has no digest")
