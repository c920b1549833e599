"""The schematic map: one equal hexagon a division, its level in colour, shape of line and words."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongchou import areas
from tongchou.areas import schematic
from tongchou.wall.panels.zones import Row, Zones

RADIUS = 100.0
_ROOT3 = math.sqrt(3)
_MARGIN = 8.0
#: how names of divisions end: a name is cut there
_KINDS = ("居民委员会", "村民委员会", "居委会", "村委会", "民族乡", "街道", "社区", "镇", "乡", "村")
#: below this many hexagons each carries its name; above, names would not be read and stand in the table only
MOST_NAMED = 40


@dataclass(frozen=True)
class Hex:
    url: str
    level: str
    points: str
    x: float
    y: float
    lines: list[tuple[str, float]]
    note: str
    note_y: float
    label: str


@dataclass(frozen=True)
class HexMap:
    title: str
    label: str
    view_box: str
    hexes: list[Hex]
    name_size: int
    note_size: int
    counts: list[tuple[str, int]]


def hexmap(zones: Zones, path: str) -> HexMap | None:
    """The map of the divisions in the zone table; None where there is nothing to place."""
    if len(zones.rows) < 2:
        return None
    rows = {row.path: row for row in zones.rows}
    divisions = [one for one in areas.children(path) if one.path in rows]
    cells = schematic.hexagons(divisions, [area for one in (*areas.ancestors(path), path) if (area := areas.find(one))])
    centres = {key: (RADIUS * _ROOT3 * (q + r / 2), RADIUS * 1.5 * r) for key, (q, r) in cells.items()}
    left, top = min(x for x, _y in centres.values()), min(y for _x, y in centres.values())
    named = len(rows) <= MOST_NAMED
    hexes = [
        _hex(rows[key], x - left + RADIUS * _ROOT3 / 2 + _MARGIN, y - top + RADIUS + _MARGIN, zones.judged, named)
        for key, (x, y) in sorted(centres.items())
    ]
    width = max(one.x for one in hexes) + RADIUS * _ROOT3 / 2 + _MARGIN
    height = max(one.y for one in hexes) + RADIUS + _MARGIN
    found = Counter(row.computed or "unknown" for row in rows.values())
    return HexMap(
        title=_("各区划推算等级") if zones.judged else _("各区划现有病例"),
        label=_("示意图：每个六边形一个区划，可逐个进入"),
        view_box=f"0 0 {width:.0f} {height:.0f}",
        hexes=hexes,
        name_size=34,
        note_size=25,
        counts=[(level, found[level]) for level in ("low", "medium", "high", "unknown")] if zones.judged else [],
    )


def _hex(row: Row, x: float, y: float, judged: bool, named: bool) -> Hex:
    level = (row.computed or "unknown") if judged else ("case" if row.active else "none")
    note = ngettext("现有 %(n)d 例", "现有 %(n)d 例", row.active) % {"n": row.active}
    lines = _wrapped(row.name) if named else []
    words = level_name(level) if judged else ""
    middle = y - 8 if words else y + 12
    return Hex(
        url=row.url,
        level=level,
        points=" ".join(
            f"{x + RADIUS * math.sin(turn * math.pi / 3):.1f},{y - RADIUS * math.cos(turn * math.pi / 3):.1f}" for turn in range(6)
        ),
        x=round(x, 1),
        y=round(y, 1),
        lines=[(line, round(middle + 36 * (i - (len(lines) - 1) / 2), 1)) for i, line in enumerate(lines)],
        note=words,
        note_y=round(y + 26, 1),
        label="，".join(part for part in (row.name, words, note) if part),
    )


def level_name(level: str) -> str:
    return {"low": _("低风险"), "medium": _("中风险"), "high": _("高风险")}.get(level, _("未定级"))


def _wrapped(name: str, most: int = 4) -> list[str]:
    """A name in at most two lines of a hexagon, cut before its kind; the full name stands in the label."""
    if len(name) <= most:
        return [name]
    for kind in _KINDS:
        if name.endswith(kind) and len(name) > len(kind):
            return [_short(name.removesuffix(kind), most), _short(kind, most)]
    half = (len(name) + 1) // 2
    return [_short(name[:half], most), _short(name[half:], most)]


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
