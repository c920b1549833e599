"""How fast it spreads, where there are enough cases: the reproduction number and growth of an area's last days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongchou.engine.chains.cases import YES, Cases, Counts, Days, Flags
from tongchou.engine.chains.intervals import DayDelay
from tongchou.engine.estimate import STATUSES, Prior, Windows, estimate_growth, estimate_reproduction

# The line of the growth rate is drawn over as many of R's windows as this, at least: a week alone bends it.
GROWTH_WINDOWS = 2


@dataclass(frozen=True)
class CurveFacts:
    """What the curve by day of report says of its last window.

    Attributes:
        first_on, last_on: the window.
        cases: reported in it.
        mean, low, median, high: reproduction number (Cori et al. 2013), with its 95 % interval.
        rate, rate_low, rate_high: growth a day over ``growth_days``; None where no line can be drawn.
        doubling_days: days to double, negative: to halve; None where the sign is not certain.
    """

    first_on: np.datetime64
    last_on: np.datetime64
    cases: int
    mean: float
    low: float
    median: float
    high: float
    growth_days: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    doubling_days: float | None


def counted_on(cases: Cases) -> Days:
    """The day by which a case is counted: report, else onset."""
    return np.where(np.isnat(cases.reported_on), cases.onset_on, cases.reported_on)


def daily_counts(cases: Cases, here: Flags, as_of: np.datetime64) -> tuple[np.datetime64, Counts, Counts]:
    """First day, cases a day up to and including ``as_of``, and how many of them were imported.

    The series begins a day before the first case, as no estimator gives anything for its first day.
    """
    day = counted_on(cases)
    known = here & ~np.isnat(day)
    first = (day[known].min() if known.any() else as_of) - 1
    length = int((as_of - first).astype(np.int64)) + 1
    place = (day[known] - first).astype(np.int64)
    came = (day[known & (cases.imported == YES)] - first).astype(np.int64)
    return first, np.bincount(place, minlength=length), np.bincount(came, minlength=length)


def estimate_curve(
    cases: Cases,
    here: Flags,
    *,
    as_of: np.datetime64,
    serial: DayDelay,
    window_days: int,
    fewest_cases: int,
    prior: Prior,
) -> CurveFacts | None:
    """R and growth of the window that ends ``as_of``; None below ``fewest_cases`` or before one mean serial interval."""
    first, every, came = daily_counts(cases, here, as_of)
    days = every.size
    if days <= window_days:
        return None
    window = Windows(np.array([days - window_days + 1]), np.array([days]))
    later = np.concatenate([[0.0], serial.pmf[1:]])  # nobody of the same day can be told apart as infector
    found = estimate_reproduction(
        every, later / later.sum(), imported=came, windows=window, prior=prior, min_cases=fewest_cases
    )
    if STATUSES[int(found.status[0, 0])] != "ok":
        return None
    low, median, high = (float(one) for one in found.quantiles[0, 0])
    growth_days = min(GROWTH_WINDOWS * window_days, days)
    growth = estimate_growth(every, window_days=growth_days, min_cases=fewest_cases)
    rate = [float(one[0, -1]) for one in (growth.rate, growth.low, growth.high)]
    certain = rate[1] * rate[2] > 0
    drawn = bool(np.isfinite(rate).all())
    return CurveFacts(
        first_on=as_of - (window_days - 1),
        last_on=as_of,
        cases=int(found.cases[0, 0]),
        mean=float(found.mean[0, 0]),
        low=low,
        median=median,
        high=high,
        growth_days=growth_days,
        rate=rate[0] if drawn else None,
        rate_low=rate[1] if drawn else None,
        rate_high=rate[2] if drawn else None,
        doubling_days=float(growth.doubling_days[0, -1]) if drawn and certain else None,
    )
