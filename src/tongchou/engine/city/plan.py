"""How many households of each type a county has: a prior tilted until generations, persons and children add up.

The census gives households by generations, households of one and persons in households. Among all ways to fill in the
types, the tilted prior ``share * exp(a * persons + b * children)`` is the one nearest to the prior in relative entropy
(iterative scaling, Darroch and Ratcliff 1972); a and b are found by Newton steps on the convex dual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tongchou.engine.city.census import Counts, Reals, share_out
from tongchou.engine.city.model import CityFault

ROLES: Final = ("N", "R", "P", "C", "G", "E", "A", "X", "K")
STEEPEST: Final = 12.0
STEPS: Final = 200


@dataclass(frozen=True, eq=False)
class Types:
    """Household types: [T] generations, [T] prior share, [T, 9] members by ``ROLES``."""

    generations: Counts
    share: Reals
    who: Counts

    @property
    def size(self) -> Counts:
        return self.who.sum(axis=1)

    @property
    def children(self) -> Counts:
        return self.who[:, ROLES.index("C")]

    def members(self, role: str) -> Counts:
        return self.who[:, ROLES.index(role)]


def read_types(figures: Mapping[str, Any]) -> Types:
    """The types of ``figures.toml``. Raises CityFault for an unknown role, an empty type or a generation without types."""
    listed = figures["household"]["type"]
    unknown = {role for entry in listed for role in entry["who"]} - set(ROLES)
    if unknown:
        raise CityFault(f"家庭户类型中有未知的成员 {unknown}", f"a household type has unknown members {sorted(unknown)}")
    who = np.array([[entry["who"].get(role, 0) for role in ROLES] for entry in listed], np.int64)
    types = Types(np.array([entry["generations"] for entry in listed]), np.array([float(entry["share"]) for entry in listed]), who)
    if (types.size < 2).any() or (types.share <= 0).any() or set(types.generations.tolist()) != {1, 2, 3, 4}:
        raise CityFault("家庭户类型应至少两人、份额为正，且一至四代都有", "household types need two members, a positive share, and all of one to four generations")
    return types


def plan_types(types: Types, households: Counts, *, persons: int, children: float, least_children: int) -> Counts:
    """[T] households of each type, [4] ``households`` of two and more persons by generations.

    ``persons`` is met exactly wherever the types allow it; ``children`` as nearly as that leaves room for, and never
    fewer than ``least_children`` where the types allow it.
    """
    wish = np.array([float(persons), max(children, float(least_children))])
    features = np.column_stack([types.size, types.children]).astype(np.float64)
    tilt = _tilt(types, households, features, wish)
    expected = _expected(types, households, features, tilt)
    counts = np.zeros(len(types.share), np.int64)
    for generation in (1, 2, 3, 4):
        here = types.generations == generation
        counts[here] = share_out(int(households[generation - 1]), expected[here])
    _fit(counts, types, persons, least_children)
    return counts


def _expected(types: Types, households: Counts, features: Reals, tilt: Reals) -> Reals:
    weight = np.zeros(len(types.share))
    for generation in (1, 2, 3, 4):
        here = types.generations == generation
        power = features[here] @ tilt
        tilted = types.share[here] * np.exp(power - power.max())
        weight[here] = households[generation - 1] * tilted / tilted.sum()
    return weight


def _tilt(types: Types, households: Counts, features: Reals, wish: Reals) -> Reals:
    tilt = np.zeros(2)
    total = max(float(households.sum()), 1.0)

    def miss(at: Reals) -> tuple[Reals, Reals]:
        expected = _expected(types, households, features, at)
        return (wish - expected @ features) / total, expected

    gap, expected = miss(tilt)
    for _step in range(STEPS):
        if np.abs(gap).max() < 1e-9:
            break
        spread = np.zeros((2, 2))
        for generation in (1, 2, 3, 4):
            here = types.generations == generation
            weight = expected[here] / total
            if weight.sum() > 0:
                mean = weight @ features[here] / weight.sum()
                spread += (features[here] - mean).T @ ((features[here] - mean) * weight[:, None])
        move = np.linalg.solve(spread + 1e-9 * np.eye(2), gap)
        stride = min(1.0, 2.0 / max(float(np.abs(move).max()), 1e-12))
        for _half in range(30):
            next_tilt = np.clip(tilt + stride * move, -STEEPEST, STEEPEST)
            next_gap, next_expected = miss(next_tilt)
            if np.abs(next_gap).sum() < np.abs(gap).sum():
                break
            stride /= 2
        else:
            break
        tilt, gap, expected = next_tilt, next_gap, next_expected
    return tilt


def _fit(counts: Counts, types: Types, persons: int, least_children: int) -> None:
    """Move households between types of as many generations until persons are met, then until children are enough."""
    count = len(counts)
    source, target = np.divmod(np.arange(count * count), count)
    within = (types.generations[source] == types.generations[target]) & (source != target)
    source, target = source[within], target[within]
    more = types.size[target] - types.size[source]
    younger = types.children[target] - types.children[source]
    while short := persons - int(counts @ types.size):
        fits = (counts[source] > 0) & (np.sign(more) == np.sign(short)) & (np.abs(more) <= abs(short))
        if not fits.any():
            return
        # small steps, out of types that have many, and with the change of children that is wanted
        lacking = np.sign(least_children - int(counts @ types.children))
        score = np.where(fits, counts[source] / np.maximum(np.abs(more), 1) * (1.0 + 0.5 * (np.sign(younger) == lacking)), -1.0)
        _move(counts, source, target, int(np.argmax(score)), max(1, abs(short) // (4 * abs(int(more[np.argmax(score)])))))
    _add_children(counts, types, least_children, source, target, more, younger)


def _add_children(counts: Counts, types: Types, least: int, source: Counts, target: Counts, more: Counts, younger: Counts) -> None:
    """Exchange grown-ups for children: moves that keep the persons, then pairs of moves that do so together."""
    while (lacking := least - int(counts @ types.children)) > 0:
        free = counts[source] > 0
        same = free & (more == 0) & (younger > 0)
        if same.any():
            chosen = int(np.argmax(np.where(same, counts[source], -1)))
            _move(counts, source, target, chosen, max(1, lacking // (2 * int(younger[chosen]))))
            continue
        best: tuple[int, int] | None = None
        for step in np.unique(np.abs(more[free & (more != 0)])):
            up, down = np.flatnonzero(free & (more == step)), np.flatnonzero(free & (more == -step))
            if len(up) and len(down):
                pair = int(up[np.argmax(younger[up])]), int(down[np.argmax(younger[down])])
                gain = int(younger[pair[0]] + younger[pair[1]])
                apart = source[pair[0]] != source[pair[1]] or counts[source[pair[0]]] > 1
                if gain > 0 and apart and (best is None or gain > int(younger[best[0]] + younger[best[1]])):
                    best = pair
        if best is None:
            return
        many = max(1, min(lacking // 4, int(counts[source[best[0]]]) // 2, int(counts[source[best[1]]]) // 2))
        for move in best:
            _move(counts, source, target, move, many)


def _move(counts: Counts, source: Counts, target: Counts, move: int, many: int) -> None:
    """``many`` households, or as many as there are, from one type to another."""
    many = min(many, int(counts[source[move]]))
    counts[source[move]] -= many
    counts[target[move]] += many


def role_totals(types: Types, counts: Counts) -> dict[str, int]:
    """Persons wanted in each role."""
    return {role: int(counts @ types.members(role)) for role in ROLES}
