"""Where everybody of a simulated city was: visits as the contact search reads them, true to the tree of infections.

The simulation keeps no diary. It draws, for the infectious alone, whom they infect; who else was there is never asked.
Here the day is written out for everybody, so that whoever was infected was really together with the infector:

1. Who is in hospital, in quarantine at a site, or apart at home is in a room of his own; the dead are nowhere.
2. Everybody else is at home, except for these hours (``Hours``): the class, team or ward of the day; a table at meals
   across a site; the ride of a route; one outing in the community.
3. Homes and groups are whole: everybody who lives or works together is in one place. The layers in which the model only
   knows a number of contacts (the site beyond one's group, the route, the community) become circles of that number and
   one person more, drawn anew each day from the site's shift, the route, or the neighbourhood, the county or the city.
4. The calendar closes whole groups; a measure that leaves a share f of contacts lets each person come with chance
   sqrt(f), so that two of them meet with chance f.
5. Last, the tree of the day: infector and infected come, whatever was drawn for them, and share one circle.

So contacts at home and in groups are more than the model's mean (everybody of a class of 30, not 8 of them), those
elsewhere are as many. Of an infection in a school or an institution only the layer is known: it is put into the room or
group that the two share, else at a table. Rides out are written and rides home are not. Measures on the household layer
move nobody. All of it is drawn by (seed, purpose, person, day).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tongchou.engine.chance import Purpose, uniforms
from tongchou.engine.contacts import Visits
from tongchou.engine.epidemic.course import FATAL
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.ground import Rules, city_ground
from tongchou.engine.epidemic.layers import Contacts, Layer, Slot
from tongchou.engine.epidemic.levels import Reports
from tongchou.engine.epidemic.measures import Measure
from tongchou.engine.epidemic.ordinance import Ordinance
from tongchou.engine.epidemic.results import Outcome
from tongchou.engine.epidemic.stays import AT_HOME, Stays

DAY_S, HOUR_S = 86_400, 3_600
KIND_STEP, POOL_STEP, SHIFT_STEP = 10**14, 10**7, 10**5
"""a place's number is kind * KIND_STEP + number of the pool * POOL_STEP + circle; tables of a site's second shift begin at SHIFT_STEP"""
ROWS_A_PART = 1_000_000
OUT, GONE = 0, 9
"""beside the kinds of ``stays``: not away; dead"""
PLACE_KINDS = {
    1: ("家庭", "household"), 2: ("班级、班组或病区", "class, team or ward"), 3: ("单位餐桌", "table of a site"),
    4: ("通勤同程", "ride of a route"), 5: ("社区往来", "outing in a neighbourhood"), 6: ("区县往来", "outing in a county"),
    7: ("全市往来", "outing in the city"), 8: ("单独房间", "room of one's own"),
}  # fmt: skip
HOME, GROUP, TABLE, RIDE, NEIGHBOURHOOD, COUNTY, CITY, APART = PLACE_KINDS
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Hours:
    """[from, to) in seconds of the day. An assumption: the model's step is a day and knows no hours."""

    ride: tuple[int, int] = (27_000, 28_800)
    group: tuple[int, int] = (28_800, 61_200)
    meal: tuple[int, int] = (43_200, 45_600)
    outing: tuple[int, int] = (63_000, 66_600)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Infector and infected of a day, by the slot in which they meet."""

    infector: Ints
    infected: Ints
    slot: Ints

    def of(self, slot: Slot) -> tuple[Ints, Ints]:
        rows = self.slot == slot
        return self.infector[rows], self.infected[rows]


def simulate_visits(
    outcome: Outcome, measures: Sequence[Measure] = (), *, contacts: Contacts, days: range, first_weekday: int = 0,
    midnight_s: int = 0, hours: Hours | None = None,
) -> Iterator[tuple[int, Visits]]:  # fmt: skip
    """(day, visits), several parts a day; memory holds one day of the city.

    ``measures``, ``contacts`` and ``first_weekday`` must be those of the run. ``midnight_s`` is the second at which day 0
    begins. A place is ``kind * 10**14 + number``: ``place_of`` reads it. Raises EpidemicFault for days outside the run.
    """
    if len(days) and not 0 <= days[0] <= days[-1] < outcome.days:
        last = outcome.days - 1
        raise EpidemicFault(f"到访只能写出第 0 到第 {last} 天", f"visits can be written for days 0 to {last} of this run")
    city, chain = outcome.city, outcome.chain
    ordinance = Ordinance(city, city_ground(city, contacts), contacts, measures, first_weekday)
    reports, reported = Reports(city.neighbourhoods), outcome.event_days("reports")
    spells = outcome.log.stays.spells(outcome.days)
    for day in range(days[-1] + 1 if len(days) else 0):
        rules = ordinance.on(day, reports)
        if day in days:
            today = _Day(outcome, ordinance, rules, day, spells, hours or Hours())
            for person, place, start, end in today.visits():
                for low in range(0, len(person), ROWS_A_PART):
                    part = slice(low, low + ROWS_A_PART)
                    begins = midnight_s + day * DAY_S
                    yield day, Visits(person[part], place[part], start[part] + begins, end[part] + begins)
        reports.add(day, chain.home[reported == day])


def place_of(place: int) -> tuple[int, int, int]:
    """(kind of ``PLACE_KINDS``, number of the household, group, site, route, neighbourhood, county or person, circle)."""
    kind, rest = divmod(place, KIND_STEP)
    if kind in (HOME, GROUP, APART):
        return kind, rest, 0
    return kind, *divmod(rest, POOL_STEP)


class _Day:
    """One day of the city: who goes where, and the visits that come of it."""

    def __init__(self, outcome: Outcome, ordinance: Ordinance, rules: Rules, day: int, spells: Stays, hours: Hours) -> None:
        self.city, self.ground, self.rules, self.day, self.hours = outcome.city, ordinance.ground, rules, day, hours
        self.seed = outcome.seed
        self.persons = np.arange(self.city.persons)
        self.hood = self.city.person_neighbourhood()
        self.ages = rules.age_class[self.city.age]
        self.site = self.city.person_site()
        self.pairs = _pairs_of(outcome, day)
        self.whereabouts = _whereabouts(outcome, day, spells)
        self.free = self.whereabouts == OUT

    def visits(self) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
        """Person, place, start and end, a kind of place at a time."""
        at_work, tables, outings = self._workers(), self._tables(), self._outings()
        at_work |= self._marked(*self.pairs.of(Slot.GROUP)) | tables[0]
        rides = self._rides(at_work)
        leaves = np.full(len(self.persons), DAY_S)
        for going, hour in ((outings[0], self.hours.outing[0]), (at_work, self.hours.group[0]), (rides[0], self.hours.ride[0])):
            leaves[going] = hour
        returns = np.select([outings[0], at_work, rides[0]], [self.hours.outing[1], self.hours.group[1], self.hours.ride[1]], DAY_S)
        yield from self._at_home(leaves, returns)
        yield from self._at_groups(at_work, tables[0])
        for (who, place), (start, end) in zip((tables, rides, outings), (self.hours.meal, self.hours.ride, self.hours.outing), strict=True):
            yield self._rows(who, place[who], start, end)

    def _rows(self, who: Flags, place: Ints, start: int | Ints, end: int | Ints) -> tuple[Ints, Ints, Ints, Ints]:
        person = np.flatnonzero(who)
        begins, ends = (np.broadcast_to(np.asarray(time, np.int64), len(person)) for time in (start, end))
        return person, np.asarray(place, np.int64), begins, ends

    def _at_home(self, leaves: Ints, returns: Ints) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
        forced = self._marked(*self.pairs.of(Slot.HOME))
        joins = (self.whereabouts == AT_HOME) & (self._drawn(Purpose.DIARY_HOME) < self.rules.home_contacts)
        home = self.free | joins | (forced & (self.whereabouts == AT_HOME))
        place = HOME * KIND_STEP + self.city.household.astype(np.int64)
        yield self._rows(home, place[home], 0, leaves[home])
        back = home & (returns < DAY_S)
        yield self._rows(back, place[back], returns[back], DAY_S)
        apart = ~home & (self.whereabouts != GONE)
        yield self._rows(apart, APART * KIND_STEP + self.persons[apart], 0, DAY_S)

    def _at_groups(self, at_work: Flags, eats: Flags) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
        place = GROUP * KIND_STEP + self.city.group.astype(np.int64)
        (start, end), (leaves, returns) = self.hours.group, self.hours.meal
        yield self._rows(at_work, place[at_work], start, np.where(eats[at_work], leaves, end))
        again = at_work & eats
        yield self._rows(again, place[again], returns, end)

    def _workers(self) -> Flags:
        """Who is at the class, team or ward: the calendar closes whole groups, measures keep single persons away."""
        member = np.flatnonzero(self.free & (self.city.group >= 0))
        group = self.city.group[member].astype(np.int64)
        share = self.rules.day_contacts[self.ground.site_class[self.city.group_site()], Slot.GROUP] if self.city.groups else np.empty(0)
        opens = uniforms(self.seed, Purpose.DIARY_GROUP, np.arange(self.city.groups), day=self.day) < share
        comes = uniforms(self.seed, Purpose.DIARY_WORK, member, day=self.day) < np.sqrt(self._site_share(member, 0)) * self._travels(member)
        out = np.zeros(len(self.persons), bool)
        out[member] = opens[group] & comes
        self._opens = out
        return out.copy()

    def _site_share(self, member: Ints, part: int) -> NDArray[Any]:
        """[member] share of contacts that measures leave in the group (part 0) or across the site (part 1)."""
        if self.rules.plain:
            return np.ones(len(member))
        return self.rules.site[self.site[member], self.ages[member], part, 0]

    def _travels(self, member: Ints) -> NDArray[Any]:
        """[member] what travel limits leave of the way to a site in another county."""
        if self.rules.plain:
            return np.ones(len(member))
        own, there = self.city.neighbourhood_county[self.hood[member]], self.city.site_county[self.site[member]]
        return np.where(own != there, np.minimum(self.rules.travel[own], self.rules.travel[there]), 1.0)

    def _tables(self) -> tuple[Flags, Ints]:
        """Who eats with people of the site beyond the group, and where."""
        sites = np.diff(self.city.site_group_start) > 1
        several = sites[self.site] & (self.site >= 0) if self.city.sites else np.zeros(len(self.persons), bool)
        member = np.flatnonzero(self._opens & several)
        kind = self.ground.site_class[self.site[member]]
        shares = self.rules.day_contacts[kind, Slot.SITE] / np.maximum(self.rules.day_contacts[kind, Slot.GROUP], 1e-9)
        ratio = self._site_share(member, 1) / np.maximum(self._site_share(member, 0), 1e-9)
        come = uniforms(self.seed, Purpose.DIARY_TABLE, member, day=self.day) < np.sqrt(ratio) * shares
        going = self._marked(*self.pairs.of(Slot.SITE))
        going[member] |= come
        who = np.flatnonzero(going)
        site = self.site[who].astype(np.int64)
        shifts = np.maximum(self.rules.shifts[0 if self.rules.plain else site].astype(np.int64), 1)
        pool = site * POOL_STEP + self.city.group[who] % shifts * SHIFT_STEP
        size = 1 + self.ground.meets[self.ground.site_class[site], Slot.SITE, 0]
        return self._seated(going, who, TABLE * KIND_STEP + pool, size, Slot.SITE)

    def _rides(self, at_work: Flags) -> tuple[Flags, Ints]:
        """Who rides to the day's work beside whom."""
        kind = np.where(self.site >= 0, self.ground.site_class[self.site], 0) if self.city.sites else np.zeros(len(self.persons), np.int64)
        share = self._home_share(2) * np.where(self.site >= 0, 1.0, self.rules.day_contacts[kind, Slot.ROUTE])
        going = self.free & (self.city.route >= 0) & (at_work | (self.site < 0)) & (self._drawn(Purpose.DIARY_RIDE) < np.sqrt(share))
        going |= self._marked(*self.pairs.of(Slot.ROUTE))
        who = np.flatnonzero(going)
        pool = RIDE * KIND_STEP + self.city.route[who].astype(np.int64) * POOL_STEP
        return self._seated(going, who, pool, np.full(len(who), 1 + self.ground.meets[0, Slot.ROUTE, 0]), Slot.ROUTE)

    def _outings(self) -> tuple[Flags, Ints]:
        """Who is out in the community, in the own neighbourhood, the county or the city, and with whom."""
        kind = np.where(self.site >= 0, self.ground.site_class[self.site], 0) if self.city.sites else np.zeros(len(self.persons), np.int64)
        share, county = np.sqrt(self._home_share(1) * self.rules.day_contacts[kind, Slot.COMMUNITY]), self.city.neighbourhood_county[self.hood]
        ring = np.searchsorted(self.ground.share, self._drawn(Purpose.DIARY_OUTING, 1), side="right")
        if not self.rules.plain:
            share = share * np.where(ring > 0, np.sqrt(self.rules.gate[self.hood]), 1.0)
            share = share * np.where(ring > 1, np.sqrt(self.rules.travel[county]), 1.0)
        going = (self.free & (self._drawn(Purpose.DIARY_OUTING) < share)) | self._marked(*self.pairs.of(Slot.COMMUNITY))
        who = np.flatnonzero(going)
        number = np.choose(ring[who], [self.hood[who], county[who], 0]).astype(np.int64)
        pool = (NEIGHBOURHOOD + ring[who]) * KIND_STEP + number * POOL_STEP
        return self._seated(going, who, pool, np.full(len(who), 1 + self.ground.meets[0, Slot.COMMUNITY, 0]), Slot.COMMUNITY)

    def _home_share(self, part: int) -> NDArray[Any]:
        """[persons] share of contacts that measures leave in the community (part 1) or on the way (part 2)."""
        if self.rules.plain:
            return np.ones(len(self.persons))
        return self.rules.home[self.hood, self.ages, part, 0]

    def _seated(self, going: Flags, who: Ints, pool: Ints, size: NDArray[Any], slot: Slot) -> tuple[Flags, Ints]:
        """Circles of about ``size`` out of each pool, the number of its first place; infector and infected then move together."""
        circle = draw_circles(pool, size, uniforms(self.seed, Purpose.DIARY_CIRCLE, who, day=self.day, k=int(slot)))
        place = np.zeros(len(self.persons), np.int64)
        place[who] = pool + circle
        return going, _moved_together(place, *self.pairs.of(slot))

    def _marked(self, *persons: Ints) -> Flags:
        out = np.zeros(len(self.persons), bool)
        for part in persons:
            out[part] = True
        return out

    def _drawn(self, purpose: Purpose, k: int = 0) -> NDArray[np.float64]:
        return uniforms(self.seed, purpose, self.persons, day=self.day, k=k)


def draw_circles(pool: Ints, size: NDArray[Any], key: NDArray[np.float64]) -> Ints:
    """[persons] the number of each one's circle within the pool: equal parts of about ``size`` in the order of ``key``."""
    order = np.lexsort((key, pool))
    firsts = np.flatnonzero(np.diff(pool[order], prepend=-1))
    lengths = np.diff(firsts, append=len(order))
    rank = np.arange(len(order)) - np.repeat(firsts, lengths)
    length = np.repeat(lengths, lengths)
    parts = np.maximum(1, np.rint(length / np.maximum(size[order], 1.0))).astype(np.int64)
    out = np.empty(len(order), np.int64)
    out[order] = rank * parts // np.maximum(length, 1)
    return out


def _moved_together(place: Ints, infector: Ints, infected: Ints) -> Ints:
    """Everybody linked by an infection of the day is where the first infector of them is."""
    if not len(infector):
        return place
    persons, ends = np.unique(np.concatenate((infector, infected)), return_inverse=True)
    sources, targets = np.split(ends, 2)
    _, linked = connected_components(coo_array((np.ones(len(sources)), (sources, targets)), shape=(len(persons),) * 2), directed=False)
    leader = np.empty(linked.max() + 1, np.int64)
    leader[linked[sources][::-1]] = infector[::-1]
    place[persons] = place[leader[linked]]
    return place


def _pairs_of(outcome: Outcome, day: int) -> _Pairs:
    """The infections of a day that had an infector. Which slot a school or an institution was is read from what the two share."""
    chain, city = outcome.chain, outcome.city
    rows = np.arange(*np.searchsorted(chain.day, [day, day + 1]))
    rows = rows[chain.source[rows] >= 0]
    infector, infected = chain.person[chain.source[rows]].astype(np.int64), chain.person[rows].astype(np.int64)
    layer = chain.layer[rows]
    group = (city.group[infector] == city.group[infected]) & (city.group[infector] >= 0)
    house = city.household[infector] == city.household[infected]
    shared = np.where((layer == Layer.INSTITUTION) & house, Slot.HOME, np.where(group, Slot.GROUP, Slot.SITE))
    known = {Layer.HOUSEHOLD: Slot.HOME, Layer.TEAM: Slot.GROUP, Layer.WORKPLACE: Slot.SITE, Layer.COMMUNITY: Slot.COMMUNITY, Layer.TRANSPORT: Slot.ROUTE}
    slot = np.select([layer == key for key in known], [int(value) for value in known.values()], shared)
    return _Pairs(infector, infected, slot.astype(np.int64))


def _whereabouts(outcome: Outcome, day: int, spells: Stays) -> NDArray[np.uint8]:
    """[persons] ``OUT``, a kind of ``stays``, or ``GONE``."""
    chain = outcome.chain
    out = np.full(outcome.city.persons, OUT, np.uint8)
    (_, today), = spells.on_each(range(day, day + 1))
    out[today.person] = today.kind
    dead = (chain.severity == FATAL) & (chain.left >= 0) & (chain.left <= day)
    out[chain.person[dead]] = GONE
    return out
