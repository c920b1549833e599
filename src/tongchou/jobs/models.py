"""The one table of long work."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7


class JobState(models.TextChoices):
    QUEUED = "queued", _("排队")
    RUNNING = "running", _("进行中")
    DONE = "done", _("完成")
    FAILED = "failed", _("未成")
    CANCELLED = "cancelled", _("已取消")
    POISON = "poison", _("搁置")


class Job(models.Model):
    """One piece of long work: what was asked, how far it is, what came of it.

    ``args`` and ``result`` hold ids and figures, never personal data. ``cursor`` is the handler's
    own bookmark, committed with the batch that it closes. ``lease_until_at`` and ``run_after_at``
    are machine time (see ``jobs.machine``), the other instants are city time. ``attempts`` counts
    the starts since the last saved progress.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=80)
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    key = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    cursor = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    message_zh = models.CharField(max_length=500, blank=True, default="")
    message_en = models.CharField(max_length=500, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    result = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    worker = models.CharField(max_length=80, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True, blank=True)
    run_after_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    every_minutes = models.PositiveIntegerField(default=0)
    asked_post = models.CharField(max_length=64, blank=True, default="")
    asked_user = models.CharField(max_length=64, blank=True, default="")
    asked_name = models.CharField(max_length=120, blank=True, default="")
    purpose = models.CharField(max_length=120, blank=True, default="")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("作业")
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="jobs_job_key_once"),
        ]
        indexes = [
            models.Index(fields=["state", "run_after_at"], name="jobs_job_due"),
            models.Index(fields=["state", "lease_until_at"], name="jobs_job_lease"),
            models.Index(fields=["asked_post", "-id"], name="jobs_job_asker"),
            models.Index(fields=["kind", "-id"], name="jobs_job_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def message(self) -> str:
        """The last message in the reader's language."""
        return self.message_en if (get_language() or "").startswith("en") else self.message_zh

    @property
    def share(self) -> float | None:
        """Progress from 0 to 1, or None where the total is not known yet."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def over(self) -> bool:
        """True when the worker will not touch it again by itself."""
        return self.state not in (JobState.QUEUED, JobState.RUNNING)
