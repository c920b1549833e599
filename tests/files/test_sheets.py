"""Sheets as people and enemies send them: read row by row in a capped child, or refused with a reason in two languages."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from tongchou.files.sheets.formats import SheetRefused
from tongchou.files.sheets.reading import read_rows


def book(path: Path, rows: list[list], start: int = 0) -> Path:
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet()
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        for number, cells in enumerate(rows, start=start):
            for place, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell, day)
                else:
                    sheet.write(number, place, cell)
    return path


def test_rows_keep_their_number_in_the_file_and_cells_become_text(tmp_path):
    path = book(tmp_path / "a.xlsx", [["姓名", "日期", "数"], ["王一", datetime(2020, 2, 14), 3.0], [], ["李二", "", 0.5]], start=2)
    assert list(read_rows(path)) == [(3, ["姓名", "日期", "数"]), (4, ["王一", "2020-02-14", "3"]), (6, ["李二", "", "0.5"])]


def test_a_long_number_shows_the_damage_that_the_sheet_did(tmp_path):
    path = book(tmp_path / "a.xlsx", [["号"], [510402199001011234]])
    assert "e+17" in list(read_rows(path))[1][1][0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_common_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("姓名;电话\r\n王𠮷;'+86 138\r\n".encode(encoding))
    assert [cells for _number, cells in read_rows(path)] == [["姓名", "电话"], ["王𠮷", "+86 138"]]


def test_above_two_hundred_thousand_rows_the_streaming_reader_takes_over(tmp_path):
    path = tmp_path / "long.xlsx"
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as made:
        sheet = made.add_worksheet()
        for number in range(200_002):
            sheet.write_string(number, 0, "行")
        sheet.write_string(200_002, 0, "末")
    rows = list(read_rows(path))
    assert (len(rows), rows[-1]) == (200_003, (200_003, ["末"]))


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


XLSX = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


def _bomb(path: Path) -> Path:
    return _zip(path, {**XLSX, "xl/worksheets/sheet1.xml": b"0" * 60_000_000})


def _encrypted(path: Path) -> Path:
    plain, sealed = io.BytesIO(book(path, [["a"]]).read_bytes()), io.BytesIO()
    OOXMLFile(plain).encrypt("secret", sealed)
    path.write_bytes(sealed.getvalue())
    return path


def _cut(path: Path) -> Path:
    book(path, [["a", "b"]] * 200)
    path.write_bytes(path.read_bytes()[:-400])
    return path


def _bytes(content: bytes):
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


HOSTILE = {
    "empty file": (_bytes(b""), "empty"),
    "blank lines only": (_bytes(b"\xef\xbb\xbf\r\n\r\n"), "empty"),
    "zip bomb": (_bomb, "too_large"),
    "old xls": (_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), "old_or_encrypted"),
    "password": (_encrypted, "old_or_encrypted"),
    "cut off": (_cut, "damaged"),
    "macros": (lambda path: _zip(path, {**XLSX, "xl/vbaProject.bin": b"x"}), "macros"),
    "zip slip": (lambda path: _zip(path, {**XLSX, "../../etc/passwd": b"x"}), "hostile"),
    "zip of something else": (lambda path: _zip(path, {"a.txt": b"x"}), "not_a_sheet"),
    "picture": (_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 50), "not_a_sheet"),
    "page": (_bytes(b"<html><table><tr><td>1</td></tr></table></html>"), "not_a_sheet"),
    "open quote": (_bytes('姓名\n"王一\n'.encode()), "damaged"),
    "a thousand columns": (_bytes(("a," * 1000 + "\n").encode()), "too_wide"),
    "entities": (
        lambda path: _zip(path, {**XLSX, "xl/worksheets/sheet1.xml": b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><worksheet>&c;</worksheet>'}),
        "damaged",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_honest_sheet_is_refused_with_a_reason(tmp_path, name):
    make, code = HOSTILE[name]
    with pytest.raises(SheetRefused) as refused:
        list(read_rows(make(tmp_path / "file")))
    assert refused.value.code == code
    assert refused.value.zh and refused.value.en


def test_a_reader_that_takes_too_long_is_stopped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n" + b"x\n" * 2_000_000)
    with pytest.raises(SheetRefused) as refused:
        for _row in read_rows(path, wall_s=0.3):
            pass
    assert refused.value.code == "too_slow"
