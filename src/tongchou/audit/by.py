"""Who acts, and what is told of an act: plain values, so that every room can name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class By:
    """The acting post and user by text id, as they were at the time; never a key that points upward."""

    post: str = ""
    user: str = ""
    name: str = ""
    purpose: str = ""


@dataclass(slots=True)  # frozen, it would take three times as long to make: an import makes one for each row
class Event:
    """One act to be written down.

    ``changes`` is ``{field: [before, after]}`` as text, or what ``audit.written`` made of that; personal values come as
    ``value_hash``.
    ``count`` is the number of rows that one act touched or showed (a list read is one event).
    """

    action: str
    ledger: str
    object_id: str
    by: By
    area: str = ""
    changes: Mapping[str, Any] | str = "{}"
    count: int = 1
    note: str = ""
