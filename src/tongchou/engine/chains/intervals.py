"""A delay in whole days as probabilities, and serial intervals from pairs of cases."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.stats import norm, t

from tongchou.engine.chains.cases import Cases, ChainInputError, Counts, Flags, Links, Reals
from tongchou.engine.estimate import (
    Delay,
    EstimateError,
    WeakPrior,
    delay_of_moments,
    discretise_delay,
    estimate_delay,
    pairs_of_days,
)

TAIL = 1e-6
# Onset to report beyond this is a record of another kind, such as a case found by antibodies.
LONGEST_REPORT_DAYS = 60
FEWEST_PAIRS = 5


@dataclass(frozen=True)
class DayDelay:
    """Probabilities of a delay of 0, 1, 2, ... whole days; they sum to 1."""

    pmf: Reals

    def __post_init__(self) -> None:
        if (
            self.pmf.ndim != 1
            or self.pmf.size == 0
            or (self.pmf < 0).any()
            or not math.isclose(self.pmf.sum(), 1, abs_tol=1e-6)
        ):
            raise ChainInputError(
                "间隔的概率须不为负且合计为 1", "the probabilities of a delay must not be negative and must sum to 1"
            )

    @property
    def mean_days(self) -> float:
        return float(self.pmf @ np.arange(self.pmf.size))

    def cumulative(self, days: ArrayLike) -> Reals:
        """Probability that the delay is at most ``days``; 0 for negative days."""
        at = np.asarray(days, np.int64)
        total = np.cumsum(self.pmf)
        return np.where(at < 0, 0.0, total[np.clip(at, 0, self.pmf.size - 1)])


def read_delay(family: str, mean_days: float, sd_days: float) -> DayDelay:
    """A gamma, log-normal or Weibull delay of given mean and standard deviation as whole days between two dates."""
    return whole_days(delay_of_moments(family, mean_days, sd_days))


def whole_days(delay: Delay, *, longest_days: int = 0) -> DayDelay:
    """Any delay as whole days, both events falling anywhere in their day (``estimate.discretise_delay``).

    Cut and rescaled at ``longest_days``, by default where less than one in a million is left. Raises EstimateError where
    nothing lies within.
    """
    reach = longest_days or math.ceil(float(delay.quantile(1 - TAIL))) + 1
    return DayDelay(discretise_delay(delay, reach))


def estimate_report_delay(cases: Cases, as_of: np.datetime64, *, fewest_cases: int) -> DayDelay | None:
    """Onset to report of the cases themselves: log-normal, whole days, later reports not known yet (``estimate_delay``).

    None where fewer than ``fewest_cases`` have both days, or these do not hold the parameters. A case reported before it
    fell ill is left out: it was found without symptoms.
    """
    gap = cases.reported_on - cases.onset_on
    used = ~np.isnat(gap) & (gap.astype(np.int64) >= 0)
    if int(used.sum()) < fewest_cases:
        return None
    ago = [(day[used] - as_of).astype(np.float64) for day in (cases.onset_on, cases.reported_on)]
    try:
        fit = estimate_delay(pairs_of_days(ago[0], ago[1], seen_on=0.0), "lognormal", prior=WeakPrior())
    except EstimateError:
        return None  # the caller falls back on the rulebook's delay and says so
    return whole_days(fit.delay, longest_days=LONGEST_REPORT_DAYS)


@dataclass(frozen=True)
class Interval:
    """Serial intervals of pairs, in days.

    Attributes:
        pairs: links used: both ends with an onset.
        undated: links left out because an onset is missing.
        lags: days from the infector's onset to the infectee's, one a pair; negative ones kept.
        mean, mean_low, mean_high: with the Student interval of 95 %; NaT-like NaN below two pairs.
        sd, median, q025, q975: of the lags as they are.
        negative: pairs whose infectee fell ill first.
        fitted_mean, fitted_sd: of the normal distribution fitted to both dates being whole days and, with ``as_of``,
            to later infectees not being known yet. Normal because a serial interval may be negative (Ali et al.
            2020, Science 369:1106). NaN below ``FEWEST_PAIRS`` pairs or where all lags are equal.
    """

    pairs: int
    undated: int
    lags: Counts
    mean: float
    mean_low: float
    mean_high: float
    sd: float
    median: float
    q025: float
    q975: float
    negative: int
    fitted_mean: float
    fitted_sd: float


def estimate_serial_interval(
    cases: Cases, links: Links, kept: Flags | None = None, *, as_of: np.datetime64 | None = None
) -> Interval:
    """Serial intervals of the links (of those ``kept``), as they are and fitted.

    ``as_of`` is the last day on which an infectee's onset could have been known: pairs of recent infectors are then
    corrected for their later infectees being missing (right truncation).
    """
    used = np.ones(len(links), np.bool_) if kept is None else kept
    start, end = cases.onset_on[links.infector[used]], cases.onset_on[links.infectee[used]]
    dated = ~(np.isnat(start) | np.isnat(end))
    lags = (end[dated] - start[dated]).astype(np.int64)
    room = np.full(lags.size, np.inf) if as_of is None else (as_of - start[dated]).astype(np.float64)
    mean = float(lags.mean()) if lags.size else math.nan
    sd = float(lags.std(ddof=1)) if lags.size > 1 else math.nan
    half = float(t.ppf(0.975, lags.size - 1) * sd / math.sqrt(lags.size)) if lags.size > 1 else math.nan
    low, middle, high = np.quantile(lags, [0.025, 0.5, 0.975]) if lags.size else (math.nan,) * 3
    fitted = _fit_normal(lags, room, mean, sd) if lags.size >= FEWEST_PAIRS and sd > 0 else (math.nan, math.nan)
    return Interval(
        pairs=int(lags.size),
        undated=int((~dated).sum()),
        lags=lags,
        mean=mean,
        mean_low=mean - half,
        mean_high=mean + half,
        sd=sd,
        median=float(middle),
        q025=float(low),
        q975=float(high),
        negative=int((lags < 0).sum()),
        fitted_mean=fitted[0],
        fitted_sd=fitted[1],
    )


def _fit_normal(lags: Counts, room: Reals, mean: float, sd: float) -> tuple[float, float]:
    both, times = np.unique(np.column_stack([lags.astype(np.float64), room]), axis=0, return_counts=True)
    lag, last = both[:, 0], both[:, 1]

    def loss(at: NDArray[np.float64]) -> float:
        centre, spread = at[0], math.exp(at[1])

        def integral(x: Reals) -> Reals:
            z = (x - centre) / spread
            return (x - centre) * norm.cdf(z) + spread * norm.pdf(z)

        chance = np.maximum(integral(lag + 1) - 2 * integral(lag) + integral(lag - 1), 1e-300)
        bounded = np.where(np.isinf(last), 0.0, last)
        seen = np.where(np.isinf(last), 1.0, np.maximum(integral(bounded + 1) - integral(bounded), 1e-300))
        return -float(times @ (np.log(chance) - np.log(seen)))

    found = minimize(loss, [mean, math.log(sd)], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    return float(found.x[0]), math.exp(float(found.x[1]))
