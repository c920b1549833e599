"""Who lives with whom in one county: places of households filled from the pool of persons, nobody left over.

Every place draws the age that it wishes for, from the children up: a mother's is her children's and the age at childbirth, a
grandmother's is the mother's and another. Wishes and persons, both in order of age, are matched one to one. So the county's ages are met exactly and gaps between generations stay near
the drawn ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.census import Counts, Reals
from tongchou.engine.city.kinds import FEMALE, MALE
from tongchou.engine.city.plan import Types, role_totals
from tongchou.engine.city.roles import COLUMNS, SEXED, YEARS, curve, fit_roles, readiness
from tongchou.engine.city.sites import stable_order

EXCHANGES: Final = 40
"""Rounds in which persons of impossible age gaps are exchanged; each mends most of what is left."""

WISH_STEPS: Final = 4096
"""steps a year in which wished ages are told apart"""

Chance = np.random.Generator
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rooms:
    """Persons by household: [M] age and sex, [K + 1] where each household begins."""

    age: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    start: Index


def wanted_places(types: Types, counts: Counts, singles: int, women_share: Mapping[str, float]) -> Counts:
    """[16] persons wanted in each of ``COLUMNS``: one man and one woman in each couple, lone ones by ``women_share``."""
    totals = role_totals(types, counts)
    wanted = dict.fromkeys(COLUMNS, 0)
    wanted |= {"S": singles, "R": totals["R"], "C": totals["C"], "K": totals["K"]}
    wanted["Nm"] = wanted["Nf"] = totals["N"] // 2
    for role in SEXED:
        lone = int(counts @ (types.members(role) == 1))
        pairs = int(counts @ (types.members(role) == 2))
        women = round(lone * women_share[role])
        wanted[f"{role}f"], wanted[f"{role}m"] = pairs + women, pairs + lone - women
    return np.array([wanted[column] for column in COLUMNS], np.int64)


def fill_homes(pool: Counts, types: Types, counts: Counts, singles: int, figures: Mapping[str, Any], chance: Chance) -> tuple[Rooms, int]:
    """Households of one county and how many persons stand in a place that their age or sex did not fit.

    pool [2, 101] persons by sex and age, all of whom are housed; counts [T] households by type, ``singles`` more of one.
    """
    wanted = wanted_places(types, counts, singles, figures["household"]["women_share"])
    table = fit_roles(pool, wanted, readiness(figures, pool))
    misfits = int(np.abs(table.sum(axis=0) - wanted).sum() // 2)
    stock = _Stock(table, wanted)
    kind = np.repeat(np.arange(len(counts)), counts)
    builder = _Builder(types, kind, stock, figures["household"], chance)
    return builder.rooms(singles), misfits


class _Stock:
    """Persons waiting in each place, youngest first, as codes ``sex * 128 + age``."""

    def __init__(self, table: Counts, wanted: Counts) -> None:
        code = np.concatenate([MALE * 128 + np.arange(YEARS), FEMALE * 128 + np.arange(YEARS)])
        by_age = np.argsort(code % 128, kind="stable")
        self.waiting = {name: np.repeat(code[by_age], table[by_age, number]) for number, name in enumerate(COLUMNS)}
        # Where a place has more or fewer persons than it wants, the surplus fills the gap whatever its age.
        over = [self.waiting[name][count:] for name, count in zip(COLUMNS, wanted.tolist(), strict=True)]
        loose = np.concatenate(over) if over else np.empty(0, np.int64)
        for name, count in zip(COLUMNS, wanted.tolist(), strict=True):
            have = self.waiting[name][:count]
            lacking = count - len(have)
            filled = np.concatenate([have, loose[:lacking]])
            loose = loose[lacking:]
            self.waiting[name] = filled[np.argsort((filled % 128).astype(np.uint8), kind="stable")]

    def match(self, name: str, wish: Reals) -> Index:
        """The persons of a place, one for each wished age, youngest to the youngest wish."""
        return _in_order(self.waiting[name], wish)


def _run(homes: Index) -> Index:
    """0, 1, 2... inside each run of equal entries."""
    every = np.arange(len(homes))
    first = np.concatenate((np.ones(min(len(homes), 1), bool), np.diff(homes) != 0))
    return every - np.maximum.accumulate(np.where(first, every, 0))


def _in_order(codes: Index, wish: Reals) -> Index:
    given = np.empty(len(codes), np.int64)
    given[stable_order(np.floor((wish - wish.min(initial=0.0)) * WISH_STEPS).astype(np.int64))] = codes
    return given


class _Builder:
    def __init__(self, types: Types, kind: Index, stock: _Stock, figures: Mapping[str, Any], chance: Chance) -> None:
        self.types, self.kind, self.stock, self.figures, self.chance = types, kind, stock, figures, chance
        self.size = types.size[kind]
        self.start = np.concatenate(([0], np.cumsum(self.size)))
        self.code = np.zeros(int(self.start[-1]), np.int64)
        self.filled = np.zeros(len(kind), np.int64)

    def rooms(self, singles: int) -> Rooms:
        self._couples()
        self._sharers()
        homes, wish = self._wished_children()
        parent = self._parents(homes, wish)
        self._grandparents(parent)
        self._children(parent, homes, wish)
        self._elders()
        self._kin()
        alone = self.stock.waiting["S"]
        code = np.concatenate([self.code, alone])
        start = np.concatenate([self.start, self.start[-1] + 1 + np.arange(singles)])
        return Rooms((code % 128).astype(np.uint8), (code // 128).astype(np.uint8), start)

    def _has(self, role: str, least: int = 1) -> Index:
        return np.flatnonzero(self.types.members(role)[self.kind] >= least)

    def _put(self, home: Index, code: Index) -> None:
        """One more member in each of these households."""
        self.code[self.start[home] + self.filled[home]] = code
        self.filled[home] += 1

    def _gap(self, name: str, count: int) -> Reals:
        mean, deviation = self.figures[name]
        return mean + deviation * self.chance.standard_normal(count)

    def _pair(self, role: str, homes: Index, wish: Reals, below: Reals | None = None) -> Reals:
        """Men and women of a role: both in households that have two of it, one by lot in the others.

        wish: ages of the women; below: ages of their children or those children's wives, from whom they stay as far as
        ``generation_years`` says. Returns the women's ages, and of a lone man that of the wife whom he would have.
        """
        men, women = len(self.stock.waiting[f"{role}m"]), len(self.stock.waiting[f"{role}f"])
        two = self.types.members(role)[self.kind[homes]] == 2
        lone = np.flatnonzero(~two)
        lone = lone[np.argsort(self.chance.random(len(lone)), kind="stable")]
        man = two.copy()
        man[lone[: men - int(two.sum())]] = True
        woman = two.copy()
        woman[lone[men - int(two.sum()) :]] = True
        anchor = wish.copy()
        mothers = self.stock.match(f"{role}f", wish[woman])
        if below is not None:
            self._keep_apart(mothers, below[woman], 1)
        anchor[woman] = mothers % 128
        assert len(mothers) == women  # the stock was cut to what is wanted
        self._put(homes[woman], mothers)
        fathers = self.stock.match(f"{role}m", anchor[man] + self._gap("husband_gap_years", int(man.sum())))
        if below is not None:
            self._keep_apart(fathers, below[man], 1)
        anchor[man & ~woman] = (fathers % 128)[~two[man]] - self.figures["husband_gap_years"][0]
        self._put(homes[man], fathers)
        return anchor

    def _keep_apart(self, codes: Index, others: Reals, sign: int) -> None:
        """Exchange persons between households until they are apart from ``others`` as ``generation_years`` says.

        sign: 1 where ``codes`` (changed) are the elder ones, -1 where they are the younger. A person outside the bounds is
        offered an exchange with another by lot, made where both then lie within; some may stay outside.
        """
        least, most = self.figures["generation_years"]

        def fits(moved: Index, at: Index) -> Any:
            gap = sign * (moved % 128 - others[at])
            return (gap >= least) & (gap <= most)

        every = np.arange(len(codes))
        waiting = np.flatnonzero(~fits(codes, every))
        for _round in range(EXCHANGES):
            outside = waiting = waiting[~fits(codes[waiting], waiting)]
            if not len(outside):
                return
            other = self.chance.choice(every, len(outside))
            once = np.unique(other, return_index=True)[1]
            outside, other = outside[once], other[once]
            free = ~np.isin(other, outside)
            outside, other = outside[free], other[free]
            good = fits(codes[other], outside) & fits(codes[outside], other)
            one, two = outside[good], other[good]
            codes[one], codes[two] = codes[two], codes[one]

    def _couples(self) -> None:
        homes = self._has("N")
        women = self.stock.waiting["Nf"]
        self._pair_plain(homes, women[np.argsort(self.chance.random(len(women)), kind="stable")])

    def _pair_plain(self, homes: Index, women: Index) -> None:
        self._put(homes, women)
        self._put(homes, self.stock.match("Nm", women % 128 + self._gap("husband_gap_years", len(women))))

    def _sharers(self) -> None:
        members = self.types.members("R")
        seats = np.repeat(np.arange(len(self.kind)), members[self.kind])
        ages = self.stock.waiting["R"] % 128
        homes = self._has("R")
        latent = np.zeros(len(self.kind))
        if len(homes):
            latent[homes] = self.chance.choice(ages, len(homes))
        wish = latent[seats] + self.figures["sharer_gap_years"] * self.chance.standard_normal(len(seats))
        self.code[self._seats(seats)] = self.stock.match("R", wish)

    def _seats(self, homes: Index) -> Index:
        """The next free seat for each entry of ``homes``, equal entries standing side by side."""
        seats = self.start[homes] + self.filled[homes] + _run(homes)
        np.add.at(self.filled, homes, 1)
        return seats

    def _wished_children(self) -> tuple[Index, Reals]:
        """(household of each child, the age wished for it): one by lot out of all children, the others at birth intervals from it.

        Where the next one would be unborn it is the elder, where it would have left home it is the younger.
        """
        homes = np.repeat(np.arange(len(self.kind)), self.types.children[self.kind])
        run = _run(homes)
        wish = np.zeros(len(homes))
        wish[run == 0] = self._first_children(homes[run == 0])
        mean, shape = self.figures["child_spacing_years"]
        least, most = wish.copy(), wish.copy()
        for number in range(1, int(run.max(initial=0)) + 1):
            at = np.flatnonzero(run == number)
            spacing = self.chance.gamma(shape, mean / shape, len(at))
            younger, elder = least[at - 1] - spacing, most[at - 1] + spacing
            lot = self.chance.random(len(at)) < 0.5
            wish[at] = np.where((younger >= 0) & (lot | (elder > self.figures["brothers_leave_at"])), younger, elder)
            least[at], most[at] = np.minimum(least[at - 1], wish[at]), np.maximum(most[at - 1], wish[at])
        return homes, wish

    def _first_children(self, homes: Index) -> Reals:
        """Wished age of one child of each home: the younger a child the oftener its grandparents live with it."""
        ages = np.bincount(self.stock.waiting["C"] % 128, minlength=YEARS).astype(np.float64)
        old = (self.types.members("G") > 0)[self.kind[homes]]
        kept = ages * curve(self.figures["with_grandparents"])
        kept = np.minimum(kept * (ages.sum() * old.sum() / max(kept.sum() * len(homes), 1e-9)), ages)
        wish = np.zeros(len(homes))
        for side, weight in ((old, kept), (~old, ages - kept)):
            weight = weight + 1e-9 * ages + 1e-12
            wish[side] = self.chance.choice(YEARS, int(side.sum()), p=weight / weight.sum())
        return wish + self.chance.random(len(homes))

    def _parents(self, homes: Index, wish: Reals) -> Reals:
        """Ages of the mothers by household; those of absent mothers are drawn too, for grandchildren without parents.

        homes, wish: of each child.
        """
        count = np.maximum(self.types.children[self.kind], 1)
        mother = np.bincount(homes, wish, minlength=len(self.kind)) / count + self._gap("mother_gap_years", len(self.kind))
        homes = self._has("P")
        mother[homes] = self._pair("P", homes, mother[homes])
        return mother

    def _drawn(self, ages: Index, count: int) -> Reals:
        if not len(ages):
            return np.full(count, 35.0)
        return self.chance.choice(ages, count) + self.chance.random(count)

    def _grandparents(self, parent: Reals) -> None:
        homes = self._has("G")
        gap = self._gap("grandmother_gap_years", len(homes))
        older = self._pair("G", homes, parent[homes] + gap, below=parent[homes])
        great = self._has("X")
        age = np.zeros(len(self.kind))
        age[homes] = older
        self._pair("X", great, age[great] + self._gap("elder_gap_years", len(great)), below=age[great])

    def _children(self, parent: Reals, homes: Index, wish: Reals) -> None:
        """``homes``, ``wish``: of each child."""
        children = self.stock.match("C", wish)
        self._keep_apart(children, parent[homes], -1)
        self.code[self._seats(homes)] = children

    def _elders(self) -> None:
        homes = self._has("A")
        child = self._pair("A", homes, self._drawn(self.stock.waiting["Af"] % 128, len(homes)))
        age = np.zeros(len(self.kind))
        age[homes] = child
        elders = self._has("E")
        self._pair("E", elders, age[elders] + self._gap("elder_gap_years", len(elders)), below=age[elders])

    def _kin(self) -> None:
        """Other relatives, whose age says nothing about that of the household."""
        homes = np.repeat(np.arange(len(self.kind)), self.types.members("K")[self.kind])
        self.code[self._seats(homes)] = self.stock.match("K", self.chance.random(len(homes)))
