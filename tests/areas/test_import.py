"""A city's divisions come in from a file: every row accounted for, the same file twice changes nothing."""

from datetime import date

import pytest

from tongchou import areas, audit
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.models import Area

from tests.areas.small_city import CLERK, SMALL_CITY

D2019, D2020 = date(2019, 1, 1), date(2020, 1, 1)


def load(text, day=D2020, **more):
    return import_divisions(file=text.encode() if isinstance(text, str) else text, valid_from_on=day, by=CLERK, **more)


def counts(result):
    assert result.rows == result.created + result.updated + result.unchanged + result.rejected
    return result.created, result.updated, result.unchanged, result.rejected


def test_the_tree_stands_after_one_import(small_city):
    assert areas.full_name("510402001002", D2020) == "试验市东山区河口街道二村"
    assert [child.name for child in areas.children("510402", D2020)] == ["河口街道", "桥头镇"]
    assert [child.name for child in areas.below("5104", D2020, "county")] == ["东山区", "西山区"]
    assert areas.get("510403002000").level == "township"
    assert areas.find("510402001", date(2018, 12, 31)) is None
    assert areas.name_of("510499") == "510499"
    with pytest.raises(areas.NoArea):
        areas.get("510499")


def test_the_same_file_twice_changes_nothing(small_city):
    before = list(Area.objects.values_list())
    again = load(SMALL_CITY, D2019, source="invented")
    assert counts(again) == (0, 0, 17, 0)
    assert list(Area.objects.values_list()) == before


def test_every_division_has_its_own_audit_line_and_the_chain_holds(small_city):
    area = Area.objects.get(path="510402001")
    [line] = audit.timeline("area", str(area.id))
    assert (line.action, line.post, line.area_path) == ("area.create", CLERK.post, "510402001")
    assert line.changes["name"] == ["", "河口街道"]
    assert audit.verify().sound


@pytest.mark.parametrize(
    "file",
    [
        SMALL_CITY.encode("utf-8-sig"),
        SMALL_CITY.encode("gb18030"),
        SMALL_CITY.replace("code,name", "区划代码,名称").replace("\n", "\r\n").encode(),
        ("# 说明行\n" + "\n".join([SMALL_CITY.splitlines()[0], *reversed(SMALL_CITY.splitlines()[1:])])).encode(),
    ],
    ids=["utf-8 with mark", "gb18030", "chinese header, crlf", "children before parents"],
)
@pytest.mark.django_db
def test_files_of_every_kind_are_read(file):
    assert counts(load(file)) == (17, 0, 0, 0)
    assert areas.full_name("510403002203", D2020) == "试验市西山区青林乡中村"


HEADER = "code,name,level,parent,urban_rural,lon,lat,datum,valid_from_on,valid_to_on\n"
BAD_ROWS = [
    ("51040200100O,新村", "code", "code_not_digits"),
    ("5104020010,新村", "code", "code_length"),
    ("990402001009,新村", "code", "code_province"),
    (",新村", "code", "code_missing"),
    ("510402001009,", "name", "name_missing"),
    ("510402001009,=HYPERLINK(1)", "name", "name_strange"),
    ("510402001009,新村,township", "level", "level_mismatch"),
    ("510402001009,新村,village,510402002000", "parent", "parent_mismatch"),
    ("510402009001,新村", "code", "parent_unknown"),
    ("510402001009,新村,,,999", "urban_rural", "urban_rural_unknown"),
    ("510402001009,新村,,,,101.7,", "lat", "seat_half"),
    ("510402001009,新村,,,,26.5,101.7,GCJ-02", "lon", "seat_outside"),
    ("510402001009,新村,,,,101.7,26.5,", "datum", "datum_missing"),
    ("510402001009,新村,,,,101.7,26.5,WGS-72", "datum", "datum_unknown"),
    ("510402001009,新村,,,,一百,26.5,GCJ-02", "lon", "not_degrees"),
    ("510402001009,新村,,,,,,,2020-02-30", "valid_from_on", "day_impossible"),
    ("510402001009,新村,,,,,,,1900-01-01", "valid_from_on", "day_impossible"),
    ("510402001009,新村,,,,,,,2020-02-02,2020-02-01", "valid_to_on", "days_reversed"),
    ("510402001009,新村,,,,,,,2018-06-01", "valid_from_on", "outlives_parent"),
    ("510402001,河口街道,,,,,,,2019-01-01,2020-06-01", "valid_to_on", "children_remain"),
]


@pytest.mark.parametrize(("line", "column", "code"), BAD_ROWS, ids=[f"{code}-{n}" for n, (_, _, code) in enumerate(BAD_ROWS)])
def test_a_bad_row_is_named_and_the_good_one_beside_it_comes_in(small_city, line, column, code):
    result = load(HEADER + line + "\n510403001009,好村\n")
    assert counts(result) == (1, 0, 0, 1)
    [reason] = result.reasons
    assert (reason.row, reason.column, reason.code) == (2, column, code)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in reason.zh) and reason.en
    assert areas.name_of("510403001009") == "好村"
    assert not Area.objects.filter(path="510402001009").exists()


def test_a_row_given_twice_and_the_children_of_a_rejected_row_are_rejected(small_city):
    result = load("code,name\n510402003,\n510402003001,孤村\n510402001009,新村\n510402001009,又一村\n")
    assert counts(result) == (1, 0, 0, 3)
    assert [(reason.row, reason.code) for reason in result.reasons] == [
        (2, "name_missing"), (3, "parent_unknown"), (5, "row_doubled"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "file_empty"),
        (b"code,name\n", "file_empty"),
        (b"PK\x03\x04\x00\x00", "file_not_text"),
        (b"code,name\n510400,\xff\xff\xff\n", "file_encoding"),
        (b"code;name\n510400;x\n", "column_missing"),
        ("代码,code,name\n1,2,3\n".encode(), "column_doubled"),
        (b'code,name\n5104,"half\n', "file_broken"),
        ("code,name\n5104,某市,,,x\n".encode(), "file_ragged"),
    ],
)
@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_refused_whole(file, code):
    result = load(file)
    assert result.refused and result.rows == 0
    assert [reason.code for reason in result.reasons] == [code]
    assert not Area.objects.exists()


def test_a_new_name_at_a_later_day_is_a_new_version(small_city):
    result = load("code,name\n510402001,江口街道\n")
    assert counts(result) == (0, 1, 0, 0)
    assert areas.name_of("510402001", date(2019, 12, 31)) == "河口街道"
    assert areas.name_of("510402001", D2020) == "江口街道"
    assert [(row.valid_from_on, row.valid_to_on) for row in Area.objects.filter(path="510402001")] == [
        (D2019, D2020), (D2020, None),
    ]  # fmt: skip
    assert counts(load("code,name\n510402001,江口街道\n")) == (0, 0, 1, 0)
    assert counts(load("code,name\n510402001,河口街道\n", D2019)) == (0, 0, 1, 0)


def test_a_new_name_at_the_same_day_corrects_the_version_and_seats_fill_in(small_city):
    text = "code,name,lon,lat,datum\n510402001,河口街,101.70,26.55,GCJ-02\n"
    assert counts(load(text, D2019)) == (0, 1, 0, 0)
    [row] = Area.objects.filter(path="510402001")
    assert (row.name, row.lon, row.lat, row.seat_datum) == ("河口街", 101.70, 26.55, "GCJ-02")
    changes = audit.timeline("area", str(row.id))[0].changes
    assert changes["name"] == ["河口街道", "河口街"] and changes["lon"] == ["", "101.7"]
    assert counts(load(text, D2019)) == (0, 0, 1, 0)


def test_an_earlier_day_moves_the_beginning_back_and_closed_history_is_not_rewritten(small_city):
    load("code,name\n510402001,江口街道\n")
    assert counts(load("code,name\n510400,试验市\n", date(2018, 1, 1))) == (0, 1, 0, 0)
    assert areas.name_of("5104", date(2018, 6, 1)) == "试验市"
    result = load("code,name\n510402001,别的街道\n", date(2019, 6, 1))
    assert [reason.code for reason in result.reasons] == ["history_differs"]


def test_a_village_can_end_and_its_code_is_not_used_again(small_city):
    ending = "code,name,valid_from_on,valid_to_on\n510402001003,三村,2019-01-01,2020-05-01\n"
    assert counts(load(ending)) == (0, 1, 0, 0)
    assert [child.name for child in areas.children("510402001", date(2020, 5, 1))] == ["一村", "二村"]
    assert areas.name_of("510402001003", date(2021, 1, 1)) == "三村"
    assert counts(load(ending)) == (0, 0, 1, 0)
    result = load("code,name\n510402001003,四村\n", date(2021, 1, 1))
    assert [reason.code for reason in result.reasons] == ["code_ended"]


def test_a_dry_run_tells_and_leaves_nothing(db):
    result = load(SMALL_CITY, dry_run=True)
    assert counts(result) == (17, 0, 0, 0)
    assert not Area.objects.exists() and areas.find("5104") is None
    assert audit.verify().rows == 0


def test_a_post_takes_in_its_own_area_and_what_is_above_it(db):
    result = load(SMALL_CITY, reach=("510402",))
    assert counts(result) == (9, 0, 0, 8)  # the city and one county with all below it; not the county beside it
    assert {reason.code for reason in result.reasons} >= {"out_of_scope"}
    assert not Area.objects.filter(areas.within("path", "510403")).exists()
    assert counts(load(SMALL_CITY, reach=("510402",))) == (0, 0, 9, 8)
    renamed = load("code,name,lon,lat,datum\n510400,别名市,,,\n510402,东山新区,101.7,26.5,GCJ-02\n", D2019, reach=("510402001",))
    assert [reason.code for reason in renamed.reasons] == ["out_of_scope", "out_of_scope"]
    quiet = load("code,name,lon,lat,datum\n510400,试验市,101.7,26.5,GCJ-02\n", reach=("510402001",))
    assert counts(quiet) == (0, 0, 1, 0) and areas.get("5104").lon is None


def test_seats_of_a_whole_file_are_written_together(small_city, django_assert_max_num_queries):
    lines = [f"{line},101.{700 + n},26.5,CGCS2000" for n, line in enumerate(SMALL_CITY.splitlines()[1:])]
    with django_assert_max_num_queries(40):
        assert counts(load("\n".join(["code,name,lon,lat,datum", *lines]), D2019)) == (0, 17, 0, 0)
    assert (areas.get("510402001").lon, areas.get("510403002203").lon) == (101.702, 101.716)
    assert audit.verify().sound
