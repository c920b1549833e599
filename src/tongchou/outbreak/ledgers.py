"""The ledgers of outbreaks and cases. Forms and sheets carry plain data; a status moves only by an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.outbreak import forms_work, plain_case
from tongchou.outbreak.actions import outbreak as outbreaks
from tongchou.outbreak.actions.outbreak import FOUR_ONES
from tongchou.outbreak.models import Case, Outbreak
from tongchou.refusal import Refusal, Refusals

_ILL = Case.Outcome.ILL
_S = Case.Status


@register
class OutbreakLedger(Ledger):
    key = "outbreak"
    label = _("疫情")
    label_en = "Outbreak"
    help = _("一座城市里的一次疫情。填齐“四个一”（牵头领导、工作专班、工作方案、信息出口）才能启动。")
    model = Outbreak
    field_class = "D7"
    columns = [
        Column("code", _("疫情编号"), "D7", identity=True, required=True, max_length=40, example="CV5104"),
        Column("name", _("名称"), "D7", required=True, max_length=120, example="攀枝花新冠肺炎疫情"),
        Column(
            "disease", _("病种"), "D7", required=True, max_length=40, help=_("规则库中的病种代码"), example="covid-19"
        ),
        Column("area_path", _("城市"), "D7", kind="area", required=True, example="510400000000"),
        Column("begins_on", _("计入起始日"), "D7", kind="date", required=True, example="2020-01-01"),
        Column("status", _("状态"), "D7", kind="choice", choices=Outbreak.Status.choices, editable=False),
        Column("opened_on", _("启动日期"), "D7", kind="date", editable=False),
        Column("closed_on", _("结束日期"), "D7", kind="date", editable=False),
        Column("lead_post", _("一名牵头领导（岗位代码）"), "D7", max_length=60, in_list=False),
        Column("task_force", _("一个工作专班"), "D7", max_length=200, in_list=False),
        Column("plan", _("一个工作方案"), "D7", max_length=200, in_list=False),
        Column("voice_post", _("一个信息出口（岗位代码）"), "D7", max_length=60, in_list=False),
    ]
    filters = ["status", "area_path", "disease"]
    search = ["code", "name"]
    menu = ("epidemic", 10)
    title = ["code", "name"]
    actions = [
        Action(
            "open",
            _("启动"),
            do=outbreaks.open_outbreak,
            when=lambda row: row.status == Outbreak.Status.DRAFT,
            help=_("启动后开始登记病例、起算时限。"),
        ),
        Action(
            "close",
            _("结束疫情"),
            do=outbreaks.close_outbreak,
            when=lambda row: row.status == Outbreak.Status.OPEN,
            danger=True,
            help=_("所有病例出院或排除后才能结束。"),
        ),
    ]

    def prepare(self, row: Outbreak, values: Mapping[str, Any], by: Any) -> None:
        if row.status != Outbreak.Status.OPEN:
            return
        blank = [
            Refusal(
                f"疫情进行中，“四个一”之{zh}不能留空",
                f"while the outbreak is open its {en} cannot be left empty",
                code="four_ones",
                field=field,
            )
            for field, (zh, en) in FOUR_ONES.items()
            if not getattr(row, field).strip()
        ]
        if blank:
            raise Refusals(blank)


@register
class CaseLedger(Ledger):
    key = "case"
    label = _("病例")
    label_en = "Case"
    help = _("疑似、确诊、无症状等病例。登记后起算 2 小时报告与 24 小时流调时限；状态只能用“办理”改变。")
    model = Case
    field_class = "D2"
    placed = {"area": "area_path", "site": "hospital_id", "self": "person__user_id", "assignment": "id"}
    related = ["person", "hospital", "outbreak", "source_case"]
    columns = [
        Column(
            "case_no",
            _("病例编号"),
            "D7",
            identity=True,
            max_length=40,
            help=_("不填则自动编号"),
            example="CV5104-00001",
        ),
        Column("outbreak", _("疫情"), "D7", kind="ref", to="outbreak", in_list=False, help=_("只有一起疫情时可不填")),
        Column("person", _("人员编号"), "D1", kind="ref", to="person", in_list=False),
        Column("person_name", _("姓名"), "D1", attr="person__name", editable=False),
        Column("sex", _("性别"), "D1", kind="choice", choices=Case.Sex.choices, example="female"),
        Column("age_years", _("年龄（岁）"), "D1", kind="int", example="52"),
        Column("area_path", _("计入地区"), "D7", kind="area", editable=False),
        Column("residence_path", _("现住地区"), "D2", kind="area", in_list=False, example="510402001001"),
        Column("onset_path", _("发病地区"), "D2", kind="area", in_list=False),
        Column("status", _("病例状态"), "D2", kind="choice", choices=_S.choices, required=True, example="suspected"),
        Column("severity", _("临床分型"), "D2", kind="choice", choices=Case.Severity.choices),
        Column("origin", _("来源"), "D2", kind="choice", choices=Case.Origin.choices),
        Column("imported_from", _("输入自"), "D2", kind="choice", choices=Case.ImportedFrom.choices, in_list=False),
        Column("cluster_id", _("聚集性疫情编号"), "D2", max_length=40, in_list=False),
        Column("hospital", _("收治机构"), "D2", kind="ref", to="place", in_list=False),
        Column("onset_on", _("发病日期"), "D2", kind="date", example="2020-02-08"),
        Column("first_visit_on", _("首次就诊日期"), "D2", kind="date", in_list=False),
        Column("sampled_on", _("采样日期"), "D2", kind="date", in_list=False),
        Column("isolated_on", _("隔离日期"), "D2", kind="date", in_list=False),
        Column(
            "found_at", _("发现时间"), "D2", kind="datetime", help=_("不填则取现在或确诊日"), example="2020-02-14 09:30"
        ),
        Column("reported_at", _("网络直报时间"), "D2", kind="datetime", in_list=False),
        Column("confirmed_on", _("确诊日期"), "D2", kind="date", help=_("只在登记或导入时填写"), example="2020-02-14"),
        Column("discharged_on", _("出院日期"), "D2", kind="date", in_list=False, help=_("只在登记或导入时填写")),
        Column("died_on", _("死亡日期"), "D2", kind="date", in_list=False, help=_("只在登记或导入时填写")),
        Column("outcome", _("转归"), "D2", kind="choice", choices=Case.Outcome.choices, editable=False),
        Column("definition_version", _("定义版本"), "D7", editable=False),
        Column("generation", _("代次"), "D3", kind="int", editable=False, in_list=False),
    ]
    filters = ["status", "area_path", "onset_on", "confirmed_on", "severity", "origin", "outcome"]
    search = ["case_no", "person_name"]
    order = ("-found_at", "-id")
    menu = ("epidemic", 20)
    new_route = "case-report"
    row_routes = {"case-course": _("病例经过")}
    trail_words = {
        "report": _("登记病例"), "severity": _("临床分型"), "suspected": _("列为疑似"), "clinically_diagnosed": _("临床诊断"),
        "confirmed": _("确诊"), "asymptomatic": _("列为无症状感染"), "excluded": _("排除"),
    }  # fmt: skip
    title = ["case_no", "status"]
    actions = [
        Action(
            "network_report",
            _("登记网络直报"),
            do=forms_work.network_report,
            fields=[Column("at", _("网络直报时间"), "D2", kind="datetime", required=True)],
            when=lambda row: row.status != _S.EXCLUDED,
        ),
        Action(
            "confirm",
            _("确诊"),
            do=forms_work.confirm,
            fields=[
                Column("pcr", _("核酸检测阳性"), "D2", kind="bool"),
                Column("sequence", _("基因测序高度同源"), "D2", kind="bool"),
                Column("antibody", _("IgM 和 IgG 阳性或 IgG 转阳"), "D2", kind="bool"),
                Column("antibody_fourfold", _("IgG 四倍升高"), "D2", kind="bool"),
                Column("severity", _("临床分型"), "D2", kind="choice", choices=Case.Severity.choices),
                Column("reported_at", _("网络直报时间"), "D2", kind="datetime"),
            ],
            when=lambda row: row.status in (_S.SUSPECTED, _S.CLINICAL),
            help=_("按当日的病例定义核对；缺少确诊依据时不能确诊。"),
        ),
        Action(
            "convert",
            _("无症状转确诊"),
            do=forms_work.convert,
            fields=[
                Column("symptoms", _("出现症状"), "D2", kind="bool"),
                Column("imaging", _("出现影像学表现"), "D2", kind="bool"),
                Column("onset_on", _("发病日期"), "D2", kind="date"),
                Column("severity", _("临床分型"), "D2", kind="choice", choices=Case.Severity.choices),
            ],
            when=lambda row: row.status == _S.ASYMPTOMATIC,
        ),
        Action(
            "exclude",
            _("排除"),
            do=forms_work.exclude,
            fields=[
                *forms_work.RELEASE_COLUMNS[:2],
                Column("antibody_negative_on", _("抗体阴性日期"), "D2", kind="date"),
                Column("reason", _("撤回原因"), "D4", max_length=200, help=_("撤回已确诊或无症状病例时必填")),
            ],
            when=lambda row: row.status != _S.EXCLUDED,
            danger=True,
        ),
        Action(
            "set_severity",
            _("临床分型"),
            do=forms_work.set_severity,
            fields=[
                Column("severity", _("临床分型"), "D2", kind="choice", choices=Case.Severity.choices, required=True)
            ],
            when=lambda row: row.status == _S.CONFIRMED and row.outcome == _ILL,
        ),
        Action(
            "finish_investigation",
            _("完成流调"),
            do=forms_work.finish_investigation,
            fields=forms_work.INVESTIGATION_COLUMNS,
            when=lambda row: row.investigated_at is None and row.status != _S.EXCLUDED,
        ),
        Action(
            "link_source",
            _("登记传染来源"),
            do=forms_work.link_source,
            fields=[
                Column("source_no", _("传染来源的病例编号"), "D3", max_length=40, help=_("留空则取消登记")),
                Column("cluster_id", _("聚集性疫情编号"), "D2", max_length=40),
            ],
            when=lambda row: row.status != _S.EXCLUDED,
        ),
        Action(
            "discharge",
            _("出院"),
            do=forms_work.discharge,
            fields=[*forms_work.RELEASE_COLUMNS, Column("discharged_on", _("出院日期"), "D2", kind="date")],
            when=lambda row: row.outcome == _ILL and row.status in (_S.CONFIRMED, _S.ASYMPTOMATIC, _S.CLINICAL),
            help=_("按当日的出院标准核对；不符合时列出尚缺的条件。"),
        ),
        Action(
            "move",
            _("转出本市"),
            do=forms_work.move,
            fields=[
                Column("to_area", _("转往何地"), "D2", required=True, max_length=120),
                Column("moved_on", _("转出日期"), "D2", kind="date"),
            ],
            when=lambda row: row.outcome == _ILL and row.status != _S.EXCLUDED,
        ),
        Action(
            "record_death",
            _("登记死亡"),
            do=forms_work.record_death,
            fields=[Column("died_on", _("死亡日期"), "D2", kind="date")],
            when=lambda row: row.outcome == _ILL and row.status != _S.EXCLUDED,
            danger=True,
        ),
    ]

    def prepare(self, row: Case, values: Mapping[str, Any], by: Any) -> None:
        plain_case.prepare(row, values, by)

    def saved(self, created: Sequence[Case], changed: Sequence[Case], by: Any) -> None:
        plain_case.entered(created, by)

    def removed(self, rows: Sequence[Case], by: Any) -> None:
        plain_case.taken_back(rows, by)
