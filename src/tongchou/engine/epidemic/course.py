"""What becomes of the infected: times, severity and infectiousness of each, drawn once, when the infection is entered."""

from __future__ import annotations

import numpy as np
from numba import njit

from tongchou.engine.chance import Purpose, gamma, unit, words
from tongchou.engine.epidemic.ground import FOREVER, NEVER
from tongchou.engine.epidemic.layers import SLOTS
from tongchou.engine.epidemic.meeting import last_dose, met_per_day, part_of, protection, slot_sizes

COURSE, TIMES, STRENGTH = int(Purpose.COURSE), int(Purpose.COURSE_TIMES), int(Purpose.INFECTIOUSNESS)
ASYMPTOMATIC, MILD, SEVERE, CRITICAL, FATAL = 0, 1, 2, 3, 4
NOBODY = np.int32(-1)
FULL = 65535.0


@njit(cache=True, nogil=True)
def days_from(word, thresholds):
    """Whole days from a word and cumulated probabilities."""
    drawn = unit(word)
    days = 0
    while days < thresholds.size - 1 and drawn >= thresholds[days]:
        days += 1
    return days


@njit(cache=True, nogil=True)
def enter_infections(targets, sources, layers, day, rows, chain, state):
    """Give new infections their rows, in the order given; returns the number of rows afterwards.

    Whoever is named twice on one day is infected by the first who names him.
    """
    for at in range(targets.size):
        person = targets[at]
        before = state.record[person]
        if before >= 0 and chain.day[before] == day:
            continue
        chain.person[rows] = person
        chain.day[rows] = day
        chain.source[rows] = sources[at]
        chain.layer[rows] = layers[at]
        chain.previous[rows] = before
        chain.round[rows] = 0 if before < 0 else chain.round[before] + 1
        chain.last_child[rows] = NOBODY
        chain.older_sibling[rows] = NOBODY
        if sources[at] >= 0:
            chain.older_sibling[rows] = chain.last_child[sources[at]]
            chain.last_child[sources[at]] = rows
        state.record[person] = rows
        rows += 1
    return rows


@njit(cache=True, nogil=True)
def draw_courses(seed, first, last, day, ground, rules, law, chain):
    """Draw the course of rows first..last-1, all infected on ``day``. Rows are independent of one another."""
    sizes = np.empty(SLOTS, np.int64)
    for row in range(first, last):
        person = chain.person[row]
        age = ground.age[person]
        again = np.int64(chain.round[row])
        home = part_of(ground.neighbourhood_start, person)
        chain.home[row] = home
        doses, since = 0, 0
        if rules.program.shape[0] > 0:
            doses, since = last_dose(seed, ground, law, rules, person, home, day)
        _against, guard = protection(law, chain, chain.previous[row], doses, since, day)
        silent, level, incubation, _ = words(seed, COURSE, person, 0, again)
        _draw_severity(law, chain, row, age, unit(silent), unit(level), 1.0 - guard)
        days = days_from(incubation, law.incubation)
        latent = max(1, days - law.before)
        chain.infectious[row] = day + latent
        shown = chain.severity[row] != ASYMPTOMATIC
        chain.onset[row] = day + max(days, latent) if shown else NEVER
        _draw_times(seed, law, chain, row, person, again)
        strength = np.float64(law.infectivity[age])
        if not shown:
            strength *= law.asymptomatic_factor
        if law.dispersion > 0.0:
            strength *= gamma(seed, STRENGTH, person, 0, again, law.dispersion) / law.dispersion
        if doses > 0:
            dose = min(doses, law.dose_onward.shape[0]) - 1
            strength *= 1.0 - law.dose_onward[dose, min(since, law.dose_onward.shape[1] - 1)]
        _set_reach(ground, law, chain, row, person, sizes, strength)
        chain.sampled[row] = NEVER
        chain.reported[row] = NEVER
        chain.found[row] = 0


@njit(cache=True, nogil=True)
def _draw_severity(law, chain, row, age, silent, level, risk):
    """Nested thresholds: those who die were critical, the critical were severe; the asymptomatic are of the rest."""
    severe = law.severe[age] * risk
    if level < law.fatal[age] * risk:
        chain.severity[row] = FATAL
    elif level < law.critical[age] * risk:
        chain.severity[row] = CRITICAL
    elif level < severe:
        chain.severity[row] = SEVERE
    elif silent * (1.0 - severe) < law.asymptomatic[age]:
        chain.severity[row] = ASYMPTOMATIC
    else:
        chain.severity[row] = MILD


@njit(cache=True, nogil=True)
def _draw_times(seed, law, chain, row, person, again):
    chain.admitted[row] = NEVER
    chain.left[row] = NEVER
    severity = chain.severity[row]
    if severity < SEVERE:
        return
    admission, stay, death, _ = words(seed, TIMES, person, 0, again)
    onset = np.int64(chain.onset[row])
    admitted = onset + days_from(admission, law.admission)
    left = admitted + 1 + days_from(stay, law.stay)
    if severity == FATAL:
        left = max(onset + days_from(death, law.death), admitted)
    chain.admitted[row] = min(admitted, FOREVER - 2)
    chain.left[row] = min(left, FOREVER - 1)


@njit(cache=True, nogil=True)
def _set_reach(ground, law, chain, row, person, sizes, strength):
    """The hazard that this person is to all whom he meets, and how it is shared between the slots of the day."""
    kind = slot_sizes(ground, person, sizes)
    total = 0.0
    for slot in range(sizes.size):
        total += met_per_day(ground, kind, slot, sizes[slot]) * ground.meets[kind, slot, 1]
    summed = 0.0
    for slot in range(sizes.size - 1):
        summed += met_per_day(ground, kind, slot, sizes[slot]) * ground.meets[kind, slot, 1]
        chain.reach[row, slot] = np.uint16(FULL * summed / total) if total > 0.0 else 0
    chain.factor[row] = law.transmission * strength * total

