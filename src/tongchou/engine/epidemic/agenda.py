"""What is due on which day."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Agenda:
    """Columns of equal length put down for days; a day gives back its entries in the order in which they came."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._due: dict[int, list[tuple[NDArray[Any], ...]]] = {}

    def put(self, days: NDArray[Any], *columns: NDArray[Any]) -> None:
        """Put down entry i for ``days[i]``."""
        if len(days) == 0:
            return
        order = np.argsort(days, kind="stable")
        sorted_days = days[order]
        cuts = np.flatnonzero(np.diff(sorted_days)) + 1
        parts = [np.split(column[order], cuts) for column in columns]
        for at, day in enumerate(sorted_days[np.concatenate(([0], cuts))].tolist()):
            self._due.setdefault(day, []).append(tuple(part[at] for part in parts))

    def take(self, day: int) -> tuple[NDArray[Any], ...]:
        """The entries of a day, which then are no longer due."""
        due = self._due.pop(day, [])
        if not due:
            return tuple(np.empty(0, np.int64) for _ in range(self._columns))
        return tuple(np.concatenate([entry[at] for entry in due]) for at in range(self._columns))
