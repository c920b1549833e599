"""One row of a division file, checked by itself: a draft, or the reason why it is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tongchou.areas import codes
from tongchou.areas.errors import AreaError
from tongchou.areas.models import Datum, Level, UrbanRural

LEVEL_WORDS = {
    **{level: level for level in codes.LEVELS},
    "省": "province", "省级": "province", "市": "city", "地市级": "city", "地级": "city", "县": "county",
    "县级": "county", "区": "county", "乡": "township", "乡级": "township", "镇": "township", "街道": "township",
    "村": "village", "村级": "village", "社区": "village", "网格": "grid",
}  # fmt: skip
# What China's land and waters lie within, degrees; a seat outside is a typing error or swapped columns.
LON_RANGE = (73.0, 136.0)
LAT_RANGE = (3.0, 54.0)
EARLIEST_ON = date(1949, 10, 1)
NAME_MAX = 100


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row was not taken: its line in the file, the column, a code and both sentences."""

    row: int
    column: str
    code: str
    zh: str
    en: str


class RowError(AreaError):
    """A row that cannot be taken."""

    def __init__(self, column: str, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en)
        self.column = self.field = column

    def at(self, row: int) -> Reason:
        return Reason(row, self.column, self.code, self.zh, self.en)


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that may be taken; ``row`` is its line in the file."""

    row: int
    path: str
    code: str
    name: str
    level: str
    parent_path: str
    urban_rural: str
    lon: float | None
    lat: float | None
    seat_datum: str
    seat_source: str
    valid_from_on: date
    valid_to_on: date | None


def draft(row: int, cells: Mapping[str, str], *, valid_from_on: date, datum: str = "", seat_source: str = "") -> Draft:
    """Check one row by itself. Raises ``RowError``."""
    path = _path(cells.get("code", ""))
    lon, lat = _seat(cells)
    seat_datum = _choice("datum", cells.get("datum", "") or datum, Datum.values) if lon is not None else ""
    if lon is not None and not seat_datum:
        raise RowError(
            "datum", "datum_missing",
            "填了经纬度就要填坐标系（WGS-84、CGCS2000、GCJ-02 或 BD-09）",
            "a coordinate needs its datum: WGS-84, CGCS2000, GCJ-02 or BD-09",
        )  # fmt: skip
    from_on = parse_day("valid_from_on", cells.get("valid_from_on", "")) or valid_from_on
    to_on = parse_day("valid_to_on", cells.get("valid_to_on", ""))
    if to_on and to_on <= from_on:
        raise RowError(
            "valid_to_on", "days_reversed",
            f"失效日期 {to_on} 必须晚于生效日期 {from_on}",
            f"the last day must come after the first: {from_on} to {to_on}",
        )  # fmt: skip
    return Draft(
        row=row,
        path=path,
        code=codes.code_of(path),
        name=_name(cells.get("name", "")),
        level=_level(path, cells.get("level", "")),
        parent_path=_parent(path, cells.get("parent", "")),
        urban_rural=_choice("urban_rural", cells.get("urban_rural", ""), UrbanRural.values),
        lon=lon,
        lat=lat,
        seat_datum=seat_datum,
        seat_source=(cells.get("seat_source", "") or seat_source) if lon is not None else "",
        valid_from_on=from_on,
        valid_to_on=to_on,
    )


def _path(text: str) -> str:
    if not text:
        raise RowError("code", "code_missing", "区划代码未填", "the division code is empty")
    try:
        return codes.path_of(text)
    except AreaError as error:
        raise RowError("code", error.code, error.zh, error.en) from error


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise RowError("name", "name_missing", "名称未填", "the name is empty")
    if len(name) > NAME_MAX:
        raise RowError("name", "name_long", f"名称超过 {NAME_MAX} 个字", f"the name is longer than {NAME_MAX} characters")
    if name[0] in "=+@" or not any(letter.isalpha() for letter in name):
        raise RowError(
            "name", "name_strange",
            f"“{name}”不像区划名称，请填文字名称",
            f"'{name}' does not look like the name of a division; write a name in words",
        )  # fmt: skip
    return name


def _level(path: str, text: str) -> str:
    level = codes.level_of(path)
    said = LEVEL_WORDS.get(text.strip().lower(), "") if text else level
    if said != level:
        raise RowError(
            "level", "level_mismatch",
            f"级别填的是“{text}”，而代码 {codes.code_of(path)} 是{Level(level).label}；请改正其中之一",
            f"the level says '{text}' but code {codes.code_of(path)} is a {level}; correct one of them",
        )  # fmt: skip
    return level


def _parent(path: str, text: str) -> str:
    parent = codes.parent_of(path)
    if text:
        try:
            said = codes.path_of(text)
        except AreaError as error:
            raise RowError("parent", error.code, error.zh, error.en) from error
        if said != parent:
            raise RowError(
                "parent", "parent_mismatch",
                f"上级填的是 {text}，而代码 {codes.code_of(path)} 的上级应是 {codes.code_of(parent)}",
                f"the parent says {text}, but code {codes.code_of(path)} lies under {codes.code_of(parent)}",
            )  # fmt: skip
    return parent


def _choice(column: str, text: str, known: list[str]) -> str:
    found = next((value for value in known if value.casefold() == text.strip().casefold()), None)
    if found is None:
        choices = [value for value in known if value]
        raise RowError(
            column, f"{column}_unknown",
            f"“{text}”不是可用的值；可填：{'、'.join(choices)}",
            f"'{text}' is not known; write one of: {', '.join(choices)}",
        )  # fmt: skip
    return found


def _seat(cells: Mapping[str, str]) -> tuple[float | None, float | None]:
    lon, lat = _degrees("lon", cells.get("lon", "")), _degrees("lat", cells.get("lat", ""))
    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None:
        column = "lon" if lon is None else "lat"
        raise RowError(column, "seat_half", "经度和纬度要同时填写", "give longitude and latitude, or neither")
    if not (LON_RANGE[0] <= lon <= LON_RANGE[1] and LAT_RANGE[0] <= lat <= LAT_RANGE[1]):
        swapped = LON_RANGE[0] <= lat <= LON_RANGE[1] and LAT_RANGE[0] <= lon <= LAT_RANGE[1]
        raise RowError(
            "lon", "seat_outside",
            f"坐标（{lon}, {lat}）不在中国范围内" + ("，经度和纬度可能填反了" if swapped else ""),
            f"({lon}, {lat}) lies outside China" + ("; longitude and latitude may be swapped" if swapped else ""),
        )  # fmt: skip
    return lon, lat


def _degrees(column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RowError(
            column, "not_degrees",
            f"“{text}”不是以度为单位的十进制数，例如 101.704109",
            f"'{text}' is not a number of degrees such as 101.704109",
        )  # fmt: skip
    return value


def parse_day(column: str, text: str) -> date | None:
    """A day written 2020-02-14, 2020/2/14, 20200214 or 2020年2月14日; ``None`` for an empty cell."""
    if not text:
        return None
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})", text)
    try:
        year, month, day = (int(part) for part in match.groups() if part) if match else (0, 0, 0)
        value = date(year, month, day)
    except ValueError:
        value = date.min
    if value < EARLIEST_ON:
        raise RowError(
            column, "day_impossible",
            f"“{text}”不是可用的日期，请写成 2020-02-14，且不早于 {EARLIEST_ON}",
            f"'{text}' is no usable day; write it as 2020-02-14, not before {EARLIEST_ON}",
        )  # fmt: skip
    return value
