"""Invented residents against the census: margins, whole households, numbers that fit and belong to nobody."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pytest
from demo.loading.plan import FOLDER
from demo.synthesis import ages, homes, numbers
from demo.synthesis.census import AGES, INDUSTRIES, read_counties, spread
from demo.synthesis.residents import Village, apportion, synthesize_residents
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.people import id_number

ON = date(2020, 1, 22)
CENSUS = FOLDER / "facts" / "census_county.csv"
COUNTIES = read_counties(CENSUS, "5104")


def villages(code: str) -> list[Village]:
    return [Village(f"{code}001{number:03d}", f"示例{number}", number % 2 == 0) for number in range(1, 41)]


def people_of(index: int, count: int, seed: int = 7):
    county = COUNTIES[index]
    return synthesize_residents(county, villages(county.code), count, seed=seed, lane=index, lanes=len(COUNTIES), on=ON)


def test_the_census_is_read_whole():
    assert [county.code for county in COUNTIES] == ["510402", "510403", "510411", "510421", "510422"]
    assert sum(county.persons for county in COUNTIES) == 1_212_203
    for county in COUNTIES:
        assert county.age_sex.sum() == county.persons
        assert county.age_sex[:, 5:10].sum() == _band(county.code, "5_9")


def _band(code: str, band: str) -> int:
    with CENSUS.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["code"][:6] == code)
    return int(row[f"men_{band}"]) + int(row[f"women_{band}"])


@pytest.mark.parametrize("index", range(5))
def test_households_and_ages_are_the_county_s(index: int):
    county, count = COUNTIES[index], 8000
    people = people_of(index, count)
    family = people.home_kind != homes.COLLECTIVE
    mean = people.home_size[family].mean()
    assert abs(mean / county.mean_size - 1) < 0.02
    one = (people.home_size[family] == 1).mean()
    assert abs(one - county.one_person_households / county.family_households) < 0.02
    drawn = np.stack([np.bincount(people.age[people.sex == sex], minlength=AGES) for sex in (0, 1)])
    assert (drawn == spread(count, county.age_sex.ravel()).reshape(2, AGES)).all()
    workers = (people.industry >= 0).mean()
    assert abs(workers - county.employed_share * (people.age >= 15).mean()) < 0.01
    farmers = (people.industry == list(INDUSTRIES).index("farming")).sum() / (people.industry >= 0).sum()
    assert abs(farmers - county.industries[0] / county.industries.sum()) < 0.01


def test_the_full_city_counts_every_resident_of_the_census():
    assert apportion(COUNTIES, 1_212_203) == [county.persons for county in COUNTIES]
    assert sum(apportion(COUNTIES, 20_000)) == 20_000


def test_households_are_whole_and_live_at_one_place():
    people = people_of(0, 3000)
    assert people.home_size.sum() == len(people)
    assert (np.bincount(people.home) == people.home_size).all()
    assert (np.diff(people.home) >= 0).all() and (np.diff(people.home_village) >= 0).all()
    heads = np.bincount(people.home[people.relation == 0], minlength=len(people.home_size))
    families = people.home_kind != homes.COLLECTIVE
    assert (heads[families] == 1).all()


def test_families_are_plausible():
    county = COUNTIES[3]
    chance = np.random.default_rng(3)
    plan = homes.plan_homes(county, 6000, chance)
    age, sex = ages.assign(plan, ages.draw_counts(county, 6000), chance)
    oldest = np.full(len(plan.kind), -1)
    children = plan.role == homes.CHILD
    np.maximum.at(oldest, plan.home[children], age[children])
    mothers = np.flatnonzero((plan.role == homes.SPOUSE) & (oldest[plan.home] >= 0))
    gap = age[mothers] - oldest[plan.home[mothers]]
    assert np.percentile(gap, 1) >= 15 and np.percentile(gap, 99) <= 48
    assert (sex[mothers] != sex[mothers - 1]).mean() > 0.99
    assert (age[plan.kind[plan.home] == homes.SINGLE] >= 18).all()
    couples = np.abs(age[mothers] - age[mothers - 1])
    assert np.percentile(couples, 95) <= 10


def test_the_same_seed_makes_the_same_people_and_another_seed_others():
    first, again, other = people_of(1, 500), people_of(1, 500), people_of(1, 500, seed=8)
    assert (first.id_no == again.id_no).all() and (first.name == again.name).all() and (first.phone == again.phone).all()
    assert (first.name != other.name).any()


def test_every_number_passes_the_check_and_belongs_to_nobody():
    known = set()
    with (FOLDER / "facts" / "divisions.csv").open(encoding="utf-8", newline="") as file:
        known = {row["code"][:6] for row in csv.DictReader(file)}
    seen: set[str] = set()
    phones: set[str] = set()
    for index in range(5):
        people = people_of(index, 700)
        for i in range(len(people)):
            number = id_number.read(str(people.id_no[i]), on=ON)
            assert number.born_on == people.born_on[i].item()
            assert number.sex == ("male" if people.sex[i] == 0 else "female")
            assert number.division not in known and number.division[4] == "9"
            seen.add(number.text)
        phones |= set(people.phone[people.phone != ""].tolist())
        assert (people.phone != "").sum() == len(set(people.phone[people.phone != ""].tolist()))
    assert len(seen) == 3500
    assert all(len(phone) == 11 and phone.startswith(numbers.PHONE_RANGE) for phone in phones)


def test_ages_hold_on_the_day():
    people = people_of(2, 600)
    for born, age in zip(people.born_on.tolist(), people.age.tolist(), strict=True):
        completed = ON.year - born.year - ((ON.month, ON.day) < (born.month, born.day))
        assert completed == age


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5000), st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda w: sum(w) > 0))
def test_spread_keeps_the_total(total: int, weights: list[float]):
    parts = spread(total, np.array(weights))
    assert parts.sum() == total and (parts >= 0).all()
    exact = np.array(weights) / sum(weights) * total
    assert (np.abs(parts - exact) <= 1 + 1e-6).all()
