"""The city's secrets, kept as files outside the database and made once.

``session`` signs cookies; ``seal`` encrypts sealed fields; ``index`` keys their blind indexes;
``audit`` keys the hashes of personal values in the trail. A folder without them gets them the
first time, readable by the owner alone; a folder with only some of them is refused, because a
new key beside old data would make that data unreadable without a word.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

NAMES = ("session", "seal", "index", "audit")


class KeysIncomplete(Exception):
    """Some key files are missing from a folder that holds others."""

    def __init__(self, folder: Path, missing: list[str]) -> None:
        self.zh = f"{folder}：缺少密钥文件 {missing}，请从备份恢复"
        self.en = f"{folder}: key files {missing} are missing: restore them from the backup"
        super().__init__(f"{self.zh} / {self.en}")


@dataclass(frozen=True)
class Keys:
    session: str
    seal: bytes
    index: bytes
    audit: bytes


def load(folder: Path) -> Keys:
    """Read the key folder, making all keys where it holds none.

    Raises:
        KeysIncomplete: where some files are there and others are not.
    """
    missing = [name for name in NAMES if not (folder / name).exists()]
    if missing and len(missing) < len(NAMES):
        raise KeysIncomplete(folder, missing)
    if missing:
        _make(folder)
    parts = {name: (folder / name).read_text().strip() for name in NAMES}
    return Keys(parts["session"], *(bytes.fromhex(parts[name]) for name in NAMES[1:]))


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in NAMES:
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
