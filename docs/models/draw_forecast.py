"""Draws the figures of the pages on forecasts, scores and report artefacts from our own output on public data.

    PYTHONPATH=src:. .venv/bin/python docs/models/draw_forecast.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from bench.backtest.data import Vintage, cumulative_by_city, vintages
from bench.backtest.run import INTERVAL_DAYS
from demo.extract.sources import data_folder, rows_of

from tongchou.engine.estimate.artefacts import CleanedSeries, count_daily, find_artefacts
from tongchou.engine.estimate.discretise import serial_interval_of
from tongchou.engine.estimate.forecast_methods import METHODS, forecast_cases
from tongchou.engine.estimate.series import CaseSeries

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER.parents[1] / "bench" / "backtest" / "results.json"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, FOOT = 720, 300, 56, 34, 14, 36
COLOURS = {"renewal": "#1f5fa8", "trend": "#c0392b", "mean": "#7d3c98", "baseline": "#8a8f98"}
INK, GREY, BAND = "#222222", "#b5bac2", "#1f5fa8"


@dataclass
class Panel:
    """One pair of axes as SVG; ``x`` and ``y`` are (least, most)."""

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> str:
        across = LEFT + (x - self.x[0]) / (self.x[1] - self.x[0]) * (WIDTH - LEFT - RIGHT)
        up = HEIGHT - FOOT - (min(y, self.y[1]) - self.y[0]) / (self.y[1] - self.y[0]) * (HEIGHT - TOP - FOOT)
        return f"{across:.1f},{up:.1f}"

    def line(self, x: Sequence[float], y: Sequence[float], colour: str, width: float = 2.0) -> None:
        points = " ".join(self.at(a, b) for a, b in zip(x, y, strict=True))
        self.parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>')

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], opacity: float) -> None:
        there = [self.at(a, b) for a, b in zip(x, high, strict=True)]
        back = [self.at(a, b) for a, b in zip(x, low, strict=True)][::-1]
        self.parts.append(f'<polygon points="{" ".join(there + back)}" fill="{BAND}" opacity="{opacity}"/>')

    def dots(self, x: Sequence[float], y: Sequence[float], colour: str) -> None:
        for a, b in zip(x, y, strict=True):
            left, up = self.at(a, b).split(",")
            self.parts.append(f'<circle cx="{left}" cy="{up}" r="2.6" fill="{colour}"/>')

    def word(self, x: float, y: float, text: str, colour: str = INK) -> None:
        left, up = self.at(x, y).split(",")
        self.parts.append(f'<text x="{left}" y="{up}" fill="{colour}" font-size="12">{text}</text>')

    def svg(self, x_ticks: dict[float, str], y_ticks: Sequence[float]) -> str:
        frame = [f'<text x="{LEFT}" y="20" font-size="14" fill="{INK}">{self.title}</text>']
        for value in y_ticks:
            left, up = self.at(self.x[0], value).split(",")
            frame.append(f'<line x1="{left}" x2="{WIDTH - RIGHT}" y1="{up}" y2="{up}" stroke="#e3e6ea"/>')
            frame.append(f'<text x="{LEFT - 6}" y="{float(up) + 4:.1f}" text-anchor="end" font-size="11" fill="{INK}">{value:g}</text>')
        for place, text in x_ticks.items():
            left = self.at(place, self.y[0]).split(",")[0]
            frame.append(f'<text x="{left}" y="{HEIGHT - 14}" text-anchor="middle" font-size="11" fill="{INK}">{text}</text>')
        inside = "\n".join([*frame, *self.parts])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'font-family="sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n{inside}\n</svg>\n'
        )


def _day(on: date) -> str:
    return f"{on.day} {on:%b}"


def draw_forecast() -> str:
    """Changsha, a held-out city: what was forecast on three days, and what came."""
    chosen = [date(2020, 1, 31), date(2020, 2, 8), date(2020, 2, 16)]
    found: list[Vintage] = [one for one in vintages("held_out") if one.city == "430100" and one.reference_on in chosen]
    last = found[-1]
    whole = np.concatenate((last.known, last.truth))
    panel = Panel("Changsha 2020: daily cases (dots), forecasts with 50 % and 90 % intervals", (0, len(whole) - 1), (0, 70))
    for one in found:
        series = CaseSeries(one.city, one.known, np.zeros_like(one.known), one.first_on)
        (made,) = forecast_cases([series], interval=serial_interval_of(*INTERVAL_DAYS))
        at = {level: place for place, level in enumerate(made.levels)}
        start = len(one.known)
        x = list(range(start, start + made.horizon))
        for low, high, opacity in ((0.05, 0.95, 0.18), (0.25, 0.75, 0.3)):
            panel.band(x, made.quantiles[:, at[low]], made.quantiles[:, at[high]], opacity)
        panel.line(x, made.quantiles[:, at[0.5]], BAND)
        panel.line([start - 0.5, start - 0.5], [0, 70], GREY, 1.0)
        panel.word(start - 0.3, 66, f"issued {_day(one.reference_on)}", INK)
    panel.dots(range(len(whole)), whole, INK)
    ticks = {float(place): _day(last.first_on + timedelta(days=place)) for place in range(0, len(whole), 5)}
    return panel.svg(ticks, (0, 20, 40, 60))


def draw_scores() -> str:
    """Mean score by forecast date on the held-out cities, every method."""
    told = json.loads(RESULTS.read_text(encoding="utf-8"))["held_out"]["by_date"]
    most = 3.0
    panel = Panel("Held-out cities: mean weighted interval score by forecast date (less is better)", (0, len(told) - 1), (0, most))
    for place, method in enumerate(METHODS):
        values = [means[method] for _day_, _count, means in told]
        panel.line(range(len(told)), values, COLOURS[method])
        panel.word(len(told) * 0.62, most * (0.95 - 0.07 * place), method, COLOURS[method])
    cut = [(place, means["baseline"]) for place, (_day_, _count, means) in enumerate(told) if means["baseline"] > most]
    for place, value in cut:
        panel.word(place - 6.3, most * 0.62, f"baseline {value:.1f} (after Jining's batch)", COLOURS["baseline"])
    ticks = {float(place): _day(date.fromisoformat(day)) for place, (day, _count, _means) in enumerate(told) if place % 2 == 0}
    return panel.svg(ticks, (0, 1, 2, 3))


def _cleaned(name: str, totals: dict[date, float]) -> CleanedSeries:
    first_on, last_on = min(totals), max(totals)
    days = [first_on + timedelta(days=place) for place in range((last_on - first_on).days + 1)]
    counts, missing = count_daily(np.array([totals.get(day, np.nan) for day in days]))
    return find_artefacts(name, first_on, counts, missing=missing)


def draw_artefacts() -> str:
    """The country's counts around the change of definition of 12-13 February: as reported and as cleaned."""
    rows = rows_of(data_folder() / "china-city-counts" / "national_daily.csv")
    found = _cleaned("China", {date.fromisoformat(row["date"]): float(row["confirmed"]) for row in rows})
    part = slice(10, 50)
    raw, clean = found.raw[part], found.cleaned[part]
    panel = Panel("China 2020: cases a day as reported (grey) and as cleaned (blue)", (0, len(raw) - 1), (0, 15000))
    panel.line(range(len(raw)), raw, COLOURS["baseline"])
    panel.line(range(len(raw)), clean, BAND)
    changed = [change for change in found.changes if change.kind == "definition_change"]
    place = (changed[0].on - found.first_on).days - 10
    panel.word(place + 1.2, 13500, f"12-13 Feb, definition: {changed[0].reason.values['excess']} set aside")
    jining = _cleaned("Jining", {day: float(total) for day, total in cumulative_by_city()["370800"].items()})
    batch = next(change for change in jining.changes if change.kind == "batch_report")
    panel.word(place + 1.2, 12000, f"Jining, {_day(batch.on)}: {batch.raw} cases, {batch.raw - batch.cleaned} set aside")
    ticks = {float(at): _day(found.first_on + timedelta(days=at + 10)) for at in range(0, len(raw), 6)}
    return panel.svg(ticks, (0, 5000, 10000, 15000))


def main() -> None:
    for name, draw in (("forecast", draw_forecast), ("scoring", draw_scores), ("report-artefacts", draw_artefacts)):
        (FOLDER / f"{name}.svg").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
