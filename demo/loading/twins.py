"""A few invented people who are in the ledger twice, as it happens: once by household, once by a hospital's front desk."""

from __future__ import annotations

from demo.loading import marks
from demo.loading.plan import Plan
from tongchou import areas
from tongchou.access.actor import SYSTEM
from tongchou.ledger import registry, write
from tongchou.people.models import Person

_TWINS = 6


def load_twins(plan: Plan) -> None:
    """Register some residents again without their identity number, with the phone and name they gave."""
    if marks.done("twins"):
        return
    ledger = registry.get("person")
    with marks.step("twins") as rows:
        known = Person.objects.filter(areas.within("area_path", plan.grids[0].village), invented=True).exclude(phone_index=0)
        for person in known.order_by("-person_no")[:_TWINS]:
            raw = {"name": person.name, "phone": person.phone, "born_on": person.born_on.isoformat(), "area_path": person.area_path}
            row = write.create_rows(ledger, [write.clean_row(ledger, raw, SYSTEM)], by=SYSTEM)[0]
            Person.objects.filter(pk=row.pk).update(invented=True)
            rows.append(1)
