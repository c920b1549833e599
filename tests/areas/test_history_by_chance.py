"""Chains of mergers and splits made by chance never lose or make a person."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.areas.codes import code_of, level_of, parent_of
from tongchou.areas.tree import Change, Division, Tree, apportion, reaggregate

START = date(2019, 1, 1)


def division(path, from_on, to_on=None):
    return Division(code_of(path), path, level_of(path), path, parent_of(path), from_on, to_on)


@st.composite
def histories(draw):
    """A tree of villages under three townships, with up to eight reforms on days of their own."""
    townships = ["510402001", "510402002", "510403001"]
    open_since = {f"{town}{n:03d}": START for town in townships for n in range(1, 4)}
    rows = [division(town, START) for town in townships]
    changes, next_code = [], 100
    for step in range(draw(st.integers(0, 8))):
        day = START + timedelta(days=10 * (step + 1))
        alive = sorted(open_since)
        origin = draw(st.sampled_from(alive))
        if draw(st.booleans()) and len(alive) > 1:
            target = draw(st.sampled_from([path for path in alive if path != origin]))
            weights = [draw(st.integers(1, 9)), draw(st.integers(1, 9))]
            changes.append(Change(origin, target, day, Fraction(1), Fraction(weights[0], sum(weights)), "merge"))
            rows.append(division(origin, open_since.pop(origin), day))
            continue
        next_code += 1
        fresh = [f"{draw(st.sampled_from(townships))}{next_code:03d}"]
        survivors = [origin] if draw(st.booleans()) else []
        if not survivors:
            next_code += 1
            fresh.append(f"510403001{next_code:03d}")
            rows.append(division(origin, open_since.pop(origin), day))
        weights = {path: draw(st.integers(1, 9)) for path in [*survivors, *fresh]}
        for path, weight in weights.items():
            changes.append(Change(origin, path, day, Fraction(weight, sum(weights.values())), None, "split"))
        open_since |= dict.fromkeys(fresh, day)
    rows += [division(path, since) for path, since in open_since.items()]
    return Tree.build(rows, changes)


days = st.integers(0, 120).map(lambda n: START + timedelta(days=n))


@settings(max_examples=120, deadline=None)
@given(histories(), days, days, st.data())
def test_totals_are_kept_in_both_directions(tree, counted_on, on, data):
    standing = [row.path for row in tree.below("", counted_on)]
    counts = {path: data.draw(st.integers(0, 1000)) for path in standing}
    told = reaggregate(tree, counts, on=on, counted_on=counted_on)
    assert sum(told.values()) == sum(counts.values())
    assert all(count >= 0 for count in told.values())
    assert all(tree.find(path, on) for path, count in told.items() if count)
    upward = reaggregate(tree, counts, on=on, counted_on=counted_on, level="county")
    by_county = defaultdict(int)
    for path, count in told.items():
        by_county[path[:6]] += count
    assert upward == dict(by_county)
    for path in standing:
        shares = tree.successors(path, on, counted_on) if on >= counted_on else tree.predecessors(path, on, counted_on)
        assert sum(shares.values()) == 1


@settings(max_examples=80, deadline=None)
@given(histories(), days)
def test_whole_predecessors_are_those_whose_people_all_came(tree, on):
    for place in tree.versions:
        found = tree.whole_predecessors(place, on)
        for other in tree.versions:
            homes = tree.successors(other, on)
            inside = all(home.startswith(place) for home in homes)
            if any(other.startswith(before) for before in found):
                assert inside and not other.startswith(place)
            elif not other.startswith(place) and len(homes) == 1 and other not in homes:
                assert not inside


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_whole_people_by_largest_remainder(count, weights):
    shares = {f"5104{n:02d}": Fraction(weight, sum(weights)) for n, weight in enumerate(weights, 10)}
    parts = apportion(count, shares)
    assert sum(parts.values()) == count
    assert all(abs(parts.get(path, 0) - count * share) < 1 for path, share in shares.items())
