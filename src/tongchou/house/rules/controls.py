"""The form of a rule's value: controls made from its shape, and the value read back from what was sent.

A name in the form is the path of the key in the value (``cases.status``, ``items[2].text.zh``), so a fault of the
shape lands at its control. What does not read as the type asked for stays as it was typed, for the shape to name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import QueryDict

from tongchou.rulebook import criteria
from tongchou.rulebook.criteria import COMPARISONS, FACTS, Condition, fact_named
from tongchou.rulebook.shapes import Field, Shape
from tongchou.rulebook.words import UNITS

PREFIX = "v:"
SPARE_ROWS = 2
SPARE_CONDITIONS = 2
_MOST_ROWS = 200
_TRUTH = {"true": True, "false": False}


@dataclass
class Control:
    """One control of the form. ``kind`` names its part of the template."""

    name: str
    label: str
    kind: str
    unit_text: str = ""
    required: bool = True
    text: str = ""
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    parts: list[Control] = field(default_factory=list)
    rows: list[list[Control]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def controls(shape: Shape, value: Mapping[str, Any], language: str, errors: Mapping[str, list[str]]) -> list[Control]:
    """The controls for a value (possibly empty), with the errors by key path."""
    return [_control(one, value.get(one.key), one.key, language, errors) for one in _fields(shape)]


def read_value(shape: Shape, sent: QueryDict) -> dict[str, Any]:
    """The value that was sent. Blank optional keys fall away; blank required ones too, so the shape names them."""
    value = _read_table(_fields(shape), sent, "")
    if shape.levels_from:
        ordered = value.get(shape.levels_from, [])
        levels = {one.key for one in _level_fields(shape)}
        value = {key: part for key, part in value.items() if key not in levels or key in ordered}
    return value


def errors_by_path(faults: list[criteria.Fault], language: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.key, []).append(fault.zh if language == "zh" else fault.en)
    return found


def _fields(shape: Shape) -> tuple[Field, ...]:
    return (*shape.fields, *_level_fields(shape))


def _level_fields(shape: Shape) -> list[Field]:
    """A criteria field for every level that may be ordered, also those not ordered now."""
    source = next((one for one in shape.fields if one.key == shape.levels_from), None)
    return [Field(choice.code, "criteria", choice.zh, choice.en) for choice in source.choices] if source else []


def _control(one: Field, part: Any, path: str, language: str, errors: Mapping[str, list[str]]) -> Control:
    zh = language == "zh"
    control = Control(PREFIX + path, one.label_zh if zh else one.label_en, one.type, _unit(one, zh), one.required)
    if one.type == "table":
        control.parts = [
            _control(inner, (part or {}).get(inner.key), f"{path}.{inner.key}", language, errors)
            for inner in one.fields
        ]
    elif one.type == "rows":
        _fill_rows(control, one, part or [], path, language, errors)
    elif one.type == "criteria":
        _fill_criteria(control, part, path, language)
    elif one.type in ("choice", "choices"):
        _fill_choices(control, one, part, language)
    elif one.type == "boolean":
        said = ("是", "否") if zh else ("yes", "no")
        control.choices = [("true", said[0], part is True), ("false", said[1], part is False)]
    elif one.type == "words":
        words = part if isinstance(part, dict) else {}
        control.parts = [
            Control(f"{PREFIX}{path}.{code}", name, "text", text=str(words.get(code, "")))
            for code, name in (("zh", "中文"), ("en", "English"))
        ]
    else:
        control.text = _typed(one, part)
    control.errors = [text for key, texts in errors.items() if _belongs(key, path, one) for text in texts]
    return control


def _unit(one: Field, zh: bool) -> str:
    if one.unit == "share":
        return "0 至 1" if zh else "0 to 1"
    word = UNITS.get(one.unit)
    return word[0 if zh else 2] if word else one.unit


def _belongs(key: str, path: str, one: Field) -> bool:
    """Whether an error belongs to this control: its own path, or deeper where the control has no parts of its own."""
    if key == path:
        return True
    deeper = key.startswith((path + ".", path + "["))
    return deeper and one.type in ("criteria", "words", "choices", "integers", "dates", "texts")


def _fill_rows(
    control: Control, one: Field, rows: list[Any], path: str, language: str, errors: Mapping[str, list[str]]
) -> None:
    control.heads = [inner.label_zh if language == "zh" else inner.label_en for inner in one.fields]
    for number in range(1, len(rows) + SPARE_ROWS + 1):
        row = rows[number - 1] if number <= len(rows) else {}
        control.rows.append(
            [
                _control(inner, row.get(inner.key), f"{path}[{number}].{inner.key}", language, errors)
                for inner in one.fields
            ]
        )


def _fill_choices(control: Control, one: Field, part: Any, language: str) -> None:
    said = {choice.code: choice.zh if language == "zh" else choice.en for choice in one.choices}
    if one.type == "choice":
        control.choices = [(code, text, code == part) for code, text in said.items()]
        return
    chosen = [code for code in part or [] if code in said]
    if one.key == "order":
        control.kind = "ordered"
        for place in range(len(said)):
            now = chosen[place] if place < len(chosen) else ""
            options = [(code, text, code == now) for code, text in said.items()]
            control.parts.append(Control(control.name, str(place + 1), "choice", required=False, choices=options))
        return
    control.choices = [(code, text, code in chosen) for code, text in said.items()]


def _fill_criteria(control: Control, part: Any, path: str, language: str) -> None:
    """Lines of conditions: any line gives the level, all conditions of a line must hold."""
    zh = language == "zh"
    sound = isinstance(part, dict) and not any(True for _fault in criteria.faults(part, path))
    opened = criteria.lines(part) if sound else []
    control.choices = [("else", "其他情形" if zh else "everything else", opened is None)]
    stated = opened or []
    for number in range(1, len(stated) + SPARE_ROWS + 1):
        line = stated[number - 1] if number <= len(stated) else []
        cells = []
        for place in range(1, len(line) + SPARE_CONDITIONS + 1):
            condition = line[place - 1] if place <= len(line) else None
            cells.append(_condition(f"{PREFIX}{path}[{number}][{place}]", condition, language))
        control.rows.append(cells)


def _condition(name: str, condition: Condition | None, language: str) -> Control:
    zh = language == "zh"
    fact, comparison, operand = condition or ("", "", "")
    known = [*FACTS.values(), *([fact_named(fact)] if fact and fact not in FACTS else [])]
    facts = [(one.key, one.zh if zh else one.en, one.key == fact) for one in known if one is not None]
    signs = [(code, said[0] if zh else said[1], code == comparison) for code, said in COMPARISONS.items()]
    truth = [("true", "是" if zh else "is so"), ("false", "否" if zh else "is not so")]
    signs += [(code, text, comparison == "is" and str(operand).lower() == code) for code, text in truth]
    number = "" if comparison in ("", "is") else f"{operand:g}"
    return Control(
        name, "", "condition",
        parts=[
            Control(f"{name}.fact", "事实" if zh else "fact", "choice", choices=facts),
            Control(f"{name}.is", "比较" if zh else "comparison", "choice", choices=signs),
            Control(f"{name}.number", "数值" if zh else "number", "number", text=number),
        ],
    )  # fmt: skip


def _typed(one: Field, part: Any) -> str:
    """A value as a person would type it."""
    if part is None:
        return ""
    if one.type in ("integers", "dates") and isinstance(part, list):
        return ", ".join(str(item) for item in part)
    if one.type == "texts" and isinstance(part, list):
        return "\n".join(str(item) for item in part)
    if isinstance(part, float):
        return f"{part:g}"
    return str(part)


def _read_table(fields: tuple[Field, ...], sent: QueryDict, path: str) -> dict[str, Any]:
    value = {}
    for one in fields:
        part = _read(one, sent, path + one.key)
        if part is not None:
            value[one.key] = part
    return value


def _read(one: Field, sent: QueryDict, path: str) -> Any:
    name = PREFIX + path
    if one.type == "table":
        inner = _read_table(one.fields, sent, path + ".")
        return inner or None
    if one.type == "rows":
        return _read_rows(one, sent, path)
    if one.type == "criteria":
        return _read_criteria(sent, path)
    if one.type == "words":
        words = {code: sent.get(f"{name}.{code}", "").strip() for code in ("zh", "en")}
        return {code: text for code, text in words.items() if text} or None
    if one.type == "choices":
        chosen = [code for code in sent.getlist(name) if code]
        return chosen or ([] if one.required and f"{name}:here" in sent and one.key != "order" else None)
    text = sent.get(name, "").strip()
    if text == "":
        return [] if one.required and one.type in ("integers", "dates", "texts") else None
    return _parse(one, text)


def _parse(one: Field, text: str) -> Any:
    if one.type == "boolean":
        return _TRUTH.get(text, text)
    if one.type in ("integer", "number"):
        return _number(text, whole=one.type == "integer")
    if one.type == "date":
        return _date(text)
    if one.type == "integers":
        return [_number(item, whole=True) for item in re.split(r"[\s,，、;；]+", text) if item]
    if one.type == "dates":
        return [_date(item) for item in re.split(r"[\s,，、;；]+", text) if item]
    if one.type == "texts":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return text


def _number(text: str, *, whole: bool) -> Any:
    try:
        if re.fullmatch(r"[+-]?\d{1,15}", text):
            return int(text)
        return text if whole or not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,12})?", text) else float(text)
    except ValueError:
        return text


def _date(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _read_rows(one: Field, sent: QueryDict, path: str) -> list[dict[str, Any]] | None:
    numbers = sorted({int(found) for key in sent if (found := _index_of(key, PREFIX + path))})[:_MOST_ROWS]
    rows = [_read_table(one.fields, sent, f"{path}[{number}].") for number in numbers]
    kept = [row for row in rows if any(part not in (None, [], {}) for part in row.values())]
    return kept or None


def _index_of(key: str, name: str) -> str:
    found = re.match(re.escape(name) + r"\[(\d{1,4})\]", key)
    return found[1] if found else ""


def _read_criteria(sent: QueryDict, path: str) -> dict[str, Any] | None:
    name = PREFIX + path
    if sent.get(name) == "else":
        return {"else": True}
    lines: dict[int, list[Condition]] = {}
    places = [re.fullmatch(re.escape(name) + r"\[(\d{1,3})\]\[(\d{1,2})\]\.fact", key) for key in sent]
    for found in sorted((match for match in places if match), key=lambda match: (int(match[1]), int(match[2]))):
        cell = found[0].removesuffix(".fact")
        fact, sign = sent.get(f"{cell}.fact", ""), sent.get(f"{cell}.is", "")
        number = sent.get(f"{cell}.number", "").strip()
        if not fact:
            continue
        if sign in _TRUTH:
            lines.setdefault(int(found[1]), []).append((fact, "is", _TRUTH[sign]))
        else:
            lines.setdefault(int(found[1]), []).append((fact, sign or "?", _number(number, whole=False)))
    return criteria.of_lines(list(lines.values())) if lines else None
