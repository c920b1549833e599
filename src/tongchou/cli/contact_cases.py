"""The case file of ``tongchou contacts``: who is asked, and when each counts. Every line is used or counted by its fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tongchou.cli.csv_lines import Line, fault, need_columns, read_lines
from tongchou.cli.terminal import CommandError

DAY_S = 86_400


@dataclass(frozen=True)
class AskedCases:
    """Cases once each, in the order of the file, with their windows; ``faults`` counts lines that could not be used.

    ``merged`` are lines of a person named before: their window is the span from the first start to the last end.
    """

    person: NDArray[np.int64]
    since: NDArray[np.int64]
    until: NDArray[np.int64]
    faults: dict[str, int]
    examples: tuple[str, ...]
    merged: int


def read_asked_cases(path: str | Path, days: float, *, backward: bool = False) -> AskedCases:
    """Cases of a CSV with ``person`` and ``onset``, or ``person``, ``from``, ``to``; seconds of the visits' clock.

    The window around an onset is [onset - days, onset + days); searched backwards it is [onset - days, onset).
    Raises CommandError where the columns are missing or no line can be used.
    """
    header, lines = read_lines(path)
    given = {"from", "to"} <= set(header)
    need_columns(str(path), header, ["person"] if given else ["person", "onset"])
    windows: dict[int, tuple[int, int]] = {}
    faults: Counter[str] = Counter()
    examples, merged = [], 0
    for line in lines:
        try:
            person, since, until = _case(line, given, round(days * DAY_S), backward)
        except _Unusable as error:
            faults[error.code] += 1
            examples.append(str(error))
            continue
        if person in windows:
            merged += 1
            since, until = min(since, windows[person][0]), max(until, windows[person][1])
        windows[person] = since, until
    if not windows:
        raise CommandError(f"{path} 没有可用的病例：{examples[0]}", f"{path} has no case that can be used: {examples[0]}")
    people = np.array(list(windows), np.int64)
    ends = np.array(list(windows.values()), np.int64)
    return AskedCases(people, ends[:, 0].copy(), ends[:, 1].copy(), dict(faults), tuple(examples[:5]), merged)


class _Unusable(Exception):
    def __init__(self, code: str, line: Line, zh: str, en: str) -> None:
        super().__init__(str(fault(line.number, zh, en)))
        self.code = code


def _case(line: Line, given: bool, around_s: int, backward: bool) -> tuple[int, int, int]:
    person = _whole(line, "person")
    if given:
        since, until = _whole(line, "from"), _whole(line, "to")
    else:
        onset = _whole(line, "onset")
        since, until = onset - around_s, onset if backward else onset + around_s
    if until < since:
        raise _Unusable("window_backwards", line, "to 早于 from", "to is before from")
    return person, since, until


def _whole(line: Line, column: str) -> int:
    text = line.cells[column]
    if not text:
        raise _Unusable("missing", line, f"{column} 为空", f"{column} is empty")
    try:
        number = int(text)
    except ValueError:
        raise _Unusable("not_whole", line, f"{column} 的“{text}”不是整数", f"{column}: {text!r} is no whole number") from None
    if not -(2**62) < number < 2**62:
        raise _Unusable("not_whole", line, f"{column} 的“{text}”超出 64 位整数", f"{column}: {text!r} does not fit 64 bits")
    return number
