"""A synthetic city keeps what the census says of each of its counties."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tongchou.engine.city import AGE_BANDS, NO_SECTOR, SECTORS, CityFault, HouseholdKind, synthesize_city
from tongchou.store.census_tables import read_census


@pytest.fixture(scope="module", params=["panzhihua", "jining", "foshan", "bazhong", "generic"])
def pair(request):
    census = read_census(request.param)
    return census, synthesize_city(census, people=20_000 * len(census.counties), seed=11)


def test_the_city_is_sound_and_has_the_persons_asked_for(pair):
    census, city = pair
    assert city.check() is city
    assert len(city) == 20_000 * len(census.counties)
    assert (city.notes["misplaced"], city.notes["persons_missed"]) == (0, 0)
    assert 12 < city.nbytes / len(city) < 32


def test_ages_are_within_half_a_point_in_every_county(pair):
    census, city = pair
    for number, county in enumerate(census.counties):
        part = slice(city.county_start[number], city.county_start[number + 1])
        for sex, counted in ((1, county.men), (2, county.women)):
            lows = [low for low, _high in AGE_BANDS]
            band = np.searchsorted(lows, city.age[part][city.sex[part] == sex], side="right") - 1
            share = np.bincount(band, minlength=len(AGE_BANDS)) / (part.stop - part.start)
            assert np.abs(share - counted / county.population).max() < 0.005


def test_households_are_within_a_point_in_every_county(pair):
    census, city = pair
    county_of = city.person_county()[city.household_start[:-1]]
    size, family = city.sizes(), city.household_kind == HouseholdKind.FAMILY
    for number, county in enumerate(census.counties):
        here = size[family & (county_of == number)]
        assert abs((here == 1).mean() - county.households_of_one / county.households) < 0.01
        assert abs(here.mean() / county.mean_size - 1) < 0.01
        outside = size[~family & (county_of == number)].sum() / city.counties[number].population
        assert abs(outside - (1 - county.people_in_households / county.population)) < 0.01


def test_industries_are_within_two_percent_of_the_employed(pair):
    census, city = pair
    home, site = city.person_county(), city.person_site()
    sector = np.where(site >= 0, city.site_sector[np.maximum(site, 0)], NO_SECTOR)
    works = (sector != NO_SECTOR) & (city.age >= 16)
    for number, county in enumerate(census.counties):
        counted = np.bincount(sector[works & (home == number)], minlength=len(SECTORS))[: len(SECTORS)]
        studies = counted[15]
        wanted = county.employed / county.employed.sum()
        others = np.delete(np.arange(len(SECTORS)), 15)
        share = counted[others] / counted[others].sum()
        assert np.abs(share - wanted[others] / wanted[others].sum()).max() < 0.02
        assert studies > 0


@pytest.mark.parametrize(("people", "said"), [(10, "people must be from 500"), (3_000_000_000, "people must be from")])
def test_a_size_that_cannot_be_is_refused(census, people, said):
    with pytest.raises(CityFault, match=said):
        synthesize_city(census, people=people, seed=1)


def test_a_county_that_nobody_falls_to_is_named(census):
    few = dataclasses.replace(census.counties[4], **_shrunk())
    with pytest.raises(CityFault, match="leave nobody for") as refused:
        synthesize_city(dataclasses.replace(census, counties=(*census.counties[:4], few)), people=600, seed=1)
    assert few.name in refused.value.en and few.name in refused.value.zh


def _shrunk():
    """The figures of a county of one person."""
    few = np.array([1, *[0] * 18])
    return {"men": few, "women": np.zeros(19, np.int64), "households": 1, "people_in_households": 1, "households_of_one": 1, "generations": few[:4]}


@pytest.mark.parametrize("people", [100, 101, 130, 500])
def test_a_county_of_a_hundred_persons_is_a_city(census, people):
    alone = dataclasses.replace(census, counties=(census.counties[3],))
    city = synthesize_city(alone, people=people, seed=2)
    assert len(city.check()) == people == city.sizes().sum()


def test_a_barrack_town_of_men_has_no_more_homes_than_people(census):
    """Mostly men outside families: more couples are wished for than there are persons at home."""
    men = np.array([0] * 6 + [900, 900, 400] + [0] * 10)
    town = dataclasses.replace(
        census.counties[0], men=men, women=np.array([0] * 6 + [40, 40, 20] + [0] * 10),
        households=520, people_in_households=1067, households_of_one=211, generations=np.array([437, 64, 19, 0]),
    )  # fmt: skip
    for people in (100, 111, 200, 900):
        city = synthesize_city(dataclasses.replace(census, counties=(town,)), people=people, seed=1)
        assert len(city.check()) == people
        assert city.age.min() >= 25


def test_the_same_seed_gives_the_same_city_and_another_another(census):
    first, again, other = (synthesize_city(census, people=5_000, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(array, again.arrays()[name]) for name, array in first.arrays().items())
    assert not np.array_equal(first.age, other.age)
