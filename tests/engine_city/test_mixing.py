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

from tongchou.engine.city import SiteKind, city_from_lists, synthesize_city
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


CITIES = [
    ("panzhihua", "subnational_Sichuan", 0.88), ("panzhihua", "country_level", 0.90), ("jining", "subnational_Shandong", 0.90),
    ("foshan", "subnational_Guangdong", 0.90), ("generic", "country_level", 0.90),
]  # fmt: skip


@pytest.mark.parametrize(("name", "place", "household"), CITIES)
def test_matrices_of_whole_cities_are_those_of_mistry(name, place, household):
    wanted, ages = reference(place)
    city = synthesize_city(read_census(name), people=400_000, seed=1)
    found, number = find_mixing(city), ages_by_setting(city)
    level = {setting: reweigh(table, number[setting], ages) for setting, table in found.items()}
    for setting, least in (("household", household), ("school", 0.90), ("work", 0.90), ("community", 0.999)):
        alike = log_correlation(bin_ages(level[setting], ages, 5), bin_ages(wanted[setting], ages, 5))
        assert alike > least, (setting, alike)
        factor = 1.0
        if (name, setting) == ("foshan", "work"):
            # 57 % of Foshan work (census 2020), 47 % of the reference's Guangdong: compared per worker.
            employed = (wanted["work"].sum(axis=1) @ ages / ages.sum()) / (found["work"].sum(axis=1) @ number["work"] / len(city))
            factor = employed
        ratio = factor * dominant_eigenvalue(found[setting]) / dominant_eigenvalue(wanted[setting])
        assert abs(ratio - 1) < 0.10, (setting, ratio)
    assert log_correlation(bin_ages(combine(level), ages, 5), bin_ages(combine(wanted), ages, 5)) > 0.95
    assert abs(dominant_eigenvalue(combine(found)) / dominant_eigenvalue(combine(wanted)) - 1) < 0.10
