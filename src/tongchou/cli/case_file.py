"""The one reader of case lists, infector links and contact outcomes for the commands of the engine: CSV in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tongchou.cli.csv_lines import Line, fault, need_columns, read_lines
from tongchou.cli.series_file import read_date
from tongchou.cli.terminal import CommandError
from tongchou.engine.chains import Cases, Links, read_cases, read_links

YES = ("1", "yes", "true", "imported", "是", "输入")
NO = ("0", "no", "false", "local", "否", "本地")
UNKNOWN = ("", "unknown", "na", "不详", "未知")
CASE_COLUMNS = ("case", "onset", "report", "imported", "isolated", "setting", "infector")
LINK_COLUMNS = ("infector", "infectee", "setting", "weight")


@dataclass(frozen=True)
class CaseFile:
    """``ids`` in the order of the rows; ``links`` from the column ``infector`` or a file of links, with the line of each."""

    ids: tuple[str, ...]
    cases: Cases
    links: Links
    link_lines: tuple[int, ...]
    link_ids: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class _Link:
    line: int
    infector: str
    infectee: str
    setting: str
    weight: float


def read_case_file(path: str | Path, links: str | Path | None = None) -> CaseFile:
    """Cases and links. Raises CommandError with the line at fault: a case twice, no case id, a date that is none."""
    header, lines = read_lines(path)
    need_columns(str(path), header, ["case", "onset"])
    if links is not None and "infector" in header:
        raise CommandError(
            f"{path} 有 infector 列，又给了 {links}：请只用一处",
            f"{path} has a column infector and {links} is given too: use one of them",
        )
    number: dict[str, int] = {}
    for line in lines:
        name = line.cells["case"]
        if not name:
            raise fault(line.number, "case 为空，请写病例编号", "case is empty; write the case's id")
        if name in number:
            raise fault(line.number, f"病例 {name} 出现两次", f"the case {name} is there twice")
        number[name] = len(number)
    columns = {
        name: [_date(line, name) for line in lines] for name in ("onset", "report", "isolated") if name in header
    }
    cases = read_cases(
        columns["onset"],
        reported_on=columns.get("report"),
        isolated_on=columns.get("isolated"),
        imported=[_imported(line) for line in lines] if "imported" in header else None,
    )
    settings = {line.cells["case"]: line.cells.get("setting", "") for line in lines}
    given, unused = (_own_links(lines), ()) if links is None else _link_file(links)
    ends = [(number.get(one.infector, -1), number.get(one.infectee, -1)) for one in given]
    return CaseFile(
        ids=tuple(number),
        cases=cases,
        links=read_links(
            [source for source, _target in ends],
            [target for _source, target in ends],
            weight=[one.weight for one in given],
            setting=np.array([one.setting or settings.get(one.infectee, "") for one in given], np.str_),
        ),
        link_lines=tuple(one.line for one in given),
        link_ids=tuple((one.infector, one.infectee) for one in given),
        unused=tuple(name for name in header if name not in CASE_COLUMNS) + unused,
    )


def read_contact_file(path: str | Path) -> tuple[list[str], list[int]]:
    """Setting and outcome (1, 0, -1 not known) of every contact; columns setting, infected."""
    header, lines = read_lines(path)
    need_columns(str(path), header, ["setting", "infected"])
    return [line.cells["setting"] for line in lines], [_flag(line, "infected") for line in lines]


def read_probabilities(path: str | Path) -> np.ndarray:
    """A delay by whole days: columns k (0, 1, 2, ... without a gap) and p (adding up to 1)."""
    header, lines = read_lines(path)
    need_columns(str(path), header, ["k", "p"])
    values = []
    for expected, line in enumerate(lines):
        if line.cells["k"] != str(expected):
            raise fault(
                line.number, f"k 应为 {expected}：从 0 起逐日写", f"k must be {expected}: one line a day from 0"
            )
        values.append(_number(line, "p"))
    return np.array(values)


def _own_links(lines: Sequence[Line]) -> list[_Link]:
    """Links of the cases' own column ``infector``; several ids are parted by semicolons."""
    return [
        _Link(line.number, source.strip(), line.cells["case"], "", 1.0)
        for line in lines
        for source in line.cells.get("infector", "").replace("；", ";").split(";")
        if source.strip()
    ]


def _link_file(path: str | Path) -> tuple[list[_Link], tuple[str, ...]]:
    header, lines = read_lines(path)
    need_columns(str(path), header, ["infector", "infectee"])
    links = []
    for line in lines:
        weight = _number(line, "weight") if line.cells.get("weight") else 1.0
        if weight <= 0:
            raise fault(line.number, "weight 须大于 0", "weight must be above 0")
        links.append(
            _Link(line.number, line.cells["infector"], line.cells["infectee"], line.cells.get("setting", ""), weight)
        )
    return links, tuple(name for name in header if name not in LINK_COLUMNS)


def _date(line: Line, column: str) -> np.datetime64:
    return (
        np.datetime64("NaT", "D")
        if line.cells[column].lower() in UNKNOWN
        else np.datetime64(read_date(line, column), "D")
    )


def _imported(line: Line) -> int:
    return _flag(line, "imported")


def _flag(line: Line, column: str) -> int:
    text = line.cells[column].lower()
    for value, words in ((1, YES), (0, NO), (-1, UNKNOWN)):
        if text in words:
            return value
    raise fault(
        line.number, f"{column} 的“{text}”请写 1、0 或留空", f"{column}: {text!r}; write 1, 0 or leave it empty"
    )


def _number(line: Line, column: str) -> float:
    text = line.cells[column]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise fault(line.number, f"{column} 的“{text}”不是数字", f"{column}: {text!r} is no number")
    return value
