"""Note that a user looked at My work."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.desk.models import Visit

#: a look within this time of the last one belongs to the same visit
SAME_VISIT = timedelta(minutes=30)


@transaction.atomic
def note_visit(*, by: Actor) -> datetime | None:
    """The end of this user's visit before the present one, as this post; None at the first visit.

    No line enters the trail: signing in is already there, and a reload of a page changes nothing that anyone decides on.
    """
    now = citytime.now()
    visit, new = Visit.objects.get_or_create(user=by.user_id, post=by.post_id, defaults={"seen_at": now})
    if new:
        return None
    if now < visit.seen_at or now - visit.seen_at > SAME_VISIT:  # a replayed clock may also have been set back
        visit.since_at = min(now, visit.seen_at)
    visit.seen_at = now
    visit.save(update_fields=["since_at", "seen_at"])
    return visit.since_at
