"""Templates: one base, nothing inline (the content policy would block it), every sentence in English too."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture import source

EXTENDS = re.compile(r"^\s*(?:\{#.*?#\}\s*)*\{%\s*extends\s+[\"']([^\"']+)[\"']", re.DOTALL)
INLINE = {
    "style attribute": re.compile(r"<[a-zA-Z][^>]*\sstyle\s*=", re.DOTALL),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "event attribute": re.compile(r"<[a-zA-Z][^>]*\son[a-z]+\s*=", re.DOTALL),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
}
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def templates() -> list[Path]:
    return [path for path in source.under("src", suffix=".html") if "templates" in path.parts]


def is_part(path: Path) -> bool:
    """A piece that other templates include: in a folder ``parts`` or with a leading underscore."""
    return path.name.startswith("_") or "parts" in path.parts or "partials" in path.parts


def test_every_page_extends_the_base():
    loose = {}
    for path in templates():
        if path.name == "base.html" or is_part(path):
            continue
        if not EXTENDS.match(source.text(path)):
            loose[str(path)] = "no extends"
    source.held("standalone_page", loose)


def test_nothing_is_inline():
    found = []
    for path in templates():
        text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", source.text(path), flags=re.DOTALL)
        found += [f"{path}: {what}" for what, pattern in INLINE.items() if pattern.search(text)]
        for attributes, content in SCRIPT.findall(text):
            data = "application/json" in attributes
            if content.strip() and not data or "src=" not in attributes and not data:
                found.append(f"{path}: script without a file")
    assert found == []
