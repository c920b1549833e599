"""Draws the figures of the pages on delays, reproduction number and nowcast from our own output on public data.

    PYTHONPATH=src .venv/bin/python docs/models/draw_estimates.py ../shared/data
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from tongchou.engine import estimate

FOLDER = Path(__file__).resolve().parent
WIDE, HIGH, LEFT, TOP, RIGHT, LOW = 720, 300, 52, 34, 14, 40
BLUE, GREY, RED, PALE = "#1f5fa8", "#8a8f98", "#c0392b", "#a9c4e4"


@dataclass
class Picture:
    """An SVG with two axes; ``x`` and ``y`` are (least, most)."""

    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - self.x[0]) / (self.x[1] - self.x[0]) * (WIDE - LEFT - RIGHT)
        up = HIGH - LOW - (min(max(y, self.y[0]), self.y[1]) - self.y[0]) / (self.y[1] - self.y[0]) * (HIGH - LOW - TOP)
        return round(across, 1), round(up, 1)

    def line(self, x: Sequence[float], y: Sequence[float], colour: str, dash: str = "") -> None:
        points = " ".join("{},{}".format(*self.at(a, b)) for a, b in zip(x, y, strict=True))
        self.parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str) -> None:
        there = [self.at(a, b) for a, b in zip(x, high, strict=True)]
        back = [self.at(a, b) for a, b in zip(x, low, strict=True)][::-1]
        points = " ".join(f"{a},{b}" for a, b in [*there, *back])
        self.parts.append(f'<polygon points="{points}" fill="{colour}" opacity="0.55"/>')

    def bars(self, x: Sequence[float], y: Sequence[float], colour: str, width: float) -> None:
        for place, value in zip(x, y, strict=True):
            left, top = self.at(place - width / 2, value)
            right, foot = self.at(place + width / 2, self.y[0])
            self.parts.append(
                f'<rect x="{left}" y="{top}" width="{right - left:.1f}" height="{foot - top:.1f}" fill="{colour}"/>'
            )

    def dots(self, x: Sequence[float], y: Sequence[float], colour: str) -> None:
        for a, b in zip(x, y, strict=True):
            self.parts.append('<circle cx="{}" cy="{}" r="3" fill="{}"/>'.format(*self.at(a, b), colour))

    def save(self, name: str, title: str, ticks: Callable[[float], str], x_at: Sequence[float], y_at: Sequence[float]) -> None:
        axes = []
        for value in x_at:
            across, foot = self.at(value, self.y[0])
            axes.append(f'<text x="{across}" y="{foot + 18}" text-anchor="middle">{ticks(value)}</text>')
        for value in y_at:
            left, up = self.at(self.x[0], value)
            axes.append(f'<text x="{left - 6}" y="{up + 4}" text-anchor="end">{value:g}</text>')
            axes.append(f'<path d="M{left} {up}H{WIDE - RIGHT}" stroke="#e3e5e8"/>')
        text = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="12" fill="#333">'
            f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/><text x="{LEFT}" y="20" font-size="13">{title}</text>'
            f"{''.join(axes)}{''.join(self.parts)}</svg>\n"
        )
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text)} bytes")


def reproduction(data: Path) -> None:
    with (data / "epiestim-reference" / "city_Bengbu_incidence.csv").open(encoding="utf-8") as lines:
        cases = np.array([int(row["incidence"]) for row in csv.DictReader(lines)])
    first = date(2020, 1, 23)
    result = estimate.estimate_reproduction(cases, estimate.serial_interval_of(4.7, 2.9))
    told = result.status[0] == 0
    last = result.windows.last
    picture = Picture((1, len(cases)), (0, 8))
    picture.bars(np.arange(1, len(cases) + 1), cases / 4, "#d9dce1", 0.8)
    picture.band(last[told], result.quantiles[0, told, 0], result.quantiles[0, told, 2], PALE)
    picture.line(last[told], result.mean[0, told], BLUE)
    picture.line([1, len(cases)], [1, 1], RED, "5 4")
    few = last[result.status[0] == 1]
    picture.dots(few, np.zeros(len(few)), GREY)
    picture.save(
        "reproduction-number.svg", "Bengbu 2020: R of seven days to the day (95 %), cases / 4 (bars), grey dots: too few cases to say",
        lambda day: (first + timedelta(days=day - 1)).strftime("%m-%d"), range(1, len(cases) + 1, 7), [0, 1, 2, 4, 6, 8],
    )  # fmt: skip


def delays(data: Path) -> None:
    with (data / "taiwan-linelist" / "individuals_to_2020-03-31.csv").open(encoding="utf-8") as lines:
        dates = [(row["onset_of_symptom"][:10], row["confirmed_date"][:10]) for row in csv.DictReader(lines)]
    days = np.array([[date.fromisoformat(one).toordinal() for one in pair] for pair in dates if all(pair)])
    waited = days[:, 1] - days[:, 0]
    end = date(2020, 3, 31).toordinal()
    plain = estimate.estimate_delay(estimate.pairs_of_days(days[:, 0], days[:, 1]))
    whole = estimate.estimate_delay(estimate.pairs_of_days(days[:, 0], days[:, 1], seen_on=end))
    place = np.arange(31)
    picture = Picture((-0.5, 30.5), (0, 0.16))
    picture.bars(place, np.bincount(np.minimum(waited, 30), minlength=31) / len(waited), "#d9dce1", 0.8)
    picture.line(place, estimate.discretise_delay(plain.delay, 30, normalise=False), GREY, "5 4")
    picture.line(place, estimate.discretise_delay(whole.delay, 30, normalise=False), BLUE)
    picture.save(
        "delays.svg",
        f"Taiwan, onset to confirmation in days: seen by 31 March 2020 (bars), plain fit (grey, mean {plain.mean.value:.1f}), "
        f"truncation seen (blue, {whole.mean.value:.1f})",
        lambda day: f"{day:g}", range(0, 31, 5), [0, 0.05, 0.1, 0.15],
    )  # fmt: skip


def nowcast(data: Path) -> None:
    first, seen_on = date(2020, 2, 22), np.array([39, 44, 49, 54, 59])
    totals = np.zeros((1, 5, 60), dtype=np.int64)
    with (data / "nowcast" / "epinow2_example_truncated.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            totals[0, int(row["snapshot"]) - 1, (date.fromisoformat(row["date"]) - first).days] = int(row["confirm"])
    with (data / "nowcast" / "epinow2_example_confirmed.csv").open(encoding="utf-8") as lines:
        later = np.array([int(row["confirm"]) for row in csv.DictReader(lines)])[:60]
    result = estimate.nowcast_counts(estimate.Reports(totals, seen_on), most_delay_days=15)
    place = np.arange(35, 60)
    picture = Picture((34.5, 59.5), (0, 6000))
    picture.bars(place, result.known[0, place], "#d9dce1", 0.8)
    picture.band(place, result.quantiles[0, place, 1], result.quantiles[0, place, 5], PALE)
    picture.line(place, result.quantiles[0, place, 3], BLUE)
    picture.dots(place, later[place], RED)
    picture.save(
        "nowcast.svg", "Italy, report of 21 April 2020: known (bars), nowcast with 90 % (blue), known later (red)",
        lambda day: (first + timedelta(days=day)).strftime("%m-%d"), range(35, 60, 4), [0, 2000, 4000, 6000],
    )  # fmt: skip


if __name__ == "__main__":
    for draw in (reproduction, delays, nowcast):
        draw(Path(sys.argv[1]))
