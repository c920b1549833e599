"""A ledger as a sheet: what the actor may see, row by row, that no spreadsheet will run and our importer reads back."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from msoffcrypto.format.ooxml import OOXMLFile

from tongchou import audit, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.ledger import paging, serializer
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Ledger
from tongchou.refusal import Refusal

#: what makes a spreadsheet take a text for a formula, full-width forms included
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
XLSX_ROWS = 1_048_575
_CHUNK = 2_000


@dataclass(frozen=True)
class Exported:
    """A finished export: how many rows it holds, and the password where it is encrypted."""

    path: Path
    rows: int
    password: str = ""


def export(ledger: Ledger, rows: QuerySet, path: Path, *, by: Actor, encrypt: bool) -> Exported:
    """Write rows to ``path`` (.xlsx or .csv) with the columns that the actor may see.

    ``encrypt`` protects an .xlsx as a whole with a fresh password. Raises Refusal where the post may
    not export, has named no purpose for personal data, or has more rows than the format holds.
    """
    columns = _columns(ledger, by)
    personal = any(column.cls in serializer.PURPOSE_CLASSES for column in columns)
    if personal and not by.purpose:
        raise Refusal("导出个人信息前请先说明用途。", "State a purpose before personal data is exported.", code="purpose_needed")
    if path.suffix == ".csv":
        if encrypt and personal:
            raise Refusal("个人信息只能导出为加密的 .xlsx。", "Personal data is exported as an encrypted .xlsx only.", code="csv_is_open")
        number = _write_csv(ledger, rows, path, columns, by)
    else:
        number = _write_xlsx(ledger, rows, path, columns, by)
    password = _encrypt(path) if encrypt and personal else ""
    audit.record("export", ledger=ledger.key, object_id="", by=by.by, count=max(1, number), note=f"{path.suffix} {number}")
    return Exported(path, number, password)


def harmless(text: str) -> str:
    """A text for a csv cell: one that a spreadsheet would run gets an apostrophe, which our reader takes off again."""
    probe = text.lstrip(" \u00a0\u3000")
    return "'" + text if probe.startswith(LIVE) or text.startswith("'") else text


def _columns(ledger: Ledger, by: Actor) -> list[Column]:
    if not permissions.may(by, ledger.key, "export"):
        raise Refusal(f"您的岗位无权导出“{ledger.label}”。", f"Your post may not export {ledger.key!r}.", code="forbidden")
    return serializer.visible_columns(ledger, by)


def _texts(ledger: Ledger, rows: QuerySet, columns: list[Column], by: Actor) -> Iterator[list[str]]:
    cursor = ""
    while True:
        page = paging.page(rows, ledger.order, cursor, _CHUNK)
        for shown in serializer.serialize_rows(ledger, page.rows, by, columns):
            yield [_cell(column, shown) for column in columns]
        cursor = page.next_cursor
        if not cursor:
            return


def _cell(column: Column, shown: Mapping[str, Any]) -> str:
    one = shown[column.name]
    if one.masked:
        return one.text
    if column.kind in ("bool", "choice"):
        return one.text
    return "" if one.value is None else str(one.value)


def _write_csv(ledger: Ledger, rows: QuerySet, path: Path, columns: list[Column], by: Actor) -> int:
    number = 0
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([str(column.label) for column in columns])
        for texts in _texts(ledger, rows, columns, by):
            writer.writerow([harmless(text) for text in texts])
            number += 1
    return number


def _write_xlsx(ledger: Ledger, rows: QuerySet, path: Path, columns: list[Column], by: Actor) -> int:
    number = 0
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        stamp = citytime.now().astimezone(citytime.zone()).strftime("%Y-%m-%d %H:%M")
        book.set_properties({"title": str(ledger.label), "author": f"{by.post_name} {by.name}", "comments": f"{stamp} {by.purpose}"})
        sheet = book.add_worksheet(str(ledger.label)[:31])
        bold = book.add_format({"bold": True})
        text_form = book.add_format({"num_format": "@"})
        for place, column in enumerate(columns):
            sheet.set_column(place, place, 14, text_form)
            sheet.write_string(0, place, str(column.label), bold)
        sheet.freeze_panes(1, 0)
        for texts in _texts(ledger, rows, columns, by):
            number += 1
            if number > XLSX_ROWS:
                raise Refusal(
                    f"超过 .xlsx 的 {XLSX_ROWS} 行上限，没有导出任何内容；请先筛选，或用 .csv。",
                    f"More than the {XLSX_ROWS} rows that .xlsx holds: nothing was exported. Filter first, or use .csv.",
                    code="too_many_rows",
                )
            for place, text in enumerate(texts):
                if text:
                    sheet.write_string(number, place, text, text_form)
    return number


def _encrypt(path: Path) -> str:
    """Protect the workbook as Office does (ECMA-376 agile encryption): any spreadsheet asks for the password."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    plain = path.with_suffix(".plain")
    path.rename(plain)
    try:
        with plain.open("rb") as source, path.open("wb") as target:
            OOXMLFile(source).encrypt(password, target)
    finally:
        plain.unlink()
    return password
