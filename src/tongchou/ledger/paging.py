"""Pages by key: the next page starts after the last row shown, so page 1,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from tongchou.refusal import Refusal

PAGE_ROWS = 50
#: counting stops here: "more than" tells enough, and a count of a million rows would hold up the page
COUNT_LIMIT = 10_000


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    next_cursor: str


def page(rows: QuerySet, order: Sequence[str], cursor: str = "", size: int = PAGE_ROWS) -> Page:
    """One page of rows in ``order`` (non-null fields, the last one unique), after ``cursor``."""
    ordered = rows.order_by(*order)
    if cursor:
        ordered = ordered.filter(_after(order, _unpack(cursor, len(order))))
    found = list(ordered[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    last = found[size - 1]
    return Page(found[:size], _pack([_value(last, name.lstrip("-")) for name in order]))


def count_up_to(rows: QuerySet, limit: int = COUNT_LIMIT) -> tuple[int, bool]:
    """Rows counted up to a limit, and whether there are more."""
    number = rows.order_by()[: limit + 1].count()
    return min(number, limit), number > limit


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Lexicographically after ``values``; the plain bound on the first field lets the index start there."""
    first, later = order[0], Q()
    bound = "lte" if first.startswith("-") else "gte"
    same = Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        later |= same & Q(**{f"{field}__{step}": value})
        same &= Q(**{field: value})
    return Q(**{f"{first.lstrip('-')}__{bound}": values[0]}) & later


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step)
    return row


def _pack(values: Sequence[Any]) -> str:
    text = json.dumps(values, cls=_Exact, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpack(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != length or any(isinstance(v, (dict, list)) for v in values):
            raise ValueError(cursor)
    except ValueError:
        raise Refusal("翻页位置无效，请回到第一页。", "This page position is not valid; go back to the first page.", code="bad_cursor") from None
    return values


class _Exact(DjangoJSONEncoder):
    """Instants keep their microseconds: a rounded key would skip or repeat rows."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)
