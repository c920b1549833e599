"""Write and check the trail.

Each line's ``link`` is HMAC-SHA256 over the line before and the line's own values, keyed outside
the database: whoever can edit rows by SQL cannot re-seal what follows.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from tongchou import citytime, insert
from tongchou.audit.by import By, Event
from tongchou.audit.models import ChainHead, Entry

_SEALED_FIELDS = (
    "position", "at", "post", "user", "name", "purpose", "action", "ledger", "object_id", "area_path", "changes", "count", "note",
)  # fmt: skip


#: acts that change nothing but what is known of reading, signing in and asking for work
_READING = ("read", "list", "export", "search", "duplicates", "notice.read", "sign_in", "sign_in_phone", "sign_in_failed", "sign_out", "ask")
_WRITE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found. ``broken_at`` is the first position that does not hold, or None."""

    rows: int
    broken_at: int | None
    zh: str
    en: str

    @property
    def sound(self) -> bool:
        return self.broken_at is None


def value_hash(text: str) -> str:
    """A keyed hash that stands for a personal value: equal values look equal, nothing can be read back."""
    return "#" + hmac.digest(settings.KEYS.audit, b"value:" + text.encode(), "sha256").hex()[:16]


def record(
    action: str,
    *,
    ledger: str,
    object_id: str,
    by: By,
    area: str = "",
    changes: Mapping[str, Any] | None = None,
    count: int = 1,
    note: str = "",
) -> Entry:
    """Append one line, inside the caller's transaction where there is one."""
    event = Event(action, ledger, str(object_id), by, area, dict(changes or {}), count, note)
    return record_many([event])[0]


def record_many(events: Sequence[Event]) -> list[Entry]:
    """Append lines in the order given, as one extension of the chain."""
    if not events:
        return []
    at = citytime.now()
    when = at.isoformat()
    with transaction.atomic():
        head = _locked_head()
        entries = []
        for event in events:
            head.position += 1
            entry = _entry(event, head.position, at)
            entry.link = head.link = _link(head.link, entry, when)
            entries.append(entry)
        insert.insert_new(Entry, entries)
        head.save(update_fields=["position", "link"])
    return entries


def timeline(ledger: str, object_id: str):
    """The lines about one row, newest first."""
    return Entry.objects.filter(ledger=ledger, object_id=str(object_id)).order_by("-position")


def touched_after(ledger: str, object_ids: Sequence[str], position: int) -> set[str]:
    """Which of these rows were written to after a position of the trail; reading does not count."""
    lines = Entry.objects.filter(ledger=ledger, object_id__in=list(object_ids), position__gt=position)
    return set(lines.exclude(action__in=_READING).values_list("object_id", flat=True))


def hold() -> int:
    """Keep other writers of the trail waiting until this transaction ends; the last position so far."""
    return _locked_head().position


def written_since(position: int, *, besides: str) -> bool:
    """Whether anything that may have changed a row was written down after a position, acts on one object left out."""
    lines = Entry.objects.filter(position__gt=position).exclude(action__in=_READING).exclude(object_id=besides)
    return lines.exists()


def verify() -> Verdict:
    """Walk the whole chain and name the first line that was altered, removed, swapped or added."""
    position, link = 0, ""
    for entry in Entry.objects.order_by("position").iterator(chunk_size=2000):
        position += 1
        if entry.position != position or not hmac.compare_digest(entry.link, _link(link, entry, entry.at.isoformat())):
            return _broken(position)
        link = entry.link
    head = ChainHead.objects.filter(id=1).first()
    if (head.position, head.link) != (position, link) if head else position:
        return _broken(position + 1)
    return Verdict(position, None, f"审计链完整，共 {position} 条。", f"The audit chain holds: {position} lines.")


def _broken(position: int) -> Verdict:
    return Verdict(
        position - 1,
        position,
        f"审计链在第 {position} 条断裂：该条被改动、删除、插入或截断。请立即保留现场并从备份核对。",
        f"The audit chain breaks at line {position}: it was altered, removed, inserted or cut off."
        " Keep everything as it is and compare with the backup.",
    )


def _locked_head() -> ChainHead:
    ChainHead.objects.get_or_create(id=1)
    return ChainHead.objects.select_for_update().get(id=1)


def _entry(event: Event, position: int, at: Any) -> Entry:
    entry: Entry = insert.blank_row(Entry)
    by = event.by
    entry.position, entry.at, entry.post, entry.user, entry.name, entry.purpose = position, at, by.post, by.user, by.name, by.purpose
    entry.action, entry.ledger, entry.object_id, entry.area_path = event.action, event.ledger, event.object_id, event.area
    entry.changes, entry.count, entry.note = dict(event.changes), event.count, event.note[:400]
    return entry


def _link(previous: str, entry: Entry, when: str) -> str:
    """``when`` is the entry's instant as text; a batch shares one."""
    held = entry.__dict__
    values: Iterable[Any] = (when if name == "at" else held[name] for name in _SEALED_FIELDS)
    return hmac.digest(settings.KEYS.audit, _WRITE([previous, *values]).encode(), "sha256").hex()
