"""Posts, who holds them from when to when, and which post answers for which object."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongchou import citytime
from tongchou.access.models.user import User
from tongchou.access.roles import Role, ScopeKind
from tongchou.audit.ids import uuid7


def in_force(day: date, start: str = "from_on", end: str = "to_on") -> Q:
    """Rows whose days include ``day``; an open start or end counts as unbounded."""
    started = Q(**{f"{start}__isnull": True}) | Q(**{f"{start}__lte": day})
    return started & (Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": day}))


class Post(models.Model):
    """A post owns records and answers for them; people come and go in it (mechanism A02)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("岗位代码"), max_length=64, unique=True)
    name = models.CharField(_("岗位名称"), max_length=120)
    role = models.CharField(_("角色"), max_length=16, choices=[(r.value, r.label) for r in Role if r != Role.SYSTEM])
    scope_kind = models.CharField(_("范围类型"), max_length=10, choices=ScopeKind.choices, default=ScopeKind.AREA)
    area_path = models.CharField(_("辖区"), max_length=18, blank=True, default="")
    scope_value = models.CharField(_("范围对象"), max_length=400, blank=True, default="", help_text=_("单位编号或 台账:编号，空格分隔"))
    parent = models.ForeignKey(
        "self", verbose_name=_("上级岗位"), null=True, blank=True, on_delete=models.PROTECT, related_name="below",
    )
    active_from_on = models.DateField(_("设立日期"), null=True, blank=True)
    active_to_on = models.DateField(_("撤销日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("岗位")
        indexes = [
            models.Index(fields=["area_path", "id"], name="access_post_area"),
            models.Index(fields=["role", "area_path"], name="access_post_role"),
        ]

    def __str__(self) -> str:
        return self.name

    def in_force_on(self, day: date) -> bool:
        started = self.active_from_on is None or self.active_from_on <= day
        return started and (self.active_to_on is None or day <= self.active_to_on)

    def linked_objects(self) -> list[tuple[str, str]]:
        """(ledger, object id) of every object this post is the linked leader of today."""
        rows = self.responsibilities.filter(in_force(citytime.today()), party=Responsibility.Party.LEADER)
        return list(rows.values_list("ledger", "object_id"))


class PostHolding(models.Model):
    """A user in a post from a day to a day, both included. ``rank`` orders the deputies, 1 first."""

    class Kind(models.TextChoices):
        HOLDER = "holder", _("任职")
        DEPUTY = "deputy", _("副职")
        ACTING = "acting", _("代理")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, verbose_name=_("用户"), on_delete=models.PROTECT, related_name="holdings")
    post = models.ForeignKey(Post, verbose_name=_("岗位"), on_delete=models.PROTECT, related_name="holdings")
    kind = models.CharField(_("类型"), max_length=8, choices=Kind.choices, default=Kind.HOLDER)
    rank = models.PositiveSmallIntegerField(_("代理顺序"), default=1)
    from_on = models.DateField(_("起"), null=True, blank=True)
    to_on = models.DateField(_("止"), null=True, blank=True)
    absent_from_on = models.DateField(_("请假起"), null=True, blank=True)
    absent_to_on = models.DateField(_("请假止"), null=True, blank=True)
    ended_at = models.DateTimeField(_("即时终止于"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("任职记录")
        indexes = [
            models.Index(fields=["post", "kind", "rank"], name="access_holding_post"),
            models.Index(fields=["user", "to_on"], name="access_holding_user"),
        ]
        constraints = [
            models.CheckConstraint(
                name="access_holding_days",
                condition=Q(from_on__isnull=True) | Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.post} {self.user} {self.get_kind_display()}"

    @staticmethod
    def held(day: date) -> Q:
        """Holdings in force on a day; one that was ended at once no longer counts on the day of its end."""
        return in_force(day) & (Q(ended_at__isnull=True) | Q(ended_at__gte=citytime.day_close(day)))

    def holds_on(self, day: date) -> bool:
        if self.ended_at is not None and day >= citytime.day_of(self.ended_at):
            return False
        return (self.from_on is None or self.from_on <= day) and (self.to_on is None or day <= self.to_on)

    def absent_on(self, day: date) -> bool:
        """Away on leave: an absence has a first day; without a last day it goes on until it is lifted."""
        if self.absent_from_on is None or day < self.absent_from_on:
            return False
        return self.absent_to_on is None or day <= self.absent_to_on


class Responsibility(models.Model):
    """Which post answers for an object, as one of the four parties or as the linked leader (mechanisms A17, A18)."""

    class Party(models.TextChoices):
        TERRITORY = "territory", _("属地责任")
        DEPARTMENT = "department", _("部门责任")
        EMPLOYER = "employer", _("主体责任")
        INDIVIDUAL = "individual", _("个人责任")
        LEADER = "leader", _("挂联领导")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ledger = models.CharField(_("台账"), max_length=40)
    object_id = models.CharField(_("对象编号"), max_length=64)
    party = models.CharField(_("责任方"), max_length=12, choices=Party.choices)
    post = models.ForeignKey(Post, verbose_name=_("责任岗位"), on_delete=models.PROTECT, related_name="responsibilities")
    area_path = models.CharField(_("辖区"), max_length=18, blank=True, default="")
    from_on = models.DateField(_("起"), null=True, blank=True)
    to_on = models.DateField(_("止"), null=True, blank=True)

    class Meta:
        verbose_name = _("责任")
        indexes = [
            models.Index(fields=["ledger", "object_id", "party"], name="access_resp_object"),
            models.Index(fields=["area_path", "id"], name="access_resp_area"),
        ]
        constraints = [
            models.CheckConstraint(
                name="access_resp_days",
                condition=Q(from_on__isnull=True) | Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.ledger}:{self.object_id} {self.get_party_display()}"


FOUR_PARTIES = (
    Responsibility.Party.TERRITORY, Responsibility.Party.DEPARTMENT,
    Responsibility.Party.EMPLOYER, Responsibility.Party.INDIVIDUAL,
)
