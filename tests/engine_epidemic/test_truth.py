"""The whole loop on a known truth: a simulated city is written out, and contacts, chains and estimates find what happened in it."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta

import numpy as np
import pytest

from tongchou.cli import __main__ as cli
from tongchou.engine.chains import estimate_offspring, estimate_serial_interval, read_cases, read_links
from tongchou.engine.epidemic import simulate_epidemic

from tests.engine_epidemic.cities import alike, crowd, mixing

FIRST = date(2020, 1, 20)
MIDNIGHT = (FIRST - date(1970, 1, 1)).days * 86_400
WINDOW_DAYS = 14
PLAN = """
name_en = "Some of those with symptoms are tested and isolated; schools close"
reproduction_number = 3
[[measure]]
kind = "test_symptomatic"
share = 0.6
delay = [0.5, 0.5]
[[measure]]
kind = "isolation"
days = 14
compliance = 0.7
home_contacts = 0.5
[[measure]]
kind = "quarantine"
days = 14
compliance = 0.5
household = true
[[measure]]
kind = "closure"
layers = ["school"]
from_day = 30
"""


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as sheet:
        return list(csv.DictReader(sheet))


def spoken(capsys, *words):
    code = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth")
    plan = folder / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    words = ["simulate", "--people", "6000", "--imports", "20", "--days", "60", "--seed", "2", "--scenario", plan, "--first", FIRST, "--json"]
    assert cli.main([*map(str, words), "--out", str(folder / "out"), "--visits", str(folder / "visits")]) == 0
    return folder


def test_contacts_find_every_true_pair_and_rank_it(truth, capsys):
    found = truth / "contacts.csv"
    spoken(
        capsys, "contacts", "--visits", truth / "visits", "--cases", truth / "out/contact_cases.csv", "--days", WINDOW_DAYS, "--out", found, "--json"
    )
    asked = {row["person"]: int(row["onset"]) for row in rows_of(truth / "out/contact_cases.csv")}
    listed: dict[str, list[str]] = {}
    for row in rows_of(found):
        listed.setdefault(row["case"], []).append(row["contact"])
    standing, inside = [], 0
    for row in rows_of(truth / "out/line_list.csv"):
        begins = MIDNIGHT + 86_400 * int(row["day"])
        infector = row["infector"]
        if infector in asked and asked[infector] - WINDOW_DAYS * 86_400 <= begins and begins + 86_400 <= asked[infector] + WINDOW_DAYS * 86_400:
            inside += 1
            others = listed[infector]
            assert row["person"] in others, "an infection between two who never met"
            standing.append(others.index(row["person"]) / max(len(others) - 1, 1))
    assert inside > 100
    assert np.median(standing) < 0.3, "the infected stand no higher on the lists than anybody"


def test_chains_are_the_tree(truth, capsys):
    told = spoken(capsys, "chains", truth / "out/cases.csv", "--json")
    lines = rows_of(truth / "out/line_list.csv")
    source = np.array([int(row["source"]) for row in lines])
    root, depth = np.arange(len(source)), np.zeros(len(source), int)
    for row in np.flatnonzero(source >= 0):
        root[row], depth[row] = root[source[row]], depth[source[row]] + 1
    sizes = np.bincount(root)
    assert told["links"]["kept"] == told["links"]["given"] == int((source >= 0).sum())
    assert sorted(one["cases"] for one in told["chains"]) == sorted(sizes[sizes > 0].tolist())
    assert [row["generation"] for row in told["case_rows"]] == depth.tolist()
    offspring = np.bincount(source[source >= 0], minlength=len(source))
    assert [row["offspring"] for row in told["case_rows"]] == offspring.tolist()


def test_the_estimates_hold_the_truth(truth, capsys):
    chains = spoken(capsys, "chains", truth / "out/cases.csv", "--json")
    lines = rows_of(truth / "out/line_list.csv")
    source, onset = (np.array([int(row[name]) for row in lines]) for name in ("source", "onsets"))
    offspring = np.bincount(source[source >= 0], minlength=len(source))
    found = chains["offspring"]
    assert found["reproduction_low"] < offspring.mean() < found["reproduction_high"]
    variance = offspring.var(ddof=1)
    by_moments = offspring.mean() ** 2 / (variance - offspring.mean())
    assert found["dispersion_low"] < by_moments < (found["dispersion_high"] or np.inf)
    pairs = np.flatnonzero((source >= 0) & (onset >= 0))
    pairs = pairs[onset[source[pairs]] >= 0]
    serial = onset[pairs] - onset[source[pairs]]
    assert chains["serial_interval"]["pairs"] == len(serial)
    assert chains["serial_interval"]["mean"] == pytest.approx(serial.mean())
    reproduction_of_weeks(truth, capsys, serial[serial > 0])


def test_r_k_and_the_interval_of_a_known_disease_are_found_again():
    """In a crowd that mixes evenly the first cases' offspring are negative binomial with the pack's dispersion as k."""
    disease = alike(0.18, dispersion=0.4)
    outcome = simulate_epidemic(crowd(100_000), disease, (), contacts=mixing(10), days=45, imports=800, seed=1)
    early = int(np.searchsorted(outcome.chain.day, 6))
    found = estimate_offspring(outcome.offspring()[:early])
    assert 800 < early < 1700 and outcome.complete()[:6].all()
    assert found.reproduction_low < 1.8 < found.reproduction_high and found.reproduction_high - found.reproduction_low < 0.5
    assert found.dispersion_low < 0.4 < found.dispersion_high < 0.5
    day = np.datetime64("2020-01-01") + outcome.chain.onset.astype(int)
    children = np.flatnonzero(outcome.chain.source >= 0)
    children = children[outcome.chain.source[children] < early]
    serial = estimate_serial_interval(read_cases(day), read_links(outcome.chain.source[children], children))
    assert serial.mean == pytest.approx(disease.generation_interval.mean, rel=0.05)


def reproduction_of_weeks(truth, capsys, serial):
    """R by onsets in the second to the fourth week beside what those who fell ill then really caused."""
    words = ("--si-mean", serial.mean(), "--si-sd", serial.std(), "--window", 21, "--json")
    windows = spoken(capsys, "reproduction", truth / "out/series.csv", *words)
    by_end = {row["date_end"]: row for row in windows}
    week = by_end[(FIRST + timedelta(days=34)).isoformat()]
    cohorts = rows_of(truth / "out/cohorts.csv")[9:30]
    true = sum(int(row["caused"]) for row in cohorts) / sum(int(row["infected"]) for row in cohorts)
    assert week["status"] == "ok" and abs(week["mean"] - true) < 0.25 * true


def test_who_infected_whom_is_told(truth, capsys):
    lines = rows_of(truth / "out/line_list.csv")
    last = lines[-1]
    words = ["--people", 6000, "--imports", 20, "--days", 60, "--seed", 2, "--scenario", truth / "plan.toml", "--first", FIRST]
    told = spoken(capsys, "simulate", *words, "--explain", last["person"], "--json")
    steps = told["explained"]
    assert steps[0]["code"] == "infected_import" and steps[-1]["values"]["person"] == int(last["person"])
    by_number = {int(row["infection"]): row for row in lines}
    row = last
    for step in reversed(steps):
        layer = step["code"].removeprefix("infected_")
        case = rows_of(truth / "out/cases.csv")[int(row["infection"])]
        assert (step["values"]["person"], step["values"]["day"], layer) == (int(row["person"]), int(row["day"]), case["setting"])
        assert str(step["values"]["place"]) in step["zh"] or layer == "import"
        row = by_number.get(int(row["source"]), row)
    assert sum(told["layers"].values()) == told["infections"] == len(lines)
    assert told["generation_interval"]["pairs"] == told["infections"] - told["layers"]["import"]
    days = [int(row["day"]) - int(by_number[int(row["source"])]["day"]) for row in lines if row["source"] != "-1"]
    assert told["generation_interval"]["mean"] == pytest.approx(np.mean(days), abs=0.001)
    complete = [week for week in told["cohorts"] if week["complete"] and week["infected"]]
    assert complete and complete[0]["r"] == pytest.approx(complete[0]["caused"] / complete[0]["infected"], abs=1e-4)
    assert spoken(capsys, "simulate", *words, "--explain", "last", "--json")["explained"] == steps
    assert cli.main(["simulate", "--people", "500", "--imports", "1", "--days", "2", "--explain", "499"]) == 1
    assert "person 499 was not infected" in capsys.readouterr().err


def test_places_and_daily_series_add_up(truth):
    lines, places, daily = (rows_of(truth / f"out/{name}.csv") for name in ("line_list", "places", "daily"))
    local = [row for row in lines if row["source"] != "-1"]
    assert sum(int(row["infections"]) for row in places) == len(local)
    top = places[0]
    cases = rows_of(truth / "out/cases.csv")
    there = [row for row in local if row["place"] == top["place"] and cases[int(row["infection"])]["setting"] == top["layer"]]
    assert len(there) == int(top["infections"]) and len({row["infector"] for row in there}) == int(top["infectors"])
    assert min(int(row["day"]) for row in there) == int(top["first_day"])
    for quantity in ("infections", "quarantined", "tests"):
        mine = [row for row in daily if row["series"] == quantity]
        totals = {by: sum(float(row["count"]) for row in mine if row["by"] == by) for by in {row["by"] for row in mine}}
        assert {"", "county", "neighbourhood", "age", "sector"} <= set(totals)
        assert all(total == pytest.approx(totals[""], abs=1) for total in totals.values()) and totals[""] > 0


@pytest.mark.parametrize(("words", "code", "said"), [
    (("--series", "tests:layer", "--out", "x"), 1, "nobody is tested"),
    (("--series", "tests:age"), 2, "give --out as well"),
    (("--visit-days", "3:4"), 2, "given with --visits"),
    (("--visits", "x", "--visit-days", "3:99"), 1, "between 0 and 19"),
    (("--visits", "x", "--visit-days", "three"), 2, "written A:B"),
    (("--first", "2020-02-30"), 2, "no day on the calendar"),
    (("--explain", "3", "--workers", "1"), 2, "leave out --workers"),
    (("--explain", "first"), 2, "the number of a person, or last"),
])  # fmt: skip
def test_words_that_cannot_be_are_refused(capsys, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["simulate", "--people", "500", "--imports", "1", "--days", "20", *words]) == code
    assert said in capsys.readouterr().err


def test_too_many_visits_and_a_folder_in_use_are_refused(capsys, tmp_path, truth, monkeypatch):
    monkeypatch.setattr("tongchou.cli.simulate_truth.MOST_PERSON_DAYS", 5000)
    words = ["simulate", "--people", "500", "--imports", "1", "--days", "20", "--visits"]
    assert cli.main([*words, str(tmp_path / "visits")]) == 1
    assert "choose at most 10 days by --visit-days" in capsys.readouterr().err
    assert cli.main([*words, str(truth / "visits"), "--visit-days", "3"]) == 1
    assert "holds visits already" in capsys.readouterr().err


def test_the_weekday_of_a_date_and_of_the_scenario_must_agree(capsys, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text("first_weekday = 3\n", encoding="utf-8")
    words = ["simulate", "--people", "500", "--imports", "1", "--days", "2", "--scenario", str(plan)]
    assert cli.main([*words, "--first", "2020-01-20"]) == 2
    assert "the scenario says first_weekday = 3" in capsys.readouterr().err
    assert cli.main([*words, "--first", "2020-01-23", "--out", str(tmp_path / "out")]) == 0
    assert rows_of(tmp_path / "out/cohorts.csv")[0]["date"] == "2020-01-23"
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 0
    assert rows_of(tmp_path / "out/cohorts.csv")[0]["date"] == "2020-01-09"
