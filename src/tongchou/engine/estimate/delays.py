"""A delay between two events of a case, as a distribution with closed forms for everything the estimators ask.

The integral of the distribution function, ``H(x) = integral of F from 0 to x = x F(x) - E[T; T <= x]``, is known in closed
form for the gamma, log-normal and Weibull families. Every probability of a pair of days with unknown clock times is a
difference of values of H (``discretise``, ``delay_fit``), so nothing is integrated numerically.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from tongchou.engine.estimate.errors import EstimateError

Floats = NDArray[np.float64]
FAMILIES = ("lognormal", "gamma", "weibull")


@dataclass(frozen=True)
class Delay:
    """A distribution of days: ``family`` with its two parameters, moved by ``offset_days``.

    ``first`` and ``second`` are meanlog and sdlog (lognormal), or shape and scale in days (gamma, weibull).
    """

    family: str
    first: float
    second: float
    offset_days: float = 0.0

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise EstimateError(
                f"不支持分布“{self.family}”，请用 {'、'.join(FAMILIES)}",
                f"no family {self.family!r}; use {', '.join(FAMILIES)}",
            )
        positive = self.second > 0 and (self.first > 0 or self.family == "lognormal")
        if not positive or not np.isfinite([self.first, self.second, self.offset_days]).all():
            raise EstimateError(
                f"{self.family} 的参数须为有限的正数，现为 {self.first}、{self.second}",
                f"the parameters of {self.family} must be finite and positive, not {self.first}, {self.second}",
            )

    @property
    def mean(self) -> float:
        """Days."""
        return self.offset_days + float(_mean(self.family, self.first, self.second))

    @property
    def sd(self) -> float:
        """Days."""
        return float(_sd(self.family, self.first, self.second))

    def cdf(self, days: ArrayLike) -> Floats:
        """Probability of a delay of at most ``days``."""
        return cdf(self.family, self.first, self.second, np.asarray(days, dtype=float) - self.offset_days)

    def integrated_cdf(self, days: ArrayLike) -> Floats:
        """H of the module's head, in days."""
        return integrated_cdf(self.family, self.first, self.second, np.asarray(days, dtype=float) - self.offset_days)

    def quantile(self, level: ArrayLike) -> Floats:
        """Days below which a share ``level`` (0 to 1) of the delays lies."""
        share = np.asarray(level, dtype=float)
        if self.family == "lognormal":
            days = np.exp(self.first + self.second * special.ndtri(share))
        elif self.family == "gamma":
            days = self.second * special.gammaincinv(self.first, share)
        else:
            days = self.second * (-np.log1p(-share)) ** (1 / self.first)
        return np.asarray(self.offset_days + days)


def delay_of_moments(family: str, mean_days: float, sd_days: float, offset_days: float = 0.0) -> Delay:
    """The delay of a family with this mean and standard deviation (of the whole delay, offset included).

    Raises EstimateError where mean - offset or sd is not positive and finite, or the family is unknown.
    """
    mean = mean_days - offset_days
    if not (0 < mean < np.inf and 0 < sd_days < np.inf):
        raise EstimateError(
            f"均值须大于 {offset_days} 天，标准差须大于 0，都须有限，现为 {mean_days}、{sd_days}",
            f"the mean must exceed {offset_days} days and the sd 0, and both be finite; they are {mean_days} and {sd_days}",
        )
    ratio = (sd_days / mean) ** 2
    if family == "lognormal":
        spread = np.log1p(ratio)
        return Delay(family, float(np.log(mean) - spread / 2), float(np.sqrt(spread)), offset_days)
    if family == "weibull":
        shape = _weibull_shape(ratio)
        return Delay(family, shape, float(mean / special.gamma(1 + 1 / shape)), offset_days)
    return Delay(family, 1 / ratio, mean * ratio, offset_days)


def delay_of_quantiles(family: str, levels: tuple[float, float], days: tuple[float, float]) -> Delay:
    """The delay of a family with two given quantiles, for papers that print no moments.

    Raises EstimateError where levels or days do not rise from above 0.
    """
    (low, high), (early, late) = levels, days
    if not (0 < low < high < 1 and 0 < early < late):
        raise EstimateError(
            f"两个分位数须递增且大于 0，现为 {levels}: {days}",
            f"two quantiles must rise from above 0: {levels}: {days}",
        )
    if family == "lognormal":
        spread = np.log(late / early) / (special.ndtri(high) - special.ndtri(low))
        return Delay(family, float(np.log(early) - spread * special.ndtri(low)), float(spread))
    if family == "weibull":
        below, above = -np.log1p(-low), -np.log1p(-high)
        shape = float(np.log(above / below) / np.log(late / early))
        return Delay(family, shape, float(early / below ** (1 / shape)))
    shape = optimize.brentq(
        lambda log_shape: (
            np.log(special.gammaincinv(np.exp(log_shape), high) / special.gammaincinv(np.exp(log_shape), low))
            - np.log(late / early)
        ),
        -4.0,
        12.0,
    )
    return Delay(family, float(np.exp(shape)), float(early / special.gammaincinv(np.exp(shape), low)))


def cdf(family: str, first: float, second: float, days: ArrayLike) -> Floats:
    """Distribution function without offset; 0 for days below 0."""
    above = np.maximum(np.asarray(days, dtype=float), 0.0)
    if family == "lognormal":
        with np.errstate(divide="ignore"):
            return np.asarray(special.ndtr((np.log(above) - first) / second))
    if family == "gamma":
        return np.asarray(special.gammainc(first, above / second))
    return np.asarray(-np.expm1(-((above / second) ** first)))


def integrated_cdf(family: str, first: float, second: float, days: ArrayLike) -> Floats:
    """Integral of the distribution function from 0 to ``days``; 0 for days below 0."""
    above = np.maximum(np.asarray(days, dtype=float), 0.0)
    mean = _mean(family, first, second)
    if family == "lognormal":
        with np.errstate(divide="ignore"):
            share = special.ndtr((np.log(above) - first - second**2) / second)
    elif family == "gamma":
        share = special.gammainc(first + 1, above / second)
    else:
        share = special.gammainc(1 + 1 / first, (above / second) ** first)
    return np.asarray(above * cdf(family, first, second, above) - mean * share)


def _mean(family: str, first: float, second: float) -> float:
    if family == "lognormal":
        return float(np.exp(first + second**2 / 2))
    return float(first * second if family == "gamma" else second * special.gamma(1 + 1 / first))


def _sd(family: str, first: float, second: float) -> float:
    if family == "lognormal":
        return float(_mean(family, first, second) * np.sqrt(np.expm1(second**2)))
    if family == "gamma":
        return float(np.sqrt(first) * second)
    return float(second * np.sqrt(special.gamma(1 + 2 / first) - special.gamma(1 + 1 / first) ** 2))


def _weibull_shape(ratio: float) -> float:
    """Shape of the Weibull distribution whose squared coefficient of variation is ``ratio``."""

    def gap(log_shape: float) -> float:
        shape = np.exp(log_shape)
        return float(special.gammaln(1 + 2 / shape) - 2 * special.gammaln(1 + 1 / shape) - np.log1p(ratio))

    return float(np.exp(optimize.brentq(gap, -3.0, 7.0)))
