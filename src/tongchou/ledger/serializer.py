"""The one serializer: every value that leaves a ledger passes here and is masked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tongchou.access import masking, permissions
from tongchou.access.actor import Actor
from tongchou.ledger import door
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
    """Columns of which the actor may see anything at all, on some row."""
    return [column for column in ledger.columns if (column.in_list or not listed) and _opens(column, actor)]


def masked_columns(ledger: Ledger, actor: Actor) -> set[str]:
    """Names of the columns that this actor sees only in part."""
    return {column.name for column in ledger.columns if _masks(column, actor, on_own_task=False)}


def serialize(ledger: Ledger, row: Any, actor: Actor, columns: list[Column] | None = None) -> dict[str, Shown]:
    """One row as this actor may see it, by column name. Columns without a right are absent."""
    return serialize_rows(ledger, [row], actor, columns)[0]


def serialize_rows(
    ledger: Ledger, rows: Sequence[Any], actor: Actor, columns: list[Column] | None = None
) -> list[dict[str, Shown]]:
    """Many rows at once; the actor's own open tasks, which may show more, are looked up once."""
    chosen = visible_columns(ledger, actor) if columns is None else columns
    own = _own_tasks(ledger, actor, chosen)
    return [
        {column.name: _shown(column, row, actor, on_own_task=str(row.pk) in own) for column in chosen} for row in rows
    ]


def _opens(column: Column, actor: Actor) -> bool:
    right = permissions.right(actor, column.cls)
    return right.read not in ("-", "g") or right.own_task not in ("", "-")


def _own_tasks(ledger: Ledger, actor: Actor, columns: list[Column]) -> set[str]:
    if not any(permissions.right(actor, column.cls).own_task for column in columns):
        return set()
    return {str(pk) for pk in door.assigned(actor, ledger.key)}


def _letter(column: Column, actor: Actor, on_own_task: bool) -> str:
    right = permissions.right(actor, column.cls)
    return right.own_task if on_own_task and right.own_task else right.read


def _masks(column: Column, actor: Actor, *, on_own_task: bool) -> bool:
    letter = _letter(column, actor, on_own_task)
    if letter in ("M", "-", "g"):
        return True
    return letter == "S" and not on_own_task and column.cls in PURPOSE_CLASSES and not actor.purpose


def _shown(column: Column, row: Any, actor: Actor, *, on_own_task: bool) -> Shown:
    if _letter(column, actor, on_own_task) in ("-", "g"):
        return Shown(None, "", masked=True)
    value = column.read(row)
    if value is None or value == "":
        return Shown(None, "")
    if _masks(column, actor, on_own_task=on_own_task) and masking.hides(column.kind, column.name):
        hidden = masking.show(column.render(value), column.kind, column.name, permissions.right(actor, column.cls))
        return Shown(hidden, hidden, masked=True)
    machine = value if column.kind in ("text", "long", "int", "bool", "choice", "json") else column.render(value)
    return Shown(machine, column.say(value))
