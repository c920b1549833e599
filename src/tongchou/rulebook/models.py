"""The city's own rules: bitemporal rows, the proposals that make them, and the stamp of their present state."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7


class Scoped(models.Model):
    """To whom a rule applies; an empty part means "any"."""

    area_path = models.CharField(_("区划"), max_length=18, blank=True, default="")
    disease = models.CharField(_("病种"), max_length=40, blank=True, default="")
    firm_class = models.CharField(_("企业类别"), max_length=40, blank=True, default="")
    sector = models.CharField(_("行业"), max_length=40, blank=True, default="")
    group = models.CharField(_("人群"), max_length=40, blank=True, default="")

    class Meta:
        abstract = True


class Claimed(Scoped):
    """What a row says: a value for a scope, from a first to a last day in force (both included)."""

    class Mark(models.TextChoices):
        SEEN = "seen", _("已见来源")
        KNOWLEDGE = "knowledge", _("据常识，未核实")
        DEFAULT = "default", _("默认值，无公开数字")

    rule_id = models.CharField(_("规则编号"), max_length=120)
    value = models.JSONField(_("内容"), null=True)
    valid_from_on = models.DateField(_("生效日"))
    valid_to_on = models.DateField(_("最后有效日"), null=True, blank=True)
    mark = models.CharField(_("标记"), max_length=12, choices=Mark.choices, default=Mark.SEEN)
    source = models.JSONField(_("来源编号"), default=list)
    source_text = models.TextField(_("来源"), blank=True, default="")
    label_zh = models.CharField(_("中文名称"), max_length=200, blank=True, default="")
    label_en = models.CharField(_("英文名称"), max_length=200, blank=True, default="")
    note_zh = models.TextField(_("中文说明"), blank=True, default="")
    note_en = models.TextField(_("英文说明"), blank=True, default="")
    response_level = models.CharField(_("响应级别"), max_length=4, blank=True, default="")

    class Meta:
        abstract = True


class RuleRow(Claimed):
    """One row of the city's own. Nothing is overwritten: a change closes ``known_to_at`` and adds rows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.CharField(_("版本"), max_length=160)
    known_from_at = models.DateTimeField(_("获知时间"))
    known_to_at = models.DateTimeField(_("取代时间"), null=True, blank=True)
    proposal = models.ForeignKey("RuleProposal", models.PROTECT, related_name="rows", verbose_name=_("提案"))
    continues = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["rule_id", "valid_from_on"], name="rulebook_row_by_rule")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to_on__isnull=True) | models.Q(valid_to_on__gte=models.F("valid_from_on")),
                name="rulebook_row_days_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(known_to_at__isnull=True) | models.Q(known_to_at__gte=models.F("known_from_at")),
                name="rulebook_row_known_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class RuleProposal(Claimed):
    """A change that one post asks for and another person at another post decides on."""

    class Kind(models.TextChoices):
        SET = "set", _("设定")
        WITHDRAW = "withdraw", _("撤回")

    class State(models.TextChoices):
        OPEN = "open", _("待批准")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("种类"), max_length=10, choices=Kind.choices, default=Kind.SET)
    withdraws = models.ForeignKey(RuleRow, models.PROTECT, null=True, blank=True, related_name="withdrawals")
    reason = models.TextField(_("理由"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    proposed_at = models.DateTimeField(_("提出时间"))
    proposed_post = models.CharField(_("提出岗位"), max_length=40)
    proposed_user = models.CharField(_("提出人"), max_length=40)
    proposed_name = models.CharField(_("提出人姓名"), max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_post = models.CharField(_("决定岗位"), max_length=40, blank=True, default="")
    decided_user = models.CharField(_("决定人"), max_length=40, blank=True, default="")
    decided_name = models.CharField(_("决定人姓名"), max_length=200, blank=True, default="")
    decision_note = models.TextField(_("决定说明"), blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["state", "proposed_at"], name="rulebook_proposal_by_state")]
        constraints = [
            # Two persons at two posts, held by the database too.
            models.CheckConstraint(
                condition=models.Q(decided_at__isnull=True)
                | (
                    ~models.Q(decided_user=models.F("proposed_user"))
                    & ~models.Q(decided_post=models.F("proposed_post"))
                ),
                name="rulebook_proposal_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.get_state_display()}"


class RulebookState(models.Model):
    """One row: a stamp that changes whenever the city's rows change, so that readers know when to read again.

    ``listed`` is the fingerprint of the state that ``RuleEntry`` was written from.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=20, unique=True, default="rulebook")
    stamp = models.CharField(max_length=40)
    listed = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return self.stamp


class RuleEntry(Scoped):
    """The rulebook as a flat list, shipped rows and the city's own alike, for the ledger: derived, never edited."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    origin = models.CharField(max_length=180, unique=True)
    rule_id = models.CharField(_("规则编号"), max_length=120)
    version = models.CharField(_("版本"), max_length=160)
    label_zh = models.CharField(_("中文名称"), max_length=200)
    label_en = models.CharField(_("英文名称"), max_length=200)
    value_zh = models.TextField(_("内容"), blank=True, default="")
    value_en = models.TextField(_("英文内容"), blank=True, default="")
    valid_from_on = models.DateField(_("生效日"))
    valid_to_on = models.DateField(_("最后有效日"), null=True)
    known_from_at = models.DateTimeField(_("获知时间"))
    known_to_at = models.DateTimeField(_("取代时间"), null=True)
    mark = models.CharField(_("标记"), max_length=12)
    source = models.TextField(_("来源"), blank=True, default="")
    own = models.BooleanField(_("本市自定"), default=False)
    pack = models.CharField(_("规则包"), max_length=80, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["rule_id", "valid_from_on", "id"], name="rulebook_entry_order")]

    def __str__(self) -> str:
        return self.version
