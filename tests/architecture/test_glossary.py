"""The glossary and the code name the same things."""

from __future__ import annotations

import re

from django.apps import apps
from django.utils import translation

from tongchou.ledger import registry

from tests.architecture import source


def rows() -> list[tuple[list[str], str, str]]:
    """(names in the code, Chinese, English) of every row of the table."""
    found = []
    for line in source.text(source.Path("docs/glossary.md")).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[0] != "code" and not set(cells[1]) <= {"-"}:
            found.append(([name for name in re.split(r",\s*", cells[0]) if name], cells[1], cells[2]))
    return found


def models() -> set[str]:
    return {model.__name__ for model in apps.get_models() if model.__module__.startswith("tongchou.")}


def test_every_model_and_ledger_is_explained_and_nothing_else_is_claimed():
    named = {name for names, _zh, _en in rows() for name in names}
    assert len(rows()) > 40
    assert named == models() | {ledger.key for ledger in registry.every()}


def test_one_word_one_idea():
    for column in (1, 2):
        words = [row[column] for row in rows()]
        assert sorted(word for word in words if words.count(word) > 1) == []


def test_ledgers_are_called_what_the_glossary_calls_them():
    called = {name: (zh, en) for names, zh, en in rows() for name in names}
    with translation.override("zh-hans"):
        assert {ledger.key: (str(ledger.label), ledger.label_en) for ledger in registry.every()} == {
            ledger.key: called[ledger.key] for ledger in registry.every()
        }
