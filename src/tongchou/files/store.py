"""Uploads at rest: sealed in chunks under the city's key, opened only into a private temporary file."""

from __future__ import annotations

import io
import os
import struct
import tempfile
import time
import uuid
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tongchou.audit.ids import uuid7

_CHUNK = 1 << 20
_NONCE = 8
#: a file that is still being written, or waits for its browser, is younger
_FORGOTTEN_S = 24 * 3600


def folder() -> Path:
    path = settings.DATA / "files"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


class Keeping:
    """A stored file while it is written: what is given to ``write`` is sealed chunk by chunk."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self._file, self._cipher, self._prefix = file, AESGCM(settings.KEYS.seal), os.urandom(_NONCE)
        self._number, self._rest = 0, b""
        file.write(self._prefix)

    def write(self, plain: bytes) -> None:
        self._rest += plain
        while len(self._rest) >= _CHUNK:
            piece, self._rest = self._rest[:_CHUNK], self._rest[_CHUNK:]
            self._seal(piece)

    def end(self) -> None:
        if self._rest:
            self._seal(self._rest)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _seal(self, piece: bytes) -> None:
        sealed = self._cipher.encrypt(self._prefix + struct.pack(">I", self._number), piece, f"{self.name}:{self._number}".encode())
        self._file.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


@contextmanager
def keeping() -> Iterator[Keeping]:
    """Seal to disk what is written in the ``with`` block; it stands durably under its id once the block has ended without an error."""
    name = str(uuid7())
    partial = folder() / f"{name}.part"
    try:
        with partial.open("wb") as file:
            kept = Keeping(file, name)
            yield kept
            kept.end()
        partial.rename(folder() / name)
    finally:
        partial.unlink(missing_ok=True)


def keep(chunks: Iterable[bytes]) -> str:
    """Seal a stream to disk, durably, and give its id."""
    with keeping() as kept:
        for chunk in chunks:
            kept.write(chunk)
    return kept.name


@contextmanager
def reading(name: str) -> Iterator[IO[bytes]]:
    """The plain content as a stream, never on disk. Raises OSError where it is gone, InvalidTag where it was altered."""
    pieces = _pieces(name)
    with closing(pieces), io.BufferedReader(_Pieces(pieces), _CHUNK) as stream:
        yield stream


class _Pieces(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        given = self._rest[: len(buffer)]
        buffer[: len(given)] = given
        self._rest = self._rest[len(given) :]
        return len(given)


@contextmanager
def opened(name: str) -> Iterator[Path]:
    """The plain file for the time of a ``with`` block, readable by this process's user alone."""
    handle, path = tempfile.mkstemp(prefix="tongchou-", dir=folder())
    try:
        with os.fdopen(handle, "wb") as plain:
            for piece in _pieces(name):
                plain.write(piece)
        yield Path(path)
    finally:
        Path(path).unlink(missing_ok=True)


def exists(name: str) -> bool:
    return bool(name) and (folder() / str(uuid.UUID(name))).exists()


def forget(name: str) -> None:
    """Delete a stored file; one that is gone already is no error."""
    if name:
        (folder() / str(uuid.UUID(name))).unlink(missing_ok=True)


def sweep(kept: Collection[str]) -> None:
    """Delete what nobody asks for any more: files a day old that are not among ``kept``, and what a process left that was killed."""
    before = time.time() - _FORGOTTEN_S
    for path in folder().iterdir():
        with suppress(FileNotFoundError):  # another process may forget it at the same time
            if path.name not in kept and path.stat().st_mtime < before:
                path.unlink()


def _pieces(name: str) -> Generator[bytes, None, None]:
    cipher = AESGCM(settings.KEYS.seal)
    with (folder() / str(uuid.UUID(name))).open("rb") as file:
        prefix, number = file.read(_NONCE), 0
        while head := file.read(4):
            sealed = file.read(struct.unpack(">I", head)[0])
            yield cipher.decrypt(prefix + struct.pack(">I", number), sealed, f"{name}:{number}".encode())
            number += 1

