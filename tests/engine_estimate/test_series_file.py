"""The reader of daily counts: what it takes, and how it refuses what can't be read."""

from __future__ import annotations

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
        ("date,incidence\n2020-02-02,nan\n", "须为整数", "whole number"),
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


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="can't be read"):
        read_series(tmp_path / "nothing.csv")
