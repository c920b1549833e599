"""Infections that come from outside: so many on a day, or a pressure per day, by area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.chance import Purpose, poisson_from, uniforms, words
from tongchou.engine.city import City
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.ground import State

TRIES = 40


@dataclass(frozen=True)
class Imports:
    """Infections that arrive from ``from_day`` to ``to_day`` (both counted).

    ``count`` arrive on each day exactly; or, with ``per_day``, a Poisson number with that mean. ``county`` (a code) or
    ``neighbourhood`` (a number) names where the infected live; without either, anywhere in the city.
    """

    count: int = 0
    per_day: float = 0.0
    from_day: int = 0
    to_day: int = 0
    county: str = ""
    neighbourhood: int | None = None

    def __post_init__(self) -> None:
        if self.count < 0 or self.per_day < 0 or (self.count and self.per_day):
            raise EpidemicFault("输入人数不为负，count 与 per_day 只写一个", "imports are not negative; write either count or per_day")
        if self.to_day < self.from_day or self.from_day < 0:
            raise EpidemicFault("输入的起止日应从第 0 天起且不倒置", "days of imports start from 0, the last not before the first")


def read_imports(imports: int | Imports | Sequence[Imports]) -> tuple[Imports, ...]:
    """A bare number is so many infections on day 0, anywhere."""
    if isinstance(imports, int | np.integer):
        return (Imports(count=int(imports)),)
    return (imports,) if isinstance(imports, Imports) else tuple(imports)


def area_range(city: City, county: str, neighbourhood: int | None) -> tuple[int, int]:
    """First person of an area and the one after its last. Raises EpidemicFault for an area that is not there."""
    if neighbourhood is not None:
        if not 0 <= neighbourhood < city.neighbourhoods:
            raise EpidemicFault(f"没有编号为 {neighbourhood} 的社区", f"there is no neighbourhood {neighbourhood}")
        return int(city.neighbourhood_start[neighbourhood]), int(city.neighbourhood_start[neighbourhood + 1])
    if county:
        at = county_number(city, county)
        return int(city.county_start[at]), int(city.county_start[at + 1])
    return 0, city.persons


def county_number(city: City, code: str) -> int:
    """The place of a county's code. Raises EpidemicFault with the codes that there are."""
    codes = [county.code for county in city.counties]
    if code not in codes:
        known = ", ".join(codes)
        raise EpidemicFault(f"城市中没有区县 {code}：有 {known}", f"the city has no county {code}; it has {known}")
    return codes.index(code)


def arrivals_on(day: int, imports: Sequence[Imports], city: City, state: State, seed: int) -> NDArray[np.int32]:
    """Persons infected from outside on a day, each never infected and not away; fewer where nobody is left to infect."""
    found: list[NDArray[np.int64]] = []
    for number, entry in enumerate(imports):
        if not entry.from_day <= day <= entry.to_day:
            continue
        wanted = entry.count
        if entry.per_day:
            word = words(np.uint64(seed), int(Purpose.IMPORT_COUNT), number, day, 0)[0]
            wanted = int(poisson_from(word, entry.per_day))
        start, stop = area_range(city, entry.county, entry.neighbourhood)
        found.append(_pick(wanted, start, stop, day, number, state, seed))
    if not found:
        return np.empty(0, np.int32)
    together = np.concatenate(found)
    _, first = np.unique(together, return_index=True)
    return together[np.sort(first)].astype(np.int32)


def _pick(wanted: int, start: int, stop: int, day: int, number: int, state: State, seed: int) -> NDArray[np.int64]:
    chosen = np.empty(0, np.int64)
    for attempt in range(TRIES):
        missing = wanted - len(chosen)
        if missing <= 0:
            break
        drawn = uniforms(seed, Purpose.IMPORT_PERSON, np.arange(missing), day=day, k=number * TRIES + attempt)
        persons = start + (drawn * (stop - start)).astype(np.int64)
        free = persons[(state.record[persons] < 0) & (state.away_until[persons] <= day)]
        joined = np.concatenate((chosen, free))
        _, first = np.unique(joined, return_index=True)
        chosen = joined[np.sort(first)]
    return chosen
