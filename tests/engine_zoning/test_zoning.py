"""The zone engine on hand-checked cities, and what must hold for every city."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.zoning import (
    CaseCounts,
    RuleError,
    count_facts,
    propose_level,
    propose_move,
    read_moves,
    read_rule,
)
from tongchou.engine.zoning.criteria import LEVELS
from tongchou.engine.zoning.facts import NAMES
from tongchou.engine.zoning.words import WORDS, speak
from tongchou.reason import Reason

NATIONAL = {
    "unit": "county",
    "order": ["low", "high", "medium"],
    "low": {"any": [{"cum": {"eq": 0}}, {"new_14d": {"eq": 0}}]},
    "high": {"all": [{"cum": {"gt": 50}}, {"clusters_14d": {"ge": 1}}]},
    "medium": {"else": True},
}
SICHUAN = {
    "order": ["low", "high", "medium"],
    "low": {
        "any": [
            {"cum": {"eq": 0}},
            {
                "all": [
                    {"in_hospital": {"eq": 0}},
                    {"days_since_last_discharge_or_transfer": {"ge": 14}},
                    {"new_14d": {"eq": 0}},
                ]
            },
        ]
    },
    "high": {"all": [{"any": [{"clusters_14d": {"ge": 1}}, {"sustained": True}]}, {"weekly_per_100k": {"gt": 3}}]},
    "medium": {"else": True},
}
DAY = date(2020, 2, 28)


def rule(value=NATIONAL):
    return read_rule("zone.test", "1", value)


def facts(new=None, clusters=None, *, on=DAY, population=400_000, cluster_min_cases=2, **more):
    counts = CaseCounts(new=new or {}, clusters=clusters or {}, **more)
    return count_facts(counts, area="510402", on=on, population=population, cluster_min_cases=cluster_min_cases)


def ago(days):
    return DAY - timedelta(days=days)


def texts(proposal, lang):
    return [speak(reason, lang) for reason in proposal.reasons]


def test_national_rule_no_case_is_low():
    proposal = propose_level(facts(), rule())
    assert proposal.level == "low"
    assert proposal.days_to_downgrade is None
    assert texts(proposal, "zh") == ["符合低风险条件", "累计 0 例（条件：等于 0）", "已是最低级别：低风险"]


def test_national_rule_a_case_on_the_day_is_medium_for_fourteen_days():
    """A case of the 28th: 14 days in a row without one are complete at the close of 13 March."""
    proposal = propose_level(facts({DAY: 1}), rule())
    assert (proposal.level, proposal.days_to_downgrade, proposal.next_level) == ("medium", 14, "low")
    assert propose_level(facts({DAY: 1}, on=DAY + timedelta(days=13)), rule()).level == "medium"
    assert propose_level(facts({DAY: 1}, on=DAY + timedelta(days=14)), rule()).level == "low"
    assert "若不再新增病例且现住院病人不变，14 天后可建议降为低风险" in texts(proposal, "zh")


def test_national_rule_high_needs_more_than_fifty_and_a_cluster():
    spread = {ago(day): 4 for day in range(20)}  # 80 cases
    cluster = {"C1": {ago(3): 2}}
    assert propose_level(facts({**spread}, cluster), rule()).level == "high"
    assert propose_level(facts({**spread}), rule()).level == "medium"
    fifty = {ago(20): 48, ago(3): 2}
    assert propose_level(facts(fifty, cluster), rule()).level == "medium"
    assert propose_level(facts({**fifty, ago(2): 1}, cluster), rule()).level == "high"


def test_days_to_downgrade_steps_through_medium_first():
    """The cluster leaves its window before the last case does: high, then medium, then low."""
    new = {ago(30): 60, ago(10): 2, ago(0): 1}
    proposal = propose_level(facts(new, {"C1": {ago(10): 2}}), rule())
    assert (proposal.level, proposal.days_to_downgrade, proposal.next_level) == ("high", 4, "medium")


def test_cluster_size_is_counted_within_its_window():
    far_apart = {"C1": {ago(0): 1, ago(14): 1}}
    close = {"C1": {ago(0): 1, ago(13): 1}}
    assert facts(clusters=far_apart).value("clusters_14d") == 0
    assert facts(clusters=close).value("clusters_14d") == 1
    assert facts(clusters=close, cluster_min_cases=5).value("clusters_14d") == 0


def test_a_cluster_that_began_before_the_window_counts_while_it_grows():
    assert facts(clusters={"C1": {ago(20): 1, ago(10): 1}}).value("clusters_14d") == 1


def test_sichuan_keeps_an_area_with_inpatients_at_medium_and_says_why():
    proposal = propose_level(facts({ago(30): 3}, in_hospital=1), rule(SICHUAN))
    assert proposal.level == "medium"
    assert proposal.days_to_downgrade is None
    assert "仅靠等待不会降级（假定现住院病人不变），尚缺下列条件" in texts(proposal, "zh")
    assert "1 in hospital (criterion: equal to 0)" in texts(proposal, "en")


def test_sichuan_low_fourteen_days_after_the_last_discharge():
    proposal = propose_level(facts({ago(30): 3}, in_hospital=0, last_left_on=ago(4)), rule(SICHUAN))
    assert (proposal.level, proposal.days_to_downgrade, proposal.next_level) == ("medium", 10, "low")
    assert propose_level(facts({ago(30): 3}, in_hospital=0, last_left_on=ago(14)), rule(SICHUAN)).level == "low"


def test_sichuan_high_needs_weekly_incidence_above_three_per_100k():
    cluster = {"C1": {ago(1): 2}}
    twelve = {ago(1): 12}  # 12 of 400,000 in a week: 3.0
    assert propose_level(facts(twelve, cluster), rule(SICHUAN)).level == "medium"
    assert propose_level(facts({ago(1): 13}, cluster), rule(SICHUAN)).level == "high"


def test_an_unknown_fact_is_said_and_never_grants_a_level():
    proposal = propose_level(facts({ago(1): 13}, {"C1": {ago(1): 2}}, population=None), rule(SICHUAN))
    assert proposal.level == "medium"
    assert proposal.unknown == ("weekly_per_100k",)
    assert any("请录入人口" in text for text in texts(proposal, "zh"))


def test_cases_after_the_day_are_left_out():
    assert facts({DAY + timedelta(days=1): 5}).value("cum") == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"order": []}, "order"),
        ({"order": ["low", "low", "medium"]}, "twice"),
        ({"order": ["low", "red", "medium"]}, "unknown level"),
        ({"order": ["medium", "low", "high"]}, "else"),
        ({"high": {"else": True}}, "else"),
        ({"medium": {"cum": {"gt": 1}}}, "else"),
        ({"low": {"deaths": {"eq": 0}}}, "no fact"),
        ({"low": {"cum": {"about": 3}}}, "unknown comparison"),
        ({"high": {"all": [{"cum": {"gt": 50}}, {"cum": {"lt": 10}}]}}, "contradicts"),
        ({"high": {"any": []}}, "at least one"),
        ({"high": 3}, "table"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused_in_both_languages(change, words):
    with pytest.raises(RuleError) as refused:
        read_rule("zone.bad", "1", {**NATIONAL, **change})
    assert words in refused.value.en
    assert re.search(r"[一-鿿]", refused.value.zh)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("code", sorted(WORDS))
def test_every_code_speaks_and_prints_only_its_values(code, lang):
    values = {"level": "medium", "next": "low", "value": 17, "op": "ge", "bound": 23, "days": 31, "per": 100_000}
    values |= {"day": "D", "version": "V", "area": "A"}
    text = speak(Reason(code, values), lang)
    assert text and "{" not in text
    numbers = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)}
    assert numbers <= {17, 23, 31, 100_000}
    assert bool(re.search(r"[一-鿿]", text)) is (lang == "zh")


def test_every_fact_has_words_known_and_unknown():
    names = NAMES | {"new_window", "clusters_window"}
    assert {f"fact.{name}" for name in names} | {f"fact.{name}.unknown" for name in names} <= set(WORDS)


days_st = st.dictionaries(st.integers(0, 40).map(ago), st.integers(1, 30), max_size=8)
RULES = st.sampled_from([NATIONAL, SICHUAN])


@settings(max_examples=120, deadline=None)
@given(RULES, days_st, days_st, st.integers(0, 40), st.integers(1, 20), st.booleans())
def test_more_new_cases_never_lower_the_level(value, new, cluster, extra_ago, extra, in_cluster):
    before = propose_level(facts(new, {"C1": cluster}), rule(value)).level
    more = {**new, ago(extra_ago): new.get(ago(extra_ago), 0) + extra}
    grown = {**cluster, ago(extra_ago): cluster.get(ago(extra_ago), 0) + extra} if in_cluster else cluster
    after = propose_level(facts(more, {"C1": grown}), rule(value)).level
    assert LEVELS.index(after) >= LEVELS.index(before)


@settings(max_examples=80, deadline=None)
@given(RULES, days_st, st.lists(days_st, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_cases_clusters_and_conditions_does_not_matter(value, new, clusters, rng):
    shuffled_new = dict(rng.sample(list(new.items()), len(new)))
    named = {f"C{number}": days for number, days in enumerate(clusters)}
    shuffled_clusters = dict(rng.sample(list(named.items()), len(named)))
    turned = {key: _shuffled(body, rng) for key, body in value.items()}
    one = propose_level(facts(new, named), rule(value))
    other = propose_level(facts(shuffled_new, shuffled_clusters), rule(turned))
    assert (one.level, one.days_to_downgrade, one.next_level) == (
        other.level,
        other.days_to_downgrade,
        other.next_level,
    )


def _shuffled(body, rng):
    if not isinstance(body, dict):
        return body
    return {
        key: rng.sample([_shuffled(part, rng) for part in parts], len(parts)) if key in ("any", "all") else parts
        for key, parts in body.items()
    }


@settings(max_examples=80, deadline=None)
@given(RULES, days_st, st.integers(0, 3), st.one_of(st.none(), st.integers(0, 30)))
def test_days_to_downgrade_is_the_first_day_on_which_the_level_falls(value, new, in_hospital, left):
    state = facts(new, in_hospital=in_hospital, last_left_on=None if left is None else ago(left))
    proposal = propose_level(state, rule(value))
    if proposal.days_to_downgrade is None:
        assert propose_level(state.after(100), rule(value)).level == proposal.level
        return
    eve = propose_level(state.after(proposal.days_to_downgrade - 1), rule(value)).level
    then = propose_level(state.after(proposal.days_to_downgrade), rule(value)).level
    assert LEVELS.index(eve) >= LEVELS.index(proposal.level) > LEVELS.index(then)
    assert then == proposal.next_level


def test_a_judged_fact_decides_only_after_experts_judged_it():
    ten = {ago(1): 13}
    assert propose_level(facts(ten), rule(SICHUAN)).unknown == ("sustained",)
    judged = propose_level(facts(ten, judged={"sustained": True}), rule(SICHUAN))
    assert (judged.level, judged.unknown) == ("high", ())
    assert "持续传播判断为 是（条件：等于 是）" in texts(judged, "zh")


V9 = {
    "moves": [
        {"start": "high", "to": "medium", "when": {"days_since_last_case": {"ge": 7}}},
        {"start": "high", "to": "low", "when": {"days_since_last_case": {"ge": 10}}},
        {"start": "medium", "to": "low", "when": {"days_since_last_case": {"ge": 7}}},
    ]
}
BEIJING = {
    "moves": [
        {"start": "low", "to": "medium", "when": {"new_14d": {"ge": 4}}},
        {"start": "high", "to": "medium", "when": {"all": [{"clusters_14d": {"eq": 0}}, {"new_14d": {"lt": 6}}]}},
        {"start": "medium", "to": "low", "when": {"all": [{"new_14d": {"eq": 0}}, {"clusters_14d": {"eq": 0}}]}},
    ]
}


def move(new, standing, value=V9, clusters=None):
    return propose_move(facts(new, clusters), standing, read_moves("zone.sub", "1", value))


def test_v9_high_falls_after_seven_days_and_to_low_after_three_more():
    six = move({ago(6): 1}, "high")
    assert (six.level, six.days_to_downgrade, six.next_level) == ("high", 1, "medium")
    assert texts(six, "zh")[0] == "现为高风险，不符合转换条件，保持不变"
    assert move({ago(7): 1}, "high").level == "medium"
    assert move({ago(10): 1}, "high").level == "low"
    assert "距最近一例 10 天（条件：不少于 10）" in texts(move({ago(10): 1}, "high"), "zh")


def test_beijing_four_new_cases_raise_a_community_and_fourteen_quiet_days_lower_it():
    assert move({ago(1): 3}, "low", BEIJING).level == "low"
    assert move({ago(1): 4}, "low", BEIJING).level == "medium"
    assert move({ago(13): 4}, "medium", BEIJING).days_to_downgrade == 1
    assert move({ago(14): 4}, "medium", BEIJING).level == "low"
    assert move({ago(1): 5}, "high", BEIJING).level == "medium"
    assert move({ago(1): 6}, "high", BEIJING).level == "high"
    assert move({ago(1): 5}, "high", BEIJING, {"C": {ago(1): 2}}).level == "high"


@pytest.mark.parametrize(
    "row", [{"start": "high", "to": "high"}, {"start": "red", "to": "low"}, {"start": "low", "to": "high", "when": {}}]
)
def test_a_move_that_cannot_be_read_is_refused(row):
    with pytest.raises(RuleError):
        read_moves("zone.sub", "1", {"moves": [{"when": {"cum": {"ge": 1}}} | row]})


def test_a_rule_without_moves_is_refused():
    with pytest.raises(RuleError):
        read_moves("zone.sub", "1", {})
