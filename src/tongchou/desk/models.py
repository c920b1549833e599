"""When a user last looked at My work, so that the page can say what is new since then."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7


class Visit(models.Model):
    """One row a user and post. ``since_at`` is the end of the visit before this one, ``seen_at`` the last look."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.CharField(max_length=64)
    post = models.CharField(max_length=64)
    since_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("到访记录")
        constraints = [models.UniqueConstraint(fields=["user", "post"], name="desk_visit_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.post}"
