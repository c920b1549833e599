"""The contact index of visits on disk: built once, memory-mapped, brought up to date by the days that changed.

It lies in a folder of its own:

    index.json                      what is in it: the table of segments, the files it was made from
    words-N.bin                     the segments (``tongchou.engine.contacts.segment``), only ever added to
    persons-N.npy, places-N.npy     the numbers behind the codes

``index.json`` is replaced atomically and last; what it does not name is not there. A crash at any point leaves the
index as it was before. Readers keep the map that they opened.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tongchou.engine.contacts import VisitIndex
from tongchou.store import durable
from tongchou.store.contact_index_build import Builder, Tell, say_nothing
from tongchou.store.contact_index_manifest import Manifest, read_manifest
from tongchou.store.visit_rows import RowCount, state_of, visit_files


@dataclass(frozen=True)
class StoredIndex:
    """An opened index.

    Attributes:
        index: what ``find_contacts`` is given.
        count: every row of the files, good or by its fault.
        done: ``reused``, ``updated`` (some days) or ``built``.
        folder: where it lies.
    """

    index: VisitIndex
    count: RowCount
    done: str
    folder: Path


def open_contact_index(
    path: str | Path, *, folder: str | Path | None = None, memory_mb: int = 4096, tell: Tell = say_nothing
) -> StoredIndex:
    """The index over the visits of ``path``, made or brought up to date where the files have changed since.

    Args:
        path: a Parquet file, a folder of them, or a visit store.
        folder: where the index is kept; by default beside ``path``, or in the cache folder where that cannot be written.
        memory_mb: how much memory building may take; where the visits need more they are read in several passes.
        tell: is told of long work, in Chinese and English.

    Raises:
        VisitFileError: no files, or columns missing.
        ContactError: times out of reach of 32-bit seconds.
    """
    home = Path(folder) if folder is not None else index_folder(Path(path))
    files = [state_of(file.resolve()) for file in visit_files(path)]
    manifest = read_manifest(home)
    if manifest is not None and manifest.is_current(files):
        return _opened(home, manifest, "reused")
    with durable.one_writer(home):
        manifest = read_manifest(home)  # another process may have done it while this one waited
        if manifest is not None and manifest.is_current(files):
            return _opened(home, manifest, "reused")
        done, fresh = "updated", None
        if manifest is not None:
            fresh = Builder(home, files, memory_mb, tell).update(manifest)
        if fresh is None:
            done, fresh = "built", Builder(home, files, memory_mb, tell).build(manifest.serial + 1 if manifest else 1)
        fresh.sweep(home)
        return _opened(home, fresh, done)


def index_folder(path: Path) -> Path:
    """Beside the visits, or in the user's cache folder where nothing can be written there."""
    whole = path.resolve()
    beside = whole.with_name(whole.name + ".index")
    if os.access(beside if beside.is_dir() else whole.parent, os.W_OK):
        return beside
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "tongchou" / "contact-index" / "_".join(whole.parts[1:])


def _opened(home: Path, manifest: Manifest, done: str) -> StoredIndex:
    count = RowCount()
    for source in manifest.sources:
        count.add(source.count)
    return StoredIndex(manifest.index(home), count, done, home)
