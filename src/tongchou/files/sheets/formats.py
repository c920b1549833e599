"""What kind of sheet a file is, told by its bytes and never by its name; hostile containers are refused unopened."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

MAX_UNPACKED_BYTES = 1_500_000_000
MAX_RATIO = 400
MAX_ENTRIES = 2_000
#: calamine holds the whole sheet; above this the streaming reader takes over (shared/library-traps.md)
CALAMINE_ROWS = 200_000
CALAMINE_XML_BYTES = 90_000_000

_ZIP, _OLE, _UTF16 = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (b"\xff\xfe", b"\xfe\xff")
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension[^>]*ref="[A-Z]+\d+:[A-Z]+(\d+)"')


class SheetRefused(Exception):
    """The file as a whole cannot be taken; says why in both languages."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.code, self.zh, self.en = code, zh, en


def tell(path: Path) -> str:
    """``xlsx`` or ``csv``. Raises SheetRefused for everything else."""
    with path.open("rb") as file:
        head = file.read(8192)
    if not head.strip(b"\xef\xbb\xbf \r\n\t"):
        raise SheetRefused("empty", "文件是空的。", "The file is empty.")
    if head.startswith(_OLE):
        raise SheetRefused(
            "old_or_encrypted", "这是旧版 .xls 或加了密码的文件，请另存为不加密的 .xlsx 后再传。",
            "This is an old .xls or a password-protected file; save it as plain .xlsx and send it again.",
        )  # fmt: skip
    if head.startswith(_ZIP):
        inspect_xlsx(path)
        return "xlsx"
    if not head.startswith(_UTF16) and b"\x00" in head:
        raise SheetRefused("not_a_sheet", "这不是表格文件，请上传 .xlsx 或 .csv。", "This is no sheet; send .xlsx or .csv.")
    if head.lstrip()[:5].lower() in (b"<html", b"<?xml", b"%pdf-"):
        raise SheetRefused("not_a_sheet", "这是网页或文档，不是表格，请另存为 .xlsx 或 .csv。", "This is a page or document, no sheet; save it as .xlsx or .csv.")
    return "csv"


def inspect_xlsx(path: Path) -> None:
    """Read the zip's directory only: macros, bombs, odd paths and damage are refused before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise SheetRefused(
            "damaged", "文件不完整或已损坏，请重新导出后再传。", "The file is incomplete or damaged; export it again and send it again."
        ) from None
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/workbook") for name in names):
        raise SheetRefused("not_a_sheet", "压缩包里没有工作簿，请上传 .xlsx 或 .csv。", "There is no workbook in this archive; send .xlsx or .csv.")
    if any("vbaProject" in name for name in names):
        raise SheetRefused("macros", "文件带有宏，不予打开，请另存为不带宏的 .xlsx。", "The file carries macros and is not opened; save it as .xlsx without them.")
    if any(name.startswith("/") or ".." in name.split("/") for name in names) or any(entry.flag_bits & 1 for entry in entries):
        raise SheetRefused("hostile", "文件结构异常，不予打开。", "The file's structure is not that of a sheet; it is not opened.")
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or (unpacked > 50_000_000 and unpacked / packed > MAX_RATIO):
        raise SheetRefused(
            "too_large", "文件解开后过大，不予打开；请拆成几个文件。", "Unpacked, the file is too large and is not opened; split it into several files."
        )


def wants_streaming(path: Path) -> bool:
    """Whether an xlsx is too long for the reader that holds a whole sheet in memory."""
    with zipfile.ZipFile(path) as archive:
        sheets = [entry for entry in archive.infolist() if re.match(r"xl/worksheets/sheet\d+\.xml$", entry.filename)]
        if not sheets:
            return True
        first = min(sheets, key=lambda entry: int(re.findall(r"\d+", entry.filename)[0]))
        with archive.open(first) as file:
            found = _DIMENSION.search(file.read(4096))
        shared = next((entry.file_size for entry in archive.infolist() if entry.filename.endswith("sharedStrings.xml")), 0)
    if found and int(found[1]) > CALAMINE_ROWS:
        return True
    return first.file_size + shared > CALAMINE_XML_BYTES
