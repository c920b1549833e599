"""What was loaded or replayed already: one line of the audit trail for each step, written with the step itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction

from tongchou import audit
from tongchou.access.actor import SYSTEM

LEDGER = "demo"
Say = Callable[[str, str], None]


def done(key: str) -> bool:
    """Whether the step was finished in this data folder."""
    return audit.timeline(LEDGER, key).exists()


def note_of(key: str) -> str:
    """What was noted beside a finished step; empty where it was not done."""
    entry = audit.timeline(LEDGER, key).first()
    return entry.note if entry else ""


@contextmanager
def step(key: str) -> Iterator[list[int]]:
    """A transaction that ends with the mark of the step; append the number of rows to what it yields."""
    with transaction.atomic():
        rows: list[int] = []
        yield rows
        audit.record("demo_step", ledger=LEDGER, object_id=key, by=SYSTEM.by, count=max(sum(rows), 1))


def note(key: str, text: str) -> None:
    """Remember a fact of the load, e.g. how many residents were asked for."""
    audit.record("demo_note", ledger=LEDGER, object_id=key, by=SYSTEM.by, note=text)
