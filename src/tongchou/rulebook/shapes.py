"""What a rule's value is made of: named, typed, bilingual fields, declared in the packs.

A shape checks values (packs and proposals alike), turns them into words and gives the form its fields, so a
city adds a rule of a known shape, or a shape, without a programmer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou.rulebook import criteria

#: Type word -> (what a value must be, in Chinese, in English).
TYPES = {
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "text": ("文字", "text"),
    "boolean": ("是或否", "true or false"),
    "date": ("日期（如 2020-02-13）", "a date (such as 2020-02-13)"),
    "choice": ("所列选项之一", "one of the choices"),
    "texts": ("文字列表", "a list of texts"),
    "choices": ("所列选项的列表", "a list of the choices"),
    "integers": ("整数列表", "a list of whole numbers"),
    "dates": ("日期列表", "a list of dates"),
    "words": ("中英文各一句", "one sentence in Chinese and one in English"),
    "table": ("一组字段", "a group of fields"),
    "rows": ("若干行", "a list of rows"),
    "criteria": ("判定条件", "criteria"),
}


@dataclass(frozen=True)
class Choice:
    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Field:
    """One key of a value. ``unit`` is a word of ``words.UNITS``; ``min``/``max`` bound numbers, both included.

    ``must_be`` is a value that no city may change, with the reason in both languages: higher law, or a
    principle of the house. ``unique`` names the key of a row that may not repeat.
    """

    key: str
    type: str
    label_zh: str
    label_en: str
    required: bool = True
    unit: str = ""
    min: float | None = None
    max: float | None = None
    choices: tuple[Choice, ...] = ()
    fields: tuple[Field, ...] = ()
    unique: str = ""
    must_be: Any = None
    because_zh: str = ""
    because_en: str = ""


@dataclass(frozen=True)
class Shape:
    """The fields of a value. With ``levels_from`` each name listed in that field is a key holding criteria.

    ``one_of`` names optional fields of which exactly one must be given.
    """

    name: str
    fields: tuple[Field, ...]
    levels_from: str = ""
    one_of: tuple[str, ...] = ()

    def fields_for(self, value: dict[str, Any]) -> tuple[Field, ...]:
        """The declared fields and, where levels carry criteria, one criteria field a level."""
        if not self.levels_from:
            return self.fields
        names = value.get(self.levels_from)
        source = next((field for field in self.fields if field.key == self.levels_from), None)
        words = {choice.code: choice for choice in source.choices} if source else {}
        levels = []
        for name in names if isinstance(names, list) else ():
            word = words.get(name)
            levels.append(Field(str(name), "criteria", word.zh if word else str(name), word.en if word else str(name)))
        return (*self.fields, *levels)

    def faults(self, value: dict[str, Any]) -> Iterator[criteria.Fault]:
        """Every fault of a value: unknown or missing keys, wrong types, values out of bounds, contradictions."""
        yield from table_faults(self.fields_for(value), value, "")
        given = [key for key in self.one_of if key in value]
        if self.one_of and len(given) != 1:
            names = ", ".join(self.one_of)
            yield criteria.Fault(
                given[-1] if given else self.one_of[0],
                f"{names} 须填且只填一项。", f"exactly one of {names} must be given.",
            )  # fmt: skip
        if self.levels_from:
            yield from criteria.level_faults(value, self.levels_from)


def table_faults(fields: tuple[Field, ...], value: dict[str, Any], path: str) -> Iterator[criteria.Fault]:
    known = {field.key: field for field in fields}
    for key in value:
        if key not in known:
            names = "、".join(known), ", ".join(known)
            yield criteria.Fault(
                path + key, f"没有这个字段；可用：{names[0]}。", f"no such key; known are: {names[1]}."
            )
    for field in fields:
        here = path + field.key
        if field.key not in value:
            if field.required:
                yield criteria.Fault(
                    here, f"缺少“{field.label_zh}”，请填写。", f"“{field.label_en}” is missing: enter it."
                )
            continue
        yield from _value_faults(field, value[field.key], here)


def _value_faults(field: Field, value: Any, path: str) -> Iterator[criteria.Fault]:
    if not _is_of(field, value):
        zh, en = TYPES[field.type]
        yield criteria.Fault(path, f"应为{zh}，现为 {value!r}。", f"must be {en}, not {value!r}.")
    elif field.must_be is not None and value != field.must_be:
        yield criteria.Fault(path, f"不能改动：{field.because_zh}", f"can't be changed: {field.because_en}")
    elif field.type in ("integer", "number"):
        yield from _bound_faults(field, value, path)
    elif field.type == "integers":
        for number in value:
            yield from _bound_faults(field, number, path)
    elif field.type in ("choice", "choices"):
        codes = [choice.code for choice in field.choices]
        for code in [value] if field.type == "choice" else value:
            if code not in codes:
                listed = ", ".join(codes)
                yield criteria.Fault(
                    path, f"“{code}”不是选项；可选：{listed}。", f"“{code}” is no choice; choose: {listed}."
                )
        if field.type == "choices" and len(set(value)) != len(value):
            yield criteria.Fault(path, "同一选项出现两次。", "a choice stands there twice.")
    elif field.type == "table":
        yield from table_faults(field.fields, value, path + ".")
    elif field.type == "rows":
        for number, row in enumerate(value, 1):
            yield from table_faults(field.fields, row, f"{path}[{number}].")
        yield from _repeat_faults(field, value, path)
    elif field.type == "criteria":
        yield from criteria.faults(value, path)


def _bound_faults(field: Field, number: float, path: str) -> Iterator[criteria.Fault]:
    if field.min is not None and number < field.min:
        yield criteria.Fault(
            path, f"{number} 小于最小值 {field.min:g}。", f"{number} is below the least, {field.min:g}."
        )
    if field.max is not None and number > field.max:
        yield criteria.Fault(
            path, f"{number} 大于最大值 {field.max:g}。", f"{number} is above the most, {field.max:g}."
        )


def _repeat_faults(field: Field, rows: list[dict[str, Any]], path: str) -> Iterator[criteria.Fault]:
    if not field.unique:
        return
    seen = set()
    for row in rows:
        name = row.get(field.unique)
        if name in seen:
            yield criteria.Fault(
                f"{path}.{field.unique}",
                f"“{name}”出现两次，互相矛盾。",
                f"“{name}” stands there twice and contradicts itself.",
            )
        seen.add(name)


def _is_of(field: Field, value: Any) -> bool:
    if field.type == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if field.type == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if field.type in ("text", "choice"):
        return isinstance(value, str) and value.strip() != ""
    if field.type == "boolean":
        return isinstance(value, bool)
    if field.type == "date":
        return isinstance(value, date)
    if field.type in ("texts", "choices"):
        return isinstance(value, list) and all(isinstance(part, str) and part.strip() for part in value)
    if field.type == "integers":
        return isinstance(value, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
    if field.type == "dates":
        return isinstance(value, list) and all(isinstance(part, date) for part in value)
    if field.type == "words":
        return (
            isinstance(value, dict)
            and set(value) == {"zh", "en"}
            and all(isinstance(part, str) and part.strip() for part in value.values())
        )
    if field.type == "rows":
        return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
    return isinstance(value, dict)


def plain(value: Any) -> Any:
    """A value as JSON carries it: dates become ISO text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def revive(fields: tuple[Field, ...], value: dict[str, Any]) -> dict[str, Any]:
    """The reverse of ``plain`` by the fields' types; text that is no ISO date stays text, for ``faults`` to name."""
    types = {field.key: field for field in fields}
    return {key: _revive(types[key], part) if key in types else part for key, part in value.items()}


def _revive(field: Field, part: Any) -> Any:
    if field.type == "date":
        return _day(part)
    if field.type == "dates" and isinstance(part, list):
        return [_day(one) for one in part]
    if field.type == "table" and isinstance(part, dict):
        return revive(field.fields, part)
    if field.type == "rows" and isinstance(part, list):
        return [revive(field.fields, row) if isinstance(row, dict) else row for row in part]
    return part


def _day(part: Any) -> Any:
    if not isinstance(part, str):
        return part
    try:
        return date.fromisoformat(part)
    except ValueError:
        return part
