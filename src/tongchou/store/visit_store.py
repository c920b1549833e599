"""A city's visits as Parquet by day: added durably, gathered into one file a day, a day replaced at once.

A store is a folder of Parquet files and ``visits.json``, which says which of them count. That file is replaced
atomically and last, so a crash at any point leaves the store as it was before; what it does not name is swept away by
the next writer. ``tongchou.store.visit_rows.visit_files`` reads it, and so do the index and the other engines.

A visit lies in the file of the day on which it starts; asked for a day, the store also finds those that began on an
earlier day and had not ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tongchou.engine.contacts import Visits
from tongchou.engine.contacts.records import FAR_AHEAD
from tongchou.store import durable
from tongchou.store.visit_rows import COLUMNS, MANIFEST, RowCount, VisitFileError, batches, good_visits

DAY_S = 86_400
FORMAT = 1
SCHEMA = pa.schema([(name, pa.int64()) for name in COLUMNS])


@dataclass(frozen=True)
class Part:
    """One file of one day. ``last_end`` lets a reader of later days pass it over."""

    name: str
    rows: int
    last_end: int


@dataclass(frozen=True)
class Listing:
    """What counts: parts by day number, and the keys of what was taken in, each with its rows."""

    serial: int = 0
    utc_offset_s: int = 0
    days: Mapping[int, tuple[Part, ...]] = field(default_factory=dict)
    keys: Mapping[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What became of a batch. ``again`` where its key was known: nothing was added a second time."""

    count: RowCount
    days: tuple[int, ...]
    again: bool = False


class VisitStore:
    """Visits in a folder. Any number of readers and one writer at a time, in one process or several."""

    def __init__(self, folder: str | Path, *, utc_offset_s: int | None = None) -> None:
        """Opens a store; an empty or new folder becomes one with the first visits.

        Args:
            utc_offset_s: where the visits count seconds since 1970, how far the city's midnight lies before that of
                UTC (28,800 in China); 0 for a clock of the city's own. It is kept with the first visits.

        Raises:
            VisitFileError: the folder holds other Parquet files, or a store with another midnight.
        """
        self.folder = Path(folder)
        listing = self._read()
        if listing.serial == 0 and self.folder.is_dir() and any(self.folder.rglob("*.parquet")):
            raise VisitFileError(
                f"{self.folder} 中已有不属于到访库的 Parquet 文件：请换一个空文件夹，再把它们导入",
                f"{self.folder} holds Parquet files that are no visit store's: name an empty folder and ingest them",
                code="folder_not_empty",
            )
        if listing.serial and utc_offset_s not in (None, listing.utc_offset_s):
            raise VisitFileError(
                f"该到访库的日界为 UTC{listing.utc_offset_s:+} 秒，不能改为 {utc_offset_s}",
                f"the days of this store begin at UTC {listing.utc_offset_s:+} s; that cannot become {utc_offset_s}",
                code="utc_offset",
            )
        self._offset = listing.utc_offset_s if listing.serial else utc_offset_s or 0

    def day_of(self, instant: int) -> int:
        """The number of the day of a second: days since 1 January 1970 where seconds count from there."""
        return (instant + self._offset) // DAY_S

    def days(self) -> dict[int, int]:
        """How many visits start on each day."""
        return {day: sum(part.rows for part in parts) for day, parts in sorted(self._read().days.items())}

    def ingest(self, visits: Visits | pa.Table | Iterable[Path], *, key: str = "") -> Taken:
        """Adds visits; they are on the disk when this returns, all of them or none.

        Args:
            visits: arrays, a table with the four columns, or Parquet files; rows that are no visit are counted.
            key: names the batch. Where a batch of that key was taken in before, nothing is added, so a sender that
                does not know whether it got through may send again.
        """
        with durable.one_writer(self.folder):
            listing = self._swept()
            if key and key in listing.keys:
                return Taken(RowCount(**listing.keys[key]), (), again=True)
            count = RowCount()
            new: dict[int, list[Part]] = {}
            for turn, batch in enumerate(_batches(visits, count)):
                for day, rows in self._by_day(batch):
                    new.setdefault(day, []).append(self._part(day, rows, listing.serial + 1, turn))
            merged = {day: (*listing.days.get(day, ()), *new.get(day, ())) for day in {*listing.days, *new}}
            self._commit(listing, merged, {**listing.keys, **({key: count.stored()} if key else {})})
            return Taken(count, tuple(sorted(new)))

    def replace_day(self, day: int, visits: Visits | pa.Table) -> Taken:
        """The day holds these visits and no others when this returns; before that, and after a crash, what it held.

        Raises VisitFileError where one of them starts on another day.
        """
        count = RowCount()
        whole = next(_batches(visits, count))
        other = int(np.count_nonzero((whole.start + self._offset) // DAY_S != day))
        if other:
            raise VisitFileError(
                f"{other} 条到访不在第 {day} 天开始", f"{other} visits do not start on day {day}", code="other_day"
            )
        with durable.one_writer(self.folder):
            listing = self._swept()
            parts = (self._part(day, whole, listing.serial + 1, 0),) if len(whole) else ()
            days = {**listing.days, day: parts}
            self._commit(listing, {one: held for one, held in days.items() if held}, listing.keys)
        return Taken(count, (day,))

    def compact(self) -> tuple[int, ...]:
        """Days that lie in several files become one file each, sorted by place and start; which days those were."""
        with durable.one_writer(self.folder):
            listing = self._swept()
            several = [day for day, parts in listing.days.items() if len(parts) > 1]
            if not several:
                return ()
            days = dict(listing.days)
            for day in several:
                visits = _joined([self._load(part) for part in days[day]])
                order = np.lexsort((visits.start, visits.place))
                days[day] = (self._part(day, _taken(visits, order), listing.serial + 1, 0),)
            self._commit(listing, days, listing.keys)
            self._swept()
            return tuple(sorted(several))

    def read(self, since: int, until: int) -> Visits:
        """Every visit of which a second lies in [since, until), from whichever day it began."""
        whole = self._load_until(self.day_of(until - 1), since)
        return _taken(whole, np.flatnonzero((whole.start < until) & (whole.end > since)))

    def read_day(self, day: int) -> Visits:
        """Every visit that touches a day; one over midnight is found on both days."""
        begins = day * DAY_S - self._offset
        return self.read(begins, begins + DAY_S)

    def _by_day(self, visits: Visits) -> list[tuple[int, Visits]]:
        day = (visits.start + self._offset) // DAY_S
        return [(int(one), _taken(visits, np.flatnonzero(day == one))) for one in np.unique(day)]

    def _part(self, day: int, visits: Visits, serial: int, turn: int) -> Part:
        """One new file, whole and on the disk; it counts once it is listed."""
        ends = pa.array(visits.end, mask=visits.end == FAR_AHEAD)
        table = pa.table([visits.person, visits.place, visits.start, ends], schema=SCHEMA)
        path = self.folder / f"day-{day}-{serial}-{turn}.parquet"
        beside = path.with_suffix(".tmp")
        parquet.write_table(table, beside, compression="zstd")
        durable.settle(beside, path)
        return Part(path.name, len(visits), int(visits.end.max()))

    def _load_until(self, last: int, since: int) -> Visits:
        """The parts of the days up to ``last`` that hold a visit ending after ``since``."""
        while True:
            listing = self._read()
            parts = [part for day, held in sorted(listing.days.items()) if day <= last for part in held]
            try:
                return _joined([self._load(part) for part in parts if part.last_end > since])
            except FileNotFoundError:
                if self._read().serial == listing.serial:  # else a writer has replaced it meanwhile: read what now counts
                    raise

    def _load(self, part: Part) -> Visits:
        return _joined(list(batches(self.folder / part.name, RowCount())))

    def _read(self) -> Listing:
        try:
            whole = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Listing()
        if whole["format"] != FORMAT:
            raise VisitFileError(
                f"到访库格式为 {whole['format']}，本版本只读 {FORMAT}",
                f"the store has format {whole['format']}; this version reads {FORMAT}",
                code="format",
            )
        days = {int(day): tuple(Part(**part) for part in parts) for day, parts in whole["days"].items()}
        return Listing(whole["serial"], whole["utc_offset_s"], days, whole["keys"])

    def _swept(self) -> Listing:
        """The listing, once files that it does not name are gone."""
        listing = self._read()
        named = {part.name for parts in listing.days.values() for part in parts}
        for path in (*self.folder.glob("day-*.parquet"), *self.folder.glob("*.tmp")):
            if path.name not in named:
                path.unlink()
        return listing

    def _commit(self, old: Listing, days: Mapping[int, tuple[Part, ...]], keys: Mapping[str, Any]) -> None:
        whole = {
            "format": FORMAT, "serial": old.serial + 1, "utc_offset_s": self._offset, "keys": dict(keys),
            "days": {str(day): [vars(part) for part in parts] for day, parts in sorted(days.items())},
        }  # fmt: skip
        durable.put(self.folder / MANIFEST, json.dumps(whole, indent=1).encode())


def _batches(visits: Visits | pa.Table | Iterable[Path], count: RowCount) -> Iterator[Visits]:
    if isinstance(visits, Visits):
        count.add(RowCount(good=len(visits), open_ends=int(np.count_nonzero(visits.end == FAR_AHEAD))))
        yield visits
    elif isinstance(visits, pa.Table):
        yield good_visits(visits, count)
    else:
        for path in visits:
            yield from batches(path, count)


def _joined(parts: list[Visits]) -> Visits:
    columns = [np.concatenate([np.zeros(0, np.int64), *(getattr(one, name) for one in parts)]) for name in COLUMNS]
    return Visits(*columns)


def _taken(visits: Visits, rows: Any) -> Visits:
    return Visits(*(getattr(visits, name)[rows] for name in COLUMNS))
