"""The outlook of an area: too few to say, with what is known instead; and every word of it."""

import re

import numpy as np
import pytest

from tongchou.engine.chains import (
    ChainInputError,
    OutlookRules,
    Spread,
    estimate_outlook,
    find_chains,
    find_delay,
    read_cases,
    read_delay,
    read_links,
)
from tongchou.engine.chains.words import WORDS, speak
from tongchou.engine.estimate import estimate_reproduction

AS_OF = np.datetime64("2020-02-14")
RULES = OutlookRules(7, 12, 14, Spread(0.9, 0.5, read_delay("gamma", 4.7, 2.9), 0.7), 0.95)


def day(number):
    return "NaT" if number is None else f"2020-02-{number:02d}"


def city():
    """East (rows 0-3): an import of the 1st, a case infected by it, one without a source, one infected in West. West: row 4."""
    cases = read_cases(
        [day(1), day(4), day(6), day(9), day(5)],
        reported_on=[day(3), day(6), day(9), day(12), day(7)],
        isolated_on=[day(2), day(4), day(9), None, day(6)],
        imported=[1, 0, 0, 0, -1],
    )
    return cases, find_chains(cases, read_links([0, 4], [1, 3]))


def outlook(mask=(1, 1, 1, 1, 0), rules=RULES, **more):
    cases, chains = city()
    return estimate_outlook(cases, chains, np.array(mask, bool), as_of=AS_OF, rules=rules, **more)


def test_too_few_cases_are_told_with_what_is_known_instead():
    found = outlook(days_to_downgrade=12)
    assert not found.enough
    assert (found.cases, found.cases_in_window) == (4, 2)
    assert (found.imported, found.local, found.unknown_origin) == (1, 3, 0)
    assert (found.imported_in_window, found.days_since_import, found.days_since_last_case) == (0, 11, 2)
    assert (found.unlinked.part, found.unlinked.whole) == (1, 3)
    assert (found.chains, found.open_chains, found.largest_chain, found.deepest_generation) == (3, 3, 2, 1)
    assert (found.isolation.median, found.isolation.known, found.isolation.missing) == (1, 3, 1)
    assert found.downgrade.days == 12 and 0 < found.downgrade.chance < 1
    codes = [reason.code for reason in found.reasons]
    assert codes == [
        "outlook.too_few", "outlook.last_case", "outlook.chains_open", "outlook.origin", "outlook.unlinked",
        "outlook.imports", "outlook.isolation", "outlook.not_over", "outlook.quiet", "outlook.downgrade",
    ]  # fmt: skip
    said = [speak(reason, "en") for reason in found.reasons]
    assert (
        said[0] == "cases in the last 7 days: 2, fewer than 12: too few to say how fast it spreads; see the facts below"
    )
    assert "1 without a known source (33%, 95% interval 1%–91%)" in said[4]
    assert speak(found.reasons[1], "zh") == "距最近一例报告 2 天"


def test_an_area_without_a_case_says_only_that():
    found = outlook(mask=(0, 0, 0, 0, 0))
    assert [reason.code for reason in found.reasons] == ["outlook.no_case"]
    assert found.end is None and found.days_since_last_case is None


def test_enough_cases_are_told_too():
    found = outlook(rules=OutlookRules(14, 2, 14, RULES.spread, 0.95))
    assert found.enough and found.reasons[0].code == "outlook.enough"


def epidemic(per_day, start="2020-01-20"):
    """Cases reported ``per_day[n]`` on the n-th day, the first four imported, all without links."""
    day = np.repeat(np.datetime64(start) + np.arange(len(per_day)), per_day)
    imported = (np.arange(day.size) < 4).astype(int)
    return read_cases(day - 2, reported_on=day, imported=imported), np.datetime64(start) + len(per_day) - 1


@pytest.mark.parametrize(
    ("per_day", "codes"),
    [
        ([2, 2, 3, 4, 4, 5, 7, 8, 10, 12, 15, 18, 23, 28, 34], ["outlook.reproduction_growing", "outlook.doubling"]),
        ([34, 30, 26, 22, 19, 16, 14, 12, 10, 8, 7, 6, 5, 4, 4], ["outlook.reproduction_shrinking", "outlook.halving"]),
        ([2, 3, 2, 3, 2, 2, 3, 2, 3, 2, 3, 2, 2, 3, 2], ["outlook.reproduction_unclear"]),
    ],
)
def test_with_enough_cases_the_speed_is_told_with_its_interval(per_day, codes):
    cases, last = epidemic(per_day)
    chains = find_chains(cases, read_links([], []))
    found = estimate_outlook(cases, chains, np.ones(len(cases), bool), as_of=last, rules=RULES)
    assert found.enough and found.curve.low < found.curve.mean < found.curve.high
    assert found.curve.cases == sum(per_day[-7:])
    assert [reason.code for reason in found.reasons[1 : 1 + len(codes)]] == codes


def test_the_reproduction_number_is_coris():
    """The same figure from the estimator itself, on the same window and interval."""
    per_day = [2, 2, 3, 4, 4, 5, 7, 8, 10, 12]
    cases, last = epidemic(per_day)
    found = estimate_outlook(
        cases, find_chains(cases, read_links([], [])), np.ones(len(cases), bool), as_of=last, rules=RULES
    )
    chances = np.concatenate([[0.0], RULES.spread.serial.pmf[1:]])
    series, came = np.array([0, *per_day]), np.array([0, 2, 2] + [0] * 8)
    plain = estimate_reproduction(series, chances / chances.sum(), imported=came, windows=7)
    assert found.curve.mean == pytest.approx(float(plain.mean[0, -1]), rel=1e-12)


def test_a_case_without_a_source_counts_against_those_before_it():
    """The unlinked third case is shared out among earlier ones, so the end is no nearer than with it left out."""
    cases, chains = city()
    linked = find_chains(cases, read_links([0, 4, 0], [1, 3, 2]))
    here = np.array([1, 1, 1, 1, 0], bool)
    plain = estimate_outlook(cases, chains, here, as_of=AS_OF, rules=RULES)
    known = estimate_outlook(cases, linked, here, as_of=AS_OF, rules=RULES)
    assert plain.end.over[0] == pytest.approx(known.end.over[0], abs=0.05)
    sparse = estimate_outlook(
        read_cases(cases.onset_on, reported_on=cases.reported_on, imported=[1] * 5),
        chains,
        here,
        as_of=AS_OF,
        rules=RULES,
    )
    assert plain.end.over[0] < sparse.end.over[0]


def test_a_case_of_tomorrow_is_refused():
    cases, chains = city()
    with pytest.raises(ChainInputError):
        estimate_outlook(cases, chains, np.ones(5, bool), as_of=np.datetime64("2020-02-11"), rules=RULES)
    with pytest.raises(ChainInputError):
        estimate_outlook(cases, chains, np.ones(4, bool), as_of=AS_OF, rules=RULES)


def test_delays_that_run_backwards_are_counted_and_kept():
    first = np.array(["2020-02-05", "2020-02-05", "NaT"], "datetime64[D]")
    second = np.array(["2020-02-03", "2020-02-09", "2020-02-01"], "datetime64[D]")
    found = find_delay(first, second)
    assert (found.known, found.missing, found.negative, found.median) == (2, 1, 1, 1.0)


def test_every_word_is_there_in_both_languages_and_prints_the_same_figures():
    for code, (zh, en) in WORDS.items():
        assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en)), code


def test_every_reason_of_every_outlook_can_be_said():
    quiet = OutlookRules(7, 12, 3, RULES.spread, 0.3)
    never = OutlookRules(7, 12, 3, RULES.spread, 0.9999, horizon_days=2)
    cases = read_cases([day(1)], imported=[0])
    lone = estimate_outlook(cases, find_chains(cases, read_links([], [])), np.ones(1, bool), as_of=AS_OF, rules=never)
    all_ = [outlook(), outlook(rules=quiet), outlook(rules=never, days_to_downgrade=1), outlook(mask=[0] * 5), lone]
    all_.append(outlook(rules=OutlookRules(14, 2, 14, RULES.spread, 0.95)))
    for per_day in ([4, 6, 9, 14, 20, 30, 44, 66], [34, 30, 26, 22, 19, 16, 14, 12, 10, 8, 7, 6, 5, 4, 4], [3] * 12):
        many, last = epidemic(per_day)
        whole = np.ones(len(many), bool)
        all_.append(estimate_outlook(many, find_chains(many, read_links([], [])), whole, as_of=last, rules=RULES))
    seen = {reason.code for one in all_ for reason in one.reasons}
    # These three are said by the bridge, which reads the rulebook and asks for the forecast (tests/bridge).
    assert seen | {"outlook.no_rule", "outlook.forecast", "outlook.nowcast"} == set(WORDS)
    for one in all_:
        for reason in one.reasons:
            for lang in ("zh", "en"):
                text = speak(reason, lang)
                figures = {
                    float(one)
                    for one in re.findall(r"\d+(?:\.\d+)?", text.replace("95% 区间", "").replace("95% interval", ""))
                }
                assert figures <= {float(value) for value in reason.values.values()}
