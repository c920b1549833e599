"""Daily series of a run by area, age, layer and sector: which there are, and why the others are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import NO_SECTOR, SECTORS, City
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import LAYER_NAMES, Layer
from tongchou.engine.epidemic.results import AGE_BAND_YEARS, AGE_BANDS, DIVISIONS, EVENTS, Outcome, sector_of
from tongchou.engine.epidemic.samples import Pool
from tongchou.engine.epidemic.stays import AT_HOME, AT_SITE, Stays
from tongchou.engine.epidemic.workdays import count_absences, count_closed, learns_at_site, works_at_site

Numbers = NDArray[Any]
ANYBODY = tuple(division for division in DIVISIONS if division != "layer")
SERIES = {
    **dict.fromkeys((*EVENTS, "beds"), DIVISIONS), "quarantined": ANYBODY, "tests": ANYBODY, "workdays_lost": ANYBODY,
    "school_days_lost": tuple(division for division in ANYBODY if division != "sector"),
}  # fmt: skip
"""each quantity with its divisions; areas are of the home, sectors of the day's site (pupils are of none). ``beds`` are persons in hospital at the
end of the day, ``quarantined`` persons in isolation or quarantine, at home and at sites"""


def find_daily_series(outcome: Outcome, quantity: str, by: str = "") -> Numbers:
    """[days], or [days, parts] by a division; the parts are those of ``part_names`` and add up to the whole.

    Samples of test rounds and of other illnesses are counted and not followed by the model: they fall to the parts in
    proportion to the people who are asked, so ``tests`` by a division are fractions. Raises EpidemicFault for a series
    that is not there, and says why.
    """
    check_series(quantity, by)
    if quantity in EVENTS:
        return outcome.daily(quantity, by)
    if quantity == "beds":
        return outcome.beds(by)
    if quantity == "tests":
        return _tests(outcome, by)
    if quantity == "workdays_lost":
        return _workdays_lost(outcome, by)
    if quantity == "school_days_lost":
        return _days_lost(outcome, by, learns_at_site)
    return _away(outcome, by)


def check_series(quantity: str, by: str) -> None:
    """Raises EpidemicFault where a quantity is not known, or not known by this division."""
    if quantity not in SERIES:
        known = ", ".join(SERIES)
        raise EpidemicFault(f"没有序列 {quantity}：可用 {known}", f"there is no series {quantity!r}; use one of {known}")
    if by and by not in SERIES[quantity]:
        known = ", ".join(SERIES[quantity])
        if by == "layer":
            raise EpidemicFault(
                f"{quantity} 不能按 {by} 分：场景层说的是感染发生在哪里，检测、隔离与误工不发生在某一层；可用 {known}",
                f"{quantity} cannot be split by {by}: a layer says where an infection happened, and nobody is tested, kept away or "
                f"missed at work in a layer; use {known}",
            )
        raise EpidemicFault(f"不能按 {by} 分：可用 {known}", f"no division by {by!r}; use one of {known}")


def part_names(outcome: Outcome, by: str) -> list[str]:
    """What the columns of a series are: county codes, numbers of neighbourhoods, bands of ages, layers, sectors."""
    if by == "county":
        return [county.code for county in outcome.city.counties]
    if by == "neighbourhood":
        return [str(number) for number in range(outcome.city.neighbourhoods)]
    if by == "age":
        lows = range(0, AGE_BANDS * AGE_BAND_YEARS, AGE_BAND_YEARS)
        return [*(f"{low}-{low + AGE_BAND_YEARS - 1}" for low in lows[:-1]), f"{lows[-1]}+"]
    if by == "layer":
        return [LAYER_NAMES[layer][1] for layer in Layer]
    if by == "sector":
        return [SECTORS[number][1] if number < len(SECTORS) else "" for number in range(NO_SECTOR)] + ["none"]
    return [""]


def _persons_of(outcome: Outcome, by: str) -> tuple[NDArray[np.int64], int]:
    """[persons] the part of each, and how many parts there are."""
    city = outcome.city
    if by == "county":
        return city.person_county().astype(np.int64), len(city.counties)
    if by == "neighbourhood":
        return city.person_neighbourhood().astype(np.int64), city.neighbourhoods
    if by == "age":
        return (city.age // AGE_BAND_YEARS).astype(np.int64), AGE_BANDS
    if by == "sector":
        return sector_of(city, np.arange(city.persons)), NO_SECTOR + 1
    return np.zeros(city.persons, np.int64), 1


def _shaped(counts: Numbers, by: str) -> Numbers:
    return counts if by else counts[:, 0]


def _away(outcome: Outcome, by: str) -> Numbers:
    part, parts = _persons_of(outcome, by)
    return _shaped(count_spells(outcome.log.stays.spells(outcome.days).of((AT_HOME, AT_SITE)), part, parts, outcome.days), by)


def _workdays_lost(outcome: Outcome, by: str) -> Numbers:
    """Areas are those of the homes of who works; sectors those of the sites."""
    log = outcome.log
    if by in ("", "sector"):
        return log.workdays_lost if by else log.workdays_lost.sum(axis=1)
    return _days_lost(outcome, by, works_at_site)


def _days_lost(outcome: Outcome, by: str, who: Callable[[City, Numbers], Numbers]) -> Numbers:
    log, city = outcome.log, outcome.city
    part, parts = _persons_of(outcome, by)
    spells = log.stays.spells(outcome.days)
    away = count_absences(city, spells, log.openings, log.working, part[spells.person], parts, who)
    return _shaped(away + count_closed(city, log.openings, log.working, part, parts, who), by)


def count_spells(spells: Stays, part: NDArray[np.int64], parts: int, days: int) -> NDArray[np.int64]:
    """[days, parts] persons away on each day; ``part`` is [persons]."""
    change = np.zeros((days + 1, parts), np.int64)
    np.add.at(change, (spells.day, part[spells.person]), 1)
    np.subtract.at(change, (spells.until, part[spells.person]), 1)
    return np.cumsum(change[:days], axis=0)


def _tests(outcome: Outcome, by: str) -> Numbers:
    if not by:
        return outcome.log.tests
    part, parts = _persons_of(outcome, by)
    samples, days = outcome.log.samples, outcome.days
    flat = samples.day.astype(np.int64) * parts + part[samples.person]
    counts = np.bincount(flat, minlength=days * parts).reshape(days, parts).astype(float)
    shares: dict[tuple[bytes, int, int], Numbers] = {}
    for pool in samples.pools:
        key = (pool.weight.tobytes(), pool.first_age, pool.last_age)
        if key not in shares:
            shares[key] = _shares_of(outcome, pool, part, parts)
        counts[pool.day] += pool.count * shares[key]
    return counts


def _shares_of(outcome: Outcome, pool: Pool, part: NDArray[np.int64], parts: int) -> Numbers:
    """[parts] of the people whom a pool asks, as shares."""
    city = outcome.city
    rate = np.repeat(pool.weight, np.diff(city.neighbourhood_start))
    asked = np.bincount(part, rate * ((city.age >= pool.first_age) & (city.age <= pool.last_age)), parts)
    return asked / asked.sum()
