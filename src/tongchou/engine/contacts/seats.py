"""Who sat near a case in a vehicle: seat maps judged by a seat rule of the rulebook (``seat.*``).

The rules are data. ``SeatRule.read`` takes the value of a rulebook answer; what each ``whole`` takes in is said there:
rows ahead and behind, the car or the compartment, the bay and those beside it, everyone, the cabin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongchou.engine.contacts.certainty import CertaintyRule
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.exposures import CLOSE, GENERAL, SEAT, UNPLACED, Exposure
from tongchou.reason import Reason

WHOLES = ("rows", "car_or_compartment", "bay_and_adjacent", "everyone", "cabin")
CREWS = ("of_area", "all", "none")
RESTS = ("general", "none")
#: Berths whose contacts are those of the compartment; of every other berth in a sealed train, those of the car.
COMPARTMENT_BERTHS = ("soft_sleeper",)


@dataclass(frozen=True)
class SeatRule:
    """Whom a vehicle's rule takes in. ``rule_id`` and ``version`` say which row of the rulebook it is."""

    rule_id: str
    version: str
    whole: str
    crew: str
    rest_is: str
    rows_before_after: int | None = None

    def __post_init__(self) -> None:
        known = self.whole in WHOLES and self.crew in CREWS and self.rest_is in RESTS
        if not known or (self.whole == "rows") != (self.rows_before_after is not None) or (self.rows_before_after or 0) < 0:
            raise ContactError(
                f"座位规则 {self.rule_id} 的内容无法使用：按排判定时须且仅须写明前后排数。",
                f"The seat rule {self.rule_id} cannot be used: rows ahead and behind belong to a rule by rows, and to no other.",
                code="seat_rule",
            )

    @classmethod
    def read(cls, rule_id: str, version: str, value: Mapping[str, Any]) -> SeatRule:
        """From a rulebook answer's id, version and value. Raises ContactError for a value of another shape."""
        missing = [key for key in ("whole", "crew", "rest_is") if key not in value]
        if missing:
            raise ContactError(
                f"座位规则 {rule_id} 缺少 {'、'.join(missing)}。", f"The seat rule {rule_id} lacks {', '.join(missing)}.", code="seat_rule"
            )
        rows = value.get("rows_before_after")
        return cls(rule_id, version, value["whole"], value["crew"], value["rest_is"], None if rows is None else int(rows))


@dataclass(frozen=True)
class Seat:
    """Where one person sat, from boarding to leaving, in seconds. What the map does not say stays None.

    Attributes:
        row: number of the row, on aircraft and coaches.
        car: carriage of a train.
        bay: number of the bay in its car (facing seats that share a window).
        berth: ``hard_seat``, ``hard_sleeper``, ``soft_sleeper``, ``soft_seat``.
        compartment: number of the compartment in its car.
        cabin: of a ship.
        area: the part of the vehicle that a crew looks after; for crew, the part that they look after.
        crew: whether this person works aboard.
    """

    person: int
    boarded: int
    left: int
    row: int | None = None
    car: str | None = None
    bay: int | None = None
    berth: str | None = None
    compartment: str | None = None
    cabin: str | None = None
    area: str | None = None
    crew: bool = False


@dataclass(frozen=True)
class SeatMap:
    """One run of one vehicle. ``rows`` are the row numbers that exist, front to back: some vehicles have no 13 or leap."""

    trip: str
    seats: tuple[Seat, ...]
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        wrong = [seat.person for seat in self.seats if seat.left < seat.boarded]
        if wrong:
            raise ContactError(
                f"{self.trip} 中有 {len(wrong)} 人下车早于上车。", f"{len(wrong)} people leave {self.trip} before they board.", code="seat_times"
            )


@dataclass(frozen=True)
class SeatWeights:
    """What a second aboard weighs for the certainty (``certainty.CertaintyRule``), by grade.

    The figures are a choice, not a measurement: whoever sits within the rule's reach weighs as someone in the reference
    place, the rest of the vehicle a tenth of that; who cannot be placed lies between.
    """

    close: float = 1.0
    unplaced: float = 0.5
    general: float = 0.1


def find_seat_contacts(
    maps: Iterable[SeatMap],
    cases: Mapping[int, tuple[int, int]],
    rule: SeatRule,
    *,
    certainty: CertaintyRule | None = None,
    weights: SeatWeights | None = None,
) -> list[Exposure]:
    """Everyone whom the rule makes a contact of a case on these trips, in order of case, contact and trip.

    Args:
        maps: runs of vehicles to which ``rule`` applies.
        cases: {person: (begins, ends)} the window of each case in the maps' seconds, half-open.

    A pair is aboard together from the later boarding to the earlier leaving, clipped to the case's window. A crew member
    is judged by the area looked after, in both directions. Someone whose seat the map does not say can be neither put
    near nor left out, and is graded ``unplaced``: somebody must ask.
    """
    certainty, weights = certainty or CertaintyRule(), weights or SeatWeights()
    found = []
    for run in maps:
        for own in (seat for seat in run.seats if seat.person in cases):
            begins, ends = cases[own.person]
            for other in run.seats:
                first, last = max(own.boarded, other.boarded, begins), min(own.left, other.left, ends)
                grade, code = _grade(own, other, rule, run.rows)
                if other.person == own.person or last <= first or grade is None:
                    continue
                seconds = last - first
                values = {
                    "case": own.person, "contact": other.person, "trip": run.trip, "seconds": seconds, "rule": rule.rule_id,
                    "version": rule.version, "rows": rule.rows_before_after or 0,
                }  # fmt: skip
                sure = float(certainty.of(seconds * getattr(weights, grade)))
                reason = Reason(f"seat.{code}", values)
                found.append(Exposure(own.person, other.person, 1, seconds, first, last, sure, grade, SEAT, reason))
    return sorted(found, key=lambda one: (one.case, one.contact, one.first))


def _grade(own: Seat, other: Seat, rule: SeatRule, rows: Sequence[int]) -> tuple[str | None, str]:
    """(grade, reason code) of one pair; a grade of None is no contact by this rule."""
    near = _served(own, other, rule) if own.crew or other.crew else _near(own, other, rule, rows)
    if near is None:
        return UNPLACED, "unplaced"
    if near:
        return CLOSE, "crew" if own.crew or other.crew else rule.whole
    return (GENERAL, "rest") if rule.rest_is == "general" else (None, "")


def _served(own: Seat, other: Seat, rule: SeatRule) -> bool | None:
    """Whether crew and passenger, or two of the crew, count by the rule's word on crew; None where nobody can say."""
    if rule.crew == "none":
        return rule.whole == "everyone"
    if rule.crew == "all" or rule.whole == "everyone":
        return True
    return None if own.area is None or other.area is None else own.area == other.area


def _near(own: Seat, other: Seat, rule: SeatRule, rows: Sequence[int]) -> bool | None:
    """Whether two passengers sat as near as the rule asks; None where the map does not say."""
    if rule.whole == "everyone":
        return True
    if rule.whole == "rows":
        if own.row is None or other.row is None:
            return None
        counted = own.row in rows and other.row in rows
        apart = rows.index(own.row) - rows.index(other.row) if counted else own.row - other.row
        return abs(apart) <= (rule.rows_before_after or 0)
    if rule.whole == "cabin":
        return _same(own.cabin, other.cabin)
    same_car = _same(own.car, other.car)
    if not same_car:
        return same_car
    if rule.whole == "bay_and_adjacent":
        return None if own.bay is None or other.bay is None else abs(own.bay - other.bay) <= 1
    if own.berth is None:
        return None
    return _same(own.compartment, other.compartment) if own.berth in COMPARTMENT_BERTHS else True


def _same(one: str | None, other: str | None) -> bool | None:
    return None if one is None or other is None else one == other
