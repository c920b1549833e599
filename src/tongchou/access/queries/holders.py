"""The acting-holder rule: who answers for a post on a day, and why (mechanism A02).

A record belongs to a post. On any day the post is answered for, in this order, by its holder; by
the acting holder appointed for it; by its deputies in their order; by whoever answers for the post
above. A holding counts on a day inside its dates, outside its leave, while its account is usable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongchou.access.models import Post, PostHolding, User

HOLDER, ACTING, DEPUTY, ABOVE, VACANT = "holder", "acting", "deputy", "above", "vacant"
_ORDER = {PostHolding.Kind.HOLDER: 0, PostHolding.Kind.ACTING: 1, PostHolding.Kind.DEPUTY: 2}
_LADDER_LIMIT = 12


@dataclass(frozen=True)
class Answer:
    """``user`` is None only for ``why == vacant``. ``passed_over`` names those before her and why: left or absent."""

    post: Post
    user: User | None
    why: str
    passed_over: tuple[tuple[str, str], ...] = ()


def who_answers(post: Post, on: date) -> Answer:
    """Who answers for ``post`` on a city day, up the ladder of posts where nobody in it can."""
    seen: set[object] = set()
    passed: list[tuple[str, str]] = []
    step: Post | None = post
    while step is not None and step.pk not in seen and len(seen) < _LADDER_LIMIT:
        seen.add(step.pk)
        chosen = _in_post(step, on, passed)
        if chosen is not None:
            why = chosen.kind if step.pk == post.pk else ABOVE
            return Answer(post, chosen.user, why, tuple(passed))
        step = step.parent
    return Answer(post, None, VACANT, tuple(passed))


def _in_post(post: Post, on: date, passed: list[tuple[str, str]]) -> PostHolding | None:
    if not post.in_force_on(on):
        return None
    rows = sorted(
        PostHolding.objects.filter(post=post).select_related("user"),
        key=lambda row: (_ORDER[PostHolding.Kind(row.kind)], row.rank, row.from_on or date.min, row.pk),
    )
    for row in rows:
        if row.from_on and on < row.from_on:
            continue
        if not row.holds_on(on) or not row.user.usable_on(on):
            passed.append((row.user.name, "left"))
        elif row.absent_on(on):
            passed.append((row.user.name, "absent"))
        else:
            return row
    return None


def posts_of(user: User, on: date) -> list[Post]:
    """The posts a user may act for on a day: those she holds, and those where the rule makes her act."""
    rows = PostHolding.objects.filter(PostHolding.held(on), user=user).select_related("post", "post__parent").order_by("kind", "id")
    found: dict[object, Post] = {}
    for row in sorted(rows, key=lambda row: (_ORDER[PostHolding.Kind(row.kind)], row.pk)):
        if not row.post.in_force_on(on) or row.absent_on(on):
            continue
        if row.kind == PostHolding.Kind.HOLDER or _acts(row, on):
            found.setdefault(row.post_id, row.post)
    return list(found.values())


def _acts(row: PostHolding, on: date) -> bool:
    answer = who_answers(row.post, on)
    return answer.user is not None and answer.user.pk == row.user_id and answer.why in (ACTING, DEPUTY)
