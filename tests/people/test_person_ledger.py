"""Registering people through the ledger: what it derives, what it refuses, what it seals, what it counts."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from tongchou.access.actor import SYSTEM, Actor, Scope
from tongchou.ledger import registry, search, serializer, write
from tongchou.people.models import Household, Person
from tongchou.refusal import Refusal

from tests.people.conftest import number

pytestmark = pytest.mark.django_db


def test_sex_and_birth_come_from_the_number_and_personal_values_are_sealed(register):
    person = register(name="王示例", id_no=number(date(1980, 5, 1), 2), phone="154-0000-0009")
    stored = Person.objects.get(pk=person.pk)
    assert (stored.sex, stored.born_on, stored.phone) == ("female", date(1980, 5, 1), "15400000009")
    assert stored.person_no.startswith("P") and len(stored.person_no) == 13
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_no, phone FROM people_person")
        sealed = b"".join(bytes(value) for value in cursor.fetchone())
    assert b"5104921980" not in sealed and b"1540000" not in sealed


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"id_no": "110105194912310021"}, "id_check_digit"),
        ({"id_no": number(sequence=1), "sex": "female"}, "id_other_sex"),
        ({"id_no": number(), "born_on": "1980-05-02"}, "id_other_birth"),
        ({"phone": "12345"}, "phone_shape"),
        ({"born_on": "2999-01-01"}, "born_future"),
        ({"registered_area_path": "51x"}, "registered_area"),
    ],
)
def test_what_contradicts_itself_is_refused_and_nothing_is_kept(register, raw, code):
    with pytest.raises(Refusal) as refused:
        register(**raw)
    assert refused.value.code == code
    assert Person.objects.count() == 0


def test_a_known_number_is_not_registered_twice(register):
    first = register(id_no=number())
    with pytest.raises(Refusal) as refused:
        register(id_no=number())
    assert refused.value.code == "duplicate" and first.person_no in refused.value.zh


def test_a_household_counts_its_members_and_lends_its_address(register, home: Household):
    person = register(household=home.household_no)
    home.refresh_from_db()
    assert (home.member_count, person.address) == (1, "竹湖路 1 号 101")
    assert person.address_index == home.address_index != ""
    write.change_rows(registry.get("person"), [(person, {"household": None})], by=SYSTEM)
    home.refresh_from_db()
    assert (Person.objects.get(pk=person.pk).household, home.member_count) == (None, 0)


def test_search_finds_by_number_phone_and_name_within_scope(register, village):
    person = register(name="王示例", id_no=number(), phone="15400000009")
    for text in (number(), "154 0000 0009".replace(" ", ""), "王示", person.person_no):
        hits = search.search(SYSTEM, text)
        assert [row.pk for hit in hits for row in hit.rows] == [person.pk], text
    elsewhere = Actor("", "p", "西区疾控", "CDC_DISTRICT", (Scope("area", "510403"),), purpose="investigation")
    assert search.search(elsewhere, number()) == []


def test_a_grid_worker_sees_masked_values_only(register, village):
    person = register(name="王示例", id_no=number(), phone="15400000009")
    grid = Actor("", "p", "网格员", "GRID", (Scope("area", village),), purpose="service")
    shown = serializer.serialize(registry.get("person"), person, grid)
    assert shown["id_no"].masked and number() not in shown["id_no"].text
    assert shown["phone"].masked and "15400000009" not in shown["phone"].text


def test_lists_use_an_index(register, village):
    register()
    rows = registry.get("person").rows(Actor("", "p", "书记", "SECRETARY", (Scope("area", village),)))
    plan = rows.order_by("area_path", "id")[:50].explain()
    assert "person_area_id" in plan or connection.vendor != "sqlite", plan


def test_a_firm_sees_its_own_staff_and_a_hospital_no_staff(register, village):
    place = registry.get("place")
    values = write.clean_row(place, {"name": "示例厂", "type_key": "factory", "area_path": village}, SYSTEM)
    factory = write.create_rows(place, [values], by=SYSTEM)[0]
    worker = register(name="工示例", workplace=factory.place_no)
    register(name="别示例")
    firm = Actor("", "p", "厂", "ENTERPRISE", (Scope("site", str(factory.pk)),))
    assert list(registry.get("person").rows(firm)) == [worker]
    hospital = Actor("", "p", "医院", "HOSPITAL", (Scope("site", str(factory.pk)),), purpose="treatment")
    assert list(registry.get("person").rows(hospital)) == []
