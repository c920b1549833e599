"""The map that we draw ourselves: equal hexagons, each area once, no holes, neighbours where they belong."""

import itertools
import json
import xml.etree.ElementTree as ET
from datetime import date

import numpy as np
import pytest
from demo.extract.sources import FACTS
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou import areas
from tongchou.areas import schematic
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.codes import code_of, level_of, parent_of
from tongchou.areas.queries import maps
from tongchou.areas.tree import Division

from tests.areas.small_city import CLERK

ON = date(2020, 2, 14)


def area(path, lon=None, lat=None, name=""):
    return Division(code_of(path), name or path, level_of(path), path, parent_of(path), ON, None, lon=lon, lat=lat)


@pytest.fixture
def panzhihua(db):
    import_divisions(file=(FACTS / "divisions.csv").read_bytes(), valid_from_on=date(2020, 1, 1), by=CLERK)


def test_the_counties_of_panzhihua_lie_where_they_lie(panzhihua):
    cells = maps.schematic_cells(maps.parts("5104", ON), ON)
    assert len(set(cells.values())) == 5 and schematic.connected(list(cells.values()))
    x = {path: q + r / 2 for path, (q, r) in cells.items()}
    y = {path: r for path, (_, r) in cells.items()}
    west, east, renhe, miyi, yanbian = "510403", "510402", "510411", "510421", "510422"
    assert x[west] < x[yanbian] < x[miyi] and x[west] < x[renhe]  # 西区 in the west, 米易 in the east
    assert y[miyi] < y[yanbian] < y[renhe] and y[yanbian] < y[east]  # y grows southward: 米易 north, 仁和 south


@pytest.mark.parametrize(
    ("under", "level", "count"),
    [("5104", "township", 49), ("510402", "", 6), ("510402001", "", 5), ("5104", "village", 336)],
)
def test_every_area_has_a_hexagon_and_families_hang_together(panzhihua, under, level, count):
    shown = maps.parts(under, ON, level)
    cells = maps.schematic_cells(shown, ON)
    assert len(shown) == len(set(cells.values())) == count
    assert schematic.connected(list(cells.values()))
    for _, family in itertools.groupby(sorted(cells), key=lambda path: path[:6]):
        assert schematic.connected([cells[path] for path in family])


def test_the_map_does_not_depend_on_the_order_of_its_areas(panzhihua):
    shown = maps.parts("5104", ON, "township")
    assert maps.schematic_cells(shown, ON) == maps.schematic_cells(shown[::-1], ON)


def test_the_geojson_is_what_echarts_registers(panzhihua):
    drawn = json.loads(json.dumps(maps.schematic_map("5104", ON)))
    assert drawn["type"] == "FeatureCollection" and drawn["schematic"] is True
    assert {one["properties"]["name"]: one["properties"]["title"] for one in drawn["features"]} == {
        "510402": "东区", "510403": "西区", "510411": "仁和区", "510421": "米易县", "510422": "盐边县",
    }  # fmt: skip
    for feature in drawn["features"]:
        [ring] = feature["geometry"]["coordinates"]
        assert len(ring) == 7 and ring[0] == ring[-1]
        sides = [np.hypot(*(np.array(a) - np.array(b))) for a, b in itertools.pairwise(ring)]
        assert np.allclose(sides, 0.97, atol=0.001)  # equal hexagons
        turned = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in itertools.pairwise(ring))
        assert turned > 0  # outer rings run against the clock
        assert np.allclose(np.mean(ring[:-1], axis=0), feature["properties"]["cp"], atol=0.001)


def test_the_drawing_names_every_area_and_escapes_names():
    areas_here = [area("510402", 101.7, 26.5, "<东>区"), area("510403", 101.6, 26.6, "西区")]
    drawn = schematic.svg(areas_here, schematic.hexagons(areas_here), {"510402": '"red"'})
    root = ET.fromstring(drawn)  # noqa: S314 -- our own text
    assert [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")] == ["<东>区", "西区"]
    assert "style=" not in drawn  # a strict content policy would drop it


def test_names_are_cut_to_fit():
    names = {
        "大渡口街社区居民委员会": "大渡口街", "炳草岗街道": "炳草岗", "红宝苗族彝族乡": "红宝", "新山傈僳族乡": "新山",
        "格萨拉彝族乡": "格萨拉", "大龙潭彝族乡": "大龙潭", "得荣民族乡": "得荣民…",
        "盐边县": "盐边县", "格里坪镇": "格里坪镇", "双龙滩社区村民委员会": "双龙滩", "很长很长的名字": "很长很…",
    }  # fmt: skip
    assert {name: schematic.short_name(name) for name in names} == names


def test_one_area_none_and_areas_on_one_spot():
    assert schematic.hexagons([]) == {}
    assert schematic.hexagons([area("510402", 101.7, 26.5)]) == {"510402": (0, 0)}
    same = [area(f"5104{n:02d}", 101.7, 26.5) for n in range(11, 31)]
    cells = schematic.hexagons(same)
    assert len(set(cells.values())) == 20 and schematic.connected(list(cells.values()))
    assert max(max(abs(q), abs(r), abs(q + r)) for q, r in cells.values()) <= 3  # a disc, not a line


def test_a_map_of_more_areas_than_can_be_read_says_so(panzhihua, monkeypatch):
    monkeypatch.setattr(maps, "MOST_AREAS", 335)
    with pytest.raises(areas.AreaError) as caught:
        maps.parts("5104", ON, "village")
    assert caught.value.code == "map_too_large" and "336" in caught.value.zh and "336" in caught.value.en


def test_a_map_of_an_unknown_area_or_level_says_so(small_city):
    with pytest.raises(areas.NoArea):
        maps.parts("510499")
    with pytest.raises(areas.AreaError) as caught:
        maps.parts("5104", None, "street")
    assert caught.value.code == "level_unknown"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(0, 4), st.randoms(use_true_random=False))
def test_the_assignment_is_the_cheapest_of_all(rows, more, chance):
    cost = np.array([[chance.randint(0, 20) for _ in range(rows + more)] for _ in range(rows)], dtype=float)
    chosen = schematic.hungarian(cost)
    assert len(set(chosen)) == rows
    cheapest = min(
        sum(cost[row, column] for row, column in enumerate(columns))
        for columns in itertools.permutations(range(rows + more), rows)
    )
    assert sum(cost[row, column] for row, column in enumerate(chosen)) == cheapest


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(100, 104), st.floats(25, 29)), min_size=1, max_size=30))
def test_any_seats_give_each_area_a_cell_of_its_own(seats):
    here = [area(f"510402{n:03d}", lon, lat) for n, (lon, lat) in enumerate(seats, 1)]
    cells = schematic.hexagons(here)
    assert len(set(cells.values())) == len(here) and schematic.connected(list(cells.values()))
