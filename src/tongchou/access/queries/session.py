"""For whom a web session acts: the posts of its user today, the one chosen, and the purpose while it holds."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from tongchou import citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.models import PhoneBinding, Post, User
from tongchou.access.queries import holders
from tongchou.access.roles import WITHOUT_SECOND_FACTOR

POST_KEY, PURPOSE_KEY, PURPOSE_AT_KEY = "access_post", "access_purpose", "access_purpose_at"
PHONE_KEY = "access_phone"


def actor_of(request: HttpRequest) -> Actor | None:
    """The actor of a web request, from the database as it stands now; None for an anonymous visitor."""
    user = request.user
    if not isinstance(user, User) or not _phone_is_bound(request, user):
        return None
    posts = posts_of_request(request)
    if not posts:
        return Actor.without_post(user)
    chosen = request.session.get(POST_KEY, "")
    post = next((post for post in posts if str(post.pk) == chosen), posts[0])
    return Actor.of_post(post, user, purpose_of(request))


def posts_of_request(request: HttpRequest) -> list[Post]:
    """The posts a session may act for: a session opened by a phone's PIN reaches no desk post."""
    user = request.user
    posts = holders.posts_of(user, citytime.today()) if isinstance(user, User) else []
    if PHONE_KEY in request.session:
        return [post for post in posts if post.role in WITHOUT_SECOND_FACTOR]
    return posts


def _phone_is_bound(request: HttpRequest, user: User) -> bool:
    pk = request.session.get(PHONE_KEY)
    return pk is None or PhoneBinding.objects.filter(pk=pk, user=user, unbound_at=None).exists()


def purpose_of(request: HttpRequest) -> str:
    """The purpose chosen for this session, empty when none was chosen or its hours are over."""
    purpose, stamp = request.session.get(PURPOSE_KEY, ""), request.session.get(PURPOSE_AT_KEY, "")
    if purpose not in permissions.table().purposes or not stamp:
        return ""
    age = citytime.now() - datetime.fromisoformat(stamp)
    return purpose if timedelta() <= age < timedelta(hours=permissions.table().purpose_hours) else ""
