"""Numbers of the usual distributions, each a function of (seed, purpose, person, day, k).

All are numba functions that hold no state; ``stream`` and ``uniforms`` serve numpy code. Call them alike in kernels and
in plain Python: ``uniform(seed, Purpose.COURSE, person, day, k)``.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.chance.philox import HALF, LOW, unit, words

TWO_PI = 2.0 * math.pi
INNER = np.uint64(1 << 20)


@njit(cache=True, nogil=True)
def uniform(seed, purpose, person, day, k):
    """Uniform on (0, 1), 32 random bits."""
    return unit(words(seed, purpose, person, day, k)[0])


@njit(cache=True, nogil=True)
def exponential(seed, purpose, person, day, k):
    """Exponential with mean 1."""
    return -math.log(uniform(seed, purpose, person, day, k))


@njit(cache=True, nogil=True)
def normal(seed, purpose, person, day, k):
    """Normal with mean 0 and standard deviation 1 (Box and Muller 1958)."""
    first, second, _, _ = words(seed, purpose, person, day, k)
    return math.sqrt(-2.0 * math.log(unit(first))) * math.cos(TWO_PI * unit(second))


@njit(cache=True, nogil=True)
def lognormal(seed, purpose, person, day, k, meanlog, sdlog):
    """Log-normal by the mean and standard deviation of its logarithm."""
    return math.exp(meanlog + sdlog * normal(seed, purpose, person, day, k))


@njit(cache=True, nogil=True)
def gamma(seed, purpose, person, day, k, shape):
    """Gamma with the given shape and mean ``shape`` (Marsaglia and Tsang 2000).

    Rejected tries continue at k + 2**20, k + 2 * 2**20 and so on: callers keep k below 2**20.
    """
    raised = shape if shape >= 1.0 else shape + 1.0
    d = raised - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    at = np.uint64(k)
    while True:
        first, second, third, fourth = words(seed, purpose, person, day, at)
        x = math.sqrt(-2.0 * math.log(unit(first))) * math.cos(TWO_PI * unit(second))
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(unit(third)) < 0.5 * x * x + d - d * v + d * math.log(v):
            return d * v if shape >= 1.0 else d * v * unit(fourth) ** (1.0 / shape)
        at = at + INNER


@njit(cache=True, nogil=True)
def range_from(word, count):
    """An integer in 0..count-1 from one word; its bias is at most count / 2**32 (Lemire 2019, without the rejection)."""
    return np.int64(((word & LOW) * np.uint64(count)) >> HALF)


@njit(cache=True, nogil=True)
def below(seed, purpose, person, day, k, count):
    """An integer in 0..count-1; count at least 1."""
    return range_from(words(seed, purpose, person, day, k)[0], count)


@njit(cache=True, nogil=True)
def poisson_from(word, mean):
    """A Poisson count from one word by inversion: exact to the word's 32 bits, for means up to a few hundred."""
    left = unit(word)
    term = math.exp(-mean)
    count = 0
    while left > term and count < 2000:
        left -= term
        count += 1
        term *= mean / count
    return count


@njit(cache=True, nogil=True)
def _fill_uniforms(seed, purpose, persons, days, ks, out):
    """``days`` and ``ks`` hold one entry for all the persons or one for each."""
    day_step, k_step = min(days.size - 1, 1), min(ks.size - 1, 1)
    for at in range(persons.size):
        out[at] = unit(words(seed, purpose, persons[at], days[at * day_step], ks[at * k_step])[0])


def uniforms(seed: int, purpose: int, persons: ArrayLike, *, day: ArrayLike = 0, k: ArrayLike = 0) -> NDArray[np.float64]:
    """``uniform`` for many persons at once: float64 of their shape; ``day`` and ``k`` are one for all or one for each."""
    asked = np.array(persons, np.int64, order="C")
    out = np.empty(asked.shape)
    if asked.size:
        _fill_uniforms(np.uint64(seed), int(purpose), asked.ravel(), _each(day, asked.shape), _each(k, asked.shape), out.ravel())
    return out


def _each(part: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """One entry for all, or one for each of ``shape``."""
    given = np.array(part, np.int64)
    return given.reshape(1) if given.ndim == 0 else np.array(np.broadcast_to(given, shape), order="C").ravel()


def stream(seed: int, purpose: int, index: int = 0) -> np.random.Generator:
    """A numpy generator of its own for (seed, purpose, index), for work that is drawn in one fixed order.

    Raises ValueError for a negative seed or index.
    """
    if seed < 0 or index < 0:
        raise ValueError(f"seed and index are not negative: {seed}, {index}")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, int(purpose), index])))
