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
    """Move single households between types of as many generations until persons are met and children are enough."""
    pairs = [
        (a, b) for a in range(len(counts)) for b in range(len(counts)) if a != b and types.generations[a] == types.generations[b]
    ]  # fmt: skip
    size, children = types.size, types.children
    for _round in range(100_000):
        short = persons - int(counts @ size)
        lacking = max(least_children - int(counts @ children), 0)
        if short == 0 and lacking == 0:
            return

        def left(pair: tuple[int, int], short: int = short, lacking: int = lacking) -> int:
            more = int(size[pair[1]] - size[pair[0]])
            younger = int(children[pair[1]] - children[pair[0]])
            return abs(short - more) + max(lacking - younger, 0)

        best = min((pair for pair in pairs if counts[pair[0]] > 0), key=lambda pair: (left(pair), -counts[pair[0]]), default=None)
        if best is None or left(best) >= abs(short) + lacking:
            return
        more = int(size[best[1]] - size[best[0]])
        many = max(1, min(int(counts[best[0]]), short // more if more and lacking == 0 else 1))
        counts[best[0]] -= many
        counts[best[1]] += many


def role_totals(types: Types, counts: Counts) -> dict[str, int]:
    """Persons wanted in each role."""
    return {role: int(counts @ types.members(role)) for role in ROLES}
