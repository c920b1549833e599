"""Two rows of one person: found on number, phone and address, merged, and taken apart again."""

from __future__ import annotations

import pytest

from tongchou import audit
from tongchou.access.actor import SYSTEM
from tongchou.people.actions import person as acts
from tongchou.people.errors import PeopleError
from tongchou.people.models import Person
from tongchou.people.queries.duplicates import duplicate_pairs, duplicates_of

from tests.people.conftest import number

pytestmark = pytest.mark.django_db


def codes(pair) -> set[str]:
    return {fact.code for fact in pair.evidence}


def test_names_alone_say_nothing(register):
    register(name="王伟", born_on="1980-05-01")
    register(name="王伟", born_on="1980-05-01")
    assert duplicate_pairs("5104") == []


def test_a_phone_counts_with_a_name_or_a_birth_date(register):
    first = register(name="王伟", phone="15400000001")
    second = register(name="王伟", phone="15400000001", id_no=number())
    other = register(name="李梅", phone="15400000001")
    pairs = duplicate_pairs("510402")
    assert [{pair.first.pk, pair.second.pk} for pair in pairs] == [{first.pk, second.pk}]
    assert codes(pairs[0]) == {"same_phone", "same_name"} and pairs[0].score == 60
    assert [pair.second.pk for pair in duplicates_of(first)] == [second.pk]
    assert duplicates_of(other) == []


def test_one_household_with_one_phone_is_not_one_person(register):
    register(name="王伟", phone="15400000001", address="竹湖路 1 号", id_no=number(sequence=1))
    register(name="王小伟", phone="15400000001", address="竹湖路1号", id_no=number(sequence=3))
    assert duplicate_pairs("510402") == []


def test_address_with_name_and_birth_is_a_candidate(register):
    register(name="王伟", born_on="1980-05-01", address="竹湖路 1 号")
    register(name="王伟", born_on="1980-05-01", address="竹湖路1号")
    assert [codes(pair) for pair in duplicate_pairs("5104")] == [{"same_address", "same_birth", "same_name"}]


def test_a_merge_fills_blanks_keeps_pointers_and_is_taken_back_exactly(register, home):
    keep = register(name="王伟", phone="15400000001")
    drop = register(name="王伟", phone="15400000001", id_no=number(), household=home.household_no, occupation="司机")
    before = {row.pk: Person.objects.filter(pk=row.pk).values("name", "sex", "born_on", "occupation", "household_id", "id_no_index", "status").get() for row in (keep, drop)}

    merge = acts.merge_persons(keep=keep, drop=drop, by=SYSTEM)
    kept, dropped = Person.objects.get(pk=keep.pk), Person.objects.get(pk=drop.pk)
    assert (kept.id_no, kept.occupation, kept.household_id) == (number(), "司机", home.pk)
    assert dropped.status == "merged" and dropped.standing() == kept
    assert duplicate_pairs("5104") == []
    home.refresh_from_db()
    assert home.member_count == 1
    line = audit.timeline("person", str(drop.pk))[0]
    assert line.action == "merge_persons" and number() not in str(line.changes) + line.note

    acts.unmerge_persons(merge=merge, by=SYSTEM)
    after = {row.pk: Person.objects.filter(pk=row.pk).values(*before[row.pk]).get() for row in (keep, drop)}
    assert after == before
    assert Person.objects.get(pk=drop.pk).id_no == number()
    with pytest.raises(PeopleError) as refused:
        acts.unmerge_persons(merge=merge, by=SYSTEM)
    assert refused.value.code == "merge_undone"
    assert audit.verify().sound


def test_a_filled_field_that_was_changed_since_stays(register):
    keep, drop = register(phone="15400000001"), register(phone="15400000001", occupation="司机")
    merge = acts.merge_persons(keep=keep, drop=drop, by=SYSTEM)
    Person.objects.filter(pk=keep.pk).update(occupation="教师")
    acts.unmerge_persons(merge=merge, by=SYSTEM)
    assert Person.objects.get(pk=keep.pk).occupation == "教师"


@pytest.mark.parametrize("how", ["same", "merged", "other_id"])
def test_a_wrong_merge_is_refused(register, how):
    keep, drop = register(id_no=number(sequence=1)), register(phone="15400000001")
    code = {"same": "merge_same", "merged": "merge_merged", "other_id": "merge_other_id"}[how]
    if how == "same":
        drop = keep
    elif how == "merged":
        acts.merge_persons(keep=keep, drop=drop, by=SYSTEM)
    else:
        drop = register(id_no=number(sequence=3))
    with pytest.raises(PeopleError) as refused:
        acts.merge_persons(keep=keep, drop=drop, by=SYSTEM)
    assert refused.value.code == code


def test_the_page_s_action_looks_only_within_scope(register):
    keep, drop = register(phone="15400000001"), register(phone="15400000001")
    assert acts.merge_row(person=keep, drop_no=drop.person_no, by=SYSTEM).drop_id == drop.pk
    assert acts.unmerge_row(person=Person.objects.get(pk=drop.pk), by=SYSTEM).undone_at is not None
    with pytest.raises(PeopleError) as refused:
        acts.merge_row(person=keep, drop_no="P-NOBODY", by=SYSTEM)
    assert refused.value.code == "person_unknown"
