"""``facts/census_county.csv``: the census of 2020-11-01 for Panzhihua and its five counties."""

from __future__ import annotations

from pathlib import Path

from demo.extract.sources import CITY, as_csv, rows_of

PLAIN = {
    "人口数_合计": "population",
    "人口数_男": "men",
    "人口数_女": "women",
    "城镇人口": "urban",
    "乡村人口": "rural",
    "家庭户数": "households",
    "家庭户人口数": "people_in_households",
    "户规模": "mean_household_size",
    "一人户数": "households_of_one",
    "一代户数": "households_one_generation",
    "二代户数": "households_two_generations",
    "三代户数": "households_three_generations",
    "四代以上户数": "households_four_generations_or_more",
    "有65岁及以上老年人口的户数": "households_with_aged_65_or_more",
}
AGES = (
    "0岁", "1到4岁", "5到9岁", "10到14岁", "15到19岁", "20到24岁", "25到29岁", "30到34岁", "35到39岁", "40到44岁",
    "45到49岁", "50到54岁", "55到59岁", "60到64岁", "65到69岁", "70到74岁", "75到79岁", "80到84岁", "85岁以上",
)  # fmt: skip
# The 10 % long form: persons counted in the sample, not scaled up.
INDUSTRIES = {
    "各种行业人口总计": "all",
    "农林牧渔业": "farming",
    "采矿业": "mining",
    "制造业": "manufacturing",
    "电力热力燃气及水生产和供应业": "utilities",
    "建筑业": "construction",
    "批发和零售业": "trade",
    "交通运输仓储和邮政业": "transport",
    "住宿和餐饮业": "lodging_catering",
    "信息传输软件和信息技术服务业": "information",
    "金融业": "finance",
    "房地产业": "real_estate",
    "租赁和商务服务业": "business_services",
    "科学研究和技术服务业": "research",
    "水利环境和公共设施管理业": "public_facilities",
    "居民服务修理和其服务业": "resident_services",
    "教育": "education",
    "卫生和社会工作": "health",
    "文化体育和娱乐业": "culture",
    "公共管理社会保障和社会组织": "public_administration",
}


def columns() -> dict[str, str]:
    """Source heading -> our column, in order. Ages are years: ``men_5_9`` counts men aged 5 to 9."""
    ages = {
        f"{sex}_{band}": f"{ours}_{band.replace('岁以上', '_or_more').replace('岁', '').replace('到', '_')}"
        for band in AGES
        for sex, ours in (("男", "men"), ("女", "women"))
    }
    return PLAIN | ages | {source: f"employed_sample_{ours}" for source, ours in INDUSTRIES.items()}


def build(data: Path) -> str:
    """The file's text, cut out of ``census``; the first row is the whole city."""
    source = [row for row in rows_of(data / "census" / "county_2020_four_cities.csv") if row["区划代码"].startswith(CITY)]
    names = columns()
    rows = [
        {"code": row["区划代码"].ljust(12, "0"), "name": row["区县"]}
        | {ours: _number(row[heading]) for heading, ours in names.items()}
        for row in sorted(source, key=lambda row: row["区划代码"])
    ]
    return as_csv(["code", "name", *names.values()], rows)


def _number(text: str) -> str:
    """The source writes some whole numbers as 4800.0, and leaves a cell empty where a table has no such class."""
    return text.removesuffix(".0")
