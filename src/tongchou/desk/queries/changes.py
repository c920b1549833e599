"""What changed in a post's area since its user was last here, counted from the trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.audit.models import ChainHead, Entry
from tongchou.desk.words import action_name
from tongchou.ledger import registry

#: the trail is walked back over at most this many lines, so the page costs the same after a city-wide import
LONGEST_LOOK_BACK = 20_000


@dataclass(frozen=True)
class Change:
    """``count`` lines of one kind; ``ledger`` is its key."""

    ledger: str
    ledger_name: str
    action_name: str
    count: int
    last_at: datetime


def since(actor: Actor, instant: datetime) -> list[Change]:
    """Changes by others after ``instant``, newest kind first, of the ledgers that this actor may list."""
    ledgers = {one.key: str(one.label) for one in registry.every() if permissions.may(actor, one.key, "list")}
    if not ledgers or not actor.area_path:
        return []
    head = ChainHead.objects.filter(id=1).values_list("position", flat=True).first() or 0
    rows = (
        Entry.objects.filter(areas.within("area_path", actor.area_path))
        .filter(position__gt=head - LONGEST_LOOK_BACK, at__gt=instant, at__lte=citytime.now(), ledger__in=ledgers)
        .exclude(user=actor.user_id)
        .exclude(action__in=("read", "list", "export"))
        .values("ledger", "action")
        .annotate(lines=Count("position"), last_at=Max("at"))
        .order_by("-last_at")
    )
    return [
        Change(
            row["ledger"],
            ledgers[row["ledger"]],
            action_name(row["ledger"], row["action"]),
            row["lines"],
            row["last_at"],
        )
        for row in rows
    ]
