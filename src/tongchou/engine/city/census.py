"""What a census says of each county, and the figures that it leaves open: the two inputs of a synthetic city."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.kinds import SECTORS
from tongchou.engine.city.model import CityFault

AGE_BANDS: tuple[tuple[int, int], ...] = ((0, 0), (1, 4), *((low, low + 4) for low in range(5, 85, 5)), (85, 100))
"""First and last age of the 19 age groups of the county table."""

Counts = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CountyCensus:
    """One county's row. Counts are persons or households of the whole county, except ``employed``."""

    code: str
    name: str
    men: Counts
    """[19] by ``AGE_BANDS``"""
    women: Counts
    """[19]"""
    households: int
    """family households"""
    people_in_households: int
    households_of_one: int
    generations: Counts
    """[4] households of one, two, three, four and more generations"""
    employed: Counts
    """[19] persons of the long form (10 %) by ``SECTORS``, at their place of residence"""
    sampled_15_plus: int
    """persons of 15 and more in the long form: what ``employed`` is a share of"""
    lon: float = 0.0
    """county seat, degrees"""
    lat: float = 0.0

    @property
    def population(self) -> int:
        return int(self.men.sum() + self.women.sum())

    @property
    def mean_size(self) -> float:
        return self.people_in_households / self.households

    @property
    def employment(self) -> float:
        """Employed persons per person of 15 and more."""
        return float(self.employed.sum() / self.sampled_15_plus)


@dataclass(frozen=True, eq=False)
class Census:
    """Counties of one city, in the order of their codes, and the ``figures`` that go with them (``figures.toml``)."""

    name: str
    counties: tuple[CountyCensus, ...]
    figures: dict[str, Any]
    source: str = ""

    @property
    def population(self) -> int:
        return sum(county.population for county in self.counties)

    def completed(self) -> tuple[Census, list[str]]:
        """A census in which every county has employment, and the names of those that had none in the table.

        They get the figures of all others together. Raises CityFault where no county has any.
        """
        lacking = [county.name for county in self.counties if not county.sampled_15_plus]
        sampled = sum(county.sampled_15_plus for county in self.counties)
        if not sampled:
            raise CityFault(f"普查表 {self.name} 没有就业数字", f"the census table {self.name} has no figures of employment")
        employed = np.sum([county.employed for county in self.counties], axis=0)
        filled = tuple(
            county if county.sampled_15_plus else replace(county, employed=employed, sampled_15_plus=sampled) for county in self.counties
        )  # fmt: skip
        return replace(self, counties=filled), lacking

    def stated(self) -> list[dict[str, Any]]:
        """The counties as plain values, such as JSON holds."""
        return [{name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(county).items()} for county in self.counties]

    def check(self) -> Census:
        """The same census. Raises CityFault naming the county whose figures cannot stand together."""
        if not self.counties:
            raise CityFault(f"普查表 {self.name} 中没有区县", f"the census table {self.name} has no county")
        for county in self.counties:
            _check_county(county)
        return self


def from_stated(rows: list[dict[str, Any]]) -> tuple[CountyCensus, ...]:
    """Counties out of ``Census.stated``."""

    def value(given: Any) -> Any:
        return np.array(given, np.int64) if isinstance(given, list) else given

    return tuple(CountyCensus(**{name: value(given) for name, given in row.items()}) for row in rows)


def _check_county(county: CountyCensus) -> None:
    def must(held: bool, zh: str, en: str) -> None:
        if not held:
            where = f"{county.name}（{county.code}）"
            raise CityFault(f"{where} 的普查数字有误：{zh}", f"census figures of {county.name} ({county.code}): {en}")

    for name, length in (("men", len(AGE_BANDS)), ("women", len(AGE_BANDS)), ("generations", 4), ("employed", len(SECTORS))):
        column = getattr(county, name)
        must(len(column) == length, f"{name} 应有 {length} 项", f"{name} must have {length} entries")
        must(bool((column >= 0).all()), f"{name} 有负数", f"{name} has a negative figure")
    must(county.population > 0, "没有人口", "no population")
    must(0 < county.people_in_households <= county.population, "家庭户人口应大于零且不超过总人口", "people in households must be above zero and at most the population")
    must(county.households > 0, "没有家庭户", "no households")
    must(county.mean_size >= 1, "户规模小于 1", "fewer people in households than households")
    must(0 <= county.households_of_one <= county.generations[0], "一人户应不超过一代户", "more households of one than of one generation")
    gap = abs(int(county.generations.sum()) - county.households)
    must(gap <= 0.01 * county.households, "各代户数之和与家庭户数不符", "households by generation do not add up to households")
    must(county.sampled_15_plus >= int(county.employed.sum()), "就业人数多于 15 岁以上人口", "more employed than people of 15 and more")


def share_out(total: int, weights: NDArray[Any]) -> Counts:
    """``total`` in whole parts proportional to ``weights``: largest remainders, ties to the first. Zero weights get nothing."""
    weights = np.asarray(weights, np.float64)
    whole = weights.sum()
    if total <= 0 or whole <= 0:
        return np.zeros(len(weights), np.int64)
    exact = weights * (total / whole)
    parts = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(parts.sum())
    order = np.lexsort((np.arange(len(weights)), parts - exact))
    parts[order[:left]] += 1
    return parts
