"""Uploads at rest: sealed in chunks under the city's key, opened only into a private temporary file."""

from __future__ import annotations

import os
import struct
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tongchou.audit.ids import uuid7

_CHUNK = 1 << 20
_NONCE = 8


def folder() -> Path:
    path = settings.DATA / "files"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def keep(chunks: Iterable[bytes]) -> str:
    """Seal a stream to disk, durably, and give its id."""
    name = str(uuid7())
    cipher, prefix = AESGCM(settings.KEYS.seal), os.urandom(_NONCE)
    partial = folder() / f"{name}.part"
    with partial.open("wb") as file:
        file.write(prefix)
        for number, piece in enumerate(_even(chunks)):
            sealed = cipher.encrypt(prefix + struct.pack(">I", number), piece, f"{name}:{number}".encode())
            file.write(struct.pack(">I", len(sealed)) + sealed)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder() / name)
    return name


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


def _pieces(name: str) -> Iterator[bytes]:
    cipher = AESGCM(settings.KEYS.seal)
    with (folder() / str(uuid.UUID(name))).open("rb") as file:
        prefix, number = file.read(_NONCE), 0
        while head := file.read(4):
            sealed = file.read(struct.unpack(">I", head)[0])
            yield cipher.decrypt(prefix + struct.pack(">I", number), sealed, f"{name}:{number}".encode())
            number += 1


def _even(chunks: Iterable[bytes]) -> Iterator[bytes]:
    kept = b""
    for chunk in chunks:
        kept += chunk
        while len(kept) >= _CHUNK:
            yield kept[:_CHUNK]
            kept = kept[_CHUNK:]
    if kept:
        yield kept
