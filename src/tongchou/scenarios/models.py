"""One table: comparisons of two scenarios in a city of arrays."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7
from tongchou.jobs.models import Job


class ScenarioRun(models.Model):
    """Two orders compared in one city, many times each: what was asked, and the figures once they are there.

    ``plan`` is everything that decides the outcome: {disease, starts_on, days, replicates, seed, people, city
    ("ledger" or the name of a census), imports, beds, reproduction_number, sides: [{name_zh, name_en, text}, twice]};
    ``text`` is a scenario file. ``result`` holds bands, totals and differences (``bridge.scenario_result``), no person.
    ``data_version`` names the city that was simulated: its source and SHA-256. A row is never changed once it has a
    result. How far it is says its job.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(_("名称"), max_length=160)
    area_path = models.CharField(_("地区"), max_length=18)
    plan = models.JSONField(_("方案"), encoder=DjangoJSONEncoder)
    result = models.JSONField(_("结果"), default=dict, encoder=DjangoJSONEncoder)
    data_version = models.CharField(_("数据版本"), max_length=200, blank=True, default="")
    persons = models.PositiveIntegerField(_("人数"))
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="scenario_runs", verbose_name=_("作业"))
    asked_at = models.DateTimeField(_("提出时间"))
    computed_at = models.DateTimeField(_("算完时间"), null=True, blank=True)
    by_post = models.CharField(_("提出岗位编号"), max_length=64)
    by_name = models.CharField(_("提出人"), max_length=120)

    class Meta:
        verbose_name = _("情景推演")
        verbose_name_plural = _("情景推演")
        indexes = [models.Index(fields=["-asked_at", "-id"], name="scenariorun_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def runs(self) -> int:
        """Simulations asked for: both scenarios, every replicate."""
        return 2 * int(self.plan["replicates"])

    @property
    def sides(self) -> list[dict[str, Any]]:
        return list(self.plan["sides"])
