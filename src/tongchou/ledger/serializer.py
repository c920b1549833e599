"""The one serializer: every value that leaves a ledger passes here and is masked here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tongchou.access import masking, permissions
from tongchou.access.actor import Actor
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Ledger

#: classes that are shown whole only to one who has said for which purpose
PURPOSE_CLASSES = ("D1", "D2", "D3", "D4")


@dataclass(frozen=True)
class Shown:
    """A value as one actor may see it: ``value`` for machines, ``text`` for people."""

    value: Any
    text: str
    masked: bool = False


def visible_columns(ledger: Ledger, actor: Actor, *, listed: bool = False) -> list[Column]:
    """Columns of which the actor may see anything at all."""
    return [
        column
        for column in ledger.columns
        if (column.in_list or not listed) and permissions.right(actor, column.cls).read not in ("-", "g")
    ]


def masked_columns(ledger: Ledger, actor: Actor) -> set[str]:
    """Names of the columns that this actor sees only in part."""
    return {column.name for column in ledger.columns if _masks(column, actor)}


def serialize(ledger: Ledger, row: Any, actor: Actor, columns: list[Column] | None = None) -> dict[str, Shown]:
    """One row as this actor may see it, by column name. Columns without a right are absent."""
    return {
        column.name: _shown(column, column.read(row), actor) for column in columns or visible_columns(ledger, actor)
    }


def _masks(column: Column, actor: Actor) -> bool:
    read = permissions.right(actor, column.cls).read
    if read == "M":
        return True
    return read == "S" and column.cls in PURPOSE_CLASSES and not actor.purpose


def _shown(column: Column, value: Any, actor: Actor) -> Shown:
    if value is None or value == "":
        return Shown(None, "")
    if _masks(column, actor) and masking.hides(column.kind, column.name):
        hidden = masking.show(column.render(value), column.kind, column.name)
        return Shown(hidden, hidden, masked=True)
    machine = column.render(value) if column.kind in ("ref", "area", "date", "datetime", "id_no", "phone", "address") else value
    return Shown(machine, column.say(value))
