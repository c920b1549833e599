"""Graph facts that the publishers of five tables state (../shared/data/*/README.md), and figures that follow from them."""

import numpy as np
import pytest

from tongchou.engine.chains import (
    estimate_attack_rates,
    estimate_offspring,
    estimate_offspring_from_sizes,
    estimate_serial_interval,
    find_chains,
)

from tests.engine_chains.published import arrays, rows


@pytest.fixture(scope="module")
def china():
    """Ali et al. 2020: infector and infectee pairs of mainland China, January and February 2020."""
    onsets, pairs = {}, []
    for row in rows("transmission-pairs/transmission_pairs.csv"):
        for side in ("infector", "infectee"):
            onsets[row[f"{side}_id"]] = row[f"{side}_onsetDate"]
        pairs.append((row["infector_id"], row["infectee_id"]))
    return arrays(onsets, pairs)


@pytest.fixture(scope="module")
def mers():
    """The MERS outbreak of South Korea, 2015."""
    onsets = {row["id"]: row["dt_onset"] for row in rows("outbreaks/mers_korea_2015_linelist.csv")}
    pairs = [(row["from"], row["to"]) for row in rows("outbreaks/mers_korea_2015_contacts.csv")]
    return arrays(onsets, pairs)


def test_the_chains_of_the_chinese_pairs(china):
    ids, cases, links = china
    chains = find_chains(cases, links)
    assert (len(links), len(cases), chains.chain_size.size) == (655, 975, 320)
    assert (chains.chain_size.max(), chains.chain_depth.max()) == (19, 4)
    assert sum(chains.refused.values()) == 0
    assert chains.infectors.max() == 1
    busiest = int(chains.offspring.argmax())
    assert (ids[busiest], chains.offspring[busiest]) == ("weifang-11", 9)


def test_the_serial_interval_of_the_chinese_pairs_keeps_the_negative_ones(china):
    _ids, cases, links = china
    found = estimate_serial_interval(cases, links)
    assert (found.pairs, found.undated, found.median, found.negative) == (316, 339, 4, 29)
    assert found.mean == pytest.approx(4.8766, abs=5e-5)
    assert found.sd == pytest.approx(5.2807, abs=5e-5)
    # Both dates are whole days: their rounding adds a sixth to the variance, which the fit takes out again.
    assert found.fitted_mean == pytest.approx(found.mean, abs=1e-3)
    assert found.fitted_sd**2 == pytest.approx(found.lags.var() - 1 / 6, rel=2e-3)


def test_the_offspring_of_the_chinese_pairs(china):
    """All chains are of two cases or more, so R is biased upwards (the publishers say so); its mean is exact."""
    _ids, cases, links = china
    chains = find_chains(cases, links)
    found = estimate_offspring(chains.offspring)
    assert found.reproduction == pytest.approx(655 / 975, rel=1e-6)
    assert found.dispersion_low < found.dispersion < found.dispersion_high
    assert 0.6 < found.dispersion < 1.2
    sizes = estimate_offspring_from_sizes(chains.chain_size)
    assert sizes.reproduction == pytest.approx(1 - 320 / 975, rel=1e-4)


def test_the_superspreaders_of_korea(mers):
    ids, cases, links = mers
    chains = find_chains(cases, links, max_incubation_days=14)
    counted = {ids[row]: int(chains.infectees[row]) for row in np.argsort(-chains.infectees)[:3]}
    assert counted == {"SK_14": 38, "SK_1": 26, "SK_16": 21}
    assert (len(cases), len(links), int(chains.kept.sum())) == (162, 98, 98)
    # One patient has two possible infectors, another three: 98 links, 95 infected.
    assert (sorted(chains.infectors)[-2:], int(chains.offspring.sum())) == ([2, 3], 95)
    assert chains.offspring_expected.sum() == pytest.approx(95)


def test_korea_was_carried_by_few(mers):
    """Three patients infected 84 of 95."""
    _ids, cases, links = mers
    found = estimate_offspring(find_chains(cases, links).offspring)
    assert found.dispersion_high < 0.1
    assert found.share_for_80 < 0.1
    interval = estimate_serial_interval(cases, links)
    assert (interval.pairs, interval.negative) == (98, 0)
    assert interval.mean == pytest.approx(14.47, abs=0.005)
    assert interval.sd == pytest.approx(5.20, abs=0.005)


def test_the_measles_of_hagelloch():
    table = rows("outbreaks/measles_hagelloch_1861.csv")
    pairs = [(row["infector"], row["case_ID"]) for row in table if row["infector"].isdigit()]
    ids, cases, links = arrays({row["case_ID"]: row["date_of_prodrome"] for row in table}, pairs)
    chains = find_chains(cases, links)
    assert (len(cases), len(links), int(chains.kept.sum())) == (188, 184, 184)
    assert (ids[int(chains.offspring.argmax())], chains.offspring.max()) == ("45", 30)
    assert chains.chain_size.size == 188 - 184


def test_the_simulated_ebola_outbreak_tells_its_own_generations():
    """The truth is in the table: an infectee stands one generation below its infector, but for four links of the table."""
    table = rows("outbreaks/ebola_sim_clean_linelist.csv.gz")
    pairs = [(row["infector"], row["case_id"]) for row in rows("outbreaks/ebola_sim_clean_contacts.csv.gz")]
    ids, cases, links = arrays({row["case_id"]: row["date_of_onset"] for row in table}, pairs)
    chains = find_chains(cases, links)
    assert len(cases) == 5829 and len(links) == 3800
    assert chains.refused["unknown_case"] == 1684  # one end is not in the cleaned line list
    truth = np.array([int(row["generation"]) for row in table])
    kept = chains.kept
    step = truth[links.infectee[kept]] - truth[links.infector[kept]]
    assert (int((step == 1).sum()), int((step != 1).sum())) == (2114, 2)
    assert ids[0] == "d1fafd" and chains.generation[0] == 0


def test_taiwan_has_contacts_that_were_not_infected():
    people, edges = (
        rows("taiwan-linelist/individuals_to_2020-03-31.csv"),
        rows("taiwan-linelist/edges_to_2020-03-31.csv.gz"),
    )
    everyone = {edge[side] for edge in edges for side in ("source", "target")}
    assert (len(people), len(edges), len(everyone)) == (322, 17_005, 3_477)
    directed = [(edge["source"], edge["target"]) for edge in edges if edge["directed"] == "True"]
    _ids, cases, links = arrays({f"I{row['id']}": row["onset_of_symptom"] for row in people}, directed)
    chains = find_chains(cases, links, max_incubation_days=14)
    assert len(directed) == 22 and chains.refused["repeated"] == 5 and int(chains.kept.sum()) == 17
    both = [edge["source"][0] == "I" and edge["target"][0] == "I" for edge in edges]
    known = [1 if edge["directed"] == "True" else -1 if two else 0 for edge, two in zip(edges, both, strict=True)]
    rates = {rate.setting: rate for rate in estimate_attack_rates([edge["interaction"] for edge in edges], known)}
    assert sum(rate.rate.whole + rate.untested for rate in rates.values()) == 17_005
    couples, school = rates["0"], rates["10"]
    assert (couples.rate.part, couples.rate.whole, couples.untested) == (3, 8, 9)
    assert (school.rate.part, school.rate.whole) == (1, 711)
    assert couples.rate.low > school.rate.high
