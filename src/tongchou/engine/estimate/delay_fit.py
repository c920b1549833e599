"""Fitting a delay whose ends are known to a window only and which can be seen only up to the day of the data.

With the first event uniform over its window ``[a, b]`` and the second in ``[c, d]`` the chance of a pair is
``(H(d - a) - H(d - b) - H(c - a) + H(c - b)) / (b - a)``, H being the integrated distribution function (doubly interval-censored,
Reich et al. 2009, Stat Med 28:2769). A pair is seen only where its second event lies before the end ``e`` of the data, a
chance of ``(H(e - a) - H(e - b)) / (b - a)`` by which it is divided (right truncation, Seaman et al. 2022, Stat Methods Med Res
31:1641). Where nothing was recorded before a day ``s`` (reporting began in the middle of an epidemic) the same at ``s`` is taken off that
chance (left truncation). The parameters maximise the product; intervals are the delta method's on the log scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from tongchou.engine.estimate.delays import FAMILIES, Delay, Floats, delay_of_moments, integrated_cdf
from tongchou.engine.estimate.errors import EstimateError

QUANTILE_LEVELS = (0.025, 0.25, 0.5, 0.75, 0.95, 0.975, 0.99)
LEAST_PAIRS = 5
TINY = 1e-300
STEP = 2e-3
# A parameter known no better than by this factor (in log units) is not known.
LOOSEST = 3.0


@dataclass(frozen=True)
class Pairs:
    """Windows of both events of every case, in days from any one origin; arrays of shape (cases,).

    ``seen_to`` is the end of the data for each case, infinite where nothing was cut off; ``seen_from`` the beginning of the record
    of second events, None where there was always one. ``weights`` says how many cases a row stands for; None for one each.
    """

    first_from: Floats
    first_to: Floats
    second_from: Floats
    second_to: Floats
    seen_to: Floats
    weights: Floats | None = None
    seen_from: Floats | None = None

    def __post_init__(self) -> None:
        arrays = (self.first_from, self.first_to, self.second_from, self.second_to, self.seen_to)
        if any(one.ndim != 1 or one.shape != self.first_from.shape for one in arrays):
            raise EstimateError("各列须等长", "the windows must be columns of one length")
        if self.weights is not None and (self.weights.shape != self.first_from.shape or np.any(self.weights < 0)):
            raise EstimateError("权重须与各行等长且不为负", "weights are one a row and not negative")
        if not (np.all(self.first_to > self.first_from) and np.all(self.second_to > self.second_from)):
            raise EstimateError(
                "每个事件的窗口须有长度：只知道日期的按一整天算",
                "a window has a length: an event known by its day has one day",
            )
        if bad := int(np.sum(self.second_to <= self.first_from)):
            raise EstimateError(
                f"{bad} 例的第二个事件早于第一个，请更正或排除",
                f"{bad} cases have the second event before the first: mend or leave out",
            )
        if bad := int(np.sum(self.second_to > self.seen_to)):
            raise EstimateError(
                f"{bad} 例的第二个事件在数据截止之后", f"{bad} cases have a second event after the end of the data"
            )

        if self.seen_from is not None and (bad := int(np.sum(self.second_from < self.seen_from))):
            raise EstimateError(
                f"{bad} 例的第二个事件早于记录开始", f"{bad} cases have a second event before the record begins"
            )

    @property
    def cases(self) -> int:
        return len(self.first_from) if self.weights is None else int(self.weights.sum())


def pairs_of_days(first: ArrayLike, second: ArrayLike, *, seen_on: float | None = None) -> Pairs:
    """Pairs of events known by their day; ``seen_on`` is the last day of the data, None where nothing was cut off."""
    early, late = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    end = np.inf if seen_on is None else float(seen_on) + 1
    return Pairs(early, early + 1, late, late + 1, np.full(early.shape, end))


@dataclass(frozen=True)
class WeakPrior:
    """What is believed of a log-normal delay before any case: normal laws of meanlog and of log sdlog.

    The default holds nearly every delay between two events of a case: a median of half a day to a month (4 days, times or by
    7.4), a spread of sdlog 0.22 to 1.6. It decides only where nearly all delays are cut off by the end of the data.
    """

    meanlog: float = float(np.log(4.0))
    meanlog_sd: float = 1.0
    log_sdlog: float = float(np.log(0.6))
    log_sdlog_sd: float = 0.5

    def lack(self, theta: Floats) -> float:
        """Minus the log of its density at (meanlog, log sdlog), but for a constant."""
        gaps = (theta[0] - self.meanlog) / self.meanlog_sd, (theta[1] - self.log_sdlog) / self.log_sdlog_sd
        return float(gaps[0] ** 2 + gaps[1] ** 2) / 2


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, in the unit of the estimate."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class DelayFit:
    """A fitted delay. ``quantiles`` are days by level; ``aic`` compares families on the same pairs."""

    delay: Delay
    mean: Interval
    sd: Interval
    quantiles: dict[float, Interval]
    first: Interval
    second: Interval
    level: float
    cases: int
    log_likelihood: float

    @property
    def aic(self) -> float:
        return 4 - 2 * self.log_likelihood


def estimate_delay(
    pairs: Pairs, family: str = "lognormal", *, level: float = 0.95, prior: WeakPrior | None = None
) -> DelayFit:
    """Maximum likelihood fit of one family with intervals of ``level`` (delta method).

    With ``prior`` (log-normal only) it is the most probable fit instead, and ``log_likelihood`` is still that of the pairs.

    Raises EstimateError for fewer than five pairs, an unknown family, or pairs that do not hold the parameters, as when
    nearly all delays are cut off.
    """
    if family not in FAMILIES:
        raise EstimateError(f"不支持分布“{family}”", f"no family {family!r}; use {', '.join(FAMILIES)}")
    if pairs.cases < LEAST_PAIRS:
        raise EstimateError(
            f"只有 {pairs.cases} 例，至少须 {LEAST_PAIRS} 例", f"{pairs.cases} cases, at least {LEAST_PAIRS} are needed"
        )
    spans, counts = _compress(pairs)

    if prior is not None and family != "lognormal":
        raise EstimateError("先验只用于对数正态分布", "a prior is for the log-normal family only")

    def lack(theta: Floats) -> float:
        return (prior.lack(theta) if prior else 0.0) - _log_likelihood(theta, family, spans, counts)

    found = optimize.minimize(
        lack, _start(pairs, family), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-7, "maxiter": 4000}
    )
    spread = _covariance(lack, found.x)
    if not found.success or spread is None:
        raise EstimateError(
            "数据不足以确定时滞（多数可能被截断）；请等更多病例，或用规则库的已发表值",
            "the pairs do not determine the delay (most may be cut off): wait for more cases or take a published one",
        )
    reach = float(special.ndtri((1 + level) / 2))
    quantiles = {
        share: _interval(family, found.x, spread, reach, lambda one, q=share: float(one.quantile(q)))
        for share in QUANTILE_LEVELS
    }
    errors = reach * np.sqrt(np.diag(spread))
    return DelayFit(
        delay=_delay(family, found.x),
        mean=_interval(family, found.x, spread, reach, lambda one: one.mean),
        sd=_interval(family, found.x, spread, reach, lambda one: one.sd),
        quantiles=quantiles,
        first=_parameter(found.x[0], errors[0], logged=family != "lognormal"),
        second=_parameter(found.x[1], errors[1], logged=True),
        level=level,
        cases=pairs.cases,
        log_likelihood=_log_likelihood(found.x, family, spans, counts),
    )


def find_delay_family(pairs: Pairs, families: Sequence[str] = FAMILIES, *, level: float = 0.95) -> tuple[DelayFit, ...]:
    """Fits of several families, the best by AIC first. A family that can't be fitted is left out.

    Raises EstimateError where none can be fitted.
    """
    fits, last = [], None
    for family in families:
        try:
            fits.append(estimate_delay(pairs, family, level=level))
        except EstimateError as error:
            last = error
    if not fits:
        raise last or EstimateError("没有可拟合的分布", "no family to fit")
    return tuple(sorted(fits, key=lambda fit: fit.aic))


def _compress(pairs: Pairs) -> tuple[Floats, Floats]:
    """Distinct rows of the eight differences that the likelihood needs and the window's length, with how often each occurs."""
    begun = np.full_like(pairs.first_from, -np.inf) if pairs.seen_from is None else pairs.seen_from
    rows = np.column_stack(
        [
            pairs.second_to - pairs.first_from,
            pairs.second_to - pairs.first_to,
            pairs.second_from - pairs.first_from,
            pairs.second_from - pairs.first_to,
            pairs.seen_to - pairs.first_from,
            pairs.seen_to - pairs.first_to,
            pairs.first_to - pairs.first_from,
            np.maximum(begun - pairs.first_from, 0.0),
            np.maximum(begun - pairs.first_to, 0.0),
        ]
    )
    spans, where = np.unique(rows, axis=0, return_inverse=True)
    return spans, np.bincount(where.ravel(), weights=pairs.weights, minlength=len(spans)).astype(float)


def _log_likelihood(theta: Floats, family: str, spans: Floats, counts: Floats) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        first, second = _parameters(family, theta)
        heights = integrated_cdf(family, first, second, spans[:, :4])
        chance = heights[:, 0] - heights[:, 1] - heights[:, 2] + heights[:, 3]
        cut = np.isfinite(spans[:, 4])
        seen = spans[:, 6].copy()
        ends = integrated_cdf(family, first, second, spans[cut, 4:6])
        seen[cut] = ends[:, 0] - ends[:, 1]
        late = spans[:, 7] > 0
        starts = integrated_cdf(family, first, second, spans[late, 7:9])
        seen[late] -= starts[:, 0] - starts[:, 1]
        total = counts @ (np.log(np.maximum(chance, TINY)) - np.log(np.maximum(seen, TINY)))
    return float(total) if np.isfinite(total) else -1e300


def _parameters(family: str, theta: Floats) -> tuple[float, float]:
    return float(theta[0] if family == "lognormal" else np.exp(theta[0])), float(np.exp(theta[1]))


def _delay(family: str, theta: Floats) -> Delay:
    return Delay(family, *_parameters(family, theta))


def _start(pairs: Pairs, family: str) -> Floats:
    middle = (pairs.second_from + pairs.second_to - pairs.first_from - pairs.first_to) / 2
    middle = np.maximum(middle, 0.25)
    mean = float(np.average(middle, weights=pairs.weights))
    sd = float(np.sqrt(np.average((middle - mean) ** 2, weights=pairs.weights)))
    guess = delay_of_moments(family, mean, max(sd, 0.25))
    return np.array([guess.first if family == "lognormal" else np.log(guess.first), np.log(guess.second)])


def _covariance(lack, theta: Floats) -> Floats | None:
    """Inverse of the curvature at the maximum; None where the likelihood is flat in a direction."""
    shifts = np.eye(2) * STEP
    curve = np.empty((2, 2))
    for row in range(2):
        for column in range(2):
            plus, minus = shifts[row] + shifts[column], shifts[row] - shifts[column]
            curve[row, column] = (
                lack(theta + plus) - lack(theta + minus) - lack(theta - minus) + lack(theta - plus)
            ) / (4 * STEP**2)
    values, vectors = np.linalg.eigh(curve)
    if not np.isfinite(values).all() or values.min() <= 1 / LOOSEST**2:
        return None
    return np.asarray((vectors / values) @ vectors.T)


def _interval(family: str, theta: Floats, spread: Floats, reach: float, figure) -> Interval:
    """A positive figure of the delay with the delta method's interval on its log."""
    value = figure(_delay(family, theta))
    slopes = np.array(
        [
            (np.log(figure(_delay(family, theta + step))) - np.log(figure(_delay(family, theta - step)))) / (2 * STEP)
            for step in np.eye(2) * STEP
        ]
    )
    error = reach * float(np.sqrt(slopes @ spread @ slopes))
    return Interval(value, value * float(np.exp(-error)), value * float(np.exp(error)))


def _parameter(at: float, error: float, *, logged: bool) -> Interval:
    ends = np.array([at, at - error, at + error])
    return Interval(*(float(one) for one in (np.exp(ends) if logged else ends)))
