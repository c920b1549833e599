"""Puts measures in force: for each day the tables that the kernels read, built anew only when something changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import NO_SECTOR, City
from tongchou.engine.epidemic.arrivals import county_number
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.ground import Ground, Rules
from tongchou.engine.epidemic.layers import SITE_CLASSES, SLOTS, Contacts, Layer, Slot
from tongchou.engine.epidemic.levels import Levels, Reports
from tongchou.engine.epidemic.measures import (
    LAST_AGE,
    Gate,
    Isolation,
    Measure,
    Quarantine,
    Restriction,
    Vaccination,
    Where,
    ZoneRule,
)
from tongchou.engine.epidemic.workdays import works_at_site

HOME_PARTS = {Layer.HOUSEHOLD: 0, Layer.COMMUNITY: 1, Layer.TRANSPORT: 2}
SECTOR_COUNT = 256


class Ordinance:
    """The measures of a scenario, day by day."""

    def __init__(self, city: City, ground: Ground, contacts: Contacts, measures: Sequence[Measure], first_weekday: int) -> None:
        self.city, self.ground, self.first_weekday = city, ground, first_weekday
        self.measures = tuple(measures)
        self.levels = Levels(city, [measure for measure in measures if isinstance(measure, ZoneRule)])
        self._masks: dict[tuple[Any, ...], NDArray[np.bool_]] = {}
        for measure in measures:
            self._check(measure.where)
        self._of_kind: dict[type, list[Any]] = {}
        self._changing = [measure for measure in measures if isinstance(measure, Restriction | Gate)]
        self._bounds = _age_bounds(self._changing)
        self._age_class = (np.searchsorted(self._bounds, np.arange(LAST_AGE + 1), side="right") - 1).astype(np.uint8)
        self._program, self._program_area = self._vaccination()
        self._meets = contacts.table()
        self._signature: tuple[Any, ...] | None = None
        self._rules: Rules | None = None
        self.lost_by_sector = np.zeros(SECTOR_COUNT)
        self.orders: tuple[tuple[Restriction, NDArray[np.bool_]], ...] = ()
        self._staff = np.empty((0, 0))

    def _check(self, where: Where) -> None:
        for code in where.counties:
            county_number(self.city, code)
        for number in where.neighbourhoods:
            if not 0 <= number < self.city.neighbourhoods:
                raise EpidemicFault(f"没有编号为 {number} 的社区", f"there is no neighbourhood {number}")
        self.levels.check(where.level)

    def works(self, day: int) -> bool:
        """Whether a day is one of Monday to Friday."""
        return (day + self.first_weekday) % 7 < 5

    def active(self, kind: type, day: int) -> list[Any]:
        """Measures of a kind in force on a day, in the order in which they were given."""
        if kind not in self._of_kind:
            self._of_kind[kind] = [measure for measure in self.measures if isinstance(measure, kind)]
        return [measure for measure in self._of_kind[kind] if measure.where.on(day)]

    def areas(self, where: Where) -> NDArray[np.bool_]:
        """[neighbourhood] where a measure holds today."""
        key = (where.counties, where.neighbourhoods)
        if key not in self._masks:
            mask = np.ones(self.city.neighbourhoods, bool)
            if where.counties or where.neighbourhoods:
                numbers = [county_number(self.city, code) for code in where.counties]
                mask = np.isin(self.city.neighbourhood_county, numbers)
                mask[list(where.neighbourhoods)] = True
            self._masks[key] = mask
        mask = self._masks[key]
        return mask & self.levels.at(where.level) if where.level else mask

    def on(self, day: int, reports: Reports) -> Rules:
        """The rules of a day, given what was reported before it."""
        self.levels.move(day, reports)
        active = tuple(number for number, measure in enumerate(self._changing) if measure.where.on(day))
        home_contacts = min((m.home_contacts for m in (*self.active(Isolation, day), *self.active(Quarantine, day))), default=1.0)
        by_level = any(self._changing[number].where.level for number in active)
        signature = (active, home_contacts, self.levels.version if by_level else 0)
        if signature != self._signature or self._rules is None:
            self._rules = self._compile([self._changing[number] for number in active], home_contacts)
            self._signature = signature
        shares = np.ones((SITE_CLASSES, SLOTS)) if self.works(day) else self._meets[:, :, 2]
        return self._rules._replace(day_contacts=shares.astype(np.float32))

    def _compile(self, active: list[Restriction | Gate], home_contacts: float) -> Rules:
        plain = 0 if active else 1
        classes, hoods, sites = len(self._bounds), self.city.neighbourhoods, self.city.sites
        home = np.ones((1, 1, 3, 3) if plain else (hoods, classes, 3, 3), np.float32)
        site = np.ones((1, 1, 2, 3) if plain else (sites, classes, 2, 3), np.float32)
        shifts = np.ones(1 if plain else sites, np.uint8)
        gate = np.ones(1 if plain else hoods, np.float32)
        travel = np.ones(1 if plain else len(self.city.counties), np.float32)
        open_share = np.ones((sites, classes)) if any(getattr(one, "open_share", 1.0) < 1.0 for one in active) else None
        for measure in active:
            if isinstance(measure, Gate):
                self._put_gate(measure, gate, travel)
            else:
                self._put_home(measure, home)
                self._put_site(measure, site, shifts, open_share)
        closing = [measure for measure in active if isinstance(measure, Restriction) and measure.open_share < 1.0]
        self.orders = tuple((measure, self.areas(measure.where)) for measure in closing)
        self.lost_by_sector = np.zeros(SECTOR_COUNT) if open_share is None else self._count_lost(open_share)
        day_contacts = np.ones((SITE_CLASSES, SLOTS), np.float32)
        return Rules(
            plain, day_contacts, self._age_class, home, site, shifts, gate, travel, float(home_contacts), self._program, self._program_area
        )

    def _put_gate(self, measure: Gate, gate: NDArray[np.float32], travel: NDArray[np.float32]) -> None:
        held = self.areas(measure.where)
        if measure.between_counties:
            for county in np.unique(self.city.neighbourhood_county[held]):
                travel[county] *= measure.contacts
        else:
            gate[held] *= measure.contacts

    def _put_home(self, measure: Restriction, home: NDArray[np.float32]) -> None:
        parts = [HOME_PARTS[layer] for layer in measure.where.layers if layer in HOME_PARTS]
        if parts:
            held = np.flatnonzero(self.areas(measure.where))
            factors = np.array([measure.contacts, measure.outward, measure.inward], np.float32)
            home[np.ix_(held, self._classes(measure.where), np.array(parts))] *= factors

    def _put_site(self, measure: Restriction, site: NDArray[np.float32], shifts: NDArray[np.uint8], open_share: NDArray[Any] | None) -> None:
        where, ground = measure.where, self.ground
        held = self.areas(where)[self.city.site_neighbourhood]
        if where.sectors:
            held = held & np.isin(self.city.site_sector, where.sectors)
        if where.site_kinds:
            held = held & np.isin(self.city.site_kind, where.site_kinds)
        layers = ground.slot_layer[ground.site_class]
        factors = np.array([measure.contacts, measure.outward, measure.inward], np.float32)
        for part, slot in enumerate((Slot.GROUP, Slot.SITE)):
            if measure.kind == "staggered_meals" and slot == Slot.GROUP:
                continue  # who sits together in class or team eats together; sittings part the groups
            chosen = np.flatnonzero(held & np.isin(layers[:, slot], where.layers))
            site[np.ix_(chosen, self._classes(where), np.array([part]))] *= factors
            if slot == Slot.SITE:
                shifts[chosen] = np.maximum(shifts[chosen], measure.shifts)
            elif open_share is not None:
                open_share[np.ix_(chosen, self._classes(where))] *= measure.open_share

    def _classes(self, where: Where) -> NDArray[np.int64]:
        return np.flatnonzero((self._bounds >= where.first_age) & (self._bounds <= where.last_age))

    def _count_lost(self, open_share: NDArray[Any]) -> NDArray[np.float64]:
        """[256] persons by sector who cannot work on a day, given who attends by [site, age class]."""
        if not self._staff.size:
            self._staff = self._count_staff()
        lost = np.bincount(self.city.site_sector, (self._staff * (1.0 - open_share)).sum(axis=1), SECTOR_COUNT).astype(float)
        lost[NO_SECTOR] = 0.0
        return lost

    def _count_staff(self) -> NDArray[np.float64]:
        """[site, age class] persons who work at each site."""
        start, members = self.city.site_member_start(), self.city.group_members
        staff = np.zeros((self.city.sites, len(self._bounds)))
        classes, works = self._age_class[self.city.age[members]], works_at_site(self.city, members)
        for number in range(len(self._bounds)):
            summed = np.concatenate(([0], np.cumsum(works & (classes == number))))
            staff[:, number] = summed[start[1:]] - summed[start[:-1]]
        return staff

    def _vaccination(self) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Rows of ``Rules.program``: one an age group of a program, one group after the other."""
        rows: list[tuple[float, ...]] = []
        areas: list[NDArray[np.uint8]] = []
        hood = self.city.person_neighbourhood() if any(isinstance(m, Vaccination) for m in self.measures) else np.empty(0, np.int32)
        for measure in self.measures:
            if not isinstance(measure, Vaccination):
                continue
            mask = self.areas(measure.where)
            ages = np.bincount(self.city.age[mask[hood]], minlength=LAST_AGE + 1)
            start = float(measure.where.from_day)
            for first, last in measure.order:
                eligible = float(ages[first : last + 1].sum())
                length = eligible * measure.coverage / measure.first_doses_per_day
                rows.append((first, last, start, length, measure.coverage, measure.doses, len(rows)))
                areas.append(mask.astype(np.uint8))
                start += length
        if not rows:
            return np.empty((0, 7)), np.empty((0, 1), np.uint8)
        return np.array(rows, float), np.stack(areas)


def _age_bounds(measures: Sequence[Restriction | Gate]) -> NDArray[np.int64]:
    """First ages of the classes that the measures tell apart."""
    found = {0}
    for measure in measures:
        found |= {measure.where.first_age, measure.where.last_age + 1}
    return np.array(sorted(found - {LAST_AGE + 1}))
