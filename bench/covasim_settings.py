"""Settings on which Covasim and this engine are compared, each written once for both: docs/models/covasim.md explains them.

A ``Setting`` holds what ``simulate_epidemic`` takes and, for the peer, a JSON of parameters and arrays by name:

- ``layers``: by name ``beta`` (hazard of a contact relative to ``beta``), ``isolated`` and ``quarantined`` (share of contacts
  left), ``parts``: 0 where ``NAME_p1``, ``NAME_p2`` are fixed pairs, else the number of group lists ``NAMEi_members``, ``_start``,
  ``_pairs`` (pairs that meet in each group on a weekday) and ``_weekend``;
- ``beta``, ``viral``, ``durations`` (mean, sd of Covasim's ``lognormal_int``), ``dispersion``, ``asymptomatic_factor``, ``ages``;
- ``durations`` None leaves Covasim's own course and prognoses;
- ``measures``: none, or what ``covasim_peer.measures`` reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import City, County, SiteKind, city_from_lists, synthesize_city
from tongchou.engine.epidemic import Contacts, Disease, Layer, Meeting
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.disease import AGES, Delay
from tongchou.engine.epidemic.layers import CLOSED, SCHOOL, WORK, Slot, site_class
from tongchou.store.census_tables import read_census
from tongchou.store.epidemic_packs import load_contacts, load_disease

PEOPLE, DAYS, IMPORTS = 30_000, 150, 20
INFECTIOUS_DAYS, BEFORE_ONSET = 10, 2
VIRAL = {"frac_time": 0.25, "load_ratio": 2, "high_cap": 4}  # 2.5 of 10 days: three days of high load, whatever is rounded
LATENT = (4.5, 1.5)  # Covasim's exp2inf: mean and sd of a lognormal, rounded to whole days
TESTED_DAILY = 0.2
CLOSED_FROM, CLOSED_TO = 20, 59
NOBODY = Meeting(0.0, 0.0)
WILD = load_disease("sars-cov-2-wild")
USUAL = load_contacts()


@dataclass(frozen=True)
class Setting:
    """One setting for both models."""

    name: str
    city: City
    disease: Disease
    contacts: Contacts
    measures: tuple[m.Measure, ...] = ()
    peer: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def random_setting() -> Setting:
    """Everybody meets 20 others a day, drawn anew every day: one layer, no ages, no spread between persons."""
    beta, contacts = 0.0125, 20.0
    every = np.ones(AGES)
    disease = replace(
        _mirrored(beta), susceptibility=every, infectivity=every, asymptomatic=0 * every, dispersion=0.0, asymptomatic_factor=1.0,
    )  # fmt: skip
    city = crowd(PEOPLE)
    layers = {"c": [_groups(np.arange(PEOPLE), np.array([0, PEOPLE]), contacts, 1.0)]}
    peer, arrays = _peer(city, disease, beta, layers, {"c": (1.0, 0.0)}, {})
    meeting = Contacts(NOBODY, (NOBODY,) * 2, (NOBODY,) * 2, (NOBODY,) * 2, Meeting(contacts), NOBODY, own_neighbourhood=1.0, own_county=1.0)
    return Setting("random", city, disease, meeting, (), peer, arrays)


def layers_setting(name: str = "layers", measures: tuple[m.Measure, ...] = (), order: dict[str, Any] | None = None) -> Setting:
    """The synthesised Panzhihua with the shipped contact pack and the wild type, its infectious days those that Covasim can have."""
    city = synthesize_city(read_census("panzhihua"), people=PEOPLE, seed=1)
    beta = WILD.transmission / INFECTIOUS_DAYS
    disease = _mirrored(beta)
    first, second = _pairs(city.household_start)
    layers = {"h": (first, second), **_site_layers(city, USUAL), "c": _community(city, USUAL), "t": [_riders(city, USUAL)]}
    peer, arrays = _peer(city, disease, beta, layers, _closeness(USUAL), order or {})
    return Setting(name, city, disease, USUAL, measures, peer, arrays)


def controlled_setting() -> Setting:
    """The same with tests of the ill, isolation at home, quarantine of the household, and schools closed for forty days."""
    chance = TESTED_DAILY * (1.0 - TESTED_DAILY) ** np.arange(INFECTIOUS_DAYS - BEFORE_ONSET)
    where = m.Where()
    measures = (
        m.SymptomaticTesting(where, float(chance.sum()), tuple(chance), 1), m.Isolation(where, 60),
        m.Tracing(where, ((Layer.HOUSEHOLD, 0.8),), ((Layer.HOUSEHOLD, 1),)), m.Quarantine(where, 15),
        m.closure(m.Where(from_day=CLOSED_FROM, to_day=CLOSED_TO, layers=(Layer.SCHOOL,))),
    )  # fmt: skip
    order = {
        "tested_daily": TESTED_DAILY, "result_days": 1, "found": {"h": 0.8}, "delay": {"h": 1}, "quarantine_days": 14,
        "closed": ["sg", "ss"], "closed_from": CLOSED_FROM, "closed_to": CLOSED_TO,
    }  # fmt: skip
    return layers_setting("controlled", measures, order)


def shipped_setting(people: dict[str, NDArray[Any]], course: dict[str, Any], *, daily: bool = False) -> Setting:
    """Covasim as it ships (``hybrid``), and this engine in the same households with Covasim's course, contacts and betas.

    ``people`` and ``course`` are what ``covasim_peer.py --shipped`` wrote. With ``daily`` Covasim keeps its course but draws contacts of
    school, work and community anew every day: what is left of a difference does not come from its fixed networks.
    """
    age = people["age"].astype(int)
    site = np.where((people["age"] >= 6) & (people["age"] < 22), "s", np.where((people["age"] >= 22) & (people["age"] < 65), "w", ""))
    city = city_from_lists(
        {"age": age, "sex": np.ones(len(age), int), "household": people["household"], "site": site},
        sites={"site": ["s", "w"], "kind": [SiteKind.PRIMARY, SiteKind.WORKPLACE]},
    )
    number, closeness = course["contacts"], course["beta_layer"]
    contacts = Contacts(
        household=Meeting(1.0, closeness["h"]), school=(Meeting(number["s"], closeness["s"]), NOBODY),
        work=(Meeting(number["w"], closeness["w"]), NOBODY), institution=(NOBODY, NOBODY),
        community=Meeting(number["c"], closeness["c"]), transport=NOBODY, own_neighbourhood=1.0, own_county=1.0,
    )  # fmt: skip
    peer = {"shipped": True, "people": len(age), "days": DAYS, "imports": IMPORTS}
    if not daily:
        return Setting("shipped", city, _from_course(course), contacts, (), peer)
    layers: dict[str, Any] = {"h": _pairs(city.household_start), "c": [_groups(np.arange(len(age)), np.array([0, len(age)]), number["c"], 1.0)]}
    for group, letter in enumerate(("s", "w")):
        members = city.group_members[city.group_start[group] : city.group_start[group + 1]]
        layers[letter] = [_groups(members, np.array([0, len(members)]), number[letter], 1.0)]
    peer, arrays = _peer(city, _from_course(course), course["beta"], layers, {name: (closeness[name], 0.0) for name in layers}, {})
    return Setting("daily", city, _from_course(course), contacts, (), {**peer, "durations": None}, arrays)


def _from_course(course: dict[str, Any]) -> Disease:
    """Covasim's own course as averages: the load by day of the infectious period, in total less for those without symptoms."""
    ill, silent = np.array(course["load_ill"]), np.array(course["load_silent"])
    latent = np.array(course["latent"], float)
    every = np.ones(AGES)
    return replace(
        WILD, transmission=float(course["beta"] * ill.sum()), incubation=Delay((0.0, *(latent / latent.sum()))), days_before_onset=1,
        infectiousness=tuple(ill / ill.sum()), dispersion=course["dispersion"], asymptomatic_factor=float(silent.sum() / ill.sum()),
        susceptibility=_by_age(course["from_age"], course["susceptibility"]), infectivity=every,
        asymptomatic=1.0 - _by_age(course["from_age"], course["symptoms"]), severe=0 * every, critical=0 * every, fatal=0 * every,
        immunity=np.ones_like(WILD.immunity),
    )  # fmt: skip


def _by_age(first: list[float], values: list[float]) -> NDArray[np.float64]:
    return np.array(values)[np.searchsorted(first, np.arange(AGES), side="right") - 1]


def _mirrored(beta: float) -> Disease:
    """The wild type with days that Covasim can have exactly: latent rounded lognormal, 10 infectious days, load in two steps."""
    high = np.arange(INFECTIOUS_DAYS) / INFECTIOUS_DAYS < VIRAL["frac_time"]
    load = np.where(high, VIRAL["load_ratio"], 1.0) / (1.0 + VIRAL["frac_time"] * (VIRAL["load_ratio"] - 1.0))
    none = 0 * WILD.severe
    return replace(
        WILD, transmission=float(beta * load.sum()), asymptomatic_factor=1.0, incubation=Delay((0.0,) * BEFORE_ONSET + rounded_lognormal(*LATENT, 30)),
        days_before_onset=BEFORE_ONSET, infectiousness=tuple(load / load.sum()), severe=none, critical=none, fatal=none,
        immunity=np.ones_like(WILD.immunity), sensitivity=np.ones(INFECTIOUS_DAYS), sensitivity_before=0,
    )  # fmt: skip


def rounded_lognormal(mean: float, sd: float, days: int) -> tuple[float, ...]:
    """Probability of 0, 1, 2, ... days where a lognormal time of this mean and sd is rounded to the nearest day."""
    from scipy.stats import lognorm

    sigma = np.sqrt(np.log((sd / mean) ** 2 + 1.0))
    edges = np.concatenate(([0.0], np.arange(days) + 0.5))
    chance = np.diff(lognorm.cdf(edges, sigma, scale=mean / np.sqrt((sd / mean) ** 2 + 1.0)))
    return tuple((chance / chance.sum()).tolist())


def crowd(persons: int) -> City:
    """Persons who live alone in one neighbourhood."""
    start, none = np.arange(persons + 1, dtype=np.int32), np.empty(0, np.int32)
    ends, nobody = np.array([0, persons], np.int32), np.full(persons, -1, np.int32)
    return City(
        age=np.full(persons, 40, np.uint8), sex=np.ones(persons, np.uint8), household=start[:-1], household_start=start,
        household_kind=np.zeros(persons, np.uint8), grid_start=ends, neighbourhood_start=ends,
        neighbourhood_county=np.zeros(1, np.uint16), county_start=ends, group=nobody, group_start=ends[:1], group_members=none,
        site_group_start=ends[:1], site_kind=np.empty(0, np.uint8), site_sector=np.empty(0, np.uint8),
        site_county=np.empty(0, np.uint16), site_neighbourhood=none, route=nobody, route_start=ends[:1], route_members=none,
        counties=(County("", "", persons),),
    ).check()  # fmt: skip


def _groups(members: NDArray[Any], start: NDArray[Any], contacts: float, weekend: float) -> tuple[Any, ...]:
    """A list of groups of which each member meets ``contacts`` others a day, or all others where there are fewer."""
    size = np.diff(start).astype(float)
    return members, start, size * np.minimum(contacts, size - 1.0) / 2.0, weekend


def _pairs(start: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Every pair of those who live together."""
    first, second = [], []
    for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        one, other = np.triu_indices(high - low, 1)
        first.append(low + one)
        second.append(low + other)
    return np.concatenate(first).astype(np.int32), np.concatenate(second).astype(np.int32)


def _site_layers(city: City, contacts: Contacts) -> dict[str, list[tuple[Any, ...]]]:
    """Groups (``sg``, ``wg``, ``ig``) and sites (``ss``, ``ws``, ``is``) of schools, workplaces and institutions."""
    kind = site_class(city.site_kind)
    table, group_kind = contacts.table(), kind[city.group_site()]
    several = np.diff(city.site_group_start) > 1
    layers = {}
    for letter, which in (("s", SCHOOL), ("w", WORK), ("i", CLOSED)):
        for end, slot, start, chosen in (
            ("g", Slot.GROUP, city.group_start, group_kind == which), ("s", Slot.SITE, city.site_member_start(), (kind == which) & several),
        ):  # fmt: skip
            members, bounds = _chosen(city.group_members, start, chosen)
            layers[letter + end] = [_groups(members, bounds, table[which, slot, 0], table[which, slot, 2])]
    return layers


def _chosen(members: NDArray[Any], start: NDArray[Any], chosen: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    size = np.diff(start)
    return members[np.repeat(chosen, size)], np.concatenate(([0], np.cumsum(size[chosen])))


def _community(city: City, contacts: Contacts) -> list[tuple[Any, ...]]:
    near, county, weekend = contacts.own_neighbourhood, contacts.own_county, contacts.community.weekend
    everybody, number = np.arange(city.persons), contacts.community.contacts
    shares = ((near, city.neighbourhood_start), (county - near, city.county_start), (1.0 - county, np.array([0, city.persons])))
    return [_groups(everybody, start, share * number, weekend) for share, start in shares]


def _riders(city: City, contacts: Contacts) -> tuple[Any, ...]:
    return _groups(city.route_members, city.route_start, contacts.transport.contacts, contacts.transport.weekend)


def _closeness(contacts: Contacts) -> dict[str, tuple[float, float]]:
    """By layer: closeness, and share of contacts left to those who are isolated or in quarantine at home."""
    found = {"h": (contacts.household.closeness, 1.0), "c": (contacts.community.closeness, 0.0), "t": (contacts.transport.closeness, 0.0)}
    for letter, (group, site) in (("s", contacts.school), ("w", contacts.work), ("i", contacts.institution)):
        found[letter + "g"], found[letter + "s"] = (group.closeness, 0.0), (site.closeness, 0.0)
    return found


def _peer(
    city: City, disease: Disease, beta: float, layers: dict[str, Any], closeness: dict[str, tuple[float, float]], order: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What ``covasim_peer.py`` reads."""
    arrays: dict[str, NDArray[Any]] = {"age": city.age}
    rows = {}
    for name, layer in layers.items():
        near, left = closeness[name]
        rows[name] = {"beta": near, "isolated": left, "quarantined": left, "parts": 0}
        if isinstance(layer, tuple):
            arrays[f"{name}_p1"], arrays[f"{name}_p2"] = layer
            continue
        rows[name]["parts"] = len(layer)
        for part, (members, start, pairs, weekend) in enumerate(layer):
            held = {"members": members, "start": start, "pairs": pairs, "weekend": np.array(weekend)}
            arrays.update({f"{name}{part}_{key}": value for key, value in held.items()})
    first = np.flatnonzero(np.r_[True, np.diff(np.stack((disease.susceptibility, disease.asymptomatic)), axis=1).any(axis=0)])
    peer = {
        "shipped": False, "people": city.persons, "days": DAYS, "imports": IMPORTS, "beta": beta, "viral": VIRAL,
        "durations": {
            "exp2inf": LATENT, "inf2sym": (BEFORE_ONSET, 0.0), "mild2rec": (INFECTIOUS_DAYS - BEFORE_ONSET, 0.0), "asym2rec": (INFECTIOUS_DAYS, 0.0),
        },
        "dispersion": disease.dispersion, "asymptomatic_factor": disease.asymptomatic_factor,
        "ages": {
            "from_age": first.tolist(), "susceptibility": disease.susceptibility[first].tolist(), "symptoms": (1.0 - disease.asymptomatic[first]).tolist(),
        },
        "layers": rows, "measures": order,
    }  # fmt: skip
    return peer, arrays
