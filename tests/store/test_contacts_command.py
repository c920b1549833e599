"""``tongchou contacts`` as its user types it: every engine the same file, every row and line accounted for."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tongchou.cli.__main__ import main
from tongchou.engine.contacts import Window, build_index, find_contacts
from tongchou.store.visit_store import VisitStore

from tests import servers
from tests.conftest import need
from tests.store.visits import DAY, days_of, some_visits, write

ONSET = 18_264 * DAY
CASES = [10**12 + number for number in range(4)]


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    for day, part in days_of(some_visits(1)).items():
        write(tmp_path / "visits" / f"{day}.parquet", part)
    return tmp_path / "visits"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return lines(tmp_path, "person,onset", *(f"{person},{ONSET}" for person in CASES))


def lines(folder: Path, *rows: str) -> Path:
    path = folder / "cases.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, int]]:
    with path.open(encoding="utf-8") as sheet:
        return [{key: int(value) for key, value in row.items()} for row in csv.DictReader(sheet)]


def expected(**options) -> set[tuple[int, ...]]:
    found = find_contacts(build_index(some_visits(1)), CASES, **options)
    return {(p.case, p.contact, p.overlap_s, p.meetings, p.first, p.last, p.generation) for p in found}


def ask(*words: object) -> int:
    return main(["contacts", *map(str, words)])


def test_the_file_holds_every_pair_the_surest_of_a_case_first(visits: Path, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out.csv"
    assert ask("--visits", visits, "--cases", cases, "--days", 1, "--generations", 2, "--out", out) == 0
    rows = rows_of(out)
    assert list(rows[0]) == ["case", "contact", "overlap_s", "meetings", "first", "last", "generation"]
    want = expected(window=Window(ONSET - DAY, ONSET + DAY), generations=2)
    assert {tuple(row.values()) for row in rows} == want and len(rows) == len(want)
    first = [row["overlap_s"] for row in rows if (row["case"], row["generation"]) == (CASES[0], 1)]
    assert first == sorted(first, reverse=True) and len(first) > 10
    assert str(len(want)) not in capsys.readouterr().err
    assert not list(tmp_path.glob("*.tmp"))


def test_json_counts_and_times(visits: Path, cases: Path, capsys: pytest.CaptureFixture[str]):
    said = []
    for _ in range(2):
        assert ask("--visits", visits, "--cases", cases, "--days", 1, "--json") == 0
        said.append(json.loads(capsys.readouterr().out))
    assert [one["index"] for one in said] == ["built", "reused"]
    want = expected(window=Window(ONSET - DAY, ONSET + DAY))
    assert (said[0]["generation_1"], said[0]["generation_2"], said[0]["out"]) == (len(want), 0, None)
    assert said[0]["people"] == len({row[1] for row in want})
    assert said[0]["meetings"] == sum(row[3] for row in want)
    assert said[0]["cases"] == {"asked": 4, "merged": 0, "unknown": 0}
    assert said[0]["visits"]["good"] == 400
    assert all(said[0]["seconds"][what] >= 0 for what in ("prepare", "search", "write"))


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_other_engines_write_the_same_file(visits: Path, cases: Path, tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]):
    options = ["--visits", visits, "--cases", cases, "--days", 1, "--generations", 2, "--min-overlap", 600]
    assert ask(*options, "--out", tmp_path / "index.csv") == 0
    if engine == "postgres":
        need("postgres", servers.postgres_programs() is not None, "apt-get install postgresql")
        cluster = servers.Cluster()
        try:
            options += ["--database", cluster.start()]
            for _ in range(2):  # the second time the table is there already
                assert ask(*options, "--engine", engine, "--out", tmp_path / "other.csv") == 0
        finally:
            cluster.stop()
    else:
        assert ask(*options, "--engine", engine, "--out", tmp_path / "other.csv") == 0
    key = lambda row: tuple(row.values())
    assert sorted(rows_of(tmp_path / "index.csv"), key=key) == sorted(rows_of(tmp_path / "other.csv"), key=key)
    assert len(rows_of(tmp_path / "index.csv")) > 50


def test_backwards_are_the_people_met_before_onset(visits: Path, cases: Path, tmp_path: Path):
    assert ask("--visits", visits, "--cases", cases, "--days", 2, "--backward", "--out", tmp_path / "out.csv") == 0
    want = expected(window=Window(ONSET - 2 * DAY, ONSET))
    assert {tuple(row.values()) for row in rows_of(tmp_path / "out.csv")} == want


def test_windows_of_the_file_go_before_onsets_and_every_line_is_accounted_for(visits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    person = CASES[0]
    file = lines(
        tmp_path, "person,from,to,name", f"{person},{ONSET},{ONSET + 900},a", f"{person},{ONSET - DAY},{ONSET + 1},b",
        "77,0,1,c", "x,0,1,d", f"{person},5,4,e", ",1,2,f", f"{person},1.5,2,g",
    )  # fmt: skip
    assert ask("--visits", visits, "--cases", file, "--json") == 0
    spoken = capsys.readouterr()
    assert json.loads(spoken.out)["cases"] == {"asked": 2, "merged": 1, "unknown": 1, "not_whole": 2, "window_backwards": 1, "missing": 1}
    found = find_contacts(build_index(some_visits(1)), [person], window=(ONSET - DAY, ONSET + 900))
    assert json.loads(spoken.out)["generation_1"] == len(found)
    assert "第 5 行" in spoken.err and "line 5" in spoken.err


@pytest.mark.parametrize("engine", ["index", "duckdb"])
def test_a_case_with_no_visit_that_can_be_used_is_told(tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]):
    rows = {"person": [1, 2, 3, 4, 5], "place": [9, None, 9, 9, 9], "start": [0, 0, 50, 0, None], "end": [900, 900, 40, None, 9]}
    parquet.write_table(pa.table({name: pa.array(values, pa.int64()) for name, values in rows.items()}), tmp_path / "visits.parquet")
    asked = lines(tmp_path, "person,onset", *(f"{person},500" for person in range(1, 7)))
    assert ask("--visits", tmp_path / "visits.parquet", "--cases", asked, "--engine", engine, "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == {"asked": 6, "merged": 0, "unknown": 4}


@pytest.mark.parametrize("engine", ["index", "duckdb"])
def test_rows_that_are_no_visit_are_reported(tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]):
    rows = {"person": [1, 2, None, 4, 5, 6], "place": [9, 9, 9, None, 9, 9], "start": [0, 10, 0, 0, 50, 20], "end": [900, 900, 90, 90, 40, None]}
    parquet.write_table(pa.table({name: pa.array(values, pa.int64()) for name, values in rows.items()}), tmp_path / "visits.parquet")
    assert ask("--visits", tmp_path / "visits.parquet", "--cases", lines(tmp_path, "person,onset", "1,500"), "--engine", engine, "--json") == 0
    spoken = capsys.readouterr()
    said = json.loads(spoken.out)
    assert said["visits"] == {"good": 3, "open_ends": 1, "missing": 1, "no_place": 1, "not_whole": 0, "backwards": 1}
    assert said["generation_1"] == 2
    assert "结束早于开始 1" in spoken.err and "ending before they start 1" in spoken.err


def test_a_store_is_read_by_its_list(tmp_path: Path, cases: Path, capsys: pytest.CaptureFixture[str]):
    store = VisitStore(tmp_path / "store")
    store.ingest(some_visits(1))
    write(tmp_path / "store" / "day-1-left-by-a-crash.parquet", some_visits(2))
    for engine in ("index", "duckdb"):
        assert ask("--visits", tmp_path / "store", "--cases", cases, "--days", 1, "--engine", engine, "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["visits"]["good"], said["generation_1"]) == (400, len(expected(window=Window(ONSET - DAY, ONSET + DAY))))


def test_a_person_reads_a_table(visits: Path, cases: Path, capsys: pytest.CaptureFixture[str]):
    assert ask("--visits", visits, "--cases", cases, "--days", 1) == 0
    out = capsys.readouterr().out
    assert "一代" in out and "generation 1" in out
    assert len([line for line in out.splitlines() if line.startswith(str(10**12)[:6])]) == 20


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--days", "-1"], 2, "0 or more"),
        (["--memory", "1000"], 2, "--memory 1024 at least"),
        (["--engine", "postgres"], 2, "--database"),
        (["--backward", "--generations", "2"], 2, "one generation"),
        (["--visits", "nowhere"], 1, "no Parquet file"),
        (["--out", "no/such/folder/out.csv"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(visits: Path, cases: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]):
    assert ask("--visits", visits, "--cases", cases, *words) == code
    assert said in capsys.readouterr().err


def test_a_case_file_without_a_usable_line_is_refused(visits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert ask("--visits", visits, "--cases", lines(tmp_path, "person,onset", "x,1")) == 1
    assert ask("--visits", visits, "--cases", lines(tmp_path, "person,day", "1,1")) == 1
    said = capsys.readouterr().err
    assert "no case that can be used" in said and "onset" in said


def test_the_answer_does_not_depend_on_threads(visits: Path, cases: Path, tmp_path: Path):
    for threads in (1, 3):
        assert ask("--visits", visits, "--cases", cases, "--threads", threads, "--generations", 2, "--out", tmp_path / f"{threads}.csv") == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "3.csv").read_bytes()
    assert np.diff([row["generation"] for row in rows_of(tmp_path / "1.csv")]).min() >= 0
