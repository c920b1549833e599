"""The ledger of jobs: what runs, what waits, what was set aside and can be started again."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongchou.jobs.actions import job as acts
from tongchou.jobs.models import Job, JobState
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register


@register
class JobLedger(Ledger):
    key = "job"
    label = _("作业")
    label_en = "Job"
    help = _("导入、重算、发送等在后台进行的工作：进度、结果和出错的地方。搁置的作业排除原因后可以重新排队，从断点继续。")
    model = Job
    field_class = "D8"
    columns = [
        Column("kind", _("作业类型"), "D8", editable=False),
        Column("state", _("作业状态"), "D8", kind="choice", choices=JobState.choices, editable=False),
        Column("done", _("已完成"), "D8", kind="int", editable=False),
        Column("total", _("共计"), "D8", kind="int", editable=False),
        Column("message", _("进展"), "D8", editable=False),
        Column("asked_name", _("申请人"), "D8", editable=False),
        Column("asked_at", _("申请时间"), "D8", kind="datetime", editable=False),
        Column("started_at", _("开始时间"), "D8", kind="datetime", editable=False, in_list=False),
        Column("finished_at", _("结束时间"), "D8", kind="datetime", editable=False, in_list=False),
        Column("attempts", _("连续尝试次数"), "D8", kind="int", editable=False, in_list=False),
        Column("error", _("出错类型和位置"), "D8", editable=False, in_list=False),
        Column("worker", _("工作进程"), "D8", editable=False, in_list=False),
        Column("every_minutes", _("间隔（分钟）"), "D8", kind="int", editable=False, in_list=False),
    ]
    filters = ["state", "kind", "asked_at"]
    order = ("-id",)
    actions = [
        Action(
            "cancel", _("取消作业"), acts.cancel_job, when=lambda job: not job.over and not job.cancel_asked, danger=True,
            help=_("排队的立即取消；进行中的在下一个断点停下，已写入的批次保留。"),
        ),
        Action(
            "retry", _("重新排队"), acts.retry_job, when=lambda job: job.state in (JobState.FAILED, JobState.CANCELLED, JobState.POISON),
            help=_("从断点继续；已写入的批次不会重复。"),
        ),
    ]  # fmt: skip
    menu = ("house", 80)
    title = ["kind"]
    writable = False
