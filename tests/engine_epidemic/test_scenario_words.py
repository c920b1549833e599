"""Scenarios in words, as text, and what differs between two; everything that ships can be read, told and written back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine.epidemic import EpidemicFault
from tongchou.engine.epidemic.measure_words import NAMES, WHAT, find_differences, speak_measure
from tongchou.engine.epidemic.scenario import KINDS, read_scenario
from tongchou.engine.epidemic.scenario_text import read_table, write_scenario
from tongchou.store.epidemic_packs import describe_disease, disease_names, load_presets, scenario_names, scenario_text

from tests.engine_epidemic.cities import USUAL

SCHOOLS = {"kind": "closure", "layers": ["school"], "from_day": 10, "to_day": 40}


@pytest.mark.parametrize("name", scenario_names())
def test_a_shipped_scenario_is_read_told_and_written_back(name):
    table = read_table(scenario_text(name), USUAL, name=name)
    assert read_table(write_scenario(table), USUAL) == table
    for row in table["measure"]:
        zh, en = speak_measure(row, "zh", starts_on=date(2020, 2, 1)), speak_measure(row, "en")
        assert zh.name and zh.when and en.name and en.when and "–,"[0] not in (zh.what, en.what)
    assert read_scenario(write_scenario(table), USUAL) == read_scenario(scenario_text(name), USUAL)


@pytest.mark.parametrize(("name", "told"), load_presets().items())
def test_a_preset_is_a_measure_with_a_source(name, told):
    assert read_scenario(write_scenario({"measure": [told["row"]]}), USUAL).measures
    assert told["name_zh"] and told["name_en"] and "[" in told["source"]


def test_every_kind_has_a_name_and_words():
    assert set(NAMES) == set(WHAT) == {*KINDS, "imports"}


def test_words_by_hand():
    assert speak_measure(SCHOOLS, "zh").sentence == "学校停课 · 第 10–40 天"
    assert speak_measure(SCHOOLS, "en", starts_on=date(2020, 2, 1)).sentence == "schools closed · 11 Feb to 12 Mar (days 10 to 40)"
    assert speak_measure(SCHOOLS, "zh", starts_on=date(2020, 12, 20)).when == "12月30日至1月29日（第 10–40 天）"
    by_county = {"kind": "imports", "count": 3, "county": "510403"}
    assert speak_measure(by_county, "zh", areas={"510403": "西区"}).sentence == "输入感染 · 3 例 · 西区 · 第 0 天"
    half = {"kind": "reduced_opening", "open_share": 0.5, "sectors": [2], "counties": ["510402"], "ages": [60, 127], "from_day": 3}
    assert speak_measure(half, "en", areas={"510402": "East"}).sentence == "reduced opening · 50% attend · East, manufacturing, ages 60 and over · from day 3"
    tests = {"kind": "imports", "per_day": 0.5, "from_day": 1, "to_day": 9}
    assert speak_measure(tests, "zh").sentence == "输入感染 · 平均每天 0.5 例 · 第 1–9 天"
    assert speak_measure({"kind": "imports", "count": 3}, "en").sentence == "infections from outside · 3 · day 0"
    assert speak_measure({"kind": "masks"}, "en").what.startswith("– wear one"), "a figure not yet written"


def test_levels_by_hand():
    rule = {"kind": "zone_rule", "unit": "county", "clear_days": 14, "levels": [{"name": "medium", "cases": 1, "within_days": 14}, {"name": "red", "cases": 9, "within_days": 7}]}
    assert speak_measure(rule, "zh").what == "按县（区）：14 天内报告 1 例为中级，7 天内报告 9 例为red级；连续 14 天达不到则降一级"
    assert speak_measure(rule, "en").what == "by county: medium from 1 reported in 14 days, red from 9 reported in 7 days; one step down after 14 days below"
    assert speak_measure({**SCHOOLS, "level": "medium"}, "zh").whom == "中级地区" and speak_measure({**SCHOOLS, "level": "medium"}, "en").whom == "areas at level medium"


def test_differences_by_hand():
    longer, masks = {**SCHOOLS, "to_day": 54}, {"kind": "masks", "wearing": 0.8, "outward": 0.5, "inward": 0.3}
    work = {"kind": "closure", "layers": ["workplace"]}
    assert find_differences([SCHOOLS, masks], [masks, SCHOOLS]) == []
    found = find_differences([work, SCHOOLS], [longer, masks])
    assert [(one.first, one.second) for one in found] == [(work, None), (SCHOOLS, longer), (None, masks)]
    assert find_differences([{**SCHOOLS, "compliance": 1.0}], [SCHOOLS]) == [], "what holds by default is no difference"
    twice = find_differences([SCHOOLS, SCHOOLS], [SCHOOLS])
    assert [(one.first, one.second) for one in twice] == [(SCHOOLS, None)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3), max_leaves=4,
)  # fmt: skip
KEYS = st.sampled_from(sorted({key for kind in KINDS.values() for key in (*kind.where, *kind.own)}))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*KINDS, "holiday"]), st.dictionaries(KEYS, VALUES, max_size=4))
def test_no_file_breaks_the_reader(kind, extra):
    """Whatever stands in a measure, the reader takes it or says in both languages what is wrong, with a line."""
    text = write_scenario({"measure": [{"kind": kind, **{key: _without_none(value) for key, value in extra.items() if value is not None}}]})
    try:
        assert read_table(text, USUAL)["measure"][0]["kind"] == kind
    except EpidemicFault as fault:
        assert fault.line >= 1 and "line" in fault.en and "行" in fault.zh


def _without_none(value):
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return [_without_none(one) for one in value if one is not None] if isinstance(value, list) else value


@pytest.mark.parametrize("name", disease_names())
def test_a_pack_says_where_each_of_its_figures_is_from(name):
    told = describe_disease(name)
    assert told["sources"][0].startswith("reproduction_number: ") and len(told["sources"]) > 10
    assert told["version"] and told["name_zh"] and told["reproduction_number"] > 1
