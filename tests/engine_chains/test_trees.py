"""Chains on hand-drawn trees, and what must hold for every set of links."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.chains import ChainInputError, find_chains, read_cases, read_links, unlinked

NAT = "NaT"


def feb(*days):
    return [NAT if day is None else f"2020-02-{day:02d}" for day in days]


def chains_of(days, pairs, *, weight=None, imported=None, **more):
    cases = read_cases(feb(*days), imported=imported)
    links = read_links([a for a, _b in pairs], [b for _a, b in pairs], weight=weight)
    return cases, find_chains(cases, links, **more)


def test_two_trees_and_a_case_alone():
    """0 infects 1 and 2, 2 infects 3; 5 infects 4; 6 stands alone and fell ill first."""
    cases, chains = chains_of(
        (5, 8, 9, 14, 12, 10, 1), [(0, 1), (0, 2), (2, 3), (5, 4)], imported=[1, 0, 0, 0, 0, 0, 0]
    )
    assert chains.chain.tolist() == [1, 1, 1, 1, 2, 2, 0]
    assert chains.generation.tolist() == [0, 1, 1, 2, 1, 0, 0]
    assert chains.chain_size.tolist() == [1, 4, 2]
    assert chains.chain_depth.tolist() == [0, 2, 1]
    assert chains.offspring.tolist() == [2, 0, 1, 0, 0, 1, 0]
    assert chains.chain_imported.tolist() == [0, 1, 0]
    assert [str(day) for day in chains.chain_last_on] == ["2020-02-01", "2020-02-14", "2020-02-12"]
    assert unlinked(cases, chains).tolist() == [False, False, False, False, False, True, True]


def test_a_chain_is_open_for_the_longest_incubation_after_its_last_case():
    _cases, chains = chains_of((1, 5), [(0, 1)])
    assert chains.open_on(np.datetime64("2020-02-19"), 14).tolist() == [True]
    assert chains.open_on(np.datetime64("2020-02-20"), 14).tolist() == [False]


def test_a_case_with_two_possible_infectors_is_shared_by_weight():
    """0 -> 2 weighs 3, 1 -> 2 weighs 1; 1 was infected by 0, so the longest way to 2 is two steps."""
    _cases, chains = chains_of((1, 4, 8), [(0, 1), (0, 2), (1, 2)], weight=[1, 3, 1])
    assert chains.link_share.tolist() == [1, 0.75, 0.25]
    assert chains.offspring.tolist() == [2, 0, 0]
    assert chains.offspring_expected.tolist() == [1.75, 0.25, 0]
    assert chains.infectees.tolist() == [2, 1, 0]
    assert (chains.generation.tolist(), chains.generation_latest.tolist()) == ([0, 1, 1], [0, 1, 2])


def test_links_that_cannot_hold_are_set_aside_and_counted():
    days = (10, 12, 2, 14, 15, 16, None)
    pairs = [(0, 1), (0, 1), (1, 1), (0, -1), (9, 0), (1, 2), (3, 4), (4, 5), (5, 3), (0, 6)]
    _cases, chains = chains_of(days, pairs, max_incubation_days=7)
    assert chains.link_fate.tolist() == [
        "", "repeated", "itself", "unknown_case", "unknown_case", "impossible_dates", "ring", "ring", "ring", "",
    ]  # fmt: skip
    assert dict(chains.refused) == {"unknown_case": 2, "itself": 1, "repeated": 1, "impossible_dates": 1, "ring": 3}
    assert chains.undated_links == 1


def test_an_onset_before_the_infectors_is_possible_within_the_incubation():
    assert chains_of((10, 3), [(0, 1)], max_incubation_days=7)[1].kept.all()
    assert not chains_of((10, 2), [(0, 1)], max_incubation_days=7)[1].kept.any()
    assert not chains_of((1, 25), [(0, 1)], longest_lag_days=20)[1].kept.any()


def test_an_imported_infectee_is_told():
    assert chains_of((1, 4), [(0, 1)], imported=[1, 1])[1].imported_infectees == 1


def test_no_case_and_no_link_make_no_chain():
    _cases, chains = chains_of((), [])
    assert chains.chain.size == chains.chain_size.size == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: read_cases(["2020-02-30"]),
        lambda: read_cases(["2020-02-01"], imported=[7]),
        lambda: read_cases(["2020-02-01"], reported_on=["2020-02-01", "2020-02-02"]),
        lambda: read_links([0], [1], weight=[0.0]),
        lambda: read_links([0, 1], [1]),
    ],
)
def test_arrays_that_cannot_be_are_refused_in_both_languages(make):
    with pytest.raises(ChainInputError) as found:
        make()
    assert found.value.zh and found.value.en


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(-1, 12), st.integers(-1, 12)), max_size=30))
def test_whatever_the_links_say(size, pairs):
    _cases, chains = chains_of([1 + one for one in range(size)], pairs)
    kept = [pair for pair, keep in zip(pairs, chains.kept, strict=True) if keep]
    assert sum(chains.refused.values()) + len(kept) == len(pairs)
    assert chains.chain_size.sum() == size
    assert (chains.generation >= 0).all() and (chains.generation <= chains.generation_latest).all()
    for source, target in kept:
        assert chains.chain[source] == chains.chain[target]
        assert chains.generation_latest[target] > chains.generation_latest[source]
        assert chains.generation[target] <= chains.generation[source] + 1
    infected = len({target for _source, target in kept})
    assert chains.offspring.sum() == infected
    assert chains.offspring_expected.sum() == pytest.approx(infected)
