"""What is due on which day."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Agenda:
    """Columns of equal length put down for days; a day gives back its entries in the order in which they came."""

    def __init__(self, columns: int) -> None:
        self._nothing = tuple(np.empty(0, np.int64) for _ in range(columns))
        self._due: dict[int, list[tuple[NDArray[Any], ...]]] = {}

    def __contains__(self, day: int) -> bool:
        return day in self._due

    def put_on(self, day: int, *columns: NDArray[Any]) -> None:
        """Put down entries that are all due on one day."""
        if len(columns[0]):
            self._due.setdefault(day, []).append(columns)

    def put(self, days: NDArray[Any], *columns: NDArray[Any]) -> None:
        """Put down entry i for ``days[i]``."""
        if len(days) == 0:
            return
        order = np.argsort(days, kind="stable")
        in_order = days[order]
        if in_order[0] == in_order[-1]:
            self.put_on(int(in_order[0]), *columns)
            return
        cuts = [0, *(np.flatnonzero(np.diff(in_order)) + 1).tolist(), len(days)]
        for start, stop in pairwise(cuts):
            self.put_on(int(in_order[start]), *(column[order[start:stop]] for column in columns))

    def take(self, day: int) -> tuple[NDArray[Any], ...]:
        """The entries of a day, which then are no longer due."""
        due = self._due.pop(day, None)
        if due is None:
            return self._nothing
        return due[0] if len(due) == 1 else tuple(np.concatenate(entries) for entries in zip(*due, strict=True))
