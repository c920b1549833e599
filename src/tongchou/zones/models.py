"""Zone level three ways, kept apart: proposed by rule, decided by a post, published by the province's list."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7


class Level(models.TextChoices):
    LOW = "low", _("低风险")
    MEDIUM = "medium", _("中风险")
    HIGH = "high", _("高风险")


RANK = {Level.LOW.value: 0, Level.MEDIUM.value: 1, Level.HIGH.value: 2}


class AreaPopulation(models.Model):
    """How many people live in an area by a named count, for rates per 100,000."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area_path = models.CharField(_("地区"), max_length=18)
    counted_on = models.DateField(_("统计时点"))
    persons = models.PositiveIntegerField(_("人口数"))
    source = models.CharField(_("来源"), max_length=200)

    class Meta:
        verbose_name = _("地区人口")
        verbose_name_plural = _("地区人口")
        constraints = [models.UniqueConstraint(fields=["area_path", "counted_on"], name="population_once")]

    def __str__(self) -> str:
        return f"{self.area_path} {self.counted_on} {self.persons}"


class ZoneProposal(models.Model):
    """The level that the rule in force proposes for an area at the close of a day. It decides nothing.

    ``level`` is empty where no rule is in force or its text was not found; the reasons say so.

    ``reasons`` is a list of {code, values, zh, en}; ``beaten`` of {version, zh, en}: the rule rows that the
    rule in force was preferred to. ``facts`` are the counted values; ``data_version`` stamps the cases read.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    day_on = models.DateField(_("日期"))
    disease = models.CharField(_("病种"), max_length=40)
    area_path = models.CharField(_("地区"), max_length=18)
    level = models.CharField(_("建议级别"), max_length=8, choices=Level, blank=True)
    rule_id = models.CharField(_("规则"), max_length=80)
    rule_version = models.CharField(_("规则版本"), max_length=120, blank=True)
    reasons = models.JSONField(_("理由"), encoder=DjangoJSONEncoder)
    facts = models.JSONField(_("事实"), encoder=DjangoJSONEncoder)
    unknown = models.JSONField(_("未知事实"), default=list)
    beaten = models.JSONField(_("被优先的规则"), default=list)
    days_to_downgrade = models.PositiveIntegerField(_("距可降级天数"), null=True, blank=True)
    next_level = models.CharField(_("可降至"), max_length=8, choices=Level, blank=True)
    data_version = models.CharField(_("数据版本"), max_length=80)
    computed_at = models.DateTimeField(_("计算时间"))

    class Meta:
        verbose_name = _("分级建议")
        verbose_name_plural = _("分级建议")
        constraints = [
            models.UniqueConstraint(fields=["day_on", "disease", "area_path"], name="zoneproposal_once_a_day"),
        ]
        indexes = [models.Index(fields=["area_path", "-day_on"], name="zoneproposal_area_day")]

    def __str__(self) -> str:
        return f"{self.area_path} {self.day_on} {self.level}"


class ExpertJudgement(models.Model):
    """What experts judged of an area where nothing can be counted: for instance that transmission is sustained."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    disease = models.CharField(_("病种"), max_length=40)
    area_path = models.CharField(_("地区"), max_length=18)
    fact = models.CharField(_("事实"), max_length=60)
    holds = models.BooleanField(_("成立"))
    judged_on = models.DateField(_("判断日期"))
    reason = models.CharField(_("理由"), max_length=300)
    by_post = models.CharField(_("岗位"), max_length=60)

    class Meta:
        verbose_name = _("专家判断")
        verbose_name_plural = _("专家判断")
        indexes = [models.Index(fields=["area_path", "fact", "judged_on"], name="judgement_area_fact")]

    def __str__(self) -> str:
        return f"{self.area_path} {self.fact} {self.judged_on}"


class ZoneDecision(models.Model):
    """A level decided by a post. A raise stands at once and is reviewed; anything else waits for a second person.

    A decision holds from ``from_on``; ``to_on`` is its lawful end. When the end passes nothing is lowered: the
    level stands as lapsed until a post decides again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待第二人确认")
        PROVISIONAL = "provisional", _("临时生效，待复核")
        IN_FORCE = "in_force", _("生效")
        REPLACED = "replaced", _("已被新决定取代")
        REFUSED = "refused", _("未通过")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    disease = models.CharField(_("病种"), max_length=40)
    area_path = models.CharField(_("地区"), max_length=18)
    level = models.CharField(_("级别"), max_length=8, choices=Level)
    level_before = models.CharField(_("原级别"), max_length=8, choices=Level, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=State)
    proposal = models.ForeignKey(
        ZoneProposal,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        verbose_name=_("依据的建议"),
    )
    rule_id = models.CharField(_("规则"), max_length=80)
    rule_version = models.CharField(_("规则版本"), max_length=120)
    reason = models.CharField(_("理由"), max_length=500)
    legal_basis = models.CharField(_("法律依据"), max_length=300)
    evidence = models.JSONField(_("依据"), default=dict, encoder=DjangoJSONEncoder)
    complaint_channel = models.CharField(_("申诉渠道"), max_length=200)
    from_on = models.DateField(_("起始日期"))
    to_on = models.DateField(_("截止日期"))
    review_on = models.DateField(_("复评日期"))
    decided_at = models.DateTimeField(_("决定时间"))
    decided_by_post = models.CharField(_("决定岗位"), max_length=60)
    decided_by_user = models.CharField(_("决定人"), max_length=60, blank=True)
    decided_by_name = models.CharField(_("决定岗位名称"), max_length=120, blank=True)
    seconded_at = models.DateTimeField(_("第二人确认时间"), null=True, blank=True)
    seconded_by_post = models.CharField(_("第二人岗位"), max_length=60, blank=True)
    seconded_by_user = models.CharField(_("第二人"), max_length=60, blank=True)
    seconded_by_name = models.CharField(_("第二人岗位名称"), max_length=120, blank=True)
    ended_on = models.DateField(_("实际终止日期"), null=True, blank=True)
    refusal = models.CharField(_("未通过原因"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("分级决定")
        verbose_name_plural = _("分级决定")
        indexes = [
            models.Index(fields=["area_path", "-decided_at", "-id"], name="zonedecision_area"),
            models.Index(fields=["-decided_at", "-id"], name="zonedecision_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["disease", "area_path"],
                condition=Q(state__in=["waiting", "provisional"]),
                name="zonedecision_one_pending",
            ),
            models.CheckConstraint(condition=Q(to_on__gte=F("from_on")), name="zonedecision_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.area_path} {self.level} {self.from_on}"


class PublishedLevel(models.Model):
    """One line of the province's published list: what the area is called from that day until a later list."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    published_on = models.DateField(_("公布日期"))
    disease = models.CharField(_("病种"), max_length=40)
    area_path = models.CharField(_("地区"), max_length=18)
    level = models.CharField(_("公布级别"), max_length=8, choices=Level)
    source = models.CharField(_("来源"), max_length=200)

    class Meta:
        verbose_name = _("公布级别")
        verbose_name_plural = _("公布名单")
        constraints = [
            models.UniqueConstraint(fields=["published_on", "disease", "area_path"], name="published_once"),
        ]
        indexes = [models.Index(fields=["area_path", "-published_on"], name="published_area_day")]

    def __str__(self) -> str:
        return f"{self.area_path} {self.published_on} {self.level}"
