"""The four responsible parties of an object; a party without a post is a gap, shown red (mechanism A17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongchou.access.models import Post, Responsibility
from tongchou.access.models.organisation import FOUR_PARTIES, in_force


@dataclass(frozen=True)
class Parties:
    """``named`` has a post by party; ``missing`` the parties that nobody stands for; ``leaders`` the linked leaders."""

    named: dict[str, Post]
    missing: tuple[str, ...]
    leaders: tuple[Post, ...]


def parties_of(ledger: str, object_id: str, on: date) -> Parties:
    """Who answers for one object on a day."""
    rows = Responsibility.objects.filter(in_force(on), ledger=ledger, object_id=str(object_id)).select_related("post").order_by("from_on", "id")
    named, leaders = {}, []
    for row in rows:
        if not row.post.in_force_on(on):
            continue
        if row.party == Responsibility.Party.LEADER:
            leaders.append(row.post)
        else:
            named[str(row.party)] = row.post
    missing = tuple(str(party) for party in FOUR_PARTIES if str(party) not in named)
    return Parties(named, missing, tuple(leaders))
