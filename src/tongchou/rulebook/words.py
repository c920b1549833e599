"""A rule's value in words: one line a field, tables for rows, criteria as sentences; Chinese or English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou.rulebook import criteria
from tongchou.rulebook.shapes import Choice, Field, Shape

#: Unit word of a field -> (Chinese, English singular, English plural).
UNITS = {
    "minute": ("分钟", "minute", "minutes"),
    "hour": ("小时", "hour", "hours"),
    "day": ("天", "day", "days"),
    "week": ("周", "week", "weeks"),
    "year": ("岁", "year", "years"),
    "working_day": ("个工作日", "working day", "working days"),
    "case": ("例", "case", "cases"),
    "person": ("人", "person", "people"),
    "celsius": ("℃", "°C", "°C"),
    "percent": ("%", "%", "%"),
    "m2": ("平方米", "m²", "m²"),
    "million_yuan": ("百万元", "million yuan", "million yuan"),
    "share": ("", "", ""),
}


@dataclass(frozen=True)
class Line:
    """One field in words. ``text`` for a single value; ``heads`` and ``rows`` where the field is a table."""

    key: str
    label: str
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def in_words(shape: Shape | None, value: dict[str, Any] | None, language: str) -> list[Line]:
    """A value as lines in "zh" or "en". An empty list for no value; without a shape, keys stand for labels."""
    if value is None:
        return []
    if shape is None:
        return [Line(key, key, str(part)) for key, part in value.items()]
    lines: list[Line] = []
    for field in shape.fields_for(value):
        if field.key in value:
            lines.extend(_lines(field, value[field.key], language))
    return lines


def as_text(shape: Shape | None, value: dict[str, Any] | None, language: str) -> str:
    """The same as plain text, one line a field, rows indented."""
    out = []
    for line in in_words(shape, value, language):
        colon = "：" if language == "zh" else ": "
        out.append(f"{line.label}{colon}{line.text}" if not line.heads else f"{line.label}{colon}")
        out.extend("  - " + " · ".join(part for part in row if part) for row in line.rows)
    return "\n".join(out)


def say_value(field: Field, part: Any, language: str) -> str:
    """One value of a field as text."""
    zh = language == "zh"
    if field.type == "boolean":
        return ("是" if part else "否") if zh else ("yes" if part else "no")
    if field.type in ("integer", "number"):
        return quantity(part, field.unit, language)
    if field.type == "integers":
        return ("、" if zh else ", ").join(quantity(one, field.unit, language) for one in part) or (
            "无" if zh else "none"
        )
    if field.type == "choice":
        return _choice(field.choices, part, language)
    if field.type == "choices":
        joined = (" → " if field.key == "order" else "、" if zh else ", ").join(
            _choice(field.choices, one, language) for one in part
        )
        return joined or ("无" if zh else "none")
    if field.type == "words":
        return str(part.get(language, ""))
    if field.type in ("texts", "dates"):
        return ("；" if zh else "; ").join(str(one) for one in part)
    if field.type == "criteria":
        return criteria.words(part, language)
    if field.type == "table":
        return _cells(field, part, language)
    if field.type == "rows":
        return ("；" if zh else "; ").join(_cells(field, row, language) for row in part)
    if isinstance(part, date):
        return part.isoformat()
    return str(part)


def quantity(number: float, unit: str, language: str) -> str:
    """A number with its unit; shares as percent, long minutes also in hours or days."""
    zh = language == "zh"
    if unit == "share":
        return f"{number * 100:g}%" if zh else f"{number * 100:g} %"
    text = f"{number:g}" if isinstance(number, float) else str(number)
    word = UNITS.get(unit)
    if word is None:
        return f"{text} {unit}".strip()
    said = f"{text} {word[0]}" if zh else f"{text} {word[1] if number == 1 else word[2]}"
    if unit == "minute" and number >= 60:
        size, longer = (1440, "day") if number % 1440 == 0 else (60, "hour")
        more = quantity(number / size if number % size else number // size, longer, language)
        return f"{said}（{more}）" if zh else f"{said} ({more})"
    return said


def _lines(field: Field, part: Any, language: str) -> list[Line]:
    label = field.label_zh if language == "zh" else field.label_en
    if field.type == "table":
        inner = [line for one in field.fields if one.key in part for line in _lines(one, part[one.key], language)]
        return [
            Line(f"{field.key}.{line.key}", f"{label} · {line.label}", line.text, line.heads, line.rows)
            for line in inner
        ]
    if field.type == "rows":
        shown = [one for one in field.fields if any(one.key in row for row in part)]
        heads = tuple(one.label_zh if language == "zh" else one.label_en for one in shown)
        rows = tuple(
            tuple(say_value(one, row[one.key], language) if one.key in row else "" for one in shown) for row in part
        )
        return [Line(field.key, label, "", heads, rows)]
    return [Line(field.key, label, say_value(field, part, language))]


def _cells(field: Field, part: dict[str, Any], language: str) -> str:
    """The parts of a group that itself stands in one cell."""
    return " · ".join(say_value(one, part[one.key], language) for one in field.fields if one.key in part)


def _choice(choices: tuple[Choice, ...], code: str, language: str) -> str:
    found = next((choice for choice in choices if choice.code == code), None)
    if found is None:
        return code
    return found.zh if language == "zh" else found.en
