"""Those who live outside families: care homes, prisons, student and worker dormitories, each in rooms and buildings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import Counts, Reals
from tongchou.engine.city.kinds import FEMALE, MALE, HouseholdKind
from tongchou.engine.city.roles import AGES, YEARS, curve, take

Chance = np.random.Generator


@dataclass(frozen=True, eq=False)
class Dwellings:
    """Households of one county: [M] age, sex; [K] persons, kind, building (-1 for a home that stands by itself)."""

    age: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    size: Counts
    kind: NDArray[np.uint8]
    building: Counts


def enrolment(figures: Mapping[str, Any]) -> Reals:
    """[101] share of each age that goes to school or college."""
    school = figures["school"]
    by_school_age = np.zeros(YEARS)
    for kind in school["kind"].values():
        for age, share in kind["enrolled"].items():
            by_school_age[int(age)] = share
    one, two = school["behind_one_year"], school["behind_two_years"]
    return (1 - one - two) * by_school_age + one * np.roll(by_school_age, 1) + two * np.roll(by_school_age, 2)


def take_collective(pool: Counts, residents: int, figures: Mapping[str, Any], chance: Chance) -> Dwellings:
    """``residents`` persons out of ``pool`` [2, 101] (changed) into rooms. The pool must hold as many grown-ups."""
    known = figures["collective"]
    whole = pool.copy()
    parts: list[tuple[HouseholdKind, Counts, int, int]] = []

    def send(kind: HouseholdKind, wanted: float, ready: Reals, room: int, building: int) -> None:
        nonlocal residents
        wanted_here = max(0, min(round(wanted), residents))
        taken = take(pool, wanted_here, ready)
        residents -= int(taken.sum())
        if taken.any():
            parts.append((kind, taken, room, building))

    old = float(whole[:, 65:].sum()) * known["care_share_of_65_plus"]
    send(HouseholdKind.CARE_HOME, old, _both(curve(known["care_by_age"])), known["care_room_residents"], known["care_home_residents"])
    held = float(whole[:, 16:].sum()) * known["prison_share_of_16_plus"]
    if held >= known["prison_least"]:
        shape = _split(curve(known["prison_by_age"]), known["prison_men"], whole)
        send(HouseholdKind.PRISON, min(held, 0.3 * residents), shape, known["prison_room_residents"], known["prison_residents"])
    enrolled = enrolment(figures)
    boarding = enrolled * np.where((AGES >= 15) & (AGES <= 17), known["dormitory_share_of_high"], 0.0)
    boarding += enrolled * np.where(AGES >= 18, known["dormitory_share_of_college"], 0.0)
    students = min(float((whole.sum(axis=0) * boarding).sum()), known["students_at_most"] * residents)
    send(HouseholdKind.STUDENT_DORMITORY, students, _both(boarding), known["student_room_residents"], known["building_residents"])
    shape = _split(curve(known["worker_by_age"]), known["worker_men"], whole)
    send(HouseholdKind.WORKER_DORMITORY, residents, shape, known["worker_room_residents"], known["building_residents"])
    send(HouseholdKind.OTHER_CLOSED, residents, _both(np.where(AGES >= 16, 1.0, 0.0)), known["worker_room_residents"], known["building_residents"])
    return _rooms(parts, chance)


def _both(shape: Reals) -> Reals:
    return np.stack([shape, shape])


def _split(shape: Reals, men: float, whole: Counts) -> Reals:
    """Readiness by sex and age such that a share of ``men`` comes out of the county's own men and women."""
    expected = (whole * shape).sum(axis=1)
    return np.stack([shape * men / max(expected[0], 1e-9), shape * (1 - men) / max(expected[1], 1e-9)])


def _rooms(parts: list[tuple[HouseholdKind, Counts, int, int]], chance: Chance) -> Dwellings:
    ages, sexes, sizes, kinds, buildings = [], [], [], [], []
    built = 0
    for kind, taken, room, building in parts:
        sex, age = np.divmod(np.repeat(np.arange(2 * YEARS), taken.ravel()), YEARS)
        # rooms are of one sex, and of one age where ages go together (pupils of a year); which building is by lot
        lot = chance.random(len(age))
        order = np.lexsort((lot, age // 3, sex)) if kind == HouseholdKind.STUDENT_DORMITORY else np.lexsort((lot, sex))
        ages.append(age[order])
        sexes.append(np.where(sex[order] == 0, MALE, FEMALE))
        cuts = [_cuts(int((sex == side).sum()), room) for side in (0, 1)]
        size = np.concatenate(cuts)
        sizes.append(size)
        kinds.append(np.full(len(size), int(kind)))
        houses = max(1, round(len(age) / building))
        spread = chance.permutation(np.arange(len(size)) % houses) if kind != HouseholdKind.STUDENT_DORMITORY else np.arange(len(size)) * houses // len(size)
        buildings.append(built + spread)
        built += houses
    if not parts:
        empty = np.empty(0, np.int64)
        return Dwellings(empty.astype(np.uint8), empty.astype(np.uint8), empty, empty.astype(np.uint8), empty)
    return Dwellings(
        np.concatenate(ages).astype(np.uint8), np.concatenate(sexes).astype(np.uint8), np.concatenate(sizes),
        np.concatenate(kinds).astype(np.uint8), np.concatenate(buildings),
    )  # fmt: skip


def _cuts(persons: int, room: int) -> Counts:
    """Rooms of about ``room`` for ``persons``, none empty."""
    if not persons:
        return np.empty(0, np.int64)
    rooms = max(1, -(-persons // room))
    return np.diff(np.arange(rooms + 1) * persons // rooms)
