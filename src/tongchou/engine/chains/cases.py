"""Cases and infector links as arrays: what every question of this room is asked of.

A case is its row number. Days are ``datetime64[D]``, NaT where nobody knows. Ids, names and files stay outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.estimate import EstimateError

Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Reals = NDArray[np.float64]

YES, NO, UNKNOWN = 1, 0, -1


class ChainInputError(EstimateError):
    """Arrays that cannot be cases or links; both sentences say which row and what to do."""


@dataclass(frozen=True)
class Cases:
    """One entry a case in every array.

    Attributes:
        onset_on: day of the first symptom.
        reported_on: day on which the case was reported (in this house: confirmed).
        isolated_on: day on which the case could meet nobody any more.
        imported: 1 infected outside the area, 0 inside, -1 nobody knows.
    """

    onset_on: Days
    reported_on: Days
    isolated_on: Days
    imported: NDArray[np.int8]

    def __len__(self) -> int:
        return int(self.onset_on.size)

    @property
    def dated_on(self) -> Days:
        """Onset where it is known, else the day of the report: the day that orders a chain."""
        return np.where(np.isnat(self.onset_on), self.reported_on, self.onset_on)

    def known_by(self, as_of: np.datetime64) -> Flags:
        """The cases that were there at the close of ``as_of``: reported by then, or of onset by then where no report day stands."""
        day = np.where(np.isnat(self.reported_on), self.onset_on, self.reported_on)
        return np.isnat(day) | (day <= as_of)


@dataclass(frozen=True)
class Links:
    """Who may have infected whom, one entry a link. A case may have several possible infectors.

    Attributes:
        infector, infectee: row numbers of the cases; -1 for somebody who is in no row.
        weight: how likely the link is beside the other links of the same infectee; any positive scale.
        setting: where it happened, "" where nobody knows.
    """

    infector: Counts
    infectee: Counts
    weight: Reals
    setting: NDArray[np.str_]

    def __len__(self) -> int:
        return int(self.infector.size)


def read_cases(
    onset_on: ArrayLike, *, reported_on: ArrayLike | None = None, isolated_on: ArrayLike | None = None,
    imported: ArrayLike | None = None,
) -> Cases:  # fmt: skip
    """Cases from columns of equal length. What is left out is unknown for every case. Raises ChainInputError."""
    onset = _days(onset_on, "onset_on")
    size = onset.size
    reported = _days(reported_on, "reported_on", size)
    isolated = _days(isolated_on, "isolated_on", size)
    origin = np.full(size, UNKNOWN, np.int8) if imported is None else np.asarray(imported, np.int8)
    _same_length(origin, size, "imported")
    if not np.isin(origin, (YES, NO, UNKNOWN)).all():
        row = int(np.flatnonzero(~np.isin(origin, (YES, NO, UNKNOWN)))[0])
        raise ChainInputError(
            f"第 {row + 1} 例的 imported 应为 1（输入）、0（本地）或 -1（不详）",
            f"imported of case {row + 1} must be 1 (imported), 0 (local) or -1 (unknown)",
        )
    return Cases(onset, reported, isolated, origin)


def read_links(
    infector: ArrayLike, infectee: ArrayLike, *, weight: ArrayLike | None = None, setting: ArrayLike | None = None
) -> Links:
    """Links from columns of equal length; without ``weight`` all links of an infectee are equally likely."""
    source = np.asarray(infector, np.int64).reshape(-1)
    target = np.asarray(infectee, np.int64).reshape(-1)
    _same_length(target, source.size, "infectee")
    likely = np.ones(source.size) if weight is None else np.asarray(weight, np.float64)
    _same_length(likely, source.size, "weight")
    if not (np.isfinite(likely) & (likely > 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(likely) & (likely > 0)))[0])
        raise ChainInputError(
            f"第 {row + 1} 条链接的 weight 须为正数", f"the weight of link {row + 1} must be a positive number"
        )
    where = np.full(source.size, "") if setting is None else np.asarray(setting, np.str_)
    _same_length(where, source.size, "setting")
    return Links(source, target, likely, where)


def _days(values: ArrayLike | None, name: str, size: int | None = None) -> Days:
    if values is None:
        return np.full(size or 0, np.datetime64("NaT"), "datetime64[D]")
    try:
        days = np.asarray(values, dtype="datetime64[D]").reshape(-1)
    except ValueError as error:
        raise ChainInputError(
            f"{name} 有不是日期的值：{error}", f"{name} holds a value that is no day: {error}"
        ) from error
    if size is not None:
        _same_length(days, size, name)
    return days


def _same_length(values: NDArray[Any], size: int, name: str) -> None:
    if values.shape != (size,):
        raise ChainInputError(
            f"{name} 的长度 {values.size} 与其他栏（{size}）不同",
            f"{name} has {values.size} entries, the other columns {size}",
        )
