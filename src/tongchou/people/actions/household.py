"""Counting the members of households again after people moved, left or were merged."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q

from tongchou import citytime
from tongchou.people.models import Household, Person


def recount_members(*, household_ids: Iterable[object]) -> None:
    """Set ``member_count`` of these households to the number of people living in them; None is passed over.

    Runs inside the caller's transaction: the count changes with the fact that changed it.
    """
    wanted = {key for key in household_ids if key is not None}
    if not wanted:
        return
    living = Count("members", filter=Q(members__status=Person.Status.LIVING))
    now = citytime.now()
    for household in Household.objects.filter(pk__in=wanted).annotate(living=living):
        if household.member_count != household.living:
            Household.objects.filter(pk=household.pk).update(member_count=household.living, updated_at=now)
