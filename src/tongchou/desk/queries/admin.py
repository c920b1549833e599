"""What waits for the administrators of the system: counts only, no personal data."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.access.models import Post, PostHolding, User
from tongchou.access.models.organisation import in_force
from tongchou.access.roles import ADMIN_ROLES, Role
from tongchou.audit.models import ChainHead
from tongchou.jobs.models import Job, JobState
from tongchou.notices.models import Delivery, DeliveryState


@dataclass(frozen=True)
class Matter:
    """One line of an administrator's list. ``count`` 0 means that nothing waits."""

    label: str
    text: str
    count: int
    ledger: str = ""
    urgent: bool = True


def waiting(actor: Actor) -> list[Matter]:
    """The list of a system administrator, a security administrator or an auditor; empty for other posts."""
    if actor.role not in ADMIN_ROLES:
        return []
    if actor.role == Role.SYS_ADMIN:
        return [*_work(), *_people()]
    if actor.role == Role.SEC_ADMIN:
        return _people()
    return _trail()


def _work() -> list[Matter]:
    stuck = Job.objects.filter(state__in=(JobState.POISON, JobState.FAILED)).count()
    lost = Delivery.objects.filter(state=DeliveryState.FAILED).count()
    return [
        Matter(_("搁置的作业"), _("多次未成、已不再重试的作业。看清原因后可重试。"), stuck, "job"),
        Matter(_("未送达的通知"), _("邮件或网关多次发送不成。请检查渠道设置。"), lost),
    ]


def _people() -> list[Matter]:
    day = citytime.today()
    holding = PostHolding.objects.filter(in_force(day))
    held = Post.objects.filter(in_force(day, "active_from_on", "active_to_on")).exclude(role=Role.API)
    vacant = held.filter(~Exists(holding.filter(post=OuterRef("pk")))).count()
    usable = User.objects.filter(in_force(day, "active_from_on", "active_to_on"), disabled_at__isnull=True)
    idle = usable.filter(~Exists(holding.filter(user=OuterRef("pk")))).count()
    ended = User.objects.filter(Q(active_to_on__lt=day) | Q(disabled_at__isnull=False)).filter(
        Exists(holding.filter(user=OuterRef("pk")))
    )
    return [
        Matter(_("空缺的岗位"), _("今天没有人任职的岗位，任务会逐级上报。"), vacant, "post"),
        Matter(_("没有岗位的账户"), _("可以登录但今天不任任何职，打不开任何台账。"), idle, "user"),
        Matter(_("已停用却仍在任的账户"), _("请结束任职，或核对停用日期。"), ended.count(), "user"),
    ]


def _trail() -> list[Matter]:
    lines = ChainHead.objects.filter(id=1).values_list("position", flat=True).first() or 0
    text = _("只增不减，逐条相连。用 tongchou audit verify 核对整条链。")
    return [Matter(_("审计记录"), text, lines, urgent=False)]
