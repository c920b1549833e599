"""Every engine gives the oracle's lines, on cities small enough to read and on random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.engine_contacts import oracle
from tests.engine_contacts.engines import APART, ENGINES, Ask, Machine, side_by_side
from tests.engine_contacts.oracle import City, Line

#: (shortest meeting, generations) asked of every random city.
ASKED = ((60, 2), (0, 2), (900, 1))
#: How many random cities an ordinary run compares, and the slow one; asked this many at a time.
CITIES, MANY_CITIES, AT_ONCE = 300, 10_000, 1000
EXPECTED = {
    "touching": [],
    "midnight": [Line(1, 1, 2, 120, 1, 86_340, 86_460, 1, False)],
    "window cuts at midnight": [Line(1, 1, 2, 60, 1, 86_340, 86_400, 1, False)],
    "both still there": [Line(1, 1, 2, 600, 1, 400, 1000, 1, False)],
    "open window": [Line(1, 1, 2, 200, 1, 100, 300, 1, False)],
    "same person twice": [Line(1, 1, 2, 400 + 500, 2, 200, 800, 1, False)],
    "one second": [Line(1, 1, 2, 1, 1, 7, 8, 1, False)],
    "one second is too short": [],
    "no length": [],
    "longer than the window": [Line(1, 1, 2, 86_400, 1, 0, 86_400, 1, False)],
    "window of no length": [],
    "unknown place": [],
    "alone": [],
    "two cases": [
        Line(1, 1, 2, 900, 1, 0, 900, 1, True), Line(1, 1, 3, 300, 1, 600, 900, 1, False),
        Line(1, 2, 1, 900, 1, 0, 900, 1, True), Line(1, 2, 3, 300, 1, 600, 900, 1, False),
    ],
    # 2 was exposed from 300 on; 3 was with 2 at 300-400 and 2000-2600, 5 from 2900 until the window's end, 4 before 300.
    "second generation": [
        Line(1, 1, 2, 600, 1, 300, 900, 1, False),
        Line(2, 1, 3, 100 + 600, 2, 300, 2600, 1, False), Line(2, 1, 5, 100, 1, 2900, 3000, 1, False),
    ],
    # 3 met the contact 2 of case 1 and the contact 4 of case 1, at two places; 6, which 2 never met, is another case's contact.
    "two ways to the second": [
        Line(1, 1, 2, 900, 1, 0, 900, 1, False), Line(1, 1, 4, 900, 1, 0, 900, 1, False),
        Line(1, 9, 6, 300, 1, 5000, 5300, 1, False),
        Line(2, 1, 3, 100 + 200, 2, 1000, 1300, 2, False),
    ],
    "no visits": [],
    "no cases": [],
}  # fmt: skip


@cache
def random_cities(count: int) -> list[City]:
    """``count`` cities as Hypothesis draws them, others in every run; each engine is asked about the same ones."""
    drawn: list[City] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(oracle.cities())
    def keep(city: City) -> None:
        drawn.append(city)

    keep()
    return drawn


Difference = tuple[City, list[Line], list[Line]]


def differences(cities: list[City], ask: Ask, min_overlap_s: int, generations: int) -> list[Difference]:
    """The cities whose lines are not the oracle's: the city, what the engine said, what the oracle says."""
    said: dict[int, list[Line]] = {}
    for line in ask(side_by_side(cities, min_overlap_s, generations)):
        number, case = divmod(line.case, APART)
        said.setdefault(number, []).append(line._replace(case=case, contact=line.contact - number * APART))
    asked = [replace(city, min_overlap_s=min_overlap_s, generations=generations) for city in cities]
    pairs = [(city, sorted(said.get(number, [])), oracle.contacts_of(city)) for number, city in enumerate(asked)]
    assert len(pairs) == len(cities) > max(said, default=0)
    return [(city, told, right) for city, told, right in pairs if told != right]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("visits"))
    yield machine
    if machine.cluster is not None:
        machine.cluster.stop()


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.spark if name == "spark" else ()) for name in ENGINES])
def ask(request: pytest.FixtureRequest, machine: Machine) -> Iterator[Ask]:
    with ENGINES[request.param](machine) as asked:
        yield asked


@pytest.mark.parametrize("name", EXPECTED)
def test_the_oracle_says_what_a_reader_counts(name: str):
    assert oracle.contacts_of(oracle.EDGES[name]) == EXPECTED[name]


def test_every_edge_is_expected():
    assert EXPECTED.keys() == oracle.EDGES.keys()


def test_every_engine_knows_the_edges(ask: Ask):
    for settings_of in {(city.min_overlap_s, city.generations) for city in oracle.EDGES.values()}:
        cities = [city for city in oracle.EDGES.values() if (city.min_overlap_s, city.generations) == settings_of]
        assert differences(cities, ask, *settings_of) == []


def test_every_engine_agrees_on_random_cities(ask: Ask):
    cities = random_cities(CITIES)
    lines = [oracle.contacts_of(replace(city, generations=2)) for city in cities]
    second = [found for found in lines if any(line.generation == 2 for line in found)]
    assert len([found for found in lines if found]) > CITIES / 10 and len(second) > CITIES / 100, "the cities are too empty to tell"
    for min_overlap_s, generations in ASKED:
        assert differences(cities, ask, min_overlap_s, generations)[:1] == []


@pytest.mark.slow
def test_every_engine_agrees_on_ten_thousand_cities(ask: Ask):
    cities = random_cities(MANY_CITIES)
    assert len(cities) == MANY_CITIES
    for at in range(0, MANY_CITIES, AT_ONCE):
        min_overlap_s, generations = ASKED[at // AT_ONCE % len(ASKED)]
        assert differences(cities[at : at + AT_ONCE], ask, min_overlap_s, generations)[:1] == []


def test_the_comparison_finds_a_wrong_engine():
    def forgetful(city: City) -> list[Line]:
        return oracle.contacts_of(city)[1:]

    assert len(differences([oracle.EDGES["midnight"]], forgetful, 60, 2)) == 1
