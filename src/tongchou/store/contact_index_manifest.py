"""What a contact index on disk says of itself: one small file, replaced atomically, that names all others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts import VisitIndex
from tongchou.engine.contacts.index import open_index
from tongchou.engine.contacts.numbering import Numbering
from tongchou.engine.contacts.segment import TABLE_COLUMNS, Words
from tongchou.store import durable
from tongchou.store.visit_rows import RowCount, VisitFile

FORMAT = 1
NAME = "index.json"


@dataclass(frozen=True)
class Source:
    """One file that the index was made from: how it stood, its visits by day of starting, its rows by fault."""

    path: str
    size: int
    written_ns: int
    days: dict[int, int] = field(default_factory=dict)
    count: RowCount = field(default_factory=RowCount)

    def is_still(self, file: VisitFile) -> bool:
        return (self.path, self.size, self.written_ns) == (str(file.path), file.size, file.written_ns)


@dataclass(frozen=True)
class Manifest:
    """Days count from the origin; ``used`` is how many 32-bit words of ``words`` count; ``serial`` grows with each change."""

    serial: int
    origin: int
    words: str
    used: int
    table: NDArray[np.int64]
    sources: tuple[Source, ...]

    @property
    def persons(self) -> str:
        return f"persons-{self.serial}.npy"

    @property
    def places(self) -> str:
        return f"places-{self.serial}.npy"

    def write(self, home: Path, persons: Numbering, places: Numbering) -> None:
        """Make it what the folder holds. The words must be on the disk already."""
        for name, numbering in ((self.persons, persons), (self.places, places)):
            np.save(home / name, numbering.numbers)
            durable.sync_file(home / name)
        sources = [{**vars(one), "count": one.count.stored()} for one in self.sources]
        whole = {**vars(self), "format": FORMAT, "table": self.table.tolist(), "sources": sources}
        durable.put(home / NAME, json.dumps(whole, ensure_ascii=False).encode())

    def numberings(self, home: Path) -> tuple[Numbering, Numbering]:
        return Numbering(np.load(home / self.persons)), Numbering(np.load(home / self.places))

    def mapped(self, home: Path) -> Words:
        if self.used == 0:
            return np.zeros(0, np.int32)
        return np.asarray(np.memmap(home / self.words, np.int32, "r", shape=(self.used,)))

    def index(self, home: Path) -> VisitIndex:
        return open_index(self.mapped(home), self.table, *self.numberings(home), self.origin)

    def is_current(self, files: list[VisitFile]) -> bool:
        known = {source.path: source for source in self.sources}
        return known.keys() == {str(file.path) for file in files} and all(known[str(file.path)].is_still(file) for file in files)

    def sweep(self, home: Path) -> None:
        """Take away what earlier versions, and writers that did not finish, have left."""
        kept = {NAME, "lock", self.words, self.persons, self.places}
        for path in home.iterdir():
            if path.name not in kept:
                path.unlink()


def read_manifest(home: Path) -> Manifest | None:
    """What the folder holds; None where it holds nothing whole of this format."""
    try:
        whole = json.loads((home / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if whole.pop("format") != FORMAT:
        return None
    whole["table"] = np.array(whole["table"], np.int64).reshape(-1, TABLE_COLUMNS)
    whole["sources"] = tuple(
        Source(**{**one, "days": {int(day): rows for day, rows in one["days"].items()}, "count": RowCount(**one["count"])})
        for one in whole["sources"]
    )
    manifest = Manifest(**whole)
    parts = [home / name for name in (manifest.words, manifest.persons, manifest.places)]
    return manifest if all(part.is_file() for part in parts) and parts[0].stat().st_size >= 4 * manifest.used else None
