"""Worlds that differ in one thing differ only in what follows from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tongchou.engine.epidemic import Imports, Layer, simulate_epidemic
from tongchou.engine.epidemic import simulate as simulating
from tongchou.engine.epidemic.measures import Where, closure, distancing, masks

from tests.engine_epidemic.cities import PLAIN, USUAL, town

CITY = town()
DISEASE = PLAIN.scaled(2)


def run(measures=(), *, city=CITY, contacts=USUAL, imports=10, seed=3, days=90, **options):
    return simulate_epidemic(city, DISEASE, measures, contacts=contacts, days=days, imports=imports, seed=seed, **options)


def test_the_same_seed_gives_the_same_world_and_another_another():
    assert run().digest() == run().digest()
    assert run(seed=4).digest() != run().digest()


def test_threads_change_nothing(monkeypatch):
    alone = run()
    monkeypatch.setattr(simulating, "ROWS_A_PART", 128)
    assert run(threads=1).digest() == alone.digest()
    assert run(threads=2).digest() == alone.digest()


@pytest.mark.parametrize("measure", [
    lambda where: closure(replace(where, layers=(Layer.SCHOOL,))),
    lambda where: masks(where, wearing=0.8, outward=0.5, inward=0.3),
    lambda where: distancing(where, contacts=0.5),
])  # fmt: skip
def test_two_scenarios_agree_until_the_day_on_which_they_differ(measure):
    without, changed = run(), run((measure(Where(from_day=30)),))
    before = int((without.chain.day < 30).sum())
    assert before > 50
    for left, right in zip(without.tree().values(), changed.tree().values(), strict=True):
        assert np.array_equal(left[:before], right[:before])
    assert changed.infections < without.infections


def test_a_measure_that_holds_for_nobody_changes_nothing():
    assert run((closure(Where(first_age=120)),)).digest() == run().digest()


def test_one_more_import_changes_nothing_where_its_infections_cannot_go():
    contacts = replace(USUAL, own_neighbourhood=1.0, own_county=1.0, work=(USUAL.work[0].__class__(0.0),) * 2,
                       school=(USUAL.work[0].__class__(0.0),) * 2, institution=(USUAL.work[0].__class__(0.0),) * 2)  # fmt: skip
    first = Imports(count=5, county="A")
    one = run(contacts=contacts, imports=(first,))
    two = run(contacts=contacts, imports=(first, Imports(count=5, county="B", from_day=12, to_day=12)))
    assert (one.chain.home < 3).all() and (two.chain.home >= 3).sum() > 20
    ours = two.chain.home < 3
    assert np.array_equal(one.chain.person, two.chain.person[ours])
    assert np.array_equal(one.chain.day, two.chain.day[ours])
    assert np.array_equal(one.chain.layer, two.chain.layer[ours])


def test_names_do_not_matter():
    """Persons listed in another order: other draws, the same law."""
    other = town(shuffled=True)
    plain = [run(seed=seed).attack_rate for seed in range(8)]
    renamed = [run(seed=seed, city=other).attack_rate for seed in range(8)]
    spread = np.sqrt(np.var(plain) / 8 + np.var(renamed) / 8)
    assert abs(np.mean(plain) - np.mean(renamed)) < 4 * spread + 0.005
