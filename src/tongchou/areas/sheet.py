"""A file of divisions as rows: CSV in UTF-8 (with or without a mark) or GB18030, with Chinese or English headers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tongchou.areas.errors import AreaError

COLUMNS = {
    "code": ("code", "代码", "区划代码", "统计用区划代码"),
    "name": ("name", "名称", "区划名称"),
    "level": ("level", "级别"),
    "parent": ("parent", "上级", "上级代码"),
    "urban_rural": ("urban_rural", "城乡分类", "城乡分类代码"),
    "lon": ("lon", "lng", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "datum": ("datum", "坐标系"),
    "seat_source": ("seat_source", "坐标来源"),
    "valid_from_on": ("valid_from_on", "生效日期"),
    "valid_to_on": ("valid_to_on", "失效日期"),
}
REQUIRED = ("code", "name")
MAX_BYTES = 64 * 1024 * 1024
_NAMES = {title.casefold(): column for column, titles in COLUMNS.items() for title in titles}


def read(file: bytes) -> list[tuple[int, dict[str, str]]]:
    """Rows as (line in the file, {column: text}); blank lines are left out. Raises ``AreaError`` for a whole file."""
    if len(file) > MAX_BYTES:
        raise AreaError(
            "file_too_large",
            f"文件有 {len(file) // 1024 // 1024} MB，超过 64 MB，请按县分开导入",
            f"the file has {len(file) // 1024 // 1024} MB, more than 64 MB; import it county by county",
        )
    text = decode(file)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next((line for line in lines if not _comment(line)), None)
        if not header:
            raise AreaError("file_empty", "文件是空的，请检查后重新导入", "the file is empty; check it and import again")
        columns = match_header(header)
        return [
            (lines.line_num, row)
            for line in lines
            if any(cell.strip() for cell in line)
            for row in [_cells(columns, line, lines.line_num)]
        ]
    except csv.Error as error:
        raise AreaError(
            "file_broken",
            f"第 {lines.line_num} 行无法读取（引号没有成对，或文件不完整），整个文件未导入",
            f"line {lines.line_num} cannot be read ({error}); the quotes do not match or the file is cut off;"
            " nothing was imported",
        ) from error


def _comment(line: list[str]) -> bool:
    return not line or line[0].lstrip().startswith("#") or not any(cell.strip() for cell in line)


def _cells(columns: list[str], line: list[str], number: int) -> dict[str, str]:
    if len(line) > len(columns) and any(cell.strip() for cell in line[len(columns) :]):
        raise AreaError(
            "file_ragged",
            f"第 {number} 行的列数多于表头，请检查是否有多余的逗号；整个文件未导入",
            f"line {number} has more cells than the header; look for a stray comma; nothing was imported",
        )
    cells = zip(columns, line, strict=False)
    return {column: cell.strip() for column, cell in cells if column}


def decode(file: bytes) -> str:
    """UTF-8 (a mark is dropped), else GB18030; anything else is refused."""
    if b"\x00" in file:
        raise AreaError(
            "file_not_text",
            "这不是文本文件（可能是 Excel 或压缩文件），请另存为 CSV 再导入",
            "this is no text file (perhaps a workbook or an archive); save it as CSV and import that",
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return file.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AreaError(
        "file_encoding",
        "文件编码既不是 UTF-8 也不是 GB18030，请另存为 UTF-8 的 CSV",
        "the file is neither UTF-8 nor GB18030; save it as CSV in UTF-8",
    )


def match_header(header: Iterable[str]) -> list[str]:
    """Our column for every title (``""`` for one that we do not read); refuses a missing or doubled column."""
    columns = [_NAMES.get(title.strip().casefold(), "") for title in header]
    for column in REQUIRED:
        if column not in columns:
            raise AreaError(
                "column_missing",
                f"表头缺少“{COLUMNS[column][1]}”（{column}）一列；至少需要 区划代码（code） 和 名称（name）",
                f"the header has no '{column}' column; at least code and name are needed",
            )
    doubled = next((column for column in columns if column and columns.count(column) > 1), None)
    if doubled:
        raise AreaError(
            "column_doubled",
            f"表头中“{COLUMNS[doubled][1]}”（{doubled}）出现了两次，请只保留一列",
            f"the header names '{doubled}' twice; keep one",
        )
    return columns


def numbered(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows handed over as mappings, numbered as lines below a header; values become text."""
    for number, row in enumerate(rows, start=2):
        yield number, {key: "" if value is None else str(value).strip() for key, value in row.items()}
