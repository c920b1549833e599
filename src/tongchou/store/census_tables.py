"""Census tables by county: those that the product carries, or a file of the full county table."""

from __future__ import annotations

import csv
import gzip
import io
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from tongchou.engine.city.census import AGE_BANDS, Census, CountyCensus
from tongchou.engine.city.kinds import SECTORS
from tongchou.engine.city.model import CityFault

FOLDER: Final = Path(__file__).resolve().parent / "census"
SHIPPED: Final = FOLDER / "counties_2020.csv"
FIGURES: Final = FOLDER / "figures.toml"

BANDS: Final = tuple("0" if low == 0 else f"{low}_plus" if low == 85 else f"{low}_{high}" for low, high in AGE_BANDS)
_BANDS_ZH = tuple("0岁" if low == 0 else "85岁以上" if low == 85 else f"{low}到{high}岁" for low, high in AGE_BANDS)
COLUMNS: Final[dict[str, str]] = {
    "区划代码": "code",
    "区县": "name",
    "家庭户数": "households",
    "家庭户人口数": "people_in_households",
    "一人户数": "households_of_one",
    "一代户数": "households_1_generation",
    "二代户数": "households_2_generations",
    "三代户数": "households_3_generations",
    "四代以上户数": "households_4_generations",
    "十五岁以上人口": "sampled_15_plus",
    **{f"男_{zh}": f"men_{band}" for zh, band in zip(_BANDS_ZH, BANDS, strict=True)},
    **{f"女_{zh}": f"women_{band}" for zh, band in zip(_BANDS_ZH, BANDS, strict=True)},
    **{zh: f"employed_{number:02d}" for number, (zh, _en) in enumerate(SECTORS)},
}
"""Headings of the full county table and of the table that we carry."""


def read_figures(path: Path = FIGURES) -> dict[str, Any]:
    """The figures that census tables leave open. Raises CityFault where the file is no TOML or lacks one that ours has."""
    found = _parsed(path)
    lacking = [] if path == FIGURES else _lacking(_parsed(FIGURES), found, "")
    if lacking:
        names = ", ".join(lacking[:5])
        raise CityFault(
            f"参数文件 {path} 缺少 {names}：请从 {FIGURES} 抄入", f"the figures {path} lack {names}; copy them from {FIGURES}"
        )  # fmt: skip
    return found


def _lacking(ours: Mapping[str, Any], found: Mapping[str, Any], within: str) -> list[str]:
    """Names of our figures that another file does not have, or has as something else."""
    names = []
    for name, value in ours.items():
        given = found.get(name)
        if isinstance(value, dict) and isinstance(given, dict):
            # which school ages a kind has, and which roles have lone women, is the file's affair
            names += [] if name in ("enrolled", "women_share") else _lacking(value, given, f"{within}{name}.")
        elif isinstance(value, list | dict) != isinstance(given, list | dict) or given is None or isinstance(given, str):
            names.append(within + name)
    return names


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise CityFault(f"无法读取参数文件 {path}", f"the figures {path} cannot be read") from None
    except tomllib.TOMLDecodeError as error:
        raise CityFault(f"参数文件 {path} 不是有效的 TOML：{error}", f"the figures {path} are no TOML: {error}") from None


def census_names(area: str = "") -> tuple[str, ...]:
    """Cities whose tables the product carries; with ``area`` those that have counties whose code begins with it."""
    return tuple(dict.fromkeys(row["city"] for row in _rows(SHIPPED) if row["code"].startswith(area)))


def read_census(name: str, *, area: str = "", figures: Mapping[str, Any] | None = None) -> Census:
    """The census of a city by ``name`` (``census_names()``) or from a CSV file, plain or gzipped.

    A file has the headings of ``COLUMNS``, Chinese or English; of a file with more than one city, ``area`` takes the
    counties whose code begins with it (``"5104"``). Raises CityFault saying which name, file, column or county is wrong.
    """
    known = dict(figures) if figures is not None else read_figures()
    if name in census_names():
        rows = [row for row in _rows(SHIPPED) if row["city"] == name and row["code"].startswith(area)]
        return Census(name, tuple(_county(row) for row in rows), known, f"census 2020, {name}").check()
    path = Path(name)
    if not path.is_file():
        names = ", ".join(census_names())
        raise CityFault(f"没有名为 {name} 的普查表或文件；现有：{names}", f"no census table or file {name!r}; there are: {names}")
    found = [_translated(row) for row in _rows(path)]
    chosen = _counties(found, area)
    if not chosen:
        raise CityFault(f"{path.name} 中没有代码以 {area} 开头的区县", f"{path.name} has no county whose code begins with {area!r}")
    return Census(area or path.stem, tuple(_county(row) for row in chosen), known, f"{path.name} {area}".strip()).check()


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, EOFError):
        raise CityFault(f"无法读取普查表 {path}：应为 UTF-8 的 CSV", f"the census table {path} cannot be read; it must be CSV in UTF-8") from None
    return list(csv.DictReader(io.StringIO(text)))


def _translated(row: Mapping[str, str]) -> dict[str, str]:
    return {COLUMNS.get(heading, heading): value for heading, value in row.items()}


def _counties(rows: list[dict[str, str]], area: str) -> list[dict[str, str]]:
    """Rows of counties; a city that has none below it (Dongguan) stands for itself. Totals of cities and provinces fall out."""
    coded = [row for row in rows if len(row.get("code") or "") >= 6 and row["code"].startswith(area)]
    parents = {row["code"][:4] for row in coded if row["code"][4:6] != "00"}
    provinces = {row["code"][:2] for row in coded if row["code"][2:4] != "00"}

    def is_total(code: str) -> bool:
        return code[4:6] == "00" and (code[:4] in parents or (code[2:4] == "00" and code[:2] in provinces))

    return sorted((row for row in coded if not is_total(row["code"])), key=lambda row: row["code"])


def _county(row: Mapping[str, str]) -> CountyCensus:
    def count(column: str) -> int:
        if column not in row:
            raise CityFault(f"普查表缺少列 {column}", f"the census table has no column {column}")
        text = (row[column] or "").strip()
        try:
            value = float(text or 0)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0:
            raise CityFault(f"{row['name']} 的 {column} 不是数：{text}", f"{row['name']}: {column} is no count: {text!r}")
        return round(value)

    def counts(columns: list[str]) -> Any:
        return np.array([count(column) for column in columns], np.int64)

    return CountyCensus(
        code=row["code"], name=row["name"],
        men=counts([f"men_{band}" for band in BANDS]), women=counts([f"women_{band}" for band in BANDS]),
        households=count("households"), people_in_households=count("people_in_households"), households_of_one=count("households_of_one"),
        generations=counts([f"households_{number}_generation{'s' if number > 1 else ''}" for number in (1, 2, 3, 4)]),
        employed=counts([f"employed_{number:02d}" for number in range(len(SECTORS))]), sampled_15_plus=count("sampled_15_plus"),
        lon=float(row.get("lon") or 0), lat=float(row.get("lat") or 0),
    )  # fmt: skip
