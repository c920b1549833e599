"""A ledger (台账) is declared once: from this class follow list, filter, form, sheet, export, API, menu and rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models

from tongchou.ledger.columns import Column, Label

SCOPE_KINDS = ("area", "site", "object", "assignment", "self")


class DeclarationError(Exception):
    """A ledger's declaration cannot work; raised at start-up, for its programmer."""


@dataclass(frozen=True)
class Action:
    """A change of state offered on a row: ``do(**{noun: row}, by=actor, **values)``.

    ``when`` says for which rows it is offered; the function itself still refuses what is wrong.
    ``noun`` is the keyword of the row, by default the ledger's key.
    """

    name: str
    label: Label
    do: Callable[..., Any]
    fields: Sequence[Column] = ()
    when: Callable[[Any], bool] = lambda row: True
    noun: str = ""
    danger: bool = False
    help: Label = ""


class Ledger:
    """Subclass and register. Every attribute below may be set; any other is refused at start-up."""

    #: name in addresses, rights and the trail
    key: ClassVar[str] = ""
    label: ClassVar[Label] = ""
    label_en: ClassVar[str] = ""
    #: one sentence for the list's head and its empty state
    help: ClassVar[Label] = ""
    model: ClassVar[type[models.Model]]
    #: the class of the ledger as a whole: which right opens its list
    field_class: ClassVar[str] = ""
    #: scope kind -> model path that places a row for it
    placed: ClassVar[Mapping[str, str]] = {}
    columns: ClassVar[Sequence[Column]] = ()
    filters: ClassVar[Sequence[str]] = ()
    search: ClassVar[Sequence[str]] = ()
    #: keyset order: non-null model fields, the last one unique, an index behind it
    order: ClassVar[Sequence[str]] = ("-id",)
    related: ClassVar[Sequence[str]] = ()
    actions: ClassVar[Sequence[Action]] = ()
    #: menu group and place in it; an empty group keeps the ledger out of the menu
    menu: ClassVar[tuple[str, int]] = ("", 0)
    #: routes of further pages about one row (their argument is ``pk``) and what their buttons say
    row_routes: ClassVar[Mapping[str, Label]] = {}
    #: words for lines of the trail that are neither a column nor an action of this ledger
    trail_words: ClassVar[Mapping[str, Label]] = {}
    #: rows may be added and edited as plain data (else only actions write)
    writable: ClassVar[bool] = True
    #: route of a page that takes in a new row better than the plain form; the list's button leads there
    new_route: ClassVar[str] = ""
    #: ``prepare`` looks at the row alone and at what no new row of this ledger changes: rows may be prepared long before they are written
    stands_alone: ClassVar[bool] = False
    #: in a ledger that stands alone, the fields that hold the instant of writing
    stamped: ClassVar[Sequence[str]] = ()
    #: ways to find a row again, each a tuple of columns, tried in order; by default the identity columns
    identities: ClassVar[Sequence[tuple[str, ...]]] = ()
    #: columns that head the detail page
    title: ClassVar[Sequence[str]] = ()

    def prepare(self, row: Any, values: Mapping[str, Any], by: Any) -> None:
        """Derive fields of a row before it is saved; raise Refusal for what cannot stand together."""

    def saved(self, created: Sequence[Any], changed: Sequence[Any], by: Any) -> None:
        """Act on rows just written, inside the same transaction: start clocks, tasks, notices.

        In a ledger that stands alone ``created`` may be rows as they are stored (``insert.StoredRow``): plain values and links, nothing sealed, no instant.
        """

    def removed(self, rows: Sequence[Any], by: Any) -> None:
        """Take back what ``saved`` started for rows that an undone import is about to delete."""

    def rows_for(self, actor: Any, queryset: models.QuerySet) -> models.QuerySet:
        """Narrow what a scope opens further, where a ledger needs to (a queryset in, a queryset out)."""
        return queryset

    # What follows is derived from the declaration and not meant to be overridden.

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise DeclarationError(f"{self.key}: no column {name!r}")

    def identity_columns(self) -> list[Column]:
        return [column for column in self.columns if column.identity]

    def ways_to_find(self) -> list[list[Column]]:
        """The identities as columns; empty where rows of this ledger cannot be told apart by content."""
        ways = self.identities or (tuple(column.name for column in self.identity_columns()),)
        return [[self.column(name) for name in way] for way in ways if way]

    def editable_columns(self, *, creating: bool = True) -> list[Column]:
        return [column for column in self.columns if column.editable and (creating or not column.create_only)]

    def title_of(self, row: Any) -> list[Column]:
        names = self.title or [column.name for column in self.identity_columns()] or [self.columns[0].name]
        return [self.column(name) for name in names]

    def rows(self, actor: Any) -> models.QuerySet:
        """The one read door: what this actor's scope opens, and nothing else."""
        from tongchou.ledger import door  # the door reads the registry, which reads this module

        return door.rows(self, actor)


_KNOWN = {name for name in vars(Ledger) if not name.startswith("__")} | set(Ledger.__annotations__)


def check(cls: type[Ledger]) -> None:
    """Hold a declaration against the kernel's words and its model. Raises DeclarationError."""
    unknown = {name for name in vars(cls) if not name.startswith("__")} - _KNOWN
    if unknown:
        raise DeclarationError(f"{cls.__name__}: the kernel does not know {sorted(unknown)}; override the view instead")
    if not (cls.key and cls.label and cls.columns and cls.field_class):
        raise DeclarationError(f"{cls.__name__}: key, label, columns and field_class must be set")
    if set(cls.placed) - set(SCOPE_KINDS):
        raise DeclarationError(f"{cls.__name__}: placed knows {SCOPE_KINDS}, not {sorted(set(cls.placed) - set(SCOPE_KINDS))}")
    names = [column.name for column in cls.columns]
    if len(set(names)) != len(names):
        raise DeclarationError(f"{cls.__name__}: a column is declared twice")
    for name in (*cls.filters, *cls.search, *cls.title, *(name for way in cls.identities for name in way)):
        if name not in names:
            raise DeclarationError(f"{cls.__name__}: {name!r} is no column")
    for path in (*cls.placed.values(), *(field.lstrip("-") for field in cls.order)):
        _follow(cls.model, path, cls.__name__)
    for column in cls.columns:
        if column.editable and cls.writable:
            _follow(cls.model, column.attr, cls.__name__)


def _follow(model: type[models.Model], path: str, who: str) -> None:
    for step in path.split("__"):
        names = {field.name for field in model._meta.get_fields()} | {"pk"}
        names |= {field.attname for field in model._meta.concrete_fields}
        if step not in names:
            raise DeclarationError(f"{who}: {model.__name__} has no field {path!r}")
        if step != "pk":
            found = model._meta.get_field(step if step in {f.name for f in model._meta.get_fields()} else step.removesuffix("_id"))
            model = found.related_model or model
