"""From codes and sums to the columns that a reader gets, and the single meetings behind one pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tongchou.engine.contacts.asking import Question, Within, visits_of
from tongchou.engine.contacts.certainty import WEIGHT_ONE, counted_weights
from tongchou.engine.contacts.columns import Columns
from tongchou.engine.contacts.contacts import Contacts, Meetings, Pair
from tongchou.engine.contacts.generations import Found, FoundMany
from tongchou.engine.contacts.kernels import ASKED, FIRST, FROM, TO, WEIGHTED, WHO
from tongchou.engine.contacts.numbering import UNKNOWN


def answer_of(
    question: Question, parts: Sequence[Found | FoundMany], first: Found, within: Within | None = None
) -> Contacts:
    """The columns of some parts, each in order already; ``first`` is the first generation, whether it is one of them or not."""
    bounds = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    columns = Columns.of(bounds[-1])
    for part, low, high in zip(parts, bounds[:-1], bounds[1:], strict=True):
        part.write(question, columns.part(low, high))
    dropped = {"persons": sum(part.persons_out for part in parts), "pairs": sum(part.pairs_out for part in parts)}
    return Contacts(
        **vars(columns),
        unknown_cases=question.cases[question.codes == UNKNOWN],
        dropped={what: count for what, count in dropped.items() if count},
        detail=_Detail(question, first, within),
    )


class _Detail:
    """Looks up the single meetings of a pair when they are asked for."""

    def __init__(self, question: Question, first: Found, within: Within | None) -> None:
        self._question, self._first, self._within = question, first, within

    def __call__(self, pair: Pair) -> Meetings:
        question = self._question
        turn = int(np.flatnonzero(question.cases == pair.case)[0])
        contact = question.index.persons.codes([pair.contact])
        if pair.generation == 1:
            return self._with_case(turn, int(contact[0]))
        return self._between(turn, contact)

    def _with_case(self, turn: int, contact: int) -> Meetings:
        question, one = self._question, slice(turn, turn + 1)
        asking = visits_of(question, question.codes[one], question.since[one], question.until[one])
        found = asking.encounters()
        found = found[found[:, WHO] == contact]
        if self._within is not None:
            found = self._within.clip(found, question.need)
        met = np.full(len(found), question.cases[turn])
        return self._meetings(asking.place[found[:, ASKED]], met, found, asking.weight[found[:, ASKED]])

    def _between(self, turn: int, contact: np.ndarray) -> Meetings:
        """From the contact's side: its visits, and who of the first generation was there after being exposed."""
        question, index = self._question, self._question.index
        rows = self._first.turns == turn
        via, sums = self._first.people[rows], self._first.sums[rows]
        within = Within(index, index.persons.numbers[via], sums[:, FIRST] + index.origin, np.full(via.size, question.until[turn] + index.origin))
        asking = visits_of(question, contact, sums[:, FIRST].min(keepdims=True), question.until[turn : turn + 1])
        found = within.clip(asking.encounters(), question.need)
        sure = np.zeros(len(index.persons), np.int64)
        sure[via] = counted_weights(question.rule.of(sums[:, WEIGHTED] / WEIGHT_ONE))
        weight = np.maximum(asking.weight[found[:, ASKED]] * sure[found[:, WHO]] // WEIGHT_ONE, 1)
        return self._meetings(asking.place[found[:, ASKED]], index.persons.numbers[found[:, WHO]], found, weight)

    def _meetings(self, place: np.ndarray, met: np.ndarray, found: np.ndarray, weight: np.ndarray) -> Meetings:
        index = self._question.index
        order = np.lexsort((met, place, found[:, TO], found[:, FROM]))
        start, end = found[order, FROM].astype(np.int64), found[order, TO].astype(np.int64)
        return Meetings(
            place=index.places.numbers[place[order]],
            met=met[order],
            start=start + index.origin,
            end=end + index.origin,
            weighted_s=(end - start) * weight[order] / WEIGHT_ONE,
        )
