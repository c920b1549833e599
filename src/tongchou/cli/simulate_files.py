"""What ``tongchou simulate`` writes of one run: the truth as files that the ledgers, ``chains``, ``contacts`` and ``reproduction`` read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from tongchou.cli.terminal import CommandError
from tongchou.engine.epidemic import LAYER_NAMES, Layer, Outcome
from tongchou.engine.epidemic.course import CRITICAL, MILD, SEVERE
from tongchou.engine.epidemic.layers import layer_words
from tongchou.engine.epidemic.series import SERIES, find_daily_series, part_names

DAY_S, NOON_S = 86_400, 43_200
EPOCH = np.datetime64("1970-01-01")
FILES = {
    "line_list.csv": "每例感染的真相，天数从 0 起 / the truth of every infection, days from 0",
    "cases.csv": "每例感染及其传染者，供 tongchou chains / every infection and its infector, for tongchou chains",
    "ledger.csv": "报告病例，供 tongchou import case / cases reported, for tongchou import case",
    "contact_cases.csv": "报告病例，供 tongchou contacts / cases reported, for tongchou contacts",
    "series.csv": "按发病日，供 tongchou reproduction / by day of onset, for tongchou reproduction",
    "reports.csv": "按报告日，供 tongchou calibrate / by day of report, for tongchou calibrate",
    "daily.csv": "逐日序列，按地区、年龄、场景层、行业；零不写 / daily series by area, age, layer and sector, without the zeros",
    "cohorts.csv": "各感染日的有效再生数 / effective R of those infected on each day",
    "generation_interval.csv": "代间隔分布 / generation interval",
    "places.csv": "哪一层、哪个场所感染了多少人 / which layer and place infected how many",
}
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Calendar:
    """Day 0 of a run as a date."""

    first_on: date

    def dates(self, days: NDArray[Any]) -> pa.Array:
        """Days from 0 as dates; empty where a day is below 0."""
        found = np.datetime64(self.first_on, "D") + days.astype(np.int64)
        return pa.array(found, mask=np.asarray(days) < 0)

    @property
    def midnight_s(self) -> int:
        """The second, of the city's own clock since 1970, at which day 0 begins."""
        return int((np.datetime64(self.first_on, "D") - EPOCH).astype(np.int64)) * DAY_S


def write_files(outcome: Outcome, folder: Path, calendar: Calendar, wanted: list[tuple[str, str]]) -> list[str]:
    """All of ``FILES``; ``wanted`` are the (quantity, division) of daily.csv. Raises CommandError where it cannot be written."""
    makers: dict[str, Callable[[], Columns]] = {
        "line_list.csv": lambda: _line_list(outcome), "cases.csv": lambda: _cases(outcome, calendar),
        "ledger.csv": lambda: _ledger(outcome, calendar), "contact_cases.csv": lambda: _contact_cases(outcome, calendar),
        "series.csv": lambda: _series(outcome, calendar, "onsets"), "reports.csv": lambda: _series(outcome, calendar, "reports"),
        "daily.csv": lambda: _daily(outcome, calendar, wanted), "cohorts.csv": lambda: _cohorts(outcome, calendar),
        "generation_interval.csv": lambda: _generation_interval(outcome), "places.csv": lambda: _places(outcome),
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in makers.items():
            columns = {key: column if isinstance(column, pa.Array) else pa.array(column) for key, column in make().items()}
            csv.write_csv(pa.table(columns), str(folder / name))
    except OSError as error:
        raise CommandError(f"写不了 {folder}：{error.strerror}", f"{folder} cannot be written: {error.strerror}") from None
    return [str(folder / name) for name in makers]


def every_series() -> list[tuple[str, str]]:
    """Every quantity as a whole and by each of its divisions."""
    return [(quantity, by) for quantity, divisions in SERIES.items() for by in ("", *divisions)]


def _line_list(outcome: Outcome) -> Columns:
    return {**outcome.line_list(), "infection": np.arange(outcome.infections), "source": outcome.chain.source}


def _names(rows: NDArray[Any]) -> pa.Array:
    """An infection's number as the id of a case; empty where it is below 0."""
    return pa.array([f"S{row + 1:07d}" if row >= 0 else "" for row in rows.tolist()])


def _cases(outcome: Outcome, calendar: Calendar) -> Columns:
    chain = outcome.chain
    return {
        "case": _names(np.arange(outcome.infections)), "onset": calendar.dates(outcome.event_days("onsets")),
        "report": calendar.dates(outcome.event_days("reports")), "imported": (chain.source < 0).astype(np.int8),
        "setting": [LAYER_NAMES[Layer(layer)][1] for layer in chain.layer.tolist()], "infector": _names(chain.source),
    }  # fmt: skip


def _known(outcome: Outcome) -> NDArray[np.int64]:
    """Rows that were reported within the run, in the order of the reports."""
    reported = outcome.event_days("reports")
    rows = np.flatnonzero(reported >= 0)
    return rows[np.argsort(reported[rows], kind="stable")]


def _ledger(outcome: Outcome, calendar: Calendar) -> Columns:
    """Cases as they stood on the day of the report: who had no symptoms by then is asymptomatic and without onset."""
    rows, chain, city = _known(outcome), outcome.chain, outcome.city
    events = {name: outcome.event_days(name)[rows] for name in ("onsets", "samples", "reports", "discharges", "deaths")}
    reported, none = events["reports"], np.int16(-1)
    ill = (events["onsets"] >= 0) & (events["onsets"] <= reported)
    left = np.where(ill & (events["discharges"] >= reported), events["discharges"], none)
    dead = np.where(events["deaths"] >= events["onsets"], events["deaths"], none)
    severity = {MILD: "mild", SEVERE: "severe", CRITICAL: "critical", CRITICAL + 1: "critical"}
    codes = [f"{county.code:0<12}" if county.code.isdigit() else "" for county in city.counties]
    return {
        "case_no": _names(rows), "sex": [("", "male", "female")[sex] for sex in city.sex[chain.person[rows]].tolist()],
        "age_years": city.age[chain.person[rows]], "residence_path": [codes[at] for at in city.neighbourhood_county[chain.home[rows]].tolist()],
        "status": np.where(ill, "confirmed", "asymptomatic").tolist(),
        "severity": [severity.get(level, "") if shown else "" for level, shown in zip(chain.severity[rows].tolist(), ill.tolist(), strict=True)],
        "origin": np.where(chain.source[rows] < 0, "imported", "local").tolist(),
        "onset_on": calendar.dates(np.where(ill, events["onsets"], none)), "sampled_on": calendar.dates(events["samples"]),
        "reported_at": [f"{day} 12:00" for day in calendar.dates(reported).to_pylist()],
        "confirmed_on": calendar.dates(np.where(ill, reported, none)), "discharged_on": calendar.dates(left), "died_on": calendar.dates(dead),
    }  # fmt: skip


def _contact_cases(outcome: Outcome, calendar: Calendar) -> Columns:
    """Noon of the day of onset, or of the sample where there was no onset by the report, in the seconds of the visits."""
    rows = _known(outcome)
    onset, sample, report = (outcome.event_days(name)[rows].astype(np.int64) for name in ("onsets", "samples", "reports"))
    day = np.where((onset >= 0) & (onset <= report), onset, sample)
    return {"person": outcome.chain.person[rows], "onset": calendar.midnight_s + day * DAY_S + NOON_S}


def _series(outcome: Outcome, calendar: Calendar, event: str) -> Columns:
    columns = outcome.case_series(event)
    return {"date": calendar.dates(columns["t"]), "incidence": columns["incidence"], "imported": columns["imported"]}


def _daily(outcome: Outcome, calendar: Calendar, wanted: list[tuple[str, str]]) -> Columns:
    columns: dict[str, list[Any]] = {"series": [], "by": [], "part": [], "day": [], "count": []}
    for quantity, by in wanted:
        counts = find_daily_series(outcome, quantity, by).reshape(outcome.days, -1)
        names = np.array(part_names(outcome, by))
        day, part = np.nonzero(counts)
        columns["series"].append(np.full(len(day), quantity))
        columns["by"].append(np.full(len(day), by))
        columns["part"].append(names[part])
        columns["day"].append(day)
        columns["count"].append(np.round(counts[day, part].astype(float), 3))
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    texts = {name: pa.array(joined[name].astype(object), pa.string()) for name in ("series", "by", "part")}
    return {**texts, "day": joined["day"], "date": calendar.dates(joined["day"]), "count": joined["count"]}


def _cohorts(outcome: Outcome, calendar: Calendar) -> Columns:
    days = np.arange(outcome.days)
    reproduction = outcome.effective_reproduction()
    return {
        "date": calendar.dates(days), "day": days, "infected": outcome.daily("infections"), "caused": outcome.caused(),
        "r": pa.array(np.round(reproduction, 4), mask=np.isnan(reproduction)), "complete": outcome.complete().astype(np.int8),
    }  # fmt: skip


def _generation_interval(outcome: Outcome) -> Columns:
    pairs = outcome.generation_interval_counts()
    return {"days": np.arange(len(pairs)), "pairs": pairs, "share": np.round(pairs / max(pairs.sum(), 1), 6)}


def _places(outcome: Outcome) -> Columns:
    """Every place at which somebody was infected, those with most infections first."""
    found = outcome.infecting_places()
    return {**found, "layer": [LAYER_NAMES[Layer(layer)][1] for layer in found["layer"].tolist()]}


def told_of(outcome: Outcome) -> dict[str, Any]:
    """Which layers infected, the generation interval, and R of those infected in each week, for JSON."""
    infected, caused, complete = outcome.daily("infections"), outcome.caused(), outcome.complete()
    return {
        "layers": layer_words(outcome.daily("infections", "layer").sum(axis=0)),
        "generation_interval": _summed(outcome.generation_interval_counts()),
        "cohorts": [_week(start, infected, caused, complete) for start in range(0, outcome.days, 7)],
    }  # fmt: skip


def _summed(pairs: NDArray[np.int64]) -> dict[str, Any]:
    """Mean, standard deviation and quantiles (between two days in proportion, as numpy's) of counts by length in days."""
    count, days = int(pairs.sum()), np.arange(len(pairs))
    if not count:
        return dict.fromkeys(("mean", "sd", "q05", "median", "q95")) | {"pairs": 0}
    mean, upto = float(pairs @ days) / count, np.cumsum(pairs)
    places = np.array([0.05, 0.5, 0.95]) * (count - 1)
    below, above = (np.searchsorted(upto, edge(places), side="right") for edge in (np.floor, np.ceil))
    found = below + (above - below) * (places - np.floor(places))
    return {
        "pairs": count, "mean": round(mean, 3), "sd": round(math.sqrt(float(pairs @ (days - mean) ** 2) / count), 3),
        **dict(zip(("q05", "median", "q95"), found.tolist(), strict=True)),
    }  # fmt: skip


def _week(start: int, infected: NDArray[np.int64], caused: NDArray[np.int64], complete: NDArray[np.bool_]) -> dict[str, Any]:
    days = slice(start, start + 7)
    many, by_them = int(infected[days].sum()), int(caused[days].sum())
    return {
        "from_day": start, "to_day": start + len(infected[days]) - 1, "infected": many, "caused": by_them,
        "r": round(by_them / many, 4) if many else None, "complete": bool(complete[days].all()),
    }  # fmt: skip
