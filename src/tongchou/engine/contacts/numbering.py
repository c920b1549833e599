"""Numbers of people and places as they come, and the small codes 0, 1, 2, ... that the index works with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.contacts.records import Ints

UNKNOWN = -1
# A direct table of codes is used where the numbers span at most this many (256 MB of codes); else a hash table.
WIDEST_TABLE = 2**26


@dataclass(frozen=True)
class Numbering:
    """The number behind each code, in the order of the codes: sorted as first built, later ones appended."""

    numbers: Ints

    def __len__(self) -> int:
        return int(self.numbers.size)

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """The codes in order of their numbers."""
        if self.numbers.size < 2 or (self.numbers[1:] > self.numbers[:-1]).all():
            return np.arange(self.numbers.size, dtype=np.int32)
        return np.argsort(self.numbers, kind="stable").astype(np.int32)

    @cached_property
    def is_sorted(self) -> bool:
        return bool((self.order == np.arange(self.order.size)).all())

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """The place of each code in that order."""
        rank = np.empty(self.order.size, np.int32)
        rank[self.order] = np.arange(self.order.size, dtype=np.int32)
        return rank

    @cached_property
    def _sorted(self) -> Ints:
        return self.numbers if self.is_sorted else self.numbers[self.order]

    def codes(self, numbers: ArrayLike) -> NDArray[np.int32]:
        """The code of each number, ``UNKNOWN`` where there is none. For a few numbers; ``Coder`` is for many."""
        asked = np.asarray(numbers, np.int64).ravel()
        if self.numbers.size == 0:
            return np.full(asked.size, UNKNOWN, np.int32)
        at = np.minimum(np.searchsorted(self._sorted, asked), self.numbers.size - 1)
        return np.where(self._sorted[at] == asked, self.order[at], UNKNOWN).astype(np.int32)


class Coder:
    """Gives codes to numbers in bulk, new ones as they come; ``numbering()`` is what it has seen."""

    def __init__(self, known: Numbering | None = None) -> None:
        self._numbers = np.zeros(1024, np.int64) if known is None else np.array(known.numbers)
        self._count = 0 if known is None else self._numbers.size
        self._base = 0
        self._table = np.zeros(0, np.int32)
        self._keys, self._values = np.zeros(0, np.int64), np.zeros(0, np.int32)
        if self._count:
            self._widen(int(self._numbers[: self._count].min()), int(self._numbers[: self._count].max()))

    def __len__(self) -> int:
        return self._count

    def codes(self, numbers: Ints) -> NDArray[np.int32]:
        """The code of each number (int64, one dimension)."""
        out = np.empty(numbers.size, np.int32)
        if numbers.size == 0:
            return out
        low, high = int(numbers.min()), int(numbers.max())
        if not self._keys.size and not (self._base <= low and high < self._base + self._table.size):
            self._widen(low, high)
        if self._count + numbers.size > self._numbers.size:
            grown = np.zeros(max(2 * self._numbers.size, self._count + numbers.size), np.int64)
            grown[: self._count] = self._numbers[: self._count]
            self._numbers = grown
        if self._keys.size:
            if 2 * (self._count + numbers.size) > self._keys.size:
                self._hash(2 * (self._count + numbers.size))
            self._count = _code_by_hash(numbers, self._keys, self._values, self._numbers, self._count, out)
        else:
            self._count = _code_by_table(numbers, self._base, self._table, self._numbers, self._count, out)
        return out

    def numbering(self) -> Numbering:
        return Numbering(self._numbers[: self._count].copy())

    def _widen(self, low: int, high: int) -> None:
        """A table over the old numbers and low to high, with room to spare; a hash table where that is too wide."""
        if self._count:
            low = min(low, int(self._numbers[: self._count].min()))
            high = max(high, int(self._numbers[: self._count].max()))
        span = high - low + 1
        if span > WIDEST_TABLE:
            self._table = np.zeros(0, np.int32)
            self._hash(4 * self._count + 2**16)
            return
        self._base = low
        self._table = np.full(min(WIDEST_TABLE, span + span // 4), UNKNOWN, np.int32)
        self._table[self._numbers[: self._count] - low] = np.arange(self._count, dtype=np.int32)

    def _hash(self, least: int) -> None:
        slots = 1 << max(16, int(least).bit_length())
        self._keys = np.zeros(slots, np.int64)
        self._values = np.full(slots, UNKNOWN, np.int32)
        again = self._numbers[: self._count].copy()
        _code_by_hash(again, self._keys, self._values, self._numbers, 0, np.empty(again.size, np.int32))


@njit(cache=True, nogil=True)
def _code_by_table(numbers, base, table, known, count, out):
    for row in range(numbers.size):
        number = numbers[row]
        code = table[number - base]
        if code < 0:
            code = count
            table[number - base] = code
            known[code] = number
            count += 1
        out[row] = code
    return count


@njit(cache=True, nogil=True)
def _code_by_hash(numbers, keys, values, known, count, out):
    mask = np.uint64(keys.size - 1)
    for row in range(numbers.size):
        number = numbers[row]
        mixed = np.uint64(number) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: the golden ratio of 64 bits
        slot = (mixed ^ (mixed >> np.uint64(32))) & mask
        while values[slot] >= 0 and keys[slot] != number:
            slot = (slot + np.uint64(1)) & mask
        if values[slot] < 0:
            keys[slot] = number
            values[slot] = count
            known[count] = number
            count += 1
        out[row] = values[slot]
    return count
