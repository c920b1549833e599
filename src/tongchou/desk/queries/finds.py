"""What the one search box found, ready to show: masked by the one serializer, linked to its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tongchou import audit
from tongchou.access.actor import Actor
from tongchou.ledger import search, serializer

COLUMNS_SHOWN = 5


@dataclass(frozen=True)
class Group:
    """The rows found in one ledger. ``lines`` are (row, shown values); ``more`` says that there are further ones."""

    ledger: Any
    columns: list[Any]
    lines: list[tuple[Any, list[Any]]]
    more: bool


def groups(actor: Actor, text: str) -> list[Group]:
    """Found rows by ledger; a ledger in which nothing was found is left out. Reading them is one line of the trail each."""
    found = []
    for hits in search.search(actor, text):
        columns = serializer.visible_columns(hits.ledger, actor, listed=True)[:COLUMNS_SHOWN]
        shown = serializer.serialize_rows(hits.ledger, hits.rows, actor, columns)
        lines = [(row, [cells[column.name] for column in columns]) for row, cells in zip(hits.rows, shown, strict=True)]
        found.append(Group(hits.ledger, columns, lines, hits.more))
        audit.record("list", ledger=hits.ledger.key, object_id="", by=actor.by, count=len(lines), note="search")
    return found
