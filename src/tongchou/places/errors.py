"""Errors that a user of the places room can cause, in both languages."""

from __future__ import annotations


class PlacesError(Exception):
    """Something about a place that cannot be accepted as written.

    Attributes:
        code: stable machine word.
        zh, en: what is wrong and what to do.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.code, self.zh, self.en = code, zh, en
