"""The streams: published answers, distributions, and that no two questions share a number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tongchou.engine import chance
from tongchou.engine.chance import Purpose

# Random123 (Salmon and others 2011), file kat_vectors, lines "philox4x32 10".
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
MANY = np.arange(20_000)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, answer):
    given = chance.philox4x32(*(np.uint64(word) for word in (*counter, *key)))
    assert tuple(int(word) for word in given) == answer


def test_words_put_seed_purpose_person_day_and_k_where_they_belong():
    seed = (0x299F31D0 << 32) | 0xA4093822
    given = chance.words(np.uint64(seed), 0x13198A2E, 0x243F6A88, 0x85A308D3, 0x03707344)
    assert tuple(int(word) for word in given) == KNOWN[2][2]


def test_a_negative_person_is_one_person_and_not_an_error():
    assert chance.uniform(1, Purpose.PROBE, -1, 0, 0) == chance.uniform(1, Purpose.PROBE, 2**32 - 1, 0, 0)


def test_purposes_are_distinct_and_fit_a_word():
    numbers = [purpose.value for purpose in Purpose.__members__.values()]
    assert len(numbers) == len(set(numbers)) == len(Purpose.__members__)
    assert all(0 < number < 2**32 for number in numbers)


def test_streams_of_different_purposes_days_ks_and_seeds_are_unrelated():
    base = chance.uniforms(7, Purpose.PROBE, MANY)
    others = [
        chance.uniforms(7, Purpose.PROBE_OTHER, MANY),
        chance.uniforms(7, Purpose.PROBE, MANY, day=1),
        chance.uniforms(7, Purpose.PROBE, MANY, k=1),
        chance.uniforms(8, Purpose.PROBE, MANY),
        chance.uniforms(7 + 2**32, Purpose.PROBE, MANY),
        chance.uniforms(7, Purpose.PROBE, MANY + 1),
    ]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < 5 / np.sqrt(MANY.size)
        assert not np.array_equal(base, other)


def test_words_of_every_purpose_differ():
    first = {purpose: tuple(int(w) for w in chance.words(3, purpose.value, 5, 9, 0)) for purpose in Purpose}
    assert len(set(first.values())) == len(Purpose)


def _drawn(function, *rest):
    return np.array([function(11, Purpose.PROBE, person, 0, 0, *rest) for person in MANY[:6000]])


@pytest.mark.parametrize(
    ("values", "law"),
    [
        (lambda: chance.uniforms(11, Purpose.PROBE, MANY), stats.uniform()),
        (lambda: _drawn(chance.exponential), stats.expon()),
        (lambda: _drawn(chance.normal), stats.norm()),
        (lambda: _drawn(chance.gamma, 0.3), stats.gamma(0.3)),
        (lambda: _drawn(chance.gamma, 2.5), stats.gamma(2.5)),
        (lambda: _drawn(chance.lognormal, 1.621, 0.418), stats.lognorm(0.418, scale=np.exp(1.621))),
    ],
    ids=["uniform", "exponential", "normal", "gamma-0.3", "gamma-2.5", "lognormal"],
)
def test_draws_follow_their_law(values, law):
    assert stats.kstest(values(), law.cdf).pvalue > 0.001


def test_integers_below_are_even_and_in_range():
    drawn = _drawn(chance.below, 7).astype(int)
    counts = np.bincount(drawn, minlength=7)
    assert counts.size == 7
    assert stats.chisquare(counts).pvalue > 0.001
    assert chance.range_from(np.uint64(2**32 - 1), 7) == 6
    assert chance.range_from(np.uint64(0), 7) == 0


@pytest.mark.parametrize("mean", [0.02, 0.7, 13.0])
def test_poisson_counts_have_mean_and_variance_alike(mean):
    word = (chance.uniforms(5, Purpose.PROBE, MANY) * 2**32).astype(np.uint64)
    counts = np.array([chance.poisson_from(w, mean) for w in word])
    error = 5 * np.sqrt(mean / MANY.size)
    assert abs(counts.mean() - mean) < error
    assert abs(counts.var() - mean) < 5 * np.sqrt((mean + 2 * mean**2) / MANY.size)


def test_numpy_streams_repeat_and_differ_by_index():
    again = [chance.stream(4, Purpose.CITY_AGE, 2).random(5) for _ in range(2)]
    assert np.array_equal(*again)
    assert not np.array_equal(again[0], chance.stream(4, Purpose.CITY_AGE, 3).random(5))
    with pytest.raises(ValueError, match="not negative"):
        chance.stream(-1, Purpose.CITY_AGE)
