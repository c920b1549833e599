"""Whole days from a continuous delay: both events are known to the day only, so both clock times are averaged over.

With the first event uniform over its day, P(delay = d days) = H(d + 1) - 2 H(d) + H(d - 1), H being the integrated
distribution function. The serial interval of Cori et al. (2013, web appendix 11) is the same formula for a gamma delay moved by
one day, which leaves no mass at zero. Plain differences F(d + 1) - F(d) are half a day off (Park et al. 2024, medRxiv
2024.01.12.24301247).
"""

from __future__ import annotations

import numpy as np

from tongchou.engine.estimate.delays import Delay, Floats, delay_of_moments
from tongchou.engine.estimate.errors import EstimateError

# A serial interval goes on until less than this share lies beyond, and for at least this many days.
SI_TAIL = 1e-6
SI_LEAST_DAYS = 40
MOST_DAYS = 3650


def discretise_delay(delay: Delay, most_days: int, *, normalise: bool = True) -> Floats:
    """Probability of 0, 1, ... ``most_days`` days between two days of a calendar, shape (most_days + 1,).

    With ``normalise`` what lies beyond ``most_days`` is shared out so that the sum is 1.
    Raises EstimateError where ``most_days`` is negative or nothing of the delay lies within it.
    """
    if not 0 <= most_days <= MOST_DAYS:
        raise EstimateError(
            f"天数须为 0 到 {MOST_DAYS}，现为 {most_days}", f"the days must be 0 to {MOST_DAYS}, not {most_days}"
        )
    heights = delay.integrated_cdf(np.arange(-1, most_days + 2, dtype=float))
    chances = np.maximum(np.diff(heights, n=2), 0.0)
    total = chances.sum()
    if total <= 0:
        raise EstimateError(
            f"{most_days} 天内没有概率，请增加天数", f"nothing of the delay lies within {most_days} days; take more"
        )
    return chances / total if normalise else chances


def discretise_serial_interval(mean_days: float, sd_days: float, most_days: int) -> Floats:
    """Serial interval of Cori et al. (2013): gamma moved by one day, lags 0 to ``most_days``, not normalised.

    Raises EstimateError where the mean is not above one day or the sd not above 0.
    """
    moved = _moved_gamma(mean_days, sd_days)
    return discretise_delay(moved, most_days, normalise=False)


def serial_interval_of(mean_days: float, sd_days: float) -> Floats:
    """The same, long enough that less than one in a million lies beyond (40 days at least), and summing to 1."""
    moved = _moved_gamma(mean_days, sd_days)
    reach = int(np.ceil(moved.quantile(1 - SI_TAIL))) + 1
    if reach > MOST_DAYS:
        raise EstimateError(
            f"均值 {mean_days}、标准差 {sd_days} 的间隔长于 {MOST_DAYS} 天",
            f"an interval of mean {mean_days} and sd {sd_days} is longer than {MOST_DAYS} days",
        )
    return discretise_delay(moved, max(SI_LEAST_DAYS, reach))


def _moved_gamma(mean_days: float, sd_days: float) -> Delay:
    if not mean_days > 1:
        raise EstimateError(
            f"间隔的均值须大于 1 天，现为 {mean_days}", f"the mean of the interval must exceed 1 day, not {mean_days}"
        )
    return delay_of_moments("gamma", mean_days, sd_days, offset_days=1.0)
