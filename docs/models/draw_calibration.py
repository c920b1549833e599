"""Draws ``docs/models/calibration.svg`` from ``bench/calibration.json``.

.venv/bin/python docs/models/draw_calibration.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER.parents[1] / "bench" / "calibration.json"
WIDTH, HEIGHT, LEFT, TOP, FOOT = 260, 220, 34, 30, 30
INK, BAND, GREY = "#222222", "#1f5fa8", "#8a8f98"
FIRST_ON = date(2020, 1, 22)


def panel(told: dict[str, Any], offset: int) -> list[str]:
    """One city: dots as reported, line and bands as simulated, a rule where the held-out days begin."""
    observed, bands, fitted = told["observed"], told["bands"], told["fitted_days"]
    most = max(*observed, *(row[-1] for row in bands), 1)

    def across(day: float) -> float:
        return offset + LEFT + day / (len(observed) - 1) * (WIDTH - LEFT - 10)

    def up(cases: float) -> float:
        return HEIGHT - FOOT - cases / most * (HEIGHT - TOP - FOOT)

    def points(values: Sequence[float], days: Sequence[int]) -> str:
        return " ".join(f"{across(day):.1f},{up(values[day]):.1f}" for day in days)

    ahead, back = range(len(observed)), range(len(observed) - 1, -1, -1)
    columns = list(zip(*bands, strict=True))
    parts = [f'<text x="{offset + LEFT}" y="18" font-size="12" fill="{INK}">{told["city"]}: cases a day</text>']
    for low, high, opacity in ((0, 4, 0.18), (1, 3, 0.3)):
        parts.append(f'<polygon points="{points(columns[low], ahead)} {points(columns[high], back)}" fill="{BAND}" opacity="{opacity}"/>')
    parts.append(f'<polyline points="{points(columns[2], ahead)}" fill="none" stroke="{BAND}" stroke-width="2"/>')
    edge = across(fitted - 0.5)
    parts.append(f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{TOP}" y2="{HEIGHT - FOOT}" stroke="{GREY}" stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{edge + 4:.1f}" y="{TOP + 10}" font-size="10" fill="{GREY}">held out</text>')
    parts += [f'<circle cx="{across(day):.1f}" cy="{up(count):.1f}" r="2.2" fill="{INK}"/>' for day, count in enumerate(observed)]
    for cases in (0, round(most)):
        parts.append(f'<text x="{offset + LEFT - 5}" y="{up(cases) + 4:.1f}" text-anchor="end" font-size="10" fill="{INK}">{cases}</text>')
    for day in (0, 15, 30):
        on = FIRST_ON + timedelta(days=day)
        parts.append(f'<text x="{across(day):.1f}" y="{HEIGHT - 12}" text-anchor="middle" font-size="10" fill="{INK}">{on.day} {on:%b}</text>')
    return parts


def main() -> None:
    cities = json.loads(RESULTS.read_text(encoding="utf-8"))
    inside = "\n".join(part for place, told in enumerate(cities) for part in panel(told, place * WIDTH))
    total = WIDTH * len(cities)
    (FOLDER / "calibration.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT}" width="{total}" height="{HEIGHT}" font-family="sans-serif">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{inside}\n</svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
