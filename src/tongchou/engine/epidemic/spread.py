"""One day of transmission: only those infectious today are visited, and of those whom they meet only who may be infected.

Per infectious person the number of contacts that would transmit, were everybody susceptible and nothing ordered, is
Poisson with the day's hazard; each such contact then has to survive the calendar, the measures, the isolation of either
side, and the other's immunity, each by its own random word. So a measure only ever takes infections away from the same
draw, and two scenarios are compared person by person.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tongchou.engine.chance import Purpose, poisson_from, unit, words
from tongchou.engine.city import HouseholdKind
from tongchou.engine.epidemic.course import draw_courses, enter_infections
from tongchou.engine.epidemic.layers import Layer
from tongchou.engine.epidemic.meeting import (
    BATCH,
    COMMUNITY,
    HOME,
    ROUTE,
    find_place,
    find_range,
    find_target,
    goes_out,
)
from tongchou.engine.epidemic.orders import apply_doses, apply_orders

COUNT, CONTACT, TARGET = int(Purpose.TRANSMISSION_COUNT), int(Purpose.TRANSMISSION), int(Purpose.TRANSMISSION_TARGET)
CLOSED_HOME, INSTITUTION = int(HouseholdKind.CARE_HOME), int(Layer.INSTITUTION)
LOW_16 = np.uint64(0xFFFF)


@njit(cache=True, nogil=True)
def spread_day(seed, day, first, last, ground, rules, law, rows, known, state, batch, targets, sources, layers):
    """Infections caused on ``day`` by rows first..last-1, in row order, written to the three arrays.

    Returns (infections written, next row, rows infectious today); the next row is below ``last`` where the arrays were
    full, and the caller goes on from there. Only reads what it is given otherwise: parts of the rows may run at once.
    """
    written, active, count, row = np.int64(0), np.int64(0), np.int64(0), np.int64(first)
    while row < last:
        age_of_course = day - rows.infectious[row]
        if 0 <= age_of_course < law.course.size:
            mean = np.float64(rows.factor[row]) * law.course[age_of_course]
            person, around, number = np.int64(rows.person[row]), np.int64(rows.around[row]), np.int64(0)
            if mean > 0.0:
                number = np.int64(min(poisson_from(words(seed, COUNT, person, day, 0)[0], mean), BATCH))
            if count + number > BATCH:
                written = _work_off(seed, day, count, ground, rules, law, rows, state, batch, targets, sources, layers, written)
                count = np.int64(0)
                if targets.size - written < BATCH:
                    return written, row, active
            for event in range(number):
                which, meets, passes, whom = words(seed, CONTACT, person, day, event)
                share = which & LOW_16
                slot = HOME
                while slot < ROUTE and share >= known.reach[around, slot]:
                    slot += 1
                batch.row[count] = row
                batch.person[count] = person
                batch.slot[count] = slot
                batch.where[count] = words(seed, TARGET, person, day, event)[0] if slot == COMMUNITY else which
                batch.whom[count], batch.meets[count], batch.passes[count] = whom, meets, passes
                count += np.int64(1)
            active += 1
        row += 1
    written = _work_off(seed, day, count, ground, rules, law, rows, state, batch, targets, sources, layers, written)
    return written, last, active


@njit(cache=True, nogil=True)
def live_day(seed, day, first, rows, ground, rules, law, chain, known, kin, state, batch, targets, sources, layers):
    """``spread_day`` over rows first..rows-1, and where all of it fits, the new infections entered and their courses drawn.

    One call instead of three: in a small town, reading the arguments takes longer than the day. Returns (infections
    written, next row, rows infectious today, rows afterwards); where ``rows`` has not grown, nothing was entered.
    """
    written, row, active = spread_day(seed, day, first, rows, ground, rules, law, chain, known, state, batch, targets, sources, layers)
    after = np.int64(rows)
    if written > 0 and row == rows and rows + written <= chain.person.size and known.kinds[0] + written <= known.hazard.size:
        after = np.int64(enter_infections(targets, sources, layers, written, day, rows, chain, kin, state.record))
        draw_courses(seed, rows, after, day, ground, rules, law, chain, known)
    return written, row, active, after


@njit(cache=True, nogil=True)
def _work_off(seed, day, count, ground, rules, law, rows, state, batch, targets, sources, layers, written):
    """Take a batch through its look-ups and write the infections that come of it; returns how many are written now."""
    find_place(count, ground, state, rules, day, batch)
    find_range(count, ground, rows, batch)
    find_target(count, ground, state, batch)
    _judge(count, ground, rules, law, rows, state, day, batch)
    if rules.plain == 0:
        apply_orders(count, ground, rules, rows, batch)
    if rules.program.shape[0] > 0:
        apply_doses(seed, count, ground, law, rules, day, batch)
    for at in range(count):
        target = batch.target[at]
        if target < 0 or unit(batch.meets[at]) >= batch.left[at] or unit(batch.passes[at]) >= batch.passed[at]:
            continue
        layer = ground.slot_layer[batch.kind[at], batch.slot[at]]
        if batch.slot[at] == HOME and ground.household_kind[batch.own[at]] >= CLOSED_HOME:
            layer = INSTITUTION
        targets[written] = target
        sources[written] = batch.row[at]
        layers[written] = layer
        written += np.int64(1)
    return written


@njit(cache=True, nogil=True)
def _judge(count, ground, rules, law, rows, state, day, batch):
    """What the calendar, isolation, age and earlier infections leave; contacts that can come to nothing lose their target."""
    for at in range(count):
        target, own, slot = np.int64(batch.target[at]), np.int64(batch.record[at]), np.int64(batch.slot[at])
        usual = rules.day_contacts[batch.kind[at], slot] * batch.left[at]
        if target < 0 or (own >= 0 and law.lasting) or unit(batch.meets[at]) >= usual:
            batch.target[at] = -1
            continue
        if state.away_until[target] > day:
            there = goes_out(state.away[target], slot, rules.home_contacts)
            usual = rules.day_contacts[batch.kind[at], slot] * min(np.float64(batch.left[at]), there)
        batch.left[at] = usual
        batch.passed[at] = law.susceptibility[ground.age[target]]
        if own >= 0:
            batch.passed[at] *= 1.0 - law.immunity[min(np.int64(day - rows.day[own]), law.immunity.size - 1)]
