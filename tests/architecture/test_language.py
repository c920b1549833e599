"""Every sentence that the source marks for translation has its English, with the same values in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

from tests.architecture import source

MARKS = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext",
}  # fmt: skip
TEMPLATE_CALL = re.compile(r"""\b(n?p?n?gettext)\(((?:\s|,|u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")+)""")
SCRIPT_CALL = re.compile(r"""\b(n?p?gettext|_)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
VALUES = re.compile(r"%\((\w+)\)[sd]|\{(\w*)[^{}]*\}")


def of_python(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Call) and source.dotted(node.func).rsplit(".", 1)[-1] in MARKS:
            name = source.dotted(node.func).rsplit(".", 1)[-1]
            skipped = 1 if "pgettext" in name else 0
            words = [arg.value for arg in node.args[skipped:] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            found |= set(words[: 2 if name.startswith("n") else 1])
    return found


def of_template(path: Path) -> set[str]:
    found = set()
    for name, words in TEMPLATE_CALL.findall(templatize(source.text(path))):
        literals = re.findall(r"""u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*\"""", words)
        values = [ast.literal_eval(literal) for literal in literals]
        values = values[1:] if "pgettext" in name else values
        found |= set(values[: 2 if name.startswith("n") else 1])
    return found


def of_script(path: Path) -> set[str]:
    return {ast.literal_eval(words) for _, words in SCRIPT_CALL.findall(source.text(path))}


def catalogue(domain: str) -> dict[str, polib.POEntry]:
    """All English entries of a domain; Django lays the rooms' catalogues over each other the same way."""
    entries: dict[str, polib.POEntry] = {}
    for path in source.under("src", suffix=".po"):
        if path.stem == domain and path.parts[-3] == "en":
            entries |= {entry.msgid: entry for entry in polib.pofile(str(source.ROOT / path)) if not entry.obsolete}
    return entries


def used(domain: str) -> dict[str, str]:
    """{sentence: a file that uses it} of Python and templates, or of scripts."""
    where: dict[str, str] = {}
    if domain == "djangojs":
        for path in source.under("src", suffix=".js"):
            where |= dict.fromkeys(of_script(path), str(path))
        return where
    for path in source.under("src", suffix=".py"):
        where |= dict.fromkeys(of_python(path), str(path))
    for path in [*source.under("src", suffix=".html"), *source.under("src", suffix=".txt")]:
        if "templates" in path.parts:
            where |= dict.fromkeys(of_template(path), str(path))
    return {sentence: file for sentence, file in where.items() if sentence.strip()}


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_every_sentence_has_its_english(domain: str):
    entries = catalogue(domain)
    missing: dict[str, list[str]] = {}
    for sentence, path in used(domain).items():
        entry = entries.get(sentence)
        said = entry and (entry.msgstr or all(entry.msgstr_plural.values()) and entry.msgstr_plural)
        if not said:
            missing.setdefault(path, []).append(sentence)
    assert missing == {}


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_english_carries_the_same_values(domain: str):
    wrong = []
    for entry in catalogue(domain).values():
        said = [entry.msgstr, *entry.msgstr_plural.values()]
        wanted = {a or b for a, b in VALUES.findall(entry.msgid)}
        wrong += [entry.msgid for text in said if text and {a or b for a, b in VALUES.findall(text)} - wanted]
        wrong += [entry.msgid for text in said if text and not entry.msgid_plural and wanted - {a or b for a, b in VALUES.findall(text)}]
        wrong += [entry.msgid for text in [entry.msgstr] if "fuzzy" in entry.flags and text]
    assert wrong == []


def test_the_finder_reads_every_form(tmp_path: Path):
    page = tmp_path / "page.html"
    page.write_text('{% load i18n %}{% translate "早" %}{% blocktranslate with n=x %}共 {{ n }} 例{% endblocktranslate %}', encoding="utf-8")
    program = tmp_path / "program.py"
    program.write_text('label = _("病例")\ntext = ngettext("%(n)s 人", "%(n)s 个人", n)\nother = pgettext("x", "区")\n', encoding="utf-8")
    script = tmp_path / "script.js"
    script.write_text('el.textContent = gettext("加载中");', encoding="utf-8")
    assert of_template(page) == {"早", "共 %(n)s 例"}
    assert of_python(program) == {"病例", "%(n)s 人", "%(n)s 个人", "区"}
    assert of_script(script) == {"加载中"}
