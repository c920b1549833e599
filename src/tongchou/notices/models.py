"""The outbox: what was said to which post, and how each channel fared."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7


class Channel(models.TextChoices):
    APP = "app", _("站内")
    MAIL = "mail", _("邮件")
    GATEWAY = "gateway", _("短信或企业微信网关")
    FILE = "file", _("文件（演示）")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("待发")
    SENT = "sent", _("已送达")
    FAILED = "failed", _("未送达")
    OFF = "off", _("渠道未启用")


class Notice(models.Model):
    """One message to one post, written in the transaction of what it tells of.

    Texts carry numbers and ids, never a person's name, phone or health. ``key`` makes it once only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    to_post = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200, blank=True, default="")
    body = models.CharField(max_length=1000, blank=True, default="")
    body_en = models.CharField(max_length=1000, blank=True, default="")
    link = models.CharField(max_length=300, blank=True, default="")
    key = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("通知")
        indexes = [models.Index(fields=["to_post", "read_at", "-id"], name="notices_inbox")]

    def __str__(self) -> str:
        return self.title

    @property
    def shown_title(self) -> str:
        return self.title_en if self.title_en and (get_language() or "").startswith("en") else self.title

    @property
    def shown_body(self) -> str:
        return self.body_en if self.body_en and (get_language() or "").startswith("en") else self.body


class Delivery(models.Model):
    """One channel's work on one notice. ``next_at`` is machine time: a replay must not hold mail back."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("送达记录")
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="notices_channel_once")]
        indexes = [models.Index(fields=["state", "next_at"], name="notices_due")]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
