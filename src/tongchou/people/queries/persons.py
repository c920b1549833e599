"""Finding persons and households by exact personal values, and the people of a household."""

from __future__ import annotations

from django.db.models import QuerySet

from tongchou.access.sealed import blind_index
from tongchou.people.models import Household, Person


def by_id_no(text: str) -> QuerySet[Person]:
    """Rows with this identity number, found by its blind index; empty for an empty text."""
    index = blind_index("id_no", text)
    return Person.objects.filter(id_no_index=index) if index else Person.objects.none()


def by_phone(text: str) -> QuerySet[Person]:
    """Rows with this phone, found by its blind index; empty for an empty text."""
    index = blind_index("phone", text)
    return Person.objects.filter(phone_index=index) if index else Person.objects.none()


def members(household: Household) -> QuerySet[Person]:
    """Who lives in the household today: neither gone, dead nor merged into another row."""
    return household.members.filter(status=Person.Status.LIVING).order_by("id")
