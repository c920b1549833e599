"""Whom the samples were taken from, and what they said of the infected: persons by name where the model knows them, counts
where it only counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Pool:
    """Samples of a day that are counted and not followed: a round's, or those of people ill with something else.

    ``weight`` is [neighbourhoods], the relative rate of each person of the ages ``first_age`` to ``last_age`` there.
    """

    day: int
    count: int
    weight: NDArray[np.float64]
    first_age: int = 0
    last_age: int = 127


@dataclass(frozen=True, eq=False)
class Samples:
    """[samples] persons and days of samples for symptoms, of contacts and on entry; ``pools`` has the rest."""

    person: NDArray[np.int32]
    day: NDArray[np.int16]
    pools: tuple[Pool, ...]


class Findings(NamedTuple):
    """What samples said of each infection, a row as in ``Chain``. Days count from 0; -1 is none."""

    sampled: NDArray[np.int16]
    """day of the first positive sample"""
    reported: NDArray[np.int16]
    found: NDArray[np.uint8]
    """how the case was found: ``laboratory.FOUND_NAMES``, 0 where it was not"""


def empty_findings(rows: int) -> Findings:
    """Room for so many infections; memory is taken as rows are written."""
    return Findings(np.empty(rows, np.int16), np.empty(rows, np.int16), np.empty(rows, np.uint8))


def no_findings(rows: int) -> Findings:
    """So many infections that nobody sampled, in the memory of one."""
    never = np.broadcast_to(np.int16(-1), rows)
    return Findings(never, never, np.broadcast_to(np.uint8(0), rows))
