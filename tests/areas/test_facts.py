"""Our extracts say what their sources say, and the scripts that made them make them again."""

import csv
from datetime import date

import pytest
from demo.extract.__main__ import EXTRACTS
from demo.extract.sources import FACTS, NoSource, data_folder

from tongchou import areas
from tongchou.areas.actions.division import import_divisions

from tests.areas.small_city import CLERK


def rows(name):
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", EXTRACTS)
def test_the_script_makes_the_file_again(name):
    try:
        data = data_folder()
    except NoSource as reason:
        pytest.skip(f"the public data sets are not beside the repository: {reason}")
    assert EXTRACTS[name](data) == (FACTS / name).read_text(encoding="utf-8")


def test_every_fact_file_has_its_source_and_licence_in_the_readme():
    told = (FACTS / "README.md").read_text(encoding="utf-8")
    for file in FACTS.glob("*.csv"):
        [line] = [line for line in told.splitlines() if line.startswith(f"| `{file.name}`")]
        assert len([cell for cell in line.split("|") if cell.strip()]) == 6


@pytest.mark.django_db
def test_panzhihua_comes_in_whole():
    file = (FACTS / "divisions.csv").read_bytes()
    result = import_divisions(file=file, valid_from_on=date(2020, 1, 1), source="demo", by=CLERK)
    assert (result.rows, result.created, result.rejected, result.reasons) == (392, 392, 0, ())
    tree = areas.tree()
    on = date(2020, 2, 14)
    assert [(row.path, row.name) for row in tree.children("5104", on)] == [
        ("510402", "东区"), ("510403", "西区"), ("510411", "仁和区"), ("510421", "米易县"), ("510422", "盐边县"),
    ]  # fmt: skip
    assert len(tree.below("5104", on, "township")) == 49
    assert len(tree.below("5104", on, "village")) == 336
    assert areas.full_name("510402001002", on) == "四川省攀枝花市东区大渡口街道大渡口街社区居民委员会"
    assert areas.get("510402").seat_datum == "GCJ-02"


def test_the_counties_of_the_census_add_up_to_the_city():
    city, *counties = rows("census_county.csv")
    assert city["population"] == "1212203" and len(counties) == 5
    for column in city:
        if column not in ("code", "name", "mean_household_size"):
            assert sum(int(row[column] or 0) for row in counties) == int(city[column] or 0), column
    for row in [city, *counties]:
        ages = sum(int(row[column]) for column in row if column.startswith(("men_", "women_")))
        assert ages == int(row["population"]) == int(row["men"]) + int(row["women"])
        assert int(row["population"]) == int(row["urban"]) + int(row["rural"])


def test_the_daily_figures_are_the_official_ones():
    days = {row["date_on"]: row for row in rows("daily_official.csv")}
    assert [days[f"2020-02-{day}"]["confirmed_cum"] for day in (14, 16, 17)] == ["13", "13", "16"]
    assert days["2020-02-22"]["cured_cum"] == "16"
    new = {day: int(row["confirmed_new"]) for day, row in days.items() if row["confirmed_new"] != "0"}
    assert new == {
        "2020-01-30": 1, "2020-01-31": 6, "2020-02-01": 2, "2020-02-02": 1, "2020-02-04": 1, "2020-02-07": 1,
        "2020-02-08": 1, "2020-02-17": 3,
    }  # fmt: skip
    cured = [int(row["cured_cum"]) for row in days.values()]
    assert cured == sorted(cured)
    assert all(int(row["cured_cum"]) <= int(row["confirmed_cum"]) for row in days.values())
