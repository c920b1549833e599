"""The one read door: a queryset of what an actor's scopes open.

A post sees through its scopes: an area subtree (a digits-only range, served by an index), a site,
an object, its own open tasks, or itself. A ledger says which model field places a row for each
kind; a scope kind that a ledger does not declare opens nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Concat

from tongchou import areas
from tongchou.access import permissions
from tongchou.access.actor import Actor, Scope
from tongchou.ledger.declaration import Ledger


def _none(actor: Actor, key: str) -> Iterable[str]:
    return ()


_CITY_DIGITS = 4
_WHOLE = "placed_in"

# (actor, ledger key) -> ids of rows that the actor's open tasks point at; the tasks room sets it.
_assignments: Callable[[Actor, str], Iterable[str]] = _none


def open_assignments_by(source: Callable[[Actor, str], Iterable[str]]) -> None:
    """Let the tasks room say which rows a post's open tasks point at (it stands left of this room)."""
    global _assignments
    _assignments = source


def assigned(actor: Actor, key: str) -> Iterable[str]:
    """Ids of a ledger's rows that the actor's open tasks point at."""
    return _assignments(actor, key)


def rows(ledger: Ledger, actor: Actor) -> QuerySet:
    """Rows of a ledger that this actor may see. An actor without the right to list gets none."""
    queryset = ledger.model._default_manager.all()
    if ledger.related:
        # fetched beside, not joined: a join would let the database begin at the other table and sort the whole ledger
        queryset = queryset.prefetch_related(*ledger.related)
    if not permissions.may(actor, ledger.key, "list") and not permissions.may(actor, ledger.key, "read"):
        return queryset.none()
    if _sees_everything(actor) or not ledger.placed:
        return ledger.rows_for(actor, queryset)
    opened = _opened(ledger, actor)
    if opened is None:
        return queryset.none()
    if _spans_the_city(ledger, actor):
        queryset = queryset.alias(**{_WHOLE: Concat(F(ledger.placed["area"]), Value(""), output_field=CharField())})
    return ledger.rows_for(actor, queryset.filter(opened))


def may_hold(ledger: Ledger, row: Any, actor: Actor) -> bool:
    """Whether a row, as it would be saved, lies where this actor may write."""
    if _sees_everything(actor) or not ledger.placed:
        return True
    for scope in actor.scopes:
        place = _place(ledger, scope)
        value = _value(row, place) if place else None
        if value is None:
            continue
        if scope.kind == "area":
            if areas.holds(scope.value, str(value)):
                return True
        elif scope.kind == "assignment":
            if str(row.pk) in {str(one) for one in _assignments(actor, ledger.key)}:
                return True
        elif str(value) == _wanted(scope):
            return True
    return False


def _opened(ledger: Ledger, actor: Actor) -> Q | None:
    parts = Q()
    for scope in actor.scopes:
        place = _place(ledger, scope)
        if place is None:
            continue
        if scope.kind == "area":
            parts |= areas.within(_WHOLE if _spans_the_city(ledger, actor) else place, scope.value)
        elif scope.kind == "assignment":
            parts |= Q(**{f"{place}__in": list(_assignments(actor, ledger.key))})
        else:
            parts |= Q(**{place: _wanted(scope)})
    return parts or None


def _spans_the_city(ledger: Ledger, actor: Actor) -> bool:
    """Whether a scope of city size meets a list that is not ordered by area.

    Nearly every row passes such a scope, so the list's own order must lead: given the bare column, the database would
    collect all rows through the area's index and sort them. As an expression the column is checked row by row instead.
    """
    if "area" not in ledger.placed or ledger.order[0].lstrip("-") == ledger.placed["area"]:
        return False
    return any(scope.kind == "area" and len(scope.value) <= _CITY_DIGITS for scope in actor.scopes)


def _sees_everything(actor: Actor) -> bool:
    return any(scope.kind == "area" and scope.value == "" for scope in actor.scopes)


def _place(ledger: Ledger, scope: Scope) -> str | None:
    """The model path that this scope is held against; an object scope on the ledger itself means the row."""
    if scope.kind == "object" and scope.value.partition(":")[0] == ledger.key:
        return "pk"
    return ledger.placed.get(scope.kind)


def _wanted(scope: Scope) -> str:
    return scope.value.partition(":")[2] if scope.kind == "object" else scope.value


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step, None)
    return row
