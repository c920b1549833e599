"""Who stands on which side of a task: the doer's, the requester's, or neither.

Only the requester's side may verify, return, extend, close and write off; the doer never may, not
even through a second post that the same person holds.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.notices import SYSTEM_POST
from tongchou.refusal import Refusal
from tongchou.tasks.models import Task

COMMANDING_ROLES = (Role.OFFICE, Role.COMMAND)
_LONGEST_LINE = 12


def posts_above(post: Post) -> list[Post]:
    """The line of posts above one, nearest first: by ``parent``; where that is empty, the office or
    command post of the nearest area that contains it."""
    line: list[Post] = []
    seen = {post.pk}
    today = citytime.today()
    at = post
    for _ in range(_LONGEST_LINE):
        above = at.parent or _commanding(at, seen)
        if above is None or above.pk in seen:
            break
        seen.add(above.pk)
        at = above
        if above.in_force_on(today):
            line.append(above)
    return line


def _commanding(post: Post, seen: set[UUID]) -> Post | None:
    paths = [post.area_path[:length] for length in (2, 4, 6, 9, 12, 15, 18) if length <= len(post.area_path)]
    found = Post.objects.filter(Q(area_path__in=paths), role__in=COMMANDING_ROLES).exclude(pk__in=seen)
    own_rank = _rank(post)
    above = [row for row in found if _rank(row) > own_rank]
    return min(above, key=_rank, default=None)


def _rank(post: Post) -> tuple[int, int]:
    """Higher is further up: a wider area first, then command above office above all others."""
    role = COMMANDING_ROLES.index(post.role) + 1 if post.role in COMMANDING_ROLES else 0
    return (-len(post.area_path), role)


def supervising_post(owner: Post) -> Post | None:
    """The post that answers for what the system asks of ``owner``: the next one above; None at the top."""
    return next(iter(posts_above(owner)), None)


def on_requesters_side(actor: Actor, task: Task) -> bool:
    """Whether ``actor`` may judge this task's result."""
    if actor.role == Role.SYSTEM:
        return task.opened_by_post == SYSTEM_POST
    if not actor.post_id or task.is_doer(actor.post_id):
        return False
    if actor.post_id == task.requester_post:
        return True
    if task.requester_post == SYSTEM_POST:
        return actor.role in COMMANDING_ROLES and task.area_path.startswith(actor.area_path)
    requester = Post.objects.filter(pk=task.requester_post).first()
    return requester is not None and any(str(row.pk) == actor.post_id for row in posts_above(requester))


def is_party(actor: Actor, task: Task) -> bool:
    """Whether a post reads what was said about a task: who does it, who asked for it, who went to look, who stands above the doer."""
    if not actor.post_id:
        return False
    if task.is_doer(actor.post_id) or on_requesters_side(actor, task) or actor.post_id == task.opened_by_post:
        return True
    if task.site_checks.filter(by_post=actor.post_id).exists():
        return True
    owner = Post.objects.filter(pk=task.owner_post).first()
    return owner is not None and any(str(row.pk) == actor.post_id for row in posts_above(owner))


def demand_requester(actor: Actor, task: Task) -> None:
    """Refuse whoever may not judge the task. Raises Refusal."""
    if task.is_doer(actor.post_id) or (actor.user_id and actor.user_id == task.reported_by_user):
        raise Refusal(
            "承办一方不能复核、办结自己的任务；请由交办岗位办理。",
            "The doer cannot verify or close the task; the requester's post must do it.",
            code="doer_cannot_close",
        )
    if not on_requesters_side(actor, task):
        raise Refusal(
            "只有交办岗位（或其上级岗位）可以办理这一步。",
            "Only the requester's post, or a post above it, may take this step.",
            code="not_requester",
        )


def demand_doer(actor: Actor, task: Task) -> None:
    """Refuse whoever does not do this work. Raises Refusal."""
    if not task.is_doer(actor.post_id):
        raise Refusal(
            "只有承办或协办岗位可以办理这一步。",
            "Only the post that does this task, or one that assists it, may take this step.",
            code="not_doer",
        )


def demand_owner(actor: Actor, task: Task) -> None:
    """Refuse whoever is not the lead post of the work. Raises Refusal."""
    if actor.post_id != task.owner_post:
        raise Refusal("只有承办岗位可以办理这一步。", "Only the post that owns this task may take this step.", code="not_owner")
