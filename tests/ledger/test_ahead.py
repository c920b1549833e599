"""A second process makes batches ready ahead of the one that writes; whatever becomes of it, the same rows are written once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.audit.models import Entry
from tongchou.jobs import ahead
from tongchou.ledger import registry, write
from tongchou.ledger.exchange import applying, ready, staging
from tongchou.ledger.models import Import
from tongchou.people.models import Person

from tests.ledger.conftest import HEADER
from tests.people.conftest import VILLAGE, number

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [f"某{n},{number(date(1980, 1, 1 + n % 28), 1 + 2 * (n // 28))},154{n:08d},{VILLAGE}" for n in range(1100)]


@pytest.fixture
def taken(monkeypatch) -> list:
    """Imports of any length get a second process and wait until it has started; gives what was taken from it."""
    monkeypatch.setattr(ready, "AHEAD_ROWS", 1)
    monkeypatch.setattr(ahead, "_cores", lambda: 2)
    items: list = []
    started, take = ahead.Ahead.started, ahead.Ahead.take

    def wait(self, *, after):
        while self._child is not None and self._child.poll() is None and not started(self, after=after):
            time.sleep(0.01)
        return started(self, after=after)

    def note(self):
        item = take(self)
        items.append(None if item is None else item[1:3])
        return item

    monkeypatch.setattr(ahead.Ahead, "started", wait)
    monkeypatch.setattr(ahead.Ahead, "take", note)
    return items


@pytest.fixture
def staged(village, sheet):
    def run(*rows: str) -> Import:
        return staging.stage(registry.get("person"), sheet(HEADER, *rows), file_name="x.csv", by=SYSTEM)

    return run


def told(source: Import) -> list[tuple]:
    """Every written row in the order of the sheet, with its line of the trail."""
    rows = {str(row.pk): row for row in Person.objects.all()}
    lines = dict(Entry.objects.filter(action="create", ledger="person").order_by("position").values_list("object_id", "changes"))
    found = []
    for line in source.lines.order_by("row"):
        row, changes = rows[line.object_id], {name: pair for name, pair in lines[line.object_id].items() if name != "person_no"}
        found.append((line.row, line.outcome, row.name, row.sex, row.born_on, row.id_no, row.phone, row.phone_index, row.address, row.area_path, changes))
    return found


def test_rows_and_trail_are_the_same_with_and_without_a_second_process(staged, taken, monkeypatch):
    source = staged(*ROWS)
    applying.apply_now(source=source, by=SYSTEM)
    assert taken == [(0, 501), (501, 1001), (1001, 1101), (1101, 1101)]
    order = list(Entry.objects.filter(action="create", ledger="person").order_by("position").values_list("object_id", flat=True))
    assert order == list(source.lines.order_by("row").values_list("object_id", flat=True))
    first = told(source)
    source.refresh_from_db()
    assert applying.undo_import(source=source, by=SYSTEM) == len(ROWS)
    monkeypatch.setattr(ready, "AHEAD_ROWS", 10_000)
    again = staged(*ROWS)
    applying.apply_now(source=again, by=SYSTEM)
    assert told(again) == first
    assert len(taken) == 4
    assert audit.verify().sound


def test_a_second_process_that_is_killed_costs_no_row(staged, taken, monkeypatch):
    source, take = staged(*ROWS), ahead.Ahead.take

    def dies(self):
        if len(taken) == 1:
            self._child.kill()
            self._child.wait()
            self._child.stdout.read()  # what stood in the pipe is lost with it
        return take(self)

    monkeypatch.setattr(ahead.Ahead, "take", dies)
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert taken == [(0, 501), None]
    assert (source.state, source.created, Person.objects.count()) == ("done", 1100, 1100)
    assert audit.verify().sound


def test_a_write_in_between_is_noticed_though_the_batch_stands_ready(staged, taken, monkeypatch):
    source, take = staged(*ROWS[:600]), ahead.Ahead.take

    def somebody_writes_before_the_second(self):
        item = take(self)
        if len(taken) == 2:
            values = write.clean_row(registry.get("person"), {"name": "某人", "id_no": ROWS[599].split(",")[1], "area_path": VILLAGE}, SYSTEM)
            write.create_rows(registry.get("person"), [values], by=SYSTEM)
        return item

    monkeypatch.setattr(ahead.Ahead, "take", somebody_writes_before_the_second)
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert len(taken) == 2
    assert (source.created, source.updated, Person.objects.count()) == (599, 1, 600)
    assert Person.objects.get(id_no_index=Person.objects.get(name="某599").id_no_index).phone == "15400000599"


def test_what_was_sealed_with_a_key_that_is_retired_meanwhile_is_made_again(staged, taken, monkeypatch):
    source, take = staged(*ROWS[:30]), ahead.Ahead.take

    def sealed_before(self):
        item = take(self)
        return (b"gone", *item[1:])

    monkeypatch.setattr(ahead.Ahead, "take", sealed_before)
    unpacked = []
    monkeypatch.setattr(ready.Supply, "_unpacked", lambda *args: unpacked.append(args))
    applying.apply_now(source=source, by=SYSTEM)
    assert (taken, unpacked) == ([(0, 31)], [])
    assert Person.objects.count() == 30


def test_a_clock_moved_inside_this_process_keeps_the_other_out(staged, taken):
    with citytime.standing_at(citytime.now() - timedelta(hours=30)):
        source = staged(*ROWS[:20])
        applying.apply_now(source=source, by=SYSTEM)
        assert Person.objects.first().created_at == citytime.now()
    assert taken == [None]
    assert Person.objects.count() == 20


def test_rows_that_look_at_each_other_are_never_prepared_ahead(staged):
    source = staged(ROWS[0])
    case, person = registry.get("case"), registry.get("person")
    assert (case.stands_alone, person.stands_alone) == (False, True)
    supply = ready.Supply(source, case, SYSTEM, waiting=1_000_000)
    assert supply._ahead is None


def test_one_core_alone_starts_no_second_process(monkeypatch):
    monkeypatch.setattr(ahead, "_cores", lambda: 1)
    held = ahead.Ahead("tongchou.ledger.exchange.ready:packed_batches", source="")
    assert held._child is None
    assert not held.started(after=0)
    assert held.take() is None


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks /proc whether a process lives")
@pytest.mark.parametrize("kind", ["ahead.Ahead('tongchou.ledger.exchange.ready:packed_batches', source='')", "aside.Aside('tongchou.ledger.exchange.judging:stage_aside')"])
def test_the_second_process_ends_with_the_first(kind):
    script = (
        "import os, django; django.setup()\n"
        "from tongchou.jobs import ahead, aside\n"
        "ahead._cores = lambda: 2\n"
        f"held = {kind}\n"
        "print(held._child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(ahead.__file__).parents[2]), "DJANGO_SETTINGS_MODULE": "tongchou.settings"}
    first = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    second = Path("/proc") / first.stdout.strip()
    assert first.returncode == -9
    for _turn in range(6000):
        if not second.exists() or "\nState:\tZ" in (second / "status").read_text():
            break
        time.sleep(0.01)
    assert not second.exists() or "\nState:\tZ" in (second / "status").read_text()
