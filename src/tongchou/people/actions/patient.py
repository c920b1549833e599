"""A person whom a hospital or a CDC has before it: found by identity number in the whole city, or registered."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from tongchou import audit
from tongchou.access.actor import Actor
from tongchou.ledger import registry, write
from tongchou.people.errors import PeopleError
from tongchou.people.models import Person


@transaction.atomic
def find_or_register(*, raw: Mapping[str, str], by: Actor) -> Person:
    """The person with this identity number, wherever he lives in the city; else a new row of the person ledger.

    ``raw`` is text by column of the person ledger; ``name`` and ``area_path`` must be there. Whoever holds the
    card knows the whole number, so the search looks past the scope of ``by``; it is written in the trail.
    Raises Refusals for what cannot be read, PeopleError where the number belongs to somebody of another name.
    """
    ledger = registry.get("person")
    values = write.clean_row(ledger, raw, by)
    found = write.find_existing(ledger, [values])[0]
    if found is None:
        # A patient may live in any district: only here is a row written past the writer's scope.
        return write.insert_rows(ledger, [write.build_row(ledger, values, by, anywhere=True)], by=by)[0]
    person = found.standing()
    if person.name != values["name"]:
        raise PeopleError(
            "other_name",
            "该证件号码在本市登记的是另一个姓名，请核对证件原件",
            "this identity number is registered to somebody of another name: check the card",
            field="name",
        )
    audit.record("read", ledger="person", object_id=person.pk, by=by.by, area=person.area_path, note="identity number")
    return person
