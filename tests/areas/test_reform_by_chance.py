"""Reforms in any order, through the actions and the database, leave a tree that holds together and lose nobody."""

import random
from datetime import date, timedelta

import pytest

from tongchou import areas, audit
from tongchou.areas.actions.reform import Part, merge_areas, rename_area, split_area
from tongchou.areas.models import Area

from tests.areas.small_city import CLERK

START, COUNTED = date(2019, 6, 1), date(2019, 3, 1)


def merge_two(chance, day, level):
    standing = [row.path for row in areas.below("5104", day, level)]
    if len(standing) > 2:
        origin, target = chance.sample(standing, 2)
        merge_areas(from_paths=[origin], to=target, on=day, by=CLERK)


def merge_into_new(chance, day, number):
    county = chance.choice(areas.children("5104", day)).path
    standing = [row.path for row in areas.below("5104", day, "township")]
    people = {path: chance.randint(1, 9999) for path in standing[:2]}
    merge_areas(
        from_paths=standing[:2], to=f"{county}{500 + number}", name=f"新镇{number}", on=day, by=CLERK, populations=people
    )


def split_one(chance, day, number):
    origin = chance.choice(areas.below("5104", day, "township"))
    new = f"{origin.parent_path}{700 + number}"
    sides = {origin.path: [], new: []}
    for child in areas.children(origin.path, day):
        sides[chance.choice([origin.path, new])].append(child.path)
    parts = [Part(path, "" if path == origin.path else f"分镇{number}", population=chance.randint(1, 9), children=tuple(sides[path]))
             for path in sides]  # fmt: skip
    split_area(path=origin.path, into=parts, on=day, by=CLERK)


def rename_one(chance, day, number):
    rename_area(path=chance.choice(areas.below("5104", day)).path, name=f"改名{number}", on=day, by=CLERK)


def demand_sound_tree(day):
    standing = {row.path: row for row in areas.below("", day)}
    for row in standing.values():
        assert not row.parent_path or row.parent_path in standing or row.level == "city", row
    for path, versions in areas.tree().versions.items():
        for before, after in zip(versions, versions[1:], strict=False):
            assert before.valid_to_on is not None and before.valid_to_on <= after.valid_from_on, path


@pytest.mark.parametrize("seed", range(6))
def test_any_chain_of_reforms_keeps_the_tree_whole_and_everybody_counted(small_city, seed):
    chance = random.Random(seed)  # noqa: S311 -- a repeatable drill, no secret
    counted = {row.path: chance.randint(0, 500) for row in areas.below("5104", COUNTED) if row.level in ("township", "village")}
    total, rows = sum(counted.values()), Area.objects.count()
    for number in range(8):
        day = START + timedelta(days=30 * number)
        eve = day - timedelta(days=1)
        before = {row.path for row in areas.below("", eve)}
        choice = chance.randrange(5)
        if choice == 0:
            merge_two(chance, day, "township")
        elif choice == 1:
            merge_two(chance, day, "village")
        elif choice == 2:
            merge_into_new(chance, day, number)
        elif choice == 3:
            split_one(chance, day, number)
        else:
            rename_one(chance, day, number)
        assert {row.path for row in areas.below("", eve)} == before  # the past stays as it was
        demand_sound_tree(day)
        told = areas.reaggregate(counted, on=day, counted_on=COUNTED)
        assert sum(told.values()) == total
        assert all(areas.find(path, day) for path in told)
        assert areas.reaggregate(counted, on=COUNTED, counted_on=COUNTED) == dict(sorted(counted.items()))
    assert Area.objects.count() > rows  # nothing was deleted
    assert audit.verify().sound
