"""Contact tracing: whom a reported case met, re-derived from the same draws, and when each is reached."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tongchou.engine.chance import Purpose, poisson_from, uniforms, unit, words
from tongchou.engine.city import City
from tongchou.engine.epidemic.agenda import Agenda
from tongchou.engine.epidemic.course import look_up
from tongchou.engine.epidemic.ground import FOREVER, Chain, Ground, Kin, Rules, State
from tongchou.engine.epidemic.layers import SLOTS, Layer
from tongchou.engine.epidemic.measures import Tracing
from tongchou.engine.epidemic.meeting import BATCH, GROUP, empty_batch, find_place, find_range, find_target
from tongchou.engine.epidemic.orders import apply_orders
from tongchou.engine.epidemic.ordinance import Ordinance
from tongchou.engine.epidemic.samples import Findings

COUNT, OTHER, TARGET = int(Purpose.OTHER_CONTACT_COUNT), int(Purpose.OTHER_CONTACT), int(Purpose.OTHER_CONTACT_TARGET)
MOST_A_SLOT = 200
DAY_BITS = 16
LAST_DAY = (1 << DAY_BITS) - 1
Rows = NDArray[np.int64]
NOBODY = np.empty(0, np.int64)


@njit(cache=True, nogil=True)
def list_infected(cases, firsts, lasts, chain, kin, out):
    """Rows of those whom each case infected from its first to its last day, written to ``out`` (entry, row); returns how
    many there are, which may be more than fit."""
    written = 0
    for at in range(cases.size):
        child = np.int64(kin.last_child[cases[at]])
        while child >= 0:
            if firsts[at] <= chain.day[child] <= lasts[at]:
                if written < out.shape[0]:
                    out[written, 0], out[written, 1] = at, child
                written += 1
            child = np.int64(kin.older_sibling[child])
    return written


@njit(cache=True, nogil=True)
def meet_others(seed, cases, firsts, lasts, ground, rules, chain, state, batch, out):
    """People whom cases met outside their household without infecting them, as (entry, person, day, layer) in ``out``.

    Contacts are Poisson with the usual number of the layer, drawn by (person, day, slot, number), and thinned by the
    calendar and by the measures in force now. Returns (contacts written, entries done).
    """
    sizes, places, age = np.zeros((1, SLOTS), np.int64), np.empty((1, 3), np.int64), np.empty(1, np.int64)
    kind, home, who = np.empty(1, np.int64), np.empty(1, np.int64), np.empty(1, np.int64)
    written, count, day_of = np.int64(0), np.int64(0), np.empty(BATCH, np.int64)
    for at in range(cases.size):
        row = np.int64(cases[at])
        who[0] = chain.person[row]
        look_up(0, 1, ground, who, home, sizes, places, age, kind)
        for day in range(firsts[at], lasts[at] + 1):
            for slot in range(GROUP, SLOTS):
                usual = min(ground.meets[kind[0], slot, 0], np.float64(sizes[0, slot])) * rules.day_contacts[kind[0], slot]
                number = min(poisson_from(words(seed, COUNT, who[0], day, slot)[0], usual), MOST_A_SLOT)
                if count + number > BATCH:
                    written = _settle(count, ground, rules, chain, state, batch, day_of, out, written)
                    count = np.int64(0)
                for event in range(number):
                    where, whom, meets, _ = words(seed, OTHER, who[0], day, slot * 256 + event)
                    batch.row[count], batch.person[count], batch.slot[count] = row, who[0], slot
                    batch.where[count], batch.whom[count], batch.meets[count] = where, whom, meets
                    day_of[count] = day
                    batch.record[count] = at
                    count += np.int64(1)
        if out.shape[0] - written < 2 * BATCH + SLOTS * MOST_A_SLOT * 64:
            return _settle(count, ground, rules, chain, state, batch, day_of, out, written), at + 1
    return _settle(count, ground, rules, chain, state, batch, day_of, out, written), cases.size


@njit(cache=True, nogil=True)
def _settle(count, ground, rules, chain, state, batch, day_of, out, written):
    """Find the persons of a batch of contacts, and write those contacts that measures let happen."""
    entries = batch.record[:count].copy()
    find_place(count, ground, state, rules, np.int64(FOREVER), batch)
    find_range(count, ground, chain, batch)
    find_target(count, ground, state, batch)
    batch.passed[:count] = 1.0
    if rules.plain == 0:
        apply_orders(count, ground, rules, chain, batch)
    for at in range(count):
        if batch.target[at] >= 0 and unit(batch.meets[at]) < batch.left[at]:
            out[written, 0], out[written, 1], out[written, 2] = entries[at], batch.target[at], day_of[at]
            out[written, 3] = ground.slot_layer[batch.kind[at], batch.slot[at]]
            written += np.int64(1)
    return written


def _last_of_each(persons: Rows, days: Rows) -> tuple[Rows, Rows]:
    """Each person once, ascending, with the last of his days; person and day are sorted as one number."""
    together = (persons << DAY_BITS) | (LAST_DAY - days)
    together.sort()
    persons = together >> DAY_BITS
    first = np.diff(persons, prepend=-1) > 0
    return persons[first], LAST_DAY - (together[first] & LAST_DAY)


class Tracers:
    """Cases wait in the queue of each measure for its tracers; their contacts are reached after the layer's delay.

    A case that was traced is traced no more, and takes up no tracer's time.
    """

    def __init__(self, city: City, ground: Ground, ordinance: Ordinance, seed: int) -> None:
        self.city, self.ground, self.ordinance, self.seed = city, ground, ordinance, seed
        self._queues: dict[int, list[tuple[Rows, Rows]]] = {}
        self._due, self._suspects = Agenda(2), Agenda(2)
        self._batch = empty_batch()
        self._done = np.zeros(0, bool)

    def report(self, day: int, chain: Chain, findings: Findings, rows: Rows) -> None:
        """Put reported cases, and the suspected infectors reached today, into the queues."""
        active = self.ordinance.active(Tracing, day)
        if len(rows):
            onset, sampled = (days[rows].astype(np.int64) for days in (chain.onset, findings.sampled))
            anchor = np.where((onset >= 0) & (onset <= sampled), onset, sampled)
            for measure in active:
                here = self.ordinance.areas(measure.where)[chain.home[rows]]
                self._wait(measure, rows[here], anchor[here] - measure.look_back_days)
        if active and day in self._suspects:
            suspects, backs = self._suspects.take(day)
            self._wait(active[0], suspects, day - backs)

    def _wait(self, measure: Tracing, rows: Rows, firsts: Rows) -> None:
        if len(rows):
            self._queues.setdefault(id(measure), []).append((rows, firsts))

    def reach(self, day: int, rules: Rules, chain: Chain, kin: Kin, state: State) -> tuple[Rows, Rows]:
        """Trace those whose turn it is, and return the persons reached today: (persons, day of the last contact)."""
        if self._queues:
            active = self.ordinance.active(Tracing, day)
            self._queues = {key: queue for key, queue in self._queues.items() if any(id(measure) == key for measure in active)}
            for measure in active:
                rows, firsts = self._turn(measure, len(chain.person))
                if len(rows):
                    self._done[rows] = True
                    self._trace(day, measure, rows, np.maximum(firsts, 0), rules, chain, kin, state)
        return _last_of_each(*self._due.take(day))

    def _turn(self, measure: Tracing, room: int) -> tuple[Rows, Rows]:
        """(rows, first days) of the cases that the tracers of a measure take up today; the others go on waiting."""
        queue = self._queues.pop(id(measure), [])
        rows, firsts = (np.concatenate([NOBODY, *part]) for part in (zip(*queue, strict=True) if queue else ((), ())))
        if room > len(self._done):
            self._done = np.concatenate((self._done, np.zeros(room - len(self._done), bool)))
        fresh = ~self._done[rows]
        rows, firsts = rows[fresh], firsts[fresh]
        most = len(rows) if measure.cases_per_day is None else measure.cases_per_day
        self._wait(measure, rows[most:], firsts[most:])
        return rows[:most], firsts[:most]

    def _trace(
        self, day: int, measure: Tracing, rows: Rows, firsts: Rows, rules: Rules, chain: Chain, kin: Kin, state: State
    ) -> None:
        """Put down the contacts of cases for the days on which they are reached."""
        persons = chain.person[rows].astype(np.int64)
        away = state.away_until[persons] > day
        lasts = np.where(away, np.minimum(state.away_since[persons].astype(np.int64) - 1, day - 1), day - 1)
        found, delay = np.zeros(len(Layer)), np.zeros(len(Layer), np.int64)
        for layer, value in measure.found:
            found[layer] = value
        for layer, late in measure.delay_days:
            delay[layer] = late
        at, contacts, days, layers = self._contacts(rows, firsts, np.maximum(lasts, firsts - 1), day, rules, chain, kin, state)
        chance = uniforms(self.seed, Purpose.TRACE_FOUND, contacts, day=persons[at], k=layers)
        kept = chance < found[layers]
        self._due.put((day + delay[layers])[kept], contacts[kept], days[kept])
        self._trace_back(day, measure, rows, found, delay, chain)

    def _contacts(
        self, rows: Rows, firsts: Rows, lasts: Rows, day: int, rules: Rules, chain: Chain, kin: Kin, state: State
    ) -> tuple[Rows, Rows, Rows, Rows]:
        """(entry in ``rows``, person, day, layer) of everybody whom the cases met."""
        infected = np.empty((len(rows) * 8 + 64, 2), np.int64)
        number = list_infected(rows, firsts, lasts, chain, kin, infected)
        if number > len(infected):
            infected = np.empty((number, 2), np.int64)
            list_infected(rows, firsts, lasts, chain, kin, infected)
        at, children = infected[:number].T
        homes = self.city.household[chain.person[rows]]
        starts, ends = (self.city.household_start[homes + end].astype(np.int64) for end in (0, 1))
        sizes = ends - starts
        house_at = np.repeat(np.arange(len(rows)), sizes)
        house = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes) + np.arange(int(sizes.sum()))
        others = house != chain.person[rows][house_at]
        house_at, house = house_at[others], house[others]
        met = self._meet_others(rows, firsts, lasts, rules, chain, state)
        return (
            np.concatenate((at, house_at, met[:, 0])),
            np.concatenate((chain.person[children], house, met[:, 1])).astype(np.int64),
            np.concatenate((chain.day[children], np.full(len(house), day - 1), met[:, 2])).astype(np.int64),
            np.concatenate((chain.layer[children], np.full(len(house), Layer.HOUSEHOLD), met[:, 3])).astype(np.int64),
        )

    def _meet_others(self, rows: Rows, firsts: Rows, lasts: Rows, rules: Rules, chain: Chain, state: State) -> NDArray[Any]:
        parts, done, room = [np.empty((0, 4), np.int64)], 0, 1 << 18
        while done < len(rows):
            out = np.empty((room, 4), np.int64)
            written, more = meet_others(
                np.uint64(self.seed), rows[done:], firsts[done:], lasts[done:], self.ground, rules, chain, state, self._batch, out
            )
            out = out[:written]
            out[:, 0] += done
            parts.append(out)
            done += more
        return np.concatenate(parts)

    def _trace_back(
        self, day: int, measure: Tracing, rows: Rows, found: NDArray[np.float64], delay: Rows, chain: Chain
    ) -> None:
        """The infectors that are found: each is itself a contact, and a suspected source to be traced."""
        known = rows[chain.source[rows] >= 0]
        if measure.backward <= 0 or not len(known):
            return
        layers = chain.layer[known].astype(np.int64)
        chance = uniforms(self.seed, Purpose.TRACE_BACKWARD, chain.person[known], k=chain.round[known])
        kept = chance < measure.backward * found[layers]
        sources, when = chain.source[known][kept].astype(np.int64), (day + np.maximum(delay[layers], 1))[kept]
        self._due.put(when, chain.person[sources].astype(np.int64), chain.day[known][kept].astype(np.int64))
        self._suspects.put(when, sources, np.full(len(sources), measure.backward_days))
