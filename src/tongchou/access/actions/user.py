"""Accounts: made, ended, let in by a link that works once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tongchou import audit, citytime
from tongchou.access import rules
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import OneTimeLink, PostHolding, User
from tongchou.access.roles import Role
from tongchou.access.secret import new_secret, secret_hash

LINK_HOURS = 24


@dataclass(frozen=True)
class Issued:
    """A secret that is shown once: ``secret`` is the tail of the link, never stored."""

    secret: str
    expires_at: datetime


@transaction.atomic
def create_user(
    *, username: str, name: str, phone: str = "", active_from_on: date | None = None, active_to_on: date | None = None, by: Actor,
) -> User:
    """A new account without a password; its first sign-in is by a one-time link."""
    rules.demand(by, "user", "create")
    rules.demand_days(active_from_on, active_to_on)
    username, name = username.strip(), name.strip()
    if not username or not name:
        raise AccessError("required", "工号和姓名都要填写。", "Work number and name are both needed.", "username")
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username, name=name, phone=phone, active_from_on=active_from_on, active_to_on=active_to_on
            )
    except IntegrityError:
        raise AccessError(
            "username_taken", f"工号 {username} 已有账户。", f"The work number {username} already has an account.", "username"
        ) from None
    audit.record("create_user", ledger="user", object_id=str(user.pk), by=by.by, changes={"username": ["", username]})
    return user


@transaction.atomic
def end_user(*, user: User, on: date | None = None, by: Actor) -> User:
    """The account ends: at once, or after its last day ``on``. Sessions, links and bound phones go with an end at once."""
    rules.demand(by, "user", "end_user")
    rules.demand_not_self(by, user)
    demand_administrators_remain(user)
    before = str(user.active_to_on or "")
    if on is None or on < citytime.today():
        user.disabled_at = citytime.now()
        user.links.filter(used_at=None).delete()
        user.phones.filter(unbound_at=None).update(unbound_at=user.disabled_at)
    else:
        user.active_to_on = on
    user.save(update_fields=["disabled_at", "active_to_on"])
    audit.record(
        "end_user", ledger="user", object_id=str(user.pk), by=by.by,
        changes={"active_to_on": [before, str(user.active_to_on or "")], "disabled_at": ["", str(user.disabled_at or "")]},
    )
    return user


@transaction.atomic
def restore_user(*, user: User, by: Actor) -> User:
    """Let an ended account in again."""
    rules.demand(by, "user", "restore_user")
    rules.demand_not_self(by, user)
    user.disabled_at, user.active_to_on = None, None
    user.save(update_fields=["disabled_at", "active_to_on"])
    audit.record("restore_user", ledger="user", object_id=str(user.pk), by=by.by)
    return user


@transaction.atomic
def reset_link(*, user: User, by: Actor, hours: int = LINK_HOURS) -> Issued:
    """A link by which the user sets a password, once. Earlier unused links stop working."""
    rules.demand(by, "user", "reset_link")
    if by.role != Role.SYSTEM:
        rules.demand_not_self(by, user)
    if not user.is_active:
        raise AccessError("user_ended", "该账户已停用，请先恢复账户。", "This account has ended; restore it first.")
    user.links.filter(kind=OneTimeLink.Kind.PASSWORD, used_at=None).delete()
    issued = Issued(new_secret(), citytime.now() + timedelta(hours=hours))
    OneTimeLink.objects.create(
        kind=OneTimeLink.Kind.PASSWORD, user=user, secret_hash=secret_hash(issued.secret), made_by_post=by.post_id,
        expires_at=issued.expires_at,
    )
    audit.record("reset_link", ledger="user", object_id=str(user.pk), by=by.by)
    return issued


def find_link(secret: str, kind: str) -> OneTimeLink | None:
    """The link of a secret while it can still be used."""
    link = OneTimeLink.objects.select_related("user").filter(secret_hash=secret_hash(secret), kind=kind).first()
    usable = link is not None and link.used_at is None and citytime.now() < link.expires_at and link.user.is_active
    return link if usable else None


@transaction.atomic
def set_password(*, secret: str, password: str) -> User:
    """Use a one-time link: the password is set, every session of the user ends."""
    link = find_link(secret, OneTimeLink.Kind.PASSWORD)
    if link is None or not OneTimeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=citytime.now()):
        raise AccessError(
            "link_over", "链接无效、已用过或已过期，请向系统管理员要一个新的。",
            "The link is wrong, used or expired; ask the system administrator for a new one.",
        )
    user = link.user
    try:
        validate_password(password, user)
    except ValidationError as error:
        text = " ".join(error.messages)
        raise AccessError("weak_password", text, text, "password") from None
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record("set_password", ledger="user", object_id=str(user.pk), by=audit.By(user=str(user.pk), name=user.name))
    return user


@transaction.atomic
def reset_second_factor(*, user: User, by: Actor) -> None:
    """Take a lost second factor away; the user sets up a new one at the next sign-in.

    The security administrator does this and the system administrator resets passwords, so that no
    single account can take over another.
    """
    rules.demand(by, "user", "reset_second_factor")
    rules.demand_not_self(by, user)
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    audit.record("reset_second_factor", ledger="user", object_id=str(user.pk), by=by.by)


def end_sessions(user: User) -> int:
    """End every web session of a user; how many there were."""
    ended = 0
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
            ended += 1
    return ended


def demand_administrators_remain(user: User) -> None:
    """Refuse the end of a user who is the last system or security administrator."""
    rows = PostHolding.objects.filter(PostHolding.held(citytime.today()), user=user)
    for role in set(rows.values_list("post__role", flat=True)):
        rules.demand_another(role, without_user=user)
