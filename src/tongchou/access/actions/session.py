"""What a user chooses for a session: the post she acts for, and the purpose for which she reads."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from tongchou import audit, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import Post, User
from tongchou.access.queries import session


@transaction.atomic
def switch_post(*, request: HttpRequest, post_id: str, by: Actor) -> Post:
    """Act for another post of the same user. The purpose was given for the old one and is dropped."""
    user = request.user
    posts = session.posts_of_request(request) if isinstance(user, User) else []
    post = next((post for post in posts if str(post.pk) == post_id), None)
    if post is None:
        raise AccessError("not_your_post", "您目前不能代表该岗位。", "You cannot act for this post now.", "post")
    audit.record(
        "switch_post", ledger="post", object_id=str(post.pk), by=by.by, area=post.area_path,
        changes={"post": [by.post_id, str(post.pk)]},
    )
    request.session[session.POST_KEY] = str(post.pk)
    request.session.pop(session.PURPOSE_KEY, None)
    return post


@transaction.atomic
def choose_purpose(*, request: HttpRequest, purpose: str, by: Actor) -> None:
    """State why personal data is read in the next hours; an empty purpose ends it."""
    if purpose and purpose not in permissions.table().purposes:
        raise AccessError("unknown_purpose", "请从列表中选择用途。", "Choose a purpose from the list.", "purpose")
    audit.record(
        "choose_purpose", ledger="post", object_id=by.post_id, by=by.by, area=by.area_path, changes={"purpose": [by.purpose, purpose]}
    )
    request.session[session.PURPOSE_KEY] = purpose
    request.session[session.PURPOSE_AT_KEY] = citytime.now().isoformat()
