"""What the synthesis asks of a census: one county's counts as arrays.

Source of the figures: 7th census, 2020-11-01 (``demo/facts``, see its README for licence
and commit). The census is nine months younger than the epidemic; the demo says so.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

AGES = 101
_BANDS = ((0, 0, "0"), (1, 4, "1_4"), *((low, low + 4, f"{low}_{low + 4}") for low in range(5, 85, 5)))
# The open band 85+ is spread over single years by a fixed yearly survival of 0.80, an assumption of ours.
_SURVIVAL_85 = 0.80
# employed_sample_* counts the long form, which about one household in ten filled in; in this city it reached 11 to 12 % of
# those of 15 and over (the census table's own count of them in the long form against its count of all).
_LONG_FORM_SHARE = 0.118
INDUSTRIES = {
    "farming": "农林牧渔业",
    "mining": "采矿业",
    "manufacturing": "制造业",
    "utilities": "电力热力燃气及水生产和供应业",
    "construction": "建筑业",
    "trade": "批发和零售业",
    "transport": "交通运输仓储和邮政业",
    "lodging_catering": "住宿和餐饮业",
    "information": "信息传输软件和信息技术服务业",
    "finance": "金融业",
    "real_estate": "房地产业",
    "business_services": "租赁和商务服务业",
    "research": "科学研究和技术服务业",
    "public_facilities": "水利环境和公共设施管理业",
    "resident_services": "居民服务修理和其他服务业",
    "education": "教育",
    "health": "卫生和社会工作",
    "culture": "文化体育和娱乐业",
    "public_administration": "公共管理社会保障和社会组织",
}


@dataclass(frozen=True)
class CountyCensus:
    """Counts of one county. ``age_sex`` is (2, 101): men and women by single year of age, 100 is 100 and over."""

    code: str
    persons: int
    urban: int
    rural: int
    family_households: int
    family_persons: int
    one_person_households: int
    generations: tuple[int, int, int]
    age_sex: np.ndarray
    employed_share: float
    industries: np.ndarray

    @property
    def mean_size(self) -> float:
        return self.family_persons / self.family_households


def spread(total: int, weights: np.ndarray) -> np.ndarray:
    """Whole numbers that sum to ``total`` in proportion to ``weights`` (largest remainder)."""
    weights = np.asarray(weights, dtype=float)
    if total == 0 or weights.sum() == 0:
        return np.zeros(len(weights), dtype=np.int64)
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def _ages(row: dict[str, str], sex: str) -> np.ndarray:
    ages = np.zeros(AGES, dtype=np.int64)
    for low, high, label in _BANDS:
        ages[low : high + 1] = spread(int(row[f"{sex}_{label}"]), np.ones(high - low + 1))
    ages[85:] = spread(int(row[f"{sex}_85_or_more"]), _SURVIVAL_85 ** np.arange(AGES - 85))
    return ages


def _county(row: dict[str, str]) -> CountyCensus:
    age_sex = np.stack([_ages(row, "men"), _ages(row, "women")])
    industries = np.array([int(row[f"employed_sample_{name}"]) for name in INDUSTRIES], dtype=np.int64)
    sampled = industries.sum() / _LONG_FORM_SHARE
    return CountyCensus(
        code=row["code"][:6],
        persons=int(row["population"]),
        urban=int(row["urban"]),
        rural=int(row["rural"]),
        family_households=int(row["households"]),
        family_persons=int(row["people_in_households"]),
        one_person_households=int(row["households_of_one"]),
        generations=(
            int(row["households_one_generation"]),
            int(row["households_two_generations"]),
            int(row["households_three_generations"]) + int(row["households_four_generations_or_more"]),
        ),
        age_sex=age_sex,
        employed_share=float(sampled / age_sex[:, 15:].sum()),
        industries=industries,
    )


def read_counties(path: Path, city: str) -> list[CountyCensus]:
    """The counties of one city (4 digits) from the extract ``demo/facts/census_county.csv``."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"].startswith(city) and row["code"][4:6] != "00"]
    if not rows:
        raise ValueError(f"{path}：没有城市 {city} 的区县 / no county of city {city}")
    return [_county(row) for row in sorted(rows, key=lambda row: row["code"])]
