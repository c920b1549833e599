"""The page ``docs/models/contacts.md`` shows what really happens: its code and its commands are run."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
from pathlib import Path

from defusedxml import ElementTree

from tongchou.cli.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "models" / "contacts.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_python_on_the_page_prints_what_the_page_says():
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(blocks("python")[0], str(PAGE), "exec"), {})
    assert said.getvalue() == blocks("text")[0]


def test_the_commands_on_the_page_find_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("cases.csv").write_text(blocks("csv")[0], encoding="utf-8")
    told = []
    for line in "".join(blocks("sh")).splitlines():
        name, *words = shlex.split(line)
        assert name == "tongchou" and main([*words, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    first, second = (told[1][f"generation_{number}"] for number in (1, 2))
    numbers = re.search(r"finds ([\d,]+) pairs of generation 1 and ([\d,]+) of generation 2", PAGE.read_text(encoding="utf-8"))
    assert numbers and [int(number.replace(",", "")) for number in numbers.groups()] == [first, second]
    rows = [sorted(csv.reader(Path(name).read_text(encoding="utf-8").splitlines())) for name in ("contacts.csv", "same.csv")]
    assert rows[0] == rows[1] and len(rows[0]) == 1 + first + second


def test_the_picture_can_be_read():
    assert ElementTree.parse(ROOT / "docs" / "images" / "contacts.svg").getroot().tag.endswith("svg")
