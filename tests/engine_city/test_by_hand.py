"""A city from lists, small enough to check by reading."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tongchou.cli import city_report
from tongchou.engine.city import LEFT_OUT, CityFault, HouseholdKind, SiteKind, city_from_lists
from tongchou.engine.city.describe import describe_city

PERSONS = {
    "age": [40, 8, 70, 38, 41, 9],
    "sex": [1, 2, 2, 2, 1, 1],
    "household": ["a", "a", "b", "a", "c", "c"],
    "site": ["mill", "school", "", "school", "mill", "school"],
    "team": ["night", "1", "", "1", "day", "2"],
    "route": ["7", "", "", "", "7", ""],
}
HOUSEHOLDS = {
    "household": ["b", "c", "a"],
    "county": ["510402", "510403", "510402"],
    "neighbourhood": ["East", "West", "East"],
    "grid": ["1", "", "2"],
    "kind": [HouseholdKind.CARE_HOME, 0, 0],
}
SITES = {"site": ["mill", "school"], "kind": [SiteKind.WORKPLACE, SiteKind.PRIMARY], "sector": [2, 15]}
COUNTIES = [("510402", "东区"), ("510403", "西区")]


def test_who_lives_together_lies_together_and_every_row_is_found_again():
    city = city_from_lists(PERSONS, HOUSEHOLDS, SITES, counties=COUNTIES)
    assert city.row.tolist() == [0, 1, 3, 2, 4, 5]
    assert city.age.tolist() == [40, 8, 38, 70, 41, 9]
    assert city.household_start.tolist() == [0, 3, 4, 6]
    assert city.household_kind.tolist() == [HouseholdKind.FAMILY, HouseholdKind.CARE_HOME, HouseholdKind.FAMILY]
    assert city.grid_start.tolist() == [0, 3, 4, 6]
    assert city.neighbourhood_start.tolist() == [0, 4, 6]
    assert city.neighbourhood_county.tolist() == [0, 1]
    assert [county.population for county in city.counties] == [4, 2]


def test_groups_of_a_site_are_one_slice():
    city = city_from_lists(PERSONS, HOUSEHOLDS, SITES, counties=COUNTIES)
    assert city.sites == 2 and city.groups == 4
    assert city.site_kind.tolist() == [SiteKind.WORKPLACE, SiteKind.PRIMARY]
    start = city.site_member_start()
    members = [sorted(city.group_members[start[site] : start[site + 1]].tolist()) for site in range(2)]
    assert members == [[0, 4], [1, 2, 5]]
    assert city.person_site().tolist() == [0, 1, 1, -1, 0, 1]
    assert city.group[1] == city.group[2] != city.group[5]
    assert city.site_neighbourhood.tolist() == [0, 0]
    assert city.route.tolist() == [0, -1, -1, -1, 0, -1] and city.route_members.tolist() == [0, 4]


def test_rows_that_no_person_names_are_counted():
    """One household and two sites stand in the lists alone; one person's team is of no site."""
    homes = {**HOUSEHOLDS, **{key: [*HOUSEHOLDS[key], value] for key, value in (("household", "d"), ("county", "510402"))}}
    homes = {**homes, "neighbourhood": [*HOUSEHOLDS["neighbourhood"], "East"], "grid": [*HOUSEHOLDS["grid"], ""], "kind": [*HOUSEHOLDS["kind"], 0]}
    sites = {"site": ["mill", "inn", "school", "shop"]}
    persons = {**PERSONS, "team": ["night", "1", "reading", "1", "day", "2"]}
    city = city_from_lists(persons, homes, sites, counties=COUNTIES)
    assert city.notes == {"households_without_people": 1, "sites_without_people": 2, "teams_without_site": 1}
    assert set(city.notes) == set(LEFT_OUT) and (city.households, city.sites, city.groups) == (3, 2, 4)
    figures = describe_city(city)
    assert city_report.as_data(city, figures, [])["left_out"] == city.notes
    said = city_report.as_text(city, figures, [])
    assert "sites without people, left out: 2" in said and "写了班组、没写场所的人" in said
    whole = city_from_lists(PERSONS, HOUSEHOLDS, SITES, counties=COUNTIES)
    assert set(whole.notes.values()) == {0} and "left out" not in city_report.as_text(whole, describe_city(whole), [])


def test_the_least_that_can_be_said_is_enough():
    city = city_from_lists({"age": [30], "sex": [1], "household": [7]})
    assert (len(city), city.households, city.neighbourhoods, city.sites, city.routes) == (1, 1, 1, 0, 0)
    assert city.person_site().tolist() == [-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": [40, 8, 70, 38, 41, 200]}, "row 6: age is 200"),
        ({"sex": [1, 2, 2, 2, 1, 3]}, "row 6: sex is 3"),
        ({"household": ["a", "a", "b", "a", "c", "zz"]}, "household 'zz' is not in the list"),
        ({"site": ["mill", "school", "", "school", "mill", "shop"]}, "site 'shop' is not in the list"),
        ({"household": ["a", "", "b", "a", "c", "c"]}, "row 2 names no household"),
        ({"age": [40]}, "differ in length"),
        ({"age": [40, 8, 70.5, 38, 41, 9]}, "row 3: age is 70.5; it must be a whole number"),
        ({"age": [40, 8, None, 38, 41, 9]}, "row 3: age is None"),
        ({"sex": [1, float("nan"), 2, 2, 1, 1]}, "row 2: sex is nan"),
        ({"household": ["a", float("nan"), "b", "a", "c", "c"]}, "row 2 names no household"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(change, said):
    with pytest.raises(CityFault) as refused:
        city_from_lists({**PERSONS, **change}, HOUSEHOLDS, SITES, counties=COUNTIES)
    assert said in refused.value.en and refused.value.zh


def test_a_site_in_a_neighbourhood_of_two_counties_is_refused():
    places = {**HOUSEHOLDS, "neighbourhood": ["East", "East", "East"]}
    assert city_from_lists(PERSONS, places, SITES, counties=COUNTIES).neighbourhoods == 2
    with pytest.raises(CityFault, match="two counties have a neighbourhood 'East'"):
        city_from_lists(PERSONS, places, {**SITES, "neighbourhood": ["East", ""]}, counties=COUNTIES)
    with pytest.raises(CityFault, match="no household lives in 'North'"):
        city_from_lists(PERSONS, HOUSEHOLDS, {**SITES, "neighbourhood": ["North", ""]}, counties=COUNTIES)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sex", np.array([1, 2, 2, 2, 1, 0], np.uint8), "sex must be 1 or 2"),
        ("household", np.zeros(6, np.int32), "household does not agree"),
        ("grid_start", np.array([0, 2, 4, 6], np.int32), "grid_start cuts through"),
        ("group", np.full(6, -1, np.int32), "group does not agree"),
        ("site_sector", np.array([2, 99], np.uint8), "a sector is unknown"),
        ("site_neighbourhood", np.array([0, 9], np.int32), "a site lies in no neighbourhood"),
        ("site_neighbourhood", np.array([0, 1], np.int32), "the county of a site"),
    ],
)
def test_check_names_the_array_that_contradicts_another(name, value, said):
    city = city_from_lists(PERSONS, HOUSEHOLDS, SITES, counties=COUNTIES)
    with pytest.raises(CityFault, match=said):
        dataclasses.replace(city, **{name: value}).check()
