"""One search box over all ledgers: by name, ID number, phone, area or number, inside the actor's scope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from tongchou import areas
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.sealed import blind_index
from tongchou.ledger import registry
from tongchou.ledger.columns import Column, area_path, clean_text
from tongchou.ledger.declaration import Ledger

HITS_PER_LEDGER = 20
#: people whose name begins so, before their cases are looked for
LINKED_ROWS = 500
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
        if ledger.search and permissions.may(actor, ledger.key, "list"):
            rows = _rows(ledger, ledger.rows(actor), text)
            if rows:
                found.append(Hits(ledger, rows[:HITS_PER_LEDGER], len(rows) > HITS_PER_LEDGER))
    return found


def _rows(ledger: Ledger, opened: QuerySet, text: str) -> list[Any]:
    """The first matches, one column at a time in its own order: asked together, or in the ledger's order, the
    database would walk the whole list to find a handful."""
    found: dict[Any, Any] = {}
    for column in _asked(ledger, text):
        wanted = _wanted(ledger, column, text)
        if wanted is not None:
            order = (column.attr, "pk") if column.kind == "text" and "__" not in column.attr else ledger.order
            rows = opened.filter(wanted).order_by(*order)[: HITS_PER_LEDGER + 1 - len(found)]
            found |= {row.pk: row for row in rows}
        if len(found) > HITS_PER_LEDGER:
            break
    return list(found.values())


def _asked(ledger: Ledger, text: str) -> list[Column]:
    """The columns that this kind of text can be in: an ID number is never also tried as a name."""
    columns = [ledger.column(name) for name in ledger.search]
    for kind, form in (("id_no", _ID_NO), ("phone", _PHONE)):
        if form.match(text):
            return [column for column in columns if column.kind == kind]
    return [column for column in columns if column.kind in ("text", "area")]


def _wanted(ledger: Ledger, column: Column, text: str) -> Q | None:
    link, _, field = column.attr.rpartition("__")
    if column.kind == "text" and link:
        # Joined, the database may walk the ledger and look each name up; asked first, the few ids lead to their rows.
        other = ledger.model._meta.get_field(link).related_model
        named = other._default_manager.filter(**{f"{field}__prefix": text}).order_by(field)
        return Q(**{f"{link}__in": list(named.values_list("pk", flat=True)[:LINKED_ROWS])})
    if column.kind == "text":
        return Q(**{f"{column.attr}__prefix": text})
    if column.kind == "area":
        path = area_path(text)
        return areas.within(column.attr, path) if path else None
    index = blind_index(column.kind, text)
    return Q(**{f"{column.attr}_index": index}) if index else None
