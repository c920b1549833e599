"""The epidemic in a city, day by day.

The day, in this order:

1. Zone levels move by what was reported up to yesterday; the measures of the day come into force.
2. Imports arrive; where there is entry testing, they are tested.
3. Those whose course says so are admitted to hospital.
4. Results of earlier samples arrive; the positive are reported and isolated. Contacts of those reported are found,
   quarantined and called to a test, each after the layer's delay.
5. Samples are taken, within capacity.
6. People meet: the infectious infect.
7. The newly infected are entered, and the course of each is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import City
from tongchou.engine.epidemic.arrivals import Imports, area_range, arrivals_on, read_imports
from tongchou.engine.epidemic.casework import Casework
from tongchou.engine.epidemic.course import draw_courses, enter_infections
from tongchou.engine.epidemic.disease import Disease, tabulate
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.ground import Chain, Rules, city_ground, empty_chain, empty_kin, first_state, longer
from tongchou.engine.epidemic.layers import Contacts, Layer
from tongchou.engine.epidemic.measures import Measure, Tracing
from tongchou.engine.epidemic.meeting import BATCH, Batch, empty_batch
from tongchou.engine.epidemic.ordinance import Ordinance
from tongchou.engine.epidemic.results import Outcome
from tongchou.engine.epidemic.spread import live_day, spread_day
from tongchou.engine.epidemic.surroundings import empty_surroundings, more_surroundings

ROWS_A_PART = 16_384
MOST_DAYS = 20_000
ROOM = ROWS_A_PART + 2 * BATCH
"""infections written at a time; a part that causes more is gone on with"""
Hits = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]
Desk = tuple[Batch, NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]


def simulate_epidemic(
    city: City,
    disease: Disease,
    measures: Sequence[Measure] = (),
    *,
    contacts: Contacts,
    days: int,
    imports: int | Imports | Sequence[Imports],
    seed: int,
    threads: int = 1,
    first_weekday: int = 0,
) -> Outcome:
    """``days`` days of an epidemic in ``city``; the same for every number of ``threads``.

    ``imports`` as ``read_imports`` takes them; ``first_weekday`` is day 0's (0 Monday). Two calls that differ only in
    measures give the same infections up to the first day on which a measure differs. Raises EpidemicFault for a measure
    or an import that names what the city does not have.
    """
    if not 1 <= days <= MOST_DAYS:
        raise EpidemicFault(f"天数应在 1 到 {MOST_DAYS} 之间", f"days must be from 1 to {MOST_DAYS}")
    if not 0 <= seed < 2**63:
        raise EpidemicFault("随机种子应为不小于 0 的整数", "the seed must be a whole number, not below 0")
    if threads < 1 or not 0 <= first_weekday <= 6:
        raise EpidemicFault("线程数至少为 1，首日星期为 0 到 6", "threads are 1 or more, the first weekday is 0 to 6")
    entries = read_imports(imports)
    for entry in entries:
        area_range(city, entry.county, entry.neighbourhood)
    run = _Run(city, disease, measures, contacts, seed, threads, first_weekday)
    try:
        for day in range(days):
            run.one_day(day, entries)
    finally:
        run.pool.shutdown()
    return run.outcome(days)


class _Run:
    """What a simulation holds between two days."""

    def __init__(
        self, city: City, disease: Disease, measures: Sequence[Measure], contacts: Contacts, seed: int, threads: int, first_weekday: int
    ) -> None:
        self.city, self.disease, self.seed, self.threads = city, disease, np.uint64(seed), threads
        self.ground, self.law = city_ground(city, contacts), tabulate(disease)
        traced = any(isinstance(measure, Tracing) for measure in measures)
        self.state = first_state(city.persons, traced=traced)
        # Memory is taken as rows are written: room for everybody, and for a second infection where there may be one.
        room = (1 if self.law.lasting else 2) * city.persons + 1024
        self.chain, self.rows, self.first = empty_chain(room), 0, 0
        self.kin, self.known = empty_kin(room if traced else 0), empty_surroundings()
        self.desks: list[Desk] = []
        self.row_of_day: list[int] = []
        self.longest = len(disease.incubation.chance) + len(disease.infectiousness) + 1
        self.ordinance = Ordinance(city, self.ground, contacts, measures, first_weekday)
        self.casework = Casework(city, self.ground, self.law, self.state, self.ordinance, seed)
        self.infectious: list[int] = []
        self.pool = ThreadPoolExecutor(threads)

    def one_day(self, day: int, imports: Sequence[Imports]) -> None:
        """The seven steps at the head of this file."""
        self.row_of_day.append(self.rows)
        rules = self.ordinance.on(day, self.casework.reports)
        arrived, before = arrivals_on(day, imports, self.city, self.state, int(self.seed)), self.rows
        if len(arrived):
            self.enter(day, rules, _imported(arrived))
            self.casework.meet_arrivals(day, self.chain, before, self.rows)
        self.casework.work(day, rules, self.chain, self.kin, self.rows)
        while self.first < self.rows and self.chain.day[self.first] < day - self.longest:
            self.first = min(self.row_of_day[int(self.chain.day[self.first]) + 1], self.rows)
        if self.rows - self.first <= ROWS_A_PART:
            self.infectious.append(self.meet_few(day, rules))
        else:
            self.infectious.append(self.meet_many(day, rules))

    def meet_few(self, day: int, rules: Rules) -> int:
        """Steps 6 and 7 of a day with few rows; returns how many are infectious."""
        if self.first == self.rows:
            return 0
        desk, first = self.desk(), self.rows
        written, row, active, self.rows = live_day(
            self.seed, day, self.first, first, self.ground, rules, self.law, self.chain, self.known, self.kin, self.state, *desk
        )
        if self.rows > first:
            self.casework.meet_new(self.chain, first, self.rows)
        elif written:
            hits = [_copied(desk, written)]
            more, rest = self.meet_part(day, rules, row, first)
            active += rest
            for part in hits + more:
                self.enter(day, rules, part)
        self.desks.append(desk)
        return int(active)

    def meet_many(self, day: int, rules: Rules) -> int:
        """The same in parts of the rows that may run at once and are put together in the order of the rows."""
        last = self.rows
        starts = range(self.first, last, ROWS_A_PART)

        def part(start: int) -> tuple[list[Hits], int]:
            return self.meet_part(day, rules, start, min(start + ROWS_A_PART, last))

        active = 0
        done = [*(self.pool.map(part, starts) if self.threads > 1 else map(part, starts))]
        for parts, seen in done:
            active += seen
            for hits in parts:
                self.enter(day, rules, hits)
        return active

    def meet_part(self, day: int, rules: Rules, row: int, last: int) -> tuple[list[Hits], int]:
        """Infections caused by rows row..last-1, and how many of these are infectious."""
        parts, active, desk = [], 0, self.desk()
        while row < last:
            written, row, seen = spread_day(
                self.seed, day, row, last, self.ground, rules, self.law, self.chain, self.known, self.state, *desk
            )
            active += int(seen)
            if written:
                parts.append(_copied(desk, written))
        self.desks.append(desk)
        return parts, active

    def desk(self) -> Desk:
        """Room to work in for one thread; ``desks`` keeps those that are free."""
        try:
            return self.desks.pop()
        except IndexError:
            return empty_batch(), np.empty(ROOM, np.int32), np.empty(ROOM, np.int32), np.empty(ROOM, np.uint8)

    def enter(self, day: int, rules: Rules, hits: Hits) -> None:
        """Step 7."""
        targets, sources, layers = hits
        first, most = self.rows, self.rows + len(targets)
        if most > len(self.chain.person):
            self.chain, self.kin = longer(self.chain, int(1.5 * most)), longer(self.kin, int(1.5 * most))
        self.rows = enter_infections(targets, sources, layers, len(targets), day, first, self.chain, self.kin, self.state.record)
        drawn = first
        while (drawn := draw_courses(self.seed, drawn, self.rows, day, self.ground, rules, self.law, self.chain, self.known)) < self.rows:
            self.known = more_surroundings(self.known, self.ground.meets)
            if len(self.known.hazard) - 1 > np.iinfo(self.chain.around.dtype).max:  # compiles once more: no city that we know has so many
                self.chain = self.chain._replace(around=self.chain.around.astype(np.uint32))
        self.casework.meet_new(self.chain, first, self.rows)

    def outcome(self, days: int) -> Outcome:
        """What came of it, after which there are no more days."""
        del self.state, self.kin, self.desks
        chain = Chain._make(column[: self.rows] for column in self.chain)
        found = self.casework.laboratory.found(self.rows)
        reach = self.known.reach[: self.known.kinds[0]].copy()
        return Outcome(self.city, self.disease, days, int(self.seed), chain, found, reach, np.array(self.infectious), self.casework.log(days))


def _copied(desk: Desk, count: int) -> Hits:
    """The infections written on a desk, for which the next part has use."""
    _batch, targets, sources, layers = desk
    return targets[:count].copy(), sources[:count].copy(), layers[:count].copy()


def _imported(persons: NDArray[np.int32]) -> Hits:
    return persons, np.full(len(persons), -1, np.int32), np.full(len(persons), Layer.IMPORT, np.uint8)
