"""``docs/rulebook.md`` says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from tongchou.rulebook import packs as pack_files
from tongchou.rulebook.shapes import TYPES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rulebook.md").read_text(encoding="utf-8")


def test_every_type_of_a_field_is_named():
    assert [name for name in TYPES if f"`{name}`" not in PAGE] == []


def test_every_key_of_a_row_is_named():
    assert [key for key in pack_files._ROW_KEYS if key not in PAGE] == []


def test_the_keys_told_to_other_rooms_exist():
    packs = pack_files.shipped()
    table = PAGE[PAGE.index("## Shapes that other rooms read") : PAGE.index("## A pack")]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)
    assert len(rows) >= 8
    for rule_id, cells in rows:
        known = next(kind for name, kind in packs.kinds.items() if name == rule_id or name.startswith(rule_id.rstrip("*")))
        fields = {field.key for field in packs.shapes[known.shape].fields}
        inner = {part.key for field in packs.shapes[known.shape].fields for part in field.fields}
        choices = {choice.code for field in packs.shapes[known.shape].fields for choice in field.choices}
        named = set(re.findall(r"`([a-z_]+)`", cells))
        assert named <= fields | inner | choices, (rule_id, named - fields - inner - choices)
        assert fields <= named or rule_id == "zone.level", (rule_id, fields - named)


def test_the_order_of_precedence_is_that_of_the_code():
    steps = re.findall(r"^(\d)\. (.+)$", PAGE, re.MULTILINE)
    words = ["longer area", "disease", "class of firm", "sector", "group", "own row", "later first day", "known later", "version"]
    assert [number for number, _ in steps] == [str(n) for n in range(1, 10)]
    assert all(word in text for word, (_, text) in zip(words, steps, strict=True))
