"""Each measure does what it says, and only that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tongchou.engine.city import SCHOOL_KINDS, SiteKind
from tongchou.engine.epidemic import EpidemicFault, Imports, Layer, Meeting, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.series import find_daily_series

from tests.engine_epidemic.cities import NOBODY, NONE, PLAIN, USUAL, alike, mixing, town

CITY = town()
ANY = m.Where()
TESTING = m.SymptomaticTesting(ANY, 1.0, (1.0,), 1)
SURE = replace(PLAIN.scaled(1.0), sensitivity=np.ones(30), asymptomatic=0 * PLAIN.asymptomatic)
EVERY_LAYER = tuple((layer, 1.0) for layer in Layer if layer is not Layer.IMPORT)


def run(measures=(), *, disease=PLAIN, contacts=USUAL, imports=20, seed=5, days=80):
    return simulate_epidemic(CITY, disease, measures, contacts=contacts, days=days, imports=imports, seed=seed)


def layers_of(outcome, from_day=0):
    return np.bincount(outcome.chain.layer[outcome.chain.day >= from_day], minlength=len(Layer))


@pytest.mark.parametrize(("layer", "closed"), [
    (Layer.SCHOOL, (Layer.SCHOOL,)), (Layer.TEAM, (Layer.TEAM,)), (Layer.WORKPLACE, (Layer.WORKPLACE,)),
    (Layer.COMMUNITY, (Layer.COMMUNITY,)), (Layer.TRANSPORT, (Layer.TRANSPORT,)), (Layer.INSTITUTION, (Layer.INSTITUTION,)),
])  # fmt: skip
def test_a_closed_layer_infects_nobody_and_the_others_still_do(layer, closed):
    assert layers_of(run())[layer] > 0
    after = layers_of(run((m.closure(m.Where(from_day=10, layers=closed)),)), from_day=10)
    assert after[layer] == 0
    assert after[Layer.HOUSEHOLD] > 0


def test_closure_by_sector_county_age_and_kind_of_site():
    def held(outcome, chosen):
        return int(chosen(outcome).sum())

    def work(outcome):
        return np.isin(outcome.chain.layer, (Layer.TEAM, Layer.WORKPLACE))

    def site_of(outcome):
        return CITY.person_site()[outcome.chain.person]

    sector = run((m.closure(m.Where(sectors=(3,))),))
    assert held(sector, lambda o: work(o) & (CITY.site_sector[site_of(o)] == 3)) == 0
    assert held(sector, lambda o: work(o) & (CITY.site_sector[site_of(o)] == 4)) > 0
    county = run((m.closure(m.Where(counties=("A",), layers=(Layer.TEAM, Layer.WORKPLACE))),))
    assert held(county, lambda o: work(o) & (CITY.site_county[site_of(o)] == 0)) == 0
    assert held(county, lambda o: work(o) & (CITY.site_county[site_of(o)] == 1)) > 0
    old = run((m.closure(m.Where(first_age=60)),))
    outside = (Layer.COMMUNITY, Layer.TRANSPORT, Layer.INSTITUTION)
    assert held(old, lambda o: np.isin(o.chain.layer, outside) & (CITY.age[o.chain.person] >= 60)) == 0
    assert held(old, lambda o: np.isin(o.chain.layer, outside) & (CITY.age[o.chain.person] < 60)) > 0
    kind = run((m.closure(m.Where(site_kinds=(SiteKind.PRIMARY,))),))
    assert layers_of(kind)[Layer.SCHOOL] == 0 and layers_of(kind)[Layer.TEAM] > 0


def test_sectors_with_a_layer_of_no_site_are_refused():
    with pytest.raises(EpidemicFault, match="school, team, workplace"):
        m.closure(m.Where(sectors=(3,), layers=(Layer.COMMUNITY,)))


def test_shifts_that_never_meet():
    outcome = run((m.shifts(m.Where(layers=(Layer.WORKPLACE,)), shifts=2),), days=100)
    local = np.flatnonzero(outcome.chain.layer == Layer.WORKPLACE)
    assert len(local) > 5
    groups = CITY.group[outcome.chain.person[local]], CITY.group[outcome.chain.person[outcome.chain.source[local]]]
    assert (groups[0] % 2 == groups[1] % 2).all()


@pytest.mark.parametrize(("measure", "left"), [
    (m.distancing(ANY, contacts=0.5), 0.5),
    (m.masks(ANY, wearing=1.0, outward=0.4, inward=0.5), 0.3),
    (m.reduced_opening(m.Where(layers=(Layer.COMMUNITY,)), open_share=0.6), 0.36),
    (m.gathering_ban(ANY, USUAL, largest=10), 0.65),
])  # fmt: skip
def test_what_is_left_of_transmission(measure, left):
    """First generation of many imports in a town that only mixes: infections fall to the share that the measure leaves."""
    def caused(measures):
        total = 0
        for seed in range(6):
            outcome = run(measures, disease=alike(0.05), contacts=mixing(10), imports=300, days=14, seed=seed)
            total += int((outcome.chain.source[outcome.chain.source >= 0] < 300).sum())
        return total

    free, held = caused(()), caused((measure,))
    assert held / free == pytest.approx(left, abs=4 * np.sqrt(left * (1 - left) / free) + 0.03)


@pytest.mark.parametrize(("sittings", "left"), [(2, 0.8), (4, 0.7)])
def test_staggered_meals_cut_what_a_site_meets_at_meals(sittings, left):
    """The pack has 0.4 of the contacts across a site at meals: two sittings leave 0.6 + 0.4 / 2 of them, four 0.6 + 0.4 / 4."""
    across = replace(NOBODY, work=(NONE, Meeting(10.0)))
    meals = m.staggered_meals(ANY, USUAL, sittings=sittings)

    def caused(measures):
        outcomes = [run(measures, disease=alike(0.05), contacts=across, imports=600, days=14, seed=seed) for seed in range(8)]
        assert all((outcome.chain.layer[outcome.chain.source >= 0] == Layer.WORKPLACE).all() for outcome in outcomes)
        return sum(int((outcome.chain.source[outcome.chain.source >= 0] < 600).sum()) for outcome in outcomes)

    assert USUAL.meal_share == 0.4
    free, held = caused(()), caused((meals,))
    assert free > 300 and held / free == pytest.approx(left, abs=4 * np.sqrt(left * (1 - left) / free) + 0.03)


def test_staggered_meals_leave_class_and_team_alone():
    """Who sits in one class or team eats together: only contacts across the site are parted."""
    together = replace(NOBODY, school=(Meeting(8.0), NONE), work=(Meeting(6.0), NONE))
    meals = m.staggered_meals(ANY, USUAL, sittings=4)
    free, held = (run(measures, contacts=together, imports=200, days=30) for measures in ((), (meals,)))
    assert free.infections > 220 and np.array_equal(free.chain.person, held.chain.person)


def test_gates_and_travel_limits():
    contacts = replace(mixing(12), own_neighbourhood=0.5, own_county=0.8)
    start = Imports(count=10, neighbourhood=0)
    free = run(disease=alike(0.25), contacts=contacts, imports=start)
    assert free.daily("infections", "county")[:, 1].sum() > 0
    shut = run((m.Gate(ANY, 0.0, between_counties=True),), disease=alike(0.25), contacts=contacts, imports=start)
    assert shut.daily("infections", "county")[:, 1].sum() == 0
    assert (shut.chain.home > 0).sum() > 0
    gated = run((m.Gate(ANY, 0.0),), disease=alike(0.25), contacts=contacts, imports=start)
    assert (gated.chain.home == 0).all() and gated.infections > 100


def test_everybody_ill_is_reported_and_isolation_stops_them():
    isolated = (TESTING, m.Isolation(ANY, 40, places=10_000))
    outcome = run(isolated, disease=SURE)
    chain, findings = outcome.chain, outcome.findings
    done = (chain.onset >= 0) & (chain.onset + 1 < outcome.days)
    assert (findings.reported[done] == chain.onset[done] + 1).all()
    assert (findings.sampled[done] == chain.onset[done]).all()
    local = np.flatnonzero(chain.source >= 0)
    reported = findings.reported[chain.source[local]]
    assert ((reported < 0) | (chain.day[local] < reported)).all()
    assert outcome.infections < run(disease=SURE).infections


def test_isolation_at_home_leaves_the_household():
    outcome = run((TESTING, m.Isolation(ANY, 40, home_contacts=1.0)), disease=SURE)
    chain, findings = outcome.chain, outcome.findings
    local = np.flatnonzero(chain.source >= 0)
    reported = findings.reported[chain.source[local]]
    late = (reported >= 0) & (chain.day[local] >= reported)
    assert late.sum() > 5
    assert (chain.layer[local][late] == Layer.HOUSEHOLD).all()


def test_isolation_that_nobody_keeps_changes_nothing():
    kept = run((TESTING, m.Isolation(ANY, 40, compliance=0.0)))
    assert np.array_equal(kept.chain.person, run((TESTING,)).chain.person)


def test_places_of_sites_are_limited():
    outcome = run((TESTING, m.Isolation(ANY, 14, places=7)), disease=SURE)
    assert outcome.log.away_at_sites.sum(axis=1).max() == 7
    assert outcome.log.away_at_home.sum() > 0


def test_tests_keep_within_capacity_and_the_rest_waits():
    outcome = run((TESTING, m.TestCapacity(ANY, 5)), disease=SURE)
    assert outcome.log.tests.max() == 5
    assert outcome.log.tests_waiting.max() > 0
    assert outcome.daily("reports").sum() <= 5 * outcome.days


def test_other_illness_takes_tests():
    measure = m.SymptomaticTesting(ANY, 0.0, (1.0,), 1, other_illness_per_100k=500.0)
    assert run((measure,)).log.tests.sum() == 80 * round(CITY.persons * 0.005)


def test_tracing_finds_all_who_were_infected_and_quarantine_holds_them():
    trace = m.Tracing(ANY, EVERY_LAYER, (), look_back_days=30)
    watch = (TESTING, m.Isolation(ANY, 40, places=10_000), trace, m.Quarantine(ANY, 40, places=10_000))
    outcome = run(watch, disease=SURE)
    chain, findings = outcome.chain, outcome.findings
    assert outcome.log.traced.sum() > 100
    local = np.flatnonzero(chain.source >= 0)
    infector = findings.reported[chain.source[local]]
    caught = local[(infector >= 0) & (chain.day[local] < infector)]
    own = np.searchsorted(np.sort(chain.source[local]), caught)
    assert len(own) == len(caught)
    for row in caught.tolist():
        later = chain.day[local][chain.source[local] == row]
        assert (later < findings.reported[chain.source[row]]).all()


def test_tracing_without_probability_finds_nobody_and_capacity_bounds_it():
    nobody = m.Tracing(ANY, tuple((layer, 0.0) for layer, _ in EVERY_LAYER), ())
    assert run((TESTING, nobody)).log.traced.sum() == 0
    few = m.Tracing(ANY, ((Layer.HOUSEHOLD, 1.0),), (), cases_per_day=1)
    many = m.Tracing(ANY, ((Layer.HOUSEHOLD, 1.0),), ())
    assert run((TESTING, few)).log.traced.sum() < run((TESTING, many)).log.traced.sum()


def test_delay_of_tracing_is_a_delay():
    def first(days):
        trace = m.Tracing(ANY, EVERY_LAYER, tuple((layer, days) for layer, _ in EVERY_LAYER))
        return int(np.flatnonzero(run((TESTING, trace), disease=SURE).log.traced)[0])

    assert first(3) == first(0) + 3


def test_backward_tracing_finds_infectors_that_nobody_had_tested():
    quiet = replace(SURE, asymptomatic=np.full(128, 0.5))
    base = (TESTING, m.ContactTesting(ANY, 1.0, 1))
    found = [m.Tracing(ANY, EVERY_LAYER, (), look_back_days=0, backward=share) for share in (0.0, 1.0)]
    forward, backward = (run((*base, trace), disease=quiet) for trace in found)
    assert (backward.findings.reported >= 0).mean() > (forward.findings.reported >= 0).mean()


def test_household_quarantine_keeps_the_others_in():
    measures = (TESTING, m.Quarantine(ANY, 14, household=True))
    outcome = run(measures, disease=SURE)
    assert outcome.log.away_at_home.sum() > 0
    assert outcome.infections < run((TESTING,), disease=SURE).infections


def test_rounds_find_a_share_of_the_infected_and_count_everybody():
    rounds = m.TestRounds(m.Where(from_day=10, to_day=10), 0.8, 1, 1)
    outcome = run((rounds,), disease=SURE, imports=300, days=12)
    chain, findings = outcome.chain, outcome.findings
    assert outcome.log.tests.tolist() == [0] * 10 + [int(0.8 * CITY.persons)] + [0]
    able = (chain.infectious - SURE.sensitivity_before <= 10) & (chain.day < 10) & (chain.infectious + 25 > 10)
    share = (findings.reported[able] == 11).mean()
    assert share == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / able.sum()))


def test_entry_tests_and_entry_quarantine():
    caught = replace(SURE, sensitivity_before=20, sensitivity=np.ones(60))
    outcome = run((m.EntryTesting(ANY, 1.0, 1, quarantine_days=30),), disease=caught, imports=15)
    assert outcome.infections == 15
    assert (outcome.findings.reported == 1).all()


def test_zone_levels_follow_reports_only():
    rule = m.ZoneRule(ANY, "neighbourhood", (m.ZoneLevel("medium", 1, 14), m.ZoneLevel("high", 5, 14)), 14)
    shut = m.closure(m.Where(level="high"))
    blind = run((rule, shut))
    assert blind.log.zone_days == {"medium": 0, "high": 0}
    assert np.array_equal(blind.chain.person, run().chain.person)
    seen = run((rule, shut, TESTING))
    assert seen.log.zone_days["high"] > 0 and seen.log.zone_days["medium"] > 0
    assert seen.infections < run((TESTING,)).infections
    with pytest.raises(EpidemicFault, match="declares the level"):
        run((shut,))


def test_vaccination_by_age_order_protects_as_the_pack_says():
    shot = replace(PLAIN.vaccine, interval_days=0, infection=np.ones((1, 1024)), severe=np.ones((1, 1024)), onward=np.zeros((1, 1024)))
    everybody = m.Vaccination(m.Where(from_day=-100), 1e6, 1.0)
    assert run((everybody,), disease=replace(PLAIN, vaccine=shot)).infections == 20
    old = m.Vaccination(m.Where(from_day=-100), 1e6, 1.0, order=((60, 127),))
    outcome = run((old,), disease=replace(PLAIN, vaccine=shot))
    local = outcome.chain.source >= 0
    assert local.sum() > 100 and (CITY.age[outcome.chain.person[local]] < 60).all()


def test_workdays_are_lost_where_sites_are_closed():
    outcome = run((m.closure(m.Where(to_day=6, sectors=(3,))),), imports=0)
    staff = np.isin(CITY.person_site(), np.flatnonzero(CITY.site_sector == 3)).sum()
    assert outcome.log.workdays_lost[:7, 3].tolist() == [staff] * 5 + [0, 0]
    assert outcome.log.workdays_lost[:, 4].sum() == 0


def test_school_days_are_lost_where_schools_are_closed_and_by_pupils_who_are_away():
    site = CITY.person_site()
    at_school = (site >= 0) & np.isin(CITY.site_kind[np.maximum(site, 0)], SCHOOL_KINDS)
    pupils = int((at_school & (CITY.age < 20)).sum())
    assert pupils > 0
    shut = run((m.closure(m.Where(to_day=6, layers=(Layer.SCHOOL,))),), imports=0)
    assert find_daily_series(shut, "school_days_lost")[:8].tolist() == [pupils] * 5 + [0, 0, 0]
    assert find_daily_series(shut, "school_days_lost", "county").sum(axis=1)[:5].tolist() == [pupils] * 5
    half = run((m.reduced_opening(m.Where(to_day=0, layers=(Layer.SCHOOL,)), open_share=0.5),), imports=0)
    assert find_daily_series(half, "school_days_lost")[0] == pupils / 2
    away = run((m.SymptomaticTesting(m.Where(), 1.0, (1.0,), 1), m.Isolation(m.Where(), 10)))
    assert find_daily_series(away, "school_days_lost").sum() > 0 and find_daily_series(run(imports=0), "school_days_lost").sum() == 0


def test_reinfection_follows_waning():
    waning = replace(PLAIN, immunity=np.where(np.arange(1024) < 20, 1.0, 0.0))
    assert run(disease=waning, days=120).chain.round.max() >= 1
    assert run(disease=replace(PLAIN, immunity=np.ones(1024)), days=120).chain.round.max() == 0


def test_meeting_nobody_infects_nobody():
    assert run((m.distancing(m.Where(layers=tuple(layer for layer, _ in EVERY_LAYER)), contacts=0.0),)).infections == 20
    assert run(contacts=replace(mixing(0), household=Meeting(0.0))).infections == 20
