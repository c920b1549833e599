"""The official daily totals that a demo city was made from, to hold its own totals against.

The demo puts them into its data folder. What the wall calls real is thereby compared, not claimed: once somebody adds or
changes a case in the demo, its totals are called invented.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings

FILE = "official-daily.csv"


@dataclass(frozen=True)
class Totals:
    """Cumulative counts of the whole city at the close of a day."""

    confirmed: int
    recovered: int


def totals_on(day: date) -> Totals | None:
    """The official totals of the day, or of the last day before it that has any; None where there is no such file."""
    path = Path(settings.DATA) / FILE
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        lines = [row for row in csv.DictReader(line for line in file if not line.startswith("#")) if row["date_on"] <= day.isoformat()]
    if not lines:
        return Totals(0, 0)
    last = max(lines, key=lambda row: row["date_on"])
    return Totals(int(last["confirmed_cum"]), int(last["cured_cum"] or 0))
