"""The one reader of CSV files for the commands of the engine: cells by column name, every fault named by its line."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tongchou.cli.terminal import CommandError

# What a file begins with that was saved as something else than text.
GZIP, WORKBOOKS, UTF_16 = b"\x1f\x8b", (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), (b"\xff\xfe", b"\xfe\xff")
# Column names that a message lists; a wide table has hundreds.
MOST_NAMED = 12


@dataclass(frozen=True)
class Line:
    """One line of a CSV file with its number, which counts the header as line 1."""

    number: int
    cells: dict[str, str]


def read_lines(path: str | Path) -> tuple[list[str], list[Line]]:
    """Header (lower case) and lines of a CSV file in UTF-8 or GB 18030, gzipped or not; ``-`` is standard input.

    Empty lines are skipped.

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
        if len(header) == 1 and (sign := next((sign for sign in ";\t|" if sign in header[0]), "")):
            shown_zh, shown_en = ("制表符", "tabs") if sign == "\t" else (f"“{sign}”", repr(sign))
            raise CommandError(f"{name} 用{shown_zh}分隔，请改用逗号", f"{name} parts its cells by {shown_en}; save it with commas")
        if twice := sorted({cell for cell in header if header.count(cell) > 1}):
            raise CommandError(f"{name} 的列名重复：{twice[0]}", f"{name} has the column {twice[0]!r} twice")
        lines = []
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise fault(
                    rows.line_num,
                    f"有 {len(row)} 格，表头有 {len(header)} 格；数字不带千位逗号，含逗号的文字加引号",
                    f"{len(row)} cells, the header has {len(header)}; write numbers without thousands commas and quote text that holds one",
                )
            lines.append(Line(rows.line_num, {key: cell.strip() for key, cell in zip(header, row, strict=True)}))
    except csv.Error as error:
        raise CommandError(f"{name} 不是 CSV 文件：{error}", f"{name} is no CSV file: {error}") from None
    if not lines:
        raise CommandError(f"{name} 只有表头，没有数据行", f"{name} has a header but no line of data")
    return header, lines


def fault(number: int, zh: str, en: str) -> CommandError:
    """An error in one line of a file."""
    return CommandError(f"第 {number} 行：{zh}", f"line {number}: {en}")


def need_columns(name: str, header: Sequence[str], needed: Sequence[str]) -> None:
    """Raises CommandError where a column that the command needs is not in the header."""
    if missing := [column for column in needed if column not in header]:
        zh, en = "、".join(missing), ", ".join(missing)
        raise CommandError(
            f"{name} 缺少列 {zh}；现有列：{named(header, '、')}",
            f"{name} lacks the column {en}; its columns are {named(header)}",
        )


def named(header: Sequence[str], between: str = ", ") -> str:
    """The first columns of a header for a message."""
    return between.join(header[:MOST_NAMED]) + (f"{between}… ({len(header)})" if len(header) > MOST_NAMED else "")


def _decode(raw: bytes, name: str) -> str:
    if raw.startswith(GZIP):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            raise CommandError(f"{name} 的压缩已损坏，请重新取得", f"{name} is a damaged gzip file; fetch it again") from None
    if raw.startswith(WORKBOOKS):
        raise CommandError(f"{name} 是 Excel 工作簿，请另存为“CSV UTF-8”", f"{name} is an Excel workbook; save it as 'CSV UTF-8'")
    if raw.startswith(UTF_16):
        raise CommandError(f"{name} 是 UTF-16 文本，请另存为“CSV UTF-8”", f"{name} is text in UTF-16; save it as 'CSV UTF-8'")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CommandError(
        f"{name} 不是 UTF-8 或 GB 18030 文本，请另存为“CSV UTF-8”", f"{name} is no text in UTF-8 or GB 18030; save it as 'CSV UTF-8'"
    )
