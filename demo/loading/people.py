"""Residents into the ledgers: whole households, a few thousand people a transaction, each chunk once only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np

from demo.loading import marks, places
from demo.loading.insert import Inserter
from demo.loading.plan import Grid, Plan, is_urban, short_name
from demo.synthesis import homes
from demo.synthesis.census import INDUSTRIES
from demo.synthesis.residents import RELATIONS, Residents, Village
from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.access.models import User
from tongchou.audit.ids import uuid7
from tongchou.people.models import Household, Person
from tongchou.places.models import Place

CHUNK_PEOPLE = 5000
_INDUSTRY_KEYS, _INDUSTRY_LABELS = list(INDUSTRIES), list(INDUSTRIES.values())
_SEX = ("male", "female")
_HOUSEHOLD_COLUMNS = ("id", "household_no", "area_path", "kind", "address", "member_count")
_PERSON_COLUMNS = (
    "id", "person_no", "name", "sex", "born_on", "id_no", "phone", "address", "household_id", "relation", "area_path",
    "registered_area_path", "industry", "workplace_id",
)  # fmt: skip


@dataclass(frozen=True)
class Chunk:
    """Households ``first`` up to, not including, ``last`` of one county."""

    key: str
    first: int
    last: int


def load_people(plan: Plan, say: marks.Say) -> None:
    """Every resident of the plan. A load that was interrupted goes on with the first chunk that is missing."""
    if marks.done("people"):
        return
    sites = dict(Place.objects.filter(invented=True).values_list("place_no", "pk"))
    works = {key: [sites[number] for number in numbers] for key, numbers in places.workplaces(plan).items()}
    grids = {grid.village: grid for grid in plan.grids}
    loaded = 0
    for index in range(len(plan.counties)):
        people = plan.residents(index)
        maker = RowMaker(plan, people, grids, works)
        for chunk in chunks(people):
            if not marks.done(chunk.key):
                with marks.step(chunk.key) as rows:
                    rows.append(maker.write(chunk))
            loaded += int(people.home_size[chunk.first : chunk.last].sum())
            say(f"居民 {loaded:,}/{plan.total:,}", f"residents {loaded:,}/{plan.total:,}")
        del people, maker
    with marks.step("people") as rows:
        _bind_resident(plan)
        rows.append(plan.total)


def chunks(people: Residents) -> Iterator[Chunk]:
    """Cut a county between households so that no chunk has more than about ``CHUNK_PEOPLE`` people."""
    ends = np.cumsum(people.home_size)
    first, number = 0, 0
    while first < len(ends):
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + CHUNK_PEOPLE, side="right")), first + 1)
        yield Chunk(f"people:{people.county}:{number:04d}", first, last)
        first, number = last, number + 1


class RowMaker:
    """Rows of one county from its arrays, straight into the tables: a model object a person would cost more than its row."""

    def __init__(self, plan: Plan, people: Residents, grids: dict[str, Grid], works: dict[tuple[str, str], list[UUID]]) -> None:
        self.people = people
        self.villages = plan.villages(people.county)
        self.paths = _home_paths(people, self.villages, grids)
        self.rank = _rank_in_village(people.home_village)
        self.starts = np.concatenate([[0], np.cumsum(people.home_size)])
        self.sites = [works.get((people.county, key), []) for key in _INDUSTRY_KEYS]
        now = citytime.now()
        same = {"created_at": now, "updated_at": now, "invented": True}
        self.households = Inserter(Household, _HOUSEHOLD_COLUMNS, {"address": "address"}, same)
        self.persons = Inserter(
            Person,
            _PERSON_COLUMNS,
            {"id_no": "id_no", "phone": "phone", "address": "address"},
            {**same, "id_type": Person.IdType.RESIDENT, "status": Person.Status.LIVING, "occupation": "", "user_id": ""},
        )

    def write(self, chunk: Chunk) -> int:
        """Save one chunk's households and people with one line in the trail for each ledger."""
        people, low, high = self.people, int(self.starts[chunk.first]), int(self.starts[chunk.last])
        columns = (
            people.name, people.sex, people.born_on, people.id_no, people.phone, people.relation, people.registered, people.industry,
        )  # fmt: skip
        # Python values of the whole chunk at once: one by one out of the arrays they cost more than all else here.
        members = iter(zip(range(low, high), *(column[low:high].tolist() for column in columns), strict=True))
        for home in range(chunk.first, chunk.last):
            row = self.household(home)
            self.households.add(row)
            for values in islice(members, row["member_count"]):
                self.persons.add(self.person(row, *values))
        count = high - low
        self.households.flush()
        self.persons.flush()
        for ledger, rows in (("household", chunk.last - chunk.first), ("person", count)):
            audit.record("synthesize", ledger=ledger, object_id="", by=SYSTEM.by, area=self.people.county, count=rows, note=chunk.key)
        return count

    def household(self, home: int) -> dict[str, Any]:
        village = self.villages[int(self.people.home_village[home])]
        collective = int(self.people.home_kind[home]) == homes.COLLECTIVE
        return {
            "id": uuid7(),
            "household_no": f"H{self.people.county}-{home:06d}",
            "area_path": self.paths[home],
            "kind": Household.Kind.COLLECTIVE if collective else Household.Kind.FAMILY,
            "address": self.address(village.name, int(self.rank[home])),
            "member_count": int(self.people.home_size[home]),
        }

    @staticmethod
    def address(village: str, rank: int) -> str:
        """An invented address: block, unit and door in town; group and number in the country."""
        name = short_name(village)
        if is_urban(village):
            return f"{name}{rank // 60 + 1}栋{rank % 60 // 20 + 1}单元{rank % 20 // 2 + 1}0{rank % 2 + 1}号"
        return f"{name}{rank // 40 + 1}组{rank % 40 + 1}号"

    def person(
        self, household: dict[str, Any], i: int, name: str, sex: int, born_on: date, id_no: str, phone: str, relation: int,
        registered: str, industry: int,
    ) -> dict[str, Any]:  # fmt: skip
        sites = self.sites[industry] if industry >= 0 else []
        return {
            "id": uuid7(),
            "person_no": f"P{self.people.county}-{i:06d}",
            "name": name,
            "sex": _SEX[sex],
            "born_on": born_on,
            "id_no": id_no,
            "phone": phone,
            "address": household["address"],
            "household_id": household["id"],
            "relation": RELATIONS[relation],
            "area_path": household["area_path"],
            "registered_area_path": registered,
            "industry": _INDUSTRY_LABELS[industry] if industry >= 0 else "",
            "workplace_id": sites[i % len(sites)] if sites else None,
        }


def _rank_in_village(village: np.ndarray) -> np.ndarray:
    """The number of each household within its village; households stand in the order of villages."""
    starts = np.searchsorted(village, village, side="left")
    return np.arange(len(village)) - starts


def _home_paths(people: Residents, villages: list[Village], grids: dict[str, Grid]) -> list[str]:
    """Grid path for the households that a grid holds, village path for the others."""
    rank = _rank_in_village(people.home_village)
    paths = []
    for home, village in enumerate(people.home_village.tolist()):
        grid = grids.get(villages[village].path)
        paths.append(grid.path if grid is not None and rank[home] < grid.households else villages[village].path)
    return paths


def _bind_resident(plan: Plan) -> None:
    """The demo's resident signs in as one of the invented people, so that she sees her own rows."""
    user = User.objects.filter(holdings__post__code=f"{plan.city}-RESIDENT").first()
    person = Person.objects.filter(area_path=plan.grids[0].path, invented=True).exclude(phone_index=0).order_by("person_no").first()
    if user is not None and person is not None:
        Person.objects.filter(pk=person.pk).update(user_id=str(user.pk))
        User.objects.filter(pk=user.pk).update(name=person.name)
