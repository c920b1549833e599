"""The maps of an area: the schematic one that we draw, and the city's own outlines where it has imported them."""

from __future__ import annotations

from datetime import date
from typing import Any

from tongchou import citytime
from tongchou.areas import codes, reads, schematic, snapshot
from tongchou.areas.errors import AreaError
from tongchou.areas.models import AreaOutline
from tongchou.areas.tree import Division

#: more hexagons than anybody can read, and more than the layout does in a second or two
MOST_AREAS = 400


def parts(under: str, on: date | None = None, level: str = "") -> list[Division]:
    """The areas that a map of ``under`` shows on a day: those of a level, by default its children.

    Raises ``NoArea`` for an unknown area, ``AreaError`` for an unknown level or for a map of too many areas.
    """
    day = on or citytime.today()
    path = reads.get(under, on).path
    if level and level not in codes.LEVELS:
        raise AreaError(
            "level_unknown",
            f"没有“{level}”这个级别；可用：{'、'.join(codes.LEVELS)}",
            f"there is no level '{level}'; there are: {', '.join(codes.LEVELS)}",
        )
    shown = reads.below(path, day, level) if level else reads.children(path, day)
    if len(shown) > MOST_AREAS:
        raise AreaError(
            "map_too_large",
            f"{len(shown)} 个区划画不进一张图（最多 {MOST_AREAS} 个），请选更小的范围或更高的级别",
            f"{len(shown)} areas are too many for one map (at most {MOST_AREAS}); choose a smaller area or a higher level",
        )
    return shown


def schematic_cells(shown: list[Division], on: date | None = None) -> dict[str, schematic.Cell]:
    """The hexagon of each area; areas without a seat gather round the one above them."""
    tree, day = snapshot.tree(), on or citytime.today()
    own = {area.path for area in shown}
    holders = {path for area in shown for path in codes.ancestors(area.path)} - own
    above = [found for path in sorted(holders) if (found := tree.last_known(path, day))]
    return schematic.hexagons(shown, above)


def schematic_map(under: str, on: date | None = None, level: str = "") -> dict[str, Any]:
    """The schematic map as GeoJSON for ECharts; see ``schematic.geojson``."""
    shown = parts(under, on, level)
    return schematic.geojson(shown, schematic_cells(shown, on))


def schematic_svg(under: str, on: date | None = None, level: str = "") -> str:
    shown = parts(under, on, level)
    return schematic.svg(shown, schematic_cells(shown, on), label=reads.full_name(under, on))


def outline_map(under: str, on: date | None = None, level: str = "") -> dict[str, Any]:
    """The city's own outlines as GeoJSON: ``name`` is the path; datum and source stand on every feature.

    Areas without an outline are in ``missing``. Coordinates are as imported; no datum is converted to another.
    """
    shown = {area.path: area for area in parts(under, on, level)}
    rows = AreaOutline.objects.filter(reads.within("area_path", under, history=False), replaced_at=None)
    features = [
        {
            "type": "Feature",
            "id": row.area_path,
            "properties": {
                "name": row.area_path,
                "title": shown[row.area_path].name,
                "level": shown[row.area_path].level,
                "datum": row.datum,
                "source": row.source,
            },
            "geometry": row.geometry,
        }
        for row in rows.order_by("area_path")
        if row.area_path in shown
    ]
    drawn = {feature["id"] for feature in features}
    return {
        "type": "FeatureCollection",
        "schematic": False,
        "features": features,
        "missing": sorted(set(shown) - drawn),
        "datums": sorted({row["properties"]["datum"] for row in features}),
    }
