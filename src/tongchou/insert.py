"""Many new rows of one table by one prepared statement, on either database.

``bulk_create`` resolves every column of every row anew and writes one statement as long as the
batch; for a sheet of a hundred thousand rows that is most of the time. Here each column's way to
the database is settled once. Values still go through the model's fields, so both databases store
what ``bulk_create`` would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

Taker = Callable[[Any], Any]


class _Statement:
    """The INSERT of a model: most columns go to the driver as they are, the others through a taker each."""

    def __init__(self, model: type[models.Model], vendor: str) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        fields: list[Any] = list(model._meta.local_concrete_fields)
        names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        self.sql = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
        self.read = itemgetter(*(field.attname for field in fields)) if len(fields) > 1 else lambda held: (held[fields[0].attname],)
        self.makers = [(place, make) for place, field in enumerate(fields) if (make := _maker(field, vendor)) is not None]

    def values(self, rows: Sequence[models.Model]) -> list[list[Any]]:
        takers = [(place, make()) for place, make in self.makers]
        stored = []
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
    connection = connections[DEFAULT_DB_ALIAS]
    statement = _statement(model, connection.vendor)
    with connection.cursor() as cursor:
        cursor.executemany(statement.sql, statement.values(rows))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def blank_row(model: type[models.Model]) -> Any:
    """A new instance with every column at its default, as ``model()`` makes it, at a fraction of the time."""
    constant, made = _defaults(model)
    row = model.__new__(model)
    row.__dict__.update(constant)
    row.__dict__["_state"] = ModelState()
    for name, make in made:
        row.__dict__[name] = make()
    return row


@cache
def _statement(model: type[models.Model], vendor: str) -> _Statement:
    return _Statement(model, vendor)


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    fields = model._meta.concrete_fields
    made = {field.attname: field.default for field in fields if field.has_default() and callable(field.default)}
    return {field.attname: field.get_default() for field in fields if field.attname not in made}, list(made.items())


def _maker(field: Any, vendor: str) -> Callable[[], Taker] | None:
    """What makes, for one batch, the taker that reads a field off a row as the driver stores it; None where it does so by itself."""
    if hasattr(field, "batch_taker"):  # a field that knows a quicker way for many rows
        return field.batch_taker
    name = field.attname
    prepare = lambda value: field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])
    stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if stamped or type(field).pre_save not in (models.Field.pre_save, models.DateField.pre_save, models.DateTimeField.pre_save):
        return lambda: lambda row: prepare(field.pre_save(row, True))
    base = field.target_field if field.is_relation else field
    if isinstance(base, models.BooleanField | models.IntegerField) or (isinstance(base, models.CharField | models.TextField) and vendor == "sqlite"):
        return None
    if isinstance(base, models.DateTimeField):
        return lambda: _remembering(name, prepare)
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
