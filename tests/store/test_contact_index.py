"""The index on disk: built, reused, brought up to date by day, and whole after a crash at any point."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tongchou.engine.contacts import ContactError, Visits, Window, build_index, find_contacts
from tongchou.store import contact_index, contact_index_build, durable
from tongchou.store.contact_index import StoredIndex, open_contact_index
from tongchou.store.contact_index_manifest import read_manifest
from tongchou.store.visit_rows import VisitFileError

from tests.store.visits import DAY, days_of, joined, lines_of, some_visits, taken, write

CASES = 10**12 + np.arange(3)
WINDOW = Window(18_262 * DAY + DAY // 2, 18_265 * DAY)


def answer(index: StoredIndex) -> list[tuple[int, ...]]:
    return lines_of(find_contacts(index.index, CASES, window=WINDOW, generations=2))


def plain_answer(visits: Visits) -> list[tuple[int, ...]]:
    return lines_of(find_contacts(build_index(visits), CASES, window=WINDOW, generations=2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for day, visits in days_of(some_visits(1)).items():
        write(tmp_path / "visits" / f"day-{day}.parquet", visits)
    return tmp_path / "visits"


def everything(folder: Path) -> Visits:
    tables = [parquet.read_table(file) for file in sorted(folder.glob("*.parquet"))]
    return joined(*(Visits(*(table[name].to_numpy() for name in ("person", "place", "start", "end"))) for table in tables))


def test_one_file_or_a_folder_answer_alike(folder: Path, tmp_path: Path):
    whole = write(tmp_path / "whole.parquet", everything(folder))
    expected = plain_answer(everything(folder))
    assert len(expected) > 40
    assert answer(open_contact_index(folder)) == expected
    assert answer(open_contact_index(whole)) == expected


def test_it_is_built_once_and_reused(folder: Path):
    assert [open_contact_index(folder).done for _ in range(3)] == ["built", "reused", "reused"]
    assert open_contact_index(folder).count.good == 400


@pytest.fixture
def narrow_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment a day even in a city this small, as in one of millions of visits a day."""
    monkeypatch.setattr(contact_index_build, "group_days", lambda rows, heads: [(day, day) for day in sorted(rows)])


def test_a_further_day_with_new_people_and_places_is_added(folder: Path, narrow_days: None):
    open_contact_index(folder)
    more = some_visits(2, days=1, rows=100, first_person=10**12 - 20)
    more = Visits(more.person, more.place + 3, more.start + 2 * DAY, more.end + 2 * DAY)
    write(folder / "late.parquet", more)
    updated = open_contact_index(folder)
    assert updated.done == "updated"
    assert answer(updated) == plain_answer(everything(folder))
    assert not updated.index.persons.is_sorted


def test_a_changed_day_is_replaced(folder: Path, narrow_days: None):
    before = answer(open_contact_index(folder))
    write(sorted(folder.iterdir())[1], some_visits(7, days=1, rows=60))
    updated = open_contact_index(folder)
    assert updated.done == "updated"
    assert answer(updated) == plain_answer(everything(folder)) != before


def test_a_day_taken_away_is_gone(folder: Path, narrow_days: None):
    open_contact_index(folder)
    sorted(folder.iterdir())[2].unlink()
    updated = open_contact_index(folder)
    assert updated.done == "updated" and updated.count.good == len(everything(folder)) < 400
    assert answer(updated) == plain_answer(everything(folder))


def test_days_that_share_segments_are_updated_too(folder: Path):
    open_contact_index(folder)
    write(sorted(folder.iterdir())[0], some_visits(8, days=1, rows=10))
    again = open_contact_index(folder)
    assert answer(again) == plain_answer(everything(folder))


def test_many_updates_do_not_grow_the_file_without_end(folder: Path, narrow_days: None):
    sizes = []
    for seed in range(8):
        write(sorted(folder.iterdir())[seed % 2], some_visits(seed, days=1, rows=100))
        opened = open_contact_index(folder)
        sizes.append(sum(file.stat().st_size for file in opened.folder.iterdir()))
    assert answer(opened) == plain_answer(everything(folder))
    assert max(sizes) < 3 * sizes[0]


def test_little_memory_reads_in_passes_and_answers_alike(folder: Path, narrow_days: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(contact_index_build, "LEAST_BYTES", 100 * contact_index_build.ROW_BYTES)
    said: list[str] = []
    opened = open_contact_index(folder, memory_mb=1, tell=lambda zh, en: said.append(en))
    assert "passes: 4" in said[0]
    assert answer(opened) == plain_answer(everything(folder))


class PowerCut(Exception):
    pass


CUTS = ["sync_file", "put", "settle", "sync_folder"]


@pytest.mark.parametrize("cut", [*CUTS, "fsync"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_crash_leaves_the_index_as_it_was(folder: Path, narrow_days: None, monkeypatch: pytest.MonkeyPatch, cut: str, after: int):
    before = answer(open_contact_index(folder))
    home = contact_index.index_folder(folder)
    old = (home / "index.json").read_bytes()
    write(sorted(folder.iterdir())[1], some_visits(9, days=1, rows=60))
    left = [after]

    def cutting(real):
        def do(*args):
            if left[0] == 0:
                raise PowerCut
            left[0] -= 1
            return real(*args)

        return do

    with monkeypatch.context() as patch:
        where, name = (os, "fsync") if cut == "fsync" else (durable, cut)
        patch.setattr(where, name, cutting(getattr(where, name)))
        try:
            open_contact_index(folder)
        except PowerCut:
            manifest = read_manifest(home)
            assert manifest is not None
            kept = (home / "index.json").read_bytes()
            if kept == old:
                assert lines_of(find_contacts(manifest.index(home), CASES, window=WINDOW, generations=2)) == before
            else:
                assert cut in ("sync_folder", "fsync", "sync_file"), "only the last sync of the folder comes after the change of name"
    assert answer(open_contact_index(folder)) == plain_answer(everything(folder))


def test_a_cut_off_index_is_built_again(folder: Path):
    opened = open_contact_index(folder)
    words = next(opened.folder.glob("words-*.bin"))
    os.truncate(words, words.stat().st_size // 2)
    again = open_contact_index(folder)
    assert again.done == "built"
    assert answer(again) == plain_answer(everything(folder))


def test_a_folder_that_cannot_be_written_keeps_its_index_in_the_cache(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    opened = open_contact_index(folder)
    assert opened.folder.is_relative_to(tmp_path / "cache")
    assert answer(opened) == plain_answer(everything(folder))


def test_every_row_is_counted_by_its_fault(tmp_path: Path):
    rows = {
        "person": pa.array([1, 2, None, 4, 5, 6, 7], pa.int64()),
        "place": pa.array([9, 9, 9, None, 9, 9, 9], pa.int32()),
        "start": pa.array([0.0, 10.0, 0.0, 0.0, 0.5, 50.0, 20.0]),
        "end": pa.array([100, 90, 90, 90, 90, 40, None], pa.int64()),
    }
    parquet.write_table(pa.table(rows), tmp_path / "rows.parquet")
    opened = open_contact_index(tmp_path / "rows.parquet")
    assert opened.count.stored() == {"good": 3, "open_ends": 1, "missing": 1, "no_place": 1, "not_whole": 1, "backwards": 1}
    assert opened.count.read == 7
    found = find_contacts(opened.index, [1], window=(0, 60), min_overlap_s=0)
    assert list(zip(found.contact.tolist(), found.overlap_s.tolist(), strict=True)) == [(2, 50), (7, 40)]
    assert open_contact_index(tmp_path / "rows.parquet").count == opened.count


def test_instants_are_seconds(tmp_path: Path):
    at = np.array(["2020-02-01T08:00", "2020-02-01T09:00"], "datetime64[ms]")
    rows = {"person": [1, 2], "place": [3, 3], "start": at, "end": at + np.timedelta64(2, "h")}
    parquet.write_table(pa.table(rows), tmp_path / "rows.parquet")
    found = find_contacts(open_contact_index(tmp_path / "rows.parquet").index, [1], window=(None, None))
    assert found.overlap_s.tolist() == [3600]
    assert found.first.tolist() == [1_580_547_600]


def test_what_is_no_visit_file_is_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("person,place")
    parquet.write_table(pa.table({"person": ["a"], "place": [1], "start": [1]}), tmp_path / "names.parquet")
    far = Visits([1, 2], [1, 1], [0, 2**40], [1, 2**40 + 1])
    write(tmp_path / "far.parquet", far)
    for name, code in (("empty", "visits_missing"), ("none", "visits_missing"), ("text.parquet", "not_parquet"), ("names.parquet", "columns_missing")):
        with pytest.raises(VisitFileError) as refused:
            open_contact_index(tmp_path / name)
        assert refused.value.code == code and refused.value.zh and refused.value.en
    with pytest.raises(ContactError, match="68"):
        open_contact_index(tmp_path / "far.parquet")


def test_no_visits_answer_nobody(tmp_path: Path):
    nobody = taken(some_visits(1), np.zeros(400, bool))
    opened = open_contact_index(write(tmp_path / "none.parquet", nobody))
    found = find_contacts(opened.index, [5], window=(None, None), generations=2)
    assert len(found) == 0 and found.unknown_cases.tolist() == [5]
