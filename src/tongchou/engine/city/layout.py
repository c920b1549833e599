"""Where the households of a county stand: in what order, in which neighbourhood and grid cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import Counts
from tongchou.engine.city.collective import Dwellings
from tongchou.engine.city.sites import stable_order

PLACES = 2.0**40
Chance = np.random.Generator
Index = NDArray[np.int64]


def settle(homes: Dwellings, chance: Chance) -> Dwellings:
    """The same households in a new order: homes by lot, rooms of a building side by side."""
    count = len(homes.size)
    block = np.where(homes.building < 0, np.arange(count), count + homes.building)
    place = chance.random(2 * count + 1)[block]
    order = stable_order(np.floor(place * PLACES).astype(np.int64))
    starts = np.concatenate(([0], np.cumsum(homes.size)))
    size = homes.size[order]
    persons = _ranges(starts[order], size)
    return Dwellings(homes.age[persons], homes.sex[persons], size, homes.kind[order], homes.building[order])


def _ranges(first: Index, count: Index) -> Index:
    """first[0], first[0] + 1, ... for each of ``count``, one after another."""
    ends = np.cumsum(count)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(first - (ends - count), count)


def join(parts: list[Dwellings]) -> Dwellings:
    """Dwellings one after another, as they stand."""
    return Dwellings(
        np.concatenate([part.age for part in parts]), np.concatenate([part.sex for part in parts]),
        np.concatenate([part.size for part in parts]), np.concatenate([part.kind for part in parts]),
        np.concatenate([part.building for part in parts]),
    )  # fmt: skip


def cut_areas(size: Counts, figures: Mapping[str, Any], chance: Chance) -> tuple[Index, Index]:
    """Where neighbourhoods begin and where grid cells begin, as persons of the county, each with the end; households are never cut."""
    place = figures["place"]
    ends = np.cumsum(size)
    persons = int(ends[-1])
    hoods = max(1, round(persons / place["neighbourhood_persons"]))
    weight = np.exp(place["neighbourhood_deviation"] * chance.standard_normal(hoods))
    hood = _at_households(np.cumsum(weight) / weight.sum() * persons, ends)
    inside = np.diff(np.searchsorted(ends, hood, side="left")) if len(hood) > 1 else np.array([len(size)])
    cells = np.maximum(1, np.round(inside / place["grid_households"])).astype(np.int64)
    wishes = [low + (high - low) * (np.arange(many) + 1) / many for low, high, many in zip(hood[:-1], hood[1:], cells, strict=True)]
    return hood, np.union1d(_at_households(np.concatenate(wishes), ends), hood)


def _at_households(wishes: NDArray[np.float64], ends: Index) -> Index:
    """Wished ends moved to the nearest end of a household; 0 and the last end are always there."""
    at = np.minimum(np.searchsorted(ends, wishes - 0.5), len(ends) - 1)
    return np.unique(np.concatenate(([0], ends[at], [ends[-1]])))
