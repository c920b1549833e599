"""From a bearer token to an actor, with its limit a minute."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import ApiToken
from tongchou.access.queries import holders
from tongchou.access.secret import secret_hash

WINDOW = timedelta(minutes=1)


class TooManyCalls(AccessError):
    """The token used up its minute. ``wait_s`` is the number of seconds to wait."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("too_many_calls", f"调用过于频繁，请 {wait_s} 秒后再试。", f"Too many calls; try again in {wait_s} s.")
        self.wait_s = wait_s


def actor_of_token(secret: str) -> tuple[Actor, ApiToken] | None:
    """The actor of a live token, counted against its minute; None where the token is not good.

    The user named in the trail is whoever answers for the post today.

    Raises:
        TooManyCalls: when the token's minute is used up.
    """
    token = ApiToken.objects.select_related("post", "post__parent").filter(secret_hash=secret_hash(secret)).first()
    now = citytime.now()
    if token is None or token.revoked_at is not None or now >= token.expires_at or not token.post.in_force_on(citytime.today()):
        return None
    _count(token)
    answer = holders.who_answers(token.post, citytime.today())
    return Actor.of_post(token.post, answer.user, purpose=f"token:{token.prefix}"), token


def _count(token: ApiToken) -> None:
    now = citytime.now()
    row = ApiToken.objects.filter(pk=token.pk)
    fresh = row.filter(window_started_at__gt=now - WINDOW, window_started_at__lte=now)
    if fresh.filter(window_count__lt=F("per_minute")).update(window_count=F("window_count") + 1, last_used_at=now):
        return
    if fresh.exists():
        started = row.values_list("window_started_at", flat=True).get() or now
        raise TooManyCalls(int((started + WINDOW - now).total_seconds()) + 1)
    row.update(window_started_at=now, window_count=1, last_used_at=now)
