"""The ledgers of tasks and clocks, and which rows a post's open tasks open to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.door import open_assignments_by
from tongchou.ledger.registry import register
from tongchou.refusal import Refusal
from tongchou.tasks.actions import extension as more_time
from tongchou.tasks.actions import task as acts
from tongchou.tasks.models import DONE_STATES, OPEN_STATES, Clock, Extension, Mailbox, SiteCheck, Task, TaskState

State = TaskState
_HINT = _("请用编号指代人员，不写姓名、证件号码和电话。")


def open_rows(actor: Actor, key: str) -> Iterable[Any]:
    """Ids of a ledger's rows that the actor's open tasks point at; of the task ledger, those tasks themselves."""
    if not actor.post_id:
        return ()
    if key == "task":
        return Task.objects.filter(_own(actor)).exclude(state__in=DONE_STATES).values_list("pk", flat=True)
    return Task.objects.filter(_done_by(actor), ledger=key, state__in=(*OPEN_STATES, State.REPORTED)).values_list("object_id", flat=True)


open_assignments_by(open_rows)


def _done_by(actor: Actor) -> Q:
    return Q(owner_post=actor.post_id) | Q(pk__in=Task.objects.filter(assistants__post=actor.post_id).values("pk"))


def _own(actor: Actor) -> Q:
    return _done_by(actor) | Q(requester_post=actor.post_id)


def _check(*, task: Task, result: str, note: str, by: Actor) -> Any:
    return acts.check_site(task=task, passed=result == SiteCheck.Result.PASSED, note=note, by=by)


def _extend(*, task: Task, hours: int, reason: str, by: Actor) -> Any:
    return more_time.extend_task(task=task, minutes=hours * 60, reason=reason, by=by)


def _decide(*, task: Task, decision: str, note: str, by: Actor) -> Any:
    asked = task.extensions.filter(decision=Extension.Decision.ASKED).first()
    if asked is None:
        raise Refusal("没有待批的延期申请。", "No request for more time is waiting.", code="not_asked")
    return more_time.decide_extension(extension=asked, granted=decision == Extension.Decision.GRANTED, note=note or "", by=by)


def _in(*states: TaskState) -> Any:
    return lambda task: task.state in states


def _words(name: str, label: Any, help_text: Any = _HINT) -> Column:
    return Column(name, label, "D7", kind="long", required=True, max_length=2000, help=help_text)


@register
class TaskLedger(Ledger):
    key = "task"
    label = _("任务")
    label_en = "Task"
    help = _("交给岗位办理的事项：立项、交办、承办、反馈、复核、办结、销号。承办一方不能复核或办结自己的任务。")
    model = Task
    field_class = "D7"
    placed = {"area": "area_path", "assignment": "id"}
    columns = [
        Column("number", _("任务编号"), "D7", identity=True, editable=False),
        Column("shown_title", _("事项"), "D7", editable=False),
        Column("state", _("状态"), "D7", kind="choice", choices=TaskState.choices, editable=False),
        Column("due_at", _("时限"), "D7", kind="datetime", editable=False),
        Column("owner_name", _("承办岗位"), "D7", editable=False),
        Column("requester_name", _("交办岗位"), "D7", editable=False),
        Column("area_path", _("区域"), "D7", kind="area", editable=False),
        Column("kind", _("类型"), "D7", editable=False, in_list=False),
        Column("opened_at", _("立项时间"), "D7", kind="datetime", editable=False, in_list=False),
        Column("reported_at", _("反馈时间"), "D7", kind="datetime", editable=False, in_list=False),
        Column("verified_at", _("复核时间"), "D7", kind="datetime", editable=False, in_list=False),
        Column("closed_at", _("办结时间"), "D7", kind="datetime", editable=False, in_list=False),
        Column("returned_count", _("退回次数"), "D7", kind="int", editable=False, in_list=False),
        Column("false_report", _("反馈不实"), "D7", kind="bool", editable=False, in_list=False),
    ]
    filters = ["state", "area_path", "due_at", "owner_name", "false_report"]
    search = ["number"]
    order = ("-opened_at", "-id")
    menu = ("supervision", 10)
    title = ["number", "shown_title"]
    writable = False
    actions = [
        Action("assign", pgettext_lazy("step", "交办"), acts.assign_task, when=_in(State.FILED), help=_("交给承办岗位，时限开始计时。")),
        Action("accept", pgettext_lazy("step", "承办"), acts.accept_task, when=_in(State.ASSIGNED, State.RETURNED), help=_("确认由本岗位办理。")),
        Action(
            "decline", _("申请改派"), acts.decline_task, [_words("reason", _("原因"))], _in(State.ASSIGNED),
            help=_("不属本岗位职责的，说明原因后退给交办岗位；时限不停。"),
        ),
        Action(
            "report", pgettext_lazy("step", "反馈"), acts.report_task, [_words("note", _("办理情况和依据"))],
            _in(State.ACCEPTED, State.RETURNED, State.BLOCKED), help=_("写明做了什么、有什么依据；时限停止计时。反馈不实的，计时不停。"),
        ),
        Action(
            "recall", _("撤回反馈"), acts.recall_report, when=acts.recallable,
            help=_("当天、复核之前可以撤回自己的反馈；时限照常计时，如同没有反馈过。"),
        ),
        Action(
            "block", _("报告受阻"), acts.block_task, [_words("reason", _("受阻原因"))], _in(State.ACCEPTED, State.RETURNED),
            help=_("说明卡在哪里，交办岗位会收到通知；时限不停，需要时间请申请延期。"),
        ),
        Action("unblock", _("解除受阻"), acts.unblock_task, when=_in(State.BLOCKED), help=_("障碍已消除，继续办理。")),
        Action(
            "extend", _("申请延期"), _extend,
            [Column("hours", _("延长小时数"), "D7", kind="int", required=True, example="24"), _words("reason", _("理由"))],
            _in(State.ASSIGNED, State.ACCEPTED, State.BLOCKED, State.RETURNED), help=_("由交办岗位批复；未同意前时限不变。"),
        ),
        Action(
            "decide", _("批复延期"), _decide,
            [
                Column(
                    "decision", _("批复"), "D7", kind="choice", required=True,
                    choices=[(Extension.Decision.GRANTED, _("同意")), (Extension.Decision.REFUSED, _("不同意"))],
                ),
                Column("note", _("说明"), "D7", kind="long", max_length=500),
            ],
            lambda task: task.extensions.filter(decision=Extension.Decision.ASKED).exists(), help=_("同意后时限顺延，并记为时限的新版本。"),
        ),
        Action(
            "check_site", _("现场核查"), _check,
            [
                Column("result", _("结论"), "D7", kind="choice", required=True, choices=SiteCheck.Result.choices),
                _words("note", _("现场情况")),
            ],
            _in(State.REPORTED, State.VERIFIED, State.CLOSED), help=_("由承办以外的岗位到现场核实；不属实的，任务退回重办，计时不停。"),
        ),
        Action("verify", pgettext_lazy("step", "复核"), acts.verify_task, when=_in(State.REPORTED), help=_("核对反馈属实；须现场核查的，先登记现场核查。")),
        Action(
            "return", pgettext_lazy("step", "退回"), acts.return_task, [_words("reason", _("退回原因"))], _in(State.REPORTED, State.VERIFIED),
            danger=True, help=_("反馈不足的退回承办岗位；复核所用的时间不计入时限。"),
        ),
        Action("close", pgettext_lazy("step", "办结"), acts.close_task, when=_in(State.VERIFIED), help=_("只有交办一方可以办结。")),
        Action("write_off", pgettext_lazy("step", "销号"), acts.write_off_task, when=_in(State.CLOSED), help=_("从督办清单中销去。")),
        Action(
            "cancel", pgettext_lazy("step", "撤销"), acts.cancel_task, [_words("reason", _("撤销原因"))],
            _in(State.FILED, State.ASSIGNED, State.ACCEPTED, State.BLOCKED, State.RETURNED, State.REPORTED),
            danger=True, help=_("事项已不存在的才撤销；记录保留。"),
        ),
    ]  # fmt: skip

    def rows_for(self, actor: Actor, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """A post that may not read reports of its area (an administrator, a hospital, a checkpoint) sees its own tasks only."""
        right = permissions.right(actor, self.field_class)
        if right.read in ("-", "O", "g") or right.show:
            return queryset.filter(_own(actor))
        return queryset


@register
class ClockLedger(Ledger):
    key = "clock"
    label = _("时限")
    label_en = "Clock"
    help = _("每个时限从何时起算、何时到期、依据哪条规则；规则以后改变不会悄悄改动已经开始的时限。")
    model = Clock
    field_class = "D7"
    placed = {"area": "area_path"}
    columns = [
        Column("label", _("时限名称"), "D7", editable=False),
        Column("ledger", _("台账"), "D7", editable=False),
        Column("area_path", _("区域"), "D7", kind="area", editable=False),
        Column("started_at", _("起算"), "D7", kind="datetime", editable=False),
        Column("due_at", _("到期"), "D7", kind="datetime", editable=False),
        Column("stopped_at", _("完成"), "D7", kind="datetime", editable=False),
        Column("limit_minutes", _("时限（分钟）"), "D7", kind="int", editable=False, in_list=False),
        Column("limit_working_days", _("时限（工作日）"), "D7", kind="int", editable=False, in_list=False),
        Column("legal", _("依据"), "D7", editable=False, in_list=False),
        Column("rule_id", _("规则"), "D7", editable=False, in_list=False),
        Column("rule_version", _("规则版本"), "D7", editable=False, in_list=False),
        Column("version", _("时限版本号"), "D7", kind="int", editable=False, in_list=False),
        Column("object_id", _("对象编号"), "D7", editable=False, in_list=False),
    ]
    filters = ["area_path", "ledger", "rule_id", "due_at"]
    order = ("-id",)
    menu = ("supervision", 20)
    title = ["label"]
    writable = False


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise Refusal(f"“{text}”不是邮箱地址。", f"{text!r} is no mail address.", code="bad_address") from None
    return text


@register
class MailboxLedger(Ledger):
    key = "mailbox"
    label = _("值班邮箱")
    label_en = "Duty mailbox"
    help = _("岗位的公用值班邮箱，催办和上报的通知同时发到这里；不要填个人邮箱。")
    model = Mailbox
    field_class = "D8"
    columns = [
        Column("address", _("值班邮箱"), "D8", identity=True, required=True, max_length=254, check=_address, example="duty@city.example"),
        Column("post", _("岗位"), "D8", kind="ref", to="post", identity=True, required=True),
    ]
    order = ("id",)
    menu = ("house", 60)
    title = ["address"]
