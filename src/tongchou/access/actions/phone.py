"""A grid worker's own phone: bound by a QR that the secretary shows, opened by a PIN, unbound when lost."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db import transaction
from django.db.models import F

from tongchou import audit, citytime
from tongchou.access import permissions, rules
from tongchou.access.actions.user import Issued, find_link
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import OneTimeLink, PhoneBinding, User
from tongchou.access.queries import holders
from tongchou.access.roles import Role
from tongchou.access.secret import new_secret, secret_hash

CODE_MINUTES = 10
COOKIE = "tongchou_phone"
COOKIE_DAYS = 180
WRONG_PINS = 5
_PIN = re.compile(r"\d{6}")
_SALT = "tongchou.access.phone"


@transaction.atomic
def show_code(*, user: User, by: Actor) -> Issued:
    """A one-time code for a worker's phone, good for ten minutes. It names nobody."""
    demand_worker(user, by)
    user.links.filter(kind=OneTimeLink.Kind.PHONE, used_at=None).delete()
    issued = Issued(new_secret(), citytime.now() + timedelta(minutes=CODE_MINUTES))
    OneTimeLink.objects.create(
        kind=OneTimeLink.Kind.PHONE, user=user, secret_hash=secret_hash(issued.secret), made_by_post=by.post_id,
        expires_at=issued.expires_at,
    )
    audit.record("show_phone_code", ledger="user", object_id=str(user.pk), by=by.by, area=by.area_path)
    return issued


def demand_worker(user: User, by: Actor) -> None:
    """Refuse a user who does not stand in a post that the actor may bind phones for."""
    if not permissions.may_open(by, "phones"):
        raise AccessError("forbidden", "您的岗位不能绑定手机。", "Your post may not bind phones.")
    rules.demand_not_self(by, user)
    posts = [post for post in holders.posts_of(user, citytime.today()) if post.role in (Role.GRID, Role.CHECKPOINT)]
    if not posts:
        raise AccessError(
            "no_phone_post", "此人目前不在网格员或卡点岗位上，请先安排岗位。", "This person stands in no grid or checkpoint post; fill the post first."
        )
    rules.demand_reach(by, posts[0])


@transaction.atomic
def bind_phone(*, secret: str, pin: str, pin_again: str, label: str = "") -> tuple[PhoneBinding, str]:
    """Use the code on the worker's phone. Returns the binding and the value of its cookie.

    An older phone of the same user is unbound: one worker, one phone.
    """
    link = find_link(secret, OneTimeLink.Kind.PHONE)
    if link is None:
        raise AccessError(
            "code_over", "二维码无效、已用过或已过期（10 分钟），请书记重新出示。",
            "The code is wrong, used or older than 10 minutes; ask the secretary to show a new one.",
        )
    check_new_pin(pin, pin_again)
    if not OneTimeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=citytime.now()):
        raise AccessError("code_over", "二维码已用过，请书记重新出示。", "The code was used; ask the secretary for a new one.")
    user, device = link.user, new_secret()
    user.phones.filter(unbound_at=None).update(unbound_at=citytime.now())
    binding = PhoneBinding.objects.create(
        user=user, secret_hash=secret_hash(device), pin_hash=make_password(pin), label=label[:80], bound_by_post=link.made_by_post
    )
    audit.record(
        "bind_phone", ledger="user", object_id=str(user.pk), by=audit.By(user=str(user.pk), name=user.name),
        changes={"phone": ["", str(binding.pk)]}, note=f"by post {link.made_by_post}",
    )
    return binding, signing.dumps([str(binding.pk), device], salt=_SALT)


def check_new_pin(pin: str, again: str) -> None:
    """Refuse a PIN that is not six digits, differs from its repeat, or is a plain row of digits."""
    if not _PIN.fullmatch(pin):
        raise AccessError("bad_pin", "PIN 必须是 6 位数字。", "The PIN is six digits.", "pin")
    if pin != again:
        raise AccessError("pin_differs", "两次输入的 PIN 不同。", "The two PINs differ.", "pin_again")
    steps = {int(b) - int(a) for a, b in zip(pin, pin[1:], strict=False)}
    if steps in ({0}, {1}, {-1}):
        raise AccessError("easy_pin", "PIN 太简单，请不要用相同或连续的数字。", "The PIN is too easy; use no equal or consecutive digits.", "pin")


def binding_of(cookie: str) -> PhoneBinding | None:
    """The live binding that a phone's cookie names; None for a wrong, old or unbound one."""
    try:
        pk, device = signing.loads(cookie, salt=_SALT, max_age=COOKIE_DAYS * 86_400)
    except (signing.BadSignature, ValueError):
        return None
    row = PhoneBinding.objects.select_related("user").filter(pk=pk, unbound_at=None).first()
    if row is None or not row.user.is_active or not hmac.compare_digest(row.secret_hash, secret_hash(device)):
        return None
    return row


def check_pin(*, binding: PhoneBinding, pin: str) -> bool:
    """Whether the PIN is right. After five wrong ones the phone is unbound and the secretary must bind it anew.

    The count is raised before the PIN is looked at, so guesses in parallel get no extra tries.
    """
    now = citytime.now()
    counted = PhoneBinding.objects.filter(pk=binding.pk, unbound_at=None, wrong_pins__lt=WRONG_PINS)
    if not counted.update(wrong_pins=F("wrong_pins") + 1):
        return False
    right = check_password(pin, binding.pin_hash)
    who = audit.By(user=str(binding.user_id), name=binding.user.name)
    with transaction.atomic():
        if right:
            PhoneBinding.objects.filter(pk=binding.pk).update(wrong_pins=0, last_used_at=now)
            audit.record("sign_in_phone", ledger="user", object_id=str(binding.user_id), by=who)
            return True
        audit.record("sign_in_failed", ledger="user", object_id=str(binding.user_id), by=who, note="pin")
        if PhoneBinding.objects.filter(pk=binding.pk, wrong_pins__gte=WRONG_PINS, unbound_at=None).update(unbound_at=now):
            audit.record("unbind_phone", ledger="user", object_id=str(binding.user_id), by=who, note="too many wrong PINs")
    return False


@transaction.atomic
def unbind_phone(*, binding: PhoneBinding, by: Actor) -> PhoneBinding:
    """A phone is lost or given back: its cookie and its sessions stop working with the next request."""
    demand_worker(binding.user, by)
    binding.unbound_at = binding.unbound_at or citytime.now()
    binding.save(update_fields=["unbound_at"])
    audit.record(
        "unbind_phone", ledger="user", object_id=str(binding.user_id), by=by.by, area=by.area_path,
        changes={"phone": [str(binding.pk), ""]},
    )
    return binding
