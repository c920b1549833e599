"""Closing a place for good and opening it again. A closure by measure is a matter of the zones room."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.places.errors import PlacesError
from tongchou.places.models import Place


@transaction.atomic
def close_place(*, place: Place, on: date | None = None, by: Actor) -> Place:
    """The place is used no longer from the day ``on`` (today by default)."""
    row = Place.objects.select_for_update().get(pk=place.pk)
    day = on or citytime.today()
    if row.closed_on is not None:
        raise PlacesError("place_closed", f"已于 {row.closed_on} 停用", f"It was closed on {row.closed_on} already")
    if row.opened_on is not None and day < row.opened_on:
        raise PlacesError(
            "place_days", "停用日期早于启用日期，请核对", "The closing day lies before the opening day: check it", field="on"
        )
    return _set_closed(row, day, by, "close_place")


@transaction.atomic
def reopen_place(*, place: Place, by: Actor) -> Place:
    """The place is in use again."""
    row = Place.objects.select_for_update().get(pk=place.pk)
    if row.closed_on is None:
        raise PlacesError("place_open", "此场所没有停用", "This place is not closed")
    return _set_closed(row, None, by, "reopen_place")


def _set_closed(row: Place, day: date | None, by: Actor, action: str) -> Place:
    changes = {"closed_on": [str(row.closed_on or ""), str(day or "")]}
    row.closed_on, row.updated_at = day, citytime.now()
    row.save(update_fields=["closed_on", "updated_at"])
    audit.record(action, ledger="place", object_id=str(row.pk), by=by.by, area=row.area_path, changes=changes)
    return row
