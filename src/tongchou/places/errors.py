"""Refusals of the places room: what a user can cause and mend, in both languages."""

from __future__ import annotations

from tongchou.refusal import Refusal


class PlacesError(Refusal):
    """Something about a place that cannot be accepted as written; ``code`` is stable."""

    def __init__(self, code: str, zh: str, en: str, field: str = "") -> None:
        super().__init__(zh, en, code=code, field=field)
