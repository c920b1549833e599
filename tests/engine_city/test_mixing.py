"""Contact matrices: by hand on a few people, and against Mistry and others 2021 on whole cities.

How cities are compared: F of each setting is brought to the reference's ages (Arregui M2: who is met in proportion to who
is there), both are summed into 5-year groups, and the logarithms of entries above zero in both are correlated. Eigenvalues
are those of the matrices at single years, each on its own ages. The reference is of the census of 2010, the cities are of
2020; the community's matrix is the age distribution itself, so after reweighing it agrees by definition.
"""

from __future__ import annotations

import numpy as np
import pytest
from demo.extract.sources import NoSource, data_folder

from tongchou.engine.city import HouseholdKind, SiteKind, city_from_lists, synthesize_city
from tongchou.engine.city.census import Census
from tongchou.engine.city.mixing import (
    WEIGHTS,
    ages_by_setting,
    bin_ages,
    combine,
    dominant_eigenvalue,
    find_mixing,
    log_correlation,
    reweigh,
)  # fmt: skip
from tongchou.store.census_tables import read_census


def test_a_family_and_a_class_by_hand():
    persons = {
        "age": [40, 8, 70, 9, 90],
        "sex": [1, 1, 2, 2, 2],
        "household": ["a", "a", "a", "b", "c"],
        "site": ["", "school", "", "school", ""],
    }
    city = city_from_lists(persons, sites={"site": ["school"], "kind": [SiteKind.PRIMARY], "sector": [15]})
    found = find_mixing(city)
    assert found["household"][40, 8] == found["household"][40, 70] == found["household"][8, 40] == 0.5
    assert found["household"][40].sum() == 1 and found["household"][9].sum() == found["household"][84].sum() == 0
    assert found["school"][8, 9] == found["school"][9, 8] == 1 and found["school"].sum() == 2
    assert found["work"].sum() == 0
    assert np.allclose(found["community"][8, [8, 9, 40, 70, 84]], 0.2)
    assert dominant_eigenvalue(found["school"]) == pytest.approx(1)
    assert combine(found)[8, 9] == pytest.approx(11.41 + 0.2 * 2.79)


def test_contacts_are_mutual(city):
    number = ages_by_setting(city)
    for setting, table in find_mixing(city).items():
        given = table * number[setting][:, None]
        assert np.allclose(given, given.T), setting


def test_classes_keep_pupils_nearer_to_their_age_than_schools(city):
    whole, classes = find_mixing(city)["school"], find_mixing(city, by_group=True)["school"]
    near = np.abs(np.subtract.outer(np.arange(85), np.arange(85))) <= 1
    assert classes[6:15][near[6:15]].sum() > 1.5 * whole[6:15][near[6:15]].sum()


def reference(place: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    try:
        folder = data_folder() / "contact-matrices" / "mistry2021"
    except NoSource as reason:
        pytest.skip(str(reason))
    tables = {name: np.loadtxt(folder / f"China_{place}_F_{name}_setting_85.csv.gz", delimiter=",") for name in WEIGHTS}
    ages = np.loadtxt(folder / f"China_{place}_age_distribution_85.csv", delimiter=",")[:, 1]
    return tables, ages


# The cities whose tables we carry, and of each province that Mistry and others have: the capital and, of its prefectures
# in order of population (2020), those a quarter and three quarters up. Fixed before any of the latter was looked at.
CITIES = [
    ("panzhihua", "subnational_Sichuan"), ("bazhong", "subnational_Sichuan"), ("jining", "subnational_Shandong"),
    ("foshan", "subnational_Guangdong"), ("generic", "country_level"), ("panzhihua", "country_level"),
    ("5101", "subnational_Sichuan"), ("5108", "subnational_Sichuan"), ("5115", "subnational_Sichuan"),
    ("3701", "subnational_Shandong"), ("3704", "subnational_Shandong"), ("3717", "subnational_Shandong"),
    ("4401", "subnational_Guangdong"), ("4415", "subnational_Guangdong"), ("4409", "subnational_Guangdong"),
]  # fmt: skip
PROVINCES = [("51", "subnational_Sichuan"), ("37", "subnational_Shandong"), ("44", "subnational_Guangdong")]
LIMIT = 0.10


def census_of(name: str) -> Census:
    if not name.isdigit():
        return read_census(name)
    try:
        return read_census(str(data_folder() / "census" / "county_2020_census.csv.gz"), area=name)
    except NoSource as reason:
        pytest.skip(str(reason))


def reached_by_census(census: Census) -> dict[str, float]:
    """Share of its people who have contacts of a setting: who do not live alone; of 15 and more, who are employed."""
    counties = [county for county in census.counties if county.sampled_15_plus]
    grown = np.array([county.men[4:].sum() + county.women[4:].sum() for county in counties])
    alone = sum(county.households_of_one for county in census.counties) / sum(county.people_in_households for county in census.counties)
    return {"household": 1 - alone, "work": float(np.average([county.employment for county in counties], weights=grown))}


def reached(table: np.ndarray, persons: np.ndarray, ages: slice) -> float:
    """The same by a matrix: its rows' sums over ``ages``."""
    return float(np.average(table.sum(axis=1)[ages], weights=persons[ages]))


def check_against_mistry(name: str, place: str, people: int) -> None:
    wanted, ages = reference(place)
    census = census_of(name)
    city = synthesize_city(census, people=people, seed=1)
    found, number = find_mixing(city), ages_by_setting(city)
    level = {setting: reweigh(table, number[setting], ages) for setting, table in found.items()}
    for setting in WEIGHTS:
        alike = log_correlation(bin_ages(level[setting], ages, 5), bin_ages(wanted[setting], ages, 5))
        assert alike >= 0.90, (setting, alike)
        ratio = dominant_eigenvalue(found[setting]) / dominant_eigenvalue(wanted[setting])
        if abs(ratio - 1) > LIMIT:
            # The matrix is in proportion to the share of people whom the setting reaches. Where the city's census of 2020 puts that
            # share more than the limit from the reference's of 2010, no city can keep to both: then it is a person reached that counts.
            told, aged = (slice(15, None), slice(20, 60)) if setting == "work" else (slice(None), slice(None))
            apart = reached_by_census(census)[setting] / reached(wanted[setting], ages, told)
            assert abs(apart - 1) > LIMIT, (setting, ratio, apart)
            ratio *= reached(wanted[setting], ages, aged) / reached(found[setting], number[setting], aged)
        assert abs(ratio - 1) <= LIMIT, (setting, ratio)
    assert log_correlation(bin_ages(combine(level), ages, 5), bin_ages(combine(wanted), ages, 5)) > 0.95
    assert abs(dominant_eigenvalue(combine(found)) / dominant_eigenvalue(combine(wanted)) - 1) < LIMIT


@pytest.mark.parametrize(("name", "place"), CITIES)
def test_matrices_of_whole_cities_are_those_of_mistry(name, place):
    check_against_mistry(name, place, 200_000)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place"), PROVINCES)
def test_matrices_of_whole_provinces_are_those_of_mistry(name, place):
    check_against_mistry(name, place, 900_000)


def test_who_lives_in_a_care_home_is_nobody_s_colleague():
    persons = {"age": [80, 82, 30, 31], "sex": [1, 2, 1, 2], "household": ["a", "a", "b", "c"], "site": ["home"] * 4}
    homes = {"household": ["a", "b", "c"], "kind": [HouseholdKind.CARE_HOME, 0, 0]}
    sites = {"site": ["home"], "kind": [SiteKind.CARE_HOME], "sector": [16]}
    work = find_mixing(city_from_lists(persons, homes, sites))["work"]
    assert work.sum() == 2 and work[30, 31] == work[31, 30] == 1
