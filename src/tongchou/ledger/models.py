"""What a sheet import leaves behind: the file's account, its staged rows, and column mappings saved by name."""

from __future__ import annotations

import json

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.access.sealed import SealedField
from tongchou.audit.ids import uuid7

_WHY = "按行核对导入结果，必要时整体撤销 / to account for each imported row and to undo the import"
#: staged rows are needed to undo and to answer questions; then they go
KEEP_DAYS = 90


class Import(models.Model):
    """One sheet on its way into one ledger. rows = created + updated + unchanged + rejected, or the file is refused."""

    class State(models.TextChoices):
        STAGING = "staging", _("读取中")
        STAGED = "staged", _("待确认")
        APPLYING = "applying", _("写入中")
        DONE = "done", _("已完成")
        REFUSED = "refused", _("整份退回")
        UNDONE = "undone", _("已撤销")
        DROPPED = "dropped", _("已放弃")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ledger = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    #: files in the store: the sheet as uploaded, and what judging made of its new rows (``exchange.ready``)
    stored = models.CharField(max_length=36, blank=True)
    made = models.CharField(max_length=36, blank=True)
    mapping = models.CharField(max_length=80, blank=True)
    columns = models.JSONField(default=dict)
    ignored = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.STAGING)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    refusal = models.JSONField(default=dict)
    post_id = models.CharField(max_length=64, blank=True)
    user_id = models.CharField(max_length=64, blank=True)
    area_path = models.CharField(max_length=18, blank=True)
    #: the trail's last line and the city's day when the file was judged: while neither moves, the judgement stands
    judged_position = models.BigIntegerField(default=0)
    judged_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["post_id", "-id"], name="import_by_post")]


class ImportRow(models.Model):
    """One row of the file, with what becomes of it. ``before`` holds the values that an update replaced.

    ``object_id`` of a row to be created is the id that it will have: once the import is done, no line is written again.
    """

    class Outcome(models.TextChoices):
        CREATE = "created", _("新增")
        UPDATE = "updated", _("更新")
        UNCHANGED = "unchanged", _("未变")
        REJECT = "rejected", _("退回")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="lines", db_index=False)  # both indexes below begin with it
    row = models.PositiveIntegerField()
    values = SealedField(max_length=200_000, field_class="D1", purpose=_WHY, keep_days=KEEP_DAYS)
    before = SealedField(max_length=200_000, blank=True, default="", field_class="D1", purpose=_WHY, keep_days=KEEP_DAYS)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reasons = models.JSONField(default=list)
    differs = models.JSONField(default=list)
    content = models.CharField(max_length=64, blank=True)  # of rows without any identity, see ``judging.content_of``
    object_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "row"], name="import_row_once")]
        indexes = [
            models.Index(fields=["source", "outcome", "row"], name="import_row_outcome"),
            models.Index(fields=["content"], name="import_row_content"),
        ]

    def parsed(self) -> dict[str, str]:
        """The row's text by column name."""
        return json.loads(self.values) if self.values else {}


class ColumnMapping(models.Model):
    """How the columns of somebody else's sheet become ours; saved under a name, used again with ``--map``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ledger = models.CharField(max_length=40)
    name = models.SlugField(max_length=80)
    columns = models.JSONField(default=dict)
    saved_by = models.CharField(max_length=64, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ledger", "name"], name="mapping_name_once")]
