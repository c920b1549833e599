"""Orders by lot and by whole numbers, and cities made by several threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.city import synthesize_city
from tongchou.engine.city.sites import by_lot, stable_order
from tongchou.store.city_file import city_hash


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**63 - 1)) | st.lists(st.integers(0, 3), max_size=200))
def test_a_stable_order_is_that_of_argsort(keys):
    key = np.array(keys, np.int64)
    assert stable_order(key).tolist() == np.argsort(key, kind="stable").tolist()


@pytest.mark.parametrize("largest", [0, 5, 2**20, 2**58])
def test_lots_keep_parts_together_and_mix_inside_each(largest):
    part = np.repeat([0, largest // 2, largest], [2000, 0 if largest < 2 else 2000, 2000])
    order = by_lot(np.random.default_rng(1), len(part), part)
    assert sorted(order.tolist()) == list(range(len(part)))
    assert (np.diff(part[order]) >= 0).all()
    first = order[:2000]
    assert abs(np.corrcoef(np.arange(2000), first)[0, 1]) < 0.1


def test_lots_of_nobody_and_of_one():
    assert by_lot(np.random.default_rng(1), 0).tolist() == []
    assert by_lot(np.random.default_rng(1), 1, np.zeros(1, np.int64)).tolist() == [0]


def test_every_order_of_three_is_as_likely():
    chance = np.random.default_rng(2)
    seen = [tuple(by_lot(chance, 3).tolist()) for _ in range(6000)]
    counts = [seen.count(one) for one in set(seen)]
    assert len(counts) == 6 and min(counts) > 850


def test_threads_do_not_change_a_city(census):
    alone, shared = (synthesize_city(census, people=8000, seed=5, threads=threads) for threads in (1, 3))
    assert city_hash(alone) == city_hash(shared)
