"""The ledgers of places and grids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongchou import citytime
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.places import types, uscc
from tongchou.places.actions.place import close_place, reopen_place
from tongchou.places.errors import PlacesError
from tongchou.places.models import GridCell, Place, new_place_no


@register
class PlaceLedger(Ledger):
    key = "place"
    label = _("场所")
    label_en = "Place"
    help = _("小区、市场、学校、医院、隔离点、工厂、工地、卡点等有人负责的地方。责任岗位见责任台账。")
    model = Place
    stands_alone = True
    stamped = ("created_at", "updated_at")
    field_class = "D7"
    placed = {"area": "area_path", "site": "id", "object": "id"}
    columns = [
        Column("place_no", _("场所编号"), "D7", identity=True, max_length=32, help=_("不填则自动编号"), example="L510402-0001"),
        Column("name", _("名称"), "D7", required=True, max_length=120, example="示例超市"),
        Column("type_key", _("场所类型"), "D7", kind="choice", choices=types.choices, required=True, example="supermarket"),
        Column("area_path", _("所在区划"), "D7", kind="area", required=True, example="510402001001"),
        Column("address", _("地址"), "D7", max_length=200, example="示例路 1 号"),
        Column("capacity", _("容量"), "D7", kind="int"),
        Column("area_m2", _("面积（平方米）"), "D7", kind="decimal", in_list=False),
        Column("operator_uscc", _("经营单位统一社会信用代码"), "D6", max_length=18, in_list=False),
        Column("opened_on", _("启用日期"), "D7", kind="date", in_list=False),
        Column("closed_on", _("停用日期"), "D7", kind="date", editable=False),
        Column("invented", _("虚构"), "D7", kind="bool", editable=False),
    ]
    filters = ["type_key", "area_path", "name"]
    search = ["place_no", "name"]
    order = ("area_path", "id")
    menu = ("city", 20)
    title = ["name"]
    actions = [
        Action(
            "close",
            _("停用"),
            do=close_place,
            fields=[Column("on", _("停用日期"), "D7", kind="date", help=_("不填为今天"))],
            when=lambda row: row.closed_on is None,
        ),
        Action("reopen", _("恢复启用"), do=reopen_place, when=lambda row: row.closed_on is not None),
    ]

    def prepare(self, row: Place, values: Mapping[str, Any], by: Any) -> None:
        row.place_no = row.place_no or new_place_no()
        types.get(row.type_key)
        if row.operator_uscc:
            row.operator_uscc = uscc.read(row.operator_uscc)
        if row.area_m2 is not None and row.area_m2 <= 0:
            raise PlacesError("area_m2", "面积应大于0", "The area must be above 0", field="area_m2")
        if row.capacity is not None and row.capacity < 0:
            raise PlacesError("capacity", "容量不能为负数", "The capacity cannot be negative", field="capacity")
        _stamp(row)


@register
class GridLedger(Ledger):
    key = "grid"
    label = _("网格")
    label_en = "Grid"
    help = _("网格是网格员负责的地面，一般 300 到 500 户。")
    model = GridCell
    field_class = "D7"
    placed = {"area": "area_path"}
    columns = [
        Column("area_path", _("网格代码"), "D7", kind="area", identity=True, required=True, example="510402001001001"),
        Column("name", _("网格名称"), "D7", required=True, max_length=64, example="示例社区第一网格"),
        Column("household_count", _("户数"), "D7", kind="int"),
        Column("invented", _("虚构"), "D7", kind="bool", editable=False),
    ]
    filters = ["area_path", "name"]
    search = ["name"]
    order = ("area_path", "id")
    menu = ("city", 30)
    title = ["name"]

    def prepare(self, row: GridCell, values: Mapping[str, Any], by: Any) -> None:
        if len(row.area_path) != 15:
            raise PlacesError(
                "grid_code",
                "网格代码应为15位：村社区12位加网格3位",
                "A grid code has 15 digits: 12 of the village and 3 of the grid",
                field="area_path",
            )
        _stamp(row)


def _stamp(row: Any) -> None:
    now = citytime.now()
    if row._state.adding:
        row.created_at = now
    row.updated_at = now
