"""What the epidemic must do in a city by theory: the reproduction number of the next-generation matrix, final size, growth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from tongchou.engine.city import City
from tongchou.engine.epidemic.disease import Delay, Disease
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import SLOTS, Contacts, Slot, site_class

Reals = NDArray[np.float64]


GENERATIONS = 12
"""Generations after which the number infected by a case is called the reproduction number; the packs' are set by it."""


class NextGeneration:
    """The expected number of persons whom an infection of each person causes in a city without immunity, person by person.

    Diekmann, Heesterbeek, Metz 1990. Repeated contacts inside a household infect nobody twice, so a pair there counts
    with 1 - E exp(-hazard); elsewhere contacts are taken to be with different persons, which is exact for large groups.
    """

    def __init__(self, city: City, disease: Disease, contacts: Contacts) -> None:
        self.city, self.disease = city, disease
        age = city.age
        self.susceptibility = disease.susceptibility[age]
        silent = disease.asymptomatic[age]
        self.strength = disease.infectivity[age] * (1.0 - silent * (1.0 - disease.asymptomatic_factor))
        table = contacts.table()
        week = (5.0 + 2.0 * table[:, :, 2]) / 7.0
        self.share = contacts.own_neighbourhood, contacts.own_county
        site = city.person_site()
        kind = np.where(site >= 0, site_class(city.site_kind)[site], 0) if city.sites else np.zeros(city.persons, np.int64)
        others = self._others(site)
        self.hazard = np.empty((SLOTS, city.persons))
        for slot in range(SLOTS):
            usual, closeness = table[kind, slot, 0], table[kind, slot, 1]
            met = usual * others[slot] if slot == Slot.HOME else np.minimum(usual, others[slot])
            self.hazard[slot] = disease.transmission * met * closeness * week[kind, slot]
        self.hazard[Slot.HOME] *= self._home_saturation(disease.transmission * table[0, Slot.HOME, 0] * table[0, Slot.HOME, 1])
        self._places = (city.household, city.group, site, None, city.route)

    def _others(self, site: NDArray[Any]) -> Reals:
        city = self.city
        out = np.zeros((SLOTS, city.persons))
        out[Slot.HOME] = city.sizes()[city.household] - 1
        for slot, place, size in (
            (Slot.GROUP, city.group, np.diff(city.group_start)), (Slot.ROUTE, city.route, np.diff(city.route_start)),
            (Slot.SITE, site, np.where(np.diff(city.site_group_start) > 1, np.diff(city.site_member_start()), 1)),
        ):  # fmt: skip
            inside = place >= 0
            out[slot, inside] = size[place[inside]] - 1
        out[Slot.COMMUNITY] = city.persons - 1
        return out

    def _home_saturation(self, hazard: float) -> float:
        """Expected infections of a pair that lives together, relative to its expected hazard."""
        if hazard <= 0:
            return 1.0
        shape = self.disease.dispersion
        escape = (1.0 + hazard / shape) ** -shape if shape > 0 else math.exp(-hazard)
        return (1.0 - escape) / hazard

    def next(self, infected: Reals) -> Reals:
        """Expected infections of each person caused by ``infected`` (expected infections of each person)."""
        received = np.zeros_like(infected)
        for slot, place in enumerate(self._places):
            sent = infected * self.strength * self.hazard[slot]
            received += self._mixed(sent) if place is None else _shared(sent, place)
        return received * self.susceptibility

    def _mixed(self, sent: Reals) -> Reals:
        city, (near, county) = self.city, self.share
        out = np.zeros_like(sent)
        for part, starts in ((near, city.neighbourhood_start), (county - near, city.county_start), (1.0 - county, np.array([0, city.persons]))):
            sizes = np.diff(starts)
            total = np.add.reduceat(sent, starts[:-1])
            out += part * (np.repeat(total, sizes) - sent) / np.maximum(np.repeat(sizes, sizes) - 1, 1)
        return out


def _shared(sent: Reals, place: NDArray[Any]) -> Reals:
    """What each receives where everybody's share goes evenly to the others of the place."""
    inside = place >= 0
    parts = int(place.max(initial=-1)) + 1
    total, size = np.bincount(place[inside], sent[inside], parts), np.bincount(place[inside], minlength=parts)
    out = np.zeros_like(sent)
    out[inside] = (total[place[inside]] - sent[inside]) / np.maximum(size[place[inside]] - 1, 1)
    return out


def find_reproduction_number(city: City, disease: Disease, contacts: Contacts, *, rounds: int = GENERATIONS) -> float:
    """What a case of generation ``rounds`` after one by lot infects, by the next-generation matrix of all persons; 0 where nobody meets.

    A number that grows on for a hundred generations towards the dominant eigenvalue is that of a few closed places (care
    homes of a synthesised city: 2.9 where everybody else has 2.3), which no epidemic of a city ever has.
    """
    matrix = NextGeneration(city, disease, contacts)
    infected = np.full(city.persons, 1.0 / city.persons)
    value = 0.0
    for _ in range(rounds):
        caused = matrix.next(infected)
        value = float(caused.sum())
        if value <= 0:
            return 0.0
        infected = caused / value
    return value


def scale_to_reproduction_number(city: City, disease: Disease, contacts: Contacts, wanted: float) -> Disease:
    """The disease with its transmission multiplied so that ``find_reproduction_number`` of this city gives ``wanted``.

    The number grows a little less than in proportion, for a household's members are infected once only: the search
    starts from the proportion and widens upwards. Raises EpidemicFault where nobody in the city infects anybody.
    """
    def missed(factor: float) -> float:
        return find_reproduction_number(city, disease.scaled(factor), contacts) - wanted

    plain = missed(1.0) + wanted
    if plain <= 0:
        raise EpidemicFault("这座城市里没有人会传染别人，不能按再生数标定", "nobody infects anybody in this city: no factor gives that reproduction number")
    low = high = wanted / plain
    while missed(high) < 0:
        low, high = high, 1.5 * high
    while missed(low) > 0:
        low, high = 0.7 * low, low
    return disease.scaled(float(brentq(missed, low, high, rtol=1e-4)))


def find_final_size(reproduction_number: float) -> float:
    """Share infected in the end under homogeneous mixing: z = 1 - exp(-R z) (Kermack and McKendrick 1927)."""
    if reproduction_number <= 1:
        return 0.0
    return float(brentq(lambda z: 1.0 - z - math.exp(-reproduction_number * z), 1e-9, 1.0))


def find_growth_rate(reproduction_number: float, generation_interval: Delay) -> float:
    """Growth a day, r, of 1 = R sum g(t) exp(-r t) (Euler and Lotka; Wallinga and Lipsitch 2007)."""
    days = np.arange(len(generation_interval.chance))
    chance = np.asarray(generation_interval.chance)
    return float(brentq(lambda r: reproduction_number * float((chance * np.exp(-r * days)).sum()) - 1.0, -2.0, 5.0))
