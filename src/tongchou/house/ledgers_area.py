"""The ledger of divisions: every version of every division, with its days and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongchou import areas, audit
from tongchou.areas.drafts import Draft, RowError, draft
from tongchou.areas.models import Area, Datum, Level, UrbanRural
from tongchou.house.actions.area import merge_division, rename_division
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.refusal import Refusal

_FILLED = ("path", "parent_path", "level", "code")


@register
class AreaLedger(Ledger):
    key = "area"
    label = _("区划")
    label_en = "Division"
    help = _("省、市、县、乡、村和网格。一行是一个区划的一个有效期；合并、改名后旧行保留，历史数字仍能按旧区划或新区划汇总。")
    model = Area
    field_class = "D7"
    placed = {"area": "path"}
    columns = [
        Column("code", _("区划代码"), "D7", identity=True, required=True, create_only=True, max_length=15, check=lambda text: areas.code_of(areas.path_of(text)),
               help=_("12 位数字，网格 15 位"), example="510402001001"),
        Column("name", _("名称"), "D7", required=True, max_length=100, example="示例社区居民委员会"),
        Column("level", _("级别"), "D7", kind="choice", choices=Level.choices, editable=False),
        Column("parent_path", _("上级区划"), "D7", kind="area", editable=False),
        Column("path", _("所在范围"), "D7", kind="area", editable=False, in_list=False),
        Column("valid_from_on", _("生效日期"), "D7", kind="date", identity=True, required=True, create_only=True,
               example="2020-01-01"),
        Column("valid_to_on", _("失效日期"), "D7", kind="date", editable=False, help=_("自这一天起不再有效；由合并、改名等动作填写")),
        Column("urban_rural", _("城乡分类"), "D7", kind="choice", choices=UrbanRural.choices[1:], in_list=False, example="111"),
        Column("lon", _("驻地经度（度）"), "D7", kind="decimal", check=float, in_list=False, example="101.704109"),
        Column("lat", _("驻地纬度（度）"), "D7", kind="decimal", check=float, in_list=False, example="26.546491"),
        Column("seat_datum", _("坐标系"), "D7", kind="choice", choices=Datum.choices[1:], in_list=False, example="CGCS2000"),
        Column("seat_source", _("坐标来源"), "D7", in_list=False),
        Column("source", _("来源"), "D7", in_list=False),
        Column("became", _("后来"), "D7", editable=False),
        Column("came_from", _("由来"), "D7", editable=False, in_list=False),
    ]  # fmt: skip
    filters = ["level", "path", "name", "valid_from_on", "valid_to_on"]
    search = ["code", "name"]
    order = ("path", "id")
    menu = ("city", 10)
    title = ["name"]
    actions = [
        Action(
            "rename", _("改名"), do=rename_division, when=lambda row: row.valid_to_on is None,
            fields=[
                Column("name", _("新名称"), "D7", required=True, max_length=100),
                Column("on", _("自哪一天起"), "D7", kind="date", required=True),
                Column("source", _("文号或来源"), "D7"),
            ],
        ),
        Action(
            "succeed", _("并入其他区划"), do=merge_division, when=lambda row: row.valid_to_on is None, danger=True,
            help=_("本区划停用，下级改用新代码；旧数据不改动，按新区划汇总时自动并入。"),
            fields=[
                Column("to", _("并入的区划"), "D7", kind="area", required=True, help=_("代码或名称，须与本区划同级")),
                Column("on", _("自哪一天起"), "D7", kind="date", required=True),
                Column("name", _("合并后的名称"), "D7", max_length=100, help=_("不填则沿用原名")),
                Column("source", _("文号或来源"), "D7"),
            ],
        ),
    ]  # fmt: skip

    def prepare(self, row: Area, values: Mapping[str, Any], by: Any) -> None:
        """The rules of the division file hold here too; a new row of a known code is its next version."""
        one = _draft(row)
        for name in _FILLED:
            setattr(row, name, getattr(one, name))
        row.name = one.name
        if row._state.adding:
            _demand_parent(one)
            _demand_next_version(one)

    def saved(self, created: Sequence[Area], changed: Sequence[Area], by: Any) -> None:
        """A new version closes the one before it."""
        for row in created:
            for before in Area.objects.filter(path=row.path, valid_to_on=None, valid_from_on__lt=row.valid_from_on):
                _set_end(before, row.valid_from_on, by)

    def removed(self, rows: Sequence[Area], by: Any) -> None:
        """An undone import opens again what its versions had closed; a division with others below it stays."""
        gone = {row.path for row in rows}
        for row in rows:
            earlier = Area.objects.filter(path=row.path, valid_to_on=row.valid_from_on).first()
            below = [one.path for one in areas.below(row.path, row.valid_from_on) if one.path not in gone]
            if earlier is None and below:
                raise Refusal(
                    f"{row.name} 之下还有区划 {areas.name_of(below[0])}，不能撤销；请先撤销下级的导入。",
                    f"{row.code} has divisions below it ({below[0]}) and stays; undo their import first.",
                    code="children_remain",
                )
            if earlier is not None:
                _set_end(earlier, None, by)


def _draft(row: Area) -> Draft:
    cells = {
        name: "" if getattr(row, name) is None else str(getattr(row, name))
        for name in ("code", "name", "urban_rural", "lon", "lat", "seat_source")
    }
    return draft(0, cells | {"datum": row.seat_datum or ""}, valid_from_on=row.valid_from_on)


def _demand_parent(one: Draft) -> None:
    if one.level in ("province", "city") or areas.find(one.parent_path, one.valid_from_on):
        return
    raise RowError(
        "code", "parent_unknown",
        f"上级区划 {areas.code_of(one.parent_path)} 在 {one.valid_from_on} 不在区划表中；请先导入上级。"
        "整个城市的区划请用 tongchou areas import 一次导入",
        f"the division above, {areas.code_of(one.parent_path)}, does not stand on {one.valid_from_on}; import it first,"
        " or take a whole city's file in at once with tongchou areas import",
    )  # fmt: skip


def _demand_next_version(one: Draft) -> None:
    last = (areas.tree().versions.get(one.path) or (None,))[-1]
    if last is None:
        return
    if last.valid_to_on is not None:
        raise RowError(
            "code", "code_ended",
            f"代码 {one.code}（{last.name}）已于 {last.valid_to_on} 停用，停用的代码不能再用",
            f"code {one.code} ({last.name}) ended on {last.valid_to_on} and is not used again",
        )  # fmt: skip
    if one.valid_from_on <= last.valid_from_on:
        raise RowError(
            "valid_from_on", "history_differs",
            f"{one.code} 自 {last.valid_from_on} 起已登记为“{last.name}”，新的一行必须更晚",
            f"{one.code} is on record as '{last.name}' from {last.valid_from_on}; a new row must begin later",
        )  # fmt: skip
    if one.name == last.name and one.urban_rural in ("", last.urban_rural):
        raise RowError(
            "name", "nothing_new",
            f"{one.code} 自 {last.valid_from_on} 起就叫“{last.name}”，没有变化；要更正内容请修改原有一行",
            f"{one.code} has been '{last.name}' since {last.valid_from_on}; to correct it, change that row",
        )  # fmt: skip


def _set_end(row: Area, end: Any, by: Any) -> None:
    change = {"valid_to_on": [str(row.valid_to_on or ""), str(end or "")]}
    row.valid_to_on = end
    row.save(update_fields=["valid_to_on"])
    audit.record("area.end" if end else "area.reopen", ledger="area", object_id=str(row.pk), by=by.by, area=row.path, changes=change)
