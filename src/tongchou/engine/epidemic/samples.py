"""Whom the samples were taken from: persons by name where the model knows them, counts where it only counts."""

from __future__ import annotations

from dataclasses import dataclass

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
