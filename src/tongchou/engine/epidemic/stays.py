"""Orders to stay away, kept as events, and the spells that they amount to: isolation, quarantine, hospital, death."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

AT_HOME, AT_SITE, IN_HOSPITAL = 1, 2, 3
"""How somebody is away: in isolation or quarantine at home, at a site of it, or in hospital (or dead)."""


@dataclass(frozen=True, eq=False)
class Stays:
    """One row an order, in the order in which they were given; a later one of the same person takes over from its day on.

    [orders] each: ``person``; ``day`` the first day away; ``until`` the first day on which the person goes out again
    (32767: never); ``kind`` one of ``AT_HOME``, ``AT_SITE``, ``IN_HOSPITAL``. Both already hold what an earlier order
    left, because a stay never gets shorter or milder.
    """

    person: NDArray[np.int32]
    day: NDArray[np.int16]
    until: NDArray[np.int16]
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.person)

    def of(self, kinds: Sequence[int]) -> Stays:
        """The rows of some kinds. Ask it of ``spells``, where no row overlaps another."""
        return self.taken(np.isin(self.kind, kinds))

    def taken(self, rows: NDArray[Any]) -> Stays:
        return Stays(*(getattr(self, one.name)[rows] for one in fields(self)))

    def spells(self, days: int) -> Stays:
        """The same without overlap: each order ends where the next one of its person begins, and none lies at or after ``days``."""
        order = np.argsort(self.person, kind="stable")
        person, first = self.person[order], self.day[order]
        follows = np.full(len(order), np.iinfo(np.int16).max, np.int16)
        same = person[1:] == person[:-1]
        follows[:-1][same] = first[1:][same]
        until = np.minimum(np.minimum(self.until[order], follows), days).astype(np.int16)
        whole = Stays(person, first, until, self.kind[order])
        return whole.taken(whole.until > whole.day)

    def on_each(self, days: range) -> Iterator[tuple[int, Stays]]:
        """(day, the spells that cover it), for ``spells``; each day costs as much as there are spells."""
        for day in days:
            yield day, self.taken((self.day <= day) & (self.until > day))


def joined_stays(parts: Sequence[Stays]) -> Stays:
    """One after the other."""
    none = Stays(np.empty(0, np.int32), np.empty(0, np.int16), np.empty(0, np.int16), np.empty(0, np.uint8))
    return Stays(*(np.concatenate([getattr(part, one.name) for part in (none, *parts)]) for one in fields(Stays)))
