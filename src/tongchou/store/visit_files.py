"""Visits as Parquet, one file a day: the layout that the index, DuckDB and Spark read alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from tongchou.engine.visits import VisitsOfDay

SCHEMA = pa.schema([(name, pa.int64()) for name in ("person", "place", "start", "end")])
ROWS_A_GROUP = 1 << 19


class VisitFilesError(Exception):
    """The folder cannot take the visits; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str, *, code: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code = zh, en, code


@dataclass(frozen=True)
class WrittenDay:
    """One finished file."""

    path: Path
    visits: int
    bytes: int


def day_file(folder: Path, day: object) -> Path:
    """Where the visits of a day lie."""
    return folder / f"visits-{day}.parquet"


def write_visits(folder: Path, days: Iterable[VisitsOfDay]) -> Iterator[WrittenDay]:
    """Each day to a file of its own, one at a time; a file appears whole under its name or not at all.

    Raises:
        VisitFilesError: where the folder already holds Parquet files, which would be counted with the new ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.rglob("*.parquet")):
        raise VisitFilesError(
            f"{folder} 中已有 Parquet 文件：请换一个空文件夹。",
            f"{folder} already holds Parquet files: name an empty folder.",
            code="folder_not_empty",
        )
    for visits in days:
        table = pa.table([visits.person, visits.place, visits.start, visits.end], schema=SCHEMA)
        path = day_file(folder, visits.day)
        half = path.with_suffix(f".{os.getpid()}.half")
        parquet.write_table(table, half, compression="zstd", row_group_size=ROWS_A_GROUP)
        with half.open("rb") as written:
            os.fsync(written.fileno())
        half.replace(path)
        yield WrittenDay(path, table.num_rows, path.stat().st_size)
