"""Tokens of machines: made for a post, shown once, rotated with an overlap, limited, revoked."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access import permissions
from tongchou.access.actions.user import Issued
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import ApiToken, Post
from tongchou.access.roles import ADMIN_ROLES
from tongchou.access.secret import new_secret, secret_hash

LONGEST_DAYS = 365
OVERLAP_HOURS = 24
PREFIX = "tc_"


@transaction.atomic
def make_token(*, name: str, post: Post, days: int = 90, per_minute: int = 120, by: Actor) -> tuple[ApiToken, Issued]:
    """A new token that acts as ``post``; the secret is in the answer and nowhere else."""
    _demand(by)
    if post.role in ADMIN_ROLES:
        raise AccessError("admin_token", "管理员岗位不能签发接口令牌。", "No token is made for an administrator's post.", "post")
    if not post.in_force_on(citytime.today()):
        raise AccessError("post_ended", "该岗位已撤销。", "The post has ended.", "post")
    if not name.strip():
        raise AccessError("required", "请写明令牌给哪个系统用。", "Say which system the token is for.", "name")
    if not 1 <= days <= LONGEST_DAYS or not 1 <= per_minute <= 6000:
        raise AccessError(
            "bad_limit", f"有效期 1 到 {LONGEST_DAYS} 天，每分钟 1 到 6000 次。", f"1 to {LONGEST_DAYS} days, 1 to 6000 calls a minute.", "days"
        )
    secret = PREFIX + new_secret()
    token = ApiToken.objects.create(
        name=name.strip()[:80], post=post, prefix=secret[:8], secret_hash=secret_hash(secret), made_by_post=by.post_id,
        expires_at=citytime.now() + timedelta(days=days), per_minute=per_minute,
    )
    audit.record("make_token", ledger="post", object_id=str(post.pk), by=by.by, changes={"token": ["", str(token.pk)]}, note=token.name)
    return token, Issued(secret, token.expires_at)


@transaction.atomic
def rotate_token(*, token: ApiToken, by: Actor) -> tuple[ApiToken, Issued]:
    """A successor with the same post, name and limits; the old one works for another day, then ends."""
    _demand(by)
    if token.revoked_at is not None or token.expires_at <= citytime.now():
        raise AccessError("token_over", "令牌已吊销或到期，请重新签发。", "The token is revoked or expired; make a new one.")
    days = max(1, (token.expires_at - token.made_at).days)
    successor, issued = make_token(name=token.name, post=token.post, days=min(days, LONGEST_DAYS), per_minute=token.per_minute, by=by)
    token.expires_at = min(token.expires_at, citytime.now() + timedelta(hours=OVERLAP_HOURS))
    token.save(update_fields=["expires_at"])
    audit.record(
        "rotate_token", ledger="post", object_id=str(token.post_id), by=by.by, changes={"token": [str(token.pk), str(successor.pk)]}
    )
    return successor, issued


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Actor) -> ApiToken:
    """The token stops working with the next call."""
    _demand(by)
    token.revoked_at = token.revoked_at or citytime.now()
    token.save(update_fields=["revoked_at"])
    audit.record("revoke_token", ledger="post", object_id=str(token.post_id), by=by.by, changes={"token": [str(token.pk), ""]})
    return token


def _demand(by: Actor) -> None:
    if not permissions.may_open(by, "tokens"):
        raise AccessError("forbidden", "只有安全管理员可以管理接口令牌。", "Only the security administrator manages tokens.")
