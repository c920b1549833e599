"""The encrypted container of a backup: one file, sealed whole, in which no byte can be changed, moved or cut off unseen.

Layout: the magic line; four bytes with the length of the header; the header as JSON (what is needed to derive the
key, and nothing about the city); then pieces of at most one mebibyte of a tar stream, each sealed with AES-256-GCM.
A piece's nonce is seven random bytes of the archive, one byte that marks the last piece, and a four-byte counter;
the header's hash is associated data of every piece. (The STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár, 2015.) The key of each archive is derived anew, from a key file or from a passphrase, which stay outside.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tongchou.cli.terminal import CommandError

MAGIC = b"TONGCHOU BACKUP 1\n"
PIECE = 1024 * 1024
TAG = 16
SCRYPT_COST = {"n": 2**15, "r": 8, "p": 1}
LONGEST_HEADER = 4096

Secret = bytes | str  # the 32 bytes of a key file, or a passphrase


class ArchiveError(CommandError):
    """The file is no backup, was altered, or another key sealed it."""


def read_key_file(path: Path, *, make: bool = False) -> bytes:
    """The 32 bytes of a key file; with ``make`` a missing one is made, readable by the owner alone.

    Raises:
        ArchiveError: where the file is missing or holds no key.
    """
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise ArchiveError(
            f"{path} 不是备份密钥文件：用 --key-file 指明作备份时的密钥，或用 --passphrase-file",
            f"{path} is no backup key: name the key of the backup with --key-file, or use --passphrase-file",
        )
    return key


def _derive(secret: Secret, header: dict[str, object]) -> AESGCM:
    salt = bytes.fromhex(str(header["salt"]))
    if isinstance(secret, bytes):
        key = HKDF(hashes.SHA256(), 32, salt, b"tongchou backup").derive(secret)
    else:
        cost = {name: int(str(header[name])) for name in SCRYPT_COST}
        if cost["n"] > 2**20 or cost["r"] > 32 or cost["p"] > 16:
            raise ValueError("the cost of the passphrase is out of reach")
        key = Scrypt(salt=salt, length=32, **cost).derive(secret.encode())
    return AESGCM(key)


class Writer:
    """A file-like target for ``tarfile``: seals what is written to it. Close it, or the archive will not open."""

    def __init__(self, file: BinaryIO, secret: Secret) -> None:
        kind = "key-file" if isinstance(secret, bytes) else "passphrase"
        header: dict[str, object] = {"secret": kind, "salt": secrets.token_hex(16), "nonce": secrets.token_hex(7)}
        if kind == "passphrase":
            header |= SCRYPT_COST
        written = json.dumps(header).encode()
        file.write(MAGIC + struct.pack(">I", len(written)) + written)
        self._file, self._cipher, self._bound = file, _derive(secret, header), hashlib.sha256(written).digest()
        self._nonce = bytes.fromhex(str(header["nonce"]))
        self._kept, self._count = bytearray(), 0

    def write(self, data: bytes) -> int:
        self._kept += data
        while len(self._kept) > PIECE:  # a full piece is kept back: it may yet be the last one
            self._seal(bytes(self._kept[:PIECE]), last=False)
            del self._kept[:PIECE]
        return len(data)

    def close(self) -> None:
        self._seal(bytes(self._kept), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        nonce = self._nonce + (b"\x01" if last else b"\x00") + struct.pack(">I", self._count)
        self._file.write(self._cipher.encrypt(nonce, piece, self._bound))
        self._count += 1

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()


class Reader:
    """A file-like source for ``tarfile``: opens the pieces and gives out nothing that was not sealed there.

    ``secret_for(kind)`` is asked for the secret once the header says whether a key file or a passphrase sealed it.
    """

    def __init__(self, file: BinaryIO, secret_for: Callable[[str], Secret]) -> None:
        if file.read(len(MAGIC)) != MAGIC:
            raise ArchiveError("这不是统筹的备份文件", "this is no backup file of Tongchou")
        try:
            (length,) = struct.unpack(">I", file.read(4))
            written = file.read(min(length, LONGEST_HEADER))
            header = json.loads(written)
            kind = str(header["secret"])
            self._nonce = bytes.fromhex(header["nonce"])
            self._cipher = _derive(secret_for(kind), header)
        except (struct.error, ValueError, KeyError, TypeError):
            raise ArchiveError("备份文件的文件头已损坏", "the header of the backup file is damaged") from None
        self._file, self._bound = file, hashlib.sha256(written).digest()
        self._kept, self._count, self._done = bytearray(), 0, False
        self._next = file.read(PIECE + TAG)

    def read(self, size: int = -1) -> bytes:
        while not self._done and (size < 0 or len(self._kept) < size):
            self._kept += self._open()
        end = len(self._kept) if size < 0 else size
        given = bytes(self._kept[:end])
        del self._kept[:end]
        return given

    def _open(self) -> bytes:
        sealed, self._next = self._next, self._file.read(PIECE + TAG)
        self._done = not self._next
        nonce = self._nonce + (b"\x01" if self._done else b"\x00") + struct.pack(">I", self._count)
        try:
            piece = self._cipher.decrypt(nonce, sealed, self._bound)
        except InvalidTag:
            raise ArchiveError(
                "备份无法打开：密钥不对，或文件被改动、截断；请换密钥，或用另一份备份",
                "the backup cannot be opened: the key is another one, or the file was altered or cut short;"
                " try the right key or another backup",
            ) from None
        self._count += 1
        return piece
