"""Sign-in, sign-out and failures, written into the trail by the sign-in adapter."""

from __future__ import annotations

from tongchou import audit
from tongchou.access.models import User


def record_sign_in(*, user: User, address: str) -> None:
    audit.record("sign_in", ledger="user", object_id=str(user.pk), by=_by(user), note=f"address {address}")


def record_sign_out(*, user: User) -> None:
    audit.record("sign_out", ledger="user", object_id=str(user.pk), by=_by(user))


def record_failure(*, username: str, address: str) -> None:
    """A refused sign-in. What was typed is kept as a keyed hash unless it is the name of an account: it may be a password."""
    user = User.objects.filter(username=username).first()
    name = username if user else audit.value_hash(username)
    audit.record("sign_in_failed", ledger="user", object_id=str(user.pk) if user else "", by=audit.By(name=name), note=f"address {address}")


def _by(user: User) -> audit.By:
    return audit.By(user=str(user.pk), name=user.name)
