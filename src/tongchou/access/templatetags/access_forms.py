"""Bootstrap's classes and the ties between a field, its help and its errors, for plain Django forms."""

from __future__ import annotations

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The widget with its class; a screen reader hears its help and its error."""
    widget = field.field.widget
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return field.as_widget()
    kind = "form-check-input" if isinstance(widget, forms.CheckboxInput) else "form-select" if isinstance(widget, forms.Select) else "form-control"
    tied = [f"{field.id_for_label}-{part}" for part, there in (("help", field.help_text), ("error", field.errors)) if there]
    attrs: dict[str, str | bool] = {"class": kind + (" is-invalid" if field.errors else "")}
    if tied:
        attrs["aria-describedby"] = " ".join(tied)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)
