"""Places of every type, with the departments and territories that answer for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np

from demo.loading import marks
from demo.loading.plan import Plan, is_urban, short_name
from demo.synthesis.names import PLACE_SYLLABLES
from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post, Responsibility
from tongchou.places.models import Place

_LEVELS = {"city": "city", "county": "county", "township": "township"}


def load_places(plan: Plan) -> None:
    """Every place of ``city.toml``; their names are invented and say so."""
    if marks.done("places"):
        return
    now = citytime.now()
    opened_on = plan.settings["valid_from_on"]
    with marks.step("places") as rows:
        places = [_place(plan, entry, area, number, opened_on, now) for entry, area, number in _sites(plan)]
        Place.objects.bulk_create(places, batch_size=500)
        audit.record("create_places", ledger="place", object_id="", by=SYSTEM.by, area=plan.city, count=len(places))
        rows.append(len(places))


def _sites(plan: Plan) -> Iterator[tuple[Mapping[str, Any], str, int]]:
    """(entry of city.toml, area where it stands, number within its county and type)."""
    serial: dict[tuple[str, str], int] = {}
    for entry in plan.settings["places"]:
        for area in _areas(plan, entry["per"]):
            for _copy in range(entry.get("count", 1)):
                key = (area[:6], entry["type_key"])
                serial[key] = serial.get(key, 0) + 1
                yield entry, area, serial[key]


def _areas(plan: Plan, per: str) -> list[str]:
    if per in _LEVELS:
        return plan.paths(_LEVELS[per])
    urban = {"urban_village": True, "rural_village": False}.get(per)
    return [path for path in plan.paths("village") if urban is None or is_urban(plan.names[path]) == urban]


def _place(plan: Plan, entry: Mapping[str, Any], area: str, number: int, opened_on: date, now: Any) -> Place:
    chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([plan.seed, int(area), number, len(entry["type_key"])])))
    made_up = "".join(chance.choice(list(PLACE_SYLLABLES), 2))
    where = "" if entry["per"] == "city" else short_name(plan.names[area])
    home = _home_of(plan, area, number)
    return Place(
        place_no=f"{area[:6]}-{entry['type_key']}-{number:03d}",
        name=f"{where}{made_up}{entry['name']}（虚构）",
        type_key=entry["type_key"],
        area_path=home,
        address=f"{short_name(plan.names[home])}{made_up}路{number}号",
        capacity=entry.get("capacity"),
        area_m2=entry.get("area_m2"),
        opened_on=opened_on,
        invented=True,
        created_at=now,
        updated_at=now,
    )


def _home_of(plan: Plan, area: str, number: int) -> str:
    """A village below the area: a place stands somewhere, so that the village's post sees it."""
    villages = plan.paths("village", area)
    return villages[number % len(villages)] if villages else area


def load_responsibilities(plan: Plan) -> None:
    """For each place the village (territory) and its department; for factories and sites also the linked leader."""
    if marks.done("responsibilities"):
        return
    posts = dict(Post.objects.values_list("code", "pk"))
    department = {entry["type_key"]: entry.get("department") for entry in plan.settings["places"]}
    from_on = plan.settings["valid_from_on"]
    party = Responsibility.Party
    with marks.step("responsibilities") as rows:
        found = []
        for place in Place.objects.filter(invented=True).order_by("place_no").iterator(chunk_size=500):
            holders = [(party.TERRITORY, f"{place.area_path}-SEC"), (party.DEPARTMENT, f"{plan.city}-{department.get(place.type_key)}")]
            if place.type_key in ("factory", "construction_site") and place.place_no.endswith("-001"):
                holders.append((party.LEADER, f"{plan.city}-LEADER"))
            found += [
                Responsibility(
                    ledger="place", object_id=str(place.pk), party=kind, post_id=posts[code], area_path=place.area_path, from_on=from_on
                )
                for kind, code in holders
                if code in posts
            ]
        Responsibility.objects.bulk_create(found, batch_size=500)
        audit.record(
            "assign_responsibilities", ledger="responsibility", object_id="", by=SYSTEM.by, area=plan.city, count=len(found)
        )
        rows.append(len(found))


def workplaces(plan: Plan) -> dict[tuple[str, str], list[str]]:
    """{(county, industry key): place numbers where that industry works}."""
    works = {}
    for entry in plan.settings["places"]:
        for industry in entry.get("workers", ()):
            works.setdefault(entry["type_key"], []).append(industry)
    found: dict[tuple[str, str], list[str]] = {}
    for entry, area, number in _sites(plan):
        for industry in works.get(entry["type_key"], ()):
            found.setdefault((area[:6], industry), []).append(f"{area[:6]}-{entry['type_key']}-{number:03d}")
    return found
