"""The ledgers of users, posts, holdings and responsibilities: brought in, changed and ended on pages and by sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tongchou import citytime
from tongchou.access import rules
from tongchou.access.actions import post as posts
from tongchou.access.actions import responsibility as responsibilities
from tongchou.access.actions import user as users
from tongchou.access.models import Post, PostHolding, Responsibility, User
from tongchou.access.roles import Role, ScopeKind
from tongchou.ledger import registry
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.refusal import Refusal

LAST_DAY = Column("on", _("最后一日"), "D8", kind="date", help=_("空白为今天"))


@register
class PostLedger(Ledger):
    key = "post"
    label = _("岗位")
    label_en = "Post"
    help = _("记录属于岗位而不属于个人。岗位有角色、管辖范围和上级；由谁担任见任职台账。")
    model = Post
    field_class = "D7"
    placed = {"area": "area_path"}
    related = ["parent"]
    columns = [
        Column("code", _("岗位代码"), "D7", identity=True, required=True, create_only=True, max_length=64, example="GRID-510402001001-01"),
        Column("name", _("岗位名称"), "D7", required=True, max_length=120, example="一村第一网格"),
        Column("role", _("角色"), "D7", kind="choice", required=True, create_only=True, example="GRID",
               choices=[(role.value, role.label) for role in Role if role != Role.SYSTEM]),
        Column("area_path", _("辖区"), "D7", kind="area", example="510402001001"),
        Column("scope_kind", _("范围类型"), "D7", kind="choice", choices=ScopeKind.choices, in_list=False, example="area"),
        Column("scope_value", _("范围对象"), "D7", in_list=False, max_length=400, help=_("单位编号或 台账:编号，空格分隔")),
        Column("parent", _("上级岗位"), "D7", kind="ref", to="post", help=_("上级岗位的代码")),
        Column("active_from_on", _("设立日期"), "D7", kind="date", in_list=False, example="2020-01-22"),
        Column("active_to_on", _("撤销日期"), "D7", kind="date", help=_("填写后岗位在该日后撤销，任职随之结束")),
    ]  # fmt: skip
    filters = ["role", "area_path"]
    search = ["code", "name"]
    order = ("area_path", "id")
    actions = [Action("end_post", _("撤销岗位"), do=posts.end_post, fields=[LAST_DAY], danger=True, when=lambda row: row.active_to_on is None)]
    menu = ("house", 20)
    title = ["name"]

    def prepare(self, row: Post, values: Mapping[str, Any], by: Any) -> None:
        row.scope_kind = row.scope_kind or ScopeKind.AREA
        posts.check_post(role=row.role, scope_kind=row.scope_kind, area_path=row.area_path, scope_value=row.scope_value, by=by)
        posts.check_ladder(row)
        rules.demand_days(row.active_from_on, row.active_to_on)

    def saved(self, created: Sequence[Post], changed: Sequence[Post], by: Any) -> None:
        for row in changed:
            if row.active_to_on is not None:
                posts.end_holdings(post=row, last_on=row.active_to_on)


@register
class UserLedger(Ledger):
    key = "user"
    label = _("用户")
    label_en = "User"
    help = _("能登录的人。账户没有密码，首次用一次性链接设置；离岗时停用账户，不删除。")
    model = User
    field_class = "D8"
    columns = [
        Column("username", _("工号"), "D8", identity=True, required=True, create_only=True, max_length=64, example="GW0001"),
        Column("name", _("姓名"), "D8", required=True, max_length=64, example="示例甲"),
        Column("phone", _("手机"), "D8", kind="phone", in_list=False, max_length=40, example="13800000000"),
        Column("active_from_on", _("启用日期"), "D8", kind="date", example="2020-01-22"),
        Column("active_to_on", _("停用日期"), "D8", kind="date", help=_("当日仍可登录，次日起停用")),
        Column("disabled_at", _("立即停用于"), "D8", kind="datetime", editable=False),
    ]
    filters = []
    search = ["username", "name"]
    order = ("name", "id")
    actions = [
        Action("end_user", _("停用账户"), do=users.end_user, fields=[LAST_DAY], danger=True, when=lambda row: row.disabled_at is None,
               help=_("空白为立即停用，会话和手机随即失效。")),
        Action("restore_user", _("恢复账户"), do=users.restore_user, when=lambda row: not row.is_active),
    ]  # fmt: skip
    menu = ("house", 30)
    title = ["name", "username"]
    row_routes = {"user-doors": _("登录与一次性链接")}

    def prepare(self, row: User, values: Mapping[str, Any], by: Any) -> None:
        rules.demand_not_self(by, row)
        rules.demand_days(row.active_from_on, row.active_to_on)
        if not row.password:
            row.set_unusable_password()
        if not row.usable_on(citytime.today()):
            users.demand_administrators_remain(row)


@register
class HoldingLedger(Ledger):
    key = "holding"
    label = _("任职")
    label_en = "Holding of a post"
    help = _("谁从哪天到哪天担任哪个岗位：任职、副职或代理。离任填止日，不删除。")
    model = PostHolding
    field_class = "D8"
    placed = {"area": "post__area_path"}
    related = ["user", "post"]
    columns = [
        Column("user", _("工号"), "D8", kind="ref", to="user", identity=True, required=True, create_only=True, example="GW0001"),
        Column("user_name", _("姓名"), "D8", attr="user__name", editable=False),
        Column("post", _("岗位代码"), "D8", kind="ref", to="post", identity=True, required=True, create_only=True, example="GRID-510402001001-01"),
        Column("post_name", _("岗位名称"), "D8", attr="post__name", editable=False),
        Column("kind", _("类型"), "D8", kind="choice", choices=PostHolding.Kind.choices, example="holder"),
        Column("rank", _("代理顺序"), "D8", kind="int", in_list=False, example="1"),
        Column("from_on", _("起"), "D8", kind="date", identity=True, create_only=True, example="2020-01-22"),
        Column("to_on", _("止"), "D8", kind="date"),
        Column("absent_from_on", _("请假起"), "D8", kind="date", in_list=False),
        Column("absent_to_on", _("请假止"), "D8", kind="date", in_list=False),
    ]
    filters = ["kind", "to_on"]
    search = []
    order = ("-id",)
    menu = ("house", 40)
    title = ["user_name", "post_name"]

    def prepare(self, row: PostHolding, values: Mapping[str, Any], by: Any) -> None:
        posts.check_holding(row, by)


@register
class ResponsibilityLedger(Ledger):
    key = "responsibility"
    label = _("责任")
    label_en = "Responsibility"
    help = _("每个对象的四方责任（属地、部门、主体、个人）和挂联领导，各由一个岗位承担。")
    model = Responsibility
    field_class = "D7"
    placed = {"area": "area_path"}
    related = ["post"]
    columns = [
        Column("object_id", _("对象编号"), "D7", identity=True, required=True, create_only=True, max_length=64),
        Column("ledger", _("台账"), "D7", identity=True, required=True, create_only=True, max_length=40, example="place"),
        Column("party", _("责任方"), "D7", kind="choice", choices=Responsibility.Party.choices, identity=True, required=True, create_only=True),
        Column("post", _("责任岗位"), "D7", kind="ref", to="post", required=True),
        Column("area_path", _("辖区"), "D7", kind="area", in_list=False),
        Column("from_on", _("起"), "D7", kind="date", identity=True, required=True, create_only=True, example="2020-01-22"),
        Column("to_on", _("止"), "D7", kind="date"),
    ]
    filters = ["party", "area_path"]
    search = ["object_id"]
    order = ("area_path", "id")
    actions = [
        Action("end", _("终止责任"), do=responsibilities.end_responsibility, fields=[LAST_DAY], danger=True, when=lambda row: row.to_on is None)
    ]
    menu = ("house", 50)

    def prepare(self, row: Responsibility, values: Mapping[str, Any], by: Any) -> None:
        target = registry.get(row.ledger)
        try:
            found = target.rows(by).filter(pk=row.object_id).exists()
        except ValidationError:
            found = False
        if not found:
            raise Refusal(
                f"“{target.label}”台账（您的范围内）中没有编号 {row.object_id}。",
                f"The ledger {row.ledger!r} holds no {row.object_id} within your scope.", code="unknown_object", field="object_id",
            )  # fmt: skip
        row.area_path = row.area_path or row.post.area_path
        rules.demand_days(row.from_on, row.to_on)

    def saved(self, created: Sequence[Responsibility], changed: Sequence[Responsibility], by: Any) -> None:
        for row in created:
            responsibilities.close_earlier(row)
