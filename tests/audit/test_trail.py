"""The trail: appended in order, and any tampering is found at its exact line."""

import hmac
import json

import pytest
from django.conf import settings
from django.db import connection

from tongchou import audit
from tongchou.audit.models import Entry, TrailIsAppendOnly

pytestmark = pytest.mark.django_db

WANG = audit.By(post="p-1", user="u-1", name="王强", purpose="流行病学调查")


def write(rows: int) -> None:
    for n in range(rows):
        audit.record("change", ledger="case", object_id=f"c-{n}", by=WANG, changes={"status": ["suspected", "confirmed"]})


def test_empty_trail_holds():
    assert audit.verify().sound


def test_lines_are_numbered_and_the_chain_holds():
    write(3)
    audit.record_many([audit.Event("read", "person", "", WANG, count=50), audit.Event("export", "person", "", WANG)])
    assert list(Entry.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5]
    assert audit.verify().rows == 5
    assert audit.verify().sound


def test_a_link_seals_the_line_as_one_json_array():
    audit.record("change", ledger="case", object_id='c-"1"', by=WANG, changes={"z": ["", "\u2028甲\\"], "a": ["1", ""]}, note="行\n尾")
    entry = Entry.objects.get()
    values = ["", 1, entry.at.isoformat(), "p-1", "u-1", "王强", "流行病学调查", "change", "case", 'c-"1"', "", entry.changes, 1, "行\n尾"]
    line = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert entry.link == hmac.digest(settings.KEYS.audit, line.encode(), "sha256").hex()
    assert entry.changes == {"z": ["", "\u2028甲\\"], "a": ["1", ""]}
    assert audit.verify().sound


def test_changes_written_beforehand_make_the_same_line():
    changes = {"name": ["", "甲"], "age": ["", "7"]}
    audit.record_many([audit.Event("create", "person", "p", WANG, changes=given) for given in (changes, audit.written(changes))])
    first, second = Entry.objects.order_by("position")
    assert first.changes == second.changes == changes
    assert audit.verify().sound


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("UPDATE audit_entry SET name='别人' WHERE position=2", 2),
        ("UPDATE audit_entry SET changes='{}' WHERE position=3", 3),
        ("DELETE FROM audit_entry WHERE position=2", 2),
        ("DELETE FROM audit_entry WHERE position=5", 5),
        ("UPDATE audit_entry SET position=99 WHERE position=4", 4),
    ],
)
def test_tampering_by_sql_is_found_at_its_line(sql, line):
    write(5)
    with connection.cursor() as cursor:
        cursor.execute(sql)
    verdict = audit.verify()
    assert verdict.broken_at == line
    assert str(line) in verdict.zh
    assert str(line) in verdict.en


def test_rows_cannot_be_changed_or_deleted_through_the_model():
    write(1)
    entry = Entry.objects.get(position=1)
    entry.name = "别人"
    with pytest.raises(TrailIsAppendOnly):
        entry.save()
    with pytest.raises(TrailIsAppendOnly):
        entry.delete()
    with pytest.raises(TrailIsAppendOnly):
        Entry.objects.all().delete()
    with pytest.raises(TrailIsAppendOnly):
        Entry.objects.update(name="x")


def test_value_hash_hides_but_compares():
    assert audit.value_hash("13800138000") == audit.value_hash("13800138000")
    assert audit.value_hash("13800138000") != audit.value_hash("13800138001")
    assert "138" not in audit.value_hash("13800138000")[:4]
