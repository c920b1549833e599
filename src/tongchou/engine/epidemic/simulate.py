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
from tongchou.engine.epidemic.ground import Chain, Rules, city_ground, empty_chain, first_state, longer_chain
from tongchou.engine.epidemic.layers import Contacts, Layer
from tongchou.engine.epidemic.measures import Measure
from tongchou.engine.epidemic.meeting import BATCH, empty_batch
from tongchou.engine.epidemic.ordinance import Ordinance
from tongchou.engine.epidemic.results import Outcome
from tongchou.engine.epidemic.spread import spread_day

ROWS_A_PART = 16_384
MOST_DAYS = 20_000
Hits = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]


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
        self.state = first_state(city.persons)
        self.chain, self.rows, self.first = empty_chain(city.persons + 1024), 0, 0
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
        arrived = self.enter(day, rules, _imported(arrivals_on(day, imports, self.city, self.state, int(self.seed))))
        self.casework.meet_arrivals(day, self.chain, arrived, self.rows)
        self.casework.work(day, rules, self.chain, self.rows)
        for hits in self.meet(day, rules):
            self.enter(day, rules, hits)

    def meet(self, day: int, rules: Rules) -> list[Hits]:
        """Step 6, in parts of the rows that may run at once and are put together in the order of the rows."""
        while self.first < self.rows and self.chain.day[self.first] < day - self.longest:
            self.first = min(self.row_of_day[int(self.chain.day[self.first]) + 1], self.rows)
        starts = range(self.first, self.rows, ROWS_A_PART)
        if self.threads == 1 or len(starts) == 1:
            done = [self.meet_part(day, rules, start) for start in starts]
        else:
            done = list(self.pool.map(lambda start: self.meet_part(day, rules, start), starts))
        self.infectious.append(sum(active for _parts, active in done))
        return [part for parts, _active in done for part in parts]

    def meet_part(self, day: int, rules: Rules, start: int) -> tuple[list[Hits], int]:
        last = min(start + ROWS_A_PART, self.rows)
        parts, active, row, batch = [], 0, start, empty_batch()
        room = BATCH + last - start
        while row < last:
            targets, sources, layers = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.uint8)
            written, row, seen = spread_day(
                self.seed, day, row, last, self.ground, rules, self.law, self.chain, self.state, batch, targets, sources, layers
            )
            active += seen
            room *= 2
            if written:
                parts.append((targets[:written], sources[:written], layers[:written]))
        return parts, active

    def enter(self, day: int, rules: Rules, hits: Hits) -> int:
        """Step 7; returns the first of the new rows."""
        targets, sources, layers = hits
        if self.rows + len(targets) > len(self.chain.person):
            self.chain = longer_chain(self.chain, int(1.5 * (self.rows + len(targets))))
        first = self.rows
        self.rows = enter_infections(targets, sources, layers, day, first, self.chain, self.state.record)
        draw_courses(self.seed, first, self.rows, day, self.ground, rules, self.law, self.chain)
        self.casework.meet_new(self.chain, first, self.rows)
        return first

    def outcome(self, days: int) -> Outcome:
        chain = Chain._make(column[: self.rows] for column in self.chain)
        return Outcome(self.city, self.disease, days, int(self.seed), chain, np.array(self.infectious), self.casework.log(days))


def _imported(persons: NDArray[np.int32]) -> Hits:
    return persons, np.full(len(persons), -1, np.int32), np.full(len(persons), Layer.IMPORT, np.uint8)
