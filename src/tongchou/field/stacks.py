"""Today's list cut into stacks by urgency, so that a thumb meets the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tongchou.tasks.queries.today import Item


@dataclass(frozen=True)
class Stack:
    key: str
    label: str
    items: list[Item]


def stacked(items: Iterable[Item], day_close: datetime) -> list[Stack]:
    """Late, due today, due later, without a limit; empty stacks are left out. The order inside each is kept."""
    kept: dict[str, list[Item]] = {"late": [], "today": [], "later": [], "open": []}
    for item in items:
        kept[_key(item, day_close)].append(item)
    labels = {"late": _("已超时"), "today": _("今天到期"), "later": _("以后到期"), "open": _("没有时限")}
    return [Stack(key, labels[key], rows) for key, rows in kept.items() if rows]


def _key(item: Item, day_close: datetime) -> str:
    if item.late:
        return "late"
    if item.due_at is None:
        return "open"
    return "today" if item.due_at <= day_close else "later"
