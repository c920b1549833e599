"""The day brief: what the loop found, asked and chased on one day, as values and as text in both languages."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7
from tongchou.outbreak.models import Outbreak


class DayBrief(models.Model):
    """One version of the brief of a day. A run that finds what the last one found adds none.

    ``data`` holds the values by step (report, assess, plan, order, supervise); ``lines`` is a list of
    {step, code, values}, from which both texts are made; ``text_zh`` and ``text_en`` are those texts.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="briefs", verbose_name=_("疫情"))
    day_on = models.DateField(_("日期"))
    version = models.PositiveIntegerField(_("版次"))
    data = models.JSONField(_("数据"), encoder=DjangoJSONEncoder)
    lines = models.JSONField(_("文句"), encoder=DjangoJSONEncoder)
    text_zh = models.TextField(_("中文"))
    text_en = models.TextField(_("英文"))
    data_version = models.CharField(_("数据版本"), max_length=80)
    made_at = models.DateTimeField(_("生成时间"))
    by_post = models.CharField(_("岗位"), max_length=60)

    class Meta:
        verbose_name = _("每日简报")
        verbose_name_plural = _("每日简报")
        constraints = [models.UniqueConstraint(fields=["outbreak", "day_on", "version"], name="daybrief_version")]
        indexes = [models.Index(fields=["-day_on", "-version"], name="daybrief_newest")]

    def __str__(self) -> str:
        return f"{self.day_on} v{self.version}"
