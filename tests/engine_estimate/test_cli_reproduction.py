"""``tongchou reproduction`` at the terminal: the columns and statuses that issue 4 names."""

from __future__ import annotations

import csv
import json

import pytest

from tongchou.cli import __main__ as terminal

KEYS = ["area", "t_start", "t_end", "date_start", "date_end", "mean", "sd", "q025", "median", "q975", "cases", "status"]


def asked(capsys, *words: str) -> tuple[int, str, str]:
    code = terminal.main(["reproduction", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "counts.csv"
    lines = [f"东区,2020-02-{day:02},{cases}" for day, cases in enumerate([4, 5, 6, 7, 8, 9], 1)]
    lines += [f"西区,2020-02-{day:02},{cases}" for day, cases in enumerate([1, 0, 1, 0, 1], 1)]
    path.write_text("area,date,incidence\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_json_has_the_keys_and_statuses_of_the_issue(capsys, counts):
    code, out, _err = asked(capsys, counts, "--si-mean", 2.6, "--si-sd", 1.5, "--window", 2, "--json")
    rows = json.loads(out)
    assert code == 0
    assert all(list(row) == KEYS for row in rows)
    east = [row for row in rows if row["area"] == "东区"]
    assert [
        (row["t_start"], row["t_end"], row["date_start"], row["date_end"], row["cases"], row["status"]) for row in east
    ] == [
        (2, 3, "2020-02-02", "2020-02-03", 11, "too_few"),
        (3, 4, "2020-02-03", "2020-02-04", 13, "ok"),
        (4, 5, "2020-02-04", "2020-02-05", 15, "ok"),
        (5, 6, "2020-02-05", "2020-02-06", 17, "ok"),
    ]
    assert east[0]["mean"] is None and east[1]["q025"] < east[1]["median"] < east[1]["q975"]
    assert {row["status"] for row in rows if row["area"] == "西区"} == {"too_few"}
    assert all(row["mean"] is None for row in rows if row["status"] != "ok")


def test_all_windows_gives_the_plain_numbers_and_nothing_too_early(capsys, counts):
    _code, out, _err = asked(capsys, counts, "--si-mean", 4.7, "--si-sd", 2.9, "--window", 2, "--all-windows", "--json")
    rows = json.loads(out)
    assert all((row["mean"] is None) == (row["status"] == "before_si_mean") for row in rows)
    assert {"before_si_mean", "too_few", "ok"} == {row["status"] for row in rows}


def test_reference_series_and_a_given_interval_file(capsys, shared, tmp_path, reference):
    interval = tmp_path / "si.csv"
    chances = reference("Flu2009_si_distr.csv", "prob")
    interval.write_text("k,p\n" + "".join(f"{k},{p!r}\n" for k, p in enumerate(chances.tolist())), encoding="utf-8")
    folder = shared / "epiestim-reference"
    _code, out, err = asked(capsys, folder / "Flu2009_incidence.csv", "--si", interval, "--all-windows", "--json")
    means = [row["mean"] for row in json.loads(out)]
    assert means == pytest.approx(reference("Flu2009_R_nonparam_win7.csv", "Mean(R)").tolist(), abs=1e-9)
    assert "columns not used: day" in err
    with (folder / "Flu2009_local_imported_input.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    both = tmp_path / "both.csv"
    both.write_text(
        "t,incidence,imported\n"
        + "".join(
            f"{t},{int(row['local']) + int(row['imported'])},{row['imported']}\n" for t, row in enumerate(rows, 1)
        ),
        encoding="utf-8",
    )
    _code, out, _err = asked(capsys, both, "--si", interval, "--all-windows", "--json")
    told = json.loads(out)
    assert [row["mean"] for row in told] == pytest.approx(
        reference("Flu2009_R_local_imported_win7.csv", "Mean(R)").tolist(), abs=1e-9
    )
    assert told[0]["date_start"] is None


def test_text_for_a_person_says_which_interval_was_taken(capsys, counts):
    code, out, err = asked(capsys, counts)
    assert code == 0
    assert out == ""
    assert "4.7" in err and "no window of 7 days" in err
    code, out, _err = asked(capsys, counts, "--window", 3)
    assert "statistics.serial_interval: 4.7 ± 2.9" in out
    assert "太少，不下结论 / too few to say" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--si-mean", "4.7"], 2, "given together"),
        (["--si-mean", "4.7", "--si-sd", "2.9", "--si", "x.csv"], 2, "either --si or"),
        (["--si-mean", "0.9", "--si-sd", "2.9"], 1, "must exceed 1 day"),
        (["--window", "0"], 1, "at least 1 day"),
        (["--si", "missing.csv"], 1, "can't be read"),
    ],
)
def test_contradictions_are_refused(capsys, counts, words, code, told):
    assert asked(capsys, counts, *words)[0::2][0] == code
    assert told in asked(capsys, counts, *words)[2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("k,p\n1,1\n", "k should be 0, not 1"),
        ("k,p\n0,x\n", "p a number"),
        ("k,p\n0,0\n1,0.5\n", "must sum to 1"),
        ("a,b\n1,1\n", "lacks the column k, p"),
    ],
)
def test_a_faulty_interval_file_is_refused(capsys, counts, tmp_path, text, told):
    path = tmp_path / "si.csv"
    path.write_text(text, encoding="utf-8")
    code, _out, err = asked(capsys, counts, "--si", path)
    assert code == 1
    assert told in err
