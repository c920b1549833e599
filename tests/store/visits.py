"""Small cities for the tests of the store: visits over a few days, some over midnight, and their answer by brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tongchou.engine.contacts import Contacts, Visits

DAY = 86_400
COLUMNS = ("case", "contact", "overlap_s", "meetings", "first", "last", "generation", "places", "is_case")


def some_visits(seed: int, days: int = 4, rows: int = 400, first_person: int = 10**12) -> Visits:
    chance = np.random.default_rng(seed)
    start = 18_262 * DAY + chance.integers(0, days * DAY, rows)
    return Visits(
        first_person + chance.integers(0, 40, rows), chance.integers(-5, 5, rows), start, start + chance.integers(0, DAY // 2, rows)
    )


def table_of(visits: Visits) -> pa.Table:
    return pa.table({name: getattr(visits, name) for name in ("person", "place", "start", "end")})


def write(path: Path, visits: Visits) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table_of(visits), path)
    return path


def days_of(visits: Visits) -> dict[int, Visits]:
    day = visits.start // DAY
    return {int(one): taken(visits, day == one) for one in np.unique(day)}


def taken(visits: Visits, rows: np.ndarray) -> Visits:
    return Visits(visits.person[rows], visits.place[rows], visits.start[rows], visits.end[rows])


def joined(*parts: Visits) -> Visits:
    return Visits(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("person", "place", "start", "end")))


def rows_of(visits: Visits) -> list[tuple[int, ...]]:
    return sorted(zip(*(getattr(visits, name).tolist() for name in ("person", "place", "start", "end")), strict=True))


def lines_of(contacts: Contacts) -> list[tuple[int, ...]]:
    return list(zip(*(getattr(contacts, name).tolist() for name in COLUMNS), strict=True))
