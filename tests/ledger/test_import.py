"""Imports account for every row: created + updated + unchanged + rejected = rows, or the file is refused whole."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongchou import audit, citytime, jobs
from tongchou.access.actor import SYSTEM
from tongchou.ledger import registry, write
from tongchou.ledger.exchange import applying, judging, staging
from tongchou.ledger.models import Import, ImportRow
from tongchou.people.models import Person
from tongchou.refusal import Refusal

from tests.ledger.conftest import HEADER
from tests.people.conftest import VILLAGE, number

pytestmark = pytest.mark.django_db


def counts(told: dict) -> tuple[int, int, int, int, int]:
    return told["rows"], told["created"], told["updated"], told["unchanged"], told["rejected"]


def test_each_row_is_created_updated_unchanged_or_rejected(bring_in, sheet):
    one, two, three = number(sequence=1), number(sequence=3), number(sequence=5)
    first = bring_in("person", sheet(HEADER, f"王一,{one},15400000001,{VILLAGE}", f"李二,{two},,{VILLAGE}"))
    assert counts(first) == (2, 2, 0, 0, 0)
    second = bring_in("person", sheet(
        HEADER,
        f"王一,{one},15400000001,{VILLAGE}",
        f"李二,{two},15400000002,{VILLAGE}",
        f"张三,{three},,{VILLAGE}",
        f"赵四,110105194912310021,,{VILLAGE}",
        "",
        f",{number(sequence=7)},,510499",
    ))  # fmt: skip
    assert counts(second) == (5, 1, 1, 1, 2)
    assert [(r["row"], r["column"], r["code"]) for r in second["reasons"]] == [
        (5, "id_no", "id_check_digit"), (7, "name", "required"), (7, "area_path", "unknown_area"),
    ]  # fmt: skip
    assert all(r["zh"] and r["en"] for r in second["reasons"])
    assert Person.objects.get(name="李二").phone == "15400000002"


def test_the_same_file_twice_changes_nothing(bring_in, sheet):
    path = sheet(HEADER, f"王一,{number()},15400000001,{VILLAGE}", f"无证,,15400000003,{VILLAGE}")
    assert counts(bring_in("person", path)) == (2, 2, 0, 0, 0)
    stamps = sorted(Person.objects.values_list("pk", "updated_at"))
    assert counts(bring_in("person", path)) == (2, 0, 0, 2, 0)
    assert sorted(Person.objects.values_list("pk", "updated_at")) == stamps


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_common_encoding_is_read(bring_in, sheet, encoding):
    told = bring_in("person", sheet(HEADER, f"王𠮷,{number()},,{VILLAGE}", encoding=encoding))
    assert counts(told) == (1, 1, 0, 0, 0)
    assert Person.objects.get().name == "王𠮷"


def test_a_dry_run_writes_nothing(bring_in, sheet):
    told = bring_in("person", sheet(HEADER, f"王一,{number()},,{VILLAGE}"), apply=False)
    assert (told["state"], counts(told)) == ("staged", (1, 1, 0, 0, 0))
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["甲,乙", "1,2"], "no_header"),
        ([HEADER], "no_rows"),
        ([HEADER + ",姓名", f"王一,{1},,{VILLAGE},王"], "repeated_header"),
        ([HEADER, f'王一,"没有关上的引号,,{VILLAGE}'], "damaged"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_whole(bring_in, sheet, lines, code):
    told = bring_in("person", sheet(*lines))
    assert told["refused"]["code"] == code
    assert counts(told) == (0, 0, 0, 0, 0)
    assert not ImportRow.objects.exists()
    assert told["refused"]["zh"] and told["refused"]["en"]


def test_one_person_twice_in_a_file_is_handed_back_unless_equal(bring_in, sheet):
    row = f"王一,{number()},15400000001,{VILLAGE}"
    told = bring_in("person", sheet(HEADER, row, row, f"王改,{number()},15400000001,{VILLAGE}"))
    assert counts(told) == (3, 1, 0, 1, 1)
    assert told["reasons"][0]["code"] == "duplicate_in_file"
    assert Person.objects.get().name == "王一"


def test_a_row_of_another_district_is_neither_written_nor_overwritten(bring_in, sheet, cdc):
    bring_in("person", sheet(HEADER, f"王一,{number()},15400000001,{VILLAGE}"))
    west = cdc("510403")
    told = bring_in("person", sheet(HEADER, f"王偷,{number()},15400000009,510403", f"新人,,,{VILLAGE}"), by=west)
    assert counts(told) == (2, 0, 0, 0, 2)
    assert {r["code"] for r in told["reasons"]} == {"out_of_scope"}
    assert Person.objects.get().name == "王一"


def test_a_long_number_that_a_sheet_damaged_is_told_so(bring_in, sheet):
    told = bring_in("person", sheet(HEADER, f"王一,5.10402E+17,,{VILLAGE}"))
    assert told["rejected"] == 1
    assert told["reasons"][0]["column"] == "id_no"


def test_an_import_is_undone_as_a_whole_or_not_at_all(bring_in, sheet):
    bring_in("person", sheet(HEADER, f"王一,{number()},15400000001,{VILLAGE}"))
    told = bring_in("person", sheet(HEADER, f"王一,{number()},15400000002,{VILLAGE}", f"李二,,,{VILLAGE}"))
    assert counts(told) == (2, 1, 1, 0, 0)
    source = Import.objects.get(pk=told["id"])
    assert applying.undo_import(source=source, by=SYSTEM) == 2
    assert Person.objects.get().phone == "15400000001"
    assert audit.verify().sound



def test_a_row_changed_later_keeps_its_import_from_being_undone(bring_in, sheet, register):
    told = bring_in("person", sheet(HEADER, f"王一,{number()},15400000001,{VILLAGE}", f"李二,,,{VILLAGE}"))
    bring_in("person", sheet(HEADER, f"王一,{number()},15400000002,{VILLAGE}"))
    with pytest.raises(Refusal) as refused:
        applying.undo_import(source=Import.objects.get(pk=told["id"]), by=SYSTEM)
    assert refused.value.code == "touched_later"
    assert Person.objects.count() == 2


def test_a_killed_import_goes_on_where_it_stopped(bring_in, sheet, monkeypatch):
    rows = [f"某{n},{number(date(1980, 1, 1 + n % 28), 1 + 2 * (n // 28))},,{VILLAGE}" for n in range(1200)]
    path = sheet(HEADER, *rows)
    source = staging.stage(registry.get("person"), path, file_name="x.csv", by=SYSTEM)
    job = applying.confirm_import(source=source, by=SYSTEM)
    plain, calls = applying._apply_batch, []

    def dies_in_the_second(*args):
        done = plain(*args)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(applying, "_apply_batch", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(until_idle=True, periodic=False)
    assert Person.objects.count() == 500
    monkeypatch.setattr(applying, "_apply_batch", plain)
    jobs.Job.objects.filter(pk=job.pk).update(state="queued", worker="", lease_until_at=None)
    jobs.run(until_idle=True, periodic=False)
    source.refresh_from_db()
    assert (source.state, source.created, Person.objects.count()) == ("done", 1200, 1200)
    assert audit.timeline("person", "").model.objects.filter(action="create", ledger="person").count() == 1200


def judgements(monkeypatch):
    """The sizes of the batches that are judged against the ledger from here on."""
    plain, calls = judging.judge, []

    def judge(*args):
        calls.append(len(args[1]))
        return plain(*args)

    monkeypatch.setattr(judging, "judge", judge)
    return calls


def test_what_nobody_touched_is_written_as_it_was_judged(bring_in, sheet, monkeypatch):
    source = staging.stage(registry.get("person"), sheet(HEADER, f"王一,{number()},15400000001,{VILLAGE}"), file_name="x.csv", by=SYSTEM)
    calls = judgements(monkeypatch)
    applying.apply_now(source=source, by=SYSTEM)
    person = Person.objects.get()
    assert (calls, person.name, person.phone) == ([], "王一", "15400000001")
    assert str(person.pk) == source.lines.get().object_id
    assert audit.verify().sound


def test_a_row_that_came_in_meanwhile_is_judged_anew(bring_in, sheet, monkeypatch):
    row = f"王一,{number()},15400000001,{VILLAGE}"
    source = staging.stage(registry.get("person"), sheet(HEADER, row, f"李二,,,{VILLAGE}"), file_name="x.csv", by=SYSTEM)
    bring_in("person", sheet(HEADER, f"王一,{number()},15400000002,{VILLAGE}"))
    calls = judgements(monkeypatch)
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert calls == [2]
    assert (source.created, source.updated, Person.objects.count()) == (1, 1, 2)
    assert Person.objects.get(name="王一").phone == "15400000001"


def test_a_write_between_two_batches_is_noticed(bring_in, sheet, monkeypatch):
    rows = [f"某{n},{number(date(1980, 1, 1 + n % 28), 1 + 2 * (n // 28))},,{VILLAGE}" for n in range(600)]
    source = staging.stage(registry.get("person"), sheet(HEADER, *rows), file_name="x.csv", by=SYSTEM)
    calls = judgements(monkeypatch)
    plain, asked = applying._moved, []

    def somebody_writes_first(*args):
        if asked:
            values = write.clean_row(registry.get("person"), {"name": "某人", "id_no": rows[599].split(",")[1], "area_path": VILLAGE}, SYSTEM)
            write.create_rows(registry.get("person"), [values], by=SYSTEM)
        asked.append(1)
        return plain(*args)

    monkeypatch.setattr(applying, "_moved", somebody_writes_first)
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert (len(asked), calls) == (2, [100])
    assert (source.created, source.updated, Person.objects.count()) == (599, 1, 600)


def test_another_day_judges_anew(bring_in, sheet, monkeypatch):
    source = staging.stage(registry.get("person"), sheet(HEADER, f"王一,{number()},15400000001,{VILLAGE}"), file_name="x.csv", by=SYSTEM)
    calls = judgements(monkeypatch)
    with citytime.standing_at(citytime.now() + timedelta(days=1)):
        applying.apply_now(source=source, by=SYSTEM)
    assert calls == [1]
    assert Person.objects.count() == 1


CELL = st.sampled_from(["", "王一", "李二", number(), number(sequence=3), "15400000001", VILLAGE, "510499", "=1+1", "2020-02-30"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=12))
def test_whatever_the_cells_hold_no_row_is_lost(bring_in, sheet, rows):
    Person.objects.all().delete()
    filled = [row for row in rows if any(row)]
    told = bring_in("person", sheet(HEADER, *(",".join(row) for row in rows)))
    if told["refused"]:
        assert not filled
        return
    assert told["rows"] == len(filled)
    assert told["created"] + told["updated"] + told["unchanged"] + told["rejected"] == told["rows"]
    assert Person.objects.count() == told["created"]
