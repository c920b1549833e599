"""Care homes and prisons as sites: wards of residents with the staff who come in shifts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import share_out
from tongchou.engine.city.kinds import HEALTH, PUBLIC_ADMINISTRATION, HouseholdKind, SiteKind
from tongchou.engine.city.sites import Batch, Index, cut_teams, rank_within

FORMS = (
    (HouseholdKind.CARE_HOME, SiteKind.CARE_HOME, HEALTH, "care"),
    (HouseholdKind.PRISON, SiteKind.PRISON, PUBLIC_ADMINISTRATION, "prison"),
)


def form_closed(dwelling: NDArray[np.uint8], building: NDArray[np.int32], span: tuple[int, int], workers: dict[int, Index], home: NDArray[np.int32], figures: Mapping[str, Any]) -> list[Batch]:
    """Sites of the care homes and prisons of one county (persons ``span``), one a building.

    workers: by sector, persons who work in the county, in lots' order; staff is taken from them (changed). Staff belong to
    the wards in turn.
    """
    known, low, high = figures["collective"], *span
    batches = []
    for lived, kind, sector, name in FORMS:
        residents = low + np.flatnonzero(dwelling[low:high] == lived)
        if not len(residents):
            continue
        houses, size = np.unique(building[residents], return_counts=True)
        residents = residents[np.argsort(building[residents], kind="stable")]
        group, wards = cut_teams(size, known[f"{name}_ward_residents"])
        wanted = min(len(workers[sector]) // 2, round(len(residents) / known[f"{name}_residents_per_staff"]))
        staff, workers[sector] = workers[sector][:wanted], workers[sector][wanted:]
        share = share_out(len(staff), size)
        first = np.concatenate(([0], np.cumsum(wards)))[:-1]
        turn = np.repeat(first, share) + rank_within(share) % np.repeat(wards, share)
        places = home[residents[np.cumsum(size) - 1]].astype(np.int64)
        persons, groups = np.concatenate([residents, staff]), np.concatenate([group, turn])
        batches.append(Batch(kind, persons, groups, wards, np.full(len(houses), sector, np.uint8), places))
    return batches
