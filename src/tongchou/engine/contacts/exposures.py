"""What lists and seat maps say beside visits: the shared answer of ``seats`` and ``hubs``, and the one list of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.contacts import Contacts
from tongchou.engine.contacts.records import Ints
from tongchou.reason import Reason

#: Which evidence puts a pair on the list; bits of ``Merged.evidence``.
VISIT, SEAT, HUB = 1, 2, 4
#: How a rule grades a contact, the nearest first; a pair keeps the nearest of its grades.
CLOSE, UNPLACED, GENERAL = "close", "unplaced", "general"
GRADES = (CLOSE, UNPLACED, GENERAL)


class Exposure(NamedTuple):
    """One pair that a seat map or a list shows. Times in seconds, half-open; ``overlap_s`` is 0 where nobody measured it."""

    case: int
    contact: int
    generation: int
    overlap_s: int
    first: int
    last: int
    certainty: float
    grade: str
    evidence: int
    reason: Reason


@dataclass(frozen=True)
class Merged:
    """One list of all evidence: one row a case and contact, in order of generation, case and contact.

    Attributes:
        case, contact, generation, overlap_s, meetings, first, last, is_case: as in ``Contacts``; seats add to both sums.
        certainty: ``1 - product of (1 - c)`` over the evidence: each piece that stands alone leaves its own doubt.
        grade: index into ``GRADES``; visits alone are ``close``, since whoever asks sets the least overlap by the rule.
        evidence: bits ``VISIT``, ``SEAT``, ``HUB``.
        dropped: second-generation rows of people whom other evidence makes a first generation of any case.
    """

    case: Ints
    contact: Ints
    generation: NDArray[np.int8]
    overlap_s: Ints
    meetings: Ints
    first: Ints
    last: Ints
    certainty: NDArray[np.float64]
    grade: NDArray[np.int8]
    evidence: NDArray[np.int8]
    is_case: NDArray[np.bool_]
    dropped: int
    _visits: Contacts
    _visit_row: NDArray[np.intp]
    _reasons: dict[tuple[int, int], tuple[Reason, ...]]

    def __len__(self) -> int:
        return int(self.case.size)

    def ranked(self) -> NDArray[np.intp]:
        """The rows by grade, certainty, then time together."""
        return np.lexsort((-self.overlap_s, -self.certainty, self.grade))

    def why(self, row: int, most: int = 10) -> tuple[Reason, ...]:
        """Every reason for a row: what the visits say, then seats and lists."""
        said = self._visits.why(int(self._visit_row[row]), most) if self._visit_row[row] >= 0 else ()
        return (*said, *self._reasons.get((int(self.case[row]), int(self.contact[row])), ()))


def merge_exposures(visits: Contacts, exposures: Iterable[Exposure], cases: Sequence[int]) -> Merged:
    """Visit contacts and what seats and lists show, as one list.

    Args:
        visits: the answer of ``find_contacts`` for the same cases; may be empty.
        exposures: from ``find_seat_contacts`` and ``find_hub_contacts``.
        cases: everyone asked as a case: they are flagged, and are no second generation.
    """
    known = set(cases)
    first_hand = [one for one in exposures if one.generation == 1 or one.contact not in known]
    near = np.union1d(
        visits.contact[visits.generation == 1], np.array([one.contact for one in first_hand if one.generation == 1], np.int64)
    )
    kept_rows = np.flatnonzero((visits.generation == 1) | ~np.isin(visits.contact, near))
    near_people = set(near.tolist())
    kept = [one for one in first_hand if one.generation == 1 or one.contact not in near_people]
    dropped = len(visits) - kept_rows.size + len(first_hand) - len(kept)
    columns = _columns(visits, kept_rows, kept)
    order = np.lexsort((columns["contact"], columns["case"], columns["generation"]))
    columns = {name: column[order] for name, column in columns.items()}
    keys = np.column_stack([columns["generation"], columns["case"], columns["contact"]])
    starts = np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)])) if len(keys) else np.zeros(0, np.intp)
    over = lambda how, name: how.reduceat(columns[name], starts) if starts.size else columns[name]  # noqa: E731
    reasons: dict[tuple[int, int], tuple[Reason, ...]] = {}
    for one in kept:
        reasons[one.case, one.contact] = (*reasons.get((one.case, one.contact), ()), one.reason)
    contact = columns["contact"][starts]
    return Merged(
        case=columns["case"][starts], contact=contact, generation=columns["generation"][starts].astype(np.int8),
        overlap_s=over(np.add, "overlap_s"), meetings=over(np.add, "meetings"), first=over(np.minimum, "first"),
        last=over(np.maximum, "last"), certainty=1.0 - over(np.multiply, "doubt"), grade=over(np.minimum, "grade").astype(np.int8),
        evidence=over(np.bitwise_or, "evidence").astype(np.int8), is_case=np.isin(contact, np.array(sorted(known), np.int64)),
        dropped=dropped, _visits=visits, _visit_row=over(np.maximum, "visit_row"), _reasons=reasons,
    )  # fmt: skip


def _columns(visits: Contacts, rows: NDArray[np.intp], exposures: Sequence[Exposure]) -> dict[str, NDArray]:
    """Both kinds of evidence under each other, one row a piece."""
    count = rows.size
    others = {
        "case": [one.case for one in exposures], "contact": [one.contact for one in exposures],
        "generation": [one.generation for one in exposures], "overlap_s": [one.overlap_s for one in exposures],
        "meetings": [int(one.overlap_s > 0) for one in exposures], "first": [one.first for one in exposures],
        "last": [one.last for one in exposures], "grade": [GRADES.index(one.grade) for one in exposures],
        "evidence": [one.evidence for one in exposures], "visit_row": [-1] * len(exposures),
    }  # fmt: skip
    seen = {
        "case": visits.case[rows], "contact": visits.contact[rows], "generation": visits.generation[rows],
        "overlap_s": visits.overlap_s[rows], "meetings": visits.meetings[rows], "first": visits.first[rows],
        "last": visits.last[rows], "grade": np.zeros(count), "evidence": np.full(count, VISIT), "visit_row": rows,
    }  # fmt: skip
    joined = {name: np.concatenate([np.asarray(seen[name], np.int64), np.array(others[name], np.int64)]) for name in seen}
    certainty = np.concatenate([visits.certainty[rows].astype(np.float64), np.array([one.certainty for one in exposures], float)])
    return {**joined, "doubt": 1.0 - certainty}
