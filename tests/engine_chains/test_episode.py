"""The end of an episode: the published formula by hand, and the chances against a simulated branching process."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.chains import (
    ChainInputError,
    DayDelay,
    Spread,
    estimate_downgrade,
    estimate_episode_over,
    estimate_no_more_onsets,
    read_delay,
)

THREE_DAYS = DayDelay(np.array([0.0, 0.5, 0.3, 0.2]))


def spread(r=0.8, k=0.5, share=1.0, delay=None, serial=THREE_DAYS):
    return Spread(r, k, serial, share, delay)


def test_the_published_formula_by_hand():
    """Nishiura et al. 2016: a case of one day ago has half its serial interval behind it, one of two days 0.8."""
    by_hand = (1 + 0.8 / 0.5 * 0.5) ** -0.5 * (1 + 0.8 / 0.5 * 0.2) ** -0.5
    assert estimate_no_more_onsets([1, 2, 30], spread()) == pytest.approx(by_hand)
    assert estimate_no_more_onsets([1], spread(k=math.inf)) == pytest.approx(math.exp(-0.4))


def test_who_has_infected_somebody_may_infect_more():
    """All seen, by hand: posterior of a gamma infectiousness, ((k + R F) / (k + R))^(k + z)."""
    for infected in (0, 1, 3):
        found = estimate_episode_over([1], spread(), infected=[infected])
        assert found.over[0] == pytest.approx(((0.5 + 0.8 * 0.5) / (0.5 + 0.8)) ** (0.5 + infected))
        assert found.no_more_reported[0] == pytest.approx(found.over[0])


def test_an_old_episode_is_over_and_an_empty_one_too():
    assert estimate_episode_over([400], spread(share=0.6)).over[0] == pytest.approx(1, abs=1e-6)
    empty = estimate_episode_over([], spread(), imports_per_day=0.1, horizon_days=3)
    assert empty.over.tolist() == [1] * 4
    assert empty.quiet.tolist() == pytest.approx([math.exp(-0.1 * day) for day in range(4)])


def test_a_case_without_any_day_delays_the_end():
    assert estimate_episode_over([20], spread(), undated=1).over[0] < estimate_episode_over([20], spread()).over[0]


def simulate(model, age, horizon, runs, rng):
    """One case of ``age`` days: is a descendant reported by now, is one later and when first, does anybody fall ill later?"""
    now = age
    serial = np.arange(model.serial.pmf.size)
    delays = None if model.report_delay is None else np.arange(model.report_delay.pmf.size)
    clean, over, quiet, never = 0, 0, 0, 0
    for _run in range(runs):
        ill, reported, line = [], [], [0]
        while line:
            born = line.pop()
            for child in born + rng.choice(serial, size=rng.negative_binomial(0.5, 0.5 / 1.3), p=model.serial.pmf):
                ill.append(child)
                line.append(child)
                if rng.random() < model.reported_share:
                    wait = 0 if delays is None else rng.choice(delays, p=model.report_delay.pmf)
                    reported.append(child + wait)
        if any(day <= now for day in reported):
            continue
        clean += 1
        over += not any(day > now for day in ill)
        never += not reported
        quiet += not any(day <= now + horizon for day in reported)
    return np.array([over, never, quiet]) / clean, clean


@pytest.mark.parametrize("delay", [None, DayDelay(np.array([0.2, 0.3, 0.5]))])
@pytest.mark.parametrize("age", [2, 5])
def test_the_chances_are_those_of_a_simulated_branching_process(age, delay):
    """R 0.8, k 0.5, six of ten reported: 5,000 histories of one case, those without a report by now."""
    model = spread(share=0.6, delay=delay, serial=DayDelay(np.array([0.1, 0.4, 0.3, 0.2])))
    shares, clean = simulate(model, age, 4, 5_000, np.random.default_rng(age))
    found = estimate_episode_over([age], model, horizon_days=4)
    ours = np.array([found.over[0], found.no_more_reported[0], found.quiet[4]])
    assert ours == pytest.approx(shares, abs=4 * 0.5 / math.sqrt(clean))


def test_the_waiting_of_28_days_after_the_last_case_of_korea_was_long_enough():
    """With R 0.75, k 0.14 and a serial interval of 12.6 days (SD 2.8) of the 2015 outbreak, 40 old cases and one of 28 days
    ago: the chance of another onset is far below 5 %, and 5 % was reached days earlier."""
    mers = spread(0.75, 0.14, serial=read_delay("gamma", 12.6, 2.8))
    ages = np.concatenate([np.arange(40, 80), [0]])
    chance = [1 - estimate_no_more_onsets(ages + day, mers) for day in range(29)]
    assert chance[28] < 0.005
    assert 14 <= next(day for day, one in enumerate(chance) if one < 0.05) <= 24


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6),
    st.floats(0.05, 2.5),
    st.floats(0.05, 20),
    st.floats(0.05, 1.0),
)
def test_chances_are_chances_and_waiting_helps(ages, r, k, share):
    found = estimate_episode_over(ages, spread(r, k, share), horizon_days=20)
    for chance in (found.over, found.no_more_reported, found.quiet):
        assert ((chance >= -1e-12) & (chance <= 1 + 1e-9)).all()
    assert (np.diff(found.quiet) <= 1e-9).all()
    assert found.quiet[0] == pytest.approx(1)
    hidden = estimate_episode_over(ages, spread(r, k, share / 2), horizon_days=20)
    assert hidden.over[0] <= found.over[0] + 1e-9


def test_a_downgrade_waits_for_a_quiet_spell():
    end = estimate_episode_over([1], spread(), horizon_days=20)
    assert estimate_downgrade(5, end).chance == pytest.approx(end.quiet[5])
    assert estimate_downgrade(21, end).chance is None
    assert estimate_downgrade(None, end) is None


def test_what_cannot_be_is_refused():
    for bad in (lambda: spread(r=-1), lambda: spread(k=0), lambda: spread(share=0)):
        with pytest.raises(ChainInputError):
            bad()
    with pytest.raises(ChainInputError):
        estimate_episode_over([-1], spread())
    with pytest.raises(ChainInputError):
        estimate_episode_over([1], spread(), infected=[1, 2])
