"""One search box over all ledgers: by name, ID number, phone, area or number, inside the actor's scope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from tongchou import areas
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.sealed import blind_index
from tongchou.ledger import registry
from tongchou.ledger.columns import Column, area_path, clean_text
from tongchou.ledger.declaration import Ledger

HITS_PER_LEDGER = 20
_ID_NO = re.compile(r"^\d{17}[\dXx]$")
_PHONE = re.compile(r"^(?:\+?86)?1\d{10}$")


@dataclass(frozen=True)
class Hits:
    ledger: Ledger
    rows: list[Any]
    more: bool


def search(actor: Actor, text: str) -> list[Hits]:
    """Rows that match the text, ledger by ledger. An empty text finds nothing."""
    text = clean_text(text)
    if not text:
        return []
    found = []
    for ledger in registry.every():
        if not ledger.search or not permissions.may(actor, ledger.key, "list"):
            continue
        wanted = _wanted(ledger, text)
        if wanted is None:
            continue
        rows = list(ledger.rows(actor).filter(wanted).order_by(*ledger.order)[: HITS_PER_LEDGER + 1])
        if rows:
            found.append(Hits(ledger, rows[:HITS_PER_LEDGER], len(rows) > HITS_PER_LEDGER))
    return found


def _wanted(ledger: Ledger, text: str) -> Q | None:
    """A query for one kind of text only: an ID number is never also tried as a name, so each stays on one index."""
    columns = [ledger.column(name) for name in ledger.search]
    if _ID_NO.match(text):
        return _any(columns, "id_no", text)
    if _PHONE.match(text):
        return _any(columns, "phone", text)
    wanted: Q | None = None
    for column in columns:
        part: Q | None = None
        if column.kind == "text":
            part = Q(**{f"{column.attr}__prefix": text})
        elif column.kind == "area":
            path = area_path(text)
            part = areas.within(column.attr, path) if path else None
        if part is not None:
            wanted = part if wanted is None else wanted | part
    return wanted


def _any(columns: list[Column], kind: str, text: str) -> Q | None:
    wanted: Q | None = None
    for column in columns:
        if column.kind == kind:
            part = Q(**{f"{column.attr}_index": blind_index(kind, text)})
            wanted = part if wanted is None else wanted | part
    return wanted
