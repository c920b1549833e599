"""Outbreak, case and the history of a case's status."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7


class Outbreak(models.Model):
    """One epidemic in one city. It opens only when the "four ones" are named: lead, task force, plan, one voice."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("筹备")
        OPEN = "open", _("已启动")
        CLOSED = "closed", _("已结束")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("疫情编号"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    disease = models.CharField(_("病种"), max_length=40, help_text=_("规则库中的病种代码，例如 covid-19"))
    area_path = models.CharField(_("城市"), max_length=18)
    begins_on = models.DateField(_("计入起始日"), help_text=_("早于此日的发病、就诊、报告不属于本次疫情"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.DRAFT)
    opened_on = models.DateField(_("启动日期"), null=True, blank=True)
    closed_on = models.DateField(_("结束日期"), null=True, blank=True)
    lead_post = models.CharField(_("一名牵头领导（岗位）"), max_length=60, blank=True)
    task_force = models.CharField(_("一个工作专班"), max_length=200, blank=True)
    plan = models.CharField(_("一个工作方案"), max_length=200, blank=True, help_text=_("方案的文号或名称"))
    voice_post = models.CharField(_("一个信息出口（岗位）"), max_length=60, blank=True)
    cases_numbered = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("疫情")
        verbose_name_plural = _("疫情")
        constraints = [
            models.UniqueConstraint(
                fields=["disease", "area_path"], condition=Q(status="open"), name="outbreak_one_open_per_city_disease"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="outbreak_closed_after_opened",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Case(models.Model):
    """One person's illness in one outbreak.

    ``area_path`` is the area the case counts to (rule ``case.counts_to``: residence or place of onset, never the
    hospital's). The ``*_on`` days are city days. Each ``<status>_on`` day is the official day on which the case
    entered that status, so a past day is counted from the days and not from today's status. An empty field was
    not asked yet; a field named in ``unknown`` was asked and is not known.
    """

    class Status(models.TextChoices):
        SUSPECTED = "suspected", _("疑似")
        CLINICAL = "clinically_diagnosed", _("临床诊断")
        CONFIRMED = "confirmed", _("确诊")
        ASYMPTOMATIC = "asymptomatic", _("无症状感染")
        EXCLUDED = "excluded", _("排除")

    class Severity(models.TextChoices):
        MILD = "mild", _("轻型")
        MODERATE = "moderate", _("普通型")
        SEVERE = "severe", _("重型")
        CRITICAL = "critical", _("危重型")

    class Origin(models.TextChoices):
        IMPORTED = "imported", _("输入")
        LINKED = "import_linked", _("输入关联")
        LOCAL = "local", _("本地")
        SECONDARY = "imported_secondary", _("输入续发")

    class ImportedFrom(models.TextChoices):
        ABROAD = "abroad", _("境外")
        PROVINCE = "other_province", _("外省")
        CITY = "other_city", _("省内他市")

    class Outcome(models.TextChoices):
        ILL = "ill", _("在治")
        RECOVERED = "recovered", _("治愈")
        DIED = "died", _("死亡")
        MOVED = "moved", _("转出")

    class Sex(models.TextChoices):
        MALE = "male", _("男")
        FEMALE = "female", _("女")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="cases", verbose_name=_("疫情"))
    case_no = models.CharField(_("病例编号"), max_length=40, unique=True)
    person = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("人员")
    )
    sex = models.CharField(_("性别"), max_length=8, choices=Sex, blank=True)
    age_years = models.PositiveSmallIntegerField(_("年龄（岁）"), null=True, blank=True)
    area_path = models.CharField(_("计入地区"), max_length=18)
    residence_path = models.CharField(_("现住地区"), max_length=18, blank=True)
    onset_path = models.CharField(_("发病地区"), max_length=18, blank=True)
    status = models.CharField(_("病例状态"), max_length=24, choices=Status)
    definition_id = models.CharField(_("定义规则"), max_length=80, blank=True)
    definition_version = models.CharField(_("定义版本"), max_length=40)
    severity = models.CharField(_("临床分型"), max_length=12, choices=Severity, blank=True)
    origin = models.CharField(_("来源"), max_length=24, choices=Origin, blank=True)
    imported_from = models.CharField(_("输入自"), max_length=20, choices=ImportedFrom, blank=True)
    source_case = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="infected", verbose_name=_("传染来源")
    )
    generation = models.PositiveSmallIntegerField(_("代次"), null=True, blank=True)
    cluster_id = models.CharField(_("聚集性疫情编号"), max_length=40, blank=True)
    hospital = models.ForeignKey(
        "places.Place", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("收治机构")
    )
    onset_on = models.DateField(_("发病日期"), null=True, blank=True)
    first_visit_on = models.DateField(_("首次就诊日期"), null=True, blank=True)
    sampled_on = models.DateField(_("采样日期"), null=True, blank=True)
    isolated_on = models.DateField(_("隔离日期"), null=True, blank=True)
    found_at = models.DateTimeField(_("发现时间"), help_text=_("医院诊断或发现的时间；2 小时报告时限由此起算"))
    reported_at = models.DateTimeField(_("网络直报时间"), null=True, blank=True)
    suspected_on = models.DateField(_("疑似日期"), null=True, blank=True, editable=False)
    clinical_on = models.DateField(_("临床诊断日期"), null=True, blank=True, editable=False)
    asymptomatic_on = models.DateField(_("无症状报告日期"), null=True, blank=True, editable=False)
    confirmed_on = models.DateField(_("确诊日期"), null=True, blank=True, editable=False)
    excluded_on = models.DateField(_("排除日期"), null=True, blank=True, editable=False)
    investigated_at = models.DateTimeField(_("流调完成时间"), null=True, blank=True, editable=False)
    recovered_on = models.DateField(_("治愈日期"), null=True, blank=True, editable=False)
    discharged_on = models.DateField(_("出院日期"), null=True, blank=True, editable=False)
    moved_on = models.DateField(_("转出日期"), null=True, blank=True, editable=False)
    died_on = models.DateField(_("死亡日期"), null=True, blank=True, editable=False)
    outcome = models.CharField(_("转归"), max_length=12, choices=Outcome, default=Outcome.ILL, editable=False)
    unknown = models.JSONField(_("已问但不详的字段"), default=list, blank=True)
    changed_at = models.DateTimeField(_("更新时间"), editable=False)

    class Meta:
        verbose_name = _("病例")
        verbose_name_plural = _("病例")
        indexes = [
            models.Index(fields=["area_path", "-found_at", "-id"], name="case_area_found"),
            models.Index(fields=["-found_at", "-id"], name="case_found"),
            models.Index(fields=["outbreak", "confirmed_on", "area_path"], name="case_confirmed"),
            models.Index(fields=["outbreak", "onset_on", "area_path"], name="case_onset"),
            models.Index(fields=["outbreak", "discharged_on", "area_path"], name="case_discharged"),
            models.Index(fields=["outbreak", "cluster_id", "confirmed_on"], name="case_cluster"),
            models.Index(fields=["outbreak", "changed_at"], name="case_changed"),
            models.Index(fields=["status", "-found_at", "-id"], name="case_status_found"),
        ]

    def __str__(self) -> str:
        return self.case_no


class CaseStatus(models.Model):
    """One step in a case's status: when, by which definition in force, on what evidence, by which post."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="statuses", verbose_name=_("病例"))
    at = models.DateTimeField(_("时间"))
    status = models.CharField(_("病例状态"), max_length=24, choices=Case.Status)
    definition_id = models.CharField(_("定义规则"), max_length=80, blank=True)
    definition_version = models.CharField(_("定义版本"), max_length=40)
    evidence = models.JSONField(_("依据"), default=dict)
    reasons = models.JSONField(_("判定理由"), default=list)
    by_post = models.CharField(_("岗位"), max_length=60)

    class Meta:
        verbose_name = _("病例状态记录")
        verbose_name_plural = _("病例状态记录")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["case", "at"], name="casestatus_case_at")]

    def __str__(self) -> str:
        return f"{self.status} {self.at:%Y-%m-%d %H:%M}"


class AreaOutlook(models.Model):
    """What the night's run found for the city or one county: how fast, which chains, how likely it is over.

    A version is added where data, rules or the day's downgrade date differ from the last one; none is changed or
    removed. ``figures`` holds the engine's results; ``reasons`` a list of {code, values, zh, en}, most important
    first; ``rules`` {rule id: version} of the figures of the disease; ``data_version`` stamps the cases read: those of
    the area and of every chain that reaches it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="outlooks", verbose_name=_("疫情"))
    day_on = models.DateField(_("日期"))
    area_path = models.CharField(_("地区"), max_length=18)
    version = models.PositiveIntegerField(_("版次"))
    enough = models.BooleanField(_("病例数足以推算"))
    figures = models.JSONField(_("数据"), encoder=DjangoJSONEncoder)
    reasons = models.JSONField(_("理由"), encoder=DjangoJSONEncoder)
    rules = models.JSONField(_("规则"), encoder=DjangoJSONEncoder)
    data_version = models.CharField(_("数据版本"), max_length=80)
    computed_at = models.DateTimeField(_("计算时间"))
    by_post = models.CharField(_("岗位"), max_length=60)

    class Meta:
        verbose_name = _("疫情研判")
        verbose_name_plural = _("疫情研判")
        constraints = [
            models.UniqueConstraint(fields=["outbreak", "day_on", "area_path", "version"], name="areaoutlook_version")
        ]
        indexes = [models.Index(fields=["outbreak", "area_path", "-day_on", "-version"], name="areaoutlook_newest")]

    def __str__(self) -> str:
        return f"{self.area_path} {self.day_on} v{self.version}"


class ForecastScore(models.Model):
    """How one day of a kept forecast fared against what came: weighted interval score and whether the intervals held it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    outlook = models.ForeignKey(
        AreaOutlook, on_delete=models.PROTECT, related_name="scores", verbose_name=_("疫情研判")
    )
    target_on = models.DateField(_("预测的日期"))
    horizon_days = models.PositiveSmallIntegerField(_("提前天数"))
    method = models.CharField(_("方法"), max_length=20)
    observed = models.PositiveIntegerField(_("实际报告例数"))
    wis = models.FloatField(_("加权区间得分"))
    in_50 = models.BooleanField(_("在 50% 区间内"))
    in_90 = models.BooleanField(_("在 90% 区间内"))
    scored_at = models.DateTimeField(_("评分时间"))

    class Meta:
        verbose_name = _("预测评分")
        verbose_name_plural = _("预测评分")
        constraints = [models.UniqueConstraint(fields=["outlook", "target_on"], name="forecastscore_once")]
        indexes = [models.Index(fields=["-target_on", "horizon_days"], name="forecastscore_day")]

    def __str__(self) -> str:
        return f"{self.target_on} +{self.horizon_days} {self.wis:.2f}"
