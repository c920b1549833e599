"""Who works, in which industry and county, in which firm and team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import Census, Counts, CountyCensus, Reals, share_out
from tongchou.engine.city.kinds import AGRICULTURE, MALE, SECTORS, HouseholdKind, SiteKind
from tongchou.engine.city.roles import YEARS, curve, take
from tongchou.engine.city.sites import Batch, Index, by_lot, cut_teams, near_home, pareto_cuts
from tongchou.engine.city.tables import fit_table

Chance = np.random.Generator
KILOMETRES_PER_DEGREE = 111.2
KINDS_OF_WORKER = ("dormitory", "from_16", "from_30", "from_45", "from_60")


def employ(county: CountyCensus, age: NDArray[np.uint8], sex: NDArray[np.uint8], dwelling: NDArray[np.uint8], studies: NDArray[np.bool_], figures: Mapping[str, Any], chance: Chance) -> NDArray[np.uint8]:
    """[n] sector of each worker, ``len(SECTORS)`` of the others. The county's rate and industry shares are met exactly.

    Residents of worker dormitories all work, inmates and residents of care homes and pupils do not.
    """
    work = figures["work"]
    wanted = round(county.employment * int((age >= 15).sum()))
    lodger = dwelling == HouseholdKind.WORKER_DORMITORY
    at_home = (dwelling == HouseholdKind.FAMILY) & ~studies & (age >= 16)
    lodgers = np.flatnonzero(lodger)[: wanted]
    ready = np.stack([curve(work["men_by_age"]), curve(work["women_by_age"])])
    free = np.flatnonzero(at_home)
    cell = np.where(sex[free] == MALE, 0, YEARS).astype(np.int64) + age[free]
    pool = np.bincount(cell, minlength=2 * YEARS).reshape(2, YEARS)
    share = _employed_of(pool, wanted - len(lodgers), ready)
    chosen = free[_some_of_each(cell, share.ravel(), chance)]
    workers = np.concatenate([lodgers, chosen])
    kind = np.where(np.arange(len(workers)) < len(lodgers), 0, 1 + np.searchsorted([30, 45, 60], age[workers], side="right"))
    prior = np.array([work["sector_by_worker"][name] for name in KINDS_OF_WORKER])
    quota = share_out(len(workers), county.employed)
    table = fit_table(prior * county.employed, np.bincount(kind, minlength=len(KINDS_OF_WORKER)), quota)
    sector = np.full(len(age), len(SECTORS), np.uint8)
    for number in range(len(KINDS_OF_WORKER)):
        who = workers[kind == number]
        sector[who[by_lot(chance, len(who))]] = np.repeat(np.arange(len(SECTORS)), table[number])
    return sector


def _employed_of(pool: Counts, wanted: int, ready: Reals) -> Counts:
    """Employed by sex and age: the odds of the readiness curves scaled until their number is right."""
    wanted = max(0, min(wanted, int(pool[ready > 0].sum())))
    odds = np.where(ready < 1, ready / np.maximum(1 - ready, 1e-9), 1e9)
    low, high = -20.0, 20.0
    for _halving in range(60):
        middle = (low + high) / 2
        scaled = odds * np.exp(middle)
        low, high = (middle, high) if (pool * scaled / (1 + scaled)).sum() < wanted else (low, middle)
    scaled = odds * np.exp(low)
    share = np.minimum(np.floor(pool * scaled / (1 + scaled)).astype(np.int64), pool)
    return share + take(pool - share, wanted - int(share.sum()), np.where(ready > 0, scaled / (1 + scaled) + 1e-6, 0.0))


def _some_of_each(cell: Index, quota: Counts, chance: Chance) -> Index:
    """Places of as many members of each cell as its quota, by lot."""
    order = by_lot(chance, len(cell), cell)
    counts = np.bincount(cell, minlength=len(quota))
    first = np.concatenate(([0], np.cumsum(counts)))[:-1]
    rank = np.arange(len(cell)) - first[cell[order]]
    return np.sort(order[rank < quota[cell[order]]])


def commute(census: Census, figures: Mapping[str, Any]) -> Reals:
    """[C, C] share of the workers who live in a county and work in another: jobs there times ``exp(-distance / scale)``."""
    known = figures["commuting"]
    lon = np.array([county.lon for county in census.counties])
    lat = np.array([county.lat for county in census.counties])
    east = (lon[:, None] - lon) * np.cos(np.radians((lat[:, None] + lat) / 2))
    far = KILOMETRES_PER_DEGREE * np.hypot(east, lat[:, None] - lat)
    same = np.eye(len(lon), dtype=bool)
    far = np.where(same, known["within_km"], np.maximum(far, known["within_km"]))
    unplaced = ((lon == 0) & (lat == 0))[:, None] | ((lon == 0) & (lat == 0))
    far = np.where(unplaced & ~same, np.inf, far)
    jobs = np.array([county.population * float(county.employed[1:].sum()) / county.sampled_15_plus for county in census.counties])
    flow = jobs * np.exp(-far / known["scale_km"])
    return flow / flow.sum(axis=1, keepdims=True)


def work_county(flow: Reals, sector: NDArray[np.uint8], home: int, chance: Chance) -> NDArray[np.uint16]:
    """[n] county where each person of county ``home`` works; farmers stay."""
    lot = chance.random(len(sector))
    away = np.minimum(np.searchsorted(np.cumsum(flow[home]), lot, side="right"), len(flow) - 1)
    return np.where((sector == AGRICULTURE) | (sector >= len(SECTORS)), home, away).astype(np.uint16)


def form_firms(kind: SiteKind, sector: int, workers: Index, span: tuple[int, int], home: NDArray[np.int32], figures: Mapping[str, Any], chance: Chance) -> Batch:
    """Firms of one sector in one county (persons ``span``) for ``workers``, and their teams.

    A share of those who live in the county work near home, the others anywhere in it; a firm stands where one of its
    workers lives.
    """
    work, low, high = figures["work"], *span
    hospital = kind == SiteKind.HOSPITAL
    exponent = work["farm_exponent"] if sector == AGRICULTURE else work["exponent"]
    least = work["hospital"]["least"] if hospital else work["least"][sector]
    size = pareto_cuts(len(workers), exponent, least, work["most"], chance)
    resident = (workers >= low) & (workers < high)
    anywhere = ~resident | (chance.random(len(workers)) >= work["near_home"])
    workers = workers[near_home(workers.astype(np.float64), anywhere, work["near_home_persons"], low, high, chance)]
    site = np.repeat(np.arange(len(size)), size)
    chosen = np.full(len(size), -1, np.int64)
    local = np.flatnonzero((workers >= low) & (workers < high))
    chosen[site[local]] = workers[local]
    homeless = chosen < 0
    chosen[homeless] = chance.integers(low, high, int(homeless.sum()))
    workers = workers[by_lot(chance, len(workers), site)]
    group, groups = cut_teams(size, work["hospital"]["ward"] if hospital else work["team"])
    return Batch(kind, workers, group, groups, np.full(len(size), sector, np.uint8), home[chosen].astype(np.int64))
