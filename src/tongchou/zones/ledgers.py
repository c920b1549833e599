"""The ledgers of zones: decisions, the province's published list, populations, experts' judgements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongchou import areas, citytime
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.refusal import Refusal
from tongchou.rulebook.reader import COVID
from tongchou.zones.actions import decision as decisions
from tongchou.zones.models import AreaPopulation, ExpertJudgement, Level, PublishedLevel, ZoneDecision

_PENDING = (ZoneDecision.State.WAITING, ZoneDecision.State.PROVISIONAL)
# Facts of a zone rule that nobody can count: see the rulebook's zoning criteria.
JUDGED_FACTS = (
    ("sustained", _("存在持续传播")),
    ("infected_lived_or_busy", _("感染者居住地或活动频繁地")),
    ("infected_stayed", _("感染者停留一定时间")),
    ("spread_risk_nil", _("研判无社区传播风险")),
)


@register
class ZoneDecisionLedger(Ledger):
    key = "zone_decision"
    label = _("分级决定")
    label_en = "Zone decision"
    help = _("岗位对各地区风险级别的决定。系统只提建议；升级可先临时生效，降级须第二人确认。在“分区分级”页作出决定。")
    model = ZoneDecision
    field_class = "D7"
    placed = {"area": "area_path", "assignment": "id"}
    writable = False
    columns = [
        Column("area_path", _("地区"), "D7", kind="area", editable=False),
        Column("level", _("级别"), "D7", kind="choice", choices=Level.choices, editable=False),
        Column("level_before", _("原级别"), "D7", kind="choice", choices=Level.choices, editable=False),
        Column("state", _("状态"), "D7", kind="choice", choices=ZoneDecision.State.choices, editable=False),
        Column("from_on", _("起始日期"), "D7", kind="date", editable=False),
        Column("to_on", _("截止日期"), "D7", kind="date", editable=False),
        Column("review_on", _("复评日期"), "D7", kind="date", editable=False),
        Column("rule_version", _("规则版本"), "D7", editable=False),
        Column("reason", _("理由"), "D7", editable=False, in_list=False),
        Column("legal_basis", _("法律依据"), "D7", editable=False, in_list=False),
        Column("complaint_channel", _("申诉渠道"), "D7", editable=False, in_list=False),
        Column("decided_at", _("决定时间"), "D7", kind="datetime", editable=False),
        Column("decided_by_name", _("决定岗位"), "D7", editable=False),
        Column("seconded_at", _("第二人确认时间"), "D7", kind="datetime", editable=False, in_list=False),
        Column("seconded_by_name", _("第二人岗位"), "D7", editable=False, in_list=False),
        Column("ended_on", _("实际终止日期"), "D7", kind="date", editable=False, in_list=False),
        Column("refusal", _("未通过原因"), "D7", editable=False, in_list=False),
    ]
    filters = ["area_path", "level", "state", "from_on"]
    order = ("-decided_at", "-id")
    menu = ("epidemic", 40)
    title = ["area_path", "level"]
    actions = [
        Action(
            "confirm",
            _("确认（第二人）"),
            do=decisions.second_decision,
            noun="decision",
            when=lambda row: row.state in _PENDING,
            help=_("须由另一岗位的另一人确认。确认后生效，原决定被取代。"),
        ),
        Action(
            "reject",
            _("不同意"),
            do=decisions.refuse_decision,
            noun="decision",
            fields=[Column("reason", _("原因"), "D7", required=True, max_length=300)],
            when=lambda row: row.state in _PENDING,
            danger=True,
        ),
    ]


@register
class PublishedLevelLedger(Ledger):
    key = "published_level"
    label = _("公布名单")
    label_en = "Published levels"
    help = _("省级公布的各县（市、区）风险级别名单。逐条录入，或把名单整份导入；页面将它与计算级别并列。")
    model = PublishedLevel
    field_class = "D7"
    columns = [
        Column("published_on", _("公布日期"), "D7", kind="date", identity=True, required=True, example="2020-02-28"),
        Column("area_path", _("地区"), "D7", kind="area", identity=True, required=True, example="510402000000"),
        Column("disease", _("病种"), "D7", identity=True, max_length=40, help=_("不填则为 covid-19"), example=COVID),
        Column("level", _("公布级别"), "D7", kind="choice", choices=Level.choices, required=True, example="medium"),
        Column("source", _("来源"), "D7", required=True, max_length=200, example="省应急指挥部公告"),
    ]
    filters = ["published_on", "area_path", "level"]
    order = ("-published_on", "-id")
    menu = ("epidemic", 50)
    title = ["area_path", "published_on"]

    def prepare(self, row: PublishedLevel, values: Mapping[str, Any], by: Any) -> None:
        row.disease = row.disease or COVID
        _refuse_future(row.published_on, "published_on")
        _refuse_unknown_area(row.area_path)


@register
class AreaPopulationLedger(Ledger):
    key = "area_population"
    label = _("地区人口")
    label_en = "Population"
    help = _("各地区的人口数，用于计算每 10 万人发病率。注明统计时点和来源。")
    model = AreaPopulation
    field_class = "D7"
    columns = [
        Column("area_path", _("地区"), "D7", kind="area", identity=True, required=True, example="510402000000"),
        Column("counted_on", _("统计时点"), "D7", kind="date", identity=True, required=True, example="2020-11-01"),
        Column("persons", _("人口数"), "D7", kind="int", required=True, example="411427"),
        Column("source", _("来源"), "D7", required=True, max_length=200, example="第七次全国人口普查"),
    ]
    filters = ["area_path", "counted_on"]
    order = ("area_path", "id")
    menu = ("epidemic", 60)
    title = ["area_path", "counted_on"]

    def prepare(self, row: AreaPopulation, values: Mapping[str, Any], by: Any) -> None:
        if row.persons <= 0:
            raise Refusal("人口数应大于 0", "the population must be above 0", code="not_positive", field="persons")
        _refuse_unknown_area(row.area_path)


@register
class ExpertJudgementLedger(Ledger):
    key = "expert_judgement"
    label = _("专家判断")
    label_en = "Expert judgement"
    help = _("规则中无法计数的事实，例如是否存在持续传播。未判断之前视为未知，不会因此判为高风险。")
    model = ExpertJudgement
    identities = [("area_path", "fact", "judged_on", "disease")]
    field_class = "D7"
    placed = {"area": "area_path"}
    columns = [
        Column("area_path", _("地区"), "D7", kind="area", required=True, example="510402000000"),
        Column("fact", _("事实"), "D7", kind="choice", choices=JUDGED_FACTS, required=True, example="sustained"),
        Column("holds", _("成立"), "D7", kind="bool", required=True),
        Column("judged_on", _("判断日期"), "D7", kind="date", required=True, example="2020-02-14"),
        Column("reason", _("理由"), "D7", required=True, max_length=300),
        Column("disease", _("病种"), "D7", max_length=40, in_list=False, help=_("不填则为 covid-19")),
    ]
    filters = ["area_path", "fact", "judged_on"]
    order = ("-judged_on", "-id")
    menu = ("epidemic", 55)
    title = ["area_path", "fact"]

    def prepare(self, row: ExpertJudgement, values: Mapping[str, Any], by: Any) -> None:
        row.disease = row.disease or COVID
        row.by_post = by.post_id
        _refuse_future(row.judged_on, "judged_on")
        _refuse_unknown_area(row.area_path)


def _refuse_future(day: Any, field: str) -> None:
    if day > citytime.today():
        raise Refusal(
            f"日期 {day} 在今天之后，请核对", f"{day} lies in the future; check it", code="future", field=field
        )


def _refuse_unknown_area(path: str) -> None:
    areas.get(path)
