"""The reader of daily counts: what it takes, and how it refuses what can't be read."""

from __future__ import annotations

import gzip
from datetime import date

import pytest

from tongchou.cli.series_file import read_series
from tongchou.cli.terminal import CommandError
from tongchou.engine.estimate import stack_series


def written(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_dates_areas_and_imported_are_read(tmp_path):
    path = written(
        tmp_path,
        "area,date,incidence,imported\n东区,2020-02-28,3,1\n东区,2020-02-29,0,0\n西区,2020-02-28,2.0,2\n",
        "gb18030",
    )
    file = read_series(path)
    east, west = file.series
    assert (east.area, east.incidence.tolist(), east.imported.tolist(), east.local.tolist()) == (
        "东区",
        [3, 0],
        [1, 0],
        [2, 0],
    )
    assert (east.first_on, east.on(2)) == (date(2020, 2, 28), date(2020, 2, 29))
    assert (west.area, west.days, west.local.tolist()) == ("西区", 1, [0])
    assert [stack.positions for stack in stack_series(file.series)] == [(0,), (1,)]


def test_numbered_days_and_epiestims_own_columns(tmp_path):
    file = read_series(written(tmp_path, "\ufefft,local,imported,note\n5,0,1,a\n6,2,0,b\n\n"))
    (one,) = file.series
    assert (one.incidence.tolist(), one.imported.tolist(), one.first_t, one.first_on) == ([1, 2], [1, 0], 5, None)
    assert file.unused == ("note",)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "date,incidence\n2020-02-01,1\n2020-02-04,1\n",
            "缺 2 天，从 2020-02-02",
            "2 day(s) are missing before it, from 2020-02-02",
        ),
        ("t,incidence\n1,1\n3,1\n", "缺 1 天，从 2 起", "line 3: 1 day(s) are missing before it, from 2"),
        ("date,incidence\n2020-02-02,1\n2020-02-01,1\n", "未按先后排列", "not in order: 2020-02-01 after 2020-02-02"),
        ("date,incidence\n2020-02-02,1\n2020-02-02,1\n", "出现两次", "2020-02-02 is there twice"),
        ("date,incidence\n2020-02-02,-1\n", "负数 -1", "negative: -1"),
        ("date,incidence\n2020-02-02,1.5\n", "须为整数", "whole number"),
        ("date,incidence\n2020-02-02,nan\n", "“nan”不是数字，请写病例数，没有写 0", "write a count, 0 for none"),
        ("date,incidence\n2020-02-02,\"1,022\"\n", "请写 1022，不带千位逗号", "write 1022 without commas"),
        ("date,incidence\n2020-02-02,1,022\n", "数字不带千位逗号", "write numbers without thousands commas"),
        ("date,incidence\n2020-02-02,1e30\n", "超过 1000000000 例", "more than 1000000000 cases"),
        ("date,incidence\n2020-02-02,inf\n", "请核对", "check it"),
        ("date,incidence\n43850,1\n", "Excel 的日期序号，应是 2020-01-20", "Excel's number for 2020-01-20"),
        ("date,incidence\n2020/02/30,1\n", "不是日期", "is no date"),
        ("date;incidence\n2020-02-02;1\n", "用“;”分隔，请改用逗号", "save it with commas"),
        ("date\tincidence\n2020-02-02\t1\n", "用制表符分隔", "parts its cells by tabs"),
        ("date,incidence\n2020-02-02,\n", "没有病例请写 0", "write 0 for no case"),
        ("date,incidence\n2020-02-02,many\n", "不是数字", "is no number"),
        ("date,incidence\n02/02/2020,1\n", "不是日期", "write 2020-02-14"),
        ("date,cases\n2020-02-02,1\n", "缺少列 incidence", "lacks the column incidence"),
        ("day,incidence\n1,1\n", "date（日期）或 t", "needs a column date or t"),
        ("date,incidence,imported\n2020-02-02,1,2\n", "输入病例 2 多于全部病例 1", "2 imported of 1 cases"),
        ("date,incidence\n2020-02-02,1,9\n", "有 3 格", "3 cells, the header has 2"),
        ("date,date,incidence\n", "列名重复", "twice"),
        ("date,incidence\n", "没有数据行", "no line of data"),
        ("", "没有表头", "no header line"),
        ("t,incidence\nx,1\n", "t 的“x”须为整数", "t: 'x' must be a whole number"),
    ],
)
def test_a_faulty_file_is_refused_in_both_languages(tmp_path, text, zh, en):
    with pytest.raises(CommandError) as caught:
        read_series(written(tmp_path, text))
    assert zh in caught.value.zh
    assert en in caught.value.en


@pytest.mark.parametrize(
    "day", ["2020-02-29", "2020/2/29", "2020.02.29", "2020年2月29日", "2020-02-29 00:00:00", "2020/2/29 0:00", "20200229"]
)
def test_a_day_may_be_written_as_excel_and_chinese_text_write_it(tmp_path, day):
    (one,) = read_series(written(tmp_path, f"date,incidence\n{day},1\n")).series
    assert one.first_on == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        (b"PK\x03\x04rest", "是 Excel 工作簿，请另存为", "is an Excel workbook; save it as"),
        (b"\xd0\xcf\x11\xe0rest", "是 Excel 工作簿", "is an Excel workbook"),
        ("date,incidence\n2020-02-01,1\n".encode("utf-16"), "是 UTF-16 文本", "is text in UTF-16"),
        (b"\x1f\x8bnonsense", "压缩已损坏", "a damaged gzip file"),
        (gzip.compress(b"date,incidence\n2020-02-01,1\n" * 9, mtime=0)[:-9], "压缩已损坏", "a damaged gzip file"),
        (b"\x81\xff\xff", "另存为“CSV UTF-8”", "no text in UTF-8 or GB 18030"),
    ],
)
def test_a_file_that_is_no_text_is_named_for_what_it_is(tmp_path, raw, zh, en):
    path = tmp_path / "counts.csv"
    path.write_bytes(raw)
    with pytest.raises(CommandError) as caught:
        read_series(path)
    assert zh in caught.value.zh and en in caught.value.en


def test_a_gzipped_file_is_read_and_a_wide_header_is_cut_short(tmp_path):
    path = tmp_path / "counts.csv.gz"
    path.write_bytes(gzip.compress("date,incidence\n2020-02-01,7\n".encode("gb18030")))
    assert read_series(path).series[0].incidence.tolist() == [7]
    wide = ",".join(f"2020-01-{day:02d}" for day in range(1, 31))
    with pytest.raises(CommandError) as caught:
        read_series(written(tmp_path, f"{wide}\n{wide}\n"))
    assert "2020-01-12, … (30)" in caught.value.en and "2020-01-13" not in caught.value.en


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="can't be read"):
        read_series(tmp_path / "nothing.csv")
