"""Refusals of the people room: what a user can cause and mend, in both languages."""

from __future__ import annotations

from tongchou.refusal import Refusal


class PeopleError(Refusal):
    """Something about a person or household that cannot be accepted as written; ``code`` is stable."""

    def __init__(self, code: str, zh: str, en: str, field: str = "") -> None:
        super().__init__(zh, en, code=code, field=field)
