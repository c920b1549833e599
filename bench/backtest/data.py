"""The truth, and what was known of it on each forecast date, as ``split.toml`` fixes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from demo.extract.sources import data_folder, rows_of
from numpy.typing import NDArray

Counts = NDArray[np.int64]
SPLIT = tomllib.loads((Path(__file__).parent / "split.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Vintage:
    """One city on one forecast date.

    ``known``: daily cases up to that date, as known that day, from ``first_on``; ``truth``: cases of the days after it.
    """

    city: str
    part: str
    reference_on: date
    first_on: date
    known: Counts
    truth: Counts


def daily_counts(cumulative: Mapping[date, int], first_on: date, last_on: date) -> Counts:
    """Daily cases from cumulative rows: gaps fall to the next row, a negative increment is taken off the days before."""
    days = (last_on - first_on).days + 1
    counts, before = np.zeros(days, np.int64), 0
    for place in range(days):
        total = cumulative.get(first_on + timedelta(days=place), before)
        counts[place], before = total - before, total
    for place in range(days):
        owed, at = -min(0, int(counts[place])), place - 1
        counts[place] = max(0, counts[place])
        while owed and at >= 0:
            taken = min(owed, int(counts[at]))
            counts[at] -= taken
            owed, at = owed - taken, at - 1
    return counts


def redate(day: date, truth: Mapping[str, Any]) -> date | None:
    """The day that a row's figure means; None for a row that repeats another."""
    if day in truth["left_out"]:
        return None
    return day if day <= truth["same_day_until"] else day - timedelta(days=1)


def cumulative_by_city() -> dict[str, dict[date, int]]:
    """{city code: {day that the figure means: confirmed so far}} of every city in the split."""
    folder, cities = data_folder() / "china-city-counts", SPLIT["cities"]
    wanted = {code[:2] for code in cities["tune"] + cities["held_out"]}
    rows = [(row["cityCode"], row) for row in rows_of(folder / "city_daily.csv.gz")]
    rows = [(code, row) for code, row in rows if code.isdigit() and code.endswith("00") and code[:2] in wanted]
    whole = [(row["provinceCode"], row) for row in rows_of(folder / "province_daily.csv")]
    rows = [pair for pair in rows if pair[0][:2] + "0000" not in cities["whole_province"]]
    rows += [pair for pair in whole if pair[0] in cities["whole_province"]]
    found: dict[str, dict[date, int]] = {}
    for code, row in rows:
        day = redate(date.fromisoformat(row["date"]), SPLIT["truth"])
        if day is not None:
            found.setdefault(code, {})[day] = int(row["confirmed"])
    return found


def vintages(part: str) -> list[Vintage]:
    """Every city and forecast date of one part, ``tune`` or ``held_out``, that has enough cases by then."""
    plan, last_on = SPLIT["forecasts"], SPLIT["truth"]["known_until"]
    provinces = {code[:2] for code in SPLIT["cities"][part]}
    by_city = cumulative_by_city()
    first_on = min(min(rows) for rows in by_city.values())
    dates = range(plan["first_on"].toordinal(), plan["last_on"].toordinal() + 1, plan["every_days"])
    found = []
    for city in sorted(code for code in by_city if code[:2] in provinces):
        truth = daily_counts(by_city[city], first_on, last_on)
        for reference_on in map(date.fromordinal, dates):
            known = daily_counts(by_city[city], first_on, reference_on)
            if known[-plan["window_days"] :].sum() >= plan["least_cases"]:
                ahead = truth[len(known) : len(known) + plan["horizon_days"]]
                found.append(Vintage(city, part, reference_on, first_on, known, ahead))
    return found


def external() -> list[Vintage]:
    """Italy, a forecast a week: no city of the split, no tuning."""
    rows = rows_of(data_folder() / SPLIT["limit"]["external"])
    counts = np.array([int(float(row["confirm"])) for row in rows])
    first_on = date.fromisoformat(rows[0]["date"])
    found, reference_on = [], SPLIT["limit"]["external_first_on"]
    while (reference_on - first_on).days + 1 + SPLIT["forecasts"]["horizon_days"] <= len(counts):
        upto = (reference_on - first_on).days + 1
        ahead = counts[upto : upto + SPLIT["forecasts"]["horizon_days"]]
        found.append(Vintage("Italy", "external", reference_on, first_on, counts[:upto], ahead))
        reference_on += timedelta(days=SPLIT["limit"]["external_every_days"])
    return found
