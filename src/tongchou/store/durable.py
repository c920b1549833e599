"""Writing so that a crash at any point leaves the old file or the new one, whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sync_file(path: Path) -> None:
    """The file's bytes are on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """The names in a folder are on the disk when this returns: a renamed file is found under its new name after a crash."""
    sync_file(folder)


def put(path: Path, data: bytes) -> None:
    """``path`` holds ``data`` when this returns; after a crash on the way it holds what it held before."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_bytes(data)
    settle(beside, path)


def settle(beside: Path, path: Path) -> None:
    """Make the complete file ``beside`` the file ``path``, durably."""
    sync_file(beside)
    beside.replace(path)
    sync_folder(path.parent)


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Holds the folder against other writers, of this process or another; waits for them. It ends with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
