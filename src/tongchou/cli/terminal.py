"""What every command shares at the terminal: two languages, one way to print, one way to fail.

Exit codes: 0 done, 1 the command failed and says why, 2 the words after ``tongchou`` cannot be understood.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn


class CommandError(Exception):
    """A command cannot do what was asked; both sentences say what to do about it."""

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class UsageError(CommandError):
    """The words of the command contradict each other or name something that cannot be."""

    exit_code = 2


class Parser(argparse.ArgumentParser):
    """argparse with headings and errors in both languages."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", HelpFormatter)
        options.setdefault("allow_abbrev", False)
        options["add_help"] = False
        super().__init__(*args, **options)
        self._positionals.title = "参数 / arguments"
        self._optionals.title = "选项 / options"
        self.add_argument("-h", "--help", action="help", help="显示本帮助 / show this help")

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(f"命令写法有误，请看 {self.prog} --help", f"{message}; see {self.prog} --help")


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Room for option names, and a bilingual heading before the usage line."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"max_help_position": 32, "width": 118, **options})

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, prefix or "用法 / usage: ")


def columns(read: Mapping[str, str]) -> str:
    """The end of a help: columns and keys of the files that a command reads."""
    return "\n".join(["输入文件的列 / columns of the files it reads:", *(f"  {name:<16}{meaning}" for name, meaning in read.items())]) if read else ""


class Voice:
    """How a command speaks: sentences for a person, or one JSON document when ``--json`` was asked for."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def __call__(self, data: Any, text: str = "") -> None:
        """Print ``data`` as JSON, or ``text`` for a person."""
        if self.as_json:
            json.dump(data, sys.stdout, ensure_ascii=False, indent=2, default=str)
            sys.stdout.write("\n")
        elif text:
            sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def progress(self, zh: str, en: str) -> None:
        """A line about long work; on the error stream, so that what a command prints stays clean."""
        sys.stderr.write(f"· {zh} / {en}\n")
        sys.stderr.flush()


def fail(error: Exception) -> int:
    """Print an error that names what to do in both languages; its exit code."""
    zh, en = getattr(error, "zh", None), getattr(error, "en", None)
    sentence = f"{zh} / {en}" if zh and en else str(error)
    sys.stderr.write(f"✗ {sentence}\n")
    return getattr(error, "exit_code", 1)


def shown_width(text: str) -> int:
    """Columns that a text fills in a terminal, where a Chinese character fills two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows in aligned columns."""
    cells = [list(heads), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(shown_width(row[column]) for row in cells) for column in range(len(heads))]
    lines = []
    for row in cells:
        padded = (cell + " " * (width - shown_width(cell)) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def records(heads: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The same for rows given as mappings: ``heads`` is {key: heading}."""
    return table(list(heads.values()), ([row.get(key) for key in heads] for row in rows))


def read_passphrase(source: str, *, twice: bool) -> str:
    """Raises UsageError where the two differ or the passphrase is too short to protect a city."""
    if source == "-":
        said = getpass.getpass("口令 / passphrase: ")
        if twice and said != getpass.getpass("再输一遍 / once more: "):
            raise UsageError("两次输入的口令不同", "the two passphrases differ")
    else:
        try:
            said = Path(source).read_text(encoding="utf-8").splitlines()[0]
        except (OSError, IndexError):
            raise UsageError(f"无法从 {source} 读取口令", f"no passphrase could be read from {source}") from None
    if len(said) < 12:
        raise UsageError("口令至少 12 个字符", "a passphrase has 12 characters at least")
    return said
