"""I13, at the terminal: divisions with their days and successors, and history told again under either."""

import json

import pytest

from tongchou import audit
from tongchou.access.models import Post
from tongchou.cli.__main__ import main

from tests.areas.small_city import SMALL_CITY


@pytest.fixture
def office(db):
    return Post.objects.create(code="BGS-1", name="指挥部办公室", role="OFFICE", area_path="5104", scope_kind="area")


@pytest.fixture
def at_terminal(capsys):
    def typed(*words, code=0):
        done = main(["areas", *map(str, words)])
        out, err = capsys.readouterr()
        assert done == code, err
        return json.loads(out) if "--json" in words else out + err

    return typed


# Invented villages, one merger of two invented townships, and the counts of one past day.
COUNTS = "code,count\n510402001001,3\n510402001002,1\n510402002001,4\n510402002002,2\n510403001001,5\n"


@pytest.mark.mechanism("I13")
def test_division_codes_with_valid_days_and_successors_and_history_reaggregates(office, at_terminal, tmp_path):
    """I13: "Division codes with valid-from/to and successor map; history re-aggregates correctly"."""
    divisions, counts = tmp_path / "区划.csv", tmp_path / "counts.csv"
    divisions.write_bytes(SMALL_CITY.encode("gb18030"))
    counts.write_text(COUNTS, encoding="utf-8")
    taken = at_terminal("import", divisions, "--valid-from", "2019-01-01", "--source", "试验", "--as", "BGS-1", "--json")
    assert (taken["rows"], taken["created"], taken["rejected"]) == (17, 17, 0)

    merged = at_terminal(
        "merge", "--from", "510402002000", "--to", "510402001000", "--on", "2020-03-01", "--name", "河桥街道",
        "--note", "试验用的撤并", "--as", "BGS-1", "--json",
    )  # fmt: skip
    assert {"from": "510402002", "to": "510402001", "share": 1.0} in merged["successions"]

    def shown(day):
        return {one["name"]: (one["valid_from_on"], one["valid_to_on"]) for one in at_terminal(
            "tree", "--under", "510402", "--on", day, "--level", "township", "--json"
        )}  # fmt: skip

    assert shown("2020-02-29") == {
        "河口街道": ("2019-01-01", "2020-03-01"), "桥头镇": ("2019-01-01", "2020-03-01"),
    }  # fmt: skip
    assert shown("2020-03-01") == {"河桥街道": ("2020-03-01", None)}

    def told(day, *more):
        answer = at_terminal("retell", counts, "--on", day, "--level", "township", *more, "--json")
        assert answer["total"] == 15  # nobody is lost and nobody is made
        return {one["name"]: one["count"] for one in answer["counts"]}

    assert told("2020-02-14") == {"试验市东山区河口街道": 4, "试验市东山区桥头镇": 6, "试验市西山区石门镇": 5}
    assert told("2020-03-01") == {"试验市东山区河桥街道": 10, "试验市西山区石门镇": 5}
    assert told("2020-06-30") == told("2020-03-01")

    again = at_terminal("merge", "--from", "510402002", "--to", "510402001", "--on", "2020-03-01", "--as", "BGS-1", "--json")
    assert again["unchanged"] is True
    assert audit.verify().sound


def test_the_terminal_speaks_to_people_too(office, at_terminal, tmp_path):
    file = tmp_path / "d.csv"
    file.write_text(SMALL_CITY + "510402009001,孤村\n", encoding="utf-8")
    said = at_terminal("import", file, "--valid-from", "2019-01-01", "--as", "BGS-1")
    assert "新增 17" in said and "1 rejected" in said and "第 19 行 / row 19, code" in said
    said = at_terminal("tree", "--under", "510402001", "--on", "2020-01-01")
    assert said.splitlines() == ["510402001001  一村", "510402001002  二村", "510402001003  三村"]
    said = at_terminal(
        "split", "510402001001", "--into", "510402001001=700", "--into", "510402001009=300:新一村", "--on", "2020-03-01",
        "--as", "BGS-1",
    )  # fmt: skip
    assert "试验市东山区河口街道一村 510402001001 → 试验市东山区河口街道新一村 510402001009 (30.00%)" in said
    said = at_terminal("rename", "510402002", "桥南镇", "--on", "2020-03-01", "--as", "BGS-1")
    assert said.strip() == "试验市东山区桥南镇 510402002"
    counts = tmp_path / "c.csv"
    counts.write_text("代码,数\n510402001001,10\n", encoding="utf-8")
    said = at_terminal("retell", counts, "--on", "2020-03-01", "--counted-on", "2020-02-29")
    assert "试验市东山区河口街道新一村" in said and "合计 / total 10" in said


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (("import", "none.csv", "--valid-from", "2020-01-01"), "找不到文件", "no file"),
        (("import", __file__, "--valid-from", "2020-02-30"), "不是可用的日期", "no usable day"),
        (("merge", "--from", "510402009", "--to", "510402001", "--on", "2020-01-01"), "没有区划", "no division"),
        (("rename", "510499", "新名", "--on", "2020-01-01"), "没有区划", "no division"),
        (("merge", "--from", "5104x", "--to", "510402001", "--on", "2020-01-01"), "数字以外", "other than digits"),
        (("split", "510402", "--into", "510402=all", "--on", "2020-01-01"), "不是整数", "no whole number"),
    ],
)
def test_bad_words_are_answered_in_both_languages(office, small_city, at_terminal, words, zh, en):
    said = at_terminal(*words, "--as", "BGS-1", code=1)
    assert zh in said and en in said


def test_an_unknown_area_is_named(small_city, at_terminal):
    assert "510499" in at_terminal("tree", "--under", "510499", code=1)


def test_writing_needs_a_post_that_may(office, small_city, at_terminal):
    Post.objects.create(code="GRID-1", name="网格员", role="GRID", area_path="510402001001", scope_kind="area")
    words = ("rename", "510402002", "桥南镇", "--on", "2020-03-01")
    assert "无权改动区划" in at_terminal(*words, "--as", "GRID-1", code=1)
    assert "--as" in at_terminal(*words, code=1)
    Post.objects.create(code="BGS-2", name="邻区办公室", role="OFFICE", area_path="510403", scope_kind="area")
    assert "不在岗位“邻区办公室”的辖区之内" in at_terminal(*words, "--as", "BGS-2", code=1)
    assert "NOBODY" in at_terminal(*words, "--as", "NOBODY", code=1)


def test_a_refused_file_is_an_error_with_its_account(office, at_terminal, tmp_path):
    file = tmp_path / "half.csv"
    file.write_text('code,name\n5104,"half\n', encoding="utf-8")
    answer = at_terminal("import", file, "--valid-from", "2020-01-01", "--as", "BGS-1", "--json", code=1)
    assert answer["refused"] is True and answer["reasons"][0]["code"] == "file_broken"


def test_outlines_come_in_at_the_terminal(office, small_city, at_terminal, tmp_path):
    ring = [[101.6, 26.5], [101.8, 26.5], [101.8, 26.7], [101.6, 26.5]]
    one = {"type": "Feature", "properties": {"code": "510402"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    file = tmp_path / "o.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}), encoding="utf-8")
    words = ("outlines", file, "--datum", "CGCS2000", "--source", "自绘", "--as", "BGS-1")
    said = at_terminal(*words, "--dry-run")
    assert "新增 1" in said and "未写入" in said and "没有边界 / without an outline: 西山区" in said
    assert at_terminal(*words, "--json")["created"] == 1
    assert at_terminal(*words, "--json")["unchanged"] == 1
