"""The filter bar of a ledger: a django-filter set made from its columns, which can say itself in words."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tongchou import areas, prefix
from tongchou.access.actor import Actor
from tongchou.access.sealed import blind_index
from tongchou.ledger.columns import SEALED_KINDS, Column
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.serializer import visible_columns
from tongchou.refusal import Refusal


class AreaFilter(django_filters.CharFilter):
    """Rows inside a division, given by code or by name."""

    def __init__(self, column: Column, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.column = column

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not value:
            return qs
        try:
            return qs.filter(areas.within(self.field_name, self.column.parse(value)))
        except Refusal:
            return qs.none()


KEPT = "~"
_INDEXES = range(1, 1 << 63)


class SealedInput(forms.TextInput):
    """Shows nothing of a value that the address carries as its blind index, and sends the index on until another is typed."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        kept = value if isinstance(value, str) and value.startswith(KEPT) else ""
        hint = {"placeholder": _("已填，不显示")} if kept else {}
        return super().get_context(name, "" if kept else value, {"autocomplete": "off", **hint, **(attrs or {})})


class SealedFilter(django_filters.CharFilter):
    """Rows whose sealed value is exactly this one, by its blind index: typed, or carried in the address after "~"."""

    def __init__(self, column: Column, **kwargs: Any) -> None:
        super().__init__(widget=SealedInput, **kwargs)
        self.column = column

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not value:
            return qs
        index = sealed_index(self.column, value)
        return qs.filter(**{f"{self.field_name}_index": index}) if index else qs.none()


def sealed_index(column: Column, text: str) -> int:
    """The blind index of what was typed, or the one that the address carries; 0 where it is none."""
    kept = text.removeprefix(KEPT)
    if kept == text:
        return blind_index(column.kind, text)
    return number if kept.isascii() and kept.isdigit() and (number := int(kept)) in _INDEXES else 0


def sealed_names(ledger: Ledger) -> list[str]:
    """The filters whose values stay out of addresses: browsers, proxies and logs keep those."""
    return [name for name in ledger.filters if ledger.column(name).kind in SEALED_KINDS]


def filter_set(ledger: Ledger, actor: Actor, data: Any, rows: QuerySet) -> django_filters.FilterSet:
    """The ledger's filters over rows that the door opened, without columns that this actor may not see."""
    seen = {column.name for column in visible_columns(ledger, actor)}
    declared = {name: _filter(ledger.column(name)) for name in ledger.filters if name in seen}
    made = type(f"{type(ledger).__name__}Filters", (django_filters.FilterSet,), declared)
    return made(data, queryset=rows)


def order_of(ledger: Ledger, filters: django_filters.FilterSet) -> tuple[str, ...]:
    """The order of the list: by a text column that is being filtered by its beginning, so that one index serves both."""
    asked = filters.form.cleaned_data if filters.form.is_valid() else {}
    for name in ledger.filters:
        column = ledger.column(name)
        if column.kind == "text" and asked.get(name) and "__" not in column.attr:
            return (column.attr, *ledger.order)
    return tuple(ledger.order)


def in_words(ledger: Ledger, filters: django_filters.FilterSet) -> str:
    """What the list shows at present, as one sentence."""
    if not filters.form.is_valid():
        return ""
    parts = []
    for name, value in filters.form.cleaned_data.items():
        if value in (None, "", []):
            continue
        column = ledger.column(name)
        parts.append(_say(column, value))
    if not parts:
        return _("显示您范围内的全部%(label)s。") % {"label": ledger.label}
    return _("只显示%(what)s的%(label)s。") % {"what": _(",且").join(parts), "label": ledger.label}


def problems(ledger: Ledger, filters: django_filters.FilterSet) -> list[str]:
    """Why a filter cannot be used as it was typed, e.g. an area that is not in the city."""
    found = [str(error) for errors in filters.form.errors.values() for error in errors]
    for name in ledger.filters:
        column = ledger.column(name)
        text = filters.form.data.get(name, "") if column.kind == "area" else ""
        if text:
            try:
                column.parse(text)
            except Refusal as refusal:
                found.append(refusal.text)
    return found


def _filter(column: Column) -> django_filters.Filter:
    common: dict[str, Any] = {"field_name": column.attr, "label": column.label}
    if column.kind == "choice":
        return django_filters.MultipleChoiceFilter(
            **common, choices=column.choice_pairs, widget=forms.CheckboxSelectMultiple
        )
    if column.kind == "bool":
        return django_filters.BooleanFilter(**common)
    if column.kind == "date":
        return django_filters.DateFromToRangeFilter(**common)
    if column.kind == "datetime":
        return django_filters.DateFromToRangeFilter(**common)
    if column.kind == "area":
        return AreaFilter(column, **common)
    if column.kind in SEALED_KINDS:
        return SealedFilter(column, **common)
    if column.kind == "int":
        return django_filters.NumberFilter(**common)
    return django_filters.CharFilter(**common, lookup_expr=prefix.Prefix.lookup_name)


def _say(column: Column, value: Any) -> str:
    if column.kind == "choice":
        shown = _("或").join(column.say(one) for one in value)
        return _("%(column)s为%(value)s") % {"column": column.label, "value": shown}
    if isinstance(value, slice):
        start = value.start.date().isoformat() if value.start else _("最早")
        stop = value.stop.date().isoformat() if value.stop else _("今天")
        return _("%(column)s从%(start)s到%(stop)s") % {"column": column.label, "start": start, "stop": stop}
    if column.kind == "area":
        try:
            return _("%(column)s在%(value)s内") % {"column": column.label, "value": column.say(column.parse(value))}
        except Refusal:
            return _("%(column)s为“%(value)s”（没有这个区划）") % {"column": column.label, "value": value}
    if column.kind == "text":
        return _("%(column)s以“%(value)s”开头") % {"column": column.label, "value": value}
    if column.kind in SEALED_KINDS:
        return _("%(column)s与所填相同") % {"column": column.label}
    return _("%(column)s为%(value)s") % {"column": column.label, "value": column.say(value)}
