from __future__ import annotations

from typing import Any, NoReturn

from django.db import models


class TrailIsAppendOnly(Exception):
    """The audit trail takes new rows and nothing else."""

    zh = "审计记录只能追加，不能修改或删除。"
    en = "The audit trail takes new rows only: nothing in it is changed or deleted."

    def __init__(self) -> None:
        super().__init__(f"{self.zh} / {self.en}")


class EntryQuerySet(models.QuerySet["Entry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TrailIsAppendOnly

    def delete(self) -> NoReturn:
        raise TrailIsAppendOnly


class Entry(models.Model):
    """One line of the trail. ``position`` counts from 1 without a gap; ``link`` seals it to the line before."""

    position = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    post = models.CharField(max_length=64, blank=True)
    user = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=120, blank=True)
    action = models.CharField(max_length=60)
    ledger = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    area_path = models.CharField(max_length=18, blank=True)
    changes = models.JSONField(default=dict)
    count = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=400, blank=True)
    link = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["ledger", "object_id", "position"], name="audit_by_object"),
            models.Index(fields=["user", "position"], name="audit_by_user"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TrailIsAppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TrailIsAppendOnly


class ChainHead(models.Model):
    """The last position and link; its one row is the lock that orders writers."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    link = models.CharField(max_length=64, default="")
