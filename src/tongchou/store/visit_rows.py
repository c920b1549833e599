"""Reading visits from Parquet: which files, which columns, and every row that cannot be used counted by its fault."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute, parquet

from tongchou.engine.contacts import Visits
from tongchou.engine.contacts.records import FAR_AHEAD

COLUMNS = ("person", "place", "start", "end")
MANIFEST = "visits.json"
BATCH_ROWS = 1_000_000


class VisitFileError(Exception):
    """The files cannot be read as visits; ``zh`` and ``en`` say what to hand instead."""

    def __init__(self, zh: str, en: str, *, code: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code = zh, en, code


@dataclass
class RowCount:
    """Every row read is in one of these.

    Attributes:
        good: visits taken.
        open_ends: of these, visits without an end, which go on.
        missing: rows without person or start.
        no_place: rows whose place is not known; they meet nobody.
        not_whole: rows with a fraction of a person, place or second.
        backwards: rows that end before they start.
    """

    good: int = 0
    open_ends: int = 0
    missing: int = 0
    no_place: int = 0
    not_whole: int = 0
    backwards: int = 0

    @property
    def bad(self) -> int:
        return self.missing + self.no_place + self.not_whole + self.backwards

    @property
    def read(self) -> int:
        return self.good + self.bad

    def add(self, other: RowCount) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def stored(self) -> dict[str, int]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True)
class VisitFile:
    """One Parquet file of visits as it stands: a changed file has another size or another time of writing."""

    path: Path
    size: int
    written_ns: int
    rows: int = field(compare=False, default=0)


def visit_files(path: str | Path) -> list[Path]:
    """The Parquet files of ``path``: a file, a folder of them, or a visit store, whose list of files is what counts.

    Raises VisitFileError where there is none.
    """
    where = Path(path)
    if (where / MANIFEST).is_file():
        days = json.loads((where / MANIFEST).read_text(encoding="utf-8"))["days"]
        return [where / part["name"] for day in sorted(days, key=int) for part in days[day]]
    files = sorted(where.rglob("*.parquet")) if where.is_dir() else [where] if where.is_file() else []
    if not files:
        raise VisitFileError(
            f"{where} 中没有 Parquet 文件：请给出一个 .parquet 文件或存放它们的文件夹",
            f"{where} holds no Parquet file: name a .parquet file or a folder of them",
            code="visits_missing",
        )
    return files


def state_of(path: Path) -> VisitFile:
    """The file as it stands. Raises VisitFileError where it is not Parquet with the four columns as numbers."""
    stat = path.stat()
    try:
        whole = parquet.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise VisitFileError(f"{path} 不是 Parquet 文件", f"{path} is not a Parquet file", code="not_parquet") from error
    with whole:
        schema = whole.schema_arrow
        wrong = [name for name in COLUMNS if name not in schema.names or not _usable(schema.field(name).type)]
        if wrong:
            raise VisitFileError(
                f"{path} 缺少整数列 {'、'.join(wrong)}；需要 person、place、start、end，均为整数，时间以秒计",
                f"{path} lacks the whole-number columns {', '.join(wrong)}; person, place, start and end are needed, times in seconds",
                code="columns_missing",
            )
        return VisitFile(path, stat.st_size, stat.st_mtime_ns, whole.metadata.num_rows)


def _usable(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_timestamp(kind)


def batches(path: Path, count: RowCount, columns: Sequence[str] = COLUMNS) -> Iterator[Visits]:
    """The good visits of a file, some at a time; what is left out is added to ``count``."""
    with parquet.ParquetFile(path) as whole:
        for batch in whole.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
            yield good_visits(batch, count)


def good_visits(batch: pa.RecordBatch | pa.Table, count: RowCount) -> Visits:
    """The rows that are visits; every row is counted once, by its first fault in the order of ``RowCount``."""
    read = {name: _numbers(batch.column(name)) for name in COLUMNS}
    missing = ~(read["person"].known & read["start"].known)
    no_place = ~read["place"].known & ~missing
    # an end that is missing goes on; an end that is there but no whole number is a fault
    ends = np.where(read["end"].known, read["end"].values, FAR_AHEAD)
    fraction = np.zeros(len(batch), bool)
    for one in read.values():
        fraction |= one.fraction
    fraction &= ~(missing | no_place)
    backwards = (ends < read["start"].values) & ~(missing | no_place | fraction)
    faulty = missing | no_place | fraction | backwards
    good = slice(None) if not faulty.any() else np.flatnonzero(~faulty)
    visits = Visits(read["person"].values[good], read["place"].values[good], read["start"].values[good], ends[good])
    count.add(
        RowCount(
            good=len(visits),
            open_ends=int(np.count_nonzero(visits.end == FAR_AHEAD)),
            missing=int(missing.sum()),
            no_place=int(no_place.sum()),
            not_whole=int(fraction.sum()),
            backwards=int(backwards.sum()),
        )
    )
    return visits


@dataclass(frozen=True)
class _Numbers:
    values: NDArray[np.int64]
    known: NDArray[np.bool_]
    fraction: NDArray[np.bool_]


def _numbers(column: Any) -> _Numbers:
    """A column as int64, with what is missing and what is no whole number (0 stands in their places)."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_timestamp(column.type):
        column = compute.floor_temporal(column, unit="second").cast(pa.timestamp("s")).cast(pa.int64())
    known = np.ones(len(column), bool) if column.null_count == 0 else compute.is_valid(column).to_numpy(zero_copy_only=False)
    none = np.zeros(len(column), bool)
    if pa.types.is_floating(column.type):
        raw = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
        known = known & ~np.isnan(raw)
        whole = (raw == np.floor(raw)) & (np.abs(raw) <= 2.0**53)
        return _Numbers(np.where(whole & known, raw, 0).astype(np.int64), known, known & ~whole)
    values = column.fill_null(0).to_numpy(zero_copy_only=False) if column.null_count else column.to_numpy()
    if values.dtype == np.uint64:
        large = values > np.uint64(2**63 - 1)
        return _Numbers(np.where(large, 0, values).astype(np.int64), known, large)
    return _Numbers(values.astype(np.int64, copy=False), known, none)
