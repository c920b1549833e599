"""Mark a post's notices as read."""

from __future__ import annotations

from django.db import transaction

from tongchou import notices
from tongchou.access.actor import Actor

#: at most this many in one go, so the page never holds a write transaction for long
MOST_AT_ONCE = 200


@transaction.atomic
def read_all_notices(*, by: Actor) -> int:
    """Mark the newest unread notices of the actor's post as read, each with its line in the trail; how many."""
    unread = list(notices.inbox([by.post_id]).filter(read_at=None)[:MOST_AT_ONCE])
    for notice in unread:
        notices.mark_read(notice=notice, by=by)
    return len(unread)
