"""What the synthesis asks of a census: one county's counts as arrays.

Source of the figures: 7th census, 2020-11-01 (``demo/panzhihua/facts``, see its README for licence
and commit). The census is nine months younger than the epidemic; the demo says so.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

AGES = 101
_BANDS = ((0, 0, "0岁"), (1, 4, "1到4岁"), *((low, low + 4, f"{low}到{low + 4}岁") for low in range(5, 85, 5)))
# The open band 85+ is spread over single years by a fixed yearly survival of 0.80, an assumption of ours.
_SURVIVAL_85 = 0.80
INDUSTRIES = (
    "农林牧渔业", "采矿业", "制造业", "电力热力燃气及水生产和供应业", "建筑业", "批发和零售业", "交通运输仓储和邮政业",
    "住宿和餐饮业", "信息传输软件和信息技术服务业", "金融业", "房地产业", "租赁和商务服务业", "科学研究和技术服务业",
    "水利环境和公共设施管理业", "居民服务修理和其服务业", "教育", "卫生和社会工作", "文化体育和娱乐业",
    "公共管理社会保障和社会组织",
)  # fmt: skip


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
    registered_elsewhere_in_province: int
    registered_in_other_province: int

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
        ages[low : high + 1] = spread(_whole(row[f"{sex}_{label}"]), np.ones(high - low + 1))
    ages[85:] = spread(_whole(row[f"{sex}_85岁以上"]), _SURVIVAL_85 ** np.arange(AGES - 85))
    return ages


def _whole(text: str) -> int:
    return int(float(text or 0))


def _county(row: dict[str, str]) -> CountyCensus:
    adults = _whole(row["十五岁以上人口"])
    return CountyCensus(
        code=row["区划代码"],
        persons=_whole(row["人口数_合计"]),
        urban=_whole(row["城镇人口"]),
        rural=_whole(row["乡村人口"]),
        family_households=_whole(row["家庭户数"]),
        family_persons=_whole(row["家庭户人口数"]),
        one_person_households=_whole(row["一人户数"]),
        generations=(_whole(row["一代户数"]), _whole(row["二代户数"]), _whole(row["三代户数"]) + _whole(row["四代以上户数"])),
        age_sex=np.stack([_ages(row, "男"), _ages(row, "女")]),
        # Both come from the 10 % long form, so their ratio needs no scaling.
        employed_share=_whole(row["各种行业人口总计"]) / adults if adults else 0.0,
        industries=np.array([_whole(row[name]) for name in INDUSTRIES], dtype=np.int64),
        registered_elsewhere_in_province=_whole(row["户口登记地在外乡镇街道人口_本省其他县"]),
        registered_in_other_province=_whole(row["户口登记地在外乡镇街道人口_省外"]),
    )


def read_counties(path: Path, city: str) -> list[CountyCensus]:
    """The counties of one city (4 digits) from a census extract with the census's own column names."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["区划代码"].startswith(city) and row["区划代码"][4:6] != "00"]
    if not rows:
        raise ValueError(f"{path}: 没有城市 {city} 的区县 / no county of city {city}")
    return [_county(row) for row in sorted(rows, key=lambda row: row["区划代码"])]
