"""Forms of a ledger: one field for each column, read by the same columns that read sheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tongchou import audit
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.ledger import serializer
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Ledger
from tongchou.refusal import Refusal, Refusals


def shown_digest(ledger: Ledger, row: Any, actor: Actor) -> str:
    """A digest of the editable values of a row: a form hands it back, so that two writers notice each other."""
    parts = [column.render(column.read(row)) for column in form_columns(ledger, actor)]
    return audit.value_hash("\x1f".join(parts))


def form_columns(ledger: Ledger, actor: Actor, *, creating: bool = False) -> list[Column]:
    """Columns this actor may fill in. What he sees only masked he cannot overwrite; a new row is all his own."""
    masked = set() if creating else serializer.masked_columns(ledger, actor)
    return [
        column
        for column in ledger.editable_columns(creating=creating)
        if column.name not in masked and permissions.right(actor, column.cls).read not in ("-", "g")
    ]


class RowForm(forms.Form):
    """Text in, text out: values are read by ``Column.parse`` in the write path, not here."""

    def __init__(self, columns: Iterable[Column], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = list(columns)
        for column in self.columns:
            self.fields[column.name] = _field(column)

    def raw(self) -> dict[str, str]:
        """What was typed, by column name."""
        return {column.name: str(self.cleaned_data.get(column.name) or "") for column in self.columns}

    def show(self, refusal: Refusal) -> None:
        """Put a refusal of the write path beside the field it is about, or on top."""
        for part in refusal.parts if isinstance(refusal, Refusals) else [refusal]:
            self.add_error(part.field if part.field in self.fields else None, part.text)


def initial_of(columns: Iterable[Column], row: Any) -> Mapping[str, str]:
    return {column.name: column.render(column.read(row)) for column in columns}


def _field(column: Column) -> forms.Field:
    widget_attrs: dict[str, Any] = {"class": "form-control"}
    common: dict[str, Any] = {"label": column.label, "required": column.required, "help_text": column.help}
    if column.example:
        widget_attrs["placeholder"] = column.example
    if column.kind == "choice":
        choices = [("", _("请选择")), *column.choice_pairs]
        return forms.CharField(widget=forms.Select(attrs={"class": "form-select"}, choices=choices), **common)
    if column.kind == "bool":
        choices = [("", _("未知")), ("1", _("是")), ("0", _("否"))]
        return _YesNo(widget=forms.Select(attrs={"class": "form-select"}, choices=choices), **common)
    if column.kind == "long":
        return forms.CharField(widget=forms.Textarea(attrs={**widget_attrs, "rows": 4}), **common)
    if column.kind == "date":
        return forms.CharField(widget=forms.DateInput(attrs={**widget_attrs, "type": "date"}), **common)
    if column.kind == "datetime":
        return _LocalInstant(widget=forms.DateTimeInput(attrs={**widget_attrs, "type": "datetime-local"}), **common)
    if column.kind in ("id_no", "phone"):
        widget_attrs |= {"autocomplete": "off", "inputmode": "text" if column.kind == "id_no" else "tel"}
    return forms.CharField(widget=forms.TextInput(attrs=widget_attrs), **common)


class _YesNo(forms.CharField):
    """Shows 是/否 of the write path as the value of its option."""

    def prepare_value(self, value: Any) -> Any:
        return {"是": "1", "否": "0"}.get(value, value)


class _LocalInstant(forms.CharField):
    """The browser's local form has no offset; the column reads it in the city's time."""

    def prepare_value(self, value: Any) -> Any:
        return str(value)[:16] if value else value
