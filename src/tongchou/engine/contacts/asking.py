"""A question as the compiled loops take it, and visits whose encounters are wanted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.contacts import kernels
from tongchou.engine.contacts.certainty import WEIGHT_ONE, CertaintyRule, PlaceModifiers, counted_weights
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.index import VisitIndex, build_index
from tongchou.engine.contacts.kernels import ASKED, FROM, TO, WHO
from tongchou.engine.contacts.many import Dense, ManySums
from tongchou.engine.contacts.numbering import UNKNOWN
from tongchou.engine.contacts.records import Exclusions, Ints, Visits, Window, whole_numbers

# Below this many encounters a hash table is quicker than a line of sums for every person of the city.
FEW = 2**16
# People whose visits a thread collects at a time.
PEOPLE_A_TURN = 512


@dataclass(frozen=True)
class Question:
    """What is asked, as the kernels take it: codes, and seconds since the index's origin.

    ``every_case`` are the codes of all cases asked, where this is a part of a larger question.
    """

    index: VisitIndex
    every_case: NDArray[np.int32]
    cases: Ints
    codes: NDArray[np.int32]
    since: Ints
    until: Ints
    need: int
    place_weight: Ints
    persons_out: NDArray[np.int32]
    pairs_out: Ints
    rule: CertaintyRule
    threads: int

    def part(self, cases: slice) -> Question:
        """The same question about some of its cases."""
        one = {name: getattr(self, name)[cases] for name in ("cases", "codes", "since", "until")}
        return replace(self, **one)


def ask(
    visits: VisitIndex | Visits,
    cases: ArrayLike,
    window: Window | tuple[Any, Any],
    min_overlap_s: int,
    modifiers: PlaceModifiers | None,
    exclusions: Exclusions | None,
    certainty: CertaintyRule | None,
    threads: int,
) -> Question:
    index = build_index(visits) if isinstance(visits, Visits) else visits
    people = whole_numbers(cases, "cases")
    if np.unique(people).size != people.size:
        raise ContactError(
            "同一病例出现多次；请每人一个时间窗", "a case is asked twice; give each person one window", code="case_twice"
        )
    if min_overlap_s < 0:
        raise ContactError("最短接触秒数不得为负", "the least overlap must not be negative", code="min_overlap")
    since, until = window_of(window).of(people.size)
    out = exclusions or Exclusions()
    codes = index.persons.codes(people)
    persons_out = index.persons.codes(out.persons)
    return Question(
        index=index,
        every_case=codes[codes != UNKNOWN],
        cases=people,
        codes=codes,
        since=index.seconds(since),
        until=index.seconds(until),
        need=max(1, int(min_overlap_s)),
        place_weight=_place_weights(index, modifiers, out),
        persons_out=persons_out[persons_out != UNKNOWN],
        pairs_out=_pair_keys(index, out),
        rule=certainty or CertaintyRule(),
        threads=max(1, threads),
    )


def window_of(window: Window | tuple[Any, Any]) -> Window:
    return window if isinstance(window, Window) else Window(*window)


def _place_weights(index: VisitIndex, modifiers: PlaceModifiers | None, out: Exclusions) -> Ints:
    """A weight a place, 0 for an excluded one; empty where every second weighs 1."""
    excluded = index.places.codes(out.places)
    excluded = excluded[excluded != UNKNOWN]
    if modifiers is None and excluded.size == 0:
        return np.zeros(0, np.int64)
    weights = np.full(len(index.places), WEIGHT_ONE, np.int64)
    if modifiers is not None:
        codes = index.places.codes(modifiers.place)
        weights[codes[codes != UNKNOWN]] = counted_weights(modifiers.weights())[codes != UNKNOWN]
    weights[excluded] = 0
    return weights


def _pair_keys(index: VisitIndex, out: Exclusions) -> Ints:
    """Both directions of every excluded pair as one sorted number each."""
    pairs = np.asarray(out.pairs)
    codes = index.persons.codes(pairs.ravel()).reshape(-1, 2).astype(np.int64)
    codes = codes[(codes != UNKNOWN).all(axis=1)]
    return np.unique(np.concatenate([codes[:, 0] << 32 | codes[:, 1], codes[:, 1] << 32 | codes[:, 0]]))


def is_out(question: Question, one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.bool_]:
    keys = one.astype(np.int64) << 32 | other
    at = np.minimum(np.searchsorted(question.pairs_out, keys), question.pairs_out.size - 1)
    return question.pairs_out[at] == keys


@dataclass(frozen=True)
class Asking:
    """Visits whose encounters are wanted: arrays of one length, in order of place, then of start."""

    question: Question
    place: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    whose: NDArray[np.int32]
    weight: Ints

    def scan(self, visit: int, segment: int, stop: int, found: NDArray[np.int32]) -> tuple[int, int, int]:
        """``kernels.scan`` of the visits up to ``stop``."""
        index = self.question.index
        return kernels.scan(
            index.words, index.table, self.place[:stop], self.start[:stop], self.end[:stop], self.whose[:stop],
            self.question.need, visit, segment, found,
        )  # fmt: skip

    def without_pairs(self, found: NDArray[np.int32]) -> NDArray[np.int32]:
        """The encounters but those of excluded pairs."""
        if not self.question.pairs_out.size:
            return found
        return found[~is_out(self.question, self.whose[found[:, ASKED]], found[:, WHO])]

    def few(self) -> NDArray[np.int32] | None:
        """All encounters (who, from, until, which visit), or None where they are more than ``FEW``."""
        found = np.empty((FEW, 4), np.int32)
        count, visit, _segment = self.scan(0, 0, self.place.size, found)
        return self.without_pairs(found[:count]) if visit == self.place.size else None

    def encounters(self) -> NDArray[np.int32]:
        """All of them at once; for a few visits."""
        size, visit, segment = FEW, 0, 0
        parts = [np.zeros((0, 4), np.int32)]
        while visit < self.place.size:
            found = np.empty((size, 4), np.int32)
            count, visit, segment = self.scan(visit, segment, self.place.size, found)
            parts.append(self.without_pairs(found[:count]))
            size *= 2  # one place alone may have more visits than the array has lines
        return np.concatenate(parts)

    def many(self, left_out: NDArray[np.bool_]) -> Dense:
        """Sums of everyone met, for very many encounters; ``left_out`` by code."""
        persons = self.question.index.persons
        rank = np.zeros(0, np.int32) if persons.is_sorted else persons.rank
        lines_out = left_out if persons.is_sorted else left_out[persons.order]
        return ManySums(
            self.scan, self.without_pairs, self.place, self.weight, rank, lines_out, self.question.threads
        ).sums()


def visits_of(
    question: Question, codes: NDArray[np.int32], since: Ints, until: Ints, sure: Ints | None = None
) -> Asking:
    """The visits of some people within their windows, ready to be asked about.

    ``sure`` is how sure each of them is exposed, in 1/1024; None for cases, who are.
    """
    place, start, end, asked = _collected(question, codes, since, until)
    order = np.argsort(place.astype(np.int64) << 32 | start.astype(np.int64) + 2**31)
    weight, kept = kernels.weigh(place[order], question.place_weight)
    order = order[kept]
    place, start, end, asked, weight = place[order], start[order], end[order], asked[order], weight[kept]
    if sure is not None:
        weight = np.maximum(weight * sure[asked] // WEIGHT_ONE, 1)
    return Asking(question, place, start, end, np.ascontiguousarray(codes[asked]), weight)


def _collected(question: Question, codes: NDArray[np.int32], since: Ints, until: Ints) -> tuple[NDArray[np.int32], ...]:
    """``kernels.collect``, by several threads where the people are many."""
    index = question.index

    def collect(low: int) -> tuple[NDArray[np.int32], ...]:
        part = slice(low, low + PEOPLE_A_TURN)
        place, start, end, asked = kernels.collect(index.words, index.table, codes[part], since[part], until[part], question.need)
        return place, start, end, asked + np.int32(low)

    if codes.size <= PEOPLE_A_TURN:
        return collect(0)
    with ThreadPoolExecutor(question.threads) as pool:
        parts = list(pool.map(collect, range(0, codes.size, PEOPLE_A_TURN)))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


class Within:
    """People whose own windows count besides the case's: candidates of the search backwards."""

    def __init__(self, index: VisitIndex, people: Ints, since: Ints, until: Ints) -> None:
        codes = index.persons.codes(people)
        known = codes != UNKNOWN
        self._turn = np.full(len(index.persons), -1, np.int64)
        self._turn[codes[known]] = np.flatnonzero(known)
        self._since, self._until = index.seconds(since), index.seconds(until)

    def clip(self, found: NDArray[np.int32], need: int) -> NDArray[np.int32]:
        """The encounters with these people, each cut to its part within their windows, at least ``need`` seconds."""
        found = found[self._turn[found[:, WHO]] >= 0]
        turn = self._turn[found[:, WHO]]
        left, right = np.maximum(found[:, FROM], self._since[turn]), np.minimum(found[:, TO], self._until[turn])
        enough = right - left >= need
        found = found[enough].copy()
        found[:, FROM], found[:, TO] = left[enough], right[enough]
        return found
