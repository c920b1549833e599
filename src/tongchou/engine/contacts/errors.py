"""The one family of errors that a contact search can raise: said in Chinese and in English."""

from __future__ import annotations


class ContactError(ValueError):
    """What was handed to the search cannot be searched; ``zh`` and ``en`` say what to hand instead.

    ``code`` is stable and meant for machines.
    """

    def __init__(self, zh: str, en: str, *, code: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code = zh, en, code
