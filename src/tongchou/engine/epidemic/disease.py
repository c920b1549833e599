"""The course of a disease as data: what a pack says, checked, and the tables that the kernels read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.epidemic.faults import EpidemicFault

AGES = 128
"""length of every table by year of age"""
HORIZON = 1024
"""length of the tables by days since infection or dose; later days are as the last"""
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Delay:
    """Whole days from one event to another: ``chance[d]`` is the probability of d days."""

    chance: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.dot(self.chance, np.arange(len(self.chance))))

    def thresholds(self) -> NDArray[np.float32]:
        """Cumulated probabilities, the last one 1: a uniform number below entry d (and not below d-1) means d days."""
        summed = np.cumsum(self.chance)
        summed[-1] = 1.0
        return summed.astype(np.float32)


@dataclass(frozen=True)
class Disease:
    """One pathogen. Tables by age are by year of age, ``AGES`` long; shares and probabilities from 0 to 1."""

    code: str
    name_zh: str
    name_en: str
    transmission: float
    """hazard, summed over the whole infectious course, of infecting somebody met every day with closeness 1"""
    reproduction_number: float
    """what the source gives for a population without immunity and without measures"""
    incubation: Delay
    days_before_onset: int
    """the infectious course begins so many days before onset (one day after infection at the earliest)"""
    infectiousness: tuple[float, ...]
    """share of the whole infectiousness by day of the infectious course; sums to 1"""
    dispersion: float
    """shape of the gamma distribution (mean 1) of infectiousness between persons; 0 for none"""
    asymptomatic_factor: float
    """infectiousness of those who never have symptoms, relative to the others"""
    susceptibility: Reals
    infectivity: Reals
    asymptomatic: Reals
    """share of infections that never show symptoms"""
    severe: Reals
    """probability of needing a hospital bed, given infection"""
    critical: Reals
    """probability of needing intensive care, given infection"""
    fatal: Reals
    """probability of death, given infection"""
    onset_to_admission: Delay
    stay: Delay
    """days in hospital of those who leave it"""
    onset_to_death: Delay
    immunity: Reals
    """protection from infection by days since the last infection, ``HORIZON`` long"""
    immunity_severe: Reals
    """protection from a severe course, once reinfected, by days since the last infection"""
    sensitivity: Reals
    """probability that a test is positive by days since the infectious course began, from ``days_before`` on"""
    sensitivity_before: int
    """days before the infectious course at which ``sensitivity`` begins"""
    vaccine: Vaccine | None = None
    sources: tuple[str, ...] = ()

    @property
    def generation_interval(self) -> Delay:
        """Days from a person's infection to those whom he infects, where contacts do not run out."""
        latent = np.zeros(len(self.incubation.chance) + 1)
        for days, chance in enumerate(self.incubation.chance):
            latent[max(1, days - self.days_before_onset)] += chance
        return Delay(tuple(np.convolve(latent, self.infectiousness)))

    def scaled(self, factor: float) -> Disease:
        """The same with ``transmission`` multiplied."""
        return replace(self, transmission=self.transmission * factor)


@dataclass(frozen=True)
class Vaccine:
    """What doses do. ``infection``, ``severe`` and ``onward`` are protections by [dose number - 1, days since that dose]."""

    interval_days: int
    infection: Reals
    severe: Reals
    onward: Reals
    """reduction of infectiousness of those infected in spite of it"""


class Law(NamedTuple):
    """A disease as the kernels read it."""

    transmission: float
    lasting: bool
    """nobody is infected twice"""
    course: NDArray[np.float32]
    before: int
    incubation: NDArray[np.float32]
    dispersion: float
    asymptomatic_factor: float
    susceptibility: NDArray[np.float32]
    infectivity: NDArray[np.float32]
    asymptomatic: NDArray[np.float32]
    severe: NDArray[np.float32]
    critical: NDArray[np.float32]
    fatal: NDArray[np.float32]
    admission: NDArray[np.float32]
    stay: NDArray[np.float32]
    death: NDArray[np.float32]
    immunity: NDArray[np.float32]
    immunity_severe: NDArray[np.float32]
    sensitivity: NDArray[np.float32]
    sensitivity_before: int
    dose_interval: int
    dose_infection: NDArray[np.float32]
    dose_severe: NDArray[np.float32]
    dose_onward: NDArray[np.float32]


def tabulate(disease: Disease) -> Law:
    """The tables of a disease. Susceptibility is put relative to the most susceptible age, whose hazard is the base."""
    most = max(float(disease.susceptibility.max()), 1e-12)
    disease = replace(disease, transmission=disease.transmission * most, susceptibility=disease.susceptibility / most)
    none = np.zeros((1, HORIZON), np.float32)
    vaccine = disease.vaccine
    ages = (_small(getattr(disease, name)) for name in ("susceptibility", "infectivity", "asymptomatic", "severe", "critical", "fatal"))
    doses = (_small(getattr(vaccine, name)) if vaccine else none for name in ("infection", "severe", "onward"))
    return Law._make((
        disease.transmission, bool((disease.immunity >= 1.0).all()), _small(disease.infectiousness), disease.days_before_onset,
        disease.incubation.thresholds(), disease.dispersion, disease.asymptomatic_factor, *ages,
        disease.onset_to_admission.thresholds(), disease.stay.thresholds(), disease.onset_to_death.thresholds(),
        _small(disease.immunity), _small(disease.immunity_severe), _small(disease.sensitivity), disease.sensitivity_before,
        vaccine.interval_days if vaccine else 0, *doses,
    ))  # fmt: skip


def _small(values: Any) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)


def read_disease(pack: Mapping[str, Any]) -> Disease:
    """A ``Disease`` from the mapping of a TOML pack. Raises EpidemicFault naming the figure at fault."""
    reader = _Reader(pack)
    course = reader.table("infectiousness")
    daily = np.asarray(reader.numbers(course, "daily", "infectiousness"), float)
    immunity = reader.table("immunity")
    severity = reader.table("severity")
    test = reader.table("test")
    return Disease(
        code=reader.text("code"), name_zh=reader.text("name_zh"), name_en=reader.text("name_en"),
        transmission=reader.number("transmission", pack, 0, 100),
        reproduction_number=reader.number("reproduction_number", pack, 0, 100),
        incubation=read_delay(reader.table("incubation"), "incubation"),
        days_before_onset=int(reader.number("days_before_onset", course, 0, 60)),
        infectiousness=tuple((daily / daily.sum()).tolist()),
        dispersion=reader.number("dispersion", course, 0, 1000),
        asymptomatic_factor=reader.number("asymptomatic_factor", course, 0, 1),
        susceptibility=reader.by_age("susceptibility", 100), infectivity=reader.by_age("infectivity", 100),
        asymptomatic=reader.by_age("asymptomatic", 1),
        severe=reader.by_age("severe", 1), critical=reader.by_age("critical", 1), fatal=reader.by_age("fatal", 1),
        onset_to_admission=read_delay(severity["onset_to_admission"], "severity.onset_to_admission"),
        stay=read_delay(severity["stay"], "severity.stay"),
        onset_to_death=read_delay(severity["onset_to_death"], "severity.onset_to_death"),
        immunity=reader.by_day(immunity, "infection", "immunity"), immunity_severe=reader.by_day(immunity, "severe", "immunity"),
        sensitivity=np.asarray(reader.numbers(test, "sensitivity", "test"), float),
        sensitivity_before=int(reader.number("days_before_infectious", test, 0, 60)),
        vaccine=reader.vaccine(), sources=reader.sources(),
    )  # fmt: skip


def read_delay(row: Mapping[str, Any], name: str) -> Delay:
    """Days from a row that gives ``daily`` (relative frequencies), ``days`` (fixed), or a ``family`` with its parameters.

    Families: lognormal (meanlog, sdlog), gamma (mean, sd), cut at ``max_days``; a time belongs to the day on which it
    ends, so 0.4 days are 0 days and 1.7 days are 1 day.
    """
    if "days" in row:
        return Delay((0.0,) * int(row["days"]) + (1.0,))
    if "daily" in row:
        daily = np.asarray(row["daily"], float)
    else:
        edges = np.arange(int(row.get("max_days", 0)) + 2)
        daily = np.diff(_cumulated(row, edges, name))
    if daily.size == 0 or (daily < 0).any() or daily.sum() <= 0:
        raise EpidemicFault(f"{name}：没有可用的天数分布", f"{name}: no distribution of days that could be used")
    return Delay(tuple((daily / daily.sum()).tolist()))


def _cumulated(row: Mapping[str, Any], edges: NDArray[Any], name: str) -> Reals:
    family = row.get("family")
    if "max_days" not in row or family not in ("lognormal", "gamma"):
        raise EpidemicFault(f"{name}：请写 days、daily，或 family（lognormal、gamma）与 max_days", f"{name}: write days, daily, or a family (lognormal, gamma) with max_days")
    try:
        if family == "lognormal":
            at = np.where(edges > 0, (np.log(np.maximum(edges, 1e-9)) - row["meanlog"]) / row["sdlog"], -np.inf)
            return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in at])
        shape, scale = (row["mean"] / row["sd"]) ** 2, row["sd"] ** 2 / row["mean"]
    except KeyError as missing:
        raise EpidemicFault(f"{name} 缺少 {missing.args[0]}", f"{name} has no {missing.args[0]}") from None
    fine = np.linspace(0, edges[-1], 400 * len(edges))
    middle = (fine[1:] + fine[:-1]) / 2
    mass = np.concatenate(([0.0], np.cumsum(middle ** (shape - 1) * np.exp(-middle / scale))))
    return np.asarray(np.interp(edges, fine, mass / mass[-1]), float)


class _Reader:
    """Looks figures up in a pack and says in both languages which one is missing or out of range."""

    def __init__(self, pack: Mapping[str, Any]) -> None:
        self.pack = pack
        self.name = str(pack.get("code", "?"))

    def fault(self, key: str, zh: str, en: str) -> EpidemicFault:
        return EpidemicFault(f"疾病参数包 {self.name} 的 {key}：{zh}", f"disease pack {self.name}, {key}: {en}")

    def text(self, key: str) -> str:
        if not isinstance(self.pack.get(key), str):
            raise self.fault(key, "应为文字", "must be a text")
        return str(self.pack[key])

    def table(self, key: str) -> Mapping[str, Any]:
        found = self.pack.get(key)
        if not isinstance(found, Mapping):
            raise self.fault(key, "缺少此表", "this table is missing")
        return found

    def number(self, key: str, row: Mapping[str, Any], least: float, most: float) -> float:
        value = row.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.fault(key, f"应为 {least} 到 {most} 之间的数", f"must be a number from {least} to {most}")
        return float(value)

    def numbers(self, row: Mapping[str, Any], key: str, table: str) -> Sequence[float]:
        values = row.get(key)
        if not isinstance(values, list) or not values or not all(isinstance(v, int | float) and v >= 0 for v in values):
            raise self.fault(f"{table}.{key}", "应为一列不小于 0 的数", "must be a list of numbers not below 0")
        return values

    def by_age(self, key: str, most: float) -> Reals:
        row = self.table(key)
        ages, values = self.numbers(row, "from_age", key), self.numbers(row, "values", key)
        if len(ages) != len(values) or ages[0] != 0 or list(ages) != sorted(set(ages)):
            raise self.fault(key, "from_age 应从 0 起递增，并与 values 等长", "from_age must rise from 0 and be as long as values")
        if max(values) > most:
            raise self.fault(key, f"不应大于 {most}", f"must not exceed {most}")
        return np.asarray(values, float)[np.searchsorted(ages, np.arange(AGES), side="right") - 1]

    def by_day(self, row: Mapping[str, Any], key: str, table: str) -> Reals:
        """Protection between the given days, straight lines between them."""
        pairs = row.get(key)
        if not isinstance(pairs, list) or not pairs or not all(len(pair) == 2 and 0 <= pair[1] <= 1 for pair in pairs):
            raise self.fault(f"{table}.{key}", "应为一列 [天数、保护率] 对", "must be a list of [days, protection]")
        days, values = zip(*pairs, strict=True)
        if list(days) != sorted(set(days)):
            raise self.fault(f"{table}.{key}", "天数应递增", "days must rise")
        return np.asarray(np.interp(np.arange(HORIZON), days, values), float)

    def vaccine(self) -> Vaccine | None:
        if "vaccine" not in self.pack:
            return None
        row = self.table("vaccine")
        doses = row.get("dose")
        if not isinstance(doses, list) or not doses:
            raise self.fault("vaccine.dose", "请逐剂写出 [[vaccine.dose]]", "write one [[vaccine.dose]] for each dose")
        tables = [np.stack([self.by_day(dose, key, "vaccine.dose") for dose in doses]) for key in ("infection", "severe", "onward")]
        return Vaccine(int(self.number("interval_days", row, 0, 1000)), *tables)

    def sources(self) -> tuple[str, ...]:
        """One for every table, and that of the reproduction number where the pack states it: a table without a source is refused."""
        head = self.pack.get("reproduction_number_source")
        found = [f"reproduction_number: {head}"] if head else []
        for key, value in self.pack.items():
            if isinstance(value, Mapping):
                if not value.get("source"):
                    raise self.fault(key, "缺少来源 source", "has no source")
                found.append(f"{key}: {value['source']}")
        return tuple(found)
