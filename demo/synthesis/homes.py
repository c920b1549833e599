"""Households: how many, how large, and which role each member has.

Four kinds, after the census's count of generations: one person, a couple, parents with children,
three generations; and collective households for those whom the census counts outside families.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.synthesis.census import CountyCensus, spread

SINGLE, COUPLE, TWO_GENERATIONS, THREE_GENERATIONS, COLLECTIVE = range(5)
HEAD, SPOUSE, CHILD, ELDER_MAN, ELDER_WOMAN, LONE_PARENT, LODGER = range(7)
_LOWEST = np.array([1, 2, 2, 3, 1])
_HIGHEST = np.array([1, 2, 7, 10, 30])
_COLLECTIVE_SIZE = 12
# Assumptions of ours, the census table has no such column: extra members in three-generation homes,
# and the share of two-generation homes of three or more that have one parent only.
_EXTRA_IN_THREE = 1.6
_LONE_PARENT_SHARE = 0.08


@dataclass
class Homes:
    """One row a household: ``kind`` and ``size``; one row a member: ``home`` (index) and ``role``."""

    kind: np.ndarray
    size: np.ndarray
    home: np.ndarray
    role: np.ndarray


def plan_homes(census: CountyCensus, persons: int, chance: np.random.Generator) -> Homes:
    """Whole households for ``persons`` residents of a county; member counts sum to ``persons`` exactly."""
    family = round(persons * census.family_persons / census.persons)
    count = max(1, round(family / census.mean_size)) if family else 0
    one = round(count * census.one_person_households / census.family_households)
    generations = spread(count, np.array(census.generations))
    one = min(one, int(generations[0]))
    kind = np.repeat(
        [SINGLE, COUPLE, TWO_GENERATIONS, THREE_GENERATIONS], [one, int(generations[0]) - one, *generations[1:].tolist()]
    )
    size = _sizes(kind, family, chance)
    collective = persons - int(size.sum())
    full, rest = divmod(max(collective, 0), _COLLECTIVE_SIZE)
    dormitories = np.array([_COLLECTIVE_SIZE] * full + ([rest] if rest else []), dtype=np.int64)
    kind = np.concatenate([kind, np.full(len(dormitories), COLLECTIVE)])
    size = np.concatenate([size, dormitories])
    order = chance.permutation(len(kind))
    kind, size = kind[order], size[order]
    home = np.repeat(np.arange(len(kind)), size)
    return Homes(kind, size, home, _roles(kind, size, home, chance))


def _sizes(kind: np.ndarray, family: int, chance: np.random.Generator) -> np.ndarray:
    size = _LOWEST[kind].copy()
    three = np.flatnonzero(kind == THREE_GENERATIONS)
    size[three] += chance.poisson(_EXTRA_IN_THREE, len(three))
    two = np.flatnonzero(kind == TWO_GENERATIONS)
    left = max(family - int(size.sum()), 0)
    if len(two):
        size[two] += chance.poisson(left / len(two), len(two))
    size = np.minimum(size, _HIGHEST[kind])
    return _fit(size, kind, family, chance)


def _fit(size: np.ndarray, kind: np.ndarray, family: int, chance: np.random.Generator) -> np.ndarray:
    """Add or take single members until the sum is right; what cannot be fitted stays for collective homes."""
    while (miss := family - int(size.sum())) != 0:
        room = np.flatnonzero(size < _HIGHEST[kind]) if miss > 0 else np.flatnonzero(size > _LOWEST[kind])
        if not len(room):
            break
        chosen = chance.choice(room, size=min(abs(miss), len(room)), replace=False)
        size[chosen] += 1 if miss > 0 else -1
    return size


def _roles(kind: np.ndarray, size: np.ndarray, home: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    place = np.arange(len(home)) - starts[home]
    member_kind, member_size = kind[home], size[home]
    lone = (kind == TWO_GENERATIONS) & ((size == 2) | (chance.random(len(kind)) < _LONE_PARENT_SHARE))
    role = np.full(len(home), CHILD)
    role[place == 0] = HEAD
    role[(place == 0) & lone[home]] = LONE_PARENT
    role[(place == 1) & (member_kind == COUPLE)] = SPOUSE
    role[(place == 1) & (member_kind == TWO_GENERATIONS) & ~lone[home]] = SPOUSE
    role[member_kind == COLLECTIVE] = LODGER
    _three_generations(role, place, member_kind == THREE_GENERATIONS, member_size, home, chance)
    return role


def _three_generations(
    role: np.ndarray, place: np.ndarray, three: np.ndarray, size: np.ndarray, home: np.ndarray, chance: np.random.Generator
) -> None:
    """Size 3: a lone parent, an elder, a child. 4: a couple, an elder, a child. 5 and more: both elders."""
    elder = np.where(chance.random(int(home.max(initial=0)) + 1) < 0.35, ELDER_MAN, ELDER_WOMAN)[home]
    role[three & (place == 0) & (size == 3)] = LONE_PARENT
    role[three & (place == 1) & (size == 3)] = elder[three & (place == 1) & (size == 3)]
    role[three & (place == 1) & (size >= 4)] = SPOUSE
    role[three & (place == 2) & (size == 4)] = elder[three & (place == 2) & (size == 4)]
    role[three & (place == 2) & (size >= 5)] = ELDER_MAN
    role[three & (place == 3) & (size >= 5)] = ELDER_WOMAN
