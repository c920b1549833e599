"""One row of the rulebook: a value, where and when it holds, since when it is known, and who says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tongchou import citytime
from tongchou.rulebook.errors import RuleError

SEEN, KNOWLEDGE, DEFAULT, NOT_FOUND = MARKS = ("seen", "knowledge", "default", "not_found")

#: Mark -> (Chinese, English): how far a row may be trusted.
MARK_WORDS = {
    SEEN: ("已见来源", "source seen"),
    KNOWLEDGE: ("据常识，未核实", "from knowledge, not verified"),
    DEFAULT: ("本系统默认值，无公开数字", "our default, no public figure"),
    NOT_FOUND: ("未找到，须由本市填写", "not found: the city must enter it"),
}

#: The scope of a row beside its area, in the order in which they decide (most telling first).
SCOPE_KEYS = ("disease", "firm_class", "sector", "group")

_LEVEL_DIGITS = (2, 2, 2, 3, 3, 3)


@dataclass(frozen=True)
class Scope:
    """To whom a row applies; an empty part means "any"."""

    area: str = ""
    disease: str = ""
    firm_class: str = ""
    sector: str = ""
    group: str = ""

    def covers(self, asked: Scope) -> bool:
        """Whether a row of this scope answers for ``asked``: the area by prefix, the rest by equality."""
        return asked.area.startswith(self.area) and all(
            getattr(self, key) in ("", getattr(asked, key)) for key in SCOPE_KEYS
        )


@dataclass(frozen=True)
class Row:
    """A claim: ``value`` holds for ``scope`` from ``valid_from_on`` to ``valid_to_on`` (last day, or open).

    It has been known since ``known_from_at`` and, where closed, until just before ``known_to_at``.
    ``value`` is None exactly where ``mark`` is ``not_found``. ``own`` rows are the city's.
    """

    rule_id: str
    version: str
    scope: Scope
    value: dict[str, Any] | None
    valid_from_on: date
    valid_to_on: date | None
    known_from_at: datetime
    known_to_at: datetime | None
    mark: str
    source: tuple[str, ...]
    source_text: str
    label_zh: str
    label_en: str
    note_zh: str = ""
    note_en: str = ""
    response_level: str = ""
    file: str = ""
    own: bool = False
    row_id: str = ""

    def in_force(self, day: date) -> bool:
        return self.valid_from_on <= day and (self.valid_to_on is None or day <= self.valid_to_on)

    def known(self, known_on: date | datetime | None) -> bool:
        """Whether the row was believed then; None asks for what is believed now.

        A day means its close (24:00), so what was entered during the day counts; an instant is taken exactly.
        """
        if known_on is None:
            return self.known_to_at is None
        if isinstance(known_on, datetime):
            return self.known_from_at <= known_on and (self.known_to_at is None or known_on < self.known_to_at)
        close = citytime.day_close(known_on)
        return self.known_from_at < close and (self.known_to_at is None or close <= self.known_to_at)

    def order_key(self) -> tuple[Any, ...]:
        """The stated order as one comparable key; the greatest row wins (``docs/rulebook.md``).

        1. longest area  2. names the disease  3. the firm class  4. the sector  5. the group
        6. the city's own row over a shipped one  7. later first day in force  8. known later  9. version text
        (the last only makes the order total; a loader refuses packs that would need it).
        """
        scope = self.scope
        named = tuple(bool(getattr(scope, key)) for key in SCOPE_KEYS)
        return (len(scope.area), *named, self.own, self.valid_from_on, self.known_from_at, self.version)


def area_path(text: str) -> str:
    """The path of an area given as path or as a division code of 6, 9, 12 or 15 digits ("" is the whole country).

    Trailing levels of zeros fall away: 510400000000 -> 5104, as ``areas.path_of`` cuts them.
    """
    text = text.strip()
    if text == "":
        return ""
    if not re.fullmatch(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15}", text):
        raise RuleError(
            f"区划“{text}”无法识别：请填 2、4、6、9、12 或 15 位数字，留空表示全国。",
            f"area “{text}” cannot be read: give 2, 4, 6, 9, 12 or 15 digits; leave empty for the whole country.",
        )
    levels, start = [], 0
    for width in _LEVEL_DIGITS:
        if start >= len(text):
            break
        levels.append(text[start : start + width])
        start += width
    while levels and set(levels[-1]) == {"0"}:
        levels.pop()
    if not levels or any(set(level) == {"0"} for level in levels[:2]):
        raise RuleError(
            f"区划“{text}”不是有效代码：上级为零。",
            f"area “{text}” is no valid code: a level above is zero.",
        )
    return "".join(levels)
