"""How sure it is that a pair on the list was truly exposed: one number from weighted time together.

Being at one place at one time is not yet being near. The certainty of a pair is

    certainty = 1 - 2 ** (-W / half_s),      W = sum over meetings of overlap_s * w(place) * c(person met)

W are the pair's weighted seconds. The exponential form is that of Wells and Riley: the chance to stay free of
exposure falls by the same factor with every equal dose, so separate meetings multiply and their doses add
(Riley, Murphy, Riley, Am J Epidemiol 1978;107:421-432). ``half_s`` is the time together in a reference place after
which exposure is as likely as not. Its default, 900 s, is a choice anchored in a rule: 15 minutes in all within
24 hours make a close contact by the definition of the United States CDC of 21 October 2020 (MMWR 2020;69:1595-1599
gives the case behind it). It is an argument: a city's own rule goes before it.

w(place) is how much a second there weighs against a second in the reference place. In the equation of Wells and
Riley the dose is inverse to the supply of clean air, air changes an hour times volume; at equal height that is
``air_changes * area``. So ``w = (reference_changes / changes) * (reference_area / area)``; where no area is known it
is ``capacity * area_per_person``; what is unknown counts as the reference, and a place without any figure weighs 1.

c(person met) is 1 for a case. For a generation-1 contact it is that contact's own certainty, so that a second
generation that hangs on a doubtful first one is doubtful too.

Limits: no masks, voices, distance within the room or infectiousness by day. It ranks whom to call first. It is not
the chance to fall ill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.records import Ints, whole_numbers

# Weights are counted in 1/1024, so that sums are whole numbers and do not depend on the order of adding.
WEIGHT_ONE = 1024
HEAVIEST = WEIGHT_ONE * 1000


@dataclass(frozen=True)
class CertaintyRule:
    """``half_s``: seconds together in the reference place that make exposure as likely as not (see the module)."""

    half_s: float = 900.0

    def __post_init__(self) -> None:
        if not self.half_s > 0:
            raise ContactError("半数时间须大于 0 秒", "the half time must be above 0 seconds", code="half_time")

    def of(self, weighted_s: Any) -> NDArray[np.float64]:
        """Certainties, 0 to 1, of weighted seconds (any shape)."""
        return -np.expm1(np.asarray(weighted_s, np.float64) * (-np.log(2.0) / self.half_s))


@dataclass(frozen=True)
class PlaceModifiers:
    """What is known of places; places that are not named weigh 1. Arrays of one length; NaN is not known.

    Attributes:
        place: the places described, each once.
        air_changes: clean air changes an hour.
        area_m2: floor area.
        capacity: how many people the place holds; times ``area_per_person_m2`` it stands for an unknown area.
        area_per_person_m2: the planning figure behind ``capacity``; needed where capacities are given.
        reference_changes, reference_area_m2: the reference place, which weighs 1. They are units of measure: another
            choice multiplies every weight by one factor, as another ``half_s`` would.
    """

    place: Ints
    air_changes: Any = None
    area_m2: Any = None
    capacity: Any = None
    reference_changes: float = 1.0
    reference_area_m2: float = 100.0
    area_per_person_m2: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", whole_numbers(self.place, "place"))
        if np.unique(self.place).size != self.place.size:
            raise ContactError("同一场所的参数出现多次", "a place is described more than once", code="place_twice")
        for name in ("air_changes", "area_m2", "capacity"):
            object.__setattr__(self, name, self._known(getattr(self, name), name))
        for name in ("reference_changes", "reference_area_m2", "area_per_person_m2"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ContactError(f"{name} 须大于 0", f"{name} must be above 0", code="reference")
        if self.area_per_person_m2 is None and not np.isnan(self.capacity).all():
            raise ContactError(
                "给出容量时须同时给出人均面积 area_per_person_m2",
                "capacities need area_per_person_m2, the floor area that one person is planned to have",
                code="area_per_person",
            )

    def _known(self, given: Any, name: str) -> NDArray[np.float64]:
        column = np.full(self.place.size, np.nan) if given is None else np.atleast_1d(np.asarray(given, np.float64))
        if column.size != self.place.size or (column <= 0).any():
            raise ContactError(
                f"{name} 须每个场所一个、大于 0，未知写 NaN",
                f"{name} needs one value above 0 for each place, NaN where it is not known",
                code="modifier",
            )
        return column

    def weights(self) -> NDArray[np.float64]:
        """w(place) of each place described, in the order of ``place``."""
        planned = self.capacity * (self.area_per_person_m2 or np.nan)
        area = np.where(np.isnan(self.area_m2), planned, self.area_m2)
        by_area = np.where(np.isnan(area), 1.0, self.reference_area_m2 / area)
        by_air = np.where(np.isnan(self.air_changes), 1.0, self.reference_changes / self.air_changes)
        return by_area * by_air


def counted_weights(weights: Any) -> NDArray[np.int64]:
    """Weights in whole 1/1024, at least one of them, at most a thousandfold."""
    return np.clip(np.rint(np.asarray(weights, np.float64) * WEIGHT_ONE), 1, HEAVIEST).astype(np.int64)
