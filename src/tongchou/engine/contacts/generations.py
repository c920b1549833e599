"""The first generation, the second, and the search backwards, as codes and sums."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts import kernels
from tongchou.engine.contacts.asking import Question, Within, is_out, visits_of
from tongchou.engine.contacts.certainty import WEIGHT_ONE, counted_weights
from tongchou.engine.contacts.columns import Columns
from tongchou.engine.contacts.kernels import FIRST, WEIGHTED
from tongchou.engine.contacts.many import Dense
from tongchou.engine.contacts.records import Ints

# Cases that one thread looks for in one go: more would make it copy what it has found while that grows.
CASES_AT_ONCE = 32


@dataclass(frozen=True)
class Found:
    """Pairs as the kernels leave them: turn of the case, code of the contact, sums."""

    generation: int
    turns: NDArray[np.int32]
    people: NDArray[np.int32]
    sums: Ints
    persons_out: int = 0
    pairs_out: int = 0

    def __len__(self) -> int:
        return int(self.people.size)

    def kept(self, mask: NDArray[np.bool_]) -> Found:
        return replace(self, turns=self.turns[mask], people=self.people[mask], sums=self.sums[mask])

    def gathered(self, _question: Question) -> Found:
        return self

    def write(self, question: Question, columns: Columns) -> None:
        """Itself into columns of its length."""
        columns.case[:], columns.generation[:] = question.cases[self.turns], self.generation
        columns.is_case[:] = _among(self.people, np.sort(question.every_case))
        _write_sums(question, self.people, self.sums, columns)


@dataclass(frozen=True)
class FoundMany:
    """The second generation of one case in a large part of a city: sums by person, not yet gathered."""

    turn: int
    dense: Dense
    left_out: NDArray[np.bool_]
    generation: int = 2
    persons_out: int = 0
    pairs_out: int = 0

    def __len__(self) -> int:
        return int(self.dense.rows.sum())

    def gathered(self, question: Question) -> Found:
        """The same in no more memory than its rows ask for."""
        persons = question.index.persons
        people, sums = kernels.pick(self.dense.sums, persons.order, self.left_out[persons.order])
        return Found(2, np.full(people.size, self.turn, np.int32), people, sums)

    def write(self, question: Question, columns: Columns) -> None:
        """Itself into columns of its length, by several threads."""
        persons = question.index.persons
        columns.case[:], columns.generation[:] = question.cases[self.turn], 2
        columns.is_case[:] = False  # cases are left out

        def write_part(span: tuple[slice, int, int]) -> None:
            lines, low, high = span
            codes = persons.order[lines]
            people, sums = kernels.pick(self.dense.sums[lines], codes, self.left_out[codes])
            _write_sums(question, people, sums, columns.part(low, high))

        with ThreadPoolExecutor(question.threads) as pool:
            list(pool.map(write_part, self.dense.spans()))


def _write_sums(question: Question, people: NDArray[np.int32], sums: Ints, columns: Columns) -> None:
    weighted = np.empty(people.size, np.float64)
    kernels.write_rows(
        people, sums, question.index.persons.numbers, question.index.origin, columns.contact, columns.overlap_s, weighted,
        columns.meetings, columns.first, columns.last, columns.places,
    )  # fmt: skip
    columns.certainty[:] = question.rule.of(weighted)


def _among(people: NDArray[np.int32], sorted_codes: NDArray[np.int32]) -> NDArray[np.bool_]:
    if sorted_codes.size == 0:
        return np.zeros(people.size, bool)
    at = np.minimum(np.searchsorted(sorted_codes, people), sorted_codes.size - 1)
    return sorted_codes[at] == people


def first_generation(question: Question) -> Found:
    """Everyone whom the cases met in their windows, exclusions applied, in the order of the answer."""
    index = question.index

    def search(part: slice) -> tuple[Any, Any, Any]:
        codes, since, until = question.codes[part], question.since[part], question.until[part]
        return kernels.search_each(
            index.words, index.table, codes, since, until, question.need, question.place_weight,
            index.persons.rank,
        )  # fmt: skip

    count = question.codes.size
    spans = [slice(low, low + CASES_AT_ONCE) for low in range(0, count, CASES_AT_ONCE)]
    if question.threads > 1 and len(spans) > 1:
        with ThreadPoolExecutor(question.threads) as pool:
            found = list(pool.map(search, spans))
    else:
        found = [search(span) for span in spans] or [search(slice(0, 0))]
    turns = np.concatenate([one[0] + np.int32(turn * CASES_AT_ONCE) for turn, one in enumerate(found)])
    people, sums = np.concatenate([one[1] for one in found]), np.concatenate([one[2] for one in found])
    return _without(question, Found(1, turns, people, sums))


def _without(question: Question, found: Found) -> Found:
    """The pairs that no exclusion takes out; how many it took is kept with them."""
    if question.persons_out.size:
        out = np.isin(found.people, question.persons_out)
        found = replace(found.kept(~out), persons_out=found.persons_out + int(out.sum()))
    if question.pairs_out.size:
        out = is_out(question, question.codes[found.turns], found.people)
        found = replace(found.kept(~out), pairs_out=found.pairs_out + int(out.sum()))
    return found


def second_generation(question: Question, first: Found, left_out: NDArray[np.bool_]) -> Iterator[Found | FoundMany]:
    """The second generation, one case at a time, so that a caller may write each out before the next is looked for.

    ``left_out`` says of every person whether they are a case, a generation-1 contact of any case, or excluded.
    """
    bounds = np.searchsorted(first.turns, np.arange(question.cases.size + 1))
    for turn in range(question.cases.size):
        rows = slice(bounds[turn], bounds[turn + 1])
        if rows.start < rows.stop:
            yield _second_of(question, turn, first.people[rows], first.sums[rows], left_out)


def nobody_left_out(question: Question) -> NDArray[np.bool_]:
    """Of every person whether they can be no generation-2 contact, before the first generation is known."""
    left_out = np.zeros(len(question.index.persons), np.bool_)
    left_out[question.every_case] = True
    left_out[question.persons_out] = True
    return left_out


def _second_of(
    question: Question, turn: int, via: NDArray[np.int32], via_sums: Ints, left_out: NDArray[np.bool_]
) -> Found | FoundMany:
    until = np.full(via.size, question.until[turn])
    sure = counted_weights(question.rule.of(via_sums[:, WEIGHTED] / WEIGHT_ONE))
    asking = visits_of(question, via, np.ascontiguousarray(via_sums[:, FIRST]), until, sure)
    found = asking.few()
    if found is None:
        return FoundMany(turn, asking.many(left_out), left_out)
    people, sums = kernels.sum_few(found, len(found), asking.place, asking.weight, question.index.persons.rank)
    kept = ~left_out[people]
    return Found(2, np.full(int(kept.sum()), turn, np.int32), people[kept], sums[kept])


def sources(question: Question, within: Within) -> Found:
    """Pairs of a case and a candidate, met within both their windows."""
    turns, who, sums = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros((0, kernels.SUMS), np.int64)]
    for turn in range(question.cases.size):
        one = slice(turn, turn + 1)
        asking = visits_of(question, question.codes[one], question.since[one], question.until[one])
        found = within.clip(asking.encounters(), question.need)
        met, sum_of = kernels.sum_few(found, len(found), asking.place, asking.weight, question.index.persons.rank)
        turns.append(np.full(met.size, turn, np.int32))
        who.append(met)
        sums.append(sum_of)
    found_all = Found(1, np.concatenate(turns), np.concatenate(who), np.concatenate(sums))
    return _without(question, found_all)
