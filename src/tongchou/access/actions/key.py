"""Rotation of the sealing key: a new key seals what is written from now on, then every old value is sealed anew.

The old key stays in the key folder as ``seal.retired-<id>`` so that nothing becomes unreadable, whatever
stops the work; a second run carries on. A later run may drop it, when no value needs it any more.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from tongchou import audit
from tongchou.access import sealed
from tongchou.access.actor import Actor
from tongchou.access.adapters import SECOND_FACTOR_PLACE
from tongchou.access.errors import AccessError
from tongchou.access.roles import Role

BATCH_ROWS = 500
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Rotation:
    """``sealed_anew`` values were moved to the key ``key_id``; ``retired`` keys remain in the folder."""

    key_id: str
    sealed_anew: int
    retired: tuple[str, ...]


def rotate_key(*, by: Actor, new_key: bool = True, drop_old: bool = False, progress: Progress = lambda model, rows: None) -> Rotation:
    """Make a new key (unless ``new_key`` is False: then only carry on), seal old values anew, drop keys that nothing needs.

    Raises:
        AccessError: for anyone but the security administrator and the terminal.
    """
    if by.role not in (Role.SEC_ADMIN, Role.SYSTEM):
        raise AccessError("forbidden", "只有安全管理员可以更换密钥。", "Only the security administrator rotates keys.")
    ring = sealed.ring()
    old = set(ring.folder.glob("seal.retired-*"))  # only what an earlier run retired may be dropped: others may still write
    if new_key:
        _retire(ring.folder, _fresh())
        ring.reload()
    moved = sum(_reseal(model, field, progress) for model, field in sealed_fields()) + _reseal_second_factors()
    if drop_old:
        _drop(old)
        ring.reload()
    retired = tuple(path.name for path in sorted(ring.folder.glob("seal.retired-*")))
    audit.record(
        "rotate_key", ledger="user", object_id="", by=by.by, count=moved, changes={"key": ["", ring.current.hex()]}, note=" ".join(retired)
    )
    return Rotation(ring.current.hex(), moved, retired)


def sealed_fields() -> Iterator[tuple[type[models.Model], sealed.SealedField]]:
    """Every sealed field of the house."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, sealed.SealedField):
                yield model, field


def _fresh() -> bytes:
    return secrets.token_bytes(32)


def _retire(folder: Path, key: bytes) -> None:
    """Keep the present key under its id first, then put the new one in its place."""
    old = (folder / "seal").read_text().strip()
    _write(folder / f"seal.retired-{sealed.key_id(bytes.fromhex(old)).hex()}", old)
    _write(folder / "seal.next", key.hex())
    (folder / "seal.next").replace(folder / "seal")
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _reseal(model: type[models.Model], field: sealed.SealedField, progress: Progress) -> int:
    current, moved, last = sealed.ring().current, 0, None
    while True:
        rows = model._base_manager.exclude(**{f"{field.attname}__isnull": True}).order_by("pk")
        batch = list((rows.filter(pk__gt=last) if last is not None else rows).only("pk", field.attname)[:BATCH_ROWS])
        if not batch:
            return moved
        last = batch[-1].pk
        with transaction.atomic():
            for row in batch:
                stored = row.__dict__[field.attname]
                if not stored or bytes(stored[1:5]) == current:
                    continue
                fresh = sealed.seal(sealed.unseal(stored, field.place(row)), field.place(row))
                # Only where nobody wrote meanwhile: a newer value is sealed with the new key already.
                moved += model._base_manager.filter(pk=row.pk, **{field.attname: stored}).update(**{field.attname: fresh})
        progress(f"{model.__name__}.{field.name}", moved)


def _reseal_second_factors() -> int:
    current, moved = sealed.ring().current, 0
    for row in Authenticator.objects.all():
        data = {name: _moved(value, current) for name, value in row.data.items()}
        if data != row.data:
            row.data = data
            row.save(update_fields=["data"])
            moved += 1
    return moved


def _moved(value: Any, current: bytes) -> Any:
    """A sealed text of a second factor under the current key; anything else as it is."""
    if isinstance(value, list):
        return [_moved(part, current) for part in value]
    stored = _stored(value)
    if stored is None or stored[1:5] == current:
        return value
    return base64.b64encode(sealed.seal(sealed.unseal(stored, SECOND_FACTOR_PLACE), SECOND_FACTOR_PLACE)).decode()


def _stored(value: Any) -> bytes | None:
    try:
        stored = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        return None
    return stored if len(stored) > 32 and stored[0] == sealed.AES_GCM and stored[1:5] in sealed.ring().keys else None


def _drop(files: set[Path]) -> None:
    """Remove those retired keys by which no stored value is sealed any more."""
    needed: set[bytes] = set()
    for model, field in sealed_fields():
        for value in model._base_manager.exclude(**{f"{field.attname}__isnull": True}).values_list(field.attname, flat=True).iterator():
            if value:
                needed.add(bytes(value[1:5]))
    for path in files:
        if bytes.fromhex(path.name.removeprefix("seal.retired-")) not in needed:
            path.unlink()
