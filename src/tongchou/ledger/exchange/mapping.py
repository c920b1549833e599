"""Foreign column names and forms into ours.

A mapping is ``{our column: rule}``. A rule names where the text comes from and what is done to it:
``from`` (a header or several, first non-blank wins), ``const`` (``@city`` is this city's code), ``prefix``, ``date`` (strptime form
or a list of them), ``values`` (their word -> ours), ``blank`` (words that mean nothing is known),
``first`` (a pattern whose first group is taken). Without a mapping, headers are matched to column
names and labels in either language. Shipped mappings are TOML files in ``mappings/``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.utils import translation

from tongchou import areas, citytime
from tongchou.access.actor import Actor
from tongchou.ledger.columns import clean_text
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.models import ColumnMapping
from tongchou.refusal import Refusal

SHIPPED = Path(__file__).with_name("mappings")
RULE_WORDS = {"from", "const", "prefix", "date", "values", "blank", "first"}
_HEADER_SEARCH_ROWS = 10
Rules = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Plan:
    """How one file's rows become raw values: ``rules`` over ``headers``, which stand in row ``header_row``."""

    header_row: int
    headers: tuple[str, ...]
    rules: Rules
    ignored: list[str] = field(default_factory=list)

    def raw(self, cells: Sequence[str]) -> dict[str, str]:
        """One row's text by our column name. Raises Refusal for a date that its declared form does not fit."""
        if self._places is not None:
            return {name: clean_text(cells[place]) if place < len(cells) else "" for name, place in self._places}
        by_header = dict(zip(self.headers, cells, strict=False))
        return {name: _text(name, rule, by_header) for name, rule in self.rules.items()}

    @cached_property
    def _places(self) -> list[tuple[str, int]] | None:
        """Where each column stands, if all are taken as they are."""
        if any(rule.keys() != {"from"} or rule["from"] not in self.headers for rule in self.rules.values()):
            return None
        return [(name, self.headers.index(rule["from"])) for name, rule in self.rules.items()]


def names(ledger: Ledger) -> list[str]:
    """Mappings for a ledger, shipped and saved."""
    shipped = [path.stem for path in sorted(SHIPPED.glob("*.toml")) if _read(path).get("ledger") == ledger.key]
    return [*shipped, *ColumnMapping.objects.filter(ledger=ledger.key).values_list("name", flat=True)]


def rules_of(ledger: Ledger, name: str) -> Rules:
    """A mapping by name; a saved one goes before a shipped one. Raises Refusal where there is none."""
    saved = ColumnMapping.objects.filter(ledger=ledger.key, name=name).first()
    path = SHIPPED / f"{name}.toml"
    if saved is not None:
        rules: Rules = saved.columns
    elif re.fullmatch(r"[\w-]+", name) and path.exists() and _read(path).get("ledger") == ledger.key:
        rules = _read(path)["columns"]
    else:
        known = ", ".join(names(ledger)) or "—"
        raise Refusal(f"“{ledger.label}”没有名为“{name}”的列对照，现有：{known}。", f"There is no mapping {name!r} for {ledger.key!r}; known: {known}.", code="unknown_mapping")
    check_rules(ledger, rules)
    return rules


def save(ledger: Ledger, name: str, rules: Rules, *, by: Actor) -> ColumnMapping:
    """Keep a mapping under a name, to be used again."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", name):
        raise Refusal("对照名称只能用小写字母、数字、- 和 _。", "A mapping's name has lower-case letters, digits, - and _ only.", code="bad_name", field="name")
    check_rules(ledger, rules)
    row, _made = ColumnMapping.objects.update_or_create(
        ledger=ledger.key, name=name, defaults={"columns": dict(rules), "saved_by": by.post_id, "saved_at": citytime.now()}
    )
    return row


def check_rules(ledger: Ledger, rules: Rules) -> None:
    """Refuse a mapping that names a column or a rule word that does not exist."""
    known = {column.name for column in ledger.editable_columns()}
    for name, rule in rules.items():
        wrong = set(rule) - RULE_WORDS
        if name not in known or wrong:
            raise Refusal(
                f"列对照有误：“{name}”{'不是可导入的列' if name not in known else f'用了不认识的词 {sorted(wrong)}'}。",
                f"The mapping is wrong: {name!r} {'is no column to import' if name not in known else f'uses unknown words {sorted(wrong)}'}.",
                code="bad_mapping",
            )


def plan(ledger: Ledger, head: Sequence[tuple[int, list[str]]], rules: Rules | None) -> Plan:
    """Find the header among the first rows and settle which column is which. Raises Refusal."""
    best = max(head[:_HEADER_SEARCH_ROWS], key=lambda item: len(_matches(ledger, item[1], rules)), default=None)
    if best is None or not _matches(ledger, best[1], rules):
        wanted = "、".join(str(column.label) for column in ledger.editable_columns()[:8])
        raise Refusal(
            f"前 {_HEADER_SEARCH_ROWS} 行里找不到表头。请使用本台账导出的表头（如：{wanted}），或选择列对照。",
            f"No header was found in the first {_HEADER_SEARCH_ROWS} rows. Use the header of this ledger's export, or choose a mapping.",
            code="no_header",
        )
    headers = tuple(clean_text(cell) for cell in best[1])
    repeated = sorted({name for name in headers if name and headers.count(name) > 1})
    if repeated:
        raise Refusal(f"表头有重复的列：{'、'.join(repeated)}。", f"The header repeats columns: {', '.join(repeated)}.", code="repeated_header")
    found = rules or {name: {"from": header} for header, name in _matches(ledger, best[1], None).items()}
    used = {header for rule in found.values() for header in _sources(rule)}
    return Plan(best[0], headers, found, [header for header in headers if header and header not in used])


def _matches(ledger: Ledger, cells: Sequence[str], rules: Rules | None) -> dict[str, str]:
    """Header -> our column, as far as this row of cells can be read as a header."""
    texts = [clean_text(cell) for cell in cells]
    if rules:
        return {header: name for name, rule in rules.items() for header in _sources(rule) if header in texts}
    labels = {label: column.name for column in ledger.editable_columns() for label in _labels(column)}
    return {text: labels[text.lower()] for text in texts if text.lower() in labels}


def _labels(column: Any) -> set[str]:
    found = {column.name.lower(), *(header.lower() for header in column.also)}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            found.add(str(column.label).strip().lower())
    return found


def _sources(rule: Mapping[str, Any]) -> list[str]:
    source = rule.get("from", [])
    return [source] if isinstance(source, str) else list(source)


def _text(name: str, rule: Mapping[str, Any], by_header: Mapping[str, str]) -> str:
    text = next((found for header in _sources(rule) if (found := clean_text(by_header.get(header, "")))), "")
    if text.lower() in {str(word).lower() for word in rule.get("blank", [])}:
        text = ""
    if text and "first" in rule:
        match = re.search(rule["first"], text)
        text = match.group(1) if match else ""
    if text and "values" in rule:
        lowered = {str(theirs).lower(): ours for theirs, ours in rule["values"].items()}
        text = lowered.get(text.lower(), text)
    if text and "date" in rule:
        text = _date(name, text, rule["date"])
    if not text:
        const = str(rule.get("const", ""))
        return _city() if const == "@city" else const
    return f"{rule.get('prefix', '')}{text}"


def _city() -> str:
    """The code of the one city whose divisions are held here; empty where there is none or more than one."""
    cities = areas.tree().below("", citytime.today(), "city")
    return cities[0].code if len(cities) == 1 else ""


def _date(name: str, text: str, forms: Any) -> str:
    for form in [forms] if isinstance(forms, str) else forms:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 (a day, not an instant)
        except ValueError:
            continue
    raise Refusal(f"“{text}”不是列对照所说的日期格式 {forms}。", f"{text!r} is no date of the form {forms} that the mapping names.", code="bad_date", field=name)


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
