"""Facts of one area at the close of one day, and the same facts on later days without a new case.

A window of n days ends with the day itself: new_14d of 28 February counts 15 to 28 February.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

WINDOWED = re.compile(r"^(new|clusters)_([1-9]\d{0,2})d$")
# Facts that nobody can count: experts judge them, and until they have they are unknown.
JUDGED = frozenset({"sustained", "infected_lived_or_busy", "infected_stayed", "spread_risk_nil"})
NAMES = JUDGED | frozenset(
    {
        "cum",
        "weekly_per_100k",
        "in_hospital",
        "days_since_last_case",
        "days_since_last_discharge_or_transfer",
        "level",
        "population",
    }
)


def is_fact(name: str) -> bool:
    """Whether criteria may ask for this fact: a fixed name, or new_<n>d, clusters_<n>d with n of 1 to 999 days."""
    return name in NAMES or WINDOWED.match(name) is not None


@dataclass(frozen=True)
class CaseCounts:
    """What is counted for one area, up to and including the day asked.

    Attributes:
        new: counted cases by day of confirmation report.
        clusters: for every cluster id, its cases by day.
        in_hospital: counted cases that were not discharged, moved or dead at the day's close; None if unknown.
        last_left_on: last day on which a case was discharged or moved to another area; None if there was none.
        judged: what experts judged, by fact name (``JUDGED``); a name that is absent is unknown.
        level: the level that stands decided; None if none does.
    """

    new: Mapping[date, int] = field(default_factory=dict)
    clusters: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
    in_hospital: int | None = 0
    last_left_on: date | None = None
    judged: Mapping[str, bool] = field(default_factory=dict)
    level: str | None = None


@dataclass(frozen=True)
class ZoneFacts:
    """The facts that a zone rule may ask for, at the close of ``on`` plus ``waited`` days without a new case.

    Attributes:
        days_ago: (days before ``on``, cases), newest first.
        clusters_ago: for every cluster, days since the last day on which it had the size of a cluster epidemic
            within its own window; None as a whole where no rule says what that size is.
        left_ago: days since a case last left hospital; None if none did.
    """

    area: str
    on: date
    cum: int
    days_ago: tuple[tuple[int, int], ...]
    clusters_ago: tuple[int, ...] | None
    in_hospital: int | None
    left_ago: int | None
    judged: Mapping[str, bool]
    level: str | None
    population: int | None
    waited: int = 0

    def value(self, name: str) -> int | float | bool | str | None:
        """One fact by its name in the rule; None means unknown.

        Raises KeyError for a name that is no fact.
        """
        windowed = WINDOWED.match(name)
        if windowed:
            days = int(windowed[2])
            return self._new(days) if windowed[1] == "new" else self._clusters(days)
        if name == "weekly_per_100k":
            new = self._new(7)
            if new == 0:
                return 0.0  # whatever the population is
            return round(new * 100_000 / self.population, 2) if self.population else None
        if name == "days_since_last_case":
            return self.days_ago[0][0] + self.waited if self.days_ago else None
        if name == "days_since_last_discharge_or_transfer":
            return None if self.left_ago is None else self.left_ago + self.waited
        if name in JUDGED:
            return self.judged.get(name)
        if name in NAMES:
            return getattr(self, name)
        raise KeyError(name)

    def after(self, days: int) -> ZoneFacts:
        """The facts ``days`` later if no case is added and today's inpatients stay where they are."""
        return replace(self, waited=self.waited + days)

    def _new(self, days: int) -> int:
        return sum(count for ago, count in self.days_ago if ago + self.waited < days)

    def _clusters(self, days: int) -> int | None:
        if self.clusters_ago is None:
            return None
        return sum(ago + self.waited < days for ago in self.clusters_ago)


def count_facts(
    counts: CaseCounts,
    *,
    area: str,
    on: date,
    population: int | None,
    cluster_min_cases: int | None,
    cluster_window_days: int = 14,
) -> ZoneFacts:
    """Facts of ``area`` at the close of ``on``. Cases of later days are left out; ``population`` in persons.

    ``cluster_min_cases`` is None where no rule says how many cases make a cluster: clusters are then unknown.
    """
    return ZoneFacts(
        area=area,
        on=on,
        cum=sum(count for day, count in counts.new.items() if day <= on),
        days_ago=_days_ago(counts.new, on),
        clusters_ago=_clusters_ago(counts.clusters, on, cluster_min_cases, cluster_window_days),
        in_hospital=counts.in_hospital,
        left_ago=None if counts.last_left_on is None else (on - counts.last_left_on).days,
        judged=dict(counts.judged),
        level=counts.level,
        population=population,
    )


def _days_ago(by_day: Mapping[date, int], on: date) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(((on - day).days, count) for day, count in by_day.items() if day <= on and count))


def _clusters_ago(
    clusters: Mapping[str, Mapping[date, int]], on: date, min_cases: int | None, window_days: int
) -> tuple[int, ...] | None:
    if min_cases is None:
        return None
    reached = (_reached_ago(_days_ago(one, on), min_cases, window_days) for one in clusters.values())
    return tuple(sorted(ago for ago in reached if ago is not None))


def _reached_ago(days_ago: tuple[tuple[int, int], ...], min_cases: int, window_days: int) -> int | None:
    """Days since the newest case day up to which the cluster had ``min_cases`` within ``window_days``."""
    for last, _count in days_ago:
        if sum(count for ago, count in days_ago if last <= ago < last + window_days) >= min_cases:
            return last
    return None
