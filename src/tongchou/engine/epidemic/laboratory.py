"""Samples and their results: who is sampled, within which capacity, how likely the result is right, when it is there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.chance import Purpose, uniforms
from tongchou.engine.city import City
from tongchou.engine.epidemic.agenda import Agenda
from tongchou.engine.epidemic.disease import Law
from tongchou.engine.epidemic.ground import Chain, State, longer
from tongchou.engine.epidemic.measures import ContactTesting, EntryTesting, SymptomaticTesting, TestCapacity, TestRounds
from tongchou.engine.epidemic.ordinance import Ordinance
from tongchou.engine.epidemic.samples import Findings, Pool, Samples, empty_findings, no_findings

TESTING = (ContactTesting, EntryTesting, SymptomaticTesting, TestRounds)
SYMPTOMS, CONTACT, ENTRY, ROUND = 1, 2, 3, 4
FOUND_NAMES = {SYMPTOMS: "symptoms", CONTACT: "contact", ENTRY: "entry", ROUND: "round"}
LOOK_BACK_DAYS = 60
"""infections older than this are sought in no round: no test finds them any more"""
Rows = NDArray[np.int64]
NOBODY = np.empty(0, np.int64)


def members_of(city: City, persons: NDArray[Any]) -> Rows:
    """Everybody who lives with these persons, themselves included, each once."""
    houses = np.unique(city.household[persons])
    starts = city.household_start[houses].astype(np.int64)
    sizes = city.household_start[houses + 1] - starts
    offsets = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(starts, sizes) + offsets


class Laboratory:
    """Samples asked for by day, taken while there is capacity, those for symptoms first and rounds last.

    ``findings`` are kept only where a measure tests somebody.
    """

    def __init__(self, city: City, law: Law, state: State, ordinance: Ordinance, seed: int) -> None:
        self.city, self.law, self.state, self.ordinance, self.seed = city, law, state, ordinance, seed
        self._tests = any(isinstance(measure, TESTING) for measure in ordinance.measures)
        self.findings = empty_findings(city.persons + 1024 if self._tests else 0)
        self._asked, self._results = Agenda(4), Agenda(2)
        self._others = 0.0
        self._round_sizes: dict[int, int] = {}
        self.used: list[int] = []
        self.left_over: list[int] = []
        self._ill_elsewhere: list[NDArray[np.float64]] = []
        self._taken: list[NDArray[np.int32]] = []
        self._pools: list[Pool] = []

    def meet_new(self, first: int, last: int) -> None:
        """New infections, which nobody has sampled yet."""
        if not self._tests:
            return
        if last > len(self.findings.sampled):
            self.findings = longer(self.findings, int(1.5 * last))
        self.findings.sampled[first:last], self.findings.reported[first:last] = -1, -1
        self.findings.found[first:last] = 0

    def found(self, rows: int) -> Findings:
        """``findings`` of the infections that there are."""
        return Findings._make(column[:rows] for column in self.findings) if self._tests else no_findings(rows)

    def ask(self, days: Rows | int, persons: Rows, reason: int, result_days: int, isolate: bool = False) -> None:
        """Have persons sampled on a day, or each on a day of his own."""
        if not len(persons):
            return
        columns = (persons, *(np.full(len(persons), value) for value in (reason, result_days, int(isolate))))
        if isinstance(days, int):
            self._asked.put_on(days, *columns)
        else:
            self._asked.put(days, *columns)

    def ask_contacts(self, day: int, persons: Rows, measure: ContactTesting) -> None:
        self.ask(day, persons, CONTACT, measure.result_days)
        if measure.again_days:
            self.ask(day + measure.again_days, persons, CONTACT, measure.result_days)

    def expect_other_illness(self, measure: SymptomaticTesting) -> None:
        """Today's samples of people who are ill with something else."""
        if measure.other_illness_per_100k:
            areas = self.ordinance.areas(measure.where)
            held = np.diff(self.city.neighbourhood_start)[areas].sum()
            self._others += float(held) * measure.other_illness_per_100k / 1e5
            self._ill_elsewhere.append(np.where(areas, measure.other_illness_per_100k, 0.0))

    def sample(self, day: int, chain: Chain, rows: int) -> Rows:
        """Take today's samples; returns the rows of positive persons who isolate until their result is there."""
        room = min((measure.per_day for measure in self.ordinance.active(TestCapacity, day)), default=2**62)
        others, self._others = min(int(self._others + 0.5), room), 0.0
        room -= others
        if others:
            self._pools.append(Pool(day, others, np.sum(self._ill_elsewhere, axis=0)))
        self._ill_elsewhere.clear()
        taken, late, waiting = self._take_asked(day, chain, room) if day in self._asked else (NOBODY, 0, NOBODY)
        self._taken.append(taken.astype(np.int32))
        self.used.append(len(taken) + others + self._rounds(day, chain, rows, room - len(taken)))
        self.left_over.append(late)
        return waiting

    def _take_asked(self, day: int, chain: Chain, room: int) -> tuple[Rows, int, Rows]:
        """(persons sampled, samples put off, rows that isolate) of those who are due."""
        persons, reasons, result_days, isolate = self._asked.take(day)
        own = self.state.record[persons]
        order = np.flatnonzero((own < 0) | (self.findings.reported[own] < 0))
        order = order[np.argsort(reasons[order], kind="stable")]
        taken, late = order[:room], order[room:]
        self._asked.put_on(day + 1, persons[late], reasons[late], result_days[late], isolate[late])
        chosen = taken[self._positive(day, persons[taken], chain, CONTACT)]
        rows_found = self.state.record[persons[chosen]].astype(np.int64)
        self._note(day, rows_found, reasons[chosen], result_days[chosen])
        return persons[taken], len(late), rows_found[isolate[chosen] > 0]

    def _positive(self, day: int, persons: NDArray[Any], chain: Chain, k: int) -> NDArray[np.bool_]:
        """Whether the test of each is positive, by days since the infectious course began."""
        own = self.state.record[persons]
        since = day - chain.infectious[own].astype(np.int64) + self.law.sensitivity_before
        inside = (own >= 0) & (since >= 0) & (since < len(self.law.sensitivity))
        chance = np.where(inside, self.law.sensitivity[np.where(inside, since, 0)], 0.0)
        return uniforms(self.seed, Purpose.TEST_RESULT, persons, day=day, k=k) < chance

    def _note(self, day: int, rows: Rows, reasons: NDArray[Any], result_days: NDArray[Any]) -> None:
        if not len(rows):
            return
        first = self.findings.sampled[rows] < 0
        self.findings.sampled[rows[first]] = day
        self.findings.found[rows[first]] = reasons[first]
        self._results.put(day + np.asarray(result_days), rows, reasons)

    def _rounds(self, day: int, chain: Chain, rows: int, room: int) -> int:
        """Everybody is asked; only the infected need be looked at. Returns the samples used."""
        used = 0
        for measure in self.ordinance.active(TestRounds, day):
            if (day - measure.where.from_day) % measure.every_days:
                continue
            wanted = int(measure.share * self._size(measure))
            taken = min(wanted, max(0, room - used))
            if wanted == 0:
                continue
            used += taken
            where = measure.where
            self._pools.append(Pool(day, taken, self.ordinance.areas(where).astype(float), where.first_age, where.last_age))
            start = int(np.searchsorted(chain.day[:rows], day - LOOK_BACK_DAYS))
            recent = np.arange(start, rows)
            recent = recent[self.findings.reported[recent] < 0]
            persons = chain.person[recent].astype(np.int64)
            ages = self.city.age[persons]
            asked = self.ordinance.areas(measure.where)[chain.home[recent]]
            asked &= (ages >= measure.where.first_age) & (ages <= measure.where.last_age)
            asked &= uniforms(self.seed, Purpose.TEST_ROUND, persons, day=day) < measure.share * taken / wanted
            recent, persons = recent[asked], persons[asked]
            found = recent[self._positive(day, persons, chain, ROUND)]
            self._note(day, found, np.full(len(found), ROUND), np.full(len(found), measure.result_days))
        return used

    def _size(self, measure: TestRounds) -> int:
        """Persons whom a round asks today."""
        where = measure.where
        held = self.ordinance.areas(where)
        if where.first_age == 0 and where.last_age >= int(self.city.age.max(initial=0)):
            return int(np.diff(self.city.neighbourhood_start)[held].sum())
        key = hash((where, held.tobytes()))
        if key not in self._round_sizes:
            asked = (self.city.age >= where.first_age) & (self.city.age <= where.last_age)
            inside = np.add.reduceat(asked.astype(np.int64), self.city.neighbourhood_start[:-1])
            self._round_sizes[key] = int(inside[held].sum())
        return self._round_sizes[key]

    def samples(self) -> Samples:
        """All samples of the run; ``sample`` is asked once a day, so the n-th part is of day n."""
        days = np.repeat(np.arange(len(self._taken), dtype=np.int16), [len(part) for part in self._taken])
        return Samples(np.concatenate([np.empty(0, np.int32), *self._taken]), days, tuple(pool for pool in self._pools if pool.count))

    def results(self, day: int) -> Rows:
        """Rows whose positive result arrives today and who had not been reported."""
        if day not in self._results:
            return NOBODY
        rows, _reasons = self._results.take(day)
        rows = np.unique(rows).astype(np.int64)
        rows = rows[self.findings.reported[rows] < 0]
        self.findings.reported[rows] = day
        return rows
