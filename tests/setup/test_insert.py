"""Rows written by one prepared statement are stored as Django's own bulk_create stores them, on either database."""

from __future__ import annotations

import hmac
import pickle
from datetime import date

import pytest
from django.db import IntegrityError, connection, models
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou import citytime, insert, keyed
from tongchou.audit.ids import uuid7
from tongchou.audit.models import Entry
from tongchou.ledger.models import Import, ImportRow
from tongchou.people.models import Household, Person

from tests.people.conftest import VILLAGE

pytestmark = pytest.mark.django_db


def people() -> list[Person]:
    now = citytime.now()
    home = Household.objects.create(area_path=VILLAGE, address="竹湖路 1 号", created_at=now, updated_at=now)
    return [
        Person(name="王一", sex=Person.Sex.MALE, born_on=date(1980, 5, 1), phone="15400000001", household=home, area_path=VILLAGE,
               created_at=now, updated_at=now),
        Person(name="𠮷'; --", area_path=VILLAGE, created_at=now, updated_at=now),
    ]  # fmt: skip


def lines() -> list[ImportRow]:
    source = Import.objects.create(ledger="person", file_name="x", created_at=citytime.now())
    return [
        ImportRow(source=source, row=1, values="{}", outcome=ImportRow.Outcome.CREATE, reasons=[], differs=["name"], content="a"),
        ImportRow(source=source, row=2, values="", outcome="rejected", reasons=[{"zh": "错"}], content="b", object_id=str(uuid7())),
    ]


def entries() -> list[Entry]:
    return [Entry(position=n, at=citytime.now(), action="x", ledger="y", changes={"a": ["", "甲"]} if n % 2 else {}, link="l") for n in (1, 2, 3)]


def stored(model: type[models.Model]) -> list[tuple]:
    """Every column of every row as the database holds it; sealed values by their length, for their nonce is new each time."""
    with connection.cursor() as cursor:
        names = [field.column for field in model._meta.local_concrete_fields]
        order = connection.ops.quote_name(model._meta.pk.column)
        columns = ", ".join(connection.ops.quote_name(name) for name in names)
        cursor.execute(f"SELECT {columns} FROM {connection.ops.quote_name(model._meta.db_table)} ORDER BY {order}")
        return [tuple(len(v) if isinstance(v, bytes | memoryview) else v for v in row) for row in cursor.fetchall()]


@pytest.mark.parametrize("make", [people, lines, entries])
def test_both_ways_store_the_same(make):
    rows = make()
    model = type(rows[0])
    plain = {row.pk: dict(row.__dict__) for row in rows}
    model._default_manager.bulk_create(rows)
    expected = stored(model)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
    for row in rows:
        row.__dict__.update({name: value for name, value in plain[row.pk].items() if name != "_state"})
    insert.insert_new(model, rows)
    assert stored(model) == expected
    assert len(expected) == len(rows)
    read = {row.pk: row for row in model._default_manager.all()}
    for row in rows:
        for field in model._meta.local_concrete_fields:
            assert getattr(read[row.pk], field.attname) == plain[row.pk][field.attname], field.name


def test_a_row_that_stands_already_is_refused():
    insert.insert_new(Entry, entries()[:1])
    with pytest.raises(IntegrityError):
        insert.insert_new(Entry, entries()[:1])


def test_a_blank_row_is_what_the_model_makes():
    for model in (Person, ImportRow, Entry, Import):
        blank, made = insert.blank_row(model), model()
        own = {field.attname for field in model._meta.concrete_fields if field.has_default() and callable(field.default)}
        assert {name: blank.__dict__[name] for name in blank.__dict__ if name not in own | {"_state"}} == {
            name: value for name, value in made.__dict__.items() if name not in own | {"_state"}
        }
        assert own <= set(blank.__dict__)
        assert blank._state.adding


def test_lines_handed_by_another_process_are_stored_and_read_the_same():
    rows = people()
    lines = pickle.loads(pickle.dumps(insert.lines_of(Person, rows)))
    insert.insert_lines(Person, lines)
    read = {row.pk: row for row in Person.objects.all()}
    assert [read[row.pk].phone for row in rows] == ["15400000001", ""]
    for row, line in zip(rows, lines, strict=True):
        told = insert.StoredRow(Person, line)
        for name in ("pk", "household_id", "born_on", "name", "invented", "phone_index"):
            assert getattr(told, name) == getattr(read[row.pk], name), name
        for name in ("phone", "created_at", "household", "nobody"):
            with pytest.raises(AttributeError):
                getattr(told, name)


def test_rows_given_by_column_are_stored_as_rows_are():
    source = Import.objects.create(ledger="person", file_name="x.csv", created_at=citytime.now())
    keys = [uuid7() for _turn in range(3)]
    insert.insert_lines(ImportRow, insert.lines_of_columns(ImportRow, {
        "id": keys, "source_id": [source.pk] * 3, "row": [2, 3, 4], "values": ['{"name": "甲"}', "", '{"name": "乙"}'],
        "outcome": ["created", "rejected", "created"], "reasons": [[], [{"zh": "错"}], []], "object_id": ["1", "", "3"],
    }))  # fmt: skip
    found = [(row.pk, row.row, row.values, row.before, row.outcome, row.reasons, row.differs, row.content, row.object_id) for row in source.lines.order_by("row")]
    assert found == [
        (keys[0], 2, '{"name": "甲"}', "", "created", [], [], "", "1"),
        (keys[1], 3, "", "", "rejected", [{"zh": "错"}], [], "", ""),
        (keys[2], 4, '{"name": "乙"}', "", "created", [], [], "", "3"),
    ]
    assert insert.lines_of_columns(ImportRow, {"id": [], "row": []}) == []


def test_a_row_of_a_given_key_takes_no_other():
    key = uuid7()
    assert insert.blank_row(Person, key).pk == key


def test_the_log_is_written_back_as_often_as_before_once_the_batches_are_done():
    def pages() -> int | None:
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA wal_autocheckpoint").fetchone()[0] if connection.vendor == "sqlite" else None

    usual = pages()
    with pytest.raises(ZeroDivisionError), insert.rare_checkpoints():
        assert connection.vendor != "sqlite" or pages() == 64_000
        raise ZeroDivisionError
    assert pages() == usual


@settings(max_examples=60, deadline=None)
@given(key=st.binary(max_size=100), message=st.binary(max_size=300))
def test_a_keyed_digest_is_that_of_hmac(key, message):
    assert keyed.hexdigest(key)(message) == hmac.digest(key, message, "sha256").hex()
