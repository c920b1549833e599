"""The ledger of scenario comparisons: who asked what, when, and how far it is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongchou.jobs import JobState
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.scenarios.actions import run as acts
from tongchou.scenarios.models import ScenarioRun


@register
class ScenarioRunLedger(Ledger):
    key = "scenario_run"
    label = _("情景推演")
    label_en = "Scenario comparison"
    help = _("两套措施在同一座城市里各推演多次的比较：谁在什么时候提出、算到哪里、结果如何。在“情景推演”页提出新的比较。")
    model = ScenarioRun
    field_class = "D7"
    placed = {"area": "area_path"}
    writable = False
    columns = [
        Column("title", _("名称"), "D7", editable=False),
        Column("area_path", _("地区"), "D7", kind="area", editable=False),
        Column("state", _("作业状态"), "D7", kind="choice", choices=JobState.choices, attr="job__state", editable=False),
        Column("persons", _("人数"), "D7", kind="int", editable=False),
        Column("by_name", _("提出人"), "D7", editable=False),
        Column("asked_at", _("提出时间"), "D7", kind="datetime", editable=False),
        Column("computed_at", _("算完时间"), "D7", kind="datetime", editable=False, in_list=False),
        Column("data_version", _("数据版本"), "D7", editable=False, in_list=False),
    ]
    filters = ["area_path", "asked_at"]
    order = ("-asked_at", "-id")
    related = ["job"]
    title = ["title"]
    row_routes = {"scenario": _("看结果")}
    actions = [
        Action(
            "cancel", _("取消推演"), acts.cancel_run, noun="run", when=lambda row: not row.job.over and not row.job.cancel_asked, danger=True,
            help=_("已算完的各次保留，之后可以接着算。"),
        ),
        Action(
            "resume", _("接着算"), acts.resume_run, noun="run",
            when=lambda row: row.job.state in (JobState.CANCELLED, JobState.FAILED, JobState.POISON),
            help=_("从已算完的次数接着算，不重复。"),
        ),
    ]  # fmt: skip
