"""Fit an epidemic to a city's reported curve: transmission, seeds, strength of measures, with intervals.

``docs/models/calibration.md`` says why approximate Bayesian computation, what is assumed and what cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tongchou.engine.chance import Purpose, stream
from tongchou.engine.city import City
from tongchou.engine.epidemic.arrivals import Imports
from tongchou.engine.epidemic.disease import Disease
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import Contacts
from tongchou.engine.epidemic.measures import Gate, Measure, Restriction, SymptomaticTesting
from tongchou.engine.epidemic.population_monte_carlo import Particles, sample_posterior
from tongchou.engine.epidemic.results import EVENTS
from tongchou.engine.epidemic.simulate import simulate_epidemic
from tongchou.engine.epidemic.theory import find_reproduction_number
from tongchou.engine.estimate.scoring import QUANTILE_LEVELS, score_coverage, score_quantiles

Reals = NDArray[np.float64]
NAMES = ("transmission", "seeds", "strength", "reporting")
LEAST_DAYS = 7
LEAST_CASES = 5
REPRODUCTION_POINTS = 7  # R is computed at so many factors of transmission and read between them: it bends only slightly
POISSON_DISTANCE = float(np.sqrt(0.5))
"""Distance of two counts that differ by chance alone: each root of a Poisson count has variance 1/4 (Anscombe 1948)."""
LOCAL_MISFIT = 2.5
"""The regression is used up to this misfit; beyond it, its 80 % intervals held 9 of 14 known truths (docs/models/calibration.md)."""


@dataclass(frozen=True)
class Prior:
    """What is believed of one parameter before the curve is seen: even between ``low`` and ``high``, or even in the logarithm.

    ``transmission`` multiplies the disease's transmission (beta). ``seeds`` is the expected number of imported infections,
    spread over the imports' days as these are written. ``strength`` is how far restrictions of contacts and gates are kept:
    0 not at all, 1 as written. ``reporting`` is the share of the ill who are sampled.
    """

    name: str
    low: float
    high: float
    logarithmic: bool = False

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            known = ", ".join(NAMES)
            raise EpidemicFault(f"不能拟合 {self.name}：可用 {known}", f"{self.name!r} cannot be fitted; use one of {known}")
        if not (np.isfinite((self.low, self.high)).all() and 0 <= self.low < self.high) or (self.logarithmic and self.low <= 0):
            raise EpidemicFault(f"{self.name} 的范围应为不小于 0 的两数，前小后大", f"the range of {self.name} must be two numbers, not below 0, the first the smaller")
        if self.name in ("strength", "reporting") and self.high > 1:
            raise EpidemicFault(f"{self.name} 在 0 到 1 之间", f"{self.name} is from 0 to 1")

    def at(self, scores: Reals) -> Reals:
        """Values at standard normal scores."""
        share = norm.cdf(scores)
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** share, float)
        return np.asarray(self.low + (self.high - self.low) * share, float)


@dataclass(frozen=True)
class HeldOut:
    """Scores on the days that were not fitted: mean weighted interval score in cases, share of days inside the intervals."""

    days: int
    wis: float
    coverage_50: float
    coverage_90: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """What fits. ``observed`` [days]; the first ``fitted_days`` were fitted, the rest was held out.

    ``values`` is {parameter: [n]} after the regression, with ``weights`` [n]; ``reproduction_number`` [n] is what the
    transmission means in this city without measures and immunity, None where it was not fitted. ``particles`` has the
    simulated curves, from the first observed day on.
    """

    priors: tuple[Prior, ...]
    observed: NDArray[np.int64]
    fitted_days: int
    values: Mapping[str, Reals]
    weights: Reals
    reproduction_number: Reals | None
    particles: Particles

    def quantiles(self, name: str, levels: Sequence[float] = (0.025, 0.25, 0.5, 0.75, 0.975)) -> Reals:
        """Weighted quantiles of a parameter, or of ``reproduction_number``."""
        column = self.reproduction_number if name == "reproduction_number" else self.values.get(name)
        if column is None:
            known = ", ".join(self.values)
            raise EpidemicFault(f"没有拟合 {name}：拟合的有 {known}", f"{name!r} was not fitted; fitted are {known}")
        return weighted_quantiles(column[:, None], self.weights, levels)[0]

    def correlation(self) -> Reals:
        """[parameters, parameters] of the posterior: near 1 or -1 where two parameters cannot be told apart."""
        return np.atleast_2d(np.corrcoef(self._spread()))

    def _spread(self) -> Reals:
        columns = np.stack(list(self.values.values()))
        return (columns - columns @ self.weights[:, None]) * np.sqrt(self.weights)

    def bands(self, levels: Sequence[float] = QUANTILE_LEVELS) -> Reals:
        """[days, levels] quantiles of the simulated counts, the held-out days included."""
        return weighted_quantiles(self.particles.curves, self.particles.weights, levels)

    @property
    def misfit(self) -> float:
        """Largest distance among the sample, in units of what chance alone gives; far above 2 the model cannot make this curve."""
        return self.particles.tolerance / POISSON_DISTANCE

    @property
    def held_out(self) -> HeldOut | None:
        """Scores of the held-out days; None where all days were fitted."""
        days = len(self.observed) - self.fitted_days
        if not days:
            return None
        bands, truth = self.bands()[self.fitted_days :], self.observed[self.fitted_days :].astype(float)
        inside = [float(score_coverage(bands, truth, share).mean()) for share in (0.5, 0.9)]
        return HeldOut(days, float(score_quantiles(bands, truth).total.mean()), inside[0], inside[1])


def calibrate_epidemic(
    city: City,
    disease: Disease,
    measures: Sequence[Measure],
    observed: Sequence[int] | NDArray[np.int64],
    *,
    contacts: Contacts,
    imports: Sequence[Imports],
    parameters: Sequence[Prior],
    lead_days: int,
    held_out: int = 0,
    event: str = "reports",
    bin_days: int = 4,
    budget: int = 2000,
    particles: int = 200,
    first_weekday: int = 0,
    seed: int = 1,
    threads: int = 2,
    progress: Callable[[int], None] = lambda _done: None,
) -> Calibration:
    """The parameters with which the epidemic makes the observed curve, and the curves that they make.

    Args:
        observed: cases of consecutive days, shape (days,); the last ``held_out`` are not fitted but scored.
        imports: days and places of arrival; where ``seeds`` is fitted, only their proportions count.
        lead_days: days of simulation before the first observed day; measures and imports count from the first of these.
        event, bin_days: what was observed (``EVENTS``); curves are compared by square roots of the counts of so many days.
        budget: most simulations; particles: size of the posterior sample; progress is told the simulations done.
        threads: how many simulations run at once; it does not change the result.

    Raises EpidemicFault for a curve too short or too empty, a parameter with nothing to work on, reports where nobody reports.
    """
    counts = np.asarray(observed, np.int64)
    priors = tuple(parameters)
    _check(counts, held_out, event, bin_days, budget, particles, lead_days)
    _check_parameters(priors, measures, imports, event)
    fitted = len(counts) - held_out

    def curve(values: Mapping[str, float], number: int) -> Reals:
        outcome = simulate_epidemic(
            city, disease.scaled(values.get("transmission", 1.0)), apply_to_measures(measures, values), contacts=contacts,
            days=lead_days + len(counts), imports=scale_imports(imports, values.get("seeds")), first_weekday=first_weekday,
            seed=int(stream(seed, Purpose.CALIBRATION_RUN, number).integers(2**62)),
        )  # fmt: skip
        return outcome.daily(event)[lead_days:].astype(float)

    def simulate(scores: Reals, first: int) -> tuple[Reals, Reals]:
        rows = [{prior.name: float(prior.at(row[at])) for at, prior in enumerate(priors)} for row in scores]
        curves = np.stack(list(pool.map(curve, rows, range(first, first + len(rows)))))
        progress(first + len(rows))
        return summarise(curves[:, :fitted], bin_days), curves

    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = sample_posterior(
            simulate, len(priors), summarise(counts[None, :fitted], bin_days)[0], budget=budget, particles=particles, seed=seed,
            local=LOCAL_MISFIT * POISSON_DISTANCE,
        )  # fmt: skip
    values = {prior.name: prior.at(found.adjusted[:, at]) for at, prior in enumerate(priors)}
    number = _reproduction_numbers(city, disease, contacts, values.get("transmission"))
    return Calibration(priors, counts, fitted, values, found.adjusted_weights, number, found)


def summarise(curves: NDArray[np.generic], bin_days: int) -> Reals:
    """[n, bins] square roots of the counts of ``bin_days`` days, the last bin shorter where they do not divide evenly."""
    starts = np.arange(0, curves.shape[1], bin_days)
    return np.sqrt(np.add.reduceat(np.asarray(curves, float), starts, axis=1))


def apply_to_measures(measures: Sequence[Measure], values: Mapping[str, float]) -> tuple[Measure, ...]:
    """The measures with restrictions and gates kept to the share ``strength``, and ``reporting`` of the ill sampled."""
    return tuple(_applied(measure, values) for measure in measures)


def _applied(measure: Measure, values: Mapping[str, float]) -> Measure:
    strength = values.get("strength")
    if isinstance(measure, Restriction) and strength is not None:
        names = ("contacts", "outward", "inward", "open_share")
        return replace(measure, **{name: 1.0 - strength * (1.0 - getattr(measure, name)) for name in names})
    if isinstance(measure, Gate) and strength is not None:
        return replace(measure, contacts=1.0 - strength * (1.0 - measure.contacts))
    if isinstance(measure, SymptomaticTesting) and "reporting" in values:
        return replace(measure, share=values["reporting"])
    return measure


def scale_imports(imports: Sequence[Imports], seeds: float | None) -> tuple[Imports, ...]:
    """The imports with an expected total of ``seeds`` infections, in the proportions in which they are written."""
    if seeds is None:
        return tuple(imports)
    total = sum(_expected(entry) for entry in imports)
    return tuple(replace(entry, count=0, per_day=(entry.count + entry.per_day) * seeds / total) for entry in imports)


def _expected(entry: Imports) -> float:
    return (entry.count + entry.per_day) * (entry.to_day - entry.from_day + 1)


def weighted_quantiles(columns: Reals, weights: Reals, levels: Sequence[float]) -> Reals:
    """[columns, levels] quantiles of weighted samples given as [n, columns]."""
    order = np.argsort(columns, axis=0, kind="stable")
    found = np.empty((columns.shape[1], len(levels)))
    for at in range(columns.shape[1]):
        share = weights[order[:, at]]
        middle = np.cumsum(share) - 0.5 * share
        found[at] = np.interp(levels, middle / share.sum(), columns[order[:, at], at])
    return found


def _reproduction_numbers(city: City, disease: Disease, contacts: Contacts, factors: Reals | None) -> Reals | None:
    if factors is None:
        return None
    at = np.linspace(factors.min(), factors.max(), REPRODUCTION_POINTS)
    known = [find_reproduction_number(city, disease.scaled(float(factor)), contacts) for factor in at]
    return np.interp(factors, at, known)


def _check(counts: NDArray[np.int64], held_out: int, event: str, bin_days: int, budget: int, particles: int, lead_days: int) -> None:
    if counts.ndim != 1 or (counts < 0).any():
        raise EpidemicFault("病例数应为一列不小于 0 的整数", "the counts must be one row of whole numbers, not below 0")
    if held_out < 0 or len(counts) - held_out < LEAST_DAYS:
        raise EpidemicFault(
            f"共 {len(counts)} 天、留出 {held_out} 天：至少要有 {LEAST_DAYS} 天用于拟合",
            f"{len(counts)} days with {held_out} held out: at least {LEAST_DAYS} must be left to fit",
        )
    cases = int(counts[: len(counts) - held_out].sum())
    if cases < LEAST_CASES:
        raise EpidemicFault(
            f"用于拟合的各日只有 {cases} 例，至少要 {LEAST_CASES} 例；请减少留出天数或给出更长的曲线",
            f"the days to fit have {cases} cases and need {LEAST_CASES}; hold out fewer days or give a longer curve",
        )
    if event not in EVENTS:
        known = ", ".join(EVENTS)
        raise EpidemicFault(f"没有事件 {event}：可用 {known}", f"there is no event {event!r}; use one of {known}")
    if lead_days < 0 or bin_days < 1:
        raise EpidemicFault("提前天数不小于 0，合并天数至少为 1", "lead days are not below 0, days of a bin are 1 or more")
    if particles < 20 or budget < 2.5 * particles:
        raise EpidemicFault(
            f"样本至少 20 个，模拟次数至少为其 2.5 倍；现为 {particles} 个、{budget} 次",
            f"the sample has 20 members at least and 2.5 simulations each; these are {particles} and {budget}",
        )


def _check_parameters(priors: Sequence[Prior], measures: Sequence[Measure], imports: Sequence[Imports], event: str) -> None:
    names = [prior.name for prior in priors]
    if not names or len(set(names)) < len(names):
        raise EpidemicFault("请至少给出一个参数，且各不相同", "give at least one parameter, each once")
    if not any(_expected(entry) > 0 for entry in imports):
        raise EpidemicFault("没有输入感染，疫情无从开始：请写 [[imports]]", "nothing is imported, so no epidemic can begin: write [[imports]]")
    if "strength" in names and not any(isinstance(measure, Restriction | Gate) for measure in measures):
        raise EpidemicFault(
            "情景中没有减少接触的措施，strength 无从拟合：请加上 distancing、closure 等，或不拟合 strength",
            "no measure of the scenario restricts contacts, so strength has nothing to work on: add distancing, closure or the like, or do not fit it",
        )
    tested = any(isinstance(measure, SymptomaticTesting) for measure in measures)
    if not tested and (event == "reports" or "reporting" in names):
        raise EpidemicFault(
            "情景中没有症状检测（test_symptomatic），不会有报告病例：请加上，或拟合其他事件",
            "the scenario has no test_symptomatic, so nobody is reported: add it, or fit another event",
        )
