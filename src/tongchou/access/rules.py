"""What no table row can say: nobody grants to herself, the three administrators stay apart, one of each remains."""

from __future__ import annotations

from django.db.models import Q

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import Post, PostHolding, User
from tongchou.access.models.organisation import in_force
from tongchou.access.roles import ADMIN_ROLES, Role

KEPT_ROLES = (Role.SYS_ADMIN, Role.SEC_ADMIN)


def demand(by: Actor, ledger_key: str, verb: str) -> None:
    """Refuse an actor whom the permission table does not name."""
    if not permissions.may(by, ledger_key, verb):
        raise AccessError(
            "forbidden", "您的岗位无权办理此事项，请联系系统管理员。", "Your post may not do this; ask the system administrator."
        )


def demand_not_self(by: Actor, user: User) -> None:
    """Refuse a change of rights that the actor would make for herself."""
    if by.user_id and by.user_id == str(user.pk):
        raise AccessError(
            "self_grant", "不能给自己授权或改变自己的权限，请由另一位管理员办理。",
            "Nobody grants rights to herself; ask another administrator.",
        )


def demand_reach(by: Actor, post: Post) -> None:
    """Refuse a post that lies outside the actor's area, or whose role she may not fill with deputies.

    Accounts are the work of SYS_ADMIN in the whole city; others reach the posts of their own area
    that ``permissions.toml`` ``[deputise]`` names for their role.
    """
    if by.role in (Role.SYSTEM, Role.SYS_ADMIN):
        return
    if post.role not in permissions.deputy_roles(by):
        raise AccessError(
            "forbidden_role", "您不能为该角色的岗位安排人员，请联系系统管理员。",
            "You may not fill a post of this role; ask the system administrator.",
        )
    if not any(scope.kind == "area" and _inside(post.area_path, scope.value) for scope in by.scopes):
        raise AccessError("out_of_area", "该岗位不在您的辖区内。", "This post lies outside your area.")


def _inside(path: str, root: str) -> bool:
    low, high = areas.subtree(root)
    return bool(path) and low <= path < high


def demand_separate(user: User, post: Post) -> None:
    """An administrator holds that one post and no other, so that nobody grants, reads and reviews at once."""
    lasting = Q(ended_at__isnull=True) & (Q(to_on__isnull=True) | Q(to_on__gte=citytime.today()))  # today or later
    roles = set(PostHolding.objects.filter(lasting, user=user).exclude(post=post).values_list("post__role", flat=True))
    if (post.role in ADMIN_ROLES and roles) or roles & ADMIN_ROLES:
        raise AccessError(
            "admins_apart", "系统、安全、审计三类管理员必须由不同的人担任，且不得兼任其他岗位。",
            "The system, security and audit administrators are different people who hold no other post.",
        )


def demand_another(
    role: str, without: PostHolding | None = None, without_user: User | None = None, without_post: Post | None = None
) -> None:
    """Refuse to take away the last person who can act as system or security administrator."""
    if role not in KEPT_ROLES or not PostHolding.objects.filter(post__role=role).exists():
        return
    today = citytime.today()
    rows = PostHolding.objects.filter(PostHolding.held(today), in_force(today, "post__active_from_on", "post__active_to_on"), post__role=role)
    if without is not None:
        rows = rows.exclude(pk=without.pk)
    if without_user is not None:
        rows = rows.exclude(user=without_user)
    if without_post is not None:
        rows = rows.exclude(post=without_post)
    if not any(row.user.usable_on(today) and not row.absent_on(today) for row in rows.select_related("user")):
        raise AccessError(
            "last_admin", "这是最后一位此类管理员，请先任命接替的人。", "This is the last administrator of this kind; appoint another one first.",
        )


def demand_days(from_on: object, to_on: object) -> None:
    if from_on is not None and to_on is not None and to_on < from_on:  # type: ignore[operator]
        raise AccessError("days_reversed", "截止日期早于开始日期，请改正。", "The last day is before the first; correct it.", "to_on")
