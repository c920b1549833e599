"""Facts of one area at the close of one day, and the same facts on later days without a new case.

A window of n days ends with the day itself: new_14d of 28 February counts 15 to 28 February.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

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
    """The facts that a zone rule may ask for. ``days_ago`` pairs are (days before ``on``, cases), newest first."""

    area: str
    on: date
    cum: int
    days_ago: tuple[tuple[int, int], ...]
    cluster_days_ago: tuple[tuple[tuple[int, int], ...], ...]
    in_hospital: int | None
    left_days_ago: int | None
    judged: Mapping[str, bool]
    level: str | None
    population: int | None
    cluster_min_cases: int | None
    cluster_window_days: int

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
            return self.days_ago[0][0] if self.days_ago else None
        if name == "days_since_last_discharge_or_transfer":
            return self.left_days_ago
        if name in JUDGED:
            return self.judged.get(name)
        if name in NAMES:
            return getattr(self, name)
        raise KeyError(name)

    def after(self, days: int) -> ZoneFacts:
        """The facts ``days`` later if no case is added and today's inpatients stay where they are."""
        return replace(
            self,
            on=self.on + timedelta(days=days),
            days_ago=tuple((ago + days, count) for ago, count in self.days_ago),
            cluster_days_ago=tuple(tuple((ago + days, count) for ago, count in one) for one in self.cluster_days_ago),
            left_days_ago=None if self.left_days_ago is None else self.left_days_ago + days,
        )

    def _new(self, days: int) -> int:
        return sum(count for ago, count in self.days_ago if ago < days)

    def _clusters(self, days: int) -> int | None:
        if self.cluster_min_cases is None:
            return None
        return sum(self._is_cluster(one, days, self.cluster_min_cases) for one in self.cluster_days_ago)

    def _is_cluster(self, one: tuple[tuple[int, int], ...], days: int, min_cases: int) -> bool:
        """A cluster epidemic of the window: up to one of its days the cluster reached the size in its own window."""
        for last, _count in one:
            if last >= days:
                continue
            size = sum(count for ago, count in one if last <= ago < last + self.cluster_window_days)
            if size >= min_cases:
                return True
        return False


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
        cluster_days_ago=tuple(sorted(_days_ago(one, on) for one in counts.clusters.values())),
        in_hospital=counts.in_hospital,
        left_days_ago=None if counts.last_left_on is None else (on - counts.last_left_on).days,
        judged=dict(counts.judged),
        level=counts.level,
        population=population,
        cluster_min_cases=cluster_min_cases,
        cluster_window_days=cluster_window_days,
    )


def _days_ago(by_day: Mapping[date, int], on: date) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(((on - day).days, count) for day, count in by_day.items() if day <= on and count))
