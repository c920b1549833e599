"""Seat maps small enough to draw, judged by the rules that the shipped packs hold."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tongchou import rulebook
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.exposure_words import words_of_exposure
from tongchou.engine.contacts.seats import Seat, SeatMap, SeatRule, SeatWeights, find_seat_contacts

PACK = Path(rulebook.__file__).parent / "packs" / "contacts.toml"
HOURS = 3600
ALWAYS = {1: (0, 100 * HOURS)}


def rule(kind: str) -> SeatRule:
    rows = [one for one in tomllib.loads(PACK.read_text("utf-8"))["rule"] if one["id"] == f"seat.{kind}"]
    return SeatRule.read(rows[0]["id"], "1", rows[0]["row"][0]["value"])


def sat(person: int, **where: object) -> Seat:
    return Seat(person, **{"boarded": 0, "left": 2 * HOURS, **where})  # type: ignore[arg-type]


def graded(kind: str, *seats: Seat, **more: object) -> dict[int, str]:
    trip = SeatMap("K1", seats, **more)  # type: ignore[arg-type]
    return {one.contact: one.grade for one in find_seat_contacts([trip], ALWAYS, rule(kind))}


def test_aircraft_three_rows_and_the_crew_of_the_area_the_rest_general():
    seats = [sat(1, row=10, area="rear"), sat(2, row=7), sat(3, row=13), sat(4, row=14), sat(5, row=6), sat(6, row=10)]
    crew = [sat(7, crew=True, area="rear"), sat(8, crew=True, area="front"), sat(9, crew=True)]
    assert graded("aircraft", *seats, *crew) == {
        2: "close", 3: "close", 4: "general", 5: "general", 6: "close", 7: "close", 8: "general", 9: "unplaced",
    }  # fmt: skip


def test_rows_that_do_not_exist_are_not_counted():
    rows = (10, 11, 12, 14, 31)
    seats = [sat(1, row=10), sat(2, row=14), sat(3, row=31)]
    assert graded("aircraft", *seats) == {2: "general", 3: "general"}
    assert graded("aircraft", *seats, rows=rows) == {2: "close", 3: "general"}


def test_a_passenger_without_a_row_is_neither_near_nor_left_out():
    assert graded("aircraft", sat(1, row=10), sat(2)) == {2: "unplaced"}
    assert graded("ventilated_coach", sat(1), sat(2, row=3)) == {2: "unplaced"}


def test_sealed_train_takes_the_car_of_hard_berths_and_the_compartment_of_soft_ones():
    others = [
        sat(2, car="5", berth="soft_sleeper", compartment="3"), sat(3, car="5", berth="soft_sleeper", compartment="4"),
        sat(4, car="6", berth="hard_seat"), sat(5, car="6", berth="hard_seat"),
    ]  # fmt: skip
    assert graded("sealed_train", sat(1, car="5", berth="soft_sleeper", compartment="3"), *others) == {2: "close"}
    assert graded("sealed_train", sat(1, car="6", berth="hard_sleeper"), *others) == {4: "close", 5: "close"}
    assert graded("sealed_train", sat(1, car="6"), *others) == {4: "unplaced", 5: "unplaced"}


def test_ordinary_train_takes_the_bay_and_those_beside_it():
    seats = [sat(person, car="2", bay=bay) for person, bay in ((1, 4), (2, 3), (3, 5), (4, 6), (5, 4))]
    assert graded("ordinary_train", *seats, sat(6, car="3", bay=4)) == {2: "close", 3: "close", 5: "close"}


def test_coaches():
    seats = [sat(1, row=1), sat(2, row=4), sat(3, row=5), sat(4, crew=True)]
    assert graded("sealed_coach", *seats) == {2: "close", 3: "close", 4: "close"}
    assert graded("ventilated_coach", *seats) == {2: "close", 4: "close"}


def test_ship_takes_the_cabin_and_its_crew():
    seats = [sat(1, cabin="A1", area="A"), sat(2, cabin="A1"), sat(3, cabin="A2"), sat(4, crew=True, area="A"), sat(5, crew=True, area="B")]
    assert graded("ship", *seats) == {2: "close", 4: "close"}


def test_crew_that_is_a_case_exposes_the_area_looked_after():
    seats = [sat(1, crew=True, area="rear"), sat(2, row=30, area="rear"), sat(3, row=2, area="front"), sat(4, crew=True, area="rear")]
    assert graded("aircraft", *seats) == {2: "close", 3: "general", 4: "close"}


def test_time_aboard_is_what_both_shared_within_the_window():
    trip = SeatMap("D1", (sat(1, row=1), sat(2, row=1, boarded=HOURS, left=5 * HOURS), sat(3, row=1, boarded=2 * HOURS, left=3 * HOURS)))
    found = find_seat_contacts([trip], {1: (0, int(1.5 * HOURS))}, rule("aircraft"))
    assert [(one.contact, one.overlap_s, one.first, one.last) for one in found] == [(2, 1800, HOURS, 5400)]
    assert find_seat_contacts([trip], {1: (9 * HOURS, 10 * HOURS)}, rule("aircraft")) == []


def test_the_rest_of_the_vehicle_is_less_certain():
    trip = SeatMap("D1", (sat(1, row=1), sat(2, row=2), sat(3, row=40)))
    near, far = find_seat_contacts([trip], ALWAYS, rule("aircraft"))
    assert near.certainty > far.certainty > 0
    assert near.certainty == pytest.approx(1 - 2 ** (-7200 / 900))
    level = find_seat_contacts([trip], ALWAYS, rule("aircraft"), weights=SeatWeights(1, 1, 1))
    assert level[0].certainty == level[1].certainty


def test_every_shipped_seat_rule_is_read():
    kinds = [one["id"] for one in tomllib.loads(PACK.read_text("utf-8"))["rule"] if one["id"].startswith("seat.")]
    assert len(kinds) == 6
    for kind in kinds:
        assert rule(kind.removeprefix("seat.")).rule_id == kind


@pytest.mark.parametrize(
    "value",
    [
        {"whole": "rows", "crew": "all", "rest_is": "none"},
        {"whole": "cabin", "crew": "all", "rest_is": "none", "rows_before_after": 3},
        {"whole": "deck", "crew": "all", "rest_is": "none"},
        {"whole": "cabin"},
    ],
)
def test_a_rule_of_another_shape_is_refused(value):
    with pytest.raises(ContactError) as refused:
        SeatRule.read("seat.x", "1", value)
    assert refused.value.code == "seat_rule"


def test_leaving_before_boarding_is_refused():
    with pytest.raises(ContactError, match="K9"):
        SeatMap("K9", (sat(1, boarded=5, left=4),))


@pytest.mark.parametrize("kind", ["aircraft", "sealed_train", "ordinary_train", "sealed_coach", "ventilated_coach", "ship"])
def test_every_reason_can_be_said_in_both_languages(kind):
    seats = [
        sat(1, row=1, car="1", bay=1, berth="hard_seat", cabin="1", area="a"), sat(2, row=1, car="1", bay=1, cabin="1"), sat(3),
        sat(4, row=30, car="9", bay=9, cabin="9"), sat(5, crew=True, area="a"),
    ]  # fmt: skip
    found = find_seat_contacts([SeatMap("K1", tuple(seats))], ALWAYS, rule(kind))
    assert found
    for one in found:
        for lang in ("zh", "en"):
            text = words_of_exposure(one.reason, lang)
            assert "K1" in text and f"seat.{kind}" in text and "{" not in text
