"""The people of the ledgers as a city: who is in it, where, and who is left out."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import date

import pytest

from tongchou.access.actor import SYSTEM
from tongchou.bridge import city_rows
from tongchou.bridge.city_rows import read_city
from tongchou.cli import city_from_ledgers, city_report
from tongchou.cli.terminal import UsageError, Voice
from tongchou.engine.city import HouseholdKind, SiteKind
from tongchou.ledger import registry, write
from tongchou.people.models import Household, Person
from tongchou.places.models import Place
from tongchou.places.types import place_types
from tongchou.refusal import Refusal
from tongchou.store.city_file import load_city

from tests.people.conftest import home, register, village

__all__ = ["home", "register", "village"]

DAY = date(2020, 2, 20)


def add(key: str, **text: str):
    ledger = registry.get(key)
    return write.create_rows(ledger, [write.clean_row(ledger, text, SYSTEM)], by=SYSTEM)[0]


@pytest.fixture
def street(register, home, village):
    """A family of three, two of whom work; one who lives alone in the next district; one without a day of birth; one who has left."""
    mill = add("place", name="示例厂", type_key="factory", area_path=village)
    shop = add("place", name="示例院", type_key="care_home", area_path=village)
    rows = {
        "father": register(sex="male", born_on="1980-02-21"),
        "mother": register(sex="female", born_on="1985-02-20"),
        "child": register(sex="female", born_on="2014-06-01"),
        "lodger": register(sex="unknown", born_on="1950-01-01", area_path="510403"),
        "unborn": register(sex="male"),
        "gone": register(sex="male", born_on="1990-01-01"),
    }
    Person.objects.filter(pk__in=[rows[who].pk for who in ("father", "mother", "child")]).update(household=home)
    Person.objects.filter(pk=rows["father"].pk).update(workplace=mill, industry="建筑业")
    Person.objects.filter(pk=rows["mother"].pk).update(workplace=shop)
    Person.objects.filter(pk=rows["gone"].pk).update(status=Person.Status.LEFT)
    return rows


def test_households_ages_and_workplaces_are_those_of_the_ledger(street):
    found = read_city(DAY)
    city = found.city
    ids = [found.person_ids[row] for row in city.row]
    at = {who: ids.index(str(row.pk)) for who, row in street.items() if str(row.pk) in ids}
    assert set(at) == {"father", "mother", "child", "lodger"}
    assert {who: int(city.age[place]) for who, place in at.items()} == {"father": 39, "mother": 35, "child": 5, "lodger": 70}
    assert len({int(city.household[at[who]]) for who in ("father", "mother", "child")}) == 1
    assert [(county.code, county.population) for county in city.counties] == [("510402", 3), ("510403", 1)]
    site = city.person_site()
    assert city.site_sector[site[at["father"]]] == 4 and city.site_kind[site[at["father"]]] == SiteKind.WORKPLACE
    assert city.site_kind[site[at["mother"]]] == SiteKind.CARE_HOME and site[at["child"]] == -1
    assert (found.without_birth, found.without_sex) == (1, 1)
    assert (found.households_without_people, found.sites_without_people) == (0, 0)


def test_households_and_places_without_people_are_counted(street, village):
    """A household that nobody belongs to and a shop where nobody works; a closed one is no place any more."""
    add("household", area_path=village, kind="family", address="竹湖路 9 号")
    add("place", name="空店", type_key="restaurant", area_path=village)
    old = add("place", name="旧店", type_key="restaurant", area_path=village)
    Place.objects.filter(pk=old.pk).update(closed_on=DAY)
    found = read_city(DAY)
    assert (found.households_without_people, found.sites_without_people) == (1, 1)
    assert found.city.notes == {**found.left_out, "teams_without_site": 0}
    elsewhere = read_city(DAY, area="510403")
    assert (elsewhere.households_without_people, elsewhere.sites_without_people) == (0, 0)


def test_an_area_and_a_collective_household(street, home):
    Household.objects.filter(pk=home.pk).update(kind=Household.Kind.COLLECTIVE)
    city = read_city(DAY, area="510402").city
    assert len(city) == 3 and city.household_kind.tolist() == [HouseholdKind.OTHER_CLOSED]
    with pytest.raises(Refusal, match="nobody with a day of birth"):
        read_city(DAY, area="510411")


def test_every_place_type_that_is_translated_exists():
    assert set(city_rows._SITE_KINDS) | set(city_rows._SECTOR_OF_TYPE) <= set(place_types())


def test_the_command_writes_the_city(street, tmp_path, capsys):
    add("place", name="空店", type_key="restaurant", area_path="510402")
    words = Namespace(out=str(tmp_path / "city"), date="2020-02-20", area="", replace=False, say=Voice(True))
    assert city_from_ledgers.run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["people"], told["households"], told["without_birth"]) == (4, 2, 1)
    assert (told["households_without_people"], told["sites_without_people"]) == (0, 1)
    assert set(told) == set(city_from_ledgers.JSON)
    assert city_report.left_out(load_city(tmp_path / "city"))["sites_without_people"] == 1
    assert len(load_city(tmp_path / "city", verify=True)) == 4
    with pytest.raises(UsageError):
        city_from_ledgers.run(words)
