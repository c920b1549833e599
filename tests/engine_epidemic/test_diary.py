"""The visits of a simulated city: true to its tree of infections, to its measures, and to one place at a time."""

from __future__ import annotations

import numpy as np
import pytest

from tongchou.engine.contacts import Window, build_index, find_contacts
from tongchou.engine.contacts.records import Visits
from tongchou.engine.epidemic import EpidemicFault, Imports, Layer, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.course import FATAL
from tongchou.engine.epidemic.diary import (
    APART,
    DAY_S,
    GROUP,
    HOME,
    KIND_STEP,
    TABLE,
    draw_circles,
    place_of,
    simulate_visits,
)
from tongchou.engine.epidemic.measures import Where
from tongchou.engine.epidemic.stays import AT_HOME

from tests.engine_epidemic.cities import PLAIN, USUAL, crowd, households, town

EVERYWHERE = Where()
CITY, STRONG = town(3000), PLAIN.scaled(2)
ORDERS = (
    m.SymptomaticTesting(EVERYWHERE, 0.8, (1.0,), 1), m.Isolation(EVERYWHERE, 14, 0.9, places=20, home_contacts=0.3),
    m.Tracing(EVERYWHERE, ((Layer.HOUSEHOLD, 1.0), (Layer.TEAM, 0.7), (Layer.SCHOOL, 0.7)), ()),
    m.Quarantine(EVERYWHERE, 14, 0.9, home_contacts=0.3, household=True),
    m.closure(Where(from_day=15, layers=(Layer.SCHOOL,)), compliance=0.8), m.shifts(Where(from_day=10), shifts=2),
    m.Gate(Where(from_day=12), 0.3), m.Gate(EVERYWHERE, 0.5, between_counties=True),
)  # fmt: skip


def run(measures=(), *, city=CITY, days=40, imports=30, seed=5, **options):
    return simulate_epidemic(city, STRONG, measures, contacts=USUAL, days=days, imports=imports, seed=seed, **options)


def written(outcome, measures=(), days=None, **options):
    parts = [part for _day, part in simulate_visits(outcome, measures, contacts=USUAL, days=days or range(outcome.days), **options)]
    return Visits(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("person", "place", "start", "end")))


@pytest.fixture(scope="module", params=[(), ORDERS], ids=["free", "ordered"])
def world(request):
    outcome = run(request.param)
    return outcome, request.param, written(outcome, request.param)


def test_every_infection_happened_between_two_who_met_that_day(world):
    outcome, _measures, visits = world
    index, chain = build_index(visits), outcome.chain
    local = np.flatnonzero(chain.source >= 0)
    assert len(local) > 200 and set(chain.layer[local]) == {layer.value for layer in Layer} - {Layer.IMPORT}
    for day in np.unique(chain.day[local]).tolist():
        rows = local[chain.day[local] == day]
        sources = np.unique(chain.person[chain.source[rows]]).astype(np.int64)
        found = find_contacts(index, sources, window=Window(np.full(len(sources), day * DAY_S), np.full(len(sources), (day + 1) * DAY_S)))
        pairs = set(zip(found.case.tolist(), found.contact.tolist(), strict=True))
        assert {(int(chain.person[chain.source[row]]), int(chain.person[row])) for row in rows} <= pairs


def test_they_met_at_a_place_of_the_layer(world):
    outcome, _measures, visits = world
    chain, city = outcome.chain, outcome.city
    kinds = {Layer.HOUSEHOLD: {1}, Layer.SCHOOL: {2, 3}, Layer.TEAM: {2}, Layer.WORKPLACE: {3}, Layer.COMMUNITY: {5, 6, 7},
             Layer.TRANSPORT: {4}, Layer.INSTITUTION: {1, 2, 3}}  # fmt: skip
    local = np.flatnonzero(chain.source >= 0)
    for row in local[:: max(1, len(local) // 150)].tolist():
        day, both = int(chain.day[row]), (chain.person[chain.source[row]], chain.person[row])
        today = (visits.start // DAY_S) == day
        shared = set(visits.place[today & (visits.person == both[0])]) & set(visits.place[today & (visits.person == both[1])])
        found = {place_of(int(place)) for place in shared}
        assert {kind for kind, _number, _circle in found} & kinds[Layer(int(chain.layer[row]))]
        for kind, number, _circle in found:
            if kind == HOME:
                assert number == city.household[both[1]]
            if kind == GROUP:
                assert number == city.group[both[0]] == city.group[both[1]]


def test_nobody_is_at_two_places_at_once_and_the_dead_are_nowhere(world):
    outcome, _measures, visits = world
    order = np.lexsort((visits.start, visits.person))
    person, start, end = visits.person[order], visits.start[order], visits.end[order]
    assert (end > start).all()
    assert not ((person[1:] == person[:-1]) & (start[1:] < end[:-1])).any()
    assert len(np.unique(person)) == CITY.persons
    chain = outcome.chain
    for row in np.flatnonzero((chain.severity == FATAL) & (chain.left < outcome.days)):
        assert visits.end[visits.person == chain.person[row]].max(initial=0) <= int(chain.left[row]) * DAY_S


def test_who_is_away_is_in_no_place_with_others():
    outcome = run(ORDERS)
    visits, spells = written(outcome, ORDERS), outcome.log.stays.spells(outcome.days)
    assert len(spells.of((AT_HOME,))) > 50
    kind, day = visits.place // KIND_STEP, visits.start // DAY_S
    for today, away in spells.on_each(range(5, 40, 7)):
        held = np.isin(visits.person, away.person) & (day == today)
        assert set(kind[held]) <= {HOME, APART}
        elsewhere = held & np.isin(visits.person, away.person[away.kind != AT_HOME])
        assert set(kind[elsewhere]) <= {APART}


def test_spells_are_what_the_log_counted():
    outcome = run(ORDERS)
    spells = outcome.log.stays.spells(outcome.days)
    counted = [len(today.of((1, 2))) for _day, today in spells.on_each(range(outcome.days))]
    assert counted == (outcome.log.away_at_home + outcome.log.away_at_sites).sum(axis=1).tolist()


def test_measures_keep_people_away():
    outcome = run(imports=1, days=8)
    plain = written(outcome)
    schools = m.closure(Where(layers=(Layer.SCHOOL,)))
    closed, half = written(outcome, (schools,)), written(outcome, (m.distancing(EVERYWHERE, contacts=0.25),))
    pupils = np.flatnonzero((CITY.age >= 6) & (CITY.age < 18))
    at_class = lambda visits: np.isin(visits.person, pupils) & (visits.place // KIND_STEP == GROUP)  # noqa: E731
    assert at_class(plain).sum() > 2000 and at_class(closed).sum() == 0
    away = (plain.place // KIND_STEP).tolist().count(GROUP), (half.place // KIND_STEP).tolist().count(GROUP)
    assert away[1] / away[0] == pytest.approx(0.5, abs=0.05)
    weekday = plain.start // DAY_S
    assert not (at_class(plain) & (weekday >= 5) & (weekday <= 6)).any()


def test_shifts_never_eat_together():
    outcome = run(imports=1, days=5)
    orders = (m.shifts(EVERYWHERE, shifts=2),)
    visits = written(outcome, orders)
    tables = visits.place // KIND_STEP == TABLE
    assert tables.sum() > 500
    keys = visits.place[tables] * 8 + visits.start[tables] // DAY_S
    shift = CITY.group[visits.person[tables]] % 2
    mixed = [len(set(shift[keys == key])) for key in np.unique(keys)[:300]]
    assert set(mixed) == {1}


def test_days_and_parts(monkeypatch):
    outcome = run()
    whole = written(outcome, days=range(10, 13))
    assert (whole.start.min() // DAY_S, (whole.end.max() - 1) // DAY_S) == (10, 12)
    monkeypatch.setattr("tongchou.engine.epidemic.diary.ROWS_A_PART", 500)
    parts = [part for _day, part in simulate_visits(outcome, contacts=USUAL, days=range(11, 12), midnight_s=1000)]
    assert max(map(len, parts)) == 500
    again = whole.start // DAY_S == 11
    assert sorted(np.concatenate([part.start for part in parts]) - 1000) == sorted(whole.start[again])
    with pytest.raises(EpidemicFault, match="days 0 to 39"):
        next(simulate_visits(outcome, contacts=USUAL, days=range(39, 41)))


@pytest.mark.parametrize("city", [crowd(40), households(1, 1), households(5, 3)])
def test_small_places(city):
    outcome = run(city=city, days=3, imports=Imports(count=1))
    visits = written(outcome)
    assert set(visits.person.tolist()) == set(range(city.persons)) and (visits.end > visits.start).all()


def test_circles_are_equal_parts_of_a_pool():
    pool = np.repeat([3, 7, 9], [10, 1, 5])
    circle = draw_circles(pool, np.full(16, 4.0), np.linspace(1, 0, 16))
    counts = [np.bincount(circle[pool == one]).tolist() for one in (3, 7, 9)]
    assert counts == [[5, 5], [1], [5]]
