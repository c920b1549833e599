"""Ages and sexes for the members of planned households, with the county's own age table kept exactly.

Each role asks for an age (a mother's is her oldest child's plus a gap); the ages there are in the
county are handed out role by role, by rank, so every person of the table is used once and the
margins come out exactly while families stay plausible. The gaps are assumptions of ours.
"""

from __future__ import annotations

import numpy as np

from demo.synthesis import homes
from demo.synthesis.census import AGES, CountyCensus, spread

MEN, WOMEN = 0, 1
_ADULT = 18
_MOTHER_GAP = (26.0, 4.5, 18.0, 42.0)
_HUSBAND_GAP = (2.0, 2.5)
_ELDER_GAP = (26.5, 4.0, 18.0, 40.0)


class Pool:
    """The people of a county who have no home yet, counted by sex and age."""

    def __init__(self, counts: np.ndarray) -> None:
        self.left = counts.copy()

    def take(self, sex: int, wanted: np.ndarray, lowest: int = _ADULT) -> tuple[np.ndarray, np.ndarray]:
        """One person for each wanted age: the nearest ages there are, of this sex as long as there are any.

        Returns ages and sexes in the order of ``wanted``.
        """
        count = len(wanted)
        own = min(count, int(self.left[sex, lowest:].sum()))
        ages = np.empty(count, dtype=np.int64)
        sexes = np.full(count, sex)
        order = np.argsort(wanted, kind="stable")
        # Where one sex runs out (small samples), the other fills evenly across the wanted ages.
        borrowed = np.zeros(count, dtype=bool)
        if own < count:
            borrowed[np.linspace(0, count - 1, count - own).round().astype(int)] = True
        mine, theirs = order[~borrowed], order[borrowed]
        ages[mine] = self._nearest(sex, wanted[mine], lowest)
        if len(theirs):
            ages[theirs] = self._nearest(1 - sex, wanted[theirs], lowest)
            sexes[theirs] = 1 - sex
        return ages, sexes

    def _nearest(self, sex: int, wanted_sorted: np.ndarray, lowest: int) -> np.ndarray:
        wanted = np.bincount(np.clip(wanted_sorted.round().astype(int), lowest, AGES - 1), minlength=AGES)
        left = self.left[sex]
        taken = np.zeros(AGES, dtype=np.int64)
        for reach in range(AGES):
            for age in np.flatnonzero(wanted):
                for near in {age - reach, age + reach}:
                    if lowest <= near < AGES and wanted[age] and left[near]:
                        share = min(wanted[age], left[near])
                        wanted[age] -= share
                        left[near] -= share
                        taken[near] += share
            if not wanted.any():
                return np.repeat(np.arange(AGES), taken)
        # Adults are used up in a very small sample: the rest are given whoever is there, youngest last.
        for age in range(lowest - 1, -1, -1):
            share = min(int(wanted.sum()), int(left[age]))
            left[age] -= share
            taken[age] += share
            wanted[np.flatnonzero(wanted)[:1]] -= share
        return np.repeat(np.arange(AGES), taken)


def draw_counts(census: CountyCensus, persons: int) -> np.ndarray:
    """The age table scaled to ``persons``: (2, 101) whole numbers that sum to it."""
    return spread(persons, census.age_sex.ravel()).reshape(2, AGES)


def assign(plan: homes.Homes, counts: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Age in years and sex (0 man, 1 woman) of every member."""
    total = len(plan.home)
    age, sex = np.full(total, -1, dtype=np.int64), np.zeros(total, dtype=np.int64)
    pool = Pool(counts)
    lodgers = np.flatnonzero(plan.role == homes.LODGER)
    children = np.flatnonzero(plan.role == homes.CHILD)
    _children(plan, children, age, sex, pool, chance)
    _parents(plan, age, sex, pool, chance)
    _elders(plan, age, sex, pool, chance)
    _young_alone(plan, age, sex, pool, chance)
    couples = np.flatnonzero((plan.role == homes.HEAD) & (plan.kind[plan.home] == homes.COUPLE))
    young = chance.random(len(couples)) < 0.3
    wife = np.where(young, chance.normal(30, 5, len(couples)), chance.normal(59, 10, len(couples)))
    _put(couples, MEN, wife + chance.normal(*_HUSBAND_GAP, len(couples)), age, sex, pool)
    _put(couples + 1, WOMEN, wife, age, sex, pool)
    _rest(lodgers, age, sex, pool, chance)
    return age, sex


def _put(rows: np.ndarray, wanted_sex: int, wanted: np.ndarray, age: np.ndarray, sex: np.ndarray, pool: Pool) -> None:
    age[rows], sex[rows] = pool.take(wanted_sex, wanted)


def _children(
    plan: homes.Homes, rows: np.ndarray, age: np.ndarray, sex: np.ndarray, pool: Pool, chance: np.random.Generator
) -> None:
    """All minors live with parents as far as there are places; the other places go to grown-up children."""
    minors = pool.left[:, :_ADULT].sum(axis=0)
    grown = max(len(rows) - int(minors.sum()), 0)
    wanted = np.minimum(_ADULT + chance.exponential(8.0, grown), 55.0)
    men = chance.random(grown) < 0.6
    ages_m, sex_m = pool.take(MEN, wanted[men])
    ages_w, sex_w = pool.take(WOMEN, wanted[~men])
    keep = np.sort(chance.permutation(int(minors.sum()))[: len(rows) - grown])
    young_age = np.concatenate([np.repeat(np.arange(_ADULT), pool.left[one, :_ADULT]) for one in (MEN, WOMEN)])
    young_sex = np.repeat([MEN, WOMEN], pool.left[:, :_ADULT].sum(axis=1))
    young_age, young_sex = young_age[keep], young_sex[keep]
    for one in (MEN, WOMEN):
        pool.left[one, :_ADULT] -= np.bincount(young_age[young_sex == one], minlength=_ADULT)
    ages = np.concatenate([young_age, ages_m, ages_w])
    sexes = np.concatenate([young_sex, sex_m, sex_w])
    order = np.lexsort((chance.random(len(ages)), ages))
    kind = plan.kind[plan.home[rows]]
    level = chance.random(len(plan.kind))
    # Grandchildren in three-generation homes are younger than the children of two generations.
    level = np.where(plan.kind == homes.THREE_GENERATIONS, level * 0.75, level)
    key = level[plan.home[rows]] + chance.normal(0, 0.05, len(rows)) + (kind == homes.COLLECTIVE)
    ranked = rows[np.argsort(key, kind="stable")]
    age[ranked], sex[ranked] = ages[order], sexes[order]


def _oldest_child(plan: homes.Homes, age: np.ndarray) -> np.ndarray:
    oldest = np.full(len(plan.kind), -1)
    children = plan.role == homes.CHILD
    np.maximum.at(oldest, plan.home[children], age[children])
    return oldest


def _gap(chance: np.random.Generator, count: int, shape: tuple[float, float, float, float]) -> np.ndarray:
    mean, sd, lowest, highest = shape
    return np.clip(chance.normal(mean, sd, count), lowest, highest)


def _parents(plan: homes.Homes, age: np.ndarray, sex: np.ndarray, pool: Pool, chance: np.random.Generator) -> None:
    oldest = _oldest_child(plan, age)
    has_children = oldest[plan.home] >= 0
    mothers = np.flatnonzero((plan.role == homes.SPOUSE) & has_children)
    wanted = oldest[plan.home[mothers]] + _gap(chance, len(mothers), _MOTHER_GAP)
    _put(mothers, WOMEN, wanted, age, sex, pool)
    _put(mothers - 1, MEN, age[mothers] + chance.normal(*_HUSBAND_GAP, len(mothers)), age, sex, pool)
    lone = np.flatnonzero(plan.role == homes.LONE_PARENT)
    women = chance.random(len(lone)) < 0.6
    gap = oldest[plan.home[lone]] + _gap(chance, len(lone), _MOTHER_GAP)
    _put(lone[women], WOMEN, gap[women], age, sex, pool)
    _put(lone[~women], MEN, gap[~women] + 2, age, sex, pool)


def _elders(plan: homes.Homes, age: np.ndarray, sex: np.ndarray, pool: Pool, chance: np.random.Generator) -> None:
    parent = np.full(len(plan.kind), 40)
    head = np.isin(plan.role, (homes.HEAD, homes.LONE_PARENT))
    parent[plan.home[head]] = np.where(age[head] < 0, 40, age[head])
    for role, which, older in ((homes.ELDER_WOMAN, WOMEN, 0.0), (homes.ELDER_MAN, MEN, 2.0)):
        rows = np.flatnonzero(plan.role == role)
        _put(rows, which, parent[plan.home[rows]] + older + _gap(chance, len(rows), _ELDER_GAP), age, sex, pool)


def _young_alone(plan: homes.Homes, age: np.ndarray, sex: np.ndarray, pool: Pool, chance: np.random.Generator) -> None:
    """Two in five who live alone are of working age, an assumption of ours; the others are who is left."""
    alone = np.flatnonzero(plan.kind[plan.home] == homes.SINGLE)
    rows = alone[chance.random(len(alone)) < 0.4]
    wanted = np.clip(20 + chance.gamma(2.5, 6.0, len(rows)), _ADULT, 60)
    men = chance.random(len(rows)) < 0.62
    _put(rows[men], MEN, wanted[men], age, sex, pool)
    _put(rows[~men], WOMEN, wanted[~men], age, sex, pool)


def _rest(lodgers: np.ndarray, age: np.ndarray, sex: np.ndarray, pool: Pool, chance: np.random.Generator) -> None:
    """Dormitories take the minors without a place and people of working age; who lives alone is who is left."""
    minors = pool.left[:, :_ADULT]
    young_sex, young_age = (np.repeat(part, minors[minors > 0]) for part in np.nonzero(minors))
    boarding = min(len(lodgers), len(young_age))
    age[lodgers[:boarding]], sex[lodgers[:boarding]] = young_age[:boarding], young_sex[:boarding]
    np.subtract.at(pool.left, (young_sex[:boarding], young_age[:boarding]), 1)
    others = lodgers[boarding:]
    wanted = np.clip(chance.gamma(4.0, 7.0, len(others)) + 16, 18, 85)
    men = chance.random(len(others)) < 0.6
    _put(others[men], MEN, wanted[men], age, sex, pool)
    _put(others[~men], WOMEN, wanted[~men], age, sex, pool)
    alone = np.flatnonzero(age < 0)
    left_sex, left_age = (np.repeat(part, pool.left[pool.left > 0]) for part in np.nonzero(pool.left))
    order = chance.permutation(len(alone))
    age[alone[order]], sex[alone[order]] = left_age, left_sex
    pool.left[:] = 0
