"""Casework of a day: admissions, results and reports, isolation, tracing, quarantine, samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.chance import Purpose, uniforms
from tongchou.engine.city import NO_SECTOR, City
from tongchou.engine.epidemic.agenda import Agenda
from tongchou.engine.epidemic.course import FATAL
from tongchou.engine.epidemic.disease import Law
from tongchou.engine.epidemic.ground import FOREVER, Chain, Ground, Kin, Rules, State
from tongchou.engine.epidemic.laboratory import ENTRY, SYMPTOMS, Laboratory, members_of
from tongchou.engine.epidemic.levels import Reports
from tongchou.engine.epidemic.measures import ContactTesting, EntryTesting, Isolation, Quarantine, SymptomaticTesting
from tongchou.engine.epidemic.ordinance import Ordinance
from tongchou.engine.epidemic.results import Log, sector_of
from tongchou.engine.epidemic.stays import AT_HOME, AT_SITE, IN_HOSPITAL
from tongchou.engine.epidemic.tracers import Tracers
from tongchou.engine.epidemic.whereabouts import Whereabouts
from tongchou.engine.epidemic.workdays import Opening, count_absences

Rows = NDArray[np.int64]


class Casework:
    """What is done about cases and their contacts, in the order in which ``work`` does it."""

    def __init__(self, city: City, ground: Ground, law: Law, state: State, ordinance: Ordinance, seed: int) -> None:
        self.city, self.state, self.ordinance, self.seed = city, state, ordinance, seed
        self.reports = Reports(city.neighbourhoods)
        self.whereabouts = Whereabouts(city, ground, state)
        self.laboratory = Laboratory(city, law, state, ordinance, seed)
        self.tracers = Tracers(city, ground, ordinance, seed)
        self._admissions, self._onsets = Agenda(1), Agenda(1)
        self._watches_onsets = any(isinstance(measure, SymptomaticTesting) for measure in ordinance.measures)
        self._lost: list[NDArray[np.float64]] = []
        self._openings: list[Opening] = []
        self._traced: list[int] = []

    def meet_new(self, chain: Chain, first: int, last: int) -> None:
        """Put down what the course of new infections will bring."""
        self.laboratory.meet_new(first, last)
        admitted = chain.admitted[first:last]
        severe = np.flatnonzero(admitted >= 0)
        if len(severe):
            self._admissions.put(admitted[severe], severe + first)
        if self._watches_onsets:
            ill = np.flatnonzero(chain.onset[first:last] >= 0)
            self._onsets.put(chain.onset[first:last][ill], ill + first)

    def meet_arrivals(self, day: int, chain: Chain, first: int, last: int) -> None:
        """Entry testing and quarantine of the infections imported today."""
        for measure in self.ordinance.active(EntryTesting, day):
            rows = self._in_area(measure.where, chain, np.arange(first, last))
            persons = chain.person[rows].astype(np.int64)
            chosen = uniforms(self.seed, Purpose.TEST_ENTRY, persons, day=day) < measure.share
            self.laboratory.ask(day, persons[chosen], ENTRY, measure.result_days)
            if measure.quarantine_days:
                self.whereabouts.send(persons, np.full(len(persons), day + measure.quarantine_days), AT_SITE, day)

    def work(self, day: int, rules: Rules, chain: Chain, kin: Kin, rows: int) -> None:
        """Steps 3 to 5 of the day. What has nothing to do today is not started: most days of a small town are such days."""
        if day in self._admissions:
            self._admit(day, chain)
        reported = self.laboratory.results(day)
        if len(reported):
            self.reports.add(day, chain.home[reported].astype(np.int64))
            self._isolate(day, chain, reported)
            self._quarantine_households(day, chain, reported)
        self.tracers.report(day, chain, self.laboratory.findings, reported)
        persons, contact_days = self.tracers.reach(day, rules, chain, kin, self.state)
        self._traced.append(len(persons))
        if len(persons):
            homes = np.searchsorted(self.city.neighbourhood_start, persons, side="right") - 1
            self._quarantine(day, persons, homes, contact_days)
            self._test_contacts(day, persons, homes)
        self._onset_tests(day, chain)
        waiting = self.laboratory.sample(day, chain, rows)
        self.whereabouts.send(chain.person[waiting], np.full(len(waiting), day + 30), AT_HOME, day)
        self._lost.append(self.ordinance.lost_by_sector * self.ordinance.works(day))
        if not self._openings or self._openings[-1].orders is not self.ordinance.orders:
            self._openings.append(Opening(day, self.ordinance.orders))

    def _admit(self, day: int, chain: Chain) -> None:
        (rows,) = self._admissions.take(day)
        until = np.where(chain.severity[rows] == FATAL, FOREVER, chain.left[rows])
        self.whereabouts.send(chain.person[rows], until, IN_HOSPITAL, day)

    def _in_area(self, where: Any, chain: Chain, rows: Rows) -> Rows:
        if where.everybody:
            return rows
        ages = self.city.age[chain.person[rows]]
        return rows[self.ordinance.areas(where)[chain.home[rows]] & (ages >= where.first_age) & (ages <= where.last_age)]

    def _isolate(self, day: int, chain: Chain, rows: Rows) -> None:
        for measure in self.ordinance.active(Isolation, day):
            chosen = self._in_area(measure.where, chain, rows)
            persons = chain.person[chosen].astype(np.int64)
            complies = uniforms(self.seed, Purpose.COMPLIANCE_ISOLATION, persons) < measure.compliance
            until = self.laboratory.findings.sampled[chosen].astype(np.int64) + measure.days
            self._place(day, persons[complies], until[complies], measure.places)

    def _place(self, day: int, persons: Rows, untils: Rows, places: int) -> None:
        """To sites while there are places, the rest stays at home."""
        free = max(0, places - self.whereabouts.number(AT_SITE, day)) if places else 0
        kinds = np.where(np.arange(len(persons)) < free, AT_SITE, AT_HOME)
        self.whereabouts.send(persons, untils, kinds, day)

    def _quarantine_households(self, day: int, chain: Chain, rows: Rows) -> None:
        for measure in self.ordinance.active(Quarantine, day):
            if not measure.household:
                continue
            chosen = chain.person[self._in_area(measure.where, chain, rows)].astype(np.int64)
            others = np.setdiff1d(members_of(self.city, chosen), chosen)
            self._keep(day, measure, others, np.full(len(others), day + measure.days))

    def _quarantine(self, day: int, persons: Rows, homes: Rows, contact_days: Rows) -> None:
        for measure in self.ordinance.active(Quarantine, day):
            held = self.ordinance.areas(measure.where)[homes]
            self._keep(day, measure, persons[held], contact_days[held] + measure.days)

    def _keep(self, day: int, measure: Quarantine, persons: Rows, untils: Rows) -> None:
        complies = uniforms(self.seed, Purpose.COMPLIANCE_QUARANTINE, persons) < measure.compliance
        stays = complies & (untils > day)
        self._place(day, persons[stays], untils[stays], measure.places)

    def _test_contacts(self, day: int, persons: Rows, homes: Rows) -> None:
        for measure in self.ordinance.active(ContactTesting, day):
            held = persons[self.ordinance.areas(measure.where)[homes]]
            chosen = held[uniforms(self.seed, Purpose.TEST_CONTACT, held, day=day) < measure.share]
            self.laboratory.ask_contacts(day, chosen, measure)

    def _onset_tests(self, day: int, chain: Chain) -> None:
        (rows,) = self._onsets.take(day)
        for measure in self.ordinance.active(SymptomaticTesting, day):
            self.laboratory.expect_other_illness(measure)
            if not len(rows):
                continue
            chosen = self._in_area(measure.where, chain, rows.astype(np.int64))
            persons = chain.person[chosen].astype(np.int64)
            sought = persons[uniforms(self.seed, Purpose.TEST_SOUGHT, persons, day=day) < measure.share]
            edges = np.cumsum(np.asarray(measure.delay, float)) / sum(measure.delay)
            delays = np.searchsorted(edges, uniforms(self.seed, Purpose.TEST_SOUGHT, sought, day=day, k=1))
            self.laboratory.ask(day + delays, sought, SYMPTOMS, measure.result_days, measure.isolate_while_waiting)

    def log(self, days: int) -> Log:
        """The counts of the whole run, after which it cannot go on: what was kept by person makes room for counting."""
        del self.state, self.whereabouts.state, self.laboratory.state
        working = np.array([self.ordinance.works(day) for day in range(days)])
        stays, openings = self.whereabouts.stays(), tuple(self._openings)
        spells = stays.spells(days)
        away = count_absences(self.city, spells, openings, working, sector_of(self.city, spells.person), NO_SECTOR + 1)
        return Log(
            away_at_home=self.whereabouts.by_county(AT_HOME, days), away_at_sites=self.whereabouts.by_county(AT_SITE, days),
            tests=np.array(self.laboratory.used), tests_waiting=np.array(self.laboratory.left_over), traced=np.array(self._traced),
            workdays_lost=np.stack(self._lost) + away, zone_days=dict(self.ordinance.levels.days_at), stays=stays,
            samples=self.laboratory.samples(), openings=openings, working=working,
        )  # fmt: skip
