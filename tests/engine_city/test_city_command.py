"""``tongchou city synthesize`` and ``describe`` as they are typed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tongchou.cli.__main__ import main
from tongchou.store.census_tables import COLUMNS, FIGURES, SHIPPED, read_census
from tongchou.store.city_file import load_city


def chinese_table(folder: Path) -> Path:
    """The shipped counties as a full county table has them: Chinese headings, totals of cities and provinces among the rows."""
    headings = {english: chinese for chinese, english in COLUMNS.items()}
    head, *rows = [line.split(",") for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
    codes = [row for row in rows if row[head.index("code")].startswith("51")]
    total = list(codes[0])
    total[head.index("code")] = "510400"
    whole = list(codes[0])
    whole[head.index("code")] = "510000"
    lines = [",".join(headings.get(name, name) for name in head), *(",".join(row) for row in (whole, total, *codes))]
    path = folder / "counties.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_a_city_is_made_and_described(tmp_path, capsys):
    out = tmp_path / "pzh"
    assert main(["city", "synthesize", "--census", "panzhihua", "--people", "6000", "--seed", "5", "--out", str(out), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["people"] == 6000 == len(load_city(out)) and made["misplaced"] == 0
    assert main(["city", "describe", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(band["men"] + band["women"] for band in told["ages"]) == 6000
    assert abs(sum(told["household_sizes"]) - 1) < 1e-3
    ages = [row for row in told["differences"] if row["figure"].startswith(("men", "women"))]
    assert len(ages) == 5 * 38 and max(abs(row["difference"]) for row in ages) < 0.005
    assert {row["figure"] for row in told["largest_differences"]} >= {"persons a household", "households of one"}
    assert main(["city", "describe", str(out)]) == 0
    text = capsys.readouterr().out
    assert "85+" in text and "kindergarten" in text and "education" in text


def test_a_full_county_table_is_read_by_area(tmp_path, capsys):
    path = chinese_table(tmp_path)
    by_name, by_file = read_census("panzhihua"), read_census(str(path), area="5104")
    assert [county.code for county in by_file.counties] == [county.code for county in by_name.counties]
    assert by_file.population == by_name.population
    assert len(read_census(str(path), area="51").counties) == 11
    assert main(["city", "synthesize", "--census", str(path), "--area", "99", "--people", "6000", "--out", str(tmp_path / "x")]) == 1
    assert "no county whose code begins with '99'" in capsys.readouterr().err


def test_a_city_s_own_figures_are_used(tmp_path):
    figures = tmp_path / "mine.toml"
    figures.write_text(FIGURES.read_text(encoding="utf-8").replace("neighbourhood_persons = 2300", "neighbourhood_persons = 500"))
    for name, options in (("ours", []), ("mine", ["--figures", str(figures)])):
        assert main(["city", "synthesize", "--census", "panzhihua", "--people", "20000", "--out", str(tmp_path / name), *options]) == 0
    assert load_city(tmp_path / "mine").neighbourhoods > 3 * load_city(tmp_path / "ours").neighbourhoods


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("team = 8", "", "lack work.team"),
        ("team = 8", 'team = "eight"', "lack work.team"),
        ("exponent = 1.06", "exponent = [1]", "lack work.exponent"),
        ("near_home = 0.45", "near_home = = 0.45", "are no TOML"),
    ],
)
def test_figures_that_are_not_whole_are_refused_by_name(tmp_path, capsys, line, instead, said):
    path = tmp_path / "mine.toml"
    path.write_text(FIGURES.read_text(encoding="utf-8").replace(line, instead))
    assert main(["city", "synthesize", "--census", "panzhihua", "--people", "6000", "--figures", str(path), "--out", str(tmp_path / "x")]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--census", "atlantis", "--people", "6000"], 1, "no census table or file 'atlantis'"),
        (["--census", "panzhihua", "--people", "10"], 1, "people must be from 500"),
        (["--census", "panzhihua", "--people", "6000", "--seed", "-1"], 2, "--seed cannot be negative"),
        (["--census", "panzhihua", "--people", "6000", "--figures", "/nowhere.toml"], 1, "cannot be read"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, capsys, words, code, said):
    assert main(["city", "synthesize", "--out", str(tmp_path / "x"), *words]) == code
    assert said in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_a_folder_that_is_there_is_kept(tmp_path, capsys):
    assert main(["city", "synthesize", "--census", "panzhihua", "--people", "6000", "--out", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["city", "describe", str(tmp_path)]) == 1
    assert "is no city's folder" in capsys.readouterr().err
