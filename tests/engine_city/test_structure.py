"""Who lives, learns and works with whom in a synthetic city: nothing that a reader would call impossible."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.city import SCHOOL_KINDS, CityFault, HouseholdKind, SiteKind, synthesize_city
from tongchou.engine.city.describe import compare_with_census, describe_city, pupils, workers
from tongchou.engine.city.plan import plan_types, read_types
from tongchou.engine.city.roles import monotone_cubic
from tongchou.store.census_tables import read_census, read_figures

from tests.architecture.source import ROOT

TYPES = read_types(read_figures())


def families(city):
    """(age of each person, start) of family households as lists of ages."""
    for home in np.flatnonzero(city.household_kind == HouseholdKind.FAMILY):
        yield np.sort(city.age[city.household_start[home] : city.household_start[home + 1]].astype(int))


def test_no_child_lives_alone_and_few_without_a_grown_up(city):
    ages = list(families(city))
    assert min(home[0] for home in ages if len(home) == 1) >= 18
    without = sum(home[-1] < 18 for home in ages)
    assert without <= 0.0005 * len(ages)


def test_children_have_somebody_of_an_age_to_be_a_parent_or_grandparent(city):
    small = [home for home in families(city) if len(home) > 1 and home[0] < 10]
    lacking = sum(not ((home - home[0] >= 16) & (home - home[0] <= 75)).any() for home in small)
    assert len(small) > 5_000 and lacking < 0.005 * len(small)


def test_couples_are_near_in_age(city):
    pairs = np.array([home for home in families(city) if len(home) == 2 and home[0] >= 30])
    apart = pairs[:, 1] - pairs[:, 0]
    assert np.median(apart) <= 4 and (apart <= 10).mean() > 0.75


def test_generations_are_those_of_the_census(city):
    named = {"one generation", "two generations", "three generations", "four generations or more"}
    rows = [row for row in compare_with_census(city) if row.figure in named]
    assert len(rows) == 20 and max(abs(row.difference) for row in rows) < 0.005


def test_household_sizes_of_the_country():
    """Census yearbook 2020: households of one to six persons."""
    city = synthesize_city(read_census("generic"), people=120_000, seed=2)
    wanted = np.array([0.2539, 0.2968, 0.2099, 0.1317, 0.0617, 0.0310])
    assert np.abs(describe_city(city).household_sizes[1:7] - wanted).max() < 0.012


def test_classes_are_of_one_year_and_have_a_teacher(city):
    learns, sites = pupils(city), describe_city(city).sites
    start, kind = city.group_start, city.site_kind[city.group_site()]
    for school, most in ((SiteKind.PRIMARY, 60), (SiteKind.MIDDLE, 70), (SiteKind.HIGH, 75)):
        classes = [city.group_members[start[group] : start[group + 1]] for group in np.flatnonzero(kind == school)]
        spread = [np.ptp(city.age[members[learns[members]]].astype(int)) for members in classes]
        assert max(spread) <= 2 and max(map(len, classes)) < most
        assert np.mean([(~learns[members]).any() for members in classes]) > 0.9
    ratio = sites["primary"]["persons"] / sites["primary"]["sites"]
    assert 400 < ratio < 1100
    assert learns[(city.age >= 8) & (city.age <= 11)].mean() > 0.99


def test_everybody_has_at_most_one_occupation_and_the_right_age_for_it(city):
    works = np.zeros(len(city), bool)
    works[workers(city)] = True
    learns = pupils(city)
    assert not (works & learns).any()
    assert city.age[works].min() >= 16 and city.age[learns].max() <= 26
    lodgers = city.household_kind[city.household] == HouseholdKind.WORKER_DORMITORY
    assert works[lodgers].mean() > 0.99
    students = city.household_kind[city.household] == HouseholdKind.STUDENT_DORMITORY
    assert learns[students].mean() > 0.99


def test_care_homes_hold_old_people_and_staff_in_wards(city):
    site = city.person_site()
    inside = city.household_kind[city.household] == HouseholdKind.CARE_HOME
    assert inside.any() and city.age[inside].min() >= 60
    assert (city.site_kind[site[inside]] == SiteKind.CARE_HOME).all()
    members = np.flatnonzero((site >= 0) & ~inside)
    staff = members[city.site_kind[site[members]] == SiteKind.CARE_HOME]
    assert 0.1 < len(staff) / inside.sum() < 0.35 and city.age[staff].min() >= 16


def test_firms_are_many_and_small_with_a_heavy_tail(city):
    size = np.diff(city.site_member_start())[city.site_kind == SiteKind.WORKPLACE]
    large = size[size >= 10]
    hill = 1 / np.mean(np.log(large / 9.5))
    assert np.median(size) <= 4 and size.max() > 200 and 0.7 < hill < 1.5
    teams = np.diff(city.group_start)[city.site_kind[city.group_site()] == SiteKind.WORKPLACE]
    assert teams.max() <= 12


def test_people_commute_most_to_near_counties(city):
    works = workers(city)
    home, away = city.person_county()[works], city.site_county[city.person_site()[works]]
    moved = {(a, b): np.mean(away[home == a] == b) for a in range(5) for b in range(5)}
    assert moved[0, 1] > 10 * moved[0, 3]  # West district is 8 km from East, Miyi county 50 km
    assert all(moved[a, a] > 0.2 for a in range(5))


def test_parties_on_the_way_are_of_one_township_and_never_alone(city):
    size = np.diff(city.route_start)
    assert size.min() >= 2 and size.max() <= 60 and len(city.route_members) > 0.03 * len(city)
    assert (city.group[city.route_members] >= 0).all()


def test_neighbours_are_alike_in_number(city):
    size = np.diff(city.neighbourhood_start)
    assert 1_500 < size.mean() < 3_500 and size.min() > 300
    households = np.diff(np.searchsorted(city.household_start, city.grid_start))
    assert 150 < np.median(households) < 450


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4_000), min_size=4, max_size=4).filter(lambda counts: sum(counts[:3]) > 50),
    st.floats(0.1, 0.9), st.floats(0.0, 1.0),
)  # fmt: skip
def test_types_hold_everybody_wherever_they_can(households, fullness, childhood):
    households = np.array(households)
    least = sum(int(TYPES.size[TYPES.generations == g].min()) * n for g, n in zip((1, 2, 3, 4), households, strict=True))
    most = sum(int(TYPES.size[TYPES.generations == g].max()) * n for g, n in zip((1, 2, 3, 4), households, strict=True))
    persons = round(least + fullness * (most - least))
    children = childhood * persons / 2
    counts = plan_types(TYPES, households, persons=persons, children=children, least_children=round(children))
    assert counts.min() >= 0 and int(counts @ TYPES.size) == persons
    assert [int(counts[TYPES.generations == g].sum()) for g in (1, 2, 3, 4)] == households.tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=19))
def test_the_cubic_rises_and_passes_through_its_points(steps):
    x = np.arange(len(steps) + 1.0) * 5
    y = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, x[-1], 301)
    found = monotone_cubic(x, y, at)
    assert np.diff(found).min() >= -1e-6 * max(y[-1], 1) and np.allclose(monotone_cubic(x, y, x), y)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"households_of_one": 10**9}, "more households of one"),
        ({"people_in_households": 10**9}, "people in households"),
        ({"sampled_15_plus": 1}, "more employed than"),
        ({"households": 10}, "do not add up"),
        ({"men": np.zeros(3, np.int64)}, "men must have 19 entries"),
        ({"generations": np.array([-1, 2, 3, 4])}, "generations has a negative"),
    ],
)
def test_a_census_that_contradicts_itself_is_refused_by_county(census, change, said):
    wrong = dataclasses.replace(census.counties[0], **change)
    with pytest.raises(CityFault, match=said) as refused:
        dataclasses.replace(census, counties=(wrong, *census.counties[1:])).check()
    assert "东区" in refused.value.zh


def test_a_county_without_employment_stands_with_that_of_the_others(census):
    bare = dataclasses.replace(census.counties[1], employed=np.zeros(19, np.int64), sampled_15_plus=0)
    city = synthesize_city(dataclasses.replace(census, counties=(census.counties[0], bare)), people=4_000, seed=1)
    assert city.notes["without_employment"] == ["西区"] and len(workers(city)) > 1_000
    with pytest.raises(CityFault, match="no figures of employment"):
        synthesize_city(dataclasses.replace(census, counties=(bare,)), people=4_000, seed=1)


def test_schools_are_all_kinds(city):
    assert set(SCHOOL_KINDS) <= {SiteKind(kind) for kind in np.unique(city.site_kind)}


@pytest.mark.slow
def test_threads_do_not_change_the_city():
    program = (
        "from tongchou.engine.city import synthesize_city; from tongchou.store.census_tables import read_census;"
        "from tongchou.store.city_file import city_hash; print(city_hash(synthesize_city(read_census('bazhong'), people=50_000, seed=9)))"
    )
    found = set()
    for threads in ("1", "2"):
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NUMBA_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        found.add(subprocess.run([sys.executable, "-c", program], env=surroundings, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1 and len(found.pop().strip()) == 64


@pytest.mark.slow
@pytest.mark.parametrize("name", ["panzhihua", "jining", "foshan"])
def test_a_million_persons_keep_to_the_census(name):
    census = read_census(name)
    city = synthesize_city(census, people=min(census.population, 1_212_203), seed=3)
    rows = compare_with_census(city.check())
    assert max(abs(row.difference) for row in rows if row.figure != "persons a household") < 0.005
    assert (city.notes["misplaced"], city.notes["persons_missed"]) == (0, 0)
