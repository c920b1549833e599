"""What came of a simulation: events are kept, everything else is counted from them when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import NO_SECTOR, City
from tongchou.engine.epidemic.course import FATAL
from tongchou.engine.epidemic.disease import Disease
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.ground import Chain
from tongchou.engine.epidemic.layers import Layer
from tongchou.engine.epidemic.samples import Findings, Samples
from tongchou.engine.epidemic.stays import Stays
from tongchou.engine.epidemic.workdays import Opening
from tongchou.reason import Reason

Counts = NDArray[np.int64]
AGE_BAND_YEARS = 10
AGE_BANDS = 11
BLOCK = 1 << 20
EVENTS = ("infections", "onsets", "samples", "reports", "admissions", "discharges", "deaths")
DIVISIONS = ("county", "neighbourhood", "age", "layer", "sector")


@dataclass(frozen=True, eq=False)
class Log:
    """What the measures took, counted while the days passed. [days] each, with a second axis where named."""

    away_at_home: Counts
    """[days, counties] persons in isolation or quarantine at home"""
    away_at_sites: Counts
    """[days, counties] persons in isolation or quarantine sites"""
    tests: Counts
    """[days] samples taken"""
    tests_waiting: Counts
    """[days] samples that did not fit that day's capacity"""
    traced: Counts
    """[days] contacts reached"""
    workdays_lost: NDArray[np.float64]
    """[days, 256] working days lost by sector of the site, by those who work there: away, in hospital, dead, or the site not
    open to them; a day is lost once"""
    zone_days: dict[str, int]
    """neighbourhood-days at each zone level"""
    stays: Stays
    """every order to stay away"""
    samples: Samples
    """whom the samples were taken from"""
    openings: tuple[Opening, ...]
    """which sites were closed to whom, each from its day until the next one's"""
    working: NDArray[np.bool_]
    """[days] whether it is one of Monday to Friday"""


@dataclass(frozen=True, eq=False)
class Outcome:
    """One run. ``chain`` and ``findings`` have one row an infection; ``infectious`` the persons infectious on each day."""

    city: City
    disease: Disease
    days: int
    seed: int
    chain: Chain
    findings: Findings
    reach: NDArray[np.uint16]
    """[kinds of surroundings, 4] cumulated shares of the hazard by slot; ``chain.around`` numbers the rows"""
    infectious: Counts
    log: Log

    @property
    def infections(self) -> int:
        return len(self.chain.person)

    @property
    def attack_rate(self) -> float:
        """Share of persons infected at least once."""
        return int((self.chain.round == 0).sum()) / self.city.persons

    @property
    def infectious_days(self) -> int:
        """Person-days of infectiousness that were simulated."""
        return int(self.infectious.sum())

    def event_days(self, event: str) -> NDArray[np.int16]:
        """[infections] the day of an event of ``EVENTS`` in each infection, -1 where it did not happen by the last day."""
        chain = self.chain
        columns = {
            "infections": chain.day, "onsets": chain.onset, "samples": self.findings.sampled, "reports": self.findings.reported,
            "admissions": chain.admitted, "discharges": chain.left, "deaths": chain.left,
        }  # fmt: skip
        if event not in columns:
            known = ", ".join(EVENTS)
            raise EpidemicFault(f"没有事件 {event}：可用 {known}", f"there is no event {event!r}; use one of {known}")
        found = columns[event].copy()
        found[found >= self.days] = -1
        if event == "discharges":
            found[chain.severity == FATAL] = -1
        elif event == "deaths":
            found[chain.severity != FATAL] = -1
        return found

    def daily(self, event: str, by: str = "") -> Counts:
        """[days] events of a kind, or [days, parts] by a division of ``DIVISIONS``.

        Ages are bands of ten years, the last 100 and over; ``sector`` has a last column for persons of no sector.
        """
        when = self.event_days(event)
        if not by:
            return sum((np.bincount(when[rows][when[rows] >= 0], minlength=self.days) for rows in self._blocks()), np.zeros(self.days, np.int64))
        parts = self._parts(by)
        counts = np.zeros(self.days * parts, np.int64)
        for rows in self._blocks():
            happened = when[rows] >= 0
            flat = when[rows][happened].astype(np.int64) * parts + self._division(by, rows)[happened]
            counts += np.bincount(flat, minlength=self.days * parts)
        return counts.reshape(self.days, parts)

    def _blocks(self) -> Iterator[slice]:
        """All rows, so many at a time that counting them takes little memory beside that of the rows."""
        return (slice(first, first + BLOCK) for first in range(0, self.infections, BLOCK))

    def beds(self, by: str = "") -> Counts:
        """[days] or [days, parts]: persons in hospital at the end of each day."""
        change = self.daily("admissions", by) - self.daily("discharges", by) - self.daily("deaths", by)
        return np.cumsum(change, axis=0)

    def _parts(self, by: str) -> int:
        parts = {
            "county": len(self.city.counties), "neighbourhood": self.city.neighbourhoods, "age": AGE_BANDS, "layer": len(Layer),
            "sector": NO_SECTOR + 1,
        }  # fmt: skip
        if by not in parts:
            known = ", ".join(DIVISIONS)
            raise EpidemicFault(f"不能按 {by} 分：可用 {known}", f"no division by {by!r}; use one of {known}")
        return parts[by]

    def _division(self, by: str, rows: slice) -> NDArray[np.int64]:
        chain, city = self.chain, self.city
        if by == "county":
            return city.neighbourhood_county[chain.home[rows]].astype(np.int64)
        if by == "neighbourhood":
            return chain.home[rows].astype(np.int64)
        if by == "age":
            return (city.age[chain.person[rows]] // AGE_BAND_YEARS).astype(np.int64)
        if by == "layer":
            return chain.layer[rows].astype(np.int64)
        return sector_of(city, chain.person[rows])

    def generation_intervals(self) -> NDArray[np.int64]:
        """Days from the infector's infection to the infection, for every infection that was not imported."""
        return np.concatenate([np.empty(0, np.int64), *self._intervals()])

    def generation_interval_counts(self) -> Counts:
        """[longest + 1] how many of ``generation_intervals`` are of each length."""
        counts = np.zeros(self.days, np.int64)
        for intervals in self._intervals():
            counts += np.bincount(intervals, minlength=self.days)
        return np.trim_zeros(counts, "b")

    def _intervals(self) -> Iterator[NDArray[np.int16]]:
        source, day = self.chain.source, self.chain.day
        for rows in self._blocks():
            local = source[rows] >= 0
            yield day[rows][local] - day[source[rows][local]]

    def offspring(self) -> Counts:
        """[infections] how many each infected."""
        local = self.chain.source[self.chain.source >= 0]
        return np.bincount(local, minlength=self.infections)

    def caused(self) -> Counts:
        """[days] how many were infected, on any later day, by those infected on each day."""
        source, day, counts = self.chain.source, self.chain.day, np.zeros(self.days, np.int64)
        for rows in self._blocks():
            counts += np.bincount(day[source[rows][source[rows] >= 0]], minlength=self.days)
        return counts

    def complete(self) -> NDArray[np.bool_]:
        """[days] whether everybody infected on a day is past the infectious course by the end, so that ``caused`` is final."""
        late = self.chain.infectious > self.days - len(self.disease.infectiousness)
        return np.bincount(self.chain.day[late], minlength=self.days) == 0

    def effective_reproduction(self) -> NDArray[np.float64]:
        """[days] mean number infected by those infected on a day; nan where nobody was. Too low where not ``complete``."""
        infected = self.daily("infections")
        return np.divide(self.caused(), infected, out=np.full(self.days, np.nan), where=infected > 0)

    def places(self) -> NDArray[np.int64]:
        """[infections] where each was infected: household, group, site, neighbourhood or route by the layer; -1 for imports."""
        city, person, layer = self.city, self.chain.person, self.chain.layer
        group = city.group[person].astype(np.int64)
        site = np.where(group >= 0, city.group_site()[group], -1) if city.groups else group
        options = {
            Layer.HOUSEHOLD: city.household[person], Layer.SCHOOL: site, Layer.TEAM: group, Layer.WORKPLACE: site,
            Layer.COMMUNITY: self.chain.home, Layer.TRANSPORT: city.route[person], Layer.INSTITUTION: site,
        }  # fmt: skip
        return np.select([layer == key for key in options], list(options.values()), -1).astype(np.int64)

    def infecting_places(self) -> dict[str, NDArray[Any]]:
        """Where people were infected, as columns, most first: layer, place, infections, infectors (persons), first and last day."""
        local = np.flatnonzero(self.chain.source >= 0)
        layer, place = self.chain.layer[local], self.places()[local]
        order = np.lexsort((self.chain.day[local], place, layer))
        layer, place, day = layer[order], place[order], self.chain.day[local][order]
        source = self.chain.person[self.chain.source[local][order]]
        new = np.flatnonzero(np.concatenate(([True], (np.diff(place) != 0) | (np.diff(layer) != 0)))) if len(order) else order
        number = np.repeat(np.arange(len(new)), np.diff(new, append=len(order)))
        counts = np.bincount(number, minlength=len(new))
        infectors = np.bincount(np.unique(np.stack((number, source)), axis=1)[0], minlength=len(new))
        last = new + counts - 1
        most = np.lexsort((place[new], layer[new], -counts))
        columns = {
            "layer": layer[new], "place": place[new], "infections": counts, "infectors": infectors, "first_day": day[new], "last_day": day[last],
        }  # fmt: skip
        return {name: column[most] for name, column in columns.items()}

    def tree(self) -> dict[str, NDArray[Any]]:
        """The transmission tree as columns: person, infector (person, -1 for imports), day, layer, place."""
        source = self.chain.source
        infector = np.where(source >= 0, self.chain.person[source], -1) if len(source) else source
        return {
            "person": self.chain.person, "infector": infector, "day": self.chain.day, "layer": self.chain.layer, "place": self.places(),
        }  # fmt: skip

    def line_list(self) -> dict[str, NDArray[Any]]:
        """The truth of every infection as columns, days from 0, -1 for what did not happen by the last day."""
        chain, city = self.chain, self.city
        return {
            **self.tree(), "age": city.age[chain.person], "sex": city.sex[chain.person], "neighbourhood": chain.home,
            "county": city.neighbourhood_county[chain.home], "severity": chain.severity,
            **{name: self.event_days(name) for name in EVENTS if name != "infections"},
        }  # fmt: skip

    def case_series(self, event: str = "onsets") -> dict[str, NDArray[Any]]:
        """Columns t, incidence, imported by day of an event, as ``tongchou reproduction`` reads them."""
        when = self.event_days(event)
        imported = when[(when >= 0) & (self.chain.source < 0)]
        return {
            "t": np.arange(self.days), "incidence": self.daily(event), "imported": np.bincount(imported, minlength=self.days),
        }  # fmt: skip

    def explain(self, row: int) -> list[Reason]:
        """The chain of infection that led to an infection (a row of ``chain``), the first of it first."""
        if not 0 <= row < self.infections:
            raise EpidemicFault(f"没有第 {row} 号感染", f"there is no infection {row}")
        places, found = self.places(), []
        while row >= 0:
            source = int(self.chain.source[row])
            values = {"person": int(self.chain.person[row]), "day": int(self.chain.day[row]), "place": int(places[row])}
            if source >= 0:
                values["infector"] = int(self.chain.person[source])
            layer = Layer(int(self.chain.layer[row])).name.lower()
            found.append(Reason(f"infected_{layer}", values))
            row = source
        return found[::-1]

    def digest(self) -> str:
        """SHA-256 of every event and count: equal for equal runs, whatever the number of threads."""
        seen = hashlib.sha256()
        for column in self._all():
            seen.update(np.ascontiguousarray(column).reshape(-1).view(np.uint8).data)
        return seen.hexdigest()

    def _all(self) -> Iterator[NDArray[Any]]:
        shares = self.reach.view(np.uint64)[:, 0]  # the four of a kind as one number
        for column in (*self.chain, *self.findings):
            for rows in self._blocks():
                yield shares[column[rows]] if column is self.chain.around else column[rows]
        yield self.infectious
        for name in ("away_at_home", "away_at_sites", "tests", "tests_waiting", "traced", "workdays_lost"):
            yield getattr(self.log, name)


def sector_of(city: City, persons: NDArray[Any]) -> NDArray[np.int64]:
    """The sector of the site where each spends the day; ``NO_SECTOR`` for none."""
    group = city.group[persons]
    if not city.groups:
        return np.full(len(group), NO_SECTOR, np.int64)
    return np.where(group >= 0, city.site_sector[city.group_site()[group]], NO_SECTOR).astype(np.int64)
