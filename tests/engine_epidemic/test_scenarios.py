"""Scenario files, packs and the command."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest

from tongchou.cli import __main__ as cli
from tongchou.engine.epidemic import EpidemicFault, Layer, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.disease import read_disease
from tongchou.engine.epidemic.scenario import KINDS, read_scenario
from tongchou.engine.epidemic.words import WORDS
from tongchou.reason import say
from tongchou.store.epidemic_packs import SCENARIOS, disease_names, load_disease

from tests.engine_epidemic.cities import PLAIN, USUAL, town

EVERY = """
[[measure]]
kind = "closure"
[[measure]]
kind = "reduced_opening"
open_share = 0.5
[[measure]]
kind = "shifts"
shifts = 2
[[measure]]
kind = "staggered_meals"
sittings = 3
[[measure]]
kind = "masks"
wearing = 0.8
outward = 0.5
inward = 0.3
[[measure]]
kind = "distancing"
contacts = 0.7
[[measure]]
kind = "gathering_ban"
largest = 10
[[measure]]
kind = "gates"
contacts = 0.5
[[measure]]
kind = "travel_limit"
contacts = 0.5
[[measure]]
kind = "test_symptomatic"
share = 0.5
[[measure]]
kind = "test_contacts"
[[measure]]
kind = "test_rounds"
share = 0.9
every_days = 3
[[measure]]
kind = "test_entry"
share = 1.0
[[measure]]
kind = "test_capacity"
per_day = 100
[[measure]]
kind = "tracing"
found = { household = 1.0 }
[[measure]]
kind = "isolation"
days = 14
[[measure]]
kind = "quarantine"
days = 14
[[measure]]
kind = "zone_rule"
unit = "county"
levels = [{ name = "high", cases = 5, within_days = 14 }]
clear_days = 14
[[measure]]
kind = "vaccination"
first_doses_per_day = 100
coverage = 0.8
"""


def test_every_kind_of_measure_is_read_and_run():
    scenario = read_scenario(EVERY, USUAL)
    assert len(scenario.measures) == len(KINDS)
    outcome = simulate_epidemic(town(), PLAIN, scenario.measures, contacts=USUAL, days=30, imports=20, seed=1)
    assert outcome.log.tests.max() == 100


@pytest.mark.parametrize(("text", "line", "words"), [
    ('x = 1\n', 1, "unknown key 'x'"),
    ('a = \n', 1, "not valid TOML"),
    ('\n[[measure]]\nkind = "curfew"\n', 3, "no measure 'curfew'"),
    ('[[measure]]\nkind = "closure"\n\n[[measure]]\nkind = "masks"\nwearing = 0.5\noutward = 1\ninward = 7\n', 8, "inward must be from 0 to 1"),
    ('[[measure]]\nkind = "tracing"\nfound = { household = 1.0 }\nages = [0, 5]\n', 4, "does not apply 'ages'"),
    ('[[measure]]\nkind = "quarantine"\n', 1, "days is missing"),
    ('[[measure]]\nkind = "closure"\nlayers = ["pub"]\n', 2, "no layer 'pub'"),
    ('[[measure]]\nkind = "gathering_ban"\nlargest = 11\n', 2, "largest must be one of these"),
    ('[[measure]]\nkind = "closure"\nfrom_day = 9\nto_day = 3\n', 2, "to_day must not be before"),
    ('[[imports]]\ncount = 3\nplace = "x"\n', 3, "imports have no key 'place'"),
    ('reproduction_number = "high"\n', 1, "must be a number"),
])  # fmt: skip
def test_a_fault_names_its_line(text, line, words):
    with pytest.raises(EpidemicFault) as refused:
        read_scenario(text, USUAL, name="plan.toml")
    assert refused.value.line == line
    assert words in refused.value.en and f"plan.toml line {line}" in refused.value.en
    assert f"plan.toml 第 {line} 行" in refused.value.zh


def test_shipped_scenarios():
    plain, controlled = (read_scenario((SCENARIOS / f"{name}.toml").read_text("utf-8"), USUAL) for name in ("uncontrolled", "controlled"))
    assert plain.measures == () and plain.disease == "sars-cov-2-wild"
    assert {type(measure) for measure in controlled.measures} >= {m.Tracing, m.Isolation, m.Quarantine, m.SymptomaticTesting}
    city = town()
    free, held = (simulate_epidemic(city, PLAIN, s.measures, contacts=USUAL, days=100, imports=10, seed=2) for s in (plain, controlled))
    assert held.infections < 0.3 * free.infections


@pytest.mark.parametrize("name", disease_names())
def test_packs_are_whole_and_their_ages_make_sense(name):
    disease = load_disease(name)
    assert disease.code == name and disease.sources
    assert sum(disease.infectiousness) == pytest.approx(1) and sum(disease.incubation.chance) == pytest.approx(1)
    assert (disease.fatal <= disease.critical).all() and (disease.critical <= disease.severe).all()
    assert (disease.severe + disease.asymptomatic <= 1).all()
    assert disease.immunity[0] == 1 and 2 < disease.generation_interval.mean < 15
    outcome = simulate_epidemic(town(), disease, (), contacts=USUAL, days=60, imports=10, seed=1)
    assert outcome.infections > 10


@pytest.mark.parametrize(("change", "words"), [
    ({"fatal": {"from_age": [0], "values": [2.0], "source": "x"}}, "must not exceed 1"),
    ({"incubation": {"family": "cauchy", "source": "x"}}, "write days, daily, or a family"),
    ({"asymptomatic": {"from_age": [0], "values": [0.3]}}, "has no source"),
    ({"transmission": "much"}, "must be a number"),
])  # fmt: skip
def test_a_pack_that_cannot_be_used_is_refused(change, words):
    text = (SCENARIOS.parent / "packs" / "measles.toml").read_text("utf-8")
    with pytest.raises(EpidemicFault, match=words):
        read_disease({**tomllib.loads(text), **change})


def test_explained_in_both_languages():
    outcome = simulate_epidemic(town(), PLAIN, (), contacts=USUAL, days=60, imports=5, seed=1)
    chain = outcome.explain(outcome.infections - 1)
    assert chain[0].code == "infected_import" and len(chain) > 1
    for lang in ("zh", "en"):
        assert str(chain[-1].values["person"]) in say(chain[-1], WORDS, lang)
    assert {f"infected_{layer.name.lower()}" for layer in Layer} == set(WORDS)
    tree = outcome.tree()
    assert np.array_equal(tree["infector"] < 0, tree["layer"] == Layer.IMPORT)
    with pytest.raises(EpidemicFault, match="no infection"):
        outcome.explain(outcome.infections)


def test_the_command(capsys, tmp_path):
    asked = ["simulate", "--people", "6000", "--days", "40", "--imports", "10", "--json"]
    assert cli.main([*asked, "--replicates", "2"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    data = json.loads(printed)
    assert data["people"] == 6000 and len(data["replicates"]) == 2 and len(data["sha256"]) == 64
    assert cli.main([*asked, "--threads", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["sha256"] == data["sha256"]
    plan = tmp_path / "plan.toml"
    plan.write_text('[[measure]]\nkind = "curfew"\n', encoding="utf-8")
    assert cli.main([*asked, "--scenario", str(plan)]) == 1
    assert "plan.toml line 2" in capsys.readouterr().err
    assert cli.main(["simulate", "--people", "6000", "--days", "5"]) == 2


def test_what_is_written_out_is_read_by_the_estimator(capsys, tmp_path):
    out = tmp_path / "truth"
    asked = ["simulate", "--people", "20000", "--days", "80", "--imports", "30", "--out", str(out), "--json"]
    assert cli.main(asked) == 0
    data = json.loads(capsys.readouterr().out)
    lines = (out / "line_list.csv").read_text("utf-8").splitlines()
    assert len(lines) == data["infections"] + 1
    assert lines[0].startswith('"person","infector","day","layer","place","age"')
    assert cli.main(["reproduction", str(out / "series.csv"), "--si-mean", "6", "--si-sd", "3", "--json"]) == 0
    windows = json.loads(capsys.readouterr().out)
    assert any(row["mean"] and row["mean"] > 1 for row in windows)
