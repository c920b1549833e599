"""What access can refuse, in both languages, with what to do about it."""

from __future__ import annotations

from tongchou.refusal import Refusal


class AccessError(Refusal):
    """A refusal that a user can cause; ``zh`` and ``en`` say what to do. ``code`` is stable for tests and the API."""

    def __init__(self, code: str, zh: str, en: str, field: str = "") -> None:
        super().__init__(zh, en, code=code, field=field)


class UnknownInTable(Exception):
    """A role, class, verb, ledger or route that ``permissions.toml`` does not name. A programmer's mistake."""


class SealedError(Exception):
    """A sealed value that cannot be made or opened: wrong key, moved between rows, or altered."""
