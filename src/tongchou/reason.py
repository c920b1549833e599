"""A reason as a code with values: computed anywhere, put into words by a bilingual template.

It stands below all rooms and imports none, so the engine, the definitions and the day brief speak alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Words = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Reason:
    """``code`` names a template, ``values`` are all that the template may print."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted((key, str(value)) for key, value in self.values.items()))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and (self.code, dict(self.values)) == (other.code, dict(other.values))

    def stored(self) -> dict[str, Any]:
        """The form that a JSON column keeps."""
        return {"code": self.code, "values": dict(self.values)}


def from_stored(row: Mapping[str, Any]) -> Reason:
    return Reason(row["code"], row["values"])


def say(reason: Reason, words: Words, lang: str, terms: Mapping[str, tuple[str, str]] | None = None) -> str:
    """The reason in ``"zh"`` or ``"en"``. Text values found in ``terms`` are put into that language too.

    Raises KeyError for a code without a template: a missing wording is a defect, never a blank.
    """
    side = 0 if lang.startswith("zh") else 1
    terms = terms or {}
    shown = {key: terms[value][side] if str(value) in terms else value for key, value in reason.values.items()}
    return words[reason.code][side].format(**shown)
