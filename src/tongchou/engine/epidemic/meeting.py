"""Who meets whom: compiled functions that pick a contact and say whether today's rules let it happen.

A contact is a function of (seed, purpose, person, day, number), so that whoever asks again, a tracer for one, gets the
same contact; none is stored. All choices inside a layer are uniform over its other members.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tongchou.engine.chance import Purpose, range_from, unit, words
from tongchou.engine.epidemic.ground import AWAY_HOME

VACCINE_CHOICE = int(Purpose.VACCINE_CHOICE)
HOME, GROUP, SITE, COMMUNITY, ROUTE = 0, 1, 2, 3, 4


@njit(cache=True, nogil=True)
def part_of(start, person):
    """The part of a CSR start list in which a number lies."""
    low, high = 0, start.size - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if start[middle] <= person:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def class_of(ground, person):
    """Class of the site of a person's day, 0 for none."""
    group = ground.group[person]
    return 0 if group < 0 else np.int64(ground.site_class[ground.group_site[group]])


@njit(cache=True, nogil=True)
def other_in_range(start, stop, person, word):
    """Somebody else of a range of persons that holds ``person``; -1 if there is nobody."""
    if stop - start < 2:
        return -1
    found = start + range_from(word, stop - start - 1)
    return found + 1 if found >= person else found


@njit(cache=True, nogil=True)
def other_in_list(members, start, stop, person, word):
    """Somebody else of a list that holds ``person``; -1 if there is nobody."""
    if stop - start < 2:
        return -1
    found = members[start + range_from(word, stop - start - 1)]
    return np.int64(members[stop - 1] if found == person else found)


@njit(cache=True, nogil=True)
def choose(ground, person, home, slot, where, whom):
    """The person met: ``where`` and ``whom`` are two words, ``home`` the person's neighbourhood; -1 for nobody."""
    if slot == HOME:
        house = ground.household[person]
        return other_in_range(ground.household_start[house], ground.household_start[house + 1], person, whom)
    if slot == GROUP:
        group = ground.group[person]
        return other_in_list(ground.group_members, ground.group_start[group], ground.group_start[group + 1], person, whom)
    if slot == SITE:
        site = ground.group_site[ground.group[person]]
        return other_in_list(ground.group_members, ground.site_start[site], ground.site_start[site + 1], person, whom)
    if slot == ROUTE:
        route = ground.route[person]
        return other_in_list(ground.route_members, ground.route_start[route], ground.route_start[route + 1], person, whom)
    place = unit(where)
    if place < ground.share[0]:
        return other_in_range(ground.neighbourhood_start[home], ground.neighbourhood_start[home + 1], person, whom)
    if place < ground.share[1]:
        county = ground.neighbourhood_county[home]
        return other_in_range(ground.county_start[county], ground.county_start[county + 1], person, whom)
    return other_in_range(0, ground.age.size, person, whom)


@njit(cache=True, nogil=True)
def slot_sizes(ground, person, sizes):
    """How many persons there are to meet in each slot, oneself not counted; returns the class of the day's site."""
    house = ground.household[person]
    sizes[HOME] = ground.household_start[house + 1] - ground.household_start[house] - 1
    sizes[GROUP] = 0
    sizes[SITE] = 0
    kind = 0
    group = ground.group[person]
    if group >= 0:
        site = ground.group_site[group]
        kind = np.int64(ground.site_class[site])
        sizes[GROUP] = ground.group_start[group + 1] - ground.group_start[group] - 1
        if ground.site_group_start[site + 1] - ground.site_group_start[site] > 1:
            sizes[SITE] = ground.site_start[site + 1] - ground.site_start[site] - 1
    sizes[COMMUNITY] = ground.age.size - 1
    route = ground.route[person]
    sizes[ROUTE] = 0 if route < 0 else ground.route_start[route + 1] - ground.route_start[route] - 1
    return kind


@njit(cache=True, nogil=True)
def met_per_day(ground, kind, slot, size):
    """Contacts on a weekday in one slot: everybody at home, elsewhere as many as is usual or as there are."""
    usual = ground.meets[kind, slot, 0]
    if slot == HOME:
        return usual * size
    return min(usual, np.float64(size))


@njit(cache=True, nogil=True)
def goes_out(state, rules, person, day, slot):
    """Share of a slot's contacts that a person's own isolation, quarantine or hospital stay leaves."""
    if state.away_until[person] <= day:
        return 1.0
    if slot == HOME and state.away[person] == AWAY_HOME:
        return rules.home_contacts
    return 0.0


@njit(cache=True, nogil=True)
def ordered(ground, rules, slot, source, source_home, target, target_home):
    """What today's measures leave of a contact: (share of contacts, share of transmissions).

    The stricter side decides whether two people meet; what each wears works on its own side.
    """
    here, there = rules.age_class[ground.age[source]], rules.age_class[ground.age[target]]
    if slot == GROUP or slot == SITE:
        site = ground.group_site[ground.group[source]]
        part = slot - GROUP
        met = min(rules.site[site, here, part, 0], rules.site[site, there, part, 0])
        passed = rules.site[site, here, part, 1] * rules.site[site, there, part, 2]
        shifts = np.int64(rules.shifts[site])
        if shifts > 1 and slot == SITE and ground.group[source] % shifts != ground.group[target] % shifts:
            met = np.float32(0.0)
        at = ground.site_county[site]
        for home in (source_home, target_home):
            county = ground.neighbourhood_county[home]
            if county != at:
                met = min(met, min(rules.travel[county], rules.travel[at]))
        return met, passed
    part = 0 if slot == HOME else slot - 2
    met = min(rules.home[source_home, here, part, 0], rules.home[target_home, there, part, 0])
    passed = rules.home[source_home, here, part, 1] * rules.home[target_home, there, part, 2]
    if slot != HOME and source_home != target_home:
        met = min(met, min(rules.gate[source_home], rules.gate[target_home]))
        first, second = ground.neighbourhood_county[source_home], ground.neighbourhood_county[target_home]
        if first != second:
            met = min(met, min(rules.travel[first], rules.travel[second]))
    return met, passed


@njit(cache=True, nogil=True)
def last_dose(seed, ground, law, rules, person, home, day):
    """(doses had, days since the last one) of a person, 0 doses for none.

    Nobody is visited to be vaccinated: the day of a person's first dose follows from his age, his area and one random
    number that stands for his place in the queue.
    """
    doses, since = 0, 0
    age = ground.age[person]
    for row in range(rules.program.shape[0]):
        first_age, last_age, first_day, days, coverage, most, number = rules.program[row]
        if age < first_age or age > last_age or day < first_day or rules.program_area[row, home] == 0:
            continue
        place = unit(words(seed, VACCINE_CHOICE, person, 0, np.int64(number))[0])
        if place >= coverage:
            continue
        passed = day - np.int64(first_day + days * place / coverage)
        if passed < 0:
            continue
        had = 1 if law.dose_interval <= 0 else min(np.int64(most), 1 + passed // law.dose_interval)
        if had > doses:
            doses, since = had, passed - (had - 1) * law.dose_interval
    return doses, since


@njit(cache=True, nogil=True)
def protection(law, chain, row, doses, since, day):
    """(from infection, from a severe course) by the infection of ``row`` (-1 none) or doses, whichever protects more."""
    against, severe = 0.0, 0.0
    if row >= 0:
        passed = min(np.int64(day - chain.day[row]), law.immunity.size - 1)
        against, severe = np.float64(law.immunity[passed]), np.float64(law.immunity_severe[passed])
    if doses > 0:
        dose = min(doses, law.dose_infection.shape[0]) - 1
        at = min(since, law.dose_infection.shape[1] - 1)
        against = max(against, np.float64(law.dose_infection[dose, at]))
        severe = max(severe, np.float64(law.dose_severe[dose, at]))
    return against, severe
