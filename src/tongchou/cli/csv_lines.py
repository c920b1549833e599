"""The one reader of CSV files for the commands of the engine: cells by column name, every fault named by its line."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tongchou.cli.terminal import CommandError


@dataclass(frozen=True)
class Line:
    """One line of a CSV file with its number, which counts the header as line 1."""

    number: int
    cells: dict[str, str]


def read_lines(path: str | Path) -> tuple[list[str], list[Line]]:
    """Header (lower case) and lines of a CSV file in UTF-8 or GB 18030; ``-`` is standard input. Empty lines are skipped.

    Raises CommandError where the file can't be read, has no header or no line, or a line has too many or too few cells.
    """
    name = str(path)
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(path).read_bytes()
    except OSError as error:
        raise CommandError(
            f"读不了文件 {name}：{error.strerror}", f"the file {name} can't be read: {error.strerror}"
        ) from None
    rows = csv.reader(io.StringIO(_decode(raw, name)))
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        if not any(header):
            raise CommandError(f"{name} 没有表头，请写列名", f"{name} has no header line; name its columns")
        if twice := sorted({cell for cell in header if header.count(cell) > 1}):
            raise CommandError(f"{name} 的列名重复：{twice[0]}", f"{name} has the column {twice[0]!r} twice")
        lines = []
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise fault(
                    rows.line_num,
                    f"有 {len(row)} 格，表头有 {len(header)} 格",
                    f"{len(row)} cells, the header has {len(header)}",
                )
            lines.append(Line(rows.line_num, {key: cell.strip() for key, cell in zip(header, row, strict=True)}))
    except csv.Error as error:
        raise CommandError(f"{name} 不是 CSV 文件：{error}", f"{name} is no CSV file: {error}") from None
    if not lines:
        raise CommandError(f"{name} 没有数据行", f"{name} has no line of data")
    return header, lines


def fault(number: int, zh: str, en: str) -> CommandError:
    """An error in one line of a file."""
    return CommandError(f"第 {number} 行：{zh}", f"line {number}: {en}")


def need_columns(name: str, header: Sequence[str], needed: Sequence[str]) -> None:
    """Raises CommandError where a column that the command needs is not in the header."""
    if missing := [column for column in needed if column not in header]:
        zh, en = "、".join(missing), ", ".join(missing)
        raise CommandError(
            f"{name} 缺少列 {zh}；现有列：{'、'.join(header)}",
            f"{name} lacks the column {en}; its columns are {', '.join(header)}",
        )


def _decode(raw: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CommandError(f"{name} 不是 UTF-8 或 GB 18030 文本", f"{name} is no text in UTF-8 or GB 18030")
