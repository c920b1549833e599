"""Errors that a user of the people room can cause, in both languages."""

from __future__ import annotations


class PeopleError(Exception):
    """Something about a person or household that cannot be accepted as written.

    Attributes:
        code: stable machine word, e.g. ``id_check_digit``.
        zh, en: what is wrong and what to do.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.code, self.zh, self.en = code, zh, en
