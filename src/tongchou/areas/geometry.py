"""GeoJSON outlines, checked: polygons of closed rings in degrees, and which area each belongs to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from tongchou.areas.drafts import LAT_RANGE, LON_RANGE
from tongchou.areas.errors import AreaError

MAX_BYTES = 64 * 1024 * 1024
MAX_POINTS = 200_000
CODE_KEYS = ("code", "adcode", "gb", "path", "areaCode", "区划代码")
NAME_KEYS = ("name", "NAME", "名称")
# Names under which old files state that their coordinates are longitudes and latitudes.
DEGREES_CRS = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490")


def features(file: bytes) -> list[Mapping[str, Any]]:
    """The features of a GeoJSON file. Raises ``AreaError`` where the file as a whole cannot be used."""
    if len(file) > MAX_BYTES:
        raise AreaError(
            "file_too_large", "边界文件超过 64 MB，请先化简或分开", "the file is over 64 MB; simplify or divide it first"
        )
    try:
        data = json.loads(file.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise AreaError(
            "file_broken",
            "这不是完整的 GeoJSON 文件（UTF-8 编码），整个文件未导入",
            f"this is no complete GeoJSON file in UTF-8 ({type(error).__name__}); nothing was imported",
        ) from error
    found = data.get("features") if isinstance(data, dict) and data.get("type") == "FeatureCollection" else None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise AreaError(
            "no_features",
            "文件里没有边界：需要 GeoJSON 的 FeatureCollection，且至少有一个 Feature",
            "the file holds no outlines: a GeoJSON FeatureCollection with at least one Feature is needed",
        )
    crs = str(((data.get("crs") or {}).get("properties") or {}).get("name", "")) if _is_mapping(data.get("crs")) else ""
    if crs and not crs.endswith(DEGREES_CRS):
        raise AreaError(
            "projected",
            f"文件的坐标参考是 {crs}，请先转换为以度为单位的经纬度",
            f"the file's reference is {crs}; convert it to longitudes and latitudes in degrees first",
        )
    return found


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("properties") or {}, dict)


def code_of_feature(feature: Mapping[str, Any]) -> tuple[str, str]:
    """(division code, name) that a feature states; each may be empty."""
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    stated = [properties.get(key) for key in CODE_KEYS] + [feature.get("id")]
    code = next((str(one).strip().removesuffix(".0") for one in stated if one not in (None, "")), "")
    if code.startswith("156") and len(code) == 9:  # the national map service writes 156 (China) before six digits
        code = code[3:]
    name = next((str(properties[key]).strip() for key in NAME_KEYS if properties.get(key)), "")
    return code, name


def checked(geometry: Any) -> dict[str, Any]:
    """A Polygon or MultiPolygon with closed rings of finite degrees within China. Raises ``AreaError``."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise AreaError(
            "not_polygon",
            f"几何类型是 {kind or '空'}，边界必须是 Polygon 或 MultiPolygon",
            f"the geometry is {kind or 'missing'}; an outline must be a Polygon or MultiPolygon",
        )
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise _ring_error("没有坐标", "has no coordinates")
    points = sum(_check_polygon(polygon) for polygon in polygons)
    if points > MAX_POINTS:
        raise AreaError(
            "too_many_points",
            f"边界有 {points} 个点，超过 {MAX_POINTS} 个，请先化简",
            f"the outline has {points} points, more than {MAX_POINTS}; simplify it first",
        )
    return {"type": kind, "coordinates": coordinates}


def _check_polygon(polygon: Any) -> int:
    if not isinstance(polygon, list) or not polygon:
        raise _ring_error("有空的多边形", "holds an empty polygon")
    return sum(_check_ring(ring) for ring in polygon)


def _check_ring(ring: Any) -> int:
    if not isinstance(ring, list) or len(ring) < 4:
        raise _ring_error("有一个环不足 4 个点", "has a ring of fewer than 4 points")
    for point in ring:
        _check_point(point)
    if ring[0][:2] != ring[-1][:2]:
        raise _ring_error("有一个环没有闭合（首尾点不同）", "has a ring that is not closed (first and last point differ)")
    if len({tuple(point[:2]) for point in ring}) < 3:
        raise _ring_error("有一个环面积为零", "has a ring without any area")
    return len(ring)


def _check_point(point: Any) -> None:
    numbers = point[:2] if isinstance(point, list) and len(point) >= 2 else []
    if not numbers or not all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in numbers):
        raise _ring_error(f"有一个点不是两个数：{str(point)[:40]}", f"has a point that is not two numbers: {str(point)[:40]}")
    lon, lat = numbers
    if LON_RANGE[0] <= lon <= LON_RANGE[1] and LAT_RANGE[0] <= lat <= LAT_RANGE[1]:
        return
    if LON_RANGE[0] <= lat <= LON_RANGE[1] and LAT_RANGE[0] <= lon <= LAT_RANGE[1]:
        hint_zh, hint_en = "经度和纬度填反了", "longitude and latitude are swapped"
    elif abs(lon) > 180 or abs(lat) > 90:
        hint_zh, hint_en = "像是以米为单位的投影坐标，请先转换为度", "this looks like projected metres; convert to degrees first"
    else:
        hint_zh, hint_en = "不在中国范围内", "this lies outside China"
    raise AreaError("point_outside", f"坐标（{lon}, {lat}）有误：{hint_zh}", f"the point ({lon}, {lat}) is wrong: {hint_en}")


def _ring_error(zh: str, en: str) -> AreaError:
    return AreaError("bad_ring", f"边界{zh}，请修正后重新导入", f"the outline {en}; mend it and import again")


def rings(geometry: Mapping[str, Any]) -> Iterator[list[list[float]]]:
    """Every ring of a checked geometry."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        yield from polygon


def holds(geometry: Mapping[str, Any], lon: float, lat: float) -> bool:
    """Whether a point lies inside, by counting crossings; holes count as outside."""
    inside = False
    for ring in rings(geometry):
        for (x1, y1), (x2, y2) in zip((p[:2] for p in ring), (p[:2] for p in ring[1:]), strict=False):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside
