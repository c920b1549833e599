"""A POST sent twice has one effect and one answer (shared/reliability.md I8; IETF Idempotency-Key draft 07)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction

from tongchou import citytime
from tongchou.access.errors import AccessError
from tongchou.access.models import IdempotencyKey

KEEP_DAYS = 30
IN_FLIGHT_MINUTES = 10


@dataclass(frozen=True)
class Kept:
    """The answer that was given the first time."""

    status: int
    body: bytes
    content_type: str


class KeyInFlight(AccessError):
    """409: the first request with this key is still being worked on."""

    def __init__(self) -> None:
        super().__init__("key_in_flight", "同一请求正在处理，请稍后查询结果。", "The same request is being worked on; ask again later.")


class KeyReused(AccessError):
    """422: the key was used with another body."""

    def __init__(self) -> None:
        super().__init__("key_reused", "此幂等键已用于另一请求，请换一个键。", "This key was used with another body; use a new key.")


def begin(*, owner: str, key: str, body: bytes) -> tuple[IdempotencyKey | None, Kept | None]:
    """Claim a key before the work is done: (claim, None), or (None, the kept answer) for a repeat.

    A claim whose worker died is taken over after ten minutes; the work itself is in one transaction
    with ``finish``, so a dead worker left no effect. Keys older than thirty days count as new.

    Raises:
        KeyInFlight, KeyReused, AccessError: for a claim not yet answered, another body, a key that is no key.
    """
    if not key or len(key) > 200 or not key.isascii():
        raise AccessError("bad_key", "幂等键应为 1 到 200 个 ASCII 字符。", "An idempotency key is 1 to 200 ASCII characters.")
    digest, now = hashlib.sha256(body).hexdigest(), citytime.now()
    IdempotencyKey.objects.filter(owner=owner, key=key, made_at__lt=now - timedelta(days=KEEP_DAYS)).delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(owner=owner, key=key, body_hash=digest, made_at=now), None
    except IntegrityError:
        row = IdempotencyKey.objects.filter(owner=owner, key=key).first()
    if row is None:
        raise KeyInFlight
    if row.body_hash != digest:
        raise KeyReused
    if row.status:
        return None, Kept(row.status, bytes(row.response), row.content_type)
    stale = IdempotencyKey.objects.filter(pk=row.pk, status=0, made_at__lt=now - timedelta(minutes=IN_FLIGHT_MINUTES))
    if stale.update(made_at=now):
        row.made_at = now
        return row, None
    raise KeyInFlight


def finish(*, claim: IdempotencyKey, status: int, body: bytes, content_type: str) -> None:
    """Keep the answer. Call it inside the transaction of the work."""
    claim.status, claim.response, claim.content_type = status, body, content_type[:80]
    claim.save(update_fields=["status", "response", "content_type"])


def give_up(*, claim: IdempotencyKey) -> None:
    """The work failed and left nothing: let the key be used again."""
    IdempotencyKey.objects.filter(pk=claim.pk, status=0).delete()
