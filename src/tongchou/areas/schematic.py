"""A map drawn by our own code: one equal hexagon an area, placed by its seat as truly as cells allow.

Seats are put on a plane, shrunk until neighbours must touch, and assigned to hexagonal cells so that the sum of
squared distances is least (Hungarian method); the largest scale whose cells hang together wins, so the map keeps as
much of the real distances as it can without holes. Areas whose seats are not known gather round the cell of the area
above them, on a spiral in order of code; least squares keep each such family together. The same areas give the same
map, whatever their order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np

from tongchou.areas.codes import ancestors
from tongchou.areas.tree import Division

Cell = tuple[int, int]
NEIGHBOURS: tuple[Cell, ...] = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))
ROOT3 = math.sqrt(3.0)
# Scales tried, as cells across per area: from generous to so tight that only the order of the seats is left.
SCALES = (1.6, 1.3, 1.1, 0.95, 0.8, 0.65, 0.5, 0.3, 0.1)
# A spiral's step, small against a cell: it only says who stands where within a family.
SPIRAL_STEP = 0.001
SHARED_ENDINGS = (
    "社区居民委员会", "社区村民委员会", "居民委员会", "村民委员会", "街道办事处", "居委会", "村委会", "街道", "社区",
)  # fmt: skip
PEOPLES = (
    "蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 "
    "达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 "
    "珞巴 基诺"
).replace(" ", "|")
MINORITY_TOWNSHIP = re.compile(rf"^(..+?)(?:(?:{PEOPLES})族)+(?:自治)?[乡县镇]$")
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))


def hexagons(divisions: Iterable[Division], above: Iterable[Division] = ()) -> dict[str, Cell]:
    """Axial cell (q, r) of each area, pointy tops, q eastward, r southward; the middle of the map is near (0, 0).

    Takes about a second for 300 areas and grows with the cube of their number.

    ``above`` holds areas above them, for those whose own seats are not known.
    """
    areas = sorted(divisions, key=lambda area: area.path)
    if not areas:
        return {}
    points, families = _points(areas, {area.path: area for area in above})
    cells = _assign(points, families)
    middle = _nearest_cell(np.mean([_centre(cell) for cell in cells], axis=0))
    return {area.path: (q - middle[0], r - middle[1]) for area, (q, r) in zip(areas, cells, strict=True)}


def _points(areas: Sequence[Division], above: Mapping[str, Division]) -> tuple[np.ndarray, list[str]]:
    """Where each area wants to be, and its family: areas that must hang together (empty where each has its seat)."""
    if 2 * sum(_has_seat(area) for area in areas) > len(areas):
        return _plane(_filled_seats(areas)), []
    families = [next((path for path in ancestors(area.path)[::-1] if path in above), "") for area in areas]
    holders = [above[path] for path in sorted(set(families)) if path]
    cells = hexagons(holders, [area for path, area in above.items() if path not in set(families)])
    met: dict[str, int] = {}
    found = []
    for family in families:
        turn = met[family] = met.get(family, -1) + 1
        x, y = _centre(cells[family]) if family else (0.0, 0.0)
        radius, angle = SPIRAL_STEP * math.sqrt(turn), turn * GOLDEN_ANGLE
        found.append((x + radius * math.sin(angle), y - radius * math.cos(angle)))
    return _normal(np.array(found)), families


def _has_seat(area: Division) -> bool:
    return area.lon is not None and area.lat is not None


def _filled_seats(areas: Sequence[Division]) -> list[tuple[float, float]]:
    """Longitude and latitude; an area without takes the middle of its siblings with one, else of all with one."""
    seated = [area for area in areas if _has_seat(area)]
    found = []
    for area in areas:
        if _has_seat(area):
            found.append((area.lon or 0.0, area.lat or 0.0))
            continue
        near = [other for other in seated if other.parent_path == area.parent_path] or seated
        lons, lats = [other.lon or 0.0 for other in near], [other.lat or 0.0 for other in near]
        found.append((sum(lons) / len(near), sum(lats) / len(near)))
    return found


def _plane(seats: Sequence[tuple[float, float]]) -> np.ndarray:
    """Seats as x east, y south."""
    points = np.array(seats, dtype=float)
    points[:, 0] *= math.cos(math.radians(float(points[:, 1].mean())))
    points[:, 1] *= -1.0
    return _normal(points)


def _normal(points: np.ndarray) -> np.ndarray:
    """Points about their middle, scaled so that each has one unit of room on average; equal points stay equal."""
    points = points - points.mean(axis=0)
    size = float(np.sqrt((points**2).sum(axis=1).mean()))
    return points / size * math.sqrt(len(points)) / 2 if size > 4 * SPIRAL_STEP else points


def _assign(points: np.ndarray, families: Sequence[str]) -> list[Cell]:
    """A cell for each point: the largest scale at which the map, and each family in it, hangs together."""
    cells: list[Cell] = []
    for scale in SCALES:
        scaled = points * scale * ROOT3
        candidates = _candidates(scaled)
        cells = _exact(scaled, candidates)
        kin: dict[str, list[Cell]] = {}
        for family, cell in zip(families, cells, strict=False):
            kin.setdefault(family, []).append(cell)
        if connected(cells) and all(connected(family) for family in kin.values()):
            return cells
    return cells


def _candidates(points: np.ndarray) -> list[Cell]:
    """Cells enough round each crowd of points, and round the middle for all of them."""
    crowd: dict[Cell, int] = {}
    for point in points:
        cell = _nearest_cell(point)
        crowd[cell] = crowd.get(cell, 0) + 1
    found = set(_disc(_nearest_cell(points.mean(axis=0)), _rings_for(len(points))))
    for cell, count in crowd.items():
        found.update(_disc(cell, _rings_for(2 * count) + 1))
    return sorted(found)


def _rings_for(count: int) -> int:
    """Rings round a cell that hold so many cells: 1, 7, 19, 37 ..."""
    rings = 0
    while 1 + 3 * rings * (rings + 1) < count:
        rings += 1
    return rings


def _disc(middle: Cell, rings: int) -> Iterable[Cell]:
    for q in range(-rings, rings + 1):
        for r in range(max(-rings, -q - rings), min(rings, -q + rings) + 1):
            yield middle[0] + q, middle[1] + r


def _exact(points: np.ndarray, cells: Sequence[Cell]) -> list[Cell]:
    centres = np.array([_centre(cell) for cell in cells])
    cost = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return [cells[column] for column in hungarian(cost)]


def hungarian(cost: np.ndarray) -> list[int]:
    """For each row of a cost table (rows <= columns) its column, all different, the total cost least.

    The shortest augmenting path method with potentials, one row at a time: rows^2 x columns steps.
    """
    rows, columns = cost.shape
    if rows > columns:
        raise ValueError(f"{rows} rows need at least as many columns, not {columns}")
    row_of = np.full(columns + 1, -1)  # the last column is the row being placed
    price_row, price_column = np.zeros(rows), np.zeros(columns + 1)
    for row in range(rows):
        row_of[columns] = row
        least = np.full(columns + 1, np.inf)
        came_from = np.full(columns + 1, columns)
        used = np.zeros(columns + 1, dtype=bool)
        column = columns
        while row_of[column] >= 0:
            used[column] = True
            here = row_of[column]
            reduced = cost[here] - price_row[here] - price_column[:columns]
            better = (reduced < least[:columns]) & ~used[:columns]
            least[:columns][better] = reduced[better]
            came_from[:columns][better] = column
            open_costs = np.where(used[:columns], np.inf, least[:columns])
            following = int(open_costs.argmin())
            step = open_costs[following]
            price_row[row_of[used]] += step
            price_column[used] -= step
            least[~used] -= step
            column = following
        while column != columns:
            row_of[column] = row_of[came_from[column]]
            column = int(came_from[column])
    answer = [0] * rows
    for column, row in enumerate(row_of[:columns]):
        if row >= 0:
            answer[row] = column
    return answer


def connected(cells: Sequence[Cell]) -> bool:
    """All cells hang together by their sides."""
    left = set(cells)
    waiting = [left.pop()] if left else []
    while waiting:
        q, r = waiting.pop()
        near = {(q + dq, r + dr) for dq, dr in NEIGHBOURS} & left
        left -= near
        waiting.extend(near)
    return not left


def _centre(cell: Cell) -> tuple[float, float]:
    q, r = cell
    return ROOT3 * (q + r / 2), 1.5 * r


def _nearest_cell(point: np.ndarray) -> Cell:
    q, r = (ROOT3 / 3 * point[0] - point[1] / 3), 2 / 3 * point[1]
    whole = [round(q), round(-q - r), round(r)]
    off = [abs(whole[0] - q), abs(whole[1] + q + r), abs(whole[2] - r)]
    worst = off.index(max(off))
    if worst == 0:
        whole[0] = -whole[1] - whole[2]
    elif worst == 2:
        whole[2] = -whole[0] - whole[1]
    return int(whole[0]), int(whole[2])


def corners(cell: Cell, size: float = 1.0) -> list[tuple[float, float]]:
    """The six corners of a cell, x east and y south, beginning at the top."""
    x, y = _centre(cell)
    turns = (math.radians(60 * n - 90) for n in range(6))
    return [(round(x + size * math.cos(turn), 4), round(y + size * math.sin(turn), 4)) for turn in turns]


def geojson(divisions: Sequence[Division], cells: Mapping[str, Cell]) -> dict[str, object]:
    """A FeatureCollection that ECharts registers as it is (``aspectScale: 1``): ``name`` is the path, ``title`` the name.

    Coordinates are cells, y north; they are no longitudes and latitudes, and ``schematic`` says so.
    """
    features = []
    for area in sorted(divisions, key=lambda area: area.path):
        ring = [[x, -y] for x, y in corners(cells[area.path], 0.97)]
        x, y = _centre(cells[area.path])
        features.append(
            {
                "type": "Feature",
                "id": area.path,
                "properties": {
                    "name": area.path,
                    "title": area.name,
                    "level": area.level,
                    "cp": [round(x, 4), round(-y, 4)],
                    "cell": list(cells[area.path]),
                },
                "geometry": {"type": "Polygon", "coordinates": [[*ring[::-1], ring[-1]]]},
            }
        )
    return {"type": "FeatureCollection", "schematic": True, "features": features}


def svg(
    divisions: Sequence[Division],
    cells: Mapping[str, Cell],
    fills: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    label: str = "",
) -> str:
    """The same map as a drawing for print and for pages without script.

    ``fills`` is path -> colour, ``links`` path -> address of the page that a hexagon opens, ``label`` the drawing's
    name for who cannot see it. All text is escaped.
    """
    points = [point for cell in cells.values() for point in corners(cell)] or [(0.0, 0.0)]
    left, top = min(x for x, _ in points) - 0.2, min(y for _, y in points) - 0.2
    width, height = max(x for x, _ in points) + 0.2 - left, max(y for _, y in points) + 0.2 - top
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="{"group" if links else "img"}"'
        f' aria-label="{_quoted(label)}"'
        f' viewBox="{left:.2f} {top:.2f} {width:.2f} {height:.2f}">'
    ]
    for area in sorted(divisions, key=lambda area: area.path):
        cell = cells[area.path]
        x, y = _centre(cell)
        ring = " ".join(f"{px:.3f},{py:.3f}" for px, py in corners(cell, 0.97))
        fill = _quoted((fills or {}).get(area.path, "#d9dee4"))
        link = (links or {}).get(area.path, "")
        drawn = (
            f"<title>{escape(area.name)}</title>"
            f'<polygon points="{ring}" fill="{fill}" stroke="#5b6570" stroke-width="0.04"/>'
            f'<text x="{x:.3f}" y="{y + 0.12:.3f}" font-size="0.38" fill="#111111" text-anchor="middle">'
            f"{escape(short_name(area.name))}</text>"
        )
        opened, closed = (f'<a href="{_quoted(link)}" aria-label="{_quoted(area.name)}">', "</a>") if link else ("", "")
        parts.append(f'<g data-path="{area.path}">{opened}{drawn}{closed}</g>')
    return "".join([*parts, "</svg>"])


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def short_name(name: str) -> str:
    """A name that fits a hexagon: without the words that every neighbour shares, at most four characters."""
    for ending in SHARED_ENDINGS:
        if len(name) > len(ending) + 1 and name.endswith(ending):
            name = name.removesuffix(ending)
            break
    name = MINORITY_TOWNSHIP.sub(r"\1", name)
    return name if len(name) <= 4 else name[:3] + "…"
