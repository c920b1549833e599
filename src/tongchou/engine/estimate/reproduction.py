"""Time-varying reproduction number after Cori et al. (2013, Am J Epidemiol 178:1505), many areas in one call.

Cases of a day are Poisson with mean R x infectivity, infectivity being past cases weighted by the serial interval:
``infectivity_t = sum over s >= 1 of w_s (local + imported)_(t - s)``. With a gamma prior of R (shape a, scale b) the
posterior over a window is gamma with shape a + local cases and scale 1 / (1 / b + sum of infectivity). Its quantiles are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from tongchou.engine.estimate.delays import Floats
from tongchou.engine.estimate.errors import EstimateError

OK, TOO_FEW, BEFORE_SI_MEAN = 0, 1, 2
STATUSES = ("ok", "too_few", "before_si_mean")
LEVELS = (0.025, 0.5, 0.975)
# A given serial interval may miss a sum of 1 by this much, as tables printed to three digits do.
SUM_TOLERANCE = 0.01


@dataclass(frozen=True)
class Windows:
    """Windows of days, first and last day numbered from 1, both included; arrays of shape (windows,)."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.first.ndim != 1 or self.first.shape != self.last.shape:
            raise EstimateError("窗口的首日与末日须成对", "windows need one last day for every first day")
        if len(self.first) and (self.first.min() < 2 or (self.last < self.first).any()):
            raise EstimateError(
                "窗口从第 2 天起，末日不早于首日：第 1 天没有之前的病例",
                "a window starts on day 2 or later, ends no earlier",
            )

    def __len__(self) -> int:
        return len(self.first)


def sliding_windows(days: int, window_days: int) -> Windows:
    """Every window of ``window_days`` that starts on day 2 or later, as EpiEstim's default. Empty where none fits.

    Raises EstimateError where a window has no day.
    """
    if window_days < 1:
        raise EstimateError(f"窗口至少 1 天，现为 {window_days}", f"a window has at least 1 day, not {window_days}")
    first = np.arange(2, days - window_days + 2, dtype=np.int64)
    return Windows(first, first + window_days - 1)


@dataclass(frozen=True)
class Prior:
    """Gamma prior of R by its mean and standard deviation; 5 and 5 are those of Cori et al. (2013)."""

    mean: float = 5.0
    sd: float = 5.0

    def __post_init__(self) -> None:
        if not (self.mean > 0 and self.sd > 0):
            raise EstimateError("先验均值与标准差须大于 0", "mean and sd of the prior must exceed 0")

    @property
    def shape(self) -> float:
        return (self.mean / self.sd) ** 2

    @property
    def scale(self) -> float:
        return self.sd**2 / self.mean


@dataclass(frozen=True)
class Reproduction:
    """Reproduction number of every area and window; NaN where the window ends before one mean serial interval.

    ``mean``, ``sd``, ``cases`` (all cases reported in the window) and ``status`` (index into ``STATUSES``) have the
    shape (areas, windows), ``quantiles`` (areas, windows, levels), ``infectivity`` (areas, days; NaN on day 1).
    """

    windows: Windows
    mean: Floats
    sd: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    cases: NDArray[np.int64]
    status: NDArray[np.uint8]
    infectivity: Floats


@dataclass(frozen=True)
class _Evidence:
    """What the windows of every area add up to: local cases, infectivity, all cases; shape (areas, windows)."""

    local: NDArray[np.int64]
    infectivity: Floats
    cases: NDArray[np.int64]
    daily: Floats = field(repr=False)


def estimate_reproduction(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    *,
    imported: ArrayLike | None = None,
    windows: Windows | int = 7,
    prior: Prior | None = None,
    levels: Sequence[float] = LEVELS,
    min_cases: int = 12,
) -> Reproduction:
    """Cori's posterior of R for every area and window.

    Args:
        incidence: all cases by day, shape (days,) or (areas, days).
        serial_interval: probability of 0, 1, ... days; the first must be 0. It is used as given, not normalised.
        imported: how many of them were infected elsewhere; they infect, but are nobody's secondary cases.
        windows: windows, or the length of sliding ones in days.
        min_cases: below so many cases in a window the status is ``too_few``: with Cori's prior, twelve cases bring the
            posterior's coefficient of variation under 0.3 (Cori et al. 2013, web appendix 1). The numbers are still given.

    Raises EstimateError for negative counts, more imported than all, or a serial interval that is none.
    """
    every, came = counts_of(incidence, imported)
    chances = checked_interval(serial_interval)
    spans = sliding_windows(every.shape[1], windows) if isinstance(windows, int) else windows
    evidence = _evidence(every, came, chances, spans)
    before = prior or Prior()
    shape = before.shape + evidence.local
    scale = 1 / (1 / before.scale + evidence.infectivity)
    early = spans.last <= float(chances @ np.arange(len(chances)))
    shape_or_none = np.where(early, np.nan, shape)
    # Shapes are the prior's plus whole numbers: few differ, and the inverse of the gamma function is the whole cost.
    known, where = np.unique(shape, return_inverse=True)
    inverse = special.gammaincinv(known[:, None], np.asarray(levels, dtype=float))
    quantiles = inverse[where.reshape(shape.shape)] * scale[..., None]
    quantiles[:, early] = np.nan
    return Reproduction(
        windows=spans,
        mean=shape_or_none * scale,
        sd=np.sqrt(shape_or_none) * scale,
        quantiles=quantiles,
        levels=tuple(levels),
        cases=evidence.cases,
        status=window_status(evidence.cases, early, min_cases),
        infectivity=evidence.daily,
    )


def infectivity_of(incidence: ArrayLike, serial_interval: ArrayLike, imported: ArrayLike | None = None) -> Floats:
    """Past cases weighted by the serial interval, shape (areas, days); NaN on day 1, which has no past."""
    every, _came = counts_of(incidence, imported)
    return _infectivity(every, checked_interval(serial_interval))


def counts_of(incidence: ArrayLike, imported: ArrayLike | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All and imported cases as whole numbers, shape (areas, days). Raises EstimateError where they can't be counts."""
    given = np.asarray(incidence)
    every = np.atleast_2d(given).astype(np.int64)
    came = np.zeros_like(every) if imported is None else np.atleast_2d(np.asarray(imported)).astype(np.int64)
    if every.ndim != 2 or not every.size or came.shape != every.shape:
        raise EstimateError(
            "病例数须为（天）或（地区，天），且输入病例与其同形",
            "counts have the shape (days,) or (areas, days), the imported the same",
        )
    if given.dtype.kind == "f" and not np.array_equal(np.atleast_2d(given), every):
        raise EstimateError("病例数须为整数", "counts must be whole numbers")
    if every.min() < 0 or came.min() < 0 or (came > every).any():
        raise EstimateError(
            "病例数不能为负，输入病例不能多于全部病例", "counts must not be negative, nor the imported more than all"
        )
    return every, came


def checked_interval(serial_interval: ArrayLike) -> Floats:
    """A serial interval by day, lag 0 first. Raises EstimateError where it is negative, starts above 0 or does not sum to 1."""
    chances = np.asarray(serial_interval, dtype=float)
    if chances.ndim != 1 or len(chances) < 2 or not np.isfinite(chances).all() or chances.min() < 0:
        raise EstimateError(
            "代间隔须为不含负数的概率，从第 0 天起至少两天",
            "a serial interval is probabilities from day 0, two at least",
        )
    if chances[0] != 0:
        raise EstimateError(
            f"代间隔第 0 天的概率须为 0，现为 {chances[0]:g}", f"the probability of day 0 must be 0, not {chances[0]:g}"
        )
    if abs(chances.sum() - 1) > SUM_TOLERANCE:
        raise EstimateError(
            f"代间隔各天概率之和须为 1，现为 {chances.sum():.4f}",
            f"the probabilities must sum to 1, not {chances.sum():.4f}",
        )
    return chances


def window_sums(daily: NDArray, windows: Windows) -> NDArray:
    """Sums over the windows, shape (areas, windows). Each is added up on its own, so that small ones keep their digits.

    Raises EstimateError where a window ends after the last day.
    """
    days = daily.shape[1]
    if len(windows) and windows.last.max() > days:
        raise EstimateError(f"窗口超出序列的 {days} 天", f"a window ends after the last of the {days} days")
    sums = np.zeros((daily.shape[0], len(windows)), dtype=daily.dtype)
    lengths = windows.last - windows.first + 1
    for back in range(int(lengths.max(initial=0))):
        reached = lengths > back
        sums[:, reached] += daily[:, windows.last[reached] - 1 - back]
    return sums


def _evidence(every: NDArray[np.int64], came: NDArray[np.int64], chances: Floats, windows: Windows) -> _Evidence:
    daily = _infectivity(every, chances)
    return _Evidence(
        local=window_sums(every - came, windows),
        infectivity=window_sums(daily, windows),
        cases=window_sums(every, windows),
        daily=daily,
    )


def _infectivity(every: NDArray[np.int64], chances: Floats) -> Floats:
    weighted = np.zeros(every.shape)
    cases = every.astype(float)
    for lag in range(1, min(len(chances), every.shape[1])):
        if chances[lag]:
            weighted[:, lag:] += chances[lag] * cases[:, :-lag]
    weighted[:, 0] = np.nan
    return weighted


def window_status(cases: NDArray[np.int64], early: NDArray[np.bool_], min_cases: int) -> NDArray[np.uint8]:
    """Index into ``STATUSES``: ``early`` windows (shape (windows,)) first, then those with too few cases."""
    status = np.where(cases < min_cases, TOO_FEW, OK).astype(np.uint8)
    status[:, early] = BEFORE_SI_MEAN
    return status
