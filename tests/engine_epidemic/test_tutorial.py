"""The tutorial shows what it prints: every command of the page is run, and the outputs on the page are theirs."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path

import pytest

from tongchou.cli.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
FIGURE = re.compile(r"-?\d+(?:\.\d+)?")
AGAIN = "not what is printed now: read what changed, mend the words beside it, and run .venv/bin/python docs/tutorial/run_page.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("run_page", ROOT / "docs/tutorial/run_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ran(script, tmp_path_factory):
    """(page as its commands make it, figure as it is drawn, folder that the commands left behind)."""
    folder = tmp_path_factory.mktemp("tutorial")
    page = script.run_page(script.PAGE.read_text(encoding="utf-8"), folder, main)
    return page, script.draw(folder, main), folder


def alike(shown: str, printed: str) -> list[str]:
    """Lines that differ: in their words, or in a figure by more than the last digits that another processor may give."""
    lines = list(zip(shown.splitlines(), printed.splitlines(), strict=False))
    wrong = [f"- {left}\n+ {right}" for left, right in lines if not same_line(left, right)]
    return wrong + ([] if shown.count("\n") == printed.count("\n") else ["another number of lines"])


def same_line(left: str, right: str) -> bool:
    # columns move with the length of a figure, so spaces do not count
    words = [FIGURE.sub("#", re.sub(r"\s+", " ", line)) for line in (left, right)]
    figures = [[float(figure) for figure in FIGURE.findall(line)] for line in (left, right)]
    return words[0] == words[1] and figures[0] == pytest.approx(figures[1], rel=0.005, abs=0.005)


def test_the_page_shows_what_its_commands_print(script, ran):
    assert alike(script.PAGE.read_text(encoding="utf-8"), ran[0]) == [], AGAIN


def test_the_figure_is_drawn_from_what_was_run(script, ran):
    assert alike(script.FIGURE.read_text(encoding="utf-8"), ran[1]) == [], AGAIN


def test_a_changed_output_is_seen():
    assert alike("R 0.70 (0.29)\n", "R 0.75 (0.29)\n") and alike("a 1\n", "b 1\n") and alike("a\n", "a\nb\n")
    assert alike("R  0.7000 x\n", "R 0.7001 x\n") == []


def test_what_the_words_say_of_the_outputs_is_true(ran):
    """The sentences around the outputs: no R, one open chain, wide intervals, 17 February unforeseen, and the price."""
    page, _figure, folder = ran
    assert "too few to say" in page and "可信 / ok" not in page
    chains = page.split("$ tongchou chains cases.csv")[1].split("```")[0]
    assert chains.count("True") == 1 and chains.count("False") == 4 and "不详/unknown 0" in chains and "输入/imported 5" in chains
    low, high = (float(figure) for figure in re.search(r"^R \S+ \(([\d.]+)–([\d.]+)\)", chains, re.MULTILINE).groups())
    assert low < 0.5 and high > 1.5
    with (folder / "fit/days.csv").open(encoding="utf-8", newline="") as sheet:
        days = {row["day"]: row for row in csv.DictReader(sheet)}
    seventeenth = days["2020-02-17"]
    assert seventeenth["fitted"] == "False" and int(seventeenth["observed"]) == 3 > float(seventeenth["high_90"])
    fit = {line.split()[0]: [float(figure) for figure in line.split()[1:]] for line in page.split("--out fit | head -5\n")[1].splitlines()[1:5]}
    assert fit["seeds"][4] / fit["seeds"][3] > 8
    assert fit["strength"][4] - fit["strength"][3] > 0.5 and fit["transmission"][4] - fit["transmission"][3] > 1.0
    table = {line.split()[0].split("/")[-1]: FIGURE.findall(line.replace("–", " ")) for line in page.split("--keep runs\n")[1].splitlines()[1:12]}
    spared, lost = ([float(figure) for figure in table[name][-3:]] for name in ("infections", "workdays"))
    assert spared[0] < 0 and spared[1] < 10 * spared[0], "the edge of what is spared is far beyond the median"
    assert (lost[0] / -spared[0]) / (lost[2] / -spared[1]) > 10


def test_inputs_are_the_demo_s(script):
    with (ROOT / "demo/facts/daily_official.csv").open(encoding="utf-8", newline="") as sheet:
        official = [(row["date_on"], row["confirmed_new"]) for row in csv.DictReader(sheet)]
    curve = [tuple(line.split(",")) for line in (script.FOLDER / "curve.csv").read_text("utf-8").splitlines()[1:]]
    assert curve == official and sum(int(count) for _day, count in curve) == 16
    with (ROOT / "demo/panzhihua/cases.csv").open(encoding="utf-8", newline="") as sheet:
        confirmed = [row for row in csv.DictReader(sheet) if not row["excluded_at"]]
    with (script.FOLDER / "cases.csv").open(encoding="utf-8", newline="") as sheet:
        cases = list(csv.DictReader(sheet))
    assert [(row["key"], row["onset_on"], row["positive_reported_at"][:10], row["source"]) for row in confirmed] == [
        (row["case"], row["onset"], row["report"], row["infector"]) for row in cases
    ]
    onsets = (script.FOLDER / "onsets.csv").read_text("utf-8").splitlines()[1:]
    assert onsets == [f"{row['onset']},{row['report']}" for row in cases]
