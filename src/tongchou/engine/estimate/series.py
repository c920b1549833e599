"""Daily case counts of one area, and many areas put side by side for one vectorised call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.estimate.errors import EstimateError

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class CaseSeries:
    """Cases of one area on consecutive days.

    Attributes:
        area: name or path of the area; empty where there is only one.
        incidence: all cases of each day, imported ones among them; whole numbers, shape (days,).
        imported: how many of them were infected outside the area; shape (days,).
        first_on: the day of the first count; None where the days are only numbered.
        first_t: number of the first day where days are numbered (any whole number); 1 where they are dated.
    """

    area: str
    incidence: Counts
    imported: Counts
    first_on: date | None = None
    first_t: int = 1

    def __post_init__(self) -> None:
        if self.incidence.ndim != 1 or self.incidence.shape != self.imported.shape or not len(self.incidence):
            raise EstimateError(
                f"“{self.area}”的序列须为一维、非空，且输入病例与病例数等长",
                f"the series of {self.area!r} must have one dimension, at least one day, and as many imported as all",
            )
        if (self.incidence < 0).any() or (self.imported < 0).any() or (self.imported > self.incidence).any():
            raise EstimateError(
                f"“{self.area}”的病例数须不小于 0，输入病例不多于当日病例数",
                f"the counts of {self.area!r} must not be negative, nor the imported more than all cases of the day",
            )

    @property
    def days(self) -> int:
        return len(self.incidence)

    @property
    def local(self) -> Counts:
        """Cases infected inside the area, shape (days,)."""
        return self.incidence - self.imported

    def on(self, row: int) -> date | None:
        """The date of the 1-based row; None where days are only numbered."""
        return None if self.first_on is None else self.first_on + timedelta(days=row - 1)


@dataclass(frozen=True)
class Stack:
    """Areas with equally many days. ``positions`` are their places in the list that was stacked.

    ``incidence`` and ``imported`` have the shape (areas, days).
    """

    positions: tuple[int, ...]
    incidence: Counts
    imported: Counts

    @property
    def local(self) -> Counts:
        return self.incidence - self.imported


def stack_series(series: Sequence[CaseSeries]) -> list[Stack]:
    """The areas grouped by the number of their days, in the order in which the lengths first appear."""
    groups: dict[int, list[int]] = {}
    for position, one in enumerate(series):
        groups.setdefault(one.days, []).append(position)
    return [
        Stack(
            positions=tuple(members),
            incidence=np.stack([series[position].incidence for position in members]),
            imported=np.stack([series[position].imported for position in members]),
        )
        for members in groups.values()
    ]
