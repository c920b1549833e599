"""What becomes of the infected: times, severity and infectiousness of each, drawn once, when the infection is entered."""

from __future__ import annotations

import numpy as np
from numba import njit

from tongchou.engine.chance import Purpose, gamma, unit, words
from tongchou.engine.epidemic.ground import FOREVER, NEVER
from tongchou.engine.epidemic.layers import SLOTS
from tongchou.engine.epidemic.meeting import COMMUNITY, GROUP, HOME, ROUTE, SITE, part_of
from tongchou.engine.epidemic.orders import find_doses
from tongchou.engine.epidemic.surroundings import find_surroundings

COURSE, TIMES, STRENGTH = int(Purpose.COURSE), int(Purpose.COURSE_TIMES), int(Purpose.INFECTIOUSNESS)
ASYMPTOMATIC, MILD, SEVERE, CRITICAL, FATAL = 0, 1, 2, 3, 4
NOBODY = np.int32(-1)
BATCH = 1024


@njit(cache=True, nogil=True)
def enter_infections(targets, sources, layers, count, day, rows, chain, kin, record):
    """Give the first ``count`` of new infections their rows, in the order given; returns the number of rows afterwards.

    Whoever is named twice on one day is infected by the first who names him. ``record`` is ``State.record``.
    """
    for at in range(count):
        person = targets[at]
        before = record[person]
        if before >= 0 and chain.day[before] == day:
            continue
        chain.person[rows] = person
        chain.day[rows] = day
        chain.source[rows] = sources[at]
        chain.layer[rows] = layers[at]
        chain.previous[rows] = before
        chain.round[rows] = 0 if before < 0 else chain.round[before] + 1
        if kin.last_child.size > 0:
            kin.last_child[rows] = NOBODY
            kin.older_sibling[rows] = NOBODY
            if sources[at] >= 0:
                kin.older_sibling[rows] = kin.last_child[sources[at]]
                kin.last_child[sources[at]] = rows
        record[person] = rows
        rows += 1
    return rows


@njit(cache=True, nogil=True)
def days_from(word, thresholds):
    """Whole days from a word and cumulated probabilities."""
    drawn = unit(word)
    days = 0
    while days < thresholds.size - 1 and drawn >= thresholds[days]:
        days += 1
    return days


@njit(cache=True, nogil=True)
def draw_courses(seed, first, last, day, ground, rules, law, chain, known):
    """Draw the course of rows first..last-1, all infected on ``day``; rows are independent of one another. Returns the next
    row, below ``last`` where the surroundings ``known`` have no room for those of a batch more."""
    sizes, places, age = np.zeros((BATCH, SLOTS), np.int64), np.empty((BATCH, 3), np.int64), np.empty(BATCH, np.int64)
    kind, days = np.empty(BATCH, np.int64), np.full(BATCH, day)
    doses, since, around = np.zeros(BATCH, np.int64), np.zeros(BATCH, np.int64), np.empty(BATCH, np.int64)
    for start in range(first, last, BATCH):
        stop = min(start + BATCH, last)
        if known.kinds[0] + (stop - start) > known.hazard.size:
            return start
        look_up(start, stop, ground, chain.person, chain.home, sizes, places, age, kind)
        if rules.program.shape[0] > 0:
            find_doses(seed, chain.person[start:stop], chain.home[start:stop], days, ground.age, law.dose_interval, rules, doses, since)
        _draw_severity(seed, start, stop, day, law, chain, age, doses, since)
        _draw_stay(seed, start, stop, law, chain)
        _draw_strength(seed, start, stop, law, chain, age, doses, since)
        find_surroundings(stop - start, kind, sizes, ground.meets, known, around)
        for row in range(start, stop):
            chain.around[row] = around[row - start]
            chain.factor[row] *= known.hazard[around[row - start]]
    return last


@njit(cache=True, nogil=True)
def look_up(start, stop, ground, persons, homes, sizes, places, age, kind):
    """How many others there are in each slot of the persons of some rows, one look-up after the other for all of them."""
    count = stop - start
    for at in range(count):
        who = np.int64(persons[start + at])
        homes[start + at] = part_of(ground.neighbourhood_start, who)
        places[at, 0] = ground.household[who]
        places[at, 1] = ground.group[who]
        places[at, 2] = ground.route[who]
        age[at] = ground.age[who]
    for at in range(count):
        house, group, route = places[at, 0], places[at, 1], places[at, 2]
        sizes[at, HOME] = ground.household_start[house + 1] - ground.household_start[house] - 1
        sizes[at, GROUP] = 0 if group < 0 else ground.group_start[group + 1] - ground.group_start[group] - 1
        sizes[at, ROUTE] = 0 if route < 0 else ground.route_start[route + 1] - ground.route_start[route] - 1
        sizes[at, COMMUNITY] = ground.age.size - 1
        places[at, 1] = -1 if group < 0 else np.int64(ground.group_site[group])
    for at in range(count):
        site = places[at, 1]
        sizes[at, SITE] = 0
        kind[at] = 0
        if site >= 0:
            kind[at] = ground.site_class[site]
            if ground.site_group_start[site + 1] - ground.site_group_start[site] > 1:
                sizes[at, SITE] = ground.site_start[site + 1] - ground.site_start[site] - 1


@njit(cache=True, nogil=True)
def _draw_severity(seed, start, stop, day, law, chain, age, doses, since):
    """Nested thresholds: those who die were critical, the critical were severe; the asymptomatic are of the rest."""
    for row in range(start, stop):
        at = row - start
        silent, level, incubation, _ = words(seed, COURSE, np.int64(chain.person[row]), 0, np.int64(chain.round[row]))
        risk, before = 1.0, np.int64(chain.previous[row])
        if before >= 0:
            risk = 1.0 - law.immunity_severe[min(np.int64(day - chain.day[before]), law.immunity_severe.size - 1)]
        if doses[at] > 0:
            dose, passed = min(doses[at], law.dose_severe.shape[0]) - 1, min(since[at], law.dose_severe.shape[1] - 1)
            risk = min(risk, 1.0 - np.float64(law.dose_severe[dose, passed]))
        drawn, severe = unit(level), law.severe[age[at]] * risk
        severity = MILD
        if drawn < law.fatal[age[at]] * risk:
            severity = FATAL
        elif drawn < law.critical[age[at]] * risk:
            severity = CRITICAL
        elif drawn < severe:
            severity = SEVERE
        elif unit(silent) * (1.0 - severe) < law.asymptomatic[age[at]]:
            severity = ASYMPTOMATIC
        days = days_from(incubation, law.incubation)
        latent = max(1, days - law.before)
        chain.severity[row] = severity
        chain.infectious[row] = day + latent
        chain.onset[row] = NEVER if severity == ASYMPTOMATIC else day + max(days, latent)


@njit(cache=True, nogil=True)
def _draw_stay(seed, start, stop, law, chain):
    """Admission and the end of the stay of the severe."""
    for row in range(start, stop):
        chain.admitted[row], chain.left[row] = NEVER, NEVER
        if chain.severity[row] < SEVERE:
            continue
        admission, stay, death, _ = words(seed, TIMES, np.int64(chain.person[row]), 0, np.int64(chain.round[row]))
        onset = np.int64(chain.onset[row])
        admitted = onset + days_from(admission, law.admission)
        left = admitted + 1 + days_from(stay, law.stay)
        if chain.severity[row] == FATAL:
            left = max(onset + days_from(death, law.death), admitted)
        chain.admitted[row] = min(admitted, FOREVER - 2)
        chain.left[row] = min(left, FOREVER - 1)


@njit(cache=True, nogil=True)
def _draw_strength(seed, start, stop, law, chain, age, doses, since):
    """Infectiousness of the person, put into ``factor``, which is then multiplied with how many he meets."""
    for row in range(start, stop):
        at = row - start
        strength = np.float64(law.infectivity[age[at]])
        if chain.severity[row] == ASYMPTOMATIC:
            strength *= law.asymptomatic_factor
        if law.dispersion > 0.0:
            person, again = np.int64(chain.person[row]), np.int64(chain.round[row])
            strength *= gamma(seed, STRENGTH, person, 0, again, law.dispersion) / law.dispersion
        if doses[at] > 0:
            dose, passed = min(doses[at], law.dose_onward.shape[0]) - 1, min(since[at], law.dose_onward.shape[1] - 1)
            strength *= 1.0 - law.dose_onward[dose, passed]
        chain.factor[row] = law.transmission * strength
