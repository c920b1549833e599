"""What can be wrong with a division, said in both languages with what to do."""

from __future__ import annotations

from tongchou.refusal import Refusal


class AreaError(Refusal, ValueError):
    """A division that cannot be used as asked. ``code`` names the case; ``zh`` and ``en`` say what to do."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(zh, en, code=code)


class BadCode(AreaError):
    """A text that can be no division code."""


class NoArea(AreaError):
    """A division that is not in the tree, or not on the day asked for."""
