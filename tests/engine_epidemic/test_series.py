"""Daily series by area, age, layer and sector: the parts add up to the whole, and what would say nothing is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tongchou.engine.city import SiteKind
from tongchou.engine.epidemic import EpidemicFault, Layer, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.measures import Where
from tongchou.engine.epidemic.results import DIVISIONS
from tongchou.engine.epidemic.series import SERIES, find_daily_series, part_names
from tongchou.engine.epidemic.workdays import works_at_site

from tests.engine_epidemic.cities import PLAIN, USUAL, town

EVERYWHERE = Where()
CITY = town(4000)
ORDERS = (
    m.SymptomaticTesting(EVERYWHERE, 0.8, (0.5, 0.5), 1, other_illness_per_100k=200.0),
    m.Isolation(EVERYWHERE, 14, places=30), m.Quarantine(EVERYWHERE, 14, household=True),
    m.Tracing(EVERYWHERE, ((Layer.HOUSEHOLD, 1.0), (Layer.TEAM, 0.8)), ()), m.ContactTesting(EVERYWHERE, 1.0, 1),
    m.TestRounds(Where(from_day=20, counties=("A",), first_age=20, last_age=59), 0.5, 10, 1),
    m.closure(Where(from_day=30, to_day=36, layers=(Layer.SCHOOL, Layer.TEAM), first_age=40)),
    m.reduced_opening(Where(from_day=25, sectors=(3,), layers=(Layer.TEAM, Layer.WORKPLACE)), open_share=0.5),
)  # fmt: skip


@pytest.fixture(scope="module")
def outcome():
    return simulate_epidemic(CITY, PLAIN.scaled(2), ORDERS, contacts=USUAL, days=50, imports=30, seed=3)


@pytest.mark.parametrize(("quantity", "by"), [(quantity, by) for quantity, divisions in SERIES.items() for by in divisions])
def test_parts_add_up_to_the_whole(outcome, quantity, by):
    whole, parts = find_daily_series(outcome, quantity), find_daily_series(outcome, quantity, by)
    assert whole.shape == (50,) and parts.shape == (50, len(part_names(outcome, by)))
    assert whole.sum() > 0 and (parts >= 0).all()
    assert parts.sum(axis=1) == pytest.approx(whole)
    assert (parts.sum(axis=0) > 0).sum() > 1


def test_every_quantity_of_the_question_is_there():
    asked = {"infections", "onsets", "reports", "beds", "deaths", "quarantined", "tests", "workdays_lost"}
    assert asked <= set(SERIES) and all(set(divisions) <= set(DIVISIONS) for divisions in SERIES.values())


def test_counted_by_hand(outcome):
    hood = CITY.person_neighbourhood()
    away = find_daily_series(outcome, "quarantined", "neighbourhood")
    spells = outcome.log.stays.spells(50)
    for day in (10, 30, 49):
        held = {int(p) for p, kind, a, b in zip(spells.person, spells.kind, spells.day, spells.until, strict=True) if kind in (1, 2) and a <= day < b}
        assert away[day].tolist() == [sum(hood[p] == one for p in held) for one in range(CITY.neighbourhoods)]
    deaths = find_daily_series(outcome, "deaths", "age")
    fatal = (outcome.chain.severity == 4) & (outcome.chain.left < 50)
    assert deaths.sum(axis=0).tolist() == np.bincount(CITY.age[outcome.chain.person[fatal]] // 10, minlength=11).tolist()


def test_a_working_day_is_lost_once_and_only_by_who_works(outcome):
    days, working = find_daily_series(outcome, "workdays_lost"), works_at_site(CITY, np.arange(CITY.persons))
    site = CITY.person_site()
    assert not working[(CITY.age >= 6) & (CITY.age < 18)].any() and not working[site < 0].any()
    spells = outcome.log.stays.spells(50)
    for day in (10, 26, 31):
        away = np.zeros(CITY.persons, bool)
        away[spells.person[(spells.day <= day) & (spells.until > day)]] = True
        share = np.where((site >= 0) & (CITY.site_sector[site] == 3) & (day >= 25), 0.5, 1.0)
        share = np.where((CITY.age >= 40) & (30 <= day <= 36) & (CITY.site_kind[site] == SiteKind.WORKPLACE), 0.0, share)
        lost = np.where(away, 1.0, 1.0 - share)[working].sum()
        assert days[day] == pytest.approx(lost if day % 7 < 5 else 0.0)
    assert (days[np.arange(50) % 7 >= 5] == 0).all() and days[31] > days[10] + 100


def test_samples_of_a_round_fall_to_those_who_are_asked(outcome):
    by_age, by_county = (find_daily_series(outcome, "tests", by) for by in ("age", "county"))
    asked = ((CITY.age >= 20) & (CITY.age < 60) & (CITY.person_county() == 0)).sum()
    in_round = by_age[20] - by_age[19]
    assert in_round[2:6].sum() == pytest.approx(0.5 * asked, rel=0.1)
    assert by_county[20, 0] - by_county[19, 0] == pytest.approx(0.5 * asked, rel=0.1)
    quiet = simulate_epidemic(CITY, PLAIN, ORDERS[:1], contacts=USUAL, days=3, imports=0, seed=3)
    ill = find_daily_series(quiet, "tests", "neighbourhood")[0]
    people = np.diff(CITY.neighbourhood_start)
    assert ill.sum() == 8 and ill == pytest.approx(8 * people / people.sum())


@pytest.mark.parametrize(("quantity", "by", "words"), [
    ("tests", "layer", "nobody is tested, kept away or missed at work in a layer"),
    ("quarantined", "layer", "use county, neighbourhood, age, sector"), ("workdays_lost", "layer", "a layer says where an infection happened"),
    ("infections", "street", "no division by 'street'"), ("moods", "", "no series 'moods'"),
])  # fmt: skip
def test_what_says_nothing_is_refused(outcome, quantity, by, words):
    with pytest.raises(EpidemicFault) as refused:
        find_daily_series(outcome, quantity, by)
    assert words in refused.value.en and refused.value.zh
