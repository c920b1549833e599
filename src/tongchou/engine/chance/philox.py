"""Philox 4x32-10: 128 random bits as a pure function of a counter and a key.

Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011). It passes BigCrush at seven rounds;
ten are used here. ``tests/engine_chance`` holds it against the known answers published with the Random123 library.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
STEP = 2.0**-32


@njit(cache=True, nogil=True, forceinline=True)
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Four words of 32 bits, held in uint64, from a counter of four words and a key of two."""
    for _ in range(10):
        left = MULTIPLIER_0 * c0
        right = MULTIPLIER_1 * c2
        c0 = (right >> HALF) ^ c1 ^ k0
        c2 = (left >> HALF) ^ c3 ^ k1
        c1 = right & LOW
        c3 = left & LOW
        k0 = (k0 + WEYL_0) & LOW
        k1 = (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@njit(cache=True, nogil=True, forceinline=True)
def words(seed, purpose, person, day, k):
    """Four words for (seed, purpose, person, day, k): seed of 64 bits, the others of 32 bits, negative numbers allowed."""
    key = np.uint64(seed)
    return philox4x32(
        np.uint64(person) & LOW, np.uint64(day) & LOW, np.uint64(purpose) & LOW, np.uint64(k) & LOW,
        key & LOW, key >> HALF,
    )  # fmt: skip


@njit(cache=True, nogil=True, forceinline=True)
def unit(word):
    """A word as a number strictly between 0 and 1: never 0, so its logarithm exists; never 1, so it indexes."""
    return (np.float64(word) + 0.5) * STEP
