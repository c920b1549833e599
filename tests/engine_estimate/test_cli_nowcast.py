"""``tongchou nowcast`` at the terminal: the three forms of a file, the CSV it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta

import numpy as np
import pytest

from tongchou.cli import __main__ as terminal
from tongchou.cli import nowcast as command


def asked(capsys, *words: str) -> tuple[int, str, str]:
    code = terminal.main(["nowcast", *map(str, words), "--draws", "200"])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def cases() -> list[tuple[date, date]]:
    chance = np.random.default_rng(8)
    start = date(2020, 1, 20)
    rows = []
    for day in range(30):
        for _case in range(6):
            rows.append((start + timedelta(days=day), start + timedelta(days=day + int(chance.gamma(4, 1)))))
    return sorted(rows, key=lambda row: row[1])


def written(tmp_path, text: str):
    path = tmp_path / "reports.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_line_list_as_of_a_day(capsys, tmp_path, cases):
    path = written(
        tmp_path,
        "id,reference_date,report_date\n"
        + "".join(f"{n},{a},{b}\n" for n, (a, b) in enumerate(cases))
        + "x,,2020-02-01\n",
    )
    out_path = tmp_path / "out.csv"
    code, out, err = asked(capsys, path, "--as-of", "2020-02-18", "--json", "--out", out_path)
    rows = json.loads(out)
    assert code == 0
    assert list(rows[0]) == list(command.JSON)
    assert rows[-1]["reference_date"] == "2020-02-18"
    known = {row["reference_date"]: row["reported"] for row in rows}
    assert known["2020-01-20"] == 6 and known["2020-02-18"] < 6
    assert rows[-1]["q05"] <= rows[-1]["median"] <= rows[-1]["q95"]
    assert sum(row["mean"] for row in rows[-5:]) == pytest.approx(30, rel=0.35)
    for words in ("1 line(s) not used: no day of onset", "reported after the day asked", "columns not used: id"):
        assert words in err
    with out_path.open(encoding="utf-8") as lines:
        assert [row["reference_date"] for row in csv.DictReader(lines)] == [row["reference_date"] for row in rows]


def test_counts_and_cumulative_counts_say_the_same(capsys, tmp_path, cases):
    days = sorted({row[1] for row in cases})
    days = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    pairs: dict[tuple[date, date], int] = {}
    for pair in cases:
        pairs[pair] = pairs.get(pair, 0) + 1
    counted = written(
        tmp_path, "reference_date,report_date,count\n" + "".join(f"{a},{b},{n}\n" for (a, b), n in pairs.items())
    )
    one = json.loads(asked(capsys, counted, "--json", "--max-delay", "12")[1])
    lines = []
    for onset in sorted({row[0] for row in cases}):
        for seen in days:
            if seen >= onset:
                lines.append(f"{onset},{seen},{sum(a == onset and b <= seen for a, b in cases)}\n")
    cumulative = written(tmp_path, "reference_date,report_date,confirm\n" + "".join(lines))
    other = json.loads(asked(capsys, cumulative, "--json", "--max-delay", "12")[1])
    assert [row["reported"] for row in one] == [row["reported"] for row in other]
    # The first report of a cumulative file holds cases of unknown age, so the delay is learnt from a few less.
    assert [row["mean"] for row in one] == pytest.approx([row["mean"] for row in other], rel=0.1, abs=0.5)


def test_text_for_a_person(capsys, tmp_path, cases):
    path = written(tmp_path, "area,reference_date,report_date\n" + "".join(f"东区,{a},{b}\n" for a, b in cases))
    code, out, _err = asked(capsys, path)
    assert code == 0
    assert "median delay" in out and "东区" in out


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("onset,report\n2020-02-01,2020-02-02\n", 1, "lacks the column reference_date, report_date"),
        ("reference_date,report_date\n2020-02-03,2020-02-02\n", 1, "is before the onset of 2020-02-03"),
        ("reference_date,report_date\n2020-02-xx,2020-02-02\n", 1, "is no date"),
        ("reference_date,report_date,count\n2020-02-01,2020-02-02,-1\n", 1, "is negative"),
        ("reference_date,report_date,count,confirm\n2020-02-01,2020-02-02,1,1\n", 1, "not both"),
        ("reference_date,report_date\n,2020-02-02\n", 1, "no line that can be used"),
        ("reference_date,report_date\n2020-02-01,2020-02-02\n", 1, "at least 5"),
        (
            "reference_date,report_date,confirm\n2020-02-01,2020-02-01,1\n2020-02-01,2020-02-02,1\n2020-02-01,2020-02-05,2\n",
            1,
            "not equally spaced",
        ),
    ],
)
def test_faulty_files_are_refused(capsys, tmp_path, text, code, told):
    got, _out, err = asked(capsys, written(tmp_path, text))
    assert got == code
    assert told in err


def test_a_report_dated_years_ahead_is_named(capsys, tmp_path):
    path = written(tmp_path, "reference_date,report_date\n2020-02-01,2020-02-02\n2020-02-01,2202-02-03\n")
    code, _out, err = asked(capsys, path)
    assert code == 1 and "the file's last report is of 2202-02-03" in err and "请核对日期" in err


def test_too_few_cases_take_a_given_delay(capsys, tmp_path):
    path = written(tmp_path, "reference_date,report_date\n2020-02-01,2020-02-03\n2020-02-04,2020-02-05\n")
    code, _out, err = asked(capsys, path)
    assert code == 1 and "--delay-mean" in err
    code, out, _err = asked(capsys, path, "--delay-mean", "5", "--delay-sd", "3", "--max-delay", "20", "--json")
    rows = json.loads(out)
    assert code == 0 and [row["reported"] for row in rows] == [1, 0, 0, 1, 0]
    assert rows[-1]["share_reported"] < 0.05 < rows[0]["share_reported"] and rows[-1]["q95"] > 0
    assert asked(capsys, path, "--delay-mean", "5")[0] == 2
    assert asked(capsys, path, "--delay-mean", "inf", "--delay-sd", "3")[0] == 1


def test_a_negative_seed_is_refused(capsys, tmp_path, cases):
    path = written(tmp_path, "reference_date,report_date\n" + "".join(f"{a},{b}\n" for a, b in cases))
    code, _out, err = asked(capsys, path, "--seed", "-1")
    assert code == 1 and "seed not negative" in err and "随机种子不能为负" in err


def test_a_day_that_is_none_or_too_early(capsys, tmp_path):
    path = written(tmp_path, "reference_date,report_date\n2020-02-01,2020-02-02\n")
    assert asked(capsys, path, "--as-of", "soon")[0] == 2
    code, _out, err = asked(capsys, path, "--as-of", "2020-01-01")
    assert code == 1
    assert "by 2020-01-01 no case" in err and "last report is of 2020-02-02" in err
