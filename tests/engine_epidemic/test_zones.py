"""Zone levels inside a simulation, raised and lowered day by day as the figures by hand say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tongchou.engine.city import SiteKind, city_from_lists
from tongchou.engine.epidemic import Imports, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.disease import Delay
from tongchou.engine.epidemic.levels import Levels, Reports

from tests.engine_epidemic.cities import NOBODY, PLAIN, households

ANY = m.Where()


def levels_by_day(rule, cases, days):
    """Level of the only neighbourhood on each day, with ``cases`` reported by day."""
    reports, levels = Reports(1), Levels(households(3, 1), [rule])
    for day, count in cases.items():
        reports.add(day, np.zeros(count, np.int64))
    found = []
    for day in range(days):
        levels.move(day, reports)
        found.append("".join(level.name for level in rule.levels if levels.at(level.name)[0]))
    return found, levels.days_at


def test_a_level_falls_by_one_step_at_a_time_after_the_clear_days():
    """Three cases on day 4: high on day 5, the last day with its criterion. Two clear days later, on day 7, medium; a case
    on day 8 counts for medium on day 9; two clear days later, on day 11, none."""
    rule = m.ZoneRule(ANY, "neighbourhood", (m.ZoneLevel("medium", 1, 1), m.ZoneLevel("high", 3, 1)), clear_days=2)
    found, days_at = levels_by_day(rule, {4: 3, 8: 1}, 13)
    assert found == [""] * 5 + ["high"] * 2 + ["medium"] * 4 + [""] * 2
    assert days_at == {"medium": 4, "high": 2}


def test_clear_days_count_from_the_last_day_on_which_the_window_held_enough_cases():
    """One case on day 2, seen for seven days: days 3 to 9; three clear days: low again on day 12."""
    rule = m.ZoneRule(ANY, "neighbourhood", (m.ZoneLevel("medium", 1, 7),), clear_days=3)
    assert levels_by_day(rule, {2: 1}, 14)[0] == [""] * 3 + ["medium"] * 9 + [""] * 2


def test_the_end_of_the_rule_lowers_everything_at_once():
    rule = m.ZoneRule(m.Where(to_day=6), "neighbourhood", (m.ZoneLevel("medium", 1, 30),), clear_days=10)
    assert levels_by_day(rule, {2: 1}, 9)[0] == [""] * 3 + ["medium"] * 4 + [""] * 2


def test_what_a_level_closes_opens_again_when_it_is_lowered():
    """Ill on day 5, reported on day 6: the zone is medium on days 7, 8 and 9 (Monday to Wednesday) and its two workers stay
    at home on these days only."""
    city = city_from_lists(
        {"age": [40, 40, 40], "sex": [1, 2, 1], "household": [0, 1, 2], "site": ["", "w", "w"]},
        {"household": [0, 1, 2], "neighbourhood": ["a", "b", "b"]},
        {"site": ["w"], "kind": [SiteKind.WORKPLACE], "sector": [3], "neighbourhood": ["a"]},
    )
    sure = replace(PLAIN, incubation=Delay((0.0,) * 5 + (1.0,)), asymptomatic=0 * PLAIN.asymptomatic, sensitivity=np.ones(30))
    watch = (
        m.SymptomaticTesting(ANY, 1.0, (1.0,), 1), m.ZoneRule(ANY, "neighbourhood", (m.ZoneLevel("medium", 1, 1),), clear_days=3),
        m.closure(m.Where(level="medium")),
    )  # fmt: skip
    outcome = simulate_epidemic(city, sure, watch, contacts=NOBODY, days=14, imports=Imports(count=1, neighbourhood=0), seed=1)
    assert outcome.findings.reported.tolist() == [6]
    assert outcome.log.zone_days == {"medium": 3}
    assert outcome.log.workdays_lost[:, 3].tolist() == [0] * 7 + [2] * 3 + [0] * 4
