"""Draws ``docs/images/city-check.svg``: a synthetic Panzhihua beside its census and beside Mistry's contact matrices.

``PYTHONPATH=src:. .venv/bin/python docs/models/draw_city.py`` needs the public data sets (TONGCHOU_SHARED, or ``shared`` beside the
repository) for the contact matrices.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from demo.extract.sources import data_folder

from tongchou.engine.city import AGE_BANDS, synthesize_city
from tongchou.engine.city.describe import describe_city
from tongchou.engine.city.mixing import ages_by_setting, bin_ages, find_mixing, reweigh
from tongchou.store.census_tables import read_census

TARGET = Path(__file__).resolve().parents[1] / "images" / "city-check.svg"
CELL = 9
SETTINGS = ("household", "school", "work")
INK, CITY, PALE = "#1f2933", "#2166ac", "#b2182b"


def text(x: float, y: float, words: str, size: int = 12, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def shade(value: float, most: float) -> str:
    """White for a ten-thousandth of the largest entry and below, dark for the largest."""
    depth = 0.0 if value <= 0 else min(1.0, max(0.0, 1 + math.log10(value / most) / 4))
    level = [round(255 + (dark - 255) * depth) for dark in (8, 48, 107)]
    return f"rgb({level[0]},{level[1]},{level[2]})"


def matrix(table: np.ndarray, x: float, y: float) -> list[str]:
    most, count = float(table.max()), len(table)
    cells = [
        f'<rect x="{x + j * CELL:.0f}" y="{y + (count - 1 - i) * CELL:.0f}" width="{CELL}" height="{CELL}" fill="{shade(table[i, j], most)}"/>'
        for i in range(count) for j in range(count) if table[i, j] > 0
    ]  # fmt: skip
    side = count * CELL
    ticks = [text(x + age / 5 * CELL, y + side + 12, str(age), 9, "middle") for age in (0, 20, 40, 60, 80)]
    return [*cells, f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="none" stroke="{INK}"/>', *ticks]


def pyramid(census: tuple[np.ndarray, np.ndarray], city: tuple[np.ndarray, np.ndarray], x: float, y: float) -> list[str]:
    most = max(float(side.max()) for side in (*census, *city))
    parts = []
    for band, (low, _high) in enumerate(AGE_BANDS):
        top = y + (len(AGE_BANDS) - 1 - band) * 16
        parts.append(text(x, top + 11, f"{low}{'+' if low == 85 else ''}", 9, "middle"))
        for sign, sex in ((-1, 0), (1, 1)):
            full, line = city[sex][band] / most * 120, census[sex][band] / most * 120
            left = x + 14 if sign > 0 else x - 14 - full
            parts.append(f'<rect x="{left:.1f}" y="{top}" width="{full:.1f}" height="13" fill="{CITY}" fill-opacity="0.55"/>')
            edge = x + sign * (14 + line)
            parts.append(f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{top - 1}" y2="{top + 14}" stroke="{PALE}" stroke-width="2"/>')
    return parts


def main() -> None:
    census = read_census("panzhihua")
    city = synthesize_city(census, people=400_000, seed=1)
    figures = describe_city(city)
    counted = tuple(sum(getattr(county, name) for county in census.counties) / census.population for name in ("men", "women"))
    folder = data_folder() / "contact-matrices" / "mistry2021"
    ages = np.loadtxt(folder / "China_subnational_Sichuan_age_distribution_85.csv", delimiter=",")[:, 1]
    number, found = ages_by_setting(city), find_mixing(city)
    parts = [text(20, 26, "Panzhihua, 400,000 synthetic persons", 15), text(150, 50, "men", 11, "middle"), text(290, 50, "women", 11, "middle")]
    parts += pyramid((counted[0], counted[1]), (figures.men / len(city), figures.women / len(city)), 220, 58)
    parts += [text(60, 382, "bars: city; red marks: census 2020", 10)]
    for column, setting in enumerate(SETTINGS):
        x = 420 + column * 190
        wanted = np.loadtxt(folder / f"China_subnational_Sichuan_F_{setting}_setting_85.csv.gz", delimiter=",")
        parts.append(text(x, 50, f"{setting}: city", 11))
        parts += matrix(bin_ages(reweigh(found[setting], number[setting], ages), ages, 5), x, 58)
        parts.append(text(x, 240, f"{setting}: Mistry 2021, Sichuan", 11))
        parts += matrix(bin_ages(wanted, ages, 5), x, 248)
    parts.append(text(420, 440, "age of who meets (up) and who is met (right), 5-year groups, the reference's ages, logarithmic shades", 10))
    body = "\n".join(parts)
    TARGET.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 990 455" font-family="sans-serif">\n<rect width="990" height="455" fill="white"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
