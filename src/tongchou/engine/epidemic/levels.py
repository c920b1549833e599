"""Zone levels inside a simulation: they see reports, never infections."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import City
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.measures import ZoneRule


class Reports:
    """Cases reported by day and by neighbourhood of their home."""

    def __init__(self, neighbourhoods: int) -> None:
        self.neighbourhoods = neighbourhoods
        self._by_day: dict[int, NDArray[np.int64]] = {}

    def add(self, day: int, homes: NDArray[np.integer]) -> None:
        counted = np.bincount(homes, minlength=self.neighbourhoods)
        self._by_day[day] = self._by_day[day] + counted if day in self._by_day else counted

    def between(self, first: int, last: int) -> NDArray[np.int64]:
        """[neighbourhood] reported from ``first`` to ``last``, both counted."""
        total = np.zeros(self.neighbourhoods, np.int64)
        for day in range(max(first, 0), last + 1):
            if day in self._by_day:
                total += self._by_day[day]
        return total


class Levels:
    """The level of every neighbourhood under each zone rule; 0 is below the lowest level."""

    def __init__(self, city: City, rules: Sequence[ZoneRule]) -> None:
        self.city, self.rules = city, tuple(rules)
        self._level = [np.zeros(city.neighbourhoods, np.int64) for _ in rules]
        self._held_since = [np.zeros(city.neighbourhoods, np.int64) for _ in rules]
        self.version = 0
        self.days_at: dict[str, int] = {}
        names = [level.name for rule in rules for level in rule.levels]
        if len(names) != len(set(names)):
            raise EpidemicFault("分级名称重复：每个级别名只用一次", "a level name is used twice; give every level a name of its own")
        self._names = {level.name: (at, place + 1) for at, rule in enumerate(rules) for place, level in enumerate(rule.levels)}

    def check(self, name: str) -> None:
        """Raises EpidemicFault for a level that no rule declares."""
        if name and name not in self._names:
            known = ", ".join(self._names) or "-"
            raise EpidemicFault(f"没有分级 {name}：已声明 {known}", f"no zone rule declares the level {name!r}; declared are {known}")

    def at(self, name: str) -> NDArray[np.bool_]:
        """[neighbourhood] at this level today."""
        rule, place = self._names[name]
        return self._level[rule] == place

    def move(self, day: int, reports: Reports) -> None:
        """Raise and lower by what was reported before ``day``."""
        for number, rule in enumerate(self.rules):
            wanted = np.zeros(self.city.neighbourhoods, np.int64)
            if rule.where.on(day):
                for place, level in enumerate(rule.levels, 1):
                    seen = self._by_unit(rule, reports.between(day - level.within_days, day - 1))
                    wanted[seen >= level.cases] = place
            now, since = self._level[number], self._held_since[number]
            since[wanted >= now] = day
            lowered = (wanted < now) & ((day - since >= rule.clear_days) | (not rule.where.on(day)))
            new = np.where(wanted > now, wanted, np.where(lowered, now - 1 if rule.where.on(day) else 0, now))
            since[new != now] = day
            if not np.array_equal(new, now):
                self.version += 1
            self._level[number] = new
            for place, level in enumerate(rule.levels, 1):
                self.days_at[level.name] = self.days_at.get(level.name, 0) + int((new == place).sum())

    def _by_unit(self, rule: ZoneRule, seen: NDArray[np.int64]) -> NDArray[np.int64]:
        if rule.unit == "neighbourhood":
            return seen
        by_county = np.bincount(self.city.neighbourhood_county, seen, len(self.city.counties))
        return by_county[self.city.neighbourhood_county].astype(np.int64)
