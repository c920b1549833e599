"""Surroundings are numbered, tests and absences kept only where somebody asks for them: none of it changes a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic import simulate as simulating
from tongchou.engine.epidemic import simulate_epidemic
from tongchou.engine.epidemic.layers import SLOTS
from tongchou.engine.epidemic.surroundings import FULL, empty_surroundings, find_surroundings, more_surroundings

from tests.engine_epidemic.cities import PLAIN, USUAL, town

CITY = town()
DISEASE = PLAIN.scaled(2)
MEETS = np.zeros((2, SLOTS, 3))
MEETS[1, :, 0] = 1.0, 2.5, 0.0, 3.0, 1.0
MEETS[1, :, 1] = 0.5, 0.1, 9.0, 0.25, 0.0
"""[class, slot, (contacts, hazard, weekend)]"""


def found(known, rows):
    sizes, numbers = np.array(rows, np.int64), np.empty(len(rows), np.int64)
    find_surroundings(len(rows), np.ones(len(rows), np.int64), sizes, MEETS, known, numbers)
    return numbers.tolist()


def run(measures=(), **options):
    return simulate_epidemic(CITY, DISEASE, measures, contacts=USUAL, days=60, imports=10, seed=3, **options)


def test_hazard_and_shares_by_hand():
    """Two at home, two of the group, one on the site, many around, nobody on the way: 1 + 0.2 + 0 + 0.75 + 0 = 1.95."""
    known = empty_surroundings(8)
    assert found(known, [[2, 2, 1, 99, 0]]) == [0]
    assert known.hazard[0] == pytest.approx(1.95)
    assert known.reach[0].tolist() == [int(FULL * share / 1.95) for share in (1.0, 1.2, 1.2, 1.95)]


def test_others_count_as_far_as_anybody_meets_them():
    """At home everybody counts; of a group as many as are met, that is 2.5, so that three are as many as thirty."""
    known = empty_surroundings(8)
    rows = [[2, 3, 1, 99, 1], [2, 30, 7, 9999, 5], [2, 2, 1, 99, 1], [3, 3, 1, 99, 1], [2, 3, 1, 99, 0], [2, 3, 0, 3, 1]]
    assert found(known, rows) == [0, 0, 1, 2, 3, 0]
    assert known.kinds[0] == 4 and known.hazard[0] == pytest.approx(1 + 0.25 + 0.75)


def test_nobody_around_is_no_hazard():
    known = empty_surroundings(8)
    assert found(known, [[0, 0, 0, 0, 0]]) == [0]
    assert known.hazard[0] == 0 and not known.reach[0].any()


def test_rows_stay_where_they_are_when_room_is_added():
    known, rows = empty_surroundings(64), [[size, 0, 0, 0, 0] for size in range(64)]
    assert found(known, rows) == list(range(64))
    wider = more_surroundings(known, MEETS)
    assert np.array_equal(wider.hazard[:64], known.hazard) and np.array_equal(wider.reach[:64], known.reach)
    assert found(wider, [[64, 0, 0, 0, 0], *rows]) == [64, *range(64)]


def test_little_room_changes_nothing(monkeypatch):
    usual = run()
    monkeypatch.setattr(simulating, "empty_surroundings", lambda: empty_surroundings(2))
    assert run().digest() == usual.digest()


@pytest.mark.slow
def test_more_kinds_than_two_bytes_can_number(monkeypatch):
    """All numbers of two bytes are taken by homes of an absurd size. Compiles the kernels once more, for wider numbers."""
    usual = run()

    def crowded():
        known = empty_surroundings(1 << 16)
        assert len(set(found(known, [[1_000_000 + at, 0, 0, 0, 0] for at in range(1 << 16)]))) == 1 << 16
        return known

    monkeypatch.setattr(simulating, "empty_surroundings", crowded)
    many = run()
    assert many.chain.around.min() >= 1 << 16
    assert many.digest() == usual.digest()


def test_a_test_that_finds_nobody_changes_nothing():
    """Without tests no findings are kept, with tests a row each: both say the same of infections that nobody sampled."""
    nobody = m.SymptomaticTesting(m.Where(first_age=120), 1.0, (1.0,), 1)
    without, kept = run(), run((nobody,))
    assert without.digest() == kept.digest() and without.infections > 100
    for bare, full in zip(without.findings, kept.findings, strict=True):
        assert bare.dtype == full.dtype and np.array_equal(bare, full)
    assert (without.event_days("samples") == -1).all() and not without.daily("reports").any()


def test_tracing_that_finds_nobody_changes_nothing():
    watch = (m.SymptomaticTesting(m.Where(), 0.5, (1.0,), 1), m.Isolation(m.Where(), 14))
    traced = (*watch, m.Tracing(m.Where(), (), ()))
    assert run(traced).digest() == run(watch).digest()


def test_findings_grow_with_second_infections():
    """Immunity that is gone at once: more infections than persons, each sampled or not for itself."""
    waning = replace(DISEASE, immunity=np.zeros_like(DISEASE.immunity))
    everybody = m.SymptomaticTesting(m.Where(), 1.0, (1.0,), 1)
    outcome = simulate_epidemic(CITY, waning, (everybody,), contacts=USUAL, days=40, imports=300, seed=1)
    chain, findings = outcome.chain, outcome.findings
    assert outcome.infections > CITY.persons + 1024 and (chain.round > 0).any()
    assert len(findings.sampled) == outcome.infections
    sampled = findings.sampled >= 0
    assert sampled.any() and (findings.sampled[sampled] >= chain.day[sampled]).all() and (findings.found[~sampled] == 0).all()
