"""Who rides with whom: workers who go from one township to another, in the lots in which they ride."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.model import Ints
from tongchou.engine.city.sites import by_lot, cut_teams

Chance = np.random.Generator


def townships(neighbourhood_county: NDArray[np.uint16], figures: Mapping[str, Any]) -> Ints:
    """[B] township of each neighbourhood: runs of neighbourhoods of one county, as even as can be."""
    wanted, found, before = figures["place"]["township_neighbourhoods"], [], 0
    for count in np.bincount(neighbourhood_county).tolist():
        towns = max(1, round(count / wanted)) if count else 0
        found.append(before + np.arange(count) * towns // max(count, 1))
        before += towns
    return np.concatenate(found).astype(np.int32)


def form_routes(home: Ints, away: Ints, town: Ints, figures: Mapping[str, Any], chance: Chance) -> tuple[Ints, Ints, Ints]:
    """(route [N], route_start, route_members). home, away: neighbourhood of each person's home and of its work (-1 for none).

    Those who work in another township ride in common with the share ``by_bus``; riders between the same two townships are
    cut by lot into parties of about ``riders``. A rider who would ride alone has no route.
    """
    known = figures["commuting"]
    works = np.flatnonzero(away >= 0).astype(np.int32)
    outside = works[town[home[works]] != town[away[works]]]
    riders = outside[chance.random(len(outside), dtype=np.float32) < known["by_bus"]]
    pair = town[home[riders]].astype(np.int64) * (int(town.max(initial=0)) + 1) + town[away[riders]]
    order = by_lot(chance, len(riders), pair)
    riders = riders[order]
    _, sizes = np.unique(pair[order], return_counts=True)
    group, _ = cut_teams(sizes, known["riders"])
    together = np.bincount(group, minlength=1) > 1
    stays = together[group] if len(group) else np.empty(0, bool)
    numbers = (np.cumsum(together) - 1)[group[stays]] if len(group) else group
    route = np.full(len(home), -1, np.int32)
    route[riders[stays]] = numbers
    counts = np.bincount(numbers, minlength=0)
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return route, start, riders[stays].astype(np.int32)
