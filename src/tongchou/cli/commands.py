"""Finding the commands: one file of this folder each, found by listing.

A command file states, as plain literals, what can be read without running it:

``NAME``       the word after ``tongchou``
``HELP_ZH``, ``HELP_EN``  one sentence each
``DJANGO``     False where the command needs no Django (default True: Django is set up before the file is imported)
``CITY``       "needed" (default with Django: no city, no run), "optional", or "none" (default without Django)
``JSON``       {key: meaning} of what ``--json`` prints; for a command with words under it, {word: {key: meaning}}.
               A list is described by the keys of one entry. Commands that state it get ``--json``.
``INPUT``      {column or key: meaning} of a file that the command reads

and has ``add_arguments(parser)`` and ``run(args) -> int``. ``args.say(data, text)`` prints, ``args.say.progress(zh, en)``
tells about long work. Errors are exceptions with ``.zh`` and ``.en`` (``terminal.CommandError``, ``terminal.UsageError``).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).resolve().parent
STATED = ("NAME", "HELP_ZH", "HELP_EN", "DJANGO", "CITY", "JSON", "INPUT")


class CommandIncomplete(Exception):
    """A command file does not state what the frame needs to know."""


@dataclass(frozen=True)
class Command:
    name: str
    module: str
    zh: str
    en: str
    django: bool = True
    city: str = "needed"
    json: dict[str, Any] = field(default_factory=dict)
    input: dict[str, str] = field(default_factory=dict)

    @property
    def help(self) -> str:
        return f"{self.zh} / {self.en}"

    def load(self) -> ModuleType:
        return import_module(f"tongchou.cli.{self.module}")


def read(path: Path) -> Command | None:
    """What one file states, without running it; None for a file that is no command."""
    stated: dict[str, Any] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in STATED:
            try:
                stated[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                raise CommandIncomplete(f"{path.name}: {node.targets[0].id} must be a plain literal") from None
    if "NAME" not in stated:
        return None
    if not stated.get("HELP_ZH") or not stated.get("HELP_EN"):
        raise CommandIncomplete(f"{path.name}: HELP_ZH and HELP_EN must be stated")
    return Command(
        name=stated["NAME"],
        module=path.stem,
        zh=stated["HELP_ZH"],
        en=stated["HELP_EN"],
        django=stated.get("DJANGO", True),
        city=stated.get("CITY", "needed" if stated.get("DJANGO", True) else "none"),
        json=stated.get("JSON", {}),
        input=stated.get("INPUT", {}),
    )


def every() -> dict[str, Command]:
    """Every command by its word, in order of the words."""
    found = [command for path in sorted(FOLDER.glob("*.py")) if (command := read(path))]
    return {command.name: command for command in sorted(found, key=lambda command: command.name)}
