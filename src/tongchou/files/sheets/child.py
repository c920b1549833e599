"""The capped child: reads one sheet and writes its rows as JSON lines. Run as a module, never imported by the web.

Lines: ``{"format": ...}``, then ``[row number, [cell, ...]]`` for each row that is not blank, then
``{"end": rows}``; or ``{"refused": {code, zh, en}}``. A stream without its end was cut off.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from tongchou.files.sheets.formats import SheetRefused, tell, wants_streaming

MEMORY_BYTES = 512 * 1024 * 1024
BASE_CPU_S, CPU_S_PER_MB, MOST_CPU_S = 20, 2, 600
MAX_COLUMNS = 500
MAX_CELL = 32_767
Row = tuple[int, list[str]]


def main(argv: list[str]) -> int:
    path = Path(argv[1])
    _cap(path)
    out = sys.stdout
    try:
        kind = tell(path)
        rows = _xlsx(path) if kind == "xlsx" else _csv(path)
        out.write(json.dumps({"format": kind}) + "\n")
        number = 0
        for position, cells in rows:
            out.write(json.dumps([position, cells], ensure_ascii=False) + "\n")
            number += 1
        out.write(json.dumps({"end": number}) + "\n")
    except SheetRefused as refused:
        out.write(json.dumps({"refused": {"code": refused.code, "zh": refused.zh, "en": refused.en}}, ensure_ascii=False) + "\n")
    except MemoryError:
        return 9
    out.flush()
    return 0


def _cap(path: Path) -> None:
    seconds = min(MOST_CPU_S, BASE_CPU_S + CPU_S_PER_MB * (path.stat().st_size // 1_000_000))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _xlsx(path: Path) -> Iterator[Row]:
    try:
        yield from _checked(_openpyxl_rows(path) if wants_streaming(path) else _calamine_rows(path))
    except (SheetRefused, MemoryError):
        raise
    except Exception as error:  # both readers raise many kinds for a damaged workbook
        raise SheetRefused(
            "damaged", f"工作簿读不下去（{type(error).__name__}），请重新导出后再传。", f"The workbook cannot be read on ({type(error).__name__}); export it again."
        ) from error


def _calamine_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    from python_calamine import CalamineWorkbook  # loaded only for the files that need it: the child starts in 60 ms

    workbook = CalamineWorkbook.from_path(str(path))
    sheet = workbook.get_sheet_by_index(0)
    left = sheet.start[1] if sheet.start else 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):  # from row 1, but from the first used column
        yield number, [""] * left + list(cells)


def _openpyxl_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    from openpyxl import load_workbook  # as above

    workbook = load_workbook(path, read_only=True, data_only=True)
    sheet = workbook.worksheets[0]
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield number, list(cells)


def _checked(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Row]:
    for number, cells in rows:
        while cells and (cells[-1] is None or cells[-1] == ""):
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise _too_wide(number, len(cells))
        texts = [cell_text(cell) for cell in cells]
        if any(texts):
            yield number, texts


def _csv(path: Path) -> Iterator[Row]:
    text = io.StringIO(_decode(path.read_bytes()), newline="")
    head = text.readline()
    text.seek(0)
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    csv.field_size_limit(MAX_CELL * 4)
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise _too_wide(reader.line_num, len(cells))
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [_unguarded(cell.strip()) for cell in cells]
    except csv.Error as error:
        raise SheetRefused(
            "damaged", f"第 {reader.line_num} 行引号不成对或文件被截断，请重新导出（{error}）。",
            f"Line {reader.line_num}: a quote is left open or the file is cut off; export it again ({error}).",
        ) from error  # fmt: skip


def _unguarded(cell: str) -> str:
    """Take off the apostrophe with which exports keep a text from being run as a formula."""
    return cell[1:] if cell.startswith("'") and len(cell) > 1 and not cell[1].isalnum() else cell


def _decode(raw: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with BOM, else GB18030, which is what Chinese Excel writes."""
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise SheetRefused(
        "encoding", "文字编码无法识别，请另存为 UTF-8 或 GB18030 的 .csv，或 .xlsx。", "The text encoding is not known; save as UTF-8 or GB18030 .csv, or as .xlsx."
    )


def _too_wide(row: int, columns: int) -> SheetRefused:
    return SheetRefused("too_wide", f"第 {row} 行有 {columns} 列，最多 {MAX_COLUMNS} 列。", f"Row {row} has {columns} columns; at most {MAX_COLUMNS}.")


def cell_text(cell: Any) -> str:
    """A cell as text. Whole numbers lose their ``.0``; long numbers keep the damage that a sheet did to them visible."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell).strip()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
