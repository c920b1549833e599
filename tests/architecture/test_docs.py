"""What the pages for readers point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tongchou.cli import commands

from tests.architecture import source

LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = [path for path in source.files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_inside_the_repository_leads_somewhere(page: Path):
    targets = [target for target in LINK.findall(source.text(page)) if "://" not in target and not target.startswith("mailto:")]
    missing = [target for target in targets if not (source.ROOT / page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/operations.md"])
def test_every_command_that_a_page_shows_exists(page: str):
    shown = set(re.findall(r"python3 (?:/\S+/)?tong\.py ([a-z][a-z-]*)", source.text(Path(page))))
    assert shown and shown <= set(commands.every())


def test_both_readmes_show_the_same_commands_and_pages():
    english, chinese = (source.text(Path(name)) for name in ("README.md", "README.zh-CN.md"))
    commands_of = lambda text: re.findall(r"^(?:python3 tong\.py [a-z]+|export [A-Z_]+)", text, re.MULTILINE)  # noqa: E731
    assert commands_of(english) == commands_of(chinese)
    pages = [set(LINK.findall(text)) - {"README.md", "README.zh-CN.md"} for text in (english, chinese)]
    assert pages[0] == pages[1]
