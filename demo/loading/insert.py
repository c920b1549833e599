"""Many rows into one table with one prepared statement, on either database; sealed columns are sealed on the way.

Django's own ``bulk_create`` resolves every column of every row anew; for a million people that is
most of the time. Values are prepared by the model's fields, so both databases store the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

from tongchou.access.sealed import SealedField, blind_index, seal

_BATCH_ROWS = 2000
_PLAIN = (models.CharField, models.PositiveIntegerField)


class Inserter:
    """Collects rows of one model and writes them in batches, inside the caller's transaction.

    Args:
        columns: attribute names that every row gives (``household_id``, not ``household``).
        indexed: {sealed column: kind of its blind index}, stored in ``<column>_index``.
        same: values that all rows share.

    Every other column takes the model's default.
    """

    def __init__(
        self, model: type[models.Model], columns: Sequence[str], indexed: Mapping[str, str], same: Mapping[str, Any]
    ) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        self.table = model._meta.db_table
        self.columns, self.indexed = tuple(columns), dict(indexed)
        self.prepare = [self._preparer(fields[name]) for name in self.columns]
        rest = [name for name in fields if name not in columns and name not in {f"{one}_index" for one in indexed}]
        fixed = {name: same.get(name, fields[name].get_default()) for name in rest}
        self.fixed = tuple(fields[name].get_db_prep_save(value, connection) for name, value in fixed.items())
        names = [fields[name].column for name in (*self.columns, *(f"{one}_index" for one in self.indexed), *fixed)]
        quoted = ", ".join(connection.ops.quote_name(name) for name in names)
        marks = ", ".join(["%s"] * len(names))
        self.sql = f"INSERT INTO {connection.ops.quote_name(self.table)} ({quoted}) VALUES ({marks})"  # noqa: S608
        self.index = lru_cache(maxsize=64)(blind_index)
        self.rows: list[tuple[Any, ...]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one row; it is written with its batch."""
        key = str(row["id"])
        values = [prepare(row[name], key) for name, prepare in zip(self.columns, self.prepare, strict=True)]
        values += [self.index(kind, row[name]) for name, kind in self.indexed.items()]
        self.rows.append((*values, *self.fixed))
        if len(self.rows) >= _BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what was taken so far."""
        if self.rows:
            with connection.cursor() as cursor:
                cursor.executemany(self.sql, self.rows)
            self.rows = []

    def _preparer(self, field: models.Field) -> Callable[[Any, Any], Any]:
        if isinstance(field, SealedField):
            place = f"{self.table}.{field.column}."
            binary, empty = connection.Database.Binary, field.get_db_prep_save("", connection)
            return lambda value, key: binary(bytes(seal(value, place + key))) if value else empty
        if isinstance(field, _PLAIN):
            return lambda value, _key: value
        return lambda value, _key: field.get_db_prep_save(value, connection)
