"""What a contact search answers: pairs in columns, and for each pair why it is on the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.contacts.certainty import CertaintyRule
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.records import Ints
from tongchou.reason import Reason

COLUMNS = ("case", "contact", "overlap_s", "meetings", "first", "last", "generation", "certainty", "places", "is_case")


class Pair(NamedTuple):
    """One row of the answer; the names are those of the columns of ``Contacts``."""

    case: int
    contact: int
    overlap_s: int
    meetings: int
    first: int
    last: int
    generation: int
    certainty: float
    places: int
    is_case: bool


@dataclass(frozen=True)
class Meetings:
    """The meetings behind one pair, in order of time: arrays of one length, times clipped to the window that counts.

    ``met`` is the person met: the case itself, or for a second generation the generation-1 contact between them.
    ``weighted_s`` is overlap times the weights of place and person met (see ``certainty``).
    """

    place: Ints
    met: Ints
    start: Ints
    end: Ints
    weighted_s: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.place.size)


@dataclass(frozen=True)
class Contacts:
    """Pairs of a case and a person exposed to it (or, searched backwards, a person who may have infected it).

    Arrays of one length, one entry a pair, in order of generation, then of the cases as they were given, then of
    the contacts' numbers.

    Attributes:
        case, contact: the two people.
        overlap_s: seconds together, summed over meetings.
        meetings: how many meetings.
        first, last: start of the first exposure, end of the last, clipped to the window.
        generation: 1 met the case; 2 met a generation-1 contact of it.
        certainty: 0 to 1, as ``tongchou.engine.contacts.certainty`` defines it.
        places: at how many places they met.
        is_case: whether the contact is itself one of the cases asked.
        unknown_cases: cases of whom there is no visit at all: an empty answer there is no good news.
        dropped: what was taken out by exclusions, {what: pairs}.
    """

    case: Ints
    contact: Ints
    overlap_s: Ints
    meetings: NDArray[np.int32]
    first: Ints
    last: Ints
    generation: NDArray[np.int8]
    certainty: NDArray[np.float32]
    places: NDArray[np.int32]
    is_case: NDArray[np.bool_]
    unknown_cases: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    dropped: dict[str, int] = field(default_factory=dict)
    detail: Callable[[Pair], Meetings] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, columns: Mapping[str, Any], cases: ArrayLike, *, rule: CertaintyRule | None = None, **besides: Any) -> Contacts:
        """An answer from columns in any order, as another engine (DuckDB, PostgreSQL, Spark) returns them.

        Args:
            columns: case, contact, overlap_s, meetings, first, last, generation, places, and ``weighted_s`` where the
                engine weighs (else every second weighs 1, and a second generation's certainty is NaN: it hangs on the
                first one's).
            cases: the people asked, in the order of the answer.
            rule: how weighted seconds become certainty.
            besides: ``unknown_cases``, ``dropped``, ``detail``.
        """
        asked = np.asarray(cases, np.int64).ravel()
        place_of = {person: index for index, person in enumerate(asked.tolist())}
        case = np.asarray(columns["case"], np.int64)
        contact = np.asarray(columns["contact"], np.int64)
        generation = np.asarray(columns["generation"], np.int8)
        turn = np.fromiter((place_of[person] for person in case.tolist()), np.int64, case.size)
        order = np.lexsort((contact, turn, generation))
        overlap_s = np.asarray(columns["overlap_s"], np.int64)
        if "weighted_s" in columns:
            certainty = (rule or CertaintyRule()).of(columns["weighted_s"])
        else:
            certainty = np.where(generation == 1, (rule or CertaintyRule()).of(overlap_s), np.nan)
        return cls(
            case=case[order],
            contact=contact[order],
            overlap_s=overlap_s[order],
            meetings=np.asarray(columns["meetings"], np.int32)[order],
            first=np.asarray(columns["first"], np.int64)[order],
            last=np.asarray(columns["last"], np.int64)[order],
            generation=generation[order],
            certainty=certainty.astype(np.float32)[order],
            places=np.asarray(columns["places"], np.int32)[order],
            is_case=np.isin(contact[order], asked),
            **besides,
        )

    def __len__(self) -> int:
        return int(self.case.size)

    def __iter__(self) -> Iterator[Pair]:
        return (self.pair(row) for row in range(len(self)))

    def pair(self, row: int) -> Pair:
        """One row as plain Python numbers."""
        return Pair(*(getattr(self, name)[row].item() for name in COLUMNS))

    def rows_of(self, case: int, generation: int | None = None) -> NDArray[np.intp]:
        """The rows of one case, of one generation or of all."""
        rows = np.flatnonzero(self.case == case)
        return rows if generation is None else rows[self.generation[rows] == generation]

    def row_of(self, case: int, contact: int) -> int:
        """The row of one pair. Raises ContactError where the pair is not on the list."""
        rows = np.flatnonzero((self.case == case) & (self.contact == contact))
        if rows.size == 0:
            raise ContactError(
                f"{contact} 不在病例 {case} 的接触者之列", f"{contact} is not on the list of case {case}", code="no_pair"
            )
        return int(rows[0])

    def ranked(self) -> NDArray[np.intp]:
        """The rows by certainty, then time together, the highest first; equal ones in the order of the rows."""
        return np.lexsort((-self.overlap_s, -self.certainty))

    def meetings_of(self, row: int) -> Meetings:
        """Every meeting behind one row. Raises ContactError where the answer came from elsewhere than an index."""
        if self.detail is None:
            raise ContactError(
                "该结果不带逐次接触的明细；请用索引查询", "this answer carries no single meetings; ask the index", code="no_detail"
            )
        return self.detail(self.pair(row))

    def why(self, row: int, most: int = 10) -> tuple[Reason, ...]:
        """Why the pair of a row is on the list: the pair as a whole, then its longest meetings, at most ``most``.

        The codes are put into Chinese and English by ``tongchou.engine.contacts.words``.
        """
        pair = self.pair(row)
        values = {**pair._asdict(), "certainty_percent": round(pair.certainty * 100)}
        reasons = [Reason(f"contact.generation_{pair.generation}", values)]
        if pair.is_case:
            reasons.append(Reason("contact.is_case", {"contact": pair.contact}))
        if self.detail is None:
            return tuple(reasons)
        found = self.detail(pair)
        longest = np.argsort(found.start - found.end, kind="stable")[:most]
        for one in np.sort(longest):
            reasons.append(_meeting(found, int(one)))
        if len(found) > most:
            reasons.append(Reason("contact.more_meetings", {"more": len(found) - most}))
        return tuple(reasons)


def _meeting(found: Meetings, one: int) -> Reason:
    start, end = int(found.start[one]), int(found.end[one])
    weight = float(found.weighted_s[one]) / (end - start)
    values = {
        "place": int(found.place[one]), "met": int(found.met[one]), "start": start, "end": end,
        "overlap_s": end - start, "weight": round(weight, 3),
    }  # fmt: skip
    return Reason("contact.meeting" if values["weight"] == 1 else "contact.meeting_weighted", values)
