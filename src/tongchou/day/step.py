"""What a step of the day hands on: its values, and the lines that say them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tongchou.access.actor import Actor
from tongchou.outbreak.models import Outbreak
from tongchou.reason import Reason


@dataclass(frozen=True)
class Day:
    """One run: for which outbreak and day, seen at which instant (never after the day's close), by whom."""

    outbreak: Outbreak
    on: date
    at: datetime
    by: Actor


@dataclass(frozen=True)
class Step:
    """``values`` go into the brief's data; ``lines`` are said in both languages."""

    values: dict[str, Any]
    lines: list[Reason] = field(default_factory=list)
