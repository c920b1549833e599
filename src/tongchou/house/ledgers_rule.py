"""The ledger of rules: every row of the rulebook, shipped or the city's own, to list, filter and export."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.registry import register
from tongchou.rulebook.actions.catalogue import keep_listed
from tongchou.rulebook.models import RuleEntry

MARKS = [
    ("seen", _("已见来源")),
    ("knowledge", _("据常识，未核实")),
    ("default", _("默认值，无公开数字")),
    ("not_found", _("未找到，须由本市填写")),
]


@register
class RuleLedger(Ledger):
    key = "rule"
    label = _("规则台账")
    label_en = "Rule"
    help = _("规则库的全部行：随系统提供的和本市自定的，含已被取代的。某日适用哪一条、提出和批准修改，请用规则库。")
    model = RuleEntry
    field_class = "D9"
    columns = [
        Column("rule_id", _("规则编号"), "D9", identity=True, editable=False),
        Column("version", _("版本"), "D9", identity=True, editable=False),
        Column("label_zh", _("中文名称"), "D9", editable=False),
        Column("label_en", _("英文名称"), "D9", editable=False),
        Column("area_path", _("地区"), "D9", kind="text", editable=False),
        Column("disease", _("病种"), "D9", editable=False, in_list=False),
        Column("firm_class", _("企业类别"), "D9", editable=False, in_list=False),
        Column("sector", _("行业"), "D9", editable=False, in_list=False),
        Column("group", _("人群"), "D9", editable=False, in_list=False),
        Column("value_zh", _("内容"), "D9", kind="long", editable=False, in_list=False),
        Column("value_en", _("英文内容"), "D9", kind="long", editable=False, in_list=False),
        Column("valid_from_on", _("生效日"), "D9", kind="date", editable=False),
        Column("valid_to_on", _("最后有效日"), "D9", kind="date", editable=False),
        Column("known_from_at", _("获知时间"), "D9", kind="datetime", editable=False, in_list=False),
        Column("known_to_at", _("取代时间"), "D9", kind="datetime", editable=False, in_list=False),
        Column("mark", _("标记"), "D9", kind="choice", choices=MARKS, editable=False),
        Column("source", _("来源"), "D9", kind="long", editable=False, in_list=False),
        Column("own", _("本市自定"), "D9", kind="bool", editable=False),
        Column("pack", _("规则包"), "D9", editable=False, in_list=False),
    ]
    filters = ["rule_id", "mark", "own", "valid_from_on"]
    search = ["rule_id", "label_zh", "label_en"]
    order = ("rule_id", "valid_from_on", "id")
    menu = ("house", 60)
    title = ["label_zh", "version"]
    writable = False

    def rows_for(self, actor: Any, queryset: QuerySet) -> QuerySet:
        """All of them: rules are no personal data. The list is derived, and brought up to date before it is read."""
        keep_listed()
        return queryset
