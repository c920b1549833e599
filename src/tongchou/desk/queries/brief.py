"""The newest day brief, for posts that see the whole city's figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language

from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.day.models import DayBrief


@dataclass(frozen=True)
class Brief:
    day: date
    version: int
    made_at: datetime
    lines: list[str]


def newest(actor: Actor) -> Brief | None:
    """The newest brief in the reader's language; None where there is none, or this post sees only its own area."""
    if permissions.right(actor, "D7").read != "A":
        return None
    row = DayBrief.objects.order_by("-day_on", "-version").first()
    if row is None:
        return None
    text = row.text_en if (get_language() or "").startswith("en") else row.text_zh
    return Brief(row.day_on, row.version, row.made_at, [line for line in text.splitlines() if line.strip()])
