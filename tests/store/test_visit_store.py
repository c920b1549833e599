"""Visits by day on disk: nothing acknowledged is lost, nothing doubled, a day is the old one or the new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tongchou.cli.__main__ import main
from tongchou.engine.contacts import Visits, Window, build_index, find_contacts
from tongchou.engine.contacts.records import FAR_AHEAD
from tongchou.store import durable
from tongchou.store.contact_index import open_contact_index
from tongchou.store.visit_rows import VisitFileError, visit_files
from tongchou.store.visit_store import VisitStore

from tests.store.visits import DAY, days_of, joined, lines_of, rows_of, some_visits, table_of, taken, write

FIRST = 18_262
EVER = (0, 2 * FIRST * DAY)


@pytest.fixture
def store(tmp_path: Path) -> VisitStore:
    return VisitStore(tmp_path / "store")


def test_what_is_taken_in_comes_back(store: VisitStore, tmp_path: Path):
    one, two = some_visits(1), some_visits(2)
    assert store.ingest(one).days == (FIRST, FIRST + 1, FIRST + 2, FIRST + 3)
    assert store.ingest([write(tmp_path / "two.parquet", two)]).count.good == 400
    assert rows_of(store.read(*EVER)) == rows_of(joined(one, two))
    assert sum(store.days().values()) == 800
    assert VisitStore(store.folder).days() == store.days()


def test_compacting_changes_nothing_but_the_number_of_files(store: VisitStore):
    for seed in range(3):
        store.ingest(some_visits(seed))
    before = rows_of(store.read(*EVER))
    assert len(visit_files(store.folder)) == 12
    assert store.compact() == (FIRST, FIRST + 1, FIRST + 2, FIRST + 3)
    assert store.compact() == ()
    assert len(visit_files(store.folder)) == len(list(store.folder.glob("*.parquet"))) == 4
    assert rows_of(store.read(*EVER)) == before


def test_a_visit_over_midnight_is_found_on_both_days(store: VisitStore):
    midnight = (FIRST + 1) * DAY
    store.ingest(Visits([1, 2, 3], [7, 7, 7], [midnight - 600, midnight - 600, midnight], [midnight + 600, midnight, midnight + 60]))
    assert store.days() == {FIRST: 2, FIRST + 1: 1}
    assert store.read_day(FIRST).person.tolist() == [1, 2]
    assert store.read_day(FIRST + 1).person.tolist() == [1, 3]
    assert store.read_day(FIRST + 2).person.tolist() == []


def test_the_day_is_the_city_s(tmp_path: Path):
    store = VisitStore(tmp_path, utc_offset_s=8 * 3600)
    store.ingest(Visits([1], [7], [FIRST * DAY - 3600], [FIRST * DAY]))  # 23:00 of UTC is 7:00 of the next day in China
    assert store.days() == {FIRST: 1}
    assert len(VisitStore(tmp_path).read_day(FIRST)) == 1
    with pytest.raises(VisitFileError, match="28800"):
        VisitStore(tmp_path, utc_offset_s=0)


def test_who_has_not_left_is_found_on_every_later_day(store: VisitStore):
    store.ingest(Visits([1], [7], [FIRST * DAY], [FAR_AHEAD]))
    assert store.read_day(FIRST + 50).end.tolist() == [FAR_AHEAD]
    assert parquet.read_table(visit_files(store.folder)[0])["end"].null_count == 1


def test_a_batch_sent_twice_counts_once(store: VisitStore):
    first = store.ingest(some_visits(1), key="checkpoint 7, 2020-02-01")
    again = store.ingest(some_visits(1), key="checkpoint 7, 2020-02-01")
    assert (first.again, again.again) == (False, True)
    assert again.count == first.count
    assert sum(store.days().values()) == 400


def test_a_day_is_replaced(store: VisitStore):
    whole = days_of(some_visits(1))
    store.ingest(joined(*whole.values()))
    corrected = days_of(some_visits(9))[FIRST + 1]
    store.replace_day(FIRST + 1, corrected)
    assert rows_of(store.read(*EVER)) == rows_of(joined(whole[FIRST], corrected, whole[FIRST + 2], whole[FIRST + 3]))
    store.replace_day(FIRST, taken(corrected, np.zeros(len(corrected), bool)))
    assert FIRST not in store.days()
    with pytest.raises(VisitFileError, match="do not start on day"):
        store.replace_day(FIRST, corrected)


def test_rows_that_are_no_visit_are_counted(store: VisitStore):
    table = table_of(some_visits(1)).to_pandas().astype(object)
    table.loc[3, "person"] = None
    table.loc[4, "end"] = int(table.loc[4, "start"]) - 1
    count = store.ingest(table_of_frame(table)).count
    assert (count.good, count.missing, count.backwards, count.read) == (398, 1, 1, 400)


def table_of_frame(frame):
    return pa.table({name: pa.array(frame[name].tolist(), pa.int64()) for name in frame})


def test_a_folder_of_others_is_not_taken_over(tmp_path: Path):
    write(tmp_path / "theirs.parquet", some_visits(1))
    with pytest.raises(VisitFileError) as refused:
        VisitStore(tmp_path)
    assert refused.value.code == "folder_not_empty"


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("work", ["ingest", "replace_day", "compact"])
@pytest.mark.parametrize("call", ["sync_file", "settle", "put", "sync_folder", "replace"])
def test_a_crash_at_any_step_leaves_the_old_or_the_new(store: VisitStore, monkeypatch: pytest.MonkeyPatch, work: str, call: str):
    """Every call that touches the disk fails in turn, until the work goes through without reaching the failing one."""
    corrected = days_of(some_visits(5))[FIRST]
    do = {
        "ingest": lambda: store.ingest(some_visits(4), key="batch"),
        "replace_day": lambda: store.replace_day(FIRST, corrected),
        "compact": lambda: store.compact(),
    }[work]
    store.ingest(some_visits(1))
    store.ingest(some_visits(2))
    before = rows_of(store.read(*EVER))
    for step in range(100):
        if cut_at(step, call, do, monkeypatch):
            break
        now = rows_of(VisitStore(store.folder).read(*EVER))
        if now != before:
            assert call in ("sync_folder", "sync_file"), "the listing changes its name before its folder is synced"
            break
    else:
        pytest.fail("the work never went through")
    do()  # a repetition, as a sender makes it that got no answer
    now = rows_of(store.read(*EVER))
    expected = {
        "ingest": sorted([*before, *rows_of(some_visits(4))]),
        "replace_day": sorted([*(row for row in before if row[2] // DAY != FIRST), *rows_of(corrected)]),
        "compact": before,
    }[work]
    assert now == expected
    assert {file.name for file in visit_files(store.folder)} == {file.name for file in store.folder.glob("*.parquet")} or work != "compact"


def cut_at(step: int, call: str, do, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Runs the work with the ``step``-th call of a kind failing; whether it went through without it."""
    left = [step]
    owner = Path if call == "replace" else durable
    real = getattr(owner, call)

    def cutting(*args):
        if left[0] == 0:
            raise PowerCut
        left[0] -= 1
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(owner, call, cutting)
        try:
            do()
        except PowerCut:
            return False
    return True


def test_a_killed_process_loses_nothing_acknowledged(tmp_path: Path):
    """A process takes in batch after batch, says so, and is killed hard; what it said is there, once."""
    program = textwrap.dedent(
        """
        import sys
        from tests.store.visits import some_visits
        from tongchou.store.visit_store import VisitStore
        store = VisitStore(sys.argv[1])
        for seed in range(1000):
            store.ingest(some_visits(seed, rows=50), key=str(seed))
            print(seed, flush=True)
        """
    )
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), str(root / "src")])
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(5)]
        process.kill()
        said += [int(line) for line in process.stdout.read().split()]
    store = VisitStore(tmp_path)
    held = sum(store.days().values())
    assert held in (50 * len(said), 50 * (len(said) + 1))
    for seed in said:
        assert store.ingest(some_visits(seed, rows=50), key=str(seed)).again
    store.ingest(some_visits(len(said), rows=50), key=str(len(said)))
    assert rows_of(store.read(*EVER)) == rows_of(joined(*(some_visits(seed, rows=50) for seed in range(len(said) + 1))))


def test_the_index_follows_the_store(store: VisitStore):
    ask = {"window": Window(FIRST * DAY, (FIRST + 3) * DAY), "generations": 2}
    cases = 10**12 + np.arange(2)
    for seed in range(3):
        store.ingest(some_visits(seed))
        opened = open_contact_index(store.folder)
        assert lines_of(find_contacts(opened.index, cases, **ask)) == lines_of(find_contacts(build_index(store.read(*EVER)), cases, **ask))
    store.compact()
    assert lines_of(find_contacts(open_contact_index(store.folder).index, cases, **ask)) == lines_of(find_contacts(opened.index, cases, **ask))


def test_the_command_takes_in_replaces_and_gathers(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def ask(*words: object) -> dict[str, int]:
        assert main(["visits", *map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    folder = tmp_path / "store"
    first, second = write(tmp_path / "first.parquet", some_visits(1)), write(tmp_path / "second.parquet", some_visits(2))
    assert (ask("ingest", folder, first, "--key", "a")["good"], ask("ingest", folder, first, "--key", "a")["again"]) == (400, True)
    assert ask("ingest", folder, second)["days"] == 4
    assert ask("compact", folder) == {"days": 4, "visits": 800}
    day = write(tmp_path / "day.parquet", days_of(some_visits(3))[FIRST])
    replaced = ask("replace-day", folder, FIRST, day)
    assert VisitStore(folder).days()[FIRST] == replaced["good"]
    assert main(["visits", "ingest", str(tmp_path), str(first)]) == 1
    assert "no visit store's" in capsys.readouterr().err
