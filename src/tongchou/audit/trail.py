"""Write and check the trail.

Each line's ``link`` is HMAC-SHA256 over the line before and the line's own values, keyed outside
the database: whoever can edit rows by SQL cannot re-seal what follows.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import transaction

from tongchou import citytime, insert, keyed
from tongchou.audit.by import By, Event
from tongchou.audit.models import ChainHead, Entry

#: acts that change nothing but what is known of reading, signing in and asking for work
_READING = ("read", "list", "export", "search", "duplicates", "notice.read", "sign_in", "sign_in_phone", "sign_in_failed", "sign_out", "ask")
_WRITE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_QUOTE = json.encoder.encode_basestring
_MOST_NOTE = 400
_TEXTS = ("post", "user", "name", "purpose", "action", "ledger", "object_id", "area_path")
_FIELDS = ("position", "at", *_TEXTS, "changes", "count", "note", "link")


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
    return "#" + keyed.under("audit")(b"value:" + text.encode())[:16]


def written(changes: Mapping[str, Any] | str) -> str:
    """An event's changes as the trail stores and seals them."""
    return changes if isinstance(changes, str) else _WRITE(changes)


def written_new(texts: Mapping[str, str]) -> str:
    """The changes of a new row, ``{field: [before, after]}`` with nothing before, as ``written`` has them."""
    return "{" + ",".join([f"{_opening(name)}{_QUOTE(texts[name])}]" for name in sorted(texts)]) + "}"


@cache
def _opening(name: str) -> str:
    return f'{_QUOTE(name)}:["",'


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
) -> None:
    """Append one line, inside the caller's transaction where there is one."""
    record_many([Event(action, ledger, str(object_id), by, area, dict(changes or {}), count, note)])


def record_many(events: Sequence[Event]) -> None:
    """Append lines in the order given, as one extension of the chain."""
    if not events:
        return
    at = citytime.now()
    when, stored_at = at.isoformat(), insert.stored(Entry, "at", at)
    with transaction.atomic(savepoint=False):  # a trail that cannot be written ends the caller's transaction too
        head = _locked_head()
        lines = []
        for event in events:
            head.position += 1
            by, note, changes = event.by, event.note[:_MOST_NOTE], written(event.changes)
            texts = (by.post, by.user, by.name, by.purpose, event.action, event.ledger, event.object_id, event.area)
            head.link = _link(head.link, head.position, when, texts, changes, event.count, note)
            lines.append((head.position, stored_at, *texts, changes, event.count, note, head.link))
        insert.insert_stored(Entry, _FIELDS, lines)
        head.save(update_fields=["position", "link"])


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


def written_since(position: int, *, besides: str, about: Collection[str] | None = None) -> bool:
    """Whether anything that may have changed a row was written down after a position, acts on one object left out.

    ``about`` names the ledgers that are asked about; all by default.
    """
    lines = Entry.objects.filter(position__gt=position).exclude(action__in=_READING).exclude(object_id=besides)
    return (lines if about is None else lines.filter(ledger__in=about)).exists()


def verify() -> Verdict:
    """Walk the whole chain and name the first line that was altered, removed, swapped or added."""
    position, link = 0, ""
    for entry in Entry.objects.order_by("position").iterator(chunk_size=2000):
        position += 1
        if entry.position != position or not hmac.compare_digest(entry.link, _link_of(link, entry)):
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
    heads = ChainHead.objects.select_for_update()
    head = heads.filter(id=1).first()
    if head is None:
        ChainHead.objects.get_or_create(id=1)
        head = heads.get(id=1)
    return head


def _link_of(previous: str, entry: Entry) -> str:
    texts = [getattr(entry, name) for name in _TEXTS]
    return _link(previous, entry.position, entry.at.isoformat(), texts, _WRITE(entry.changes), entry.count, entry.note)


def _link(previous: str, position: int, when: str, texts: Sequence[str], changes: str, count: int, note: str) -> str:
    """What is sealed is one JSON array: the link before, then the line's values in the order of ``_FIELDS``."""
    told = ",".join(map(_QUOTE, texts))
    line = f'["{previous}",{position},"{when}",{told},{changes},{count},{_QUOTE(note)}]'
    return keyed.under("audit")(line.encode())
