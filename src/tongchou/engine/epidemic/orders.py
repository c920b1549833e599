"""What measures and doses leave of a batch of contacts."""

from __future__ import annotations

import numpy as np
from numba import njit

from tongchou.engine.chance import Purpose, unit, words
from tongchou.engine.epidemic.meeting import GROUP, HOME, SITE, part_of

VACCINE_CHOICE = int(Purpose.VACCINE_CHOICE)


@njit(cache=True, nogil=True)
def apply_orders(count, ground, rules, rows, batch):
    """Measures in force: the stricter side decides whether two people meet; what each wears works on its own side."""
    for at in range(count):
        target = np.int64(batch.target[at])
        if target < 0:
            continue
        source, slot = np.int64(batch.person[at]), np.int64(batch.slot[at])
        here, there = rules.age_class[ground.age[source]], rules.age_class[ground.age[target]]
        source_home = np.int64(rows.home[batch.row[at]])
        target_home = part_of(ground.neighbourhood_start, target)
        first, second = ground.neighbourhood_county[source_home], ground.neighbourhood_county[target_home]
        if slot in (GROUP, SITE):
            site, part = np.int64(batch.own[at]), slot - GROUP
            met = min(rules.site[site, here, part, 0], rules.site[site, there, part, 0])
            passed = rules.site[site, here, part, 1] * rules.site[site, there, part, 2]
            shifts = np.int64(rules.shifts[site])
            if shifts > 1 and slot == SITE and ground.group[source] % shifts != ground.group[target] % shifts:
                met = np.float32(0.0)
            county = ground.site_county[site]
            if first != county or second != county:
                met = min(met, min(rules.travel[first], min(rules.travel[second], rules.travel[county])))
        else:
            part = np.int64(0) if slot == HOME else slot - np.int64(2)
            met = min(rules.home[source_home, here, part, 0], rules.home[target_home, there, part, 0])
            passed = rules.home[source_home, here, part, 1] * rules.home[target_home, there, part, 2]
            if slot != HOME and source_home != target_home:
                met = min(met, min(rules.gate[source_home], rules.gate[target_home]))
            if slot != HOME and first != second:
                met = min(met, min(rules.travel[first], rules.travel[second]))
        batch.left[at] *= met
        batch.passed[at] *= passed


@njit(cache=True, nogil=True)
def find_doses(seed, persons, homes, days, ground_age, interval, rules, doses, since):
    """(doses had, days since the last one) of persons on days; 0 doses for none, and for person -1.

    Nobody is visited to be vaccinated: the day of a person's first dose follows from his age, his area and one random
    number that stands for his place in the queue.
    """
    for at in range(persons.size):
        doses[at], since[at] = 0, 0
        person = np.int64(persons[at])
        if person < 0:
            continue
        age = ground_age[person]
        for row in range(rules.program.shape[0]):
            first_age, last_age, first_day, days_long, coverage, most, number = rules.program[row]
            if age < first_age or age > last_age or days[at] < first_day or rules.program_area[row, homes[at]] == 0:
                continue
            place = unit(words(seed, VACCINE_CHOICE, person, 0, np.int64(number))[0])
            passed = np.int64(days[at]) - np.int64(np.floor(first_day + days_long * place / coverage))
            if place >= coverage or passed < 0:
                continue
            had = 1 if interval <= 0 else min(np.int64(most), 1 + passed // interval)
            if had > doses[at]:
                doses[at], since[at] = had, passed - (had - 1) * max(interval, 0)


@njit(cache=True, nogil=True)
def apply_doses(seed, count, ground, law, rules, day, batch):
    """Vaccination of those met: the better of doses and earlier infection protects."""
    homes, days = np.empty(count, np.uint16), np.full(count, day)
    doses, since = np.empty(count, np.int64), np.empty(count, np.int64)
    for at in range(count):
        homes[at] = part_of(ground.neighbourhood_start, max(batch.target[at], 0))
    find_doses(seed, batch.target[:count], homes, days, ground.age, law.dose_interval, rules, doses, since)
    for at in range(count):
        if doses[at] > 0 and batch.target[at] >= 0:
            guard = law.dose_infection[min(doses[at], law.dose_infection.shape[0]) - 1, min(since[at], law.dose_infection.shape[1] - 1)]
            had = 0.0
            if batch.record[at] >= 0:
                had = 1.0 - batch.passed[at]
            batch.passed[at] *= (1.0 - guard) if had <= 0.0 else min(1.0, (1.0 - guard) / max(1.0 - had, 1e-9))
