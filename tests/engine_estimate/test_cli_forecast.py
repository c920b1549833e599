"""``tongchou forecast`` and ``tongchou score`` as a user runs them: files in, files and JSON out, errors in two languages."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tongchou.cli.__main__ import main
from tongchou.engine.estimate.hubverse import COLUMNS

from tests.engine_estimate.datasets import folder_of

FIRST = date(2020, 2, 1)
EAST, WEST = (0, 1, 2, 1, 3, 4, 6, 5, 7, 8, 9, 7, 8, 6, 5), (1, 0, 0, 2, 1, 3, 2, 2, 4, 3, 2, 90, 3, 2, 1)


def days(area: str, counts: tuple[int, ...], first_on: date = FIRST) -> list[str]:
    return [f"{area},{first_on + timedelta(days=place)},{count}" for place, count in enumerate(counts)]


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["area,date,incidence", *days("东区", EAST), *days("西区", WEST)]), encoding="utf-8")
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    later = FIRST + timedelta(days=15)
    path.write_text("\n".join(["location,date,observation", *days("东区", (4, 3), later), *days("西区", (1, 2), later)]), encoding="utf-8")
    return path


def run(capsys, *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_forecast_as_json_csv_and_parquet_is_the_same(capsys, counts, tmp_path):
    out, table = tmp_path / "f.csv", tmp_path / "f.parquet"
    code, said, told = run(capsys, "forecast", counts, "--horizon", 3, "--method", "renewal", "--si-mean", 5, "--si-sd", 3, "--out", out, "--json")
    assert code == 0 and "西区: 2020-02-12" in told
    rows = json.loads(said)
    assert len(rows) == 2 * 3 * 23 and tuple(rows[0]) == COLUMNS
    assert {row["target_end_date"] for row in rows} == {"2020-02-16", "2020-02-17", "2020-02-18"}
    with out.open(encoding="utf-8", newline="") as lines:
        assert [float(row["value"]) for row in csv.DictReader(lines)] == [row["value"] for row in rows]
    assert run(capsys, "forecast", counts, "--horizon", 3, "--method", "renewal", "--si-mean", 5, "--si-sd", 3, "--out", table)[0] == 0
    assert pq.read_table(table).column("value").to_pylist() == [row["value"] for row in rows]
    west = [row["value"] for row in rows if row["location"] == "西区" and row["output_type_id"] == 0.5]
    raw = json.loads(run(capsys, "forecast", counts, "--horizon", 3, "--method", "baseline", "--raw", "--json")[1])
    wide = [row["value"] for row in raw if row["location"] == "西区" and row["output_type_id"] == 0.99]
    assert max(west) < 10 < min(wide)


def test_what_was_kept_is_scored_when_the_truth_comes(capsys, counts, truth, tmp_path):
    kept = tmp_path / "kept"
    for method in ("trend", "baseline"):
        assert run(capsys, "forecast", counts, "--horizon", 3, "--method", method, "--keep", kept)[0] == 0
    code, said, _ = run(capsys, "score", kept, truth, "--baseline", "baseline", "--json")
    rows = {row["model"]: row for row in json.loads(said)}
    assert code == 0 and set(rows) == {"trend", "baseline"}
    assert all((row["scored"], row["waiting"]) == (4, 2) for row in rows.values())
    assert rows["trend"]["to_baseline"] == pytest.approx(rows["trend"]["wis"] / rows["baseline"]["wis"])
    code, said, _ = run(capsys, "score", kept, truth, "--by", "location")
    assert code == 0 and "东区" in said and "西区" in said
    code, _, told = run(capsys, "forecast", counts, "--horizon", 2, "--method", "trend", "--keep", kept)
    assert code == 1 and "never rewritten" in told and "不改写" in told
    assert run(capsys, "forecast", counts, "--horizon", 2, "--method", "trend", "--keep", kept, "--data-version", "b2")[0] == 0
    _, _, told = run(capsys, "score", kept, truth)
    assert "4 targets were issued by more than one data version" in told


def test_the_example_of_scoringutils_is_scored_as_published(capsys):
    file = folder_of("forecast-scoring") / "example_quantile_Cases.csv.gz"
    code, said, told = run(capsys, "score", file, file, "--baseline", "EuroCOVIDhub-baseline", "--json")
    rows = {row["model"]: row for row in json.loads(said)}
    assert code == 0 and "left out" in told
    assert rows["EuroCOVIDhub-ensemble"]["wis"] == pytest.approx(17943.823832, abs=1e-6)
    assert rows["EuroCOVIDhub-baseline"]["wis"] == pytest.approx(28483.574654, abs=1e-6)
    assert rows["EuroCOVIDhub-ensemble"]["to_baseline"] == pytest.approx(17943.823832 / 28483.574654)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("date,incidence\n2020-02-01,1\n2020-02-03,1\n", (), "1 day(s) are missing before it"),
        ("date,incidence\n2020-02-01,1\n2020-02-02,-4\n", (), "negative: -4"),
        ("date,incidence\n2020-02-02,1\n2020-02-01,1\n", (), "not in order"),
        ("day,cases\n1,1\n", (), "needs a column date or t"),
        ("t,incidence\n1,1\n2,1\n3,1\n", (), "a forecast needs the column date"),
        ("date,incidence\n2020-02-01,1\n2020-02-02,4\n", (), "a forecast needs 3"),
        ("date,incidence\n2020-02-01,1\n", ("--horizon", "61"), "must be 1 to 60"),
        ("date,incidence\n2020-02-01,1\n", ("--out", "x.xlsx"), ".csv or .parquet"),
        ("date,incidence\n2020-02-01,1\n", ("--method", "renewal", "--si-mean", "5"), "given together"),
        ("date,incidence\n2020-02-01,1\n", ("--si-mean", "5", "--si-sd", "3"), "uses no serial interval"),
        ("date,incidence\n2020-02-01,1\n", ("--seed", "-1"), "must not be negative"),
    ],
)
def test_a_file_or_option_that_cannot_be_is_refused_in_both_languages(capsys, tmp_path, text, options, words):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    code, said, told = run(capsys, "forecast", path, *options)
    assert code in (1, 2) and said == "" and words in told and any("\u4e00" <= sign <= "\u9fff" for sign in told)


def test_too_few_cases_for_a_forecast_are_named(capsys, tmp_path):
    path = tmp_path / "counts.csv"
    lines = [f"{area},2020-02-{day:02d},{count}" for area, count in (("东区", 0), ("西区", 2)) for day in range(1, 16)]
    path.write_text("area,date,incidence\n" + "\n".join(lines) + "\n", encoding="utf-8")
    code, _said, told = run(capsys, "forecast", path, "--raw")
    assert code == 0 and "1 area(s) (东区) with fewer than 12 cases in the last 14 days: too few to say" in told


def test_truth_may_be_in_gb18030(capsys, tmp_path):
    first, second = tmp_path / "f.csv", tmp_path / "t.csv"
    first.write_text(",".join(COLUMNS) + "".join(f"\n2020-02-15,1,2020-02-16,东区,t,quantile,{level},3" for level in (0.05, 0.25, 0.5, 0.75, 0.95)), encoding="utf-8")
    second.write_text("area,date,incidence\n东区,2020-02-16,5\n", encoding="gb18030")
    code, said, _told = run(capsys, "score", first, second, "--json")
    assert code == 0 and json.loads(said)[0]["wis"] == 2  # all levels 3: the absolute error


@pytest.mark.parametrize(
    ("forecasts", "seen", "words"),
    [
        ("location,value\nx,1\n", "location,date,observation\nx,2020-02-16,1\n", "lacks reference_date"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,quantile,0.5,1\n", "location,when,observation\nx,2020-02-16,1\n", "needs a column of days"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,quantile,0.5,1\n", "location,date,observation\ny,2020-02-16,1\n", "no truth for any of the 1"),
        ("{head}\n2020-02-15,1,16/2/2020,x,t,quantile,0.5,1\n", "location,date,observation\nx,2020-02-16,1\n", "is no date"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,quantile,0.5,many\n", "location,date,observation\nx,2020-02-16,1\n", "is no number"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,quantile,0.5,1\n", "location,date,observation\nx,2020-02-16,1\nx,2020-02-16,2\n", "two different truths"),
        ("{head}\n2020-02-15,1,2020-02-16\n", "location,date,observation\nx,2020-02-16,1\n", "3 cells, the header has 8"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,mean,,1\n2020-02-15,1,2020-02-16,x,t,quantile,0.5,nan\n", "location,date,observation\nx,2020-02-16,1\n", "line 3: value: 'nan'"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,quantile,0.5,1\n", "location,date,observation\nx,2020-02-16,inf\n", "line 2: observation: 'inf'"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,mean,,1\n", "location,date,observation\nx,2020-02-16,1\n", "no line with a quantile forecast"),
        ("{head}\n2020-02-15,1,2020-02-16,x,t,quantile,0.4,1\n", "location,date,observation\nx,2020-02-16,1\n", "hold the median"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_both_languages(capsys, tmp_path, forecasts, seen, words):
    first, second = tmp_path / "f.csv", tmp_path / "t.csv"
    first.write_text(forecasts.replace("{head}", ",".join(COLUMNS)), encoding="utf-8")
    second.write_text(seen, encoding="utf-8")
    code, said, told = run(capsys, "score", first, second)
    assert code == 1 and said == "" and words in told and any("\u4e00" <= sign <= "\u9fff" for sign in told)
