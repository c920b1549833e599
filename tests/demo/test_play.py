"""The demo city loaded and replayed through the product's own actions: figures, lateness, resuming, nothing twice."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import pytest
from demo.loading import city, marks, posts
from demo.loading.plan import read_plan
from demo.replay.run import replay
from demo.replay.scenario import ZONE, read_scenario
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from tongchou import audit, citytime
from tongchou.access.models import Post, PostHolding
from tongchou.areas.models import Area
from tongchou.outbreak.models import Case
from tongchou.people.models import Household, Person
from tongchou.people.queries.duplicates import duplicate_pairs
from tongchou.people.queries.persons import by_id_no, by_phone
from tongchou.places import types
from tongchou.places.models import GridCell, Place
from tongchou.tasks.models import EscalationStep, Task

PEOPLE = 900


def quiet(zh: str, en: str) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def played(django_db_setup, django_db_blocker, tmp_path_factory):
    """The city on 14 February 2020, 17:30; built once for this file and rolled back at its end."""
    before, demo = settings.DATA, settings.DEMO
    with django_db_blocker.unblock(), transaction.atomic():
        settings.DEMO = True
        plan = read_plan(PEOPLE)
        city.load_city(plan, quiet)
        stands_at = replay(read_scenario(), quiet)
        yield plan, stands_at
        transaction.set_rollback(True)
    settings.DATA, settings.DEMO = before, demo


@pytest.fixture
def on_the_day(played, django_db_blocker):
    plan, stands_at = played
    with django_db_blocker.unblock(), citytime.standing_at(stands_at):
        yield plan


def digest() -> str:
    """One hash over every row of every table of the product."""
    whole = hashlib.sha256()
    with connection.cursor() as cursor:
        for model in sorted(apps.get_models(), key=lambda model: model._meta.db_table):
            if model.__module__.startswith("tongchou."):
                name = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT * FROM {name} ORDER BY 1")
                for row in cursor.fetchall():
                    whole.update(repr(row).encode())
    return whole.hexdigest()


def test_the_clock_stands_at_the_evening_of_14_february(played):
    assert played[1] == datetime(2020, 2, 14, 17, 30, tzinfo=ZONE)


def test_the_figures_of_14_february_are_the_official_ones(on_the_day):
    confirmed = Case.objects.filter(confirmed_on__lte=date(2020, 2, 14))
    assert confirmed.count() == 13
    assert confirmed.filter(recovered_on__lte=date(2020, 2, 14)).count() == 10
    assert not Case.objects.filter(area_path__startswith="510411").exists()
    assert Case.objects.filter(status="suspected").count() == 2
    assert all(case.person.invented for case in Case.objects.select_related("person"))


def test_the_city_is_whole(on_the_day):
    assert Area.objects.filter(level="village").count() == 336 and Area.objects.filter(level="township").count() == 49
    assert GridCell.objects.count() == 60 and Post.objects.filter(role="GRID").count() == 60
    secretaries = set(Post.objects.filter(role="SECRETARY").values_list("area_path", flat=True))
    assert secretaries == set(Area.objects.filter(level__in=("township", "village")).values_list("path", flat=True))
    held = set(PostHolding.objects.values_list("post_id", flat=True))
    assert set(Post.objects.values_list("pk", flat=True)) == held
    assert set(Place.objects.values_list("type_key", flat=True)) >= {
        key for key, kind in types.place_types().items() if kind.closed_institution
    } | {"hospital", "market", "supermarket", "factory", "construction_site", "isolation_site", "hazard_point", "checkpoint"}
    twins = 6
    assert Person.objects.count() == PEOPLE + twins
    assert Person.objects.filter(invented=False).count() == 0
    for household in Household.objects.all()[:50]:
        assert household.members.count() == household.member_count > 0
        assert {member.area_path for member in household.members.all()} == {household.area_path}


def test_sealed_values_open_and_are_found(on_the_day):
    person = Person.objects.exclude(id_no_index=0).exclude(phone_index=0).order_by("person_no").first()
    assert by_id_no(person.id_no).get() == person
    assert person in by_phone(person.phone)
    assert person.address == person.household.address != ""


def test_people_entered_twice_are_found(on_the_day):
    pairs = duplicate_pairs(on_the_day.grids[0].village)
    assert len(pairs) >= 6
    assert {"same_phone", "same_name", "same_birth"} <= {fact.code for fact in pairs[0].evidence}


def test_lateness_comes_from_what_was_not_done(on_the_day):
    late = Task.objects.filter(state__in=("assigned", "accepted"), due_at__lt=citytime.now()).order_by("number")
    kinds = set(late.values_list("kind", flat=True))
    assert "case.report" in kinds and "order.meeting" in kinds
    report = late.get(kind="case.report")
    # The hospital found it at 13:40 and two hours later had reported nothing.
    assert report.due_at == datetime(2020, 2, 14, 15, 40, tzinfo=ZONE)
    assert EscalationStep.objects.filter(task=report).exists()
    done = Task.objects.filter(kind="order.screen", state="closed")
    assert done.count() >= 60 and all(task.accepted_at and task.reported_at for task in done)


def test_everything_went_through_the_trail(on_the_day):
    assert audit.verify().sound
    case = Case.objects.get(case_no="PZH-2020-001")
    actions = [entry.action for entry in audit.timeline("case", str(case.pk))]
    assert {"report", "confirmed", "finish_investigation", "discharge"} <= set(actions)
    posts_that_acted = {entry.post for entry in audit.timeline("case", str(case.pk))}
    assert str(Post.objects.get(code="5104-HOSPITAL").pk) in posts_that_acted


def test_loading_and_replaying_again_changes_no_row(on_the_day):
    before = digest()
    city.load_city(on_the_day, quiet)
    replay(read_scenario(), quiet)
    assert digest() == before


def test_another_size_in_the_same_folder_is_refused(on_the_day):
    with pytest.raises(city.OtherCity) as refused:
        city.load_city(read_plan(PEOPLE + 1), quiet)
    assert "--data" in refused.value.zh and "--data" in refused.value.en


def test_the_rest_of_february_ends_with_sixteen_cured(on_the_day):
    """The same scenario goes on after the demo's day: 16 confirmed by 17 February, 16 cured by 22 February."""
    with transaction.atomic():
        replay(read_scenario(), quiet, first=date(2020, 2, 14), last=date(2020, 2, 23))
        assert Case.objects.filter(confirmed_on__lte=date(2020, 2, 17)).count() == 16
        assert Case.objects.filter(recovered_on__lte=date(2020, 2, 21)).count() == 13
        assert Case.objects.filter(recovered_on__lte=date(2020, 2, 22)).count() == 16
        assert Case.objects.filter(status="excluded").count() == 3
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_an_interrupted_load_goes_on_where_it_stopped(monkeypatch):
    plan = read_plan(600)

    class Cut(Exception):
        """The machine goes off."""

    def cut(plan, say):
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(city.people, "load_people", cut)
        with pytest.raises(Cut):
            city.load_city(plan, quiet, sign_ins=False)
    assert marks.done("posts") and not marks.done("people") and Person.objects.count() == 0
    made = Post.objects.count()
    city.load_city(plan, quiet, sign_ins=False)
    assert (Post.objects.count(), Person.objects.count()) == (made, 606)


@pytest.mark.django_db
def test_a_real_city_is_never_filled_with_invented_people():
    Area.objects.create(
        code="370800000000", path="3708", parent_path="37", name="济宁市", level="city", valid_from_on=date(2019, 1, 1)
    )
    with pytest.raises(city.OtherCity) as refused:
        city.load_city(read_plan(600), quiet, sign_ins=False)
    assert "已有一座城市" in refused.value.zh
    assert Area.objects.count() == 1 and Person.objects.count() == 0


@pytest.mark.django_db
def test_no_demo_account_outside_a_demo(monkeypatch):
    monkeypatch.setattr(settings, "DEMO", False)
    with pytest.raises(posts.DemoBroken):
        posts.open_sign_ins(read_plan(600))
    assert posts.sign_ins() == []
