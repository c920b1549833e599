"""The engine against what theory says of cities simple enough for theory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tongchou.engine.city import city_from_lists, synthesize_city
from tongchou.engine.epidemic import Imports, Layer, Meeting, simulate_epidemic
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.theory import (
    find_final_size,
    find_growth_rate,
    find_reproduction_number,
    scale_to_reproduction_number,
)
from tongchou.store.census_tables import read_census
from tongchou.store.epidemic_packs import disease_names, load_contacts, load_disease

from tests.engine_epidemic.cities import NOBODY, PLAIN, USUAL, alike, crowd, households, mixing, town

CROWD = crowd(40_000)


def run(city, disease, contacts, *, days=200, imports=1, seed=1, **options):
    return simulate_epidemic(city, disease, (), contacts=contacts, days=days, imports=imports, seed=seed, **options)


@pytest.mark.parametrize("number", [1.5, 2.5])
def test_final_size_under_homogeneous_mixing(number):
    outcome = run(CROWD, alike(number / 10), mixing(10), imports=100)
    assert outcome.attack_rate == pytest.approx(find_final_size(number), abs=0.015)


def test_individual_variation_leaves_the_final_size_alone():
    outcome = run(CROWD, alike(0.25, dispersion=0.3), mixing(10), imports=200)
    assert outcome.attack_rate == pytest.approx(find_final_size(2.5), abs=0.02)


def test_early_growth_follows_euler_and_lotka():
    disease, city, window = alike(0.25), crowd(300_000), np.arange(16, 32)
    runs = [run(city, disease, mixing(10), imports=60, days=32, seed=seed) for seed in range(3)]
    grown = np.sum([outcome.daily("infections")[window] for outcome in runs], axis=0)
    slope = np.polyfit(window, np.log(grown), 1)[0]
    assert max(outcome.attack_rate for outcome in runs) < 0.08
    assert slope == pytest.approx(find_growth_rate(2.5, disease.generation_interval), rel=0.08)


def test_generation_interval_is_the_pack_s():
    disease = alike(0.15)
    outcome = run(CROWD, disease, mixing(10), imports=3000, days=40)
    first = outcome.chain.source[outcome.chain.source >= 0] < 3000
    seen = outcome.generation_intervals()[first]
    assert seen.mean() == pytest.approx(disease.generation_interval.mean, abs=5 * seen.std() / np.sqrt(len(seen)) + 0.1)
    law = np.asarray(disease.generation_interval.chance)
    shares = np.bincount(seen, minlength=len(law)) / len(seen)
    assert np.abs(np.cumsum(shares) - np.cumsum(law)).max() < 0.04


def test_offspring_of_a_first_case_are_the_next_generation_matrix_s():
    city, contacts = town(), replace(USUAL, own_neighbourhood=0.6, own_county=0.9)
    disease = replace(alike(0.05), dispersion=0.0)
    counts = []
    for seed in range(40):
        outcome = run(city, disease, contacts, imports=40, days=35, seed=seed)
        counts.append(outcome.offspring()[:40].mean())
    uniform_mean = _mean_offspring(city, disease, contacts)
    assert np.mean(counts) == pytest.approx(uniform_mean, abs=4 * np.std(counts) / np.sqrt(len(counts)) + 0.05 * uniform_mean)


def _mean_offspring(city, disease, contacts):
    """Expected number infected by somebody drawn at random: one round of the power iteration."""
    return find_reproduction_number(city, disease, contacts, rounds=1)


def test_reproduction_number_where_it_is_known():
    assert find_reproduction_number(CROWD, alike(0.2), mixing(10)) == pytest.approx(2.0, rel=1e-3)
    pairs = households(500, 2)
    contacts = replace(NOBODY, household=Meeting(1.0, 2.0))
    assert find_reproduction_number(pairs, alike(0.2), contacts) == pytest.approx(1 - np.exp(-0.4), rel=1e-6)
    scaled = scale_to_reproduction_number(town(), PLAIN, USUAL, 2.0)
    assert find_reproduction_number(town(), scaled, USUAL) == pytest.approx(2.0, rel=0.01)


def test_a_city_of_one_person_has_one_infection():
    outcome = run(crowd(1), PLAIN.scaled(100), USUAL, days=60)
    assert outcome.infections == 1
    assert outcome.daily("infections").tolist() == [1] + [0] * 59


def test_households_alone_infect_nobody_else_and_as_often_as_the_hazard_says():
    city = households(4000, 2)
    contacts = replace(NOBODY, household=Meeting(1.0, 2.0))
    outcome = run(city, alike(0.2), contacts, imports=800, days=60)
    chain = outcome.chain
    local = chain.source >= 0
    infector = chain.person[chain.source[local]]
    assert (city.household[infector] == city.household[chain.person[local]]).all()
    imported = city.household[chain.person[~local]]
    alone = np.isin(city.household, imported) & (np.bincount(imported, minlength=city.households)[city.household] == 1)
    pairs = alone.sum() / 2
    infected = np.isin(city.household[chain.person[local]], city.household[alone]).sum()
    expected = 1 - np.exp(-0.4)
    assert infected / pairs == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / pairs))


def _two_communities(joined: bool):
    count = 600
    person = np.arange(count)
    site = np.full(count, "", "U8")
    site[[0, 300, 301, 302]] = ["mill", "mill", "mill", "mill"] if joined else ["", "mill", "mill", "mill"]
    return city_from_lists(
        {"age": np.full(count, 40), "sex": person % 2 + 1, "household": person, "site": site},
        {"household": person, "county": np.where(person < 300, "A", "B"), "neighbourhood": np.where(person < 300, "a", "b")},
        {"site": ["mill"], "neighbourhood": ["b"]}, counties=(("A", "A"), ("B", "B")),
    )  # fmt: skip


def test_two_communities_joined_by_one_commuter():
    contacts = replace(mixing(10), work=(Meeting(5.0, 5.0), Meeting(0.0)))
    start = Imports(count=10, county="A")
    apart = run(_two_communities(False), alike(0.4), contacts, imports=start, days=120)
    assert apart.daily("infections", "county")[:, 1].sum() == 0
    joined = run(_two_communities(True), alike(0.4), contacts, imports=start, days=120)
    chain = joined.chain
    beyond = np.flatnonzero(chain.home == 1)
    assert len(beyond) > 100
    assert chain.layer[beyond[0]] == Layer.TEAM
    assert chain.person[chain.source[beyond[0]]] == 0


def test_nothing_is_lost_and_nobody_is_infected_twice():
    city = town()
    outcome = run(city, replace(PLAIN.scaled(2), immunity=np.ones_like(PLAIN.immunity)), USUAL, imports=10, days=150)
    chain = outcome.chain
    assert outcome.infections > 2000
    assert len(np.unique(chain.person)) == outcome.infections
    for by in ("county", "neighbourhood", "age", "layer", "sector"):
        assert (outcome.daily("infections", by).sum(axis=1) == outcome.daily("infections")).all()
    local = np.flatnonzero(chain.source >= 0)
    source = chain.source[local]
    age_of_course = chain.day[local] - chain.infectious[source]
    assert (age_of_course >= 0).all() and (age_of_course < len(PLAIN.infectiousness)).all()
    assert (chain.day[local] > chain.day[source]).all()
    assert (outcome.beds() >= 0).all()


def test_who_infects_whom_shares_the_layer_s_place():
    city = town()
    outcome = run(city, PLAIN.scaled(2), USUAL, imports=10, days=100)
    chain = outcome.chain
    local = np.flatnonzero(chain.source >= 0)
    target, infector, layer = chain.person[local], chain.person[chain.source[local]], chain.layer[local]
    site = city.person_site()
    same = {
        Layer.HOUSEHOLD: city.household, Layer.SCHOOL: site, Layer.TEAM: city.group, Layer.WORKPLACE: site,
        Layer.TRANSPORT: city.route, Layer.INSTITUTION: site,
    }  # fmt: skip
    for key, place in same.items():
        mine = layer == key
        assert mine.any(), key
        assert (place[target[mine]] == place[infector[mine]]).all() and (place[target[mine]] >= 0).all()
    assert (target != infector).all()


def test_a_city_where_nobody_meets_has_no_factor():
    with pytest.raises(EpidemicFault) as refused:
        scale_to_reproduction_number(crowd(5), PLAIN, NOBODY, 2.0)
    assert refused.value.zh and refused.value.en


def test_packs_have_their_reproduction_number_in_the_city_that_they_were_set_in():
    """The synthesised Panzhihua of 100,000, a case of the twelfth generation."""
    city = synthesize_city(read_census("panzhihua"), people=100_000, seed=1)
    for name in disease_names():
        disease = load_disease(name)
        assert find_reproduction_number(city, disease, load_contacts()) == pytest.approx(disease.reproduction_number, rel=0.01), name
