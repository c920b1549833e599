"""Many new rows of one table at once: by one prepared statement on SQLite, by COPY on PostgreSQL.

``bulk_create`` resolves every column of every row anew and writes one statement as long as the
batch; for a sheet of a hundred thousand rows that is most of the time. Here each column's way to
the database is settled once. Values still go through the model's fields, so both databases store
what ``bulk_create`` would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

_USUAL_PAGES, _RARE_PAGES = 1_000, 64_000  # of 4 KB; the first is SQLite's own default
_NO_OFFSET = -len("+00:00")
#: a column of values, and the rows from which they come, as the driver stores them
Converter = Callable[[Sequence[Any], Sequence[models.Model]], Sequence[Any]]


class _Storing:
    """A model's new rows as the driver stores them: most columns go there as they are, the others through a converter each."""

    def __init__(self, model: type[models.Model], vendor: str) -> None:
        self.fields: list[Any] = list(model._meta.local_concrete_fields)
        names = [field.attname for field in self.fields]
        self._read = itemgetter(*names) if len(names) > 1 else lambda held: (held[names[0]],)
        self._converters = {place: convert for place, field in enumerate(self.fields) if (convert := _converter(field, vendor)) is not None}

    def lines(self, rows: Sequence[models.Model]) -> list[list[Any]]:
        columns: list[Sequence[Any]] = list(zip(*[self._read(row.__dict__) for row in rows], strict=True))
        for place, convert in self._converters.items() if rows else ():
            columns[place] = convert(columns[place], rows)
        return list(map(list, zip(*columns, strict=True)))

    def lines_of(self, given: Mapping[str, Sequence[Any]], others: Mapping[str, Any], keys: Sequence[str]) -> list[list[Any]]:
        columns: list[Sequence[Any]] = []
        for place, field in enumerate(self.fields):
            known = field.attname in given
            values = given[field.attname] if known else [others[field.attname]]
            if hasattr(field, "batch_sealer"):
                values = list(map(field.batch_sealer(), values, keys if known else [""]))
            if place in self._converters:
                values = self._converters[place](values, ())
            columns.append(values if known else list(values) * len(keys))
        return list(map(list, zip(*columns, strict=True)))


def insert_new(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Write new rows inside the caller's transaction; IntegrityError where one stands already.

    A model with a ``bulk_create`` of its own goes through that.
    """
    if not rows:
        return
    every = model._default_manager.all()
    if type(every).bulk_create is not models.QuerySet.bulk_create:
        every.bulk_create(rows)
        return
    insert_lines(model, lines_of(model, rows))
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def lines_of(model: type[models.Model], rows: Sequence[models.Model]) -> list[list[Any]]:
    """New rows sealed, and as the values that the driver stores, which another process can be handed."""
    seal_rows(model, rows)
    return _storing(model, connections[DEFAULT_DB_ALIAS].vendor).lines(rows)


def lines_of_columns(model: type[models.Model], given: Mapping[str, Sequence[Any]]) -> list[list[Any]]:
    """As ``lines_of``, of rows given column by column, each by its ``attname`` and the key among them; the others stand at their defaults.

    For models whose fields keep what they are given: none that is set while a row is saved.
    """
    assert model._meta.pk is not None
    constant, made = _defaults(model)
    others = constant | {name: make() for name, make in made if name not in given}
    keys = list(map(str, given[model._meta.pk.attname]))
    return _storing(model, connections[DEFAULT_DB_ALIAS].vendor).lines_of(given, others, keys)


def insert_lines(model: type[models.Model], lines: Sequence[Sequence[Any]]) -> None:
    """Write what ``lines_of`` made, inside the caller's transaction; IntegrityError where one stands already."""
    _write(model, model._meta.local_concrete_fields, lines)


def stamp_lines(model: type[models.Model], lines: Sequence[list[Any]], values: Mapping[str, Any]) -> None:
    """Put other values into fields of lines that ``lines_of`` made, equal ones in every line."""
    names = [field.attname for field in model._meta.local_concrete_fields]
    for name, value in values.items():
        place, held = names.index(name), stored(model, name, value)
        for line in lines:
            line[place] = held


class StoredRow:
    """A new row as ``lines_of`` made it, read an attribute at a time; what is sealed or an instant is not told (AttributeError)."""

    def __init__(self, model: type[models.Model], line: Sequence[Any]) -> None:
        self._model, self._line = model, line

    def __getattr__(self, name: str) -> Any:
        place, read = _readers(self._model).get(name, (0, None))
        if read is None:
            raise AttributeError(f"{self._model.__name__}.{name}")
        return read(self._line[place])


def insert_stored(model: type[models.Model], names: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    """Write new lines of plain values, already in the form in which the driver stores them (see ``stored``)."""
    _write(model, [model._meta.get_field(name) for name in names], lines)


def stored(model: type[models.Model], name: str, value: Any) -> Any:
    """A value of a field as the driver stores it."""
    field: Any = model._meta.get_field(name)
    return field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])


@contextmanager
def rare_checkpoints() -> Iterator[None]:
    """Let SQLite's log grow to 250 MB (not 4) before it is written back, for many batches that touch the same pages of an index.

    Every transaction is as durable as before: what is committed stands in the log, synced.
    """
    if connections[DEFAULT_DB_ALIAS].vendor != "sqlite":
        yield
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"PRAGMA wal_autocheckpoint={_RARE_PAGES}")
    try:
        yield
    finally:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint={_USUAL_PAGES}")


def seal_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Seal the values of fields that are sealed for their row's key; what is sealed already stays."""
    sealers = [(field.attname, field.batch_sealer()) for field in model._meta.local_concrete_fields if hasattr(field, "batch_sealer")]
    if not sealers:
        return
    for row in rows:
        held = row.__dict__
        plain = [(name, seal) for name, seal in sealers if isinstance(held[name], str)]
        if plain:
            key = str(row.pk)
            for name, seal in plain:
                held[name] = seal(held[name], key)


def blank_row(model: type[models.Model], pk: Any = None) -> Any:
    """A new instance with every column at its default, as ``model()`` makes it, at a fraction of the time."""
    constant, made = _defaults(model)
    row = model.__new__(model)
    held = row.__dict__
    held["_state"] = ModelState()
    held.update(constant)
    if pk is not None:
        held[model._meta.pk.attname] = pk
    for name, make in made:
        if name not in held:
            held[name] = make()
    return row


def _write(model: type[models.Model], fields: Sequence[Any], lines: Sequence[Sequence[Any]]) -> None:
    if not lines:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    target = f"{quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            cursor.executemany(f"INSERT INTO {target} VALUES ({', '.join(['%s'] * len(fields))})", lines)  # noqa: S608


@cache
def _storing(model: type[models.Model], vendor: str) -> _Storing:
    return _Storing(model, vendor)


@cache
def _readers(model: type[models.Model]) -> dict[str, tuple[int, Callable[[Any], Any]]]:
    fields = enumerate(model._meta.local_concrete_fields)
    told = [(place, field) for place, field in fields if not hasattr(field, "batch_sealer") and not isinstance(field, models.DateTimeField)]
    names: dict[str, tuple[int, Callable[[Any], Any]]] = {field.attname: (place, field.to_python) for place, field in told}
    return names | {"pk": names[model._meta.pk.attname]} if model._meta.pk is not None else names


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    fields = model._meta.concrete_fields
    made = {field.attname: field.default for field in fields if field.has_default() and callable(field.default)}
    constant = {field.attname: field.get_default() for field in fields if field.attname not in made}
    # a driver takes a plain text at once, a choice by way of its adapters
    return {name: value.value if isinstance(value, Enum) else value for name, value in constant.items()}, list(made.items())


def _converter(field: Any, vendor: str) -> Converter | None:
    """What makes of a column of plain values what the driver stores; None where it does so by itself."""
    prepare = lambda value: field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])
    if hasattr(field, "batch_sealer"):
        sealed: Callable[[Any], Any] = bytearray if vendor == "sqlite" else bytes  # SQLite's driver asks its adapters about bytes, and takes a bytearray at once
        return lambda column, rows: [value if value is None else sealed(value) for value in column]
    stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if stamped or type(field).pre_save not in (models.Field.pre_save, models.DateField.pre_save, models.DateTimeField.pre_save):
        return lambda column, rows: [prepare(field.pre_save(row, True)) for row in rows]
    base = field.target_field if field.is_relation else field
    if isinstance(base, models.BooleanField | models.IntegerField) or (isinstance(base, models.CharField | models.TextField) and vendor == "sqlite"):
        return None
    if isinstance(base, models.JSONField):
        empty: dict[Any, Any] = {list: prepare([]), dict: prepare({})}
        return lambda column, rows: [prepare(value) if value or type(value) not in empty else empty[type(value)] for value in column]
    if isinstance(base, models.DateTimeField):
        return lambda column, rows: _instants(column, prepare) if vendor == "sqlite" else _few(column, prepare)
    for kind, plain, form in _FORMS[vendor]:
        if isinstance(base, kind):
            return lambda column, rows: [value if value is None else form(value) if isinstance(value, plain) else prepare(value) for value in column]
    return lambda column, rows: _few(column, prepare)


#: kinds of fields, the Python type of their values, and the form in which each driver stores them
_FORMS: dict[str, list[tuple[type[models.Field], type, Callable[[Any], Any]]]] = {
    "sqlite": [(models.UUIDField, UUID, attrgetter("hex")), (models.DateField, date, date.isoformat)],
    "postgresql": [(models.CharField, str, str), (models.TextField, str, str), (models.UUIDField, UUID, lambda value: value)],
}


def _instants(column: Sequence[Any], prepare: Callable[[Any], Any]) -> list[Any]:
    """Instants of this house are in UTC; SQLite stores them as text without the offset."""
    if connections[DEFAULT_DB_ALIAS].timezone is not UTC:
        return _few(column, prepare)
    return [value.isoformat(" ")[:_NO_OFFSET] if type(value) is datetime and value.tzinfo is UTC else prepare(value) for value in column]


def _few(column: Sequence[Any], prepare: Callable[[Any], Any]) -> list[Any]:
    """Rows of a batch mostly share such a value: one is prepared again where it differs from the last."""
    last, held, found = object(), None, []
    for value in column:
        if value is not last:
            last, held = value, prepare(value)
        found.append(held)
    return found
