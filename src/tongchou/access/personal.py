"""The register of personal fields: class, purpose and keeping time of each, declared beside the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db import models

CLASSES = ("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9")


@dataclass(frozen=True)
class PersonalField:
    """``keep_days`` counts from the closing of the outbreak or the end of the account; 0 means kept with its row."""

    model: str
    field: str
    field_class: str
    purpose: str
    keep_days: int
    sealed: bool


_declared: dict[tuple[str, str], PersonalField] = {}


def declare(model: type[models.Model], field: str, field_class: str, purpose: str, keep_days: int, sealed: bool = False) -> None:
    """Declare one personal field. The field must exist on the model; a purpose cannot be empty.

    Raises:
        ValueError: for an unknown class, an empty purpose or a negative keeping time.
    """
    if field_class not in CLASSES:
        raise ValueError(f"{model.__name__}.{field}: unknown field class {field_class!r}")
    if not purpose.strip() or keep_days < 0:
        raise ValueError(f"{model.__name__}.{field}: a personal field needs a purpose and a keeping time in days")
    if not sealed:
        model._meta.get_field(field)
    label = f"{model._meta.app_label}.{model.__name__}"
    _declared[(label, field)] = PersonalField(label, field, field_class, purpose, keep_days, sealed)


def fields() -> list[PersonalField]:
    """Every declared personal field, by model and field."""
    return [_declared[key] for key in sorted(_declared)]
