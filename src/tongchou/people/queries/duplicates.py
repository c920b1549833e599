"""Rows that may be one person twice.

The evidence is the identity number, the phone and the address, found by their blind indexes. A
name weighs only beside one of these: names of two or three characters are shared by thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count, QuerySet

from tongchou import areas
from tongchou.people.models import Person

CANDIDATE_SCORE = 60
_GROUP_LIMIT = 8


@dataclass(frozen=True)
class Evidence:
    """One fact for (or, with a negative weight, against) two rows being one person."""

    code: str
    weight: int
    zh: str
    en: str


SAME_ID = Evidence("same_id_no", 100, "证件号码相同", "same identity number")
SAME_PHONE = Evidence("same_phone", 40, "电话相同", "same phone")
SAME_ADDRESS = Evidence("same_address", 15, "住址相同", "same address")
SAME_BIRTH = Evidence("same_birth", 25, "出生日期相同", "same birth date")
SAME_NAME = Evidence("same_name", 20, "姓名相同", "same name")
OTHER_ID = Evidence("other_id_no", -100, "证件号码不同", "different identity numbers")
OTHER_SEX = Evidence("other_sex", -30, "性别不同", "different sex")


@dataclass(frozen=True)
class DuplicatePair:
    """Two rows, why they may be one person, and the sum of the weights (the larger, the surer)."""

    first: Person
    second: Person
    evidence: tuple[Evidence, ...]

    @property
    def score(self) -> int:
        return sum(fact.weight for fact in self.evidence)


def standing() -> QuerySet[Person]:
    """Persons that were not merged into another."""
    return Person.objects.exclude(status=Person.Status.MERGED)


def compare(first: Person, second: Person) -> DuplicatePair:
    """Everything that speaks for or against the two rows being one person."""
    key = [
        fact
        for fact, field in ((SAME_ID, "id_no_index"), (SAME_PHONE, "phone_index"), (SAME_ADDRESS, "address_index"))
        if getattr(first, field) and getattr(first, field) == getattr(second, field)
    ]
    beside = []
    if key:
        if first.born_on and first.born_on == second.born_on:
            beside.append(SAME_BIRTH)
        if first.name == second.name:
            beside.append(SAME_NAME)
    against = []
    if first.id_no_index and second.id_no_index and first.id_no_index != second.id_no_index:
        against.append(OTHER_ID)
    if first.sex != second.sex and Person.Sex.UNKNOWN not in (first.sex, second.sex):
        against.append(OTHER_SEX)
    return DuplicatePair(first, second, (*key, *beside, *against))


def duplicates_of(person: Person, rows: QuerySet[Person] | None = None) -> list[DuplicatePair]:
    """Candidates for one person among ``rows`` (all by default), surest first. Three index look-ups."""
    rows = standing() if rows is None else rows
    found: dict[object, Person] = {}
    for field in ("id_no_index", "phone_index", "address_index"):
        value = getattr(person, field)
        if value:
            for row in rows.filter(**{field: value}).exclude(pk=person.pk)[:50]:
                found[row.pk] = row
    pairs = [compare(person, row) for row in found.values()]
    return sorted((pair for pair in pairs if pair.score >= CANDIDATE_SCORE), key=lambda pair: -pair.score)


def duplicate_pairs(area_path: str, limit: int = 200) -> list[DuplicatePair]:
    """Candidate pairs among the residents of an area, surest first, at most ``limit``.

    Work grows with the area asked for: it groups that area's rows by each blind index.
    """
    pairs: dict[frozenset[object], DuplicatePair] = {}
    for group in _groups(area_path, limit):
        for first, second in combinations(group, 2):
            pair = compare(first, second)
            if pair.score >= CANDIDATE_SCORE:
                pairs.setdefault(frozenset((first.pk, second.pk)), pair)
    return sorted(pairs.values(), key=lambda pair: (-pair.score, str(pair.first.pk)))[:limit]


def _groups(area_path: str, limit: int) -> Iterator[list[Person]]:
    rows = standing().filter(areas.within("area_path", area_path))
    for keys in (("id_no_index",), ("phone_index",), ("address_index", "name"), ("address_index", "born_on")):
        shared = (
            rows.exclude(**{keys[0]: 0})
            .order_by()
            .values(*keys)
            .annotate(rows_count=Count("pk"))
            .filter(rows_count__gt=1)[:limit]
        )
        for group in shared:
            match = {key: group[key] for key in keys if group[key] is not None}
            # A dormitory's phone or address is shared by many: such a group says nothing about two of them.
            if len(match) == len(keys) and group["rows_count"] <= _GROUP_LIMIT:
                yield list(rows.filter(**match).order_by("pk")[:_GROUP_LIMIT])
