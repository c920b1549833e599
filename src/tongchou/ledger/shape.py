"""What a ledger's columns are to its model, settled once: a sheet asks it of every cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from functools import cache
from typing import Any

from tongchou import audit
from tongchou.access.sealed import blind_index
from tongchou.ledger.columns import SEALED_KINDS, Column
from tongchou.ledger.declaration import Ledger

#: classes whose values enter the trail as keyed hashes
HASHED_CLASSES = ("D1", "D2", "D3", "D4")
#: kinds whose columns hold few words: what a text was read as is worth keeping
FEW_WORDS = ("area", "choice", "bool", "date")


class Shape:
    """Where each editable column's value goes on a row, and how the trail tells it."""

    def __init__(self, ledger: Ledger) -> None:
        names = {field.name for field in ledger.model._meta.concrete_fields}
        self._places = {column.name: _place(ledger, column, names) for column in ledger.columns if column.attr in names}
        fields = [(column, ledger.model._meta.get_field(column.attr)) for column in ledger.columns if column.editable and column.attr in names]
        self._told = [(column.name, field.attname, column, column.kind == "area", column.cls in HASHED_CLASSES) for column, field in fields]

    def set(self, row: Any, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            attr, kind, index, blank = self._places[name]
            if value is None and blank is not None:
                value = blank()
            setattr(row, attr, value)
            if index:
                setattr(row, index, blind_index(kind, value) if value else 0)

    def created(self, row: Any, hashes: MutableMapping[str, str]) -> dict[str, str]:
        """What the trail tells of a new row, by column; ``hashes`` serves the rows of a batch. A link that leads nowhere is not asked for."""
        held, found = row.__dict__, {}
        for name, attname, column, padded, hashed in self._told:
            value = held.get(attname)
            if value is None or value == "":
                continue
            text = value if type(value) is str and not padded else column.render(column.read(row))
            if text and hashed:
                text = hashes.get(text) or hashes.setdefault(text, audit.value_hash(text))
            if text:
                found[name] = text
        return found


@cache
def shape_of(ledger: Ledger) -> Shape:
    """A ledger is declared once and registered as one object."""
    return Shape(ledger)


def _place(ledger: Ledger, column: Column, names: set[str]) -> tuple[str, str, str, Callable[[], Any] | None]:
    """The attribute, the kind of its blind index and where that goes, and what stands for a blank."""
    field: Any = ledger.model._meta.get_field(column.attr)
    index = f"{column.attr}_index" if column.kind in SEALED_KINDS else ""
    return column.attr, column.kind, index if index in names else "", None if field.null else field.get_default
