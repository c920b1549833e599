"""Calibration where the truth is known, what it refuses, and the command."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from tongchou.cli.__main__ import main
from tongchou.engine.epidemic import EpidemicFault, Imports, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.calibrate import (
    Prior,
    apply_to_measures,
    calibrate_epidemic,
    scale_imports,
    summarise,
    weighted_quantiles,
)
from tongchou.engine.epidemic.population_monte_carlo import sample_posterior
from tongchou.engine.epidemic.scenario import read_scenario
from tongchou.store.epidemic_packs import SCENARIOS

from tests.engine_epidemic.cities import PLAIN, USUAL, town

EVERYWHERE = m.Where()
TESTED = m.SymptomaticTesting(EVERYWHERE, 0.8, (0.2, 0.3, 0.3, 0.2), 1, True)
FEWER = m.distancing(m.Where(from_day=20), contacts=0.1)
MEASURES = (TESTED, m.Isolation(EVERYWHERE, 14), FEWER)
ARRIVALS = (Imports(per_day=1.0, to_day=9),)
TRANSMISSION, SEEDS = Prior("transmission", 0.3, 2.0), Prior("seeds", 2, 100, logarithmic=True)
STRENGTH = Prior("strength", 0, 1)
TOWN = town(8000)


def simulated(truth: dict[str, float], *, seed: int, days: int = 34) -> np.ndarray:
    """Reported cases from day 10 on of an epidemic whose parameters are known."""
    outcome = simulate_epidemic(
        TOWN, PLAIN.scaled(truth["transmission"]), apply_to_measures(MEASURES, truth), contacts=USUAL, days=days,
        imports=scale_imports(ARRIVALS, truth["seeds"]), seed=seed,
    )  # fmt: skip
    return outcome.daily("reports")[10:]


def calibrated(observed, **options):
    given = {"parameters": (TRANSMISSION, SEEDS), "budget": 300, "particles": 50, "lead_days": 10, "held_out": 6, **options}
    return calibrate_epidemic(TOWN, PLAIN, MEASURES, observed, contacts=USUAL, imports=ARRIVALS, **given)


def test_a_known_truth_lies_inside_the_intervals_and_the_prior_is_narrowed():
    truth = {"transmission": 1.2, "seeds": 30.0}
    found = calibrated(simulated(truth, seed=5))
    for name, value in truth.items():
        low, *_, high = found.quantiles(name)
        assert low < value < high
    assert any(np.ptp(found.quantiles(prior.name, (0.05, 0.95))) < 0.75 * np.ptp(prior.at(norm.ppf([0.05, 0.95]))) for prior in found.priors)
    assert found.weights.sum() == pytest.approx(1) and found.particles.simulations <= 300
    low, *_, high = found.quantiles("reproduction_number")
    assert 0.5 < low < high < 15
    held = found.held_out
    assert held is not None and held.days == 6 and held.wis < found.observed[-6:].mean() and held.coverage_90 >= 0.6
    assert found.bands().shape == (24, 23) and (np.diff(found.bands(), axis=1) >= 0).all()


def test_the_result_is_the_seed_s_and_not_the_threads():
    observed = simulated({"transmission": 1.0, "seeds": 20.0}, seed=2, days=25)
    asked = {"budget": 50, "particles": 20}
    later = observed.copy()
    later[-6:] += 7  # held-out days are not looked at
    one = calibrated(observed, threads=1, **asked)
    two, other = calibrated(later, threads=2, **asked), calibrated(observed, seed=2, **asked)
    assert np.array_equal(one.values["seeds"], two.values["seeds"]) and np.array_equal(one.particles.curves, two.particles.curves)
    assert not np.array_equal(one.values["seeds"], other.values["seeds"])
    assert two.held_out is not None and one.held_out is not None and two.held_out.wis > one.held_out.wis


def test_the_sampler_against_a_posterior_that_is_known():
    """Mean of a normal sample, prior normal: posterior mean and spread are in every textbook."""
    seen, count = 0.9, 4

    def simulate(scores, first):
        noise = np.random.default_rng(first).standard_normal(len(scores)) / np.sqrt(count)
        means = scores[:, :1] + noise[:, None]
        return means, means

    found = sample_posterior(simulate, 1, np.array([seen]), budget=6000, particles=800, seed=3, local=1.0)
    centre = float(found.adjusted_weights @ found.adjusted[:, 0])
    spread = float(np.sqrt(found.adjusted_weights @ (found.adjusted[:, 0] - centre) ** 2))
    assert centre == pytest.approx(seen * count / (count + 1), abs=0.06)
    assert spread == pytest.approx((count + 1) ** -0.5, rel=0.12)
    assert found.rounds > 1 and found.simulations <= 6000


def test_a_sample_too_small_for_its_curve_is_refused():
    """Nine summaries take up to ten degrees of freedom, so twenty members are the least before anything is run."""
    def simulate(scores, first):
        noise = np.random.default_rng(first).standard_normal((len(scores), 9))
        return scores[:, :1] + noise, scores[:, :1] + noise

    def never(scores, first):
        raise AssertionError("nothing is simulated for a sample that cannot do")

    with pytest.raises(EpidemicFault, match="a sample of 19 .* is too small"):
        sample_posterior(never, 1, np.zeros(9), budget=100, particles=19, seed=3, local=9.0)
    with pytest.raises(EpidemicFault, match="a sample of 20 .* is too small: .*--sample"):
        sample_posterior(simulate, 1, np.zeros(9), budget=100, particles=20, seed=3, local=9.0)
    assert sample_posterior(simulate, 1, np.zeros(9), budget=500, particles=100, seed=3, local=9.0).adjusted.shape == (100, 1)


def test_strength_reporting_and_seeds_change_what_they_say_and_nothing_else():
    half = apply_to_measures((*MEASURES, m.Gate(EVERYWHERE, 0.2)), {"strength": 0.5, "reporting": 0.3})
    assert half[0] == replace(TESTED, share=0.3) and half[1] == MEASURES[1]
    assert half[2].contacts == pytest.approx(0.55) and half[3].contacts == pytest.approx(0.6)
    assert apply_to_measures(MEASURES, {"strength": 1.0})[2].contacts == pytest.approx(0.1)
    assert apply_to_measures(MEASURES, {"strength": 0.0})[2] == replace(FEWER, contacts=1.0)
    assert apply_to_measures(MEASURES, {"transmission": 2.0}) == MEASURES
    two = (Imports(count=3, to_day=1), Imports(per_day=0.5, to_day=3, county="A"))
    scaled = scale_imports(two, 16.0)
    assert [entry.per_day for entry in scaled] == [6.0, 1.0] and scaled[1].county == "A"
    assert scale_imports(two, None) == two


def test_summaries_and_weighted_quantiles_by_hand():
    assert summarise(np.array([[1, 3, 0, 9, 16]]), 2) == pytest.approx(np.array([[2, 3, 4]]))
    column, weights = np.array([[3.0], [1.0], [2.0]]), np.array([0.25, 0.25, 0.5])
    assert weighted_quantiles(column, weights, (0.0, 0.5, 1.0))[0] == pytest.approx([1, 2, 3])
    assert Prior("seeds", 1, 100, logarithmic=True).at(np.array([0.0]))[0] == pytest.approx(10)
    assert Prior("strength", 0, 1).at(norm.ppf(np.array([0.25])))[0] == pytest.approx(0.25)


@pytest.mark.parametrize(("change", "words"), [
    ({"held_out": 20}, "at least 7 must be left"),
    ({"event": "rumours"}, "no event 'rumours'"),
    ({"budget": 120}, "2.5 simulations each"),
    ({"parameters": ()}, "at least one parameter"),
    ({"parameters": (SEEDS, SEEDS)}, "each once"),
    ({"lead_days": -1}, "lead days"),
])  # fmt: skip
def test_what_cannot_be_fitted_is_refused(change, words):
    with pytest.raises(EpidemicFault, match=words):
        calibrated(np.full(24, 3), **change)


def test_a_parameter_with_nothing_to_work_on_is_refused():
    observed = np.full(30, 3)

    def asked(measures, imports, *priors):
        return calibrate_epidemic(TOWN, PLAIN, measures, observed, contacts=USUAL, imports=imports, parameters=priors, lead_days=5)

    for words, given in (
        ("no measure of the scenario", ((TESTED,), ARRIVALS, STRENGTH)), ("nobody is reported", ((FEWER,), ARRIVALS, SEEDS)),
        ("nothing is imported", (MEASURES, (), SEEDS)),
    ):  # fmt: skip
        with pytest.raises(EpidemicFault, match=words):
            asked(*given)
    with pytest.raises(EpidemicFault, match="have 0 cases"):
        calibrated(np.zeros(24, int))
    for wrong in (("beta", 0, 1), ("seeds", 5, 5), ("strength", 0, 2)):
        with pytest.raises(EpidemicFault):
            Prior(*wrong)


def test_the_shipped_scenario_can_be_fitted():
    scenario = read_scenario((SCENARIOS / "reported-curve.toml").read_text("utf-8"), USUAL)
    assert scenario.imports and {type(measure) for measure in scenario.measures} >= {m.SymptomaticTesting, m.Isolation, m.Restriction}


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """Truths drawn from the prior: of 20 truths x 3 parameters about 48 lie inside the 80 % intervals (binomial sd 3.1, more
    because the parameters of one curve go together)."""
    chance, inside = np.random.default_rng(7), []
    priors = (TRANSMISSION, SEEDS, STRENGTH)
    while len(inside) < 60:
        truth = {prior.name: float(prior.at(chance.standard_normal())) for prior in priors}
        observed = simulated(truth, seed=int(chance.integers(1 << 30)))
        if observed[:-6].sum() < 5:
            continue  # too little was reported to be fitted
        found = calibrated(observed, parameters=priors)
        for name, value in truth.items():
            low, high = found.quantiles(name, (0.1, 0.9))
            inside.append(low < value < high)
        print(sum(inside), len(inside), round(found.misfit, 2), flush=True)
    assert 40 <= sum(inside) <= 57


def curve_file(path, rows):
    path.write_text("\n".join(["date,incidence", *rows]) + "\n", encoding="utf-8")
    return path


def test_the_command(capsys, tmp_path):
    counts = (0, 1, 0, 2, 3, 2, 5, 4, 6, 4, 7, 5, 6, 3)
    file = curve_file(tmp_path / "curve.csv", [f"2020-01-{22 + day:02d},{count}" if day < 10 else f"2020-02-{day - 9:02d},{count}" for day, count in enumerate(counts)])
    out = tmp_path / "out"
    asked = ["calibrate", str(file), "--people", "3000", "--budget", "50", "--sample", "20", "--lead", "8", "--held-out", "4"]
    assert main([*asked, "--out", str(out)]) == 0
    assert "2020-02-04" in (shown := capsys.readouterr().out) and "4 days held out: WIS" in shown
    assert main([*asked, "--fix", "strength", "--prior", "reporting=0.2:0.9", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in data["parameters"]] == ["reproduction_number", "transmission", "seeds", "reporting"]
    assert data["held_out"]["days"] == 4 and data["simulations"] <= 50 and len(data["days"]) == 14
    assert data["days"][0]["day"] == "2020-01-22" and data["days"][-1]["fitted"] is False
    with (out / "posterior.csv").open(encoding="utf-8", newline="") as sheet:
        rows = list(csv.DictReader(sheet))
    assert len(rows) == 20 and sum(float(row["weight"]) for row in rows) == pytest.approx(1, abs=1e-4)
    with (out / "days.csv").open(encoding="utf-8", newline="") as sheet:
        assert len(list(csv.DictReader(sheet))) == 14
    for words, told in (
        ([*asked, "--fix", "luck"], "cannot be left"), ([*asked, "--fix", "transmission", "seeds", "strength"], "nothing is left"),
        ([*asked, "--prior", "seeds=9"], "NAME=LOW:HIGH"), ([*asked, "--held-out", "13"], "at least 7"),
    ):  # fmt: skip
        assert main(words) in (1, 2)
        assert told in capsys.readouterr().err
    assert main([*asked, "--scenario", "controlled"]) == 0
    assert "they are spread over the 8 days" in capsys.readouterr().err
    assert main([*asked, "--scenario", "controlled", "--fix", "seeds"]) == 1
    assert "nothing is imported" in capsys.readouterr().err
    assert main([*asked, "--scenario", "nowhere"]) == 1
    assert "nowhere cannot be read" in capsys.readouterr().err
    both = tmp_path / "two.csv"
    both.write_text("date,incidence,area\n2020-01-22,1,a\n2020-01-22,1,b\n", encoding="utf-8")
    assert main(["calibrate", str(both)]) == 1
    assert "one area" in capsys.readouterr().err
