"""Which ages and sexes take which place in a household: a table fitted to both margins, in whole persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tongchou.engine.city.census import AGE_BANDS, Counts, CountyCensus, Reals, share_out
from tongchou.engine.city.model import OLDEST

AGES: Final = np.arange(OLDEST + 1)
YEARS: Final = OLDEST + 1
GROWN: Final = 18
"""Below this age a person is somebody's child or grandchild in the household tables."""
OPEN_BAND_RATIO: Final = 0.82
"""Persons of one age for each person a year younger, above 85: about the survival of the census's life table."""

COLUMNS: Final = ("S", "R", "C", "Nm", "Nf", "Pm", "Pf", "Gm", "Gf", "Em", "Ef", "Am", "Af", "Xm", "Xf", "K")
"""Places by role; roles of couples by sex. Rows of the tables are men by age, then women by age."""
SEXED: Final = ("P", "G", "E", "A", "X")
LINKED: Final = ("P", "G", "A", "E", "X")
"""Places whose ages follow from those of another generation."""
MOST_LINKED: Final = 0.92
"""Share of an age and sex that ``LINKED`` places may take together: nobody's generation lives wholly with its children."""
MOST_YOUNGER: Final = 25
"""Years by which a husband may be the younger."""
SWEEPS: Final = 300


def curve(points: Sequence[Sequence[float]]) -> Reals:
    """[101] a curve of ``figures.toml`` at every age."""
    ages, values = np.array(points, np.float64).T
    return np.interp(AGES, ages, values, left=0.0, right=0.0)


def people_by_year(county: CountyCensus, persons: int) -> Counts:
    """[2, 101] men and women by single year of age, ``persons`` in all; age groups keep their shares of the census.

    Within an age group the years follow the monotone cubic through the cumulated counts (Fritsch and Butland 1984).
    """
    groups = share_out(persons, np.concatenate([county.men, county.women])).reshape(2, -1)
    table = np.zeros((2, YEARS), np.int64)
    for sex, counted in enumerate((county.men, county.women)):
        edges = np.array([0.0] + [high + 1.0 for _low, high in AGE_BANDS[:-1]])
        smooth = np.diff(monotone_cubic(edges, np.concatenate([[0.0], np.cumsum(counted[:-1])]), np.arange(86.0)))
        years = np.concatenate([np.maximum(smooth, 1e-9), OPEN_BAND_RATIO ** np.arange(YEARS - 85)])
        for band, (low, high) in enumerate(AGE_BANDS):
            table[sex, low : high + 1] = share_out(int(groups[sex, band]), years[low : high + 1])
    return table


def monotone_cubic(x: Reals, y: Reals, at: Reals) -> Reals:
    """The cubic through (x, y) that rises wherever y does (Fritsch and Butland 1984); ``at`` lies within x."""
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    one, two = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    level = slope[:-1] * slope[1:] > 0
    harmonic = (one + two) / (one / np.where(level, slope[:-1], 1.0) + two / np.where(level, slope[1:], 1.0))
    tangent = np.concatenate([[slope[0]], np.where(level, harmonic, 0.0), [slope[-1]]])
    part = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(step) - 1)
    t = (at - x[part]) / step[part]
    return (
        (1 + 2 * t) * (1 - t) ** 2 * y[part] + t * (1 - t) ** 2 * step[part] * tangent[part]
        + t * t * (3 - 2 * t) * y[part + 1] + t * t * (t - 1) * step[part] * tangent[part + 1]
    )  # fmt: skip


def take(pool: Counts, wanted: int, readiness: Reals) -> Counts:
    """[2, 101] ``wanted`` persons of ``pool`` (changed), in proportion to ``readiness`` where the pool allows it."""
    taken = np.zeros_like(pool)
    for _round in range(60):
        left = wanted - int(taken.sum())
        weight = np.where(pool > taken, pool * readiness, 0.0)
        if left <= 0 or weight.sum() <= 0:
            break
        taken += np.minimum(share_out(left, weight.ravel()).reshape(pool.shape), pool - taken)
    pool -= taken
    return taken


def readiness(figures: Mapping[str, Any], pool: Counts) -> Reals:
    """[202, 16] how readily each age and sex takes each place.

    Only the children's ages and those of unmarried adults have curves of their own; ages of the ``LINKED`` follow from them
    over the years between generations, grandparents and elders as many as are still alive.
    """
    household, by_age = figures["household"], figures["household"]["role_by_age"]
    both = pool.sum(axis=0).astype(np.float64)
    small = np.maximum(both, 1.0)
    child, alive = curve(household["child_at_home"]), curve(household["alive"])
    adult = curve(by_age["adult_child"])
    mothers = _older(both * child * curve(household["with_grandparents"]), household["mother_gap_years"])
    grandmothers = alive * _older(mothers, household["grandmother_gap_years"])
    elder = household["elder_gap_years"]
    shapes = {
        "N": curve(by_age["couple"]),
        "P": _older(both * child, household["mother_gap_years"]) / small,
        "G": grandmothers / small,
        "A": adult * _older(alive[::-1], elder)[::-1],
        "E": alive * _older(both * adult, elder) / small,
        "X": alive * _older(grandmothers, elder) / small,
    }
    table = np.zeros((2, YEARS, len(COLUMNS)))

    def put(name: str, men: Reals, women: Reals) -> None:
        table[0, :, COLUMNS.index(name)] = men
        table[1, :, COLUMNS.index(name)] = women

    nobody = np.zeros(YEARS)
    for name, shape in (("S", curve(by_age["single"])), ("R", curve(by_age["sharer"])), ("K", curve(by_age["kin"])), ("C", child)):
        put(name, shape, shape)
    grown = GROWN + 2 <= AGES
    for role, shape in shapes.items():
        husbands = _older(shape * small, household["husband_gap_years"], back=MOST_YOUNGER) / small
        put(f"{role}m", np.where(grown, husbands, 0.0), nobody)
        put(f"{role}f", nobody, np.where(grown, shape, 0.0))
    return table.reshape(2 * YEARS, -1)


def _older(children: Reals, gap: Sequence[float], back: int = 0) -> Reals:
    """Parents by age of children by age, whose gap is normal; ``back`` years the younger at most."""
    step = np.arange(-back, YEARS)
    density = np.exp(-0.5 * ((step - gap[0]) / gap[1]) ** 2)
    return np.convolve(children, density / density.sum())[back : back + YEARS]


def fit_roles(pool: Counts, wanted: Counts, ready: Reals) -> Counts:
    """[202, 16] persons of each age and sex in each place: rows are ``pool``, columns ``wanted``, as near to ``ready`` as can be.

    The ``LINKED`` are placed first, so that the years between generations stay as they are wished; the other places share
    those who are left, by iterative proportional fitting (Deming and Stephan 1940), which at last goes over the whole table.
    Then whole numbers by rows, and single moves until the columns fit. ``pool`` and ``wanted`` must have the same sum.
    """
    rows = pool.reshape(-1).astype(np.float64)
    table = ready * rows[:, None]
    young = np.tile(AGES < GROWN, 2)
    fallback = np.zeros(len(COLUMNS))
    fallback[[COLUMNS.index("S"), COLUMNS.index("C")]] = 1e-6
    table[~young] += fallback * rows[~young, None]
    linked = np.array([column[0] in LINKED for column in COLUMNS])
    table[:, linked] = _place_linked(table[:, linked], rows, wanted[linked])
    free = np.maximum(rows - table[:, linked].sum(axis=1), 0.0)
    table[:, ~linked] = _proportional(table[:, ~linked] * (free / np.maximum(rows, 1.0))[:, None], free, wanted[~linked])
    table = _proportional(table, rows, wanted)
    whole = np.array([share_out(int(count), weights) for count, weights in zip(rows, table, strict=True)])
    unplaced = pool.reshape(-1) - whole.sum(axis=1)
    whole[:, COLUMNS.index("C")] += unplaced
    _repair(whole, wanted, ready)
    return whole


def _place_linked(table: Reals, rows: Reals, wanted: Counts) -> Reals:
    """Columns with their shapes and the sums ``wanted``, cut where they would take more than ``MOST_LINKED`` of a row."""
    for _sweep in range(SWEEPS):
        sums = table.sum(axis=0)
        table = table * np.divide(wanted, sums, out=np.zeros(len(sums)), where=sums > 0)
        across = table.sum(axis=1)
        over = across > MOST_LINKED * rows
        if not over.any():
            break
        table[over] *= (MOST_LINKED * rows[over] / across[over])[:, None]
    return table


def _proportional(table: Reals, rows: Reals, wanted: Counts) -> Reals:
    """The table with the sums ``rows`` and ``wanted``."""
    for _sweep in range(SWEEPS):
        sums = table.sum(axis=0)
        table = table * np.divide(wanted, sums, out=np.zeros(len(sums)), where=sums > 0)
        across = table.sum(axis=1)
        table *= np.divide(rows, across, out=np.zeros(len(rows)), where=across > 0)[:, None]
        if np.abs(table.sum(axis=0) - wanted).max() < 0.25:
            break
    return table


def _repair(whole: Counts, wanted: Counts, ready: Reals) -> None:
    """Move persons between places until every column has what it wants; the readiest first, any grown-up at last."""
    grown = np.tile(AGES >= GROWN, 2)
    men = np.repeat([True, False], YEARS)
    for _step in range(4000):
        surplus = whole.sum(axis=0) - wanted
        if not surplus.any():
            return
        to = int(np.argmin(surplus))
        moved = False
        for source in np.argsort(-surplus):
            many = int(min(surplus[source], -surplus[to]))
            if many <= 0:
                break
            fits = _fits(COLUMNS[to], men, grown)
            score = np.where((whole[:, source] > 0) & fits, ready[:, to] + 1e-9, 0.0)
            # a few at a time, spread over the ages that are readiest
            chosen = np.argsort(-score * np.sqrt(whole[:, source]), kind="stable")[:12]
            for row in chosen[score[chosen] > 0]:
                now = min(max(1, many // 12), int(whole[row, source]), many)
                whole[row, source] -= now
                whole[row, to] += now
                many -= now
                moved = True
                if not many:
                    break
            if moved:
                break
        if not moved and not _through_third(whole, surplus, to, ready, _fits(COLUMNS[to], men, grown)):
            return


def _through_third(whole: Counts, surplus: Counts, to: int, ready: Reals, fits: Any) -> bool:
    """One step of a chain: fill ``to`` from a column that has enough, which a column with a surplus can then fill."""
    grown = np.tile(AGES >= GROWN, 2)
    men = np.repeat([True, False], YEARS)
    source = int(np.argmax(surplus))
    for middle in range(len(COLUMNS)):
        if middle in (source, to):
            continue
        give = np.flatnonzero((whole[:, middle] > 0) & fits)
        fill = np.flatnonzero((whole[:, source] > 0) & _fits(COLUMNS[middle], men, grown))
        if len(give) and len(fill):
            here = give[np.argmax(ready[give, to])]
            there = fill[np.argmax(ready[fill, middle])]
            whole[here, middle] -= 1
            whole[here, to] += 1
            whole[there, source] -= 1
            whole[there, middle] += 1
            return True
    return False


def _fits(column: str, men: Any, grown: Any) -> Any:
    """Rows that may stand in a place at all."""
    if column in ("C", "K"):
        return np.ones(len(men), bool)
    if column in ("S", "R"):
        return grown
    return grown & (men if column.endswith("m") else ~men)
