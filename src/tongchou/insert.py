"""Many new rows of one table by one prepared statement, on either database.

``bulk_create`` resolves every column of every row anew and writes one statement as long as the
batch; for a sheet of a hundred thousand rows that is most of the time. Here each column's way to
the database is settled once. Values still go through the model's fields, so both databases store
what ``bulk_create`` would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

_USUAL_PAGES, _RARE_PAGES = 1_000, 16_000  # of 4 KB; the first is SQLite's own default
Taker = Callable[[Any], Any]


class _Statement:
    """The INSERT of a model: most columns go to the driver as they are, the others through a taker each."""

    def __init__(self, model: type[models.Model], vendor: str) -> None:
        fields: list[Any] = list(model._meta.local_concrete_fields)
        self.sql = _sql(model, fields)
        self.read = itemgetter(*(field.attname for field in fields)) if len(fields) > 1 else lambda held: (held[fields[0].attname],)
        self.makers = [(place, make) for place, field in enumerate(fields) if (make := _maker(field, vendor)) is not None]

    def values(self, rows: Sequence[models.Model]) -> list[list[Any]]:
        takers = [(place, make()) for place, make in self.makers]
        stored: list[list[Any]] = []
        for row in rows:
            values = list(self.read(row.__dict__))
            for place, take in takers:
                values[place] = take(row)
            stored.append(values)
        return stored


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
    return _statement(model, connections[DEFAULT_DB_ALIAS].vendor).values(rows)


def insert_lines(model: type[models.Model], lines: Sequence[Sequence[Any]]) -> None:
    """Write what ``lines_of`` made, inside the caller's transaction; IntegrityError where one stands already."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.executemany(_statement(model, connections[DEFAULT_DB_ALIAS].vendor).sql, lines)


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
    if not lines:
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.executemany(_sql(model, [model._meta.get_field(name) for name in names]), lines)


def stored(model: type[models.Model], name: str, value: Any) -> Any:
    """A value of a field as the driver stores it."""
    field: Any = model._meta.get_field(name)
    return field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])


@contextmanager
def rare_checkpoints() -> Iterator[None]:
    """Let SQLite's log grow to 64 MB (not 4) before it is written back, for many batches that touch the same pages of an index.

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


def _sql(model: type[models.Model], fields: Sequence[Any]) -> str:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    marks = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)}) VALUES ({marks})"  # noqa: S608


@cache
def _statement(model: type[models.Model], vendor: str) -> _Statement:
    return _Statement(model, vendor)


@cache
def _readers(model: type[models.Model]) -> dict[str, tuple[int, Taker]]:
    fields = enumerate(model._meta.local_concrete_fields)
    told = [(place, field) for place, field in fields if not hasattr(field, "batch_sealer") and not isinstance(field, models.DateTimeField)]
    names: dict[str, tuple[int, Taker]] = {field.attname: (place, field.to_python) for place, field in told}
    return names | {"pk": names[model._meta.pk.attname]} if model._meta.pk is not None else names


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    fields = model._meta.concrete_fields
    made = {field.attname: field.default for field in fields if field.has_default() and callable(field.default)}
    return {field.attname: field.get_default() for field in fields if field.attname not in made}, list(made.items())


def _maker(field: Any, vendor: str) -> Callable[[], Taker] | None:
    """What makes, for one batch, the taker that reads a field off a row as the driver stores it; None where it does so by itself."""
    name = field.attname
    if hasattr(field, "batch_sealer"):
        return lambda: lambda row: value if (value := row.__dict__[name]) is None else bytes(value)
    prepare = lambda value: field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])
    stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if stamped or type(field).pre_save not in (models.Field.pre_save, models.DateField.pre_save, models.DateTimeField.pre_save):
        return lambda: lambda row: prepare(field.pre_save(row, True))
    base = field.target_field if field.is_relation else field
    if isinstance(base, models.BooleanField | models.IntegerField) or (isinstance(base, models.CharField | models.TextField) and vendor == "sqlite"):
        return None
    if isinstance(base, models.DateTimeField):
        return lambda: _stamping(name, prepare) if vendor == "sqlite" and connections[DEFAULT_DB_ALIAS].timezone is UTC else _remembering(name, prepare)
    if isinstance(base, models.JSONField):
        empty: dict[Any, Any] = {list: prepare([]), dict: prepare({})}
        return lambda: lambda row: prepare(value) if (value := row.__dict__[name]) or type(value) not in empty else empty[type(value)]
    for kind, plain, form in _FORMS[vendor]:
        if isinstance(base, kind):
            return lambda: _forming(name, plain, form, prepare)
    return lambda: _remembering(name, prepare)


#: kinds of fields, the Python type of their values, and the form in which each driver stores them
_FORMS: dict[str, list[tuple[type[models.Field], type, Callable[[Any], Any]]]] = {
    "sqlite": [(models.UUIDField, UUID, attrgetter("hex")), (models.DateField, date, date.isoformat)],
    "postgresql": [(models.CharField, str, str), (models.TextField, str, str), (models.UUIDField, UUID, lambda value: value)],
}


def _forming(name: str, plain: type, form: Callable[[Any], Any], prepare: Callable[[Any], Any]) -> Taker:
    def take(row: Any) -> Any:
        value = row.__dict__[name]
        return value if value is None else form(value) if isinstance(value, plain) else prepare(value)

    return take


def _stamping(name: str, prepare: Callable[[Any], Any]) -> Taker:
    """Instants of this house are in UTC, as SQLite stores them: as text without its offset."""

    def take(row: Any) -> Any:
        value = row.__dict__[name]
        return str(value.replace(tzinfo=None)) if type(value) is datetime and value.tzinfo is UTC else prepare(value)

    return take


def _remembering(name: str, prepare: Callable[[Any], Any]) -> Taker:
    """Rows of a batch mostly share their instants: one is prepared again where it differs from the last."""
    last, stored = object(), None

    def take(row: Any) -> Any:
        nonlocal last, stored
        value = row.__dict__[name]
        if value is not last:
            last, stored = value, prepare(value)
        return stored

    return take
