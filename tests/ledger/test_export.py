"""Exports: nothing that a spreadsheet would run, long numbers as text, personal data encrypted as a whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msoffcrypto
import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tongchou.access.actor import SYSTEM
from tongchou.files.sheets.child import _unguarded
from tongchou.files.sheets.reading import read_rows
from tongchou.ledger import registry, write
from tongchou.ledger.exchange import exporting
from tongchou.refusal import Refusal

from tests.cast import VILLAGE, gather
from tests.people.conftest import number

pytestmark = pytest.mark.django_db
LIVE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "=1+1", "  =1", "\u00a0=1"]


@given(st.text(max_size=20))
def test_the_guard_comes_off_again(text):
    text = text.strip()
    guarded = exporting.harmless(text)
    assert not guarded.lstrip(" \u00a0\u3000").startswith(exporting.LIVE)
    assert _unguarded(guarded) == text


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_no_cell_is_a_formula_and_each_comes_back_as_it_was(suffix, tmp_path: Path):
    gather()
    ledger = registry.get("place")
    rows = [write.clean_row(ledger, {"name": name, "type_key": "school", "area_path": VILLAGE}, SYSTEM) for name in LIVE]
    stored = [row.name for row in write.create_rows(ledger, rows, by=SYSTEM)]
    path = tmp_path / f"p{suffix}"
    exporting.export(ledger, ledger.rows(SYSTEM), path, by=SYSTEM, encrypt=False)
    if suffix == ".xlsx":
        kinds = {cell.data_type for row in load_workbook(path).active.iter_rows() for cell in row if cell.value is not None}
        assert kinds == {"s"}
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert not [cell for cells in csv.reader(file) for cell in cells if cell.lstrip().startswith(exporting.LIVE)]
    back = {cell for _row, cells in read_rows(path) for cell in cells}
    assert set(stored) <= back


def test_personal_data_leaves_encrypted_and_only_with_a_purpose(tmp_path: Path):
    cast = gather()
    ledger = registry.get("person")
    values = write.clean_row(ledger, {"name": "王一", "id_no": number(), "area_path": VILLAGE}, SYSTEM)
    write.create_rows(ledger, [values], by=SYSTEM)
    with pytest.raises(Refusal) as refused:
        exporting.export(ledger, ledger.rows(SYSTEM), tmp_path / "p.xlsx", by=cast.actor("cdc_east"), encrypt=True)
    assert refused.value.code == "purpose_needed"
    by = cast.actor("cdc_east", purpose="investigation")
    done = exporting.export(ledger, ledger.rows(by), tmp_path / "p.xlsx", by=by, encrypt=True)
    raw = done.path.read_bytes()
    assert not raw.startswith(b"PK") and "王一".encode() not in raw
    plain = io.BytesIO()
    office = msoffcrypto.OfficeFile(io.BytesIO(raw))
    office.load_key(password=done.password)
    office.decrypt(plain)
    cells = [cell.value for row in load_workbook(plain).active.iter_rows() for cell in row]
    assert number() in cells and "王一" in cells


def test_the_page_hands_a_file_out_once_to_the_session_that_made_it():
    cast = gather()
    client, other = cast.client("office"), cast.client("department")
    where = reverse("ledger-export", kwargs={"key": "post"})
    shown = client.post(where)
    assert shown.status_code == 200
    name = client.session["exported"]["file"]
    file = reverse("ledger-export-file", kwargs={"key": "post", "name": name})
    assert other.get(file).status_code == 404
    assert client.get(file).content.startswith(b"PK")
    assert client.get(file).status_code == 404
