"""A second process judges batches of a long file; whatever becomes of it, every row is told what it would be told without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.jobs import aside
from tongchou.ledger import write
from tongchou.ledger.exchange import applying, staging
from tongchou.ledger.models import Import

from tests.people.conftest import VILLAGE, number

pytestmark = pytest.mark.django_db(transaction=True)
_LONG = b"x" * 200_000

ROWS = [f"某{n},{number(date(1980, 1, 1 + n % 28), 1 + 2 * (n // 28))},154{n:08d},{VILLAGE}" for n in range(200)]


@pytest.fixture
def answers(monkeypatch) -> list:
    """Files of any length get a second process, waited for until it wakes and while it answers; gives how many rows each of its answers had."""
    monkeypatch.setattr(staging, "ASIDE_BATCHES", 1)
    monkeypatch.setattr(write, "BATCH_ROWS", 20)
    monkeypatch.setattr(aside, "_cores", lambda: 2)
    told: list = []
    free, take = aside.Aside.free, aside.Aside.take

    def wait(self):
        while self._child is not None and self._child.poll() is None and (not self._awake.is_set() or (self._open == 4 and self._answers.empty())):
            time.sleep(0.01)
        return free(self)

    def note(self):
        answer = take(self)
        told.append(None if answer is None else len(answer))
        return answer

    monkeypatch.setattr(aside.Aside, "free", wait)
    monkeypatch.setattr(aside.Aside, "take", note)
    return told


def lines_of(source: Import) -> list[tuple]:
    """What each row was told; ids of rows that would be new are made anew each time."""
    lines = source.lines.order_by("row")
    return [(one.row, one.outcome, one.parsed(), one.reasons, one.differs, one.content, one.outcome == "created" or one.object_id) for one in lines]


def test_every_row_is_told_the_same_with_and_without_a_second_process(staged, answers, monkeypatch):
    applying.apply_now(source=staged(*ROWS[:30]), by=SYSTEM)
    answers.clear()
    good = number(date(1990, 2, 3), 1)
    changed, wrong = ROWS[3].replace("某3,", "王三,"), f"某错,{good[:-1]}{'1' if good[-1] != '1' else '2'},15400000009,{VILLAGE}"
    # 30 known (one changed), 120 new, a wrong number, a twin, an unequal twin, too many cells, no identity, the same again
    sheet = [*ROWS[:3], changed, *ROWS[4:150], wrong, ROWS[40], ROWS[41].replace("某41,", "别人,"), ROWS[160] + ",多", f"无证,,,{VILLAGE}", f"无证,,,{VILLAGE}", *ROWS[160:]]
    beside = staged(*sheet)
    assert len(answers) >= 3 and None not in answers
    told = lines_of(beside)
    assert (beside.created, beside.updated, beside.unchanged, beside.rejected) == (161, 1, 31, 3)
    assert [line[3][0]["code"] for line in told if line[1] == "rejected"] == ["id_check_digit", "duplicate_in_file", "too_many_cells"]
    applying.drop_import(source=beside, by=SYSTEM)
    monkeypatch.setattr(staging, "ASIDE_BATCHES", 10_000)
    answers.clear()
    assert lines_of(staged(*sheet)) == told
    assert answers == []


def test_a_second_process_that_is_killed_costs_no_row(staged, answers, monkeypatch):
    take = aside.Aside.take

    def dies(self):
        if len(answers) == 1:
            self._child.kill()
            self._child.wait()
            while not self._answers.empty():
                self._answers.get()  # what stood in the pipe is lost with it
            self._answers.put(None)
        return take(self)

    monkeypatch.setattr(aside.Aside, "take", dies)
    source = staged(*ROWS)
    assert answers[0] == 20 and set(answers[1:]) == {None}
    assert (source.state, source.created, source.lines.count()) == ("staged", 200, 200)
    assert [line[0] for line in lines_of(source)] == list(range(2, 202))


def test_what_a_transaction_has_not_told_anybody_is_judged_by_itself(staged, answers):
    with transaction.atomic():
        assert staged(*ROWS).created == 200
    assert answers == []


def test_a_clock_moved_inside_this_process_keeps_the_other_out(staged, answers):
    with citytime.standing_at(citytime.now() - timedelta(hours=30)):
        source = staged(*ROWS)
    assert set(answers) <= {None} and source.created == 200


def test_one_core_alone_starts_no_second_process(monkeypatch):
    monkeypatch.setattr(aside, "_cores", lambda: 1)
    held = aside.Aside("tongchou.ledger.exchange.judging:stage_aside")
    assert held.ready() and not held.free()
    assert held.take() is None


def patient(*, gate: str):
    """Answers in the second process, once there is a file."""

    def answer(question: bytes) -> int:
        while not Path(gate).exists():
            time.sleep(0.01)
        return len(question)

    return answer


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux lets a pipe be that large")
def test_the_job_waits_for_no_long_question_to_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(aside, "_cores", lambda: 2)
    held = aside.Aside(f"{__name__}:patient", gate=str(tmp_path / "gate"))
    while not held.free():
        time.sleep(0.01)
    for _turn in range(4):
        held.ask(_LONG)  # with a smaller pipe it would stand here until the gate is open
    assert not held.free() and not held.ready()
    (tmp_path / "gate").touch()
    assert [held.take() for _turn in range(4)] == [len(_LONG)] * 4
    held.close()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks /proc whether a process lives")
def test_the_second_process_ends_with_the_first():
    script = (
        "import os, django; django.setup()\n"
        "from tongchou.jobs import aside\n"
        "aside._cores = lambda: 2\n"
        "held = aside.Aside('tongchou.ledger.exchange.judging:stage_aside')\n"
        "print(held._child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(aside.__file__).parents[2]), "DJANGO_SETTINGS_MODULE": "tongchou.settings"}
    first = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    second = Path("/proc") / first.stdout.strip()
    assert first.returncode == -9
    for _turn in range(6000):
        if not second.exists() or "\nState:\tZ" in (second / "status").read_text():
            break
        time.sleep(0.01)
    assert not second.exists() or "\nState:\tZ" in (second / "status").read_text()
