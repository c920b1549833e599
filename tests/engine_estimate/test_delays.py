"""Delays: closed forms against numerical integration, whole days, published values, and fits that find the truth."""

from __future__ import annotations

import csv
import json
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from tongchou.engine.estimate import (
    Delay,
    EstimateError,
    Pairs,
    delay_of_moments,
    delay_of_quantiles,
    delay_of_rule,
    discretise_delay,
    estimate_delay,
    find_delay_family,
    pairs_of_days,
    serial_interval_of,
)
from tongchou.engine.estimate.delays import FAMILIES
from tongchou.rulebook.packs import shipped


@pytest.mark.parametrize("family", FAMILIES)
def test_moments_quantiles_and_integral_are_those_of_the_distribution(family):
    delay = delay_of_moments(family, 5.5, 3.2)
    assert (delay.mean, delay.sd) == pytest.approx((5.5, 3.2))
    assert delay.cdf(delay.quantile([0.1, 0.5, 0.99])) == pytest.approx([0.1, 0.5, 0.99])
    area, _error = integrate.quad(lambda day: float(delay.cdf(day)), 0, 9)
    assert float(delay.integrated_cdf(9)) == pytest.approx(area, abs=1e-8)
    levels = (0.25, 0.9)
    days = delay.quantile(levels)
    again = delay_of_quantiles(family, levels, (float(days[0]), float(days[1])))
    assert (again.mean, again.sd) == pytest.approx((5.5, 3.2))


def test_scipy_has_the_same_distributions():
    days = np.array([0.0, 0.5, 3.0, 20.0])
    assert Delay("lognormal", 1.6, 0.4).cdf(days) == pytest.approx(stats.lognorm.cdf(days, 0.4, scale=np.exp(1.6)))
    assert Delay("gamma", 2.5, 1.5).cdf(days) == pytest.approx(stats.gamma.cdf(days, 2.5, scale=1.5))
    assert Delay("weibull", 1.8, 6.0).cdf(days) == pytest.approx(stats.weibull_min.cdf(days, 1.8, scale=6.0))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FAMILIES), st.floats(0.5, 15), st.floats(0.2, 1.2))
def test_whole_days_keep_the_mean(family, mean, spread):
    """Both clock times are uniform over their days, so the mean number of days between the dates is the mean delay."""
    delay = delay_of_moments(family, mean, mean * spread)
    reach = int(min(3000, np.ceil(delay.quantile(1 - 1e-9)) + 2))
    chances = discretise_delay(delay, reach, normalise=False)
    assert chances.min() >= 0
    assert chances.sum() == pytest.approx(1, abs=1e-6)
    assert chances @ np.arange(reach + 1) == pytest.approx(mean, rel=1e-3)


def test_whole_days_against_simulated_clocks():
    chance = np.random.default_rng(5)
    delay = delay_of_moments("gamma", 3.0, 2.0)
    first = chance.random(200_000)
    days = np.floor(first + delay.quantile(chance.random(200_000)))
    shares = np.bincount(days.astype(int), minlength=31)[:31] / len(days)
    assert np.abs(shares - discretise_delay(delay, 30)).max() < 0.004


def test_an_interval_goes_on_until_little_lies_beyond():
    assert len(serial_interval_of(4.7, 2.9)) == 41
    long = serial_interval_of(14.0, 9.0)
    assert len(long) > 41 and long[-1] < 1e-6 and long.sum() == pytest.approx(1)
    assert long[0] == 0


def test_pairs_known_to_the_minute_give_the_plain_maximum_likelihood():
    chance = np.random.default_rng(1)
    days, start = chance.lognormal(1.5, 0.5, 300), chance.random(300)
    pairs = Pairs(start, start + 0.01, start + days, start + days + 0.01, np.full(300, np.inf))
    fit = estimate_delay(pairs, "lognormal")
    assert (fit.first.value, fit.second.value) == pytest.approx((np.log(days).mean(), np.log(days).std()), abs=1e-3)
    assert fit.first.high - fit.first.low == pytest.approx(2 * 1.96 * np.log(days).std() / np.sqrt(300), rel=0.02)


@pytest.mark.parametrize("family", FAMILIES)
def test_truncated_dates_of_a_growing_outbreak_give_the_truth_back(family):
    """Cases grow, data end on day 29: without the correction the delay is too short, with it the intervals hold the truth."""
    chance = np.random.default_rng(17)
    truth = delay_of_moments(family, 5.5, 3.0)
    held, plain = [], []
    for _round in range(12):
        first = 30 * np.log1p(chance.random(500) * (np.e**2 - 1)) / 2
        second = first + truth.quantile(chance.random(500))
        seen = second < 30
        dates = np.floor(first[seen]), np.floor(second[seen])
        fit = estimate_delay(pairs_of_days(*dates, seen_on=29), family)
        held.append(fit.mean.low < truth.mean < fit.mean.high)
        plain.append(estimate_delay(pairs_of_days(*dates), family).mean.value)
    assert sum(held) >= 10
    assert np.mean(plain) < 5.0


def test_the_right_family_is_found():
    chance = np.random.default_rng(2)
    first = chance.random(1500) * 40
    second = first + Delay("weibull", 2.4, 6.0).quantile(chance.random(1500))
    fits = find_delay_family(pairs_of_days(np.floor(first), np.floor(second)))
    assert [fit.delay.family for fit in fits][0] == "weibull"
    assert fits[0].aic < fits[1].aic <= fits[2].aic
    assert fits[0].quantiles[0.5].value == pytest.approx(float(fits[0].delay.quantile(0.5)))


def test_taiwan_onset_to_confirmation_is_longer_once_truncation_is_seen(shared):
    with (shared / "taiwan-linelist" / "individuals_to_2020-03-31.csv").open(encoding="utf-8") as lines:
        dates = [(row["onset_of_symptom"][:10], row["confirmed_date"][:10]) for row in csv.DictReader(lines)]
    days = np.array([[date.fromisoformat(one).toordinal() for one in pair] for pair in dates if all(pair)])
    assert len(days) == 276
    plain = estimate_delay(pairs_of_days(days[:, 0], days[:, 1]), "gamma")
    whole = estimate_delay(pairs_of_days(days[:, 0], days[:, 1], seen_on=date(2020, 3, 31).toordinal()), "gamma")
    assert plain.mean.value == pytest.approx((days[:, 1] - days[:, 0]).mean(), rel=0.02)
    assert whole.mean.low > plain.mean.value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda first, second: (first[:3], second[:3]), "at least 5"),
        (lambda first, second: (first, second - 30), "second event before the first"),
        (lambda first, second: (first, second[:-1]), "one length"),
    ],
)
def test_pairs_that_are_none_are_refused(change, words):
    first = np.arange(10.0)
    with pytest.raises(EstimateError, match=words):
        estimate_delay(pairs_of_days(*change(first, first + 3)))


def test_pairs_seen_after_the_end_and_hopeless_truncation_are_refused():
    with pytest.raises(EstimateError, match="after the end of the data"):
        pairs_of_days([1, 2], [3, 9], seen_on=5)
    first = np.arange(10.0)
    with pytest.raises(EstimateError, match="do not determine the delay"):
        estimate_delay(pairs_of_days(first, first + np.arange(10) % 2 + 9 - first, seen_on=10), "gamma")
    with pytest.raises(EstimateError, match="no family 'beta'"):
        Delay("beta", 1, 1)
    with pytest.raises(EstimateError, match="finite and positive"):
        Delay("gamma", -1, 1)


def test_every_published_delay_is_readable_and_says_where_it_is_from():
    rows = [row for row in shipped().rows if row.rule_id.startswith("delay.")]
    assert len(rows) == 27
    refused = []
    for row in rows:
        assert row.value["doi"].startswith("10.") and row.value["citation"] and row.source == ("S80",)
        try:
            delay = delay_of_rule(row.value)
        except EstimateError:
            refused.append(row.rule_id)
            continue
        if "sd_days" in row.value:
            assert (delay.mean, delay.sd) == pytest.approx((row.value["mean_days"], row.value["sd_days"]))
        if "median_days" in row.value and "sd_days" not in row.value:
            assert float(delay.quantile(0.5)) == pytest.approx(row.value["median_days"], rel=0.01)
    assert sorted(refused) == [  # means without a spread (meta-analyses) and a distribution with negative days
        "delay.incubation.alene_2021", "delay.incubation.elias_2021", "delay.incubation.rai_2022",
        "delay.serial_interval.alene_2021", "delay.serial_interval.yang_2020",
    ]  # fmt: skip


def test_the_pack_is_the_source_s_figures(shared):
    entries = json.loads(
        (shared / "epi-parameters" / "covid19_parameters_epiparameterDB.json").read_text(encoding="utf-8")
    )
    rows = [row for row in shipped().rows if row.rule_id.startswith("delay.")]
    printed = [{**entry["summary_statistics"], **entry["probability_distribution"]["parameters"]} for entry in entries]
    told = sorted(
        (row.value["doi"], row.value["sample_size"], row.value.get("mean_days"), row.value.get("median_days"))
        for row in rows
        if row.value.get("mean_days")
    )
    expected = sorted(
        (entry["citation"]["doi"], entry["metadata"]["sample_size"], figures.get("mean"), figures.get("median"))
        for entry, figures in zip(entries, printed, strict=True)
        if figures.get("mean")
    )
    assert [row[:3] for row in told] == [row[:3] for row in expected]
    assert [row[3] for row in told] == [row[3] for row in expected]


@pytest.mark.parametrize(
    "rule_id",
    ["statistics.incubation", "statistics.serial_interval", "statistics.generation_time", "statistics.report_delay"],
)
def test_the_rulebook_s_own_distributions_are_delays_too(rule_id):
    row = next(row for row in shipped().rows if row.rule_id == rule_id)
    delay = delay_of_rule(row.value)
    assert 1 < delay.mean < 7
