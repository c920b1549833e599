"""What a contact search is given: visits, windows, exclusions. All are arrays, all times whole seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.contacts.errors import ContactError

Ints = NDArray[np.int64]

# The ends of a window that is open: further from any visit than 32-bit seconds reach.
LONG_AGO, FAR_AHEAD = -(2**62), 2**62


@dataclass(frozen=True)
class Visits:
    """Who was where, from when until when. Four arrays of one length, one entry a visit, in any order.

    Attributes:
        person: whose visit; any 64-bit whole number.
        place: where; any 64-bit whole number. A place is one air and one crowd: a room, a shop, a bus on one run.
        start, end: whole seconds of one clock, half-open [start, end); instants (``datetime``, ``numpy.datetime64``,
            pandas) are taken as well and become seconds since 1970, those with a time zone of UTC. A visit that ends as it starts is allowed and meets nobody; one that has not
            ended yet has ``FAR_AHEAD`` as its end.

    Raises:
        ContactError: lengths differ, a value is no whole number or missing, or a visit ends before it starts.
    """

    person: Ints
    place: Ints
    start: Ints
    end: Ints

    def __post_init__(self) -> None:
        for name in ("person", "place", "start", "end"):
            object.__setattr__(self, name, whole_numbers(getattr(self, name), name))
        lengths = {name: getattr(self, name).size for name in ("person", "place", "start", "end")}
        if len(set(lengths.values())) > 1:
            raise ContactError(
                f"到访记录各列长度须相同：{lengths}", f"the columns of visits must be of one length: {lengths}", code="lengths"
            )
        wrong = int(np.count_nonzero(self.end < self.start))
        if wrong:
            raise ContactError(
                f"{wrong} 条到访的结束早于开始，请更正或剔除",
                f"{wrong} visits end before they start; correct them or leave them out",
                code="end_before_start",
            )

    def __len__(self) -> int:
        return int(self.person.size)


@dataclass(frozen=True)
class Window:
    """When a case counts: half-open [start, end), whole seconds; one pair for all cases, or an array entry a case.

    ``None`` leaves a side open. A window that ends as it starts holds nothing.
    """

    start: ArrayLike | None = None
    end: ArrayLike | None = None

    def of(self, cases: int) -> tuple[Ints, Ints]:
        """The two ends as arrays of length ``cases``. Raises ContactError where they do not fit or run backwards."""
        start = self._side(self.start, LONG_AGO, cases)
        end = self._side(self.end, FAR_AHEAD, cases)
        wrong = int(np.count_nonzero(end < start))
        if wrong:
            raise ContactError(
                f"{wrong} 个时间窗的终点早于起点", f"{wrong} windows end before they start", code="window_backwards"
            )
        return start, end

    @staticmethod
    def _side(given: ArrayLike | None, otherwise: int, cases: int) -> Ints:
        if given is None:
            return np.full(cases, otherwise, np.int64)
        side = whole_numbers(given, "window")
        if side.size == 1:
            return np.full(cases, side[0], np.int64)
        if side.size != cases:
            raise ContactError(
                f"时间窗有 {side.size} 个，病例有 {cases} 个：请每例一个，或全部共用一个",
                f"{side.size} windows for {cases} cases: give one for each, or one for all",
                code="window_length",
            )
        return side


@dataclass(frozen=True)
class Exclusions:
    """What must not count: people who are never contacts, places that are no meeting place, pairs known to be apart.

    Attributes:
        persons: never returned as a contact and never followed to a second generation (say, staff in full protection).
        places: visits there are not looked at (say, a code posted in the open street).
        pairs: shape (m, 2), two people each; their meetings with each other do not count, in either direction.
    """

    persons: ArrayLike = ()
    places: ArrayLike = ()
    pairs: ArrayLike = field(default=())

    def __post_init__(self) -> None:
        for name in ("persons", "places"):
            object.__setattr__(self, name, whole_numbers(getattr(self, name), name))
        pairs = np.asarray(self.pairs)
        if pairs.size and (pairs.ndim != 2 or pairs.shape[1] != 2):
            raise ContactError("排除的对子每行须为两个人", "an excluded pair is two people in a row", code="pairs_shape")
        object.__setattr__(self, "pairs", whole_numbers(pairs.ravel(), "pairs").reshape(-1, 2))


def whole_numbers(given: Any, name: str) -> Ints:
    """``given`` as a flat int64 array, instants as seconds since 1970.

    Raises ContactError for fractions, text, missing values and instants of which only some have a time zone.
    """
    array = np.atleast_1d(np.asarray(given))
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind == "O" and all(isinstance(one, datetime) for one in array.flat):
        return _seconds(array.ravel().tolist(), name)
    if array.dtype.kind == "M":
        if np.isnat(array).any():
            raise _not_whole(name)
        return np.ascontiguousarray(array.astype("datetime64[s]").astype(np.int64).ravel())
    if array.dtype.kind == "f" and np.isfinite(array).all() and np.array_equal(array, np.floor(array)):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu" or (array.dtype == np.uint64 and array.max() > np.iinfo(np.int64).max):
        raise _not_whole(name)
    return np.ascontiguousarray(array.astype(np.int64, copy=False).ravel())


def _seconds(instants: list[datetime], name: str) -> Ints:
    if any(one != one for one in instants):  # pandas' missing instant equals nothing
        raise _not_whole(name)
    if len({one.tzinfo is None for one in instants}) > 1:
        raise ContactError(
            f"{name} 列的时刻有的带时区、有的不带，请统一",
            f"{name}: some instants have a time zone and some have none; give all of them one or none",
            code="mixed_zones",
        )
    since = datetime(1970, 1, 1, tzinfo=None if instants[0].tzinfo is None else UTC)
    return np.array([(one - since) // timedelta(seconds=1) for one in instants], np.int64)


def _not_whole(name: str) -> ContactError:
    return ContactError(
        f"{name} 列须全部是整数（时间为秒，或时刻），不得缺失",
        f"{name} must be whole numbers throughout (times in seconds, or instants), none missing",
        code="not_whole",
    )
