"""The tree as it stands now, kept in memory and renewed when it has changed.

Every change writes a new token into one row. Outside a transaction a reader asks for the token at most once a
second; inside one it asks once, for a transaction reads one tree (its own changes put the snapshot out of date at
once). A snapshot made inside a transaction ends with it, because the transaction may be rolled back.
"""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from tongchou.areas.tree import Change, Division, Tree
from tongchou.audit.ids import uuid7

RECHECK_SECONDS = 1.0
_FIELDS = (
    "code", "name", "level", "path", "parent_path", "valid_from_on", "valid_to_on", "urban_rural", "lon", "lat",
    "seat_datum",
)  # fmt: skip


class _Kept:
    def __init__(self, tree: Tree, token: UUID | None) -> None:
        self.tree, self.token, self.checked = tree, token, time.monotonic()


class _Local(threading.local):
    kept: _Kept | None = None
    blocks: tuple[Any, ...] = ()


_shared: _Kept | None = None
_local = _Local()


def tree() -> Tree:
    """The tree in force; hold on to it in a loop rather than asking again."""
    global _shared
    blocks = tuple(connection.atomic_blocks)
    if not blocks:
        if _shared is None or time.monotonic() - _shared.checked > RECHECK_SECONDS:
            _shared = _renewed(_shared)
        return _shared.tree
    if _local.kept is None or _local.blocks != blocks[: len(_local.blocks)]:
        _local.kept, _local.blocks = _renewed(_shared), blocks
    return _local.kept.tree


def touch() -> None:
    """Say that the tree has changed: called by every write to it."""
    apps.get_model("areas", "TreeStamp").objects.update_or_create(key="tree", defaults={"token": uuid7()})
    forget()
    if connection.in_atomic_block:  # another thread may read the old tree again before this one commits
        transaction.on_commit(forget)


def forget() -> None:
    """Drop what this process keeps."""
    global _shared
    _shared = None
    _local.kept, _local.blocks = None, ()


def _renewed(kept: _Kept | None) -> _Kept:
    """What is kept, if its token still stands; otherwise the tree read anew."""
    stamps = apps.get_model("areas", "TreeStamp").objects
    token = stamps.filter(key="tree").values_list("token", flat=True).first()
    if kept is not None and kept.token == token:
        return _Kept(kept.tree, token)
    return _Kept(_read(), token)


def _read() -> Tree:
    divisions = apps.get_model("areas", "Area").objects.values_list(*_FIELDS)
    changes = apps.get_model("areas", "AreaSuccession").objects.values_list(
        "from_path", "to_path", "changed_on", "share", "back_share", "kind"
    )
    return Tree.build(
        (Division(*row) for row in divisions),
        (
            Change(start, end, day, Fraction(share), None if back is None else Fraction(back), kind)
            for start, end, day, share, back, kind in changes
        ),
    )
