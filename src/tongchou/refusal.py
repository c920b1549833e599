"""The one family of errors that a user can cause and mend: said in Chinese and in English."""

from __future__ import annotations

from django.utils.translation import get_language


class Refusal(Exception):
    """What was asked cannot be done as it stands; the text says what to do instead.

    ``code`` is stable and meant for machines; ``field`` names the form field or sheet column at
    fault, where there is one.
    """

    def __init__(self, zh: str, en: str, *, code: str = "refused", field: str = "") -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code, self.field = zh, en, code, field

    @property
    def text(self) -> str:
        """The sentence in the reader's language."""
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


class Refusals(Refusal):
    """Several refusals at once, as a form or a row finds them."""

    def __init__(self, parts: list[Refusal]) -> None:
        super().__init__(";".join(p.zh for p in parts), "; ".join(p.en for p in parts), code="refused")
        self.parts = parts
