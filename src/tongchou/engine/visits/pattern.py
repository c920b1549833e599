"""The shape of a city's visits: opening hours, stays, weekdays, and how popular each place is.

The default figures are assumptions of a benchmark, made to be stated and changed; none is a measurement. What they must
reproduce is stated too: popularity falls with rank as a power (Zipf), stays are log-normal, and crowding is bounded by
what rooms hold, because the cost of a contact search is set by how many people share a place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOUR = 3600
#: More visits a person and day than this do not fit between morning and night one after another.
MOST_A_DAY = 8.0


class PatternError(ValueError):
    """A city of this shape cannot be made; ``zh`` and ``en`` say what to ask for instead."""

    def __init__(self, zh: str, en: str, *, code: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code = zh, en, code


@dataclass(frozen=True)
class Opening:
    """One kind of place: its share of all places, and its hours in seconds after midnight; closing may lie past 24:00."""

    share: float
    opens_s: int
    closes_s: int


@dataclass(frozen=True)
class VisitPattern:
    """How people go about.

    Attributes:
        openings: kinds of places: shops, markets, restaurants, stations, night venues.
        zipf: popularity of the place of rank r falls as ``r ** -zipf``.
        busiest: people at once, on average over the opening hours of an average day, at the most crowded place.
        stay_median_s, stay_sdlog: log-normal stays; ``stay_least_s`` and ``stay_most_s`` bound them.
        weekdays: how many visits are made on a Monday to Sunday, against each other.
        returning: share of visits that go to one of the person's own few places (``favourites`` of them).
    """

    openings: tuple[Opening, ...] = (
        Opening(0.50, 9 * HOUR, 21 * HOUR),
        Opening(0.20, 7 * HOUR, 21 * HOUR),
        Opening(0.20, 10 * HOUR, 22 * HOUR),
        Opening(0.05, 6 * HOUR, 23 * HOUR),
        Opening(0.05, 18 * HOUR, 26 * HOUR),
    )
    zipf: float = 0.9
    busiest: float = 200.0
    stay_median_s: float = 2400.0
    stay_sdlog: float = 0.9
    stay_least_s: int = 300
    stay_most_s: int = 8 * HOUR
    weekdays: tuple[float, ...] = (0.95, 0.93, 0.94, 0.96, 1.05, 1.12, 1.05)
    returning: float = 0.5
    favourites: int = 3

    def __post_init__(self) -> None:
        shortest = min(kind.closes_s - kind.opens_s for kind in self.openings)
        fits = 0 < self.stay_least_s <= self.stay_most_s <= shortest and self.stay_sdlog > 0 and self.busiest > 0
        if not fits or len(self.weekdays) != 7 or min(self.weekdays) <= 0 or not 0 <= self.returning <= 1:
            raise PatternError(
                "到访形态不成立：停留须在最短营业时间之内，星期权重须有七个且大于 0。",
                "The pattern does not fit: stays lie within the shortest opening hours, and weekdays are seven weights above 0.",
                code="pattern",
            )

    def mean_stay_s(self) -> float:
        """Mean of the bounded log-normal stay, in closed form."""
        mu, sd = math.log(self.stay_median_s), self.stay_sdlog
        low, high = ((math.log(bound) - mu) / sd for bound in (self.stay_least_s, self.stay_most_s))
        inner = math.exp(mu + sd * sd / 2) * (_below(high - sd) - _below(low - sd))
        return inner + self.stay_least_s * _below(low) + self.stay_most_s * (1 - _below(high))

    def kind_of(self, places: int) -> NDArray[np.int8]:
        """Kind of each rank: every kind holds its share among the popular as among the quiet places."""
        steps = np.cumsum([kind.share for kind in self.openings])
        golden = (np.arange(places) * 0.6180339887498949 + 0.5) % 1.0 * steps[-1]
        return np.minimum(np.searchsorted(steps, golden, side="right"), len(steps) - 1).astype(np.int8)

    def popularity(self, places: int, visits_a_day: float) -> NDArray[np.float64]:
        """Share of all visits of each rank, sum 1: Zipf, cut where a place would hold more than ``busiest`` on average.

        Raises:
            PatternError: where all places together cannot hold so many visits.
        """
        hours = np.array([kind.closes_s - kind.opens_s for kind in self.openings])[self.kind_of(places)]
        most = self.busiest * hours / (visits_a_day * self.mean_stay_s())
        if most.sum() < 1.0:
            needed = math.ceil(places / most.sum())
            raise PatternError(
                f"{places} 个场所容不下每日 {visits_a_day:.0f} 次到访：至少需要约 {needed} 个场所。",
                f"{places} places cannot hold {visits_a_day:.0f} visits a day: about {needed} places are needed.",
                code="places_few",
            )
        zipf = np.arange(1, places + 1) ** -self.zipf
        low, high = 0.0, float((most / zipf).max())
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if np.minimum(zipf * middle, most).sum() < 1.0 else (low, middle)
        shares = np.minimum(zipf * high, most)
        return shares / shares.sum()


def _below(x: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))
