"""Posts and who stands in them: set up, ended, filled, deputised, absent (mechanism A02)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from tongchou import audit, citytime
from tongchou.access import rules
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import Post, PostHolding, User
from tongchou.access.roles import Role, ScopeKind


@transaction.atomic
def create_post(
    *, code: str, name: str, role: str, area_path: str = "", scope_kind: str = "", scope_value: str = "",
    parent: Post | None = None, active_from_on: date | None = None, by: Actor,
) -> Post:
    """A new post. A post that reaches by area names its area; one that reaches by site or object names them."""
    rules.demand(by, "post", "create")
    check_post(role=role, scope_kind=scope_kind or ScopeKind.AREA, area_path=area_path, scope_value=scope_value, by=by)
    try:
        with transaction.atomic():
            post = Post.objects.create(
                code=code.strip(), name=name.strip(), role=role, area_path=area_path, scope_kind=scope_kind or ScopeKind.AREA,
                scope_value=scope_value, parent=parent, active_from_on=active_from_on,
            )
    except IntegrityError:
        raise AccessError("code_taken", f"岗位代码 {code} 已存在。", f"The post code {code} is taken.", "code") from None
    audit.record(
        "create_post", ledger="post", object_id=str(post.pk), by=by.by, area=area_path,
        changes={"code": ["", post.code], "name": ["", post.name], "role": ["", role]},
    )
    return post


def check_post(*, role: str, scope_kind: str, area_path: str, scope_value: str, by: Actor) -> None:
    """Refuse a post that would reach nothing, or everything."""
    if role not in Role.values or role == Role.SYSTEM:
        raise AccessError("unknown_role", f"没有角色“{role}”。", f"There is no role {role!r}.", "role")
    if scope_kind == ScopeKind.AREA and not area_path:
        raise AccessError("no_area", "按辖区管辖的岗位必须写明辖区。", "A post that reaches by area names its area.", "area_path")
    if scope_kind in (ScopeKind.SITE, ScopeKind.OBJECT) and not scope_value and role != Role.LEADER:
        raise AccessError("no_object", "请填写该岗位管辖的单位或对象编号。", "Name the site or object this post reaches.", "scope_value")


@transaction.atomic
def end_post(*, post: Post, on: date | None = None, by: Actor) -> Post:
    """The post's last day. Its records stay with it; the post above answers for them."""
    rules.demand(by, "post", "end_post")
    last_on = on or citytime.today()
    rules.demand_days(post.active_from_on, last_on)
    before, post.active_to_on = post.active_to_on, last_on
    post.save(update_fields=["active_to_on"])
    end_holdings(post=post, last_on=last_on)
    audit.record(
        "end_post", ledger="post", object_id=str(post.pk), by=by.by, area=post.area_path,
        changes={"active_to_on": [str(before or ""), str(last_on)]},
    )
    return post


def end_holdings(*, post: Post, last_on: date) -> None:
    """End what is held in a post with its last day. Refuses to end the last administrators."""
    rules.demand_another(post.role, without_post=post)
    PostHolding.objects.filter(post=post, from_on__gt=last_on).delete()
    PostHolding.objects.filter(PostHolding.held(last_on), post=post).update(to_on=last_on)


def check_ladder(post: Post) -> None:
    """Refuse a post above that stands below: the ladder must end."""
    seen, step = {post.pk}, post.parent
    while step is not None:
        if step.pk in seen:
            raise AccessError("ladder_loop", "上级岗位形成了循环，请改正。", "The posts above run in a circle; correct them.", "parent")
        seen.add(step.pk)
        step = step.parent


def check_holding(row: PostHolding, by: Actor) -> None:
    """Hold a holding that is written as plain data (form, sheet) to the rules of ``appoint`` and ``deputise``."""
    rules.demand_not_self(by, row.user)
    rules.demand_reach(by, row.post)
    rules.demand_days(row.from_on, row.to_on)
    rules.demand_days(row.absent_from_on, row.absent_to_on)
    rules.demand_separate(row.user, row.post)
    today = citytime.today()
    if not row.post.in_force_on(row.from_on or today):
        raise AccessError("post_ended", "该岗位在此日期不存在或已撤销。", "The post is not in force on that day.", "from_on")
    if not row.holds_on(today) or row.absent_on(today):
        rules.demand_another(row.post.role, without=row)


@transaction.atomic
def appoint(*, post: Post, user: User, from_on: date | None = None, to_on: date | None = None, by: Actor) -> PostHolding:
    """A user becomes holder of a post. Work of the system administrator."""
    rules.demand(by, "post", "appoint")
    return _hold(post, user, PostHolding.Kind.HOLDER, 1, from_on, to_on, by)


@transaction.atomic
def deputise(
    *, post: Post, user: User, kind: str = "deputy", rank: int = 1, from_on: date | None = None, to_on: date | None = None, by: Actor,
) -> PostHolding:
    """A user becomes deputy (acts when the holder is away, in the order of ``rank``) or acting holder."""
    rules.demand(by, "post", "deputise")
    rules.demand_reach(by, post)
    if kind not in (PostHolding.Kind.DEPUTY, PostHolding.Kind.ACTING):
        raise AccessError("unknown_kind", "只能安排副职或代理。", "Only a deputy or an acting holder can be named here.", "kind")
    return _hold(post, user, kind, rank, from_on, to_on, by)


def _hold(post: Post, user: User, kind: str, rank: int, from_on: date | None, to_on: date | None, by: Actor) -> PostHolding:
    rules.demand_not_self(by, user)
    rules.demand_days(from_on, to_on)
    rules.demand_separate(user, post)
    start = from_on or citytime.today()
    if not user.usable_on(start) and not user.usable_on(citytime.today()):
        raise AccessError("user_ended", "该账户已停用。", "This account has ended.", "user")
    if not post.in_force_on(start):
        raise AccessError("post_ended", "该岗位在此日期不存在或已撤销。", "The post is not in force on that day.", "from_on")
    if PostHolding.objects.filter(PostHolding.held(start), post=post, user=user).exists():
        raise AccessError("already_holds", f"{user.name} 已在该岗位任职。", f"{user.name} already stands in this post.", "user")
    row = PostHolding.objects.create(post=post, user=user, kind=kind, rank=rank, from_on=start, to_on=to_on)
    audit.record(
        "appoint" if kind == PostHolding.Kind.HOLDER else "deputise", ledger="post", object_id=str(post.pk), by=by.by, area=post.area_path,
        changes={"user": ["", str(user.pk)], "kind": ["", kind], "from_on": ["", str(start)], "to_on": ["", str(to_on or "")]},
    )
    return row


@transaction.atomic
def end_holding(*, holding: PostHolding, on: date | None = None, by: Actor) -> PostHolding:
    """The last day of a user in a post; without ``on`` the end holds at once."""
    post = holding.post
    rules.demand(by, "post", "appoint" if holding.kind == PostHolding.Kind.HOLDER else "deputise")
    rules.demand_reach(by, post)
    rules.demand_another(post.role, without=holding)
    rules.demand_days(holding.from_on, on)
    before = holding.to_on
    holding.to_on = on or max(citytime.today(), holding.from_on or citytime.today())
    holding.ended_at = None if on else citytime.now()
    holding.save(update_fields=["to_on", "ended_at"])
    audit.record(
        "end_holding", ledger="post", object_id=str(post.pk), by=by.by, area=post.area_path,
        changes={"user": [str(holding.user_id), ""], "to_on": [str(before or ""), str(holding.to_on)]},
    )
    return holding


@transaction.atomic
def mark_absent(*, holding: PostHolding, from_on: date | None = None, to_on: date | None = None, by: Actor) -> PostHolding:
    """A holder is away from a day to a day (open end: until lifted); the deputies act meanwhile.

    She may say so herself; otherwise it is done by whoever may deputise for the post.
    """
    _demand_absence(holding, by)
    start = from_on or citytime.today()
    rules.demand_days(start, to_on)
    rules.demand_another(holding.post.role, without=holding)
    holding.absent_from_on, holding.absent_to_on = start, to_on
    holding.save(update_fields=["absent_from_on", "absent_to_on"])
    audit.record(
        "mark_absent", ledger="post", object_id=str(holding.post_id), by=by.by, area=holding.post.area_path,
        changes={"user": ["", str(holding.user_id)], "absent": ["", f"{start}..{to_on or ''}"]},
    )
    return holding


@transaction.atomic
def lift_absence(*, holding: PostHolding, by: Actor) -> PostHolding:
    """The holder is back and answers for the post again."""
    _demand_absence(holding, by)
    holding.absent_from_on = holding.absent_to_on = None
    holding.save(update_fields=["absent_from_on", "absent_to_on"])
    audit.record(
        "lift_absence", ledger="post", object_id=str(holding.post_id), by=by.by, area=holding.post.area_path,
        changes={"user": ["", str(holding.user_id)]},
    )
    return holding


def _demand_absence(holding: PostHolding, by: Actor) -> None:
    if by.user_id and by.user_id == str(holding.user_id):
        return
    rules.demand(by, "post", "deputise")
    rules.demand_reach(by, holding.post)
