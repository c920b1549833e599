"""Which post answers for an object, from when to when (mechanisms A17, A18)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access import rules
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import Post, Responsibility
from tongchou.access.models.organisation import in_force


@transaction.atomic
def assign_responsibility(
    *, ledger: str, object_id: str, party: str, post: Post, area_path: str = "", from_on: date | None = None,
    to_on: date | None = None, by: Actor,
) -> Responsibility:
    """Name a post for an object. Each of the four parties has one post at a time: the one before ends the day before.

    Linked leaders may be several.
    """
    rules.demand(by, "responsibility", "create")
    rules.demand_days(from_on, to_on)
    if party not in Responsibility.Party.values:
        raise AccessError("unknown_party", f"没有责任方“{party}”。", f"There is no party {party!r}.", "party")
    start = from_on or citytime.today()
    row = Responsibility.objects.create(
        ledger=ledger, object_id=object_id, party=party, post=post, area_path=area_path or post.area_path, from_on=start, to_on=to_on
    )
    close_earlier(row)
    audit.record(
        "assign_responsibility", ledger=ledger, object_id=object_id, by=by.by, area=row.area_path,
        changes={party: ["", str(post.pk)], "from_on": ["", str(start)]},
    )
    return row


def close_earlier(row: Responsibility) -> None:
    """Each of the four parties is one post at a time: those named before end the day before; of one day the last counts."""
    if row.party == Responsibility.Party.LEADER or row.from_on is None:
        return
    same = Responsibility.objects.filter(in_force(row.from_on), ledger=row.ledger, object_id=row.object_id, party=row.party).exclude(pk=row.pk)
    same.filter(from_on=row.from_on).delete()
    same.update(to_on=row.from_on - timedelta(days=1))


@transaction.atomic
def end_responsibility(*, responsibility: Responsibility, on: date | None = None, by: Actor) -> Responsibility:
    """The last day of a responsibility."""
    rules.demand(by, "responsibility", "end")
    last_on = on or citytime.today()
    rules.demand_days(responsibility.from_on, last_on)
    before, responsibility.to_on = responsibility.to_on, last_on
    responsibility.save(update_fields=["to_on"])
    audit.record(
        "end_responsibility", ledger=responsibility.ledger, object_id=responsibility.object_id, by=by.by,
        area=responsibility.area_path, changes={"to_on": [str(before or ""), str(last_on)]},
    )
    return responsibility
