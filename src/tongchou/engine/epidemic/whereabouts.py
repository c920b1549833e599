"""Who is away from the city's life, and since when: isolation, quarantine, hospital, death."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.city import City
from tongchou.engine.epidemic.ground import FOREVER, Ground, State
from tongchou.engine.epidemic.meeting import part_of
from tongchou.engine.epidemic.stays import IN_HOSPITAL, Stays, joined_stays

KINDS = IN_HOSPITAL + 1
AHEAD = 400
"""days that a stay may reach beyond the last simulated one and still be counted exactly"""


@njit(cache=True, nogil=True)
def send_away(persons, untils, kinds, day, away, away_until, away_since, county_start, by_county):
    """Keep persons away from ``day`` until the day before ``untils``; a stay never gets shorter or milder.

    ``kinds`` holds one entry for all or one for each; ``by_county`` [days, kinds, counties] holds changes of the numbers away.
    """
    last, step = by_county.shape[0] - 1, min(kinds.size - 1, 1)
    for at in range(persons.size):
        person = persons[at]
        until, kind = np.int64(untils[at]), np.int64(kinds[at * step])
        if until <= day:
            continue
        county = part_of(county_start, person)
        had = np.int64(away_until[person])
        if had > day:
            by_county[day, away[person], county] -= 1
            by_county[min(had, last), away[person], county] += 1
            until, kind = max(until, had), max(kind, np.int64(away[person]))
        elif away_since.size > 0:
            away_since[person] = day
        by_county[day, kind, county] += 1
        by_county[min(until, last), kind, county] -= 1
        away[person] = kind
        away_until[person] = min(until, FOREVER)


class Whereabouts:
    """Sends persons away and counts them by day, kind and county."""

    def __init__(self, city: City, ground: Ground, state: State) -> None:
        self.ground, self.state = ground, state
        self._by_county = np.zeros((AHEAD, KINDS, len(city.counties)), np.int64)
        self._sent: list[Stays] = []

    def send(self, persons: NDArray[Any], untils: NDArray[Any], kinds: NDArray[Any] | int, day: int) -> None:
        """Keep persons away from ``day`` until the day before ``untils``."""
        if len(persons) == 0:
            return
        while day + AHEAD // 2 >= len(self._by_county):
            self._by_county = np.concatenate((self._by_county, np.zeros_like(self._by_county)))
        state, ground = self.state, self.ground
        send_away(
            np.asarray(persons, np.int64), np.asarray(untils, np.int64), np.array(kinds, np.int64, ndmin=1), day, state.away,
            state.away_until, state.away_since, ground.county_start, self._by_county,
        )  # fmt: skip
        until, kind = state.away_until[persons], state.away[persons]
        self._sent.append(Stays(np.asarray(persons, np.int32), np.full(len(persons), day, np.int16), until, kind))

    def stays(self) -> Stays:
        """Every order to stay away, in the order in which they were given."""
        return joined_stays(self._sent)

    def number(self, kind: int, day: int) -> int:
        """Persons away in one way on a day."""
        return int(self._by_county[: day + 1, kind].sum())

    def by_county(self, kind: int, days: int) -> NDArray[np.int64]:
        """[days, counties] persons away in one way."""
        return np.cumsum(self._padded(self._by_county, days)[:, kind], axis=0)

    @staticmethod
    def _padded(changes: NDArray[np.int64], days: int) -> NDArray[np.int64]:
        missing = days - len(changes)
        if missing <= 0:
            return changes[:days]
        return np.concatenate((changes, np.zeros((missing, *changes.shape[1:]), np.int64)))
