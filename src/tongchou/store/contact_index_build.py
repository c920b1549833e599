"""Building a contact index from files, and bringing one up to date where some of them have changed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.index import by_day, code_visits, group_days, origin_of, sort_numbering, together
from tongchou.engine.contacts.numbering import Coder, Numbering
from tongchou.engine.contacts.segment import (
    AT,
    DAY_FIRST,
    DAY_LAST,
    PERSONS,
    PLACES,
    ROWS,
    TABLE_COLUMNS,
    Coded,
    Words,
    new_segment,
    words_of_segment,
)
from tongchou.store.contact_index_manifest import Manifest, Source
from tongchou.store.visit_rows import RowCount, VisitFile, batches

# A coded visit is four 32-bit words; beside the visits stand Python, its libraries and two segments being sorted.
ROW_BYTES, BESIDE_BYTES = 16, 900_000_000
LEAST_BYTES = 100_000_000
THREADS = 2
Tell = Callable[[str, str], None]
Kept = dict[int, list[Coded]]
Group = tuple[int, int]


def say_nothing(zh: str, en: str) -> None:
    """A ``tell`` for callers who do not want to be told."""


class Builder:
    """One building or bringing up to date; the caller holds the folder's lock meanwhile."""

    def __init__(self, home: Path, files: list[VisitFile], memory_mb: int, tell: Tell) -> None:
        self.home, self.files, self.tell = home, files, tell
        self.room = max(memory_mb * 1_000_000 - BESIDE_BYTES, LEAST_BYTES)
        self.rows = sum(file.rows for file in files)
        self.origin = 0
        self.persons, self.places = Coder(), Coder()
        self.rank: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
        self.lines: list[NDArray[np.int64]] = []

    def build(self, serial: int) -> Manifest:
        """The whole index anew, in as many passes over the files as memory asks for."""
        passes = max(1, -(-self.rows * ROW_BYTES // self.room))
        self.tell(f"建立索引：{self.rows} 行，读 {passes} 遍", f"building the index: {self.rows} rows, passes: {passes}")
        self.origin = self._origin()
        kept: Kept = {}
        sources = tuple(self._read(file, kept if passes == 1 else None) for file in self.files)
        persons, places = self.persons.numbering(), self.places.numbering()
        if passes == 1:  # later passes go on with the codes as they were given
            (persons, person_rank), (places, place_rank) = sort_numbering(persons), sort_numbering(places)
            self.rank = person_rank, place_rank
        rows: Counter[int] = Counter()
        for source in sources:
            rows.update(source.days)
        groups = group_days(rows, self._heads())
        words = f"words-{serial}.bin"
        with (self.home / words).open("wb") as out:
            used = 0
            for share in _shares(groups, rows, passes):
                if passes > 1:
                    kept = self._read_days(self.files, _days_of(share))
                used = self._write(out, used, share, kept)
            os.fsync(out.fileno())
        return self._finished(serial, words, used, sources, persons, places)

    def update(self, old: Manifest) -> Manifest | None:
        """Only the segments whose days a changed file touches; None where building anew costs no more."""
        known = {source.path: source for source in old.sources}
        same = [file for file in self.files if str(file.path) in known and known[str(file.path)].is_still(file)]
        changed = [file for file in self.files if file not in same]
        if not self._is_little(changed):
            return None
        self.origin = old.origin
        persons, places = old.numberings(self.home)
        self.persons, self.places = Coder(persons), Coder(places)
        kept: Kept = {}
        fresh = {str(file.path): self._read(file, kept) for file in changed}
        gone = [source for path, source in known.items() if path not in {str(file.path) for file in same}]
        days, hit = _touched(old.table, set(kept).union(*(source.days for source in gone)))
        again = [file for file in same if days & known[str(file.path)].days.keys()]
        if not self._is_little([*changed, *again]):
            return None
        self.tell(
            f"更新索引：{len(changed)} 个文件有变化，另读 {len(again)} 个",
            f"updating the index: files changed {len(changed)}, read beside {len(again)}",
        )
        for day, parts in self._read_days(again, days).items():
            kept[day] = [*parts, *kept.get(day, [])]
        sources = tuple(fresh.get(str(file.path)) or known[str(file.path)] for file in self.files)
        words, used = self._room_for_more(old, old.table[~hit])
        groups = group_days({day: sum(one.person.size for one in parts) for day, parts in kept.items()}, self._heads())
        with (self.home / words).open("r+b") as out:
            out.seek(4 * used)
            used = self._write(out, used, groups, kept)
            out.truncate()
            os.fsync(out.fileno())
        return self._finished(old.serial + 1, words, used, sources, self.persons.numbering(), self.places.numbering())

    def _is_little(self, files: list[VisitFile]) -> bool:
        rows = sum(file.rows for file in files)
        return 2 * rows <= self.rows and rows * ROW_BYTES <= self.room

    def _heads(self) -> int:
        return len(self.persons) + 2 * len(self.places)

    def _origin(self) -> int:
        """The day of the first visit read; all others lie within 68 years of it, or are refused."""
        for file in self.files:
            for visits in batches(file.path, RowCount()):
                if len(visits):
                    return origin_of(visits.start)
        return 0

    def _coded(self, file: VisitFile, count: RowCount) -> Iterator[Coded]:
        for visits in batches(file.path, count):
            yield code_visits(visits, self.origin, self.persons, self.places)

    def _read(self, file: VisitFile, kept: Kept | None) -> Source:
        """One file, its visits kept by day where ``kept`` is given."""
        count, rows = RowCount(), Counter[int]()
        for coded in self._coded(file, count):
            for day, one in by_day(coded):
                rows[day] += one.person.size
                if kept is not None:
                    kept.setdefault(day, []).append(one)
        if self.rows >= 10_000_000:
            self.tell(f"已读 {file.path.name}：{count.read} 行", f"read {file.path.name}: {count.read} rows")
        return Source(str(file.path), file.size, file.written_ns, dict(rows), count)

    def _read_days(self, files: list[VisitFile], days: set[int]) -> Kept:
        kept: Kept = {}
        for file in files:
            for coded in self._coded(file, RowCount()):
                for day, one in by_day(coded):
                    if day in days:
                        kept.setdefault(day, []).append(one)
        return kept

    def _room_for_more(self, old: Manifest, table: NDArray[np.int64]) -> tuple[str, int]:
        """The file to add to and where, the lines of what stays. Where most of it would be dead, a new file without that."""
        sizes = [words_of_segment(int(line[ROWS]), int(line[PLACES]), int(line[PERSONS])) for line in table]
        if 2 * sum(sizes) >= old.used:
            self.lines = list(table)
            return old.words, old.used
        words, at = f"words-{old.serial + 1}.bin", 0
        mapped = old.mapped(self.home)
        with (self.home / words).open("wb") as out:
            for line, size in zip(table, sizes, strict=True):
                out.write(mapped[line[AT] : line[AT] + size].data.cast("B"))
                moved = line.copy()
                moved[AT] = at
                self.lines.append(moved)
                at += size
        return words, at

    def _write(self, out: BinaryIO, used: int, groups: list[Group], kept: Kept) -> int:
        """Sort and write the segments of ``groups``, two at a time; how many words are used then. Empties ``kept``."""
        syncs: list[Future[None]] = []
        with ThreadPoolExecutor(THREADS) as pool, ThreadPoolExecutor(1) as syncer:
            for turn in range(0, len(groups), THREADS):
                for line, words in pool.map(lambda group: self._segment(group, kept), groups[turn : turn + THREADS]):
                    line[AT] = used
                    self.lines.append(line)
                    used += words.size
                    out.write(words.data.cast("B"))
                out.flush()
                syncs.append(syncer.submit(os.fsync, out.fileno()))  # the disk works while the next segments are sorted
            for sync in syncs:
                sync.result()
        return used

    def _segment(self, group: Group, kept: Kept) -> tuple[NDArray[np.int64], Words]:
        first, last = group
        coded = together([one for day in range(first, last + 1) for one in kept.pop(day, [])])
        if self.rank is not None:
            coded = Coded(self.rank[0][coded.person], self.rank[1][coded.place], coded.start, coded.end)
        return new_segment(coded, len(self.places), len(self.persons), group)

    def _finished(
        self, serial: int, words: str, used: int, sources: tuple[Source, ...], persons: Numbering, places: Numbering
    ) -> Manifest:
        table = np.array(self.lines, np.int64).reshape(-1, TABLE_COLUMNS)
        manifest = Manifest(serial, self.origin, words, used, table, sources)
        manifest.write(self.home, persons, places)
        return manifest


def _touched(table: NDArray[np.int64], days: set[int]) -> tuple[set[int], NDArray[np.bool_]]:
    """All days of the segments that hold one of ``days``, and which segments: until no further one is touched."""
    days = set(days)
    while True:
        hit = np.array([any(line[DAY_FIRST] <= day <= line[DAY_LAST] for day in days) for line in table], bool)
        wider = days.union(*(range(int(line[DAY_FIRST]), int(line[DAY_LAST]) + 1) for line in table[hit]))
        if wider == days:
            return days, hit
        days = wider


def _days_of(groups: list[Group]) -> set[int]:
    return {day for first, last in groups for day in range(first, last + 1)}


def _shares(groups: list[Group], rows: Counter[int], passes: int) -> Iterator[list[Group]]:
    """The groups in ``passes`` runs, each of about as many visits."""
    most = -(-sum(rows.values()) // passes)
    share: list[Group] = []
    held = 0
    for group in groups:
        size = sum(rows[day] for day in range(group[0], group[1] + 1))
        if share and held + size > most:
            yield share
            share, held = [], 0
        share.append(group)
        held += size
    if share:
        yield share
