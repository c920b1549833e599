"""The ways in besides name and password: one-time links, bound phones, tokens of machines."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou import citytime
from tongchou.access.models.organisation import Post
from tongchou.access.models.user import User
from tongchou.audit.ids import uuid7


class OneTimeLink(models.Model):
    """A link or QR code that works once, kept as the hash of its secret."""

    class Kind(models.TextChoices):
        PASSWORD = "password", _("设置密码")  # noqa: S105 - the name of a kind of link
        PHONE = "phone", _("绑定手机")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_by_post = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=citytime.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("一次性链接")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.user}"


class PhoneBinding(models.Model):
    """One phone of one user: a signed cookie that names this row, and a PIN of six digits."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="phones")
    secret_hash = models.CharField(max_length=64)
    pin_hash = models.CharField(max_length=200)
    label = models.CharField(_("手机"), max_length=80, blank=True, default="")
    bound_by_post = models.CharField(max_length=64)
    bound_at = models.DateTimeField(_("绑定于"), default=citytime.now)
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    wrong_pins = models.PositiveSmallIntegerField(default=0)
    unbound_at = models.DateTimeField(_("解绑于"), null=True, blank=True)

    class Meta:
        verbose_name = _("绑定的手机")

    def __str__(self) -> str:
        return f"{self.user} {self.label}"


class ApiToken(models.Model):
    """A machine's key. It acts as one post, with that post's rights and reach; only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("名称"), max_length=80)
    post = models.ForeignKey(Post, verbose_name=_("岗位"), on_delete=models.PROTECT, related_name="tokens")
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    made_by_post = models.CharField(max_length=64)
    made_at = models.DateTimeField(_("签发于"), default=citytime.now)
    expires_at = models.DateTimeField(_("到期于"))
    revoked_at = models.DateTimeField(_("吊销于"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    per_minute = models.PositiveIntegerField(_("每分钟次数"), default=120)
    window_started_at = models.DateTimeField(null=True, blank=True)
    window_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("接口令牌")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """One POST of one caller, kept with its answer so that a repeat gets the same answer (I8)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=citytime.now)
    status = models.PositiveSmallIntegerField(default=0)
    response = models.BinaryField(default=b"")
    content_type = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        verbose_name = _("幂等键")
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="access_idempotency_once")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"
