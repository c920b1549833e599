"""Where notices to a post go: its duty mailboxes, and for what is told to the system, the administrators' posts.

The notices room knows posts as text only; this room, which knows them, answers its questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tongchou import notices
from tongchou.access.models import Post
from tongchou.access.roles import Role
from tongchou.tasks.models import Mailbox


def mail_addresses(post: str) -> list[str]:
    """The duty mailboxes of a post by text id; of the system: those of the administrators' posts."""
    boxes = Mailbox.objects.all()
    boxes = boxes.filter(post__role=Role.SYS_ADMIN) if post == notices.SYSTEM_POST else boxes.filter(post__in=_ids([post]))
    return list(boxes.values_list("address", flat=True))


def any_administrator(posts: Sequence[str]) -> bool:
    return Post.objects.filter(pk__in=_ids(posts), role=Role.SYS_ADMIN).exists()


def connect() -> None:
    notices.mail_addresses_from(mail_addresses)
    notices.system_notices_read_by(any_administrator)


def _ids(posts: Sequence[str]) -> list[UUID]:
    """The text ids that are ids at all: ``system`` and a test's post are none."""
    found = []
    for post in posts:
        try:
            found.append(UUID(post))
        except ValueError:
            continue
    return found
