"""Reads the packs: TOML files of shapes, rules and rows, checked whole before any row is used.

A pack file holds ``[pack]`` (labels; a disease for all its rows), ``[shape.NAME]`` (fields of a value),
``[alias."OTHER.ID"]`` and ``[[rule]]`` with its ``[[rule.row]]``. ``docs/rulebook.md`` lists every key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tongchou import citytime
from tongchou.rulebook import rows as row_words
from tongchou.rulebook.errors import PackError, Problem, RuleError
from tongchou.rulebook.rows import NOT_FOUND, Row, Scope, area_path
from tongchou.rulebook.shapes import TYPES, Choice, Field, Shape

FOLDER = Path(__file__).parent / "packs"
SOURCES_FILE = "sources.toml"

_PACK_KEYS = {"label_zh": str, "label_en": str, "disease": str, "order": int}
_RULE_KEYS = {"id": str, "shape": str, "label_zh": str, "label_en": str, "section": str, "row": list}
_RULE_NEEDS = ("id", "shape", "label_zh", "label_en", "section", "row")
_ROW_KEYS = {
    "version": str, "value": dict, "valid_from": date, "valid_to": date, "known_from": date, "area": str,
    "disease": str, "firm_class": str, "sector": str, "group": str, "response_level": str, "mark": str,
    "source": list, "source_text": str, "label_zh": str, "label_en": str, "note_zh": str, "note_en": str,
}  # fmt: skip
_ROW_NEEDS = ("valid_from", "mark", "source")
_FIELD_KEYS = {
    "key": str, "type": str, "label_zh": str, "label_en": str, "required": bool, "unit": str, "min": (int, float),
    "max": (int, float), "choices": list, "fields": list, "unique": str,
    "must_be": (bool, int, float, str), "because_zh": str, "because_en": str,
}  # fmt: skip
_FIELD_NEEDS = ("key", "type", "label_zh", "label_en")
_SHAPE_KEYS = {"fields": list, "levels_from": str, "one_of": list}
_ALIAS_KEYS = {"id": str, "area": str}
#: place of a pack that states no ``order`` in lists
LAST_ORDER = 500
RESPONSE_LEVELS = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class RuleKind:
    """What an id means: its labels, the shape of its value, and the section of the domain rules it comes from."""

    rule_id: str
    shape: str
    label_zh: str
    label_en: str
    section: str
    file: str


@dataclass(frozen=True)
class Alias:
    """Another name of a rule; ``area`` is asked where the asker names none."""

    rule_id: str
    area: str


@dataclass
class Packs:
    """Everything that the files say."""

    kinds: dict[str, RuleKind] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)

    def shape_of(self, rule_id: str) -> Shape:
        return self.shapes[self.kinds[rule_id].shape]


@lru_cache(maxsize=1)
def shipped() -> Packs:
    """The packs that come with the house; read and checked once a process."""
    return load(FOLDER)


def load(folder: Path) -> Packs:
    """Read every ``*.toml`` of a folder. Raises ``PackError`` with every fault found, by file, row and key."""
    reader = _Reader()
    for path in sorted(folder.glob("*.toml")):
        reader.read(path)
    reader.finish()
    if reader.problems:
        raise PackError(reader.problems)
    return reader.packs


class _Reader:
    def __init__(self) -> None:
        self.packs = Packs()
        self.problems: list[Problem] = []
        self.raw_rows: list[tuple[str, str, str, dict[str, Any]]] = []

    def fault(self, file: str, row: str, key: str, zh: str, en: str) -> None:
        self.problems.append(Problem(file, row, key, zh, en))

    def read(self, path: Path) -> None:
        file = path.name
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.fault(file, "", "", f"不是有效的 TOML：{error}", f"is no valid TOML: {error}")
            return
        if file == SOURCES_FILE:
            self.read_sources(file, content)
            return
        self.check_keys(content, {"pack": dict, "shape": dict, "alias": dict, "rule": list}, ("pack",), file, "")
        pack = content.get("pack", {})
        if not isinstance(pack, dict):
            return
        self.check_keys(pack, _PACK_KEYS, ("label_zh", "label_en"), file, "pack")
        self.packs.labels[file] = (str(pack.get("label_zh", file)), str(pack.get("label_en", file)))
        self.packs.orders[file] = pack.get("order", LAST_ORDER)
        for name, raw in _tables(content.get("shape")):
            self.read_shape(file, name, raw)
        for name, raw in _tables(content.get("alias")):
            self.read_alias(file, name, raw)
        for number, raw in enumerate(content.get("rule") or [], 1):
            self.read_rule(file, f"rule[{number}]", raw, str(pack.get("disease", "")))

    def read_sources(self, file: str, content: dict[str, Any]) -> None:
        for mark, text in content.items():
            if isinstance(text, str) and text.strip():
                self.packs.sources[mark] = text
            else:
                self.fault(file, "", mark, "来源须为文字。", "a source must be text.")

    def check_keys(
        self, raw: dict[str, Any], known: dict[str, Any], needed: tuple[str, ...], file: str, place: str
    ) -> bool:
        """Unknown, missing and wrongly typed keys of one table."""
        sound = True
        for key, value in raw.items():
            if key not in known:
                names = ", ".join(known)
                self.fault(file, place, key, f"没有这个键；可用：{names}。", f"no such key; known are: {names}.")
                sound = False
            elif not isinstance(value, known[key]) or (isinstance(value, bool) and not _takes_truth(known[key])):
                self.fault(file, place, key, f"类型不对：{value!r}。", f"is of the wrong type: {value!r}.")
                sound = False
        for key in needed:
            if key not in raw:
                self.fault(file, place, key, "缺少这个键。", "this key is missing.")
                sound = False
            elif isinstance(raw[key], str) and not raw[key].strip():
                self.fault(file, place, key, "不能为空。", "must not be empty.")
                sound = False
        return sound

    def read_shape(self, file: str, name: str, raw: dict[str, Any]) -> None:
        place = f"shape.{name}"
        if not self.check_keys(raw, _SHAPE_KEYS, ("fields",), file, place):
            return
        if name in self.packs.shapes:
            self.fault(file, place, "", "这个值结构已经定义过。", "this shape is already defined.")
            return
        fields = tuple(self.fields(raw["fields"], file, place))
        levels_from = raw.get("levels_from", "")
        if levels_from and levels_from not in {one.key for one in fields}:
            self.fault(file, place, "levels_from", f"没有字段“{levels_from}”。", f"there is no field “{levels_from}”.")
        self.packs.shapes[name] = Shape(name, fields, levels_from, tuple(raw.get("one_of", ())))

    def fields(self, raw_fields: list[Any], file: str, place: str) -> Iterator[Field]:
        for number, raw in enumerate(raw_fields, 1):
            here = f"{place}.fields[{number}]"
            if not isinstance(raw, dict):
                self.fault(file, here, "", "须为一组键。", "must be a table.")
                continue
            if not self.check_keys(raw, _FIELD_KEYS, _FIELD_NEEDS, file, here):
                continue
            if raw["type"] not in TYPES:
                known = ", ".join(TYPES)
                self.fault(
                    file,
                    here,
                    "type",
                    f"没有类型“{raw['type']}”；可用：{known}。",
                    f"no type “{raw['type']}”; known are: {known}.",
                )
                continue
            choices = []
            for word in raw.get("choices", []):
                if isinstance(word, dict) and self.check_keys(
                    word, {"code": str, "zh": str, "en": str}, ("code", "zh", "en"), file, here
                ):
                    choices.append(Choice(**word))
            if raw["type"] in ("choice", "choices") and not choices:
                self.fault(file, here, "choices", "选项字段须列出选项。", "a choice field must list its choices.")
            inner = tuple(self.fields(raw.get("fields", []), file, here))
            plain = {key: value for key, value in raw.items() if key not in ("choices", "fields")}
            yield Field(**plain, choices=tuple(choices), fields=inner)

    def read_alias(self, file: str, name: str, raw: dict[str, Any]) -> None:
        if self.check_keys(raw, _ALIAS_KEYS, ("id",), file, f"alias.{name}"):
            self.packs.aliases[name] = Alias(raw["id"], raw.get("area", ""))

    def read_rule(self, file: str, place: str, raw: Any, disease: str) -> None:
        if not isinstance(raw, dict):
            self.fault(file, place, "", "须为一组键。", "must be a table.")
            return
        place = str(raw.get("id", place))
        if not self.check_keys(raw, _RULE_KEYS, _RULE_NEEDS, file, place):
            return
        rule_id = raw["id"]
        if rule_id in self.packs.kinds:
            other = self.packs.kinds[rule_id].file
            self.fault(file, rule_id, "id", f"这个编号已在 {other} 中定义。", f"this id is already defined in {other}.")
            return
        self.packs.kinds[rule_id] = RuleKind(
            rule_id, raw["shape"], raw["label_zh"], raw["label_en"], raw["section"], file
        )
        if not raw["row"]:
            self.fault(file, rule_id, "row", "规则至少要有一行。", "a rule needs at least one row.")
        for number, row in enumerate(raw["row"], 1):
            if not isinstance(row, dict):
                self.fault(file, f"{rule_id} row {number}", "", "须为一组键。", "must be a table.")
                continue
            if self.check_keys(row, _ROW_KEYS, _ROW_NEEDS, file, f"{rule_id} row {number}"):
                self.raw_rows.append((file, rule_id, f"{rule_id} row {number}", {"disease": disease, **row}))

    def finish(self) -> None:
        """Build and check the rows, once every shape, rule and source is known."""
        for name, alias in self.packs.aliases.items():
            if alias.rule_id not in self.packs.kinds:
                self.fault(
                    "", f"alias.{name}", "id", f"没有规则“{alias.rule_id}”。", f"there is no rule “{alias.rule_id}”."
                )
        for kind in self.packs.kinds.values():
            if kind.shape not in self.packs.shapes:
                self.fault(
                    kind.file,
                    kind.rule_id,
                    "shape",
                    f"没有值结构“{kind.shape}”。",
                    f"there is no shape “{kind.shape}”.",
                )
        places: dict[str, str] = {}
        for file, rule_id, place, raw in self.raw_rows:
            row = self.row(file, rule_id, place, raw)
            if row is None:
                continue
            if row.version in places:
                self.fault(
                    file, place, "version",
                    f"版本“{row.version}”与 {places[row.version]} 重复。", f"version “{row.version}” repeats {places[row.version]}.",
                )  # fmt: skip
                continue
            places[row.version] = place
            self.packs.rows.append(row)
        self.problems.extend(overlaps(self.packs.rows))

    def row(self, file: str, rule_id: str, place: str, raw: dict[str, Any]) -> Row | None:
        before = len(self.problems)
        kind = self.packs.kinds[rule_id]
        try:
            scope = Scope(
                area_path(raw.get("area", "")), raw["disease"], raw.get("firm_class", ""), raw.get("sector", ""),
                raw.get("group", ""),
            )  # fmt: skip
        except RuleError as error:
            self.fault(file, place, "area", error.zh, error.en)
            return None
        valid_from, valid_to = raw["valid_from"], raw.get("valid_to")
        value = raw.get("value")
        row = Row(
            rule_id=rule_id,
            version=raw.get("version") or version_name(rule_id, scope, valid_from),
            scope=scope,
            value=value,
            valid_from_on=valid_from,
            valid_to_on=valid_to,
            known_from_at=citytime.day_start(raw.get("known_from", valid_from)),
            known_to_at=None,
            mark=raw["mark"],
            source=tuple(str(mark) for mark in raw["source"]),
            source_text=raw.get("source_text", ""),
            label_zh=raw.get("label_zh", kind.label_zh),
            label_en=raw.get("label_en", kind.label_en),
            note_zh=raw.get("note_zh", ""),
            note_en=raw.get("note_en", ""),
            response_level=raw.get("response_level", ""),
            file=file,
        )
        for fault in row_faults(row, self.packs):
            self.problems.append(replace(fault, file=file, row=place))
        return row if len(self.problems) == before else None


def row_faults(row: Row, packs: Packs) -> Iterator[Problem]:
    """Faults of one row by itself: dates, mark, sources, value. The same for packs and for a city's proposals."""

    def fault(key: str, zh: str, en: str) -> Problem:
        return Problem(row.file, row.version, key, zh, en)

    if row.valid_to_on is not None and row.valid_to_on < row.valid_from_on:
        yield fault(
            "valid_to",
            f"截止日 {row.valid_to_on} 早于起始日 {row.valid_from_on}。",
            f"the last day {row.valid_to_on} is before the first day {row.valid_from_on}.",
        )
    if row.mark not in row_words.MARKS:
        known = ", ".join(row_words.MARKS)
        yield fault("mark", f"没有标记“{row.mark}”；可用：{known}。", f"no mark “{row.mark}”; known are: {known}.")
    if row.response_level and row.response_level not in RESPONSE_LEVELS:
        yield fault("response_level", "响应级别须为 I、II、III 或 IV。", "the response level is I, II, III or IV.")
    if not row.source:
        yield fault("source", "须写明来源。", "the source must be named.")
    for mark in row.source:
        if mark not in packs.sources:
            yield fault("source", f"来源“{mark}”不在来源表中。", f"source “{mark}” is not in the list of sources.")
    if (row.mark == NOT_FOUND) != (row.value is None):
        yield fault(
            "value",
            "标记为“未找到”的行不能有值，其他行必须有值。",
            "a row marked not_found has no value, and every other row has one.",
        )
    shape = packs.shapes.get(packs.kinds[row.rule_id].shape)
    if row.value is not None and shape is not None:
        for found in shape.faults(row.value):
            yield fault(f"value.{found.key}", found.zh, found.en)


def overlaps(rows: list[Row]) -> Iterator[Problem]:
    """Rows of one id and scope, known since the same day, that both claim a day: neither would win by right."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.rule_id, row.scope, row.known_from_at), []).append(row)
    for group in groups.values():
        for first, second in pairwise(sorted(group, key=lambda row: row.valid_from_on)):
            if first.valid_to_on is None or first.valid_to_on >= second.valid_from_on:
                last = second.valid_from_on - timedelta(days=1)
                yield Problem(
                    second.file,
                    second.version,
                    "valid_from",
                    f"与 {first.version} 在 {second.valid_from_on} 起重叠；请给前者写上截止日 {last}。",
                    f"overlaps {first.version} from {second.valid_from_on}; give that one the last day {last}.",
                )


def version_name(rule_id: str, scope: Scope, valid_from: date) -> str:
    """The name of a row that gives none: id, scope where narrower than the country, first day."""
    parts = [scope.area, scope.firm_class, scope.sector, scope.group]
    return "@".join([rule_id, *(part for part in parts if part), valid_from.isoformat()])


def _takes_truth(known: Any) -> bool:
    return known is bool or (isinstance(known, tuple) and bool in known)


def _tables(raw: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(raw, dict):
        return []
    return [(name, body) for name, body in raw.items() if isinstance(body, dict)]
