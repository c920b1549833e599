"""What judging made of new rows lies ready for writing; whatever becomes of it, the same rows are written once."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta

import pytest
from django.conf import settings

from tongchou import audit, citytime, jobs
from tongchou.access.actor import SYSTEM
from tongchou.audit.models import Entry
from tongchou.files import store
from tongchou.jobs.machine import machine_now
from tongchou.ledger import registry, write
from tongchou.ledger.exchange import applying, judging, ready, staging
from tongchou.ledger.models import Import
from tongchou.people.models import Person

from tests.ledger.conftest import HEADER
from tests.people.conftest import VILLAGE, number

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [f"某{n},{number(date(1980, 1, 1 + n % 28), 1 + 2 * (n // 28))},154{n:08d},{VILLAGE}" for n in range(1100)]


@pytest.fixture
def made(monkeypatch) -> list:
    """Gives after which row a batch had to be made again from what was staged."""
    again: list = []
    make = ready.make_ready
    monkeypatch.setattr(ready, "make_ready", lambda source, ledger, by, after, read: again.append(after) or make(source, ledger, by, after, read))
    return again


def told(source: Import) -> list[tuple]:
    """Every written row in the order of the sheet, with its line of the trail."""
    rows = {str(row.pk): row for row in Person.objects.all()}
    lines = dict(Entry.objects.filter(action="create", ledger="person").order_by("position").values_list("object_id", "changes"))
    found = []
    for line in source.lines.order_by("row"):
        row, changes = rows[line.object_id], {name: pair for name, pair in lines[line.object_id].items() if name != "person_no"}
        found.append((line.row, line.outcome, row.name, row.sex, row.born_on, row.id_no, row.phone, row.phone_index, row.address, row.area_path, changes))
    return found


def spoil(name: str) -> None:
    path = store.folder() / name
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


@pytest.mark.parametrize("what", [store.forget, spoil, lambda name: (store.folder() / name).write_bytes(b"")], ids=["gone", "altered", "empty"])
def test_rows_and_trail_are_the_same_whether_they_lie_ready_or_are_made_again(staged, made, what):
    source = staged(*ROWS)
    applying.apply_now(source=source, by=SYSTEM)
    assert made == [1101]  # only to see that nothing comes after the last batch
    order = list(Entry.objects.filter(action="create", ledger="person").order_by("position").values_list("object_id", flat=True))
    assert order == list(source.lines.order_by("row").values_list("object_id", flat=True))
    first = told(source)
    source.refresh_from_db()
    assert applying.undo_import(source=source, by=SYSTEM) == len(ROWS)
    made.clear()
    again = staged(*ROWS)
    what(again.made)
    applying.apply_now(source=again, by=SYSTEM)
    assert made == [0, 501, 1001, 1101]
    assert told(again) == first
    assert audit.verify().sound


def test_a_write_in_between_is_noticed_though_the_batch_lies_ready(staged, made, monkeypatch):
    source, after = staged(*ROWS[:600]), ready.Supply.after

    def somebody_writes_before_the_second(self, row, *, moved):
        batch = after(self, row, moved=moved)
        if row == 501 and not moved:
            values = write.clean_row(registry.get("person"), {"name": "某人", "id_no": ROWS[599].split(",")[1], "area_path": VILLAGE}, SYSTEM)
            write.create_rows(registry.get("person"), [values], by=SYSTEM)
        return batch

    monkeypatch.setattr(ready.Supply, "after", somebody_writes_before_the_second)
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert made == []
    assert (source.created, source.updated, Person.objects.count()) == (599, 1, 600)
    assert Person.objects.get(id_no_index=Person.objects.get(name="某599").id_no_index).phone == "15400000599"


@pytest.mark.parametrize(("ledger", "again"), [("task", False), ("case", False), ("notice", False), ("person", True), ("household", True), ("place", True), ("area", True), ("post", True), ("user", True)])
def test_only_what_a_judgement_hangs_on_makes_it_stale(staged, monkeypatch, ledger, again):
    source, anew = staged(*ROWS[:3]), []
    judge = judging.judge
    audit.record("change", ledger=ledger, object_id="somebody's", by=SYSTEM.by)
    monkeypatch.setattr(judging, "judge", lambda *args: anew.append(args) or judge(*args))
    applying.apply_now(source=source, by=SYSTEM)
    assert bool(anew) == again
    assert Person.objects.count() == 3


def test_what_was_sealed_with_a_key_that_is_retired_meanwhile_is_made_again(staged, made, monkeypatch):
    source = staged(*ROWS[:600])
    monkeypatch.setattr(ready, "current_key", lambda: b"next")
    applying.apply_now(source=source, by=SYSTEM)
    assert made == [0, 501, 601]
    assert Person.objects.count() == 600


def test_a_key_that_is_replaced_while_a_file_is_judged_spoils_what_is_put_by_from_there(staged, made, monkeypatch):
    keys = iter([ready.current_key(), ready.current_key(), b"next"])
    with monkeypatch.context() as patched:
        patched.setattr(ready, "current_key", lambda: next(keys))
        source = staged(*ROWS[:600])
    applying.apply_now(source=source, by=SYSTEM)
    assert made == [501, 601]
    assert Person.objects.count() == 600


def test_a_batch_with_a_row_to_change_is_judged_anew_the_others_lie_ready(staged, made):
    applying.apply_now(source=staged(ROWS[550]), by=SYSTEM)
    source = staged(*ROWS[:550], ROWS[550].replace("某550,", "别名,"), *ROWS[551:])
    made.clear()
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert made == [501, 1101]
    assert (source.created, source.updated) == (1099, 1)
    assert Person.objects.filter(name="别名").count() == 1


def test_a_worker_that_dies_between_batches_goes_on_where_the_other_stood(staged, made, monkeypatch):
    source, after = staged(*ROWS), ready.Supply.after
    job = applying.confirm_import(source=source, by=SYSTEM)

    def dies(self, row, *, moved):
        if row == 501:
            raise KeyboardInterrupt
        return after(self, row, moved=moved)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ready.Supply, "after", dies)
        jobs.run(until_idle=True, periodic=False)
    assert Person.objects.count() == 500
    jobs.Job.objects.filter(pk=job.pk).update(lease_until_at=machine_now())
    jobs.run(until_idle=True, periodic=False)
    job.refresh_from_db()
    source.refresh_from_db()
    assert (job.state, source.created, Person.objects.count()) == (jobs.JobState.DONE, 1100, 1100)
    assert made == [1101]
    assert audit.verify().sound


def test_a_row_bears_the_instant_at_which_it_was_written(staged):
    at = citytime.at_hour(citytime.today(), 9)
    with citytime.standing_at(at):
        source = staged(*ROWS[:3])
    with citytime.standing_at(at + timedelta(hours=2)):
        applying.apply_now(source=source, by=SYSTEM)
    assert {(row.created_at, row.updated_at) for row in Person.objects.all()} == {(at + timedelta(hours=2),) * 2}


def test_what_lies_ready_is_sealed_and_goes_once_it_is_of_no_use(staged, sheet):
    before = set(store.folder().iterdir())
    first = staged(*ROWS[:3])
    kept = store.folder() / first.made
    assert kept.exists() and all(word not in kept.read_bytes() for word in ("某1".encode(), ROWS[1].split(",")[1].encode()))
    applying.drop_import(source=first, by=SYSTEM)
    assert not kept.exists()
    second = staged(*ROWS[:3])
    kept = store.folder() / second.made
    staging.stage_into(second, sheet(HEADER, *ROWS[:2]), by=SYSTEM)
    assert not kept.exists() and store.exists(second.made)
    kept = store.folder() / second.made
    staging.stage_into(second, sheet(HEADER), by=SYSTEM)
    assert (second.state, second.made, kept.exists()) == ("refused", "", False)
    third = staged(*ROWS[:3])
    applying.apply_now(source=third, by=SYSTEM)
    assert set(store.folder().iterdir()) <= before
    assert settings.DATA in store.folder().parents


def test_what_nobody_asks_for_any_more_goes_when_the_next_file_comes(staged):
    waits = staged(*ROWS[:3])
    left, fresh, plain = store.keep([b"exported, never fetched"]), store.keep([b"exported just now"]), store.folder() / "tongchou-x1"
    plain.write_bytes("明文，进程被杀后留下".encode())
    yesterday = time.time() - 25 * 3600
    for path in (store.folder() / waits.made, store.folder() / left, plain):
        os.utime(path, (yesterday, yesterday))
    staged(*ROWS[3:5])
    assert store.exists(waits.made) and store.exists(fresh)
    assert not store.exists(left) and not plain.exists()


def test_rows_that_look_at_each_other_never_lie_ready(staged):
    case, person = registry.get("case"), registry.get("person")
    assert (case.stands_alone, person.stands_alone) == (False, True)
    source = staged(ROWS[0])
    source.made = ""
    with ready.making(source, case) as put_by:
        put_by([])
    assert source.made == ""
