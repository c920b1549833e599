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
from tongchou.engine.epidemic.layers import Layer
from tongchou.engine.epidemic.meeting import (
    COMMUNITY,
    HOME,
    ROUTE,
    choose,
    class_of,
    goes_out,
    last_dose,
    ordered,
    part_of,
    protection,
)

COUNT, CONTACT, TARGET = int(Purpose.TRANSMISSION_COUNT), int(Purpose.TRANSMISSION), int(Purpose.TRANSMISSION_TARGET)
CLOSED_HOME, INSTITUTION = int(HouseholdKind.CARE_HOME), int(Layer.INSTITUTION)


@njit(cache=True, nogil=True)
def spread_day(seed, day, first, last, ground, rules, law, chain, state, targets, sources, layers):
    """Infections caused on ``day`` by rows first..last-1, in row order, written to the three arrays.

    Returns (infections written, next row, rows infectious today); the next row is below ``last`` where the arrays were
    full, and the caller goes on from there. Only reads what it is given otherwise: parts of the rows may run at once.
    """
    written, active = 0, 0
    for row in range(first, last):
        age_of_course = day - chain.infectious[row]
        if age_of_course < 0 or age_of_course >= law.course.size:
            continue
        active += 1
        person = np.int64(chain.person[row])
        mean = np.float64(chain.factor[row]) * law.course[age_of_course]
        if mean <= 0.0:
            continue
        number = poisson_from(words(seed, COUNT, person, day, 0)[0], mean)
        if written + number > targets.size:
            return written, row, active - 1
        for event in range(number):
            target, layer = _try(seed, day, row, person, event, ground, rules, law, chain, state)
            if target >= 0:
                targets[written] = target
                sources[written] = row
                layers[written] = layer
                written += 1
    return written, last, active


@njit(cache=True, nogil=True)
def _try(seed, day, row, person, event, ground, rules, law, chain, state):
    """(person infected or -1, layer) of one contact that would transmit."""
    which, meets, passes, whom = words(seed, CONTACT, person, day, event)
    share = which & np.uint64(0xFFFF)
    slot = HOME
    while slot < ROUTE and share >= chain.reach[row, slot]:
        slot += 1
    kind = class_of(ground, person)
    left = np.float64(goes_out(state, rules, person, day, slot))
    usual = np.float64(rules.day_contacts[kind, slot])
    chance = unit(meets)
    if chance >= left * usual:
        return -1, 0
    home = np.int64(chain.home[row])
    where = words(seed, TARGET, person, day, event)[0] if slot == COMMUNITY else which
    target = choose(ground, person, home, slot, where, whom)
    if target < 0:
        return -1, 0
    own, doses, since = np.int64(state.record[target]), 0, 0
    if own >= 0 and law.immunity[min(np.int64(day - chain.day[own]), law.immunity.size - 1)] >= 1.0:
        return -1, 0
    left = usual * min(left, goes_out(state, rules, target, day, slot))
    passed = np.float64(law.susceptibility[ground.age[target]])
    target_home = -1
    if rules.plain == 0 or rules.program.shape[0] > 0:
        target_home = part_of(ground.neighbourhood_start, target)
    if rules.plain == 0:
        met, worn = ordered(ground, rules, slot, person, home, target, target_home)
        left *= met
        passed *= worn
    if rules.program.shape[0] > 0:
        doses, since = last_dose(seed, ground, law, rules, target, target_home, day)
    passed *= 1.0 - protection(law, chain, own, doses, since, day)[0]
    if chance >= left or unit(passes) >= passed:
        return -1, 0
    if slot == HOME and ground.household_kind[ground.household[person]] >= CLOSED_HOME:
        return target, INSTITUTION
    return target, np.int64(ground.slot_layer[kind, slot])
