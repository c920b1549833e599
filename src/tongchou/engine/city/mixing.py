"""Who meets whom by age, as the households, schools and workplaces of a city imply it.

The definition is that of Mistry, Litvinova, Pastore y Piontti and others (Nature Communications 12:323, 2021): in every
place of a setting each person divides one contact evenly among the others there; F[i, j] is what a person of age i gives to
age j on average over all persons of age i, whether or not they have such a place. The community is everybody.
M = 4.11 F_household + 11.41 F_school + 8.07 F_work + 2.79 F_community (their weights, fitted to contact diaries).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.city.census import Reals
from tongchou.engine.city.kinds import SCHOOL_KINDS, HouseholdKind
from tongchou.engine.city.model import City

AGES: Final = 85
"""Single years 0..83, and 84 for all above."""
WEIGHTS: Final = {"household": 4.11, "school": 11.41, "work": 8.07, "community": 2.79}
"""Daily contacts of a person who has a place of the setting (Mistry et al. 2021)."""


def ages_by_setting(city: City) -> dict[str, Reals]:
    """[85] persons of each age whom a setting's F is an average over: those in family households, or everybody."""
    age = np.minimum(city.age, AGES - 1)
    family = city.household_kind[city.household] == HouseholdKind.FAMILY
    everybody = np.bincount(age, minlength=AGES).astype(np.float64)
    at_home = np.bincount(age[family], minlength=AGES).astype(np.float64)
    return {setting: at_home if setting == "household" else everybody for setting in WEIGHTS}


def find_mixing(city: City, *, by_group: bool = False) -> dict[str, Reals]:
    """F of the four settings, [85, 85] each. Schools and workplaces mix as a whole, or ``by_group`` inside classes and teams.

    Care homes, prisons and hospitals are workplaces of those who work there, as in the reference; who lives there is in
    neither table. The household table is that of persons in family households: a room of a dormitory or care home is none.
    """
    age = np.minimum(city.age, AGES - 1)
    number = ages_by_setting(city)
    school = np.isin(city.site_kind, [int(kind) for kind in SCHOOL_KINDS])
    start = city.group_start if by_group else city.site_member_start()
    teaches = school[city.group_site()] if by_group else school
    everybody = np.arange(city.persons, dtype=np.int32)
    lives_there = np.isin(city.household_kind, [HouseholdKind.CARE_HOME, HouseholdKind.PRISON, HouseholdKind.OTHER_CLOSED])
    comes = ~lives_there[city.household[city.group_members]]
    workers = city.group_members[comes]
    start_of_workers = np.concatenate(([0], np.cumsum(comes)))[start].astype(np.int32)
    met = {
        "household": _meetings(age, everybody, city.household_start, city.household_kind == HouseholdKind.FAMILY),
        "school": _meetings(age, city.group_members, start, teaches),
        "work": _meetings(age, workers, start_of_workers, ~teaches),
    }
    found = {setting: table / np.maximum(number[setting], 1.0)[:, None] for setting, table in met.items()}
    share = number["community"] / len(city)
    found["community"] = np.repeat(share[None, :], AGES, axis=0) * (share > 0)[:, None]
    return found


def combine(settings: dict[str, Reals]) -> Reals:
    """M: contacts a day of a person of age i with persons of age j."""
    return np.sum([WEIGHTS[setting] * table for setting, table in settings.items()], axis=0)


def dominant_eigenvalue(matrix: Reals) -> float:
    """The largest eigenvalue of a non-negative matrix."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def bin_ages(matrix: Reals, persons: Reals, width: int) -> Reals:
    """The same matrix for age groups of ``width`` years; [85] ``persons`` weigh the ages of whom it is."""
    groups = AGES // width
    total = (matrix * persons[:, None]).reshape(groups, width, groups, width).sum(axis=(1, 3))
    return total / np.maximum(persons.reshape(groups, width).sum(axis=1), 1e-300)[:, None]


def reweigh(matrix: Reals, persons: Reals, other: Reals) -> Reals:
    """The matrix as it would be in a population of ``other`` ages: who is met in proportion to who is there.

    The density correction of Arregui and others (PLoS Computational Biology 14:e1006638, 2018, method M2).
    """
    factor = np.divide(other / other.sum(), persons / persons.sum(), out=np.zeros(AGES), where=persons > 0)
    return matrix * factor[None, :]


def log_correlation(one: Reals, other: Reals) -> float:
    """Correlation of the logarithms of the entries that are above zero in both."""
    both = (one > 0) & (other > 0)
    return float(np.corrcoef(np.log(one[both]), np.log(other[both]))[0, 1])


@njit(cache=True, nogil=True)
def _meetings(age: NDArray[np.uint8], members: NDArray[np.int32], start: NDArray[np.int32], counted: NDArray[np.bool_]) -> Reals:
    table = np.zeros((85, 85))
    here = np.zeros(85, np.int64)
    seen = np.zeros(85, np.int64)
    for place in range(start.size - 1):
        low, high = start[place], start[place + 1]
        if not counted[place] or high - low < 2:
            continue
        share = 1.0 / (high - low - 1)
        kinds = 0
        for at in range(low, high):
            years = age[members[at]]
            if here[years] == 0:
                seen[kinds] = years
                kinds += 1
            here[years] += 1
        for a in range(kinds):
            i = seen[a]
            for b in range(kinds):
                j = seen[b]
                table[i, j] += share * here[i] * (here[j] - (1 if i == j else 0))
        for a in range(kinds):
            here[seen[a]] = 0
    return table
