"""The shipped packs say all that the domain rules say, and a faulty pack is refused with file, row and key."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tongchou.engine.zoning import read_rule
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook.errors import PackError
from tongchou.rulebook.packs import load, shipped
from tongchou.rulebook.words import in_words

SECTIONS = (
    "0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2.1", "2.2", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "3.1",
    "3.2", "3.3", "3.4", "3.5", "3.6", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
)  # fmt: skip
# Section 14: what was not found, and the rule under which its gap is shown.
GAPS = {
    "五个一律": "jining.five_all", "三色门槛": "project.colours", "广东数字条件": "zone.criteria.guangdong",
    "四川五级": "zone.criteria.sichuan_five_levels", "包车最少人数": "charter.min_group", "24 条": "jining.measures_24",
    "四个一批": "jining.four_batches", "可用天数标准": "supply.cover_standard", "第三版全文": "protocol.full_text.v3",
    "第四版全文": "protocol.full_text.v4", "第五版全文": "protocol.full_text.v5", "每万人房间": "isolation.rooms_standard",
    "价格（四川、广东、山东）": "price.markup_lead",
}  # fmt: skip
HEAD = """
[pack]
label_zh = "试"
label_en = "trial"
[shape.limit]
fields = [{ key = "minutes", type = "integer", min = 0, label_zh = "分钟", label_en = "Minutes" }]
"""
RULE = """
[[rule]]
id = "trial.limit"
shape = "limit"
section = "1"
label_zh = "试"
label_en = "trial"
"""
ROW = """
[[rule.row]]
valid_from = 2020-02-01
mark = "seen"
source = ["S1"]
value = { minutes = 5 }
"""
ZONING = """
[pack]
label_zh = "试"
label_en = "trial"
[shape.zoning]
levels_from = "order"
fields = [{ key = "order", type = "choices", label_zh = "序", label_en = "Order", choices = [
  { code = "low", zh = "低", en = "low" }, { code = "medium", zh = "中", en = "medium" }, { code = "high", zh = "高", en = "high" } ] }]
[[rule]]
id = "trial.zone"
shape = "zoning"
section = "2"
label_zh = "试"
label_en = "trial"
[[rule.row]]
valid_from = 2020-02-01
mark = "seen"
source = ["S1"]
[rule.row.value]
"""


def faults_of(tmp_path: Path, text: str) -> list:
    """The faults of one pack beside the shipped list of sources."""
    (tmp_path / "trial.toml").write_text(text, encoding="utf-8")
    (tmp_path / "sources.toml").write_text((pack_files.FOLDER / "sources.toml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load(tmp_path)
    for fault in caught.value.problems:
        assert fault.text_zh() in caught.value.zh
        assert fault.text_en() in caught.value.en
    return list(caught.value.problems)


def test_every_row_has_labels_mark_and_sources():
    packs = shipped()
    assert len(packs.rows) > 250
    for row in packs.rows:
        assert row.label_zh and row.label_en, row.version
        assert row.mark in ("seen", "knowledge", "default", "not_found"), row.version
        assert row.source and all(mark in packs.sources for mark in row.source), row.version
        assert bool(row.note_zh) == bool(row.note_en), row.version


def test_a_seen_row_names_a_source_and_a_default_says_that_it_is_ours():
    for row in shipped().rows:
        if row.mark == "seen":
            assert any(mark.startswith("S") for mark in row.source), row.version
        if row.mark == "default":
            assert "D" in row.source, row.version


def test_every_section_of_the_domain_rules_has_rows():
    told = {kind.section for kind in shipped().kinds.values()}
    assert set(SECTIONS) <= told


@pytest.mark.parametrize(("what", "rule_id"), GAPS.items())
def test_what_was_not_found_is_empty_and_says_what_to_enter(what: str, rule_id: str):
    gaps = [row for row in shipped().rows if row.rule_id == rule_id and row.mark == "not_found"]
    assert gaps, what
    for row in gaps:
        assert row.value is None
        assert "填写" in row.note_zh or "录入" in row.note_zh or "提出" in row.note_zh
        assert "nter" in row.note_en or "propose" in row.note_en


def test_every_value_can_be_said_in_both_languages():
    packs = shipped()
    for row in packs.rows:
        if row.value is None:
            continue
        shape = packs.shape_of(row.rule_id)
        for language in ("zh", "en"):
            lines = in_words(shape, row.value, language)
            assert len(lines) >= len(row.value), row.version
            assert all(line.label and (line.text or line.rows) for line in lines), (row.version, lines)


def test_the_engine_reads_every_zoning_rule():
    zoning = [row for row in shipped().rows if row.rule_id == "zone.level" and row.value]
    assert len(zoning) == 2
    for row in zoning:
        assert read_rule(row.rule_id, row.version, row.value).order == ("low", "high", "medium")


def test_clocks_state_exactly_one_limit_and_their_law():
    clocks = [row for row in shipped().rows if row.rule_id.startswith("clock.")]
    assert len(clocks) >= 20
    for row in clocks:
        assert ("limit_minutes" in row.value) != ("limit_working_days" in row.value), row.version
        assert row.value["legal_reference"]["zh"] and row.value["legal_reference"]["en"]
        before = row.value["remind_before_minutes"]
        assert all(minutes < row.value.get("limit_minutes", 10**6) for minutes in before), row.version


def test_the_calendar_of_2020_moves_weekends_for_the_festivals():
    value = next(row.value for row in shipped().rows if row.rule_id == "calendar.working_days" and row.value.get("holidays"))
    spring = next(one for one in value["holidays"] if "Spring" in one["name"]["en"])
    assert (spring["from_on"], spring["to_on"]) == (date(2020, 1, 24), date(2020, 2, 2))
    assert date(2020, 4, 26) in value["working_weekends"]
    assert all(day.isoweekday() in value["weekend"] for day in value["working_weekends"])


@pytest.mark.parametrize(
    ("text", "row", "key", "zh", "en"),
    [
        (HEAD + RULE + ROW.replace("minutes = 5", "hours = 5"), "trial.limit row 1", "value.hours", "没有这个字段", "no such key"),
        (HEAD + RULE + ROW.replace("= 5", '= "five"'), "trial.limit row 1", "value.minutes", "应为整数", "must be a whole number"),
        (HEAD + RULE + ROW.replace("= 5", "= -1"), "trial.limit row 1", "value.minutes", "小于最小值", "below the least"),
        (HEAD + RULE + ROW + "colour = 1", "trial.limit row 1", "colour", "没有这个键", "no such key"),
        (HEAD + RULE + ROW.replace('"seen"', '"heard"'), "trial.limit row 1", "mark", "没有标记", "no mark"),
        (HEAD + RULE + ROW.replace('"seen"', '"not_found"'), "trial.limit row 1", "value", "不能有值", "has no value"),
        (HEAD + RULE + ROW.replace('"S1"', '"S999"'), "trial.limit row 1", "source", "不在来源表", "not in the list"),
        (HEAD + RULE + ROW.replace('mark', 'valid_to = 2020-01-31\nmark'), "trial.limit row 1", "valid_to", "早于起始日", "before the first day"),
        (HEAD + RULE + ROW.replace('mark', 'area = "5"\nmark'), "trial.limit row 1", "area", "无法识别", "cannot be read"),
        (HEAD + RULE + ROW.replace('"S1"', ""), "trial.limit row 1", "source", "须写明来源", "must be named"),
        (HEAD + RULE.replace('"limit"', '"other"') + ROW, "trial.limit", "shape", "没有值结构", "no shape"),
        (HEAD + RULE + ROW + RULE + ROW, "trial.limit", "id", "已在", "already defined"),
        (HEAD.replace("integer", "whole") + RULE + ROW, "shape.limit.fields[1]", "type", "没有类型", "no type"),
    ],
)  # fmt: skip
def test_a_faulty_pack_is_refused_by_file_row_and_key(tmp_path: Path, text: str, row: str, key: str, zh: str, en: str):
    found = [fault for fault in faults_of(tmp_path, text) if fault.key == key]
    assert found
    assert found[0].file == "trial.toml"
    assert found[0].row == row
    assert zh in found[0].zh
    assert en in found[0].en


def test_versions_that_overlap_on_the_same_known_day_are_refused(tmp_path: Path):
    second = ROW.replace("valid_from = 2020-02-01", "valid_from = 2020-02-10\nknown_from = 2020-02-01")
    (fault,) = faults_of(tmp_path, HEAD + RULE + ROW + second)
    assert "2020-02-09" in fault.zh
    assert "give that one the last day 2020-02-09" in fault.en


def test_versions_that_follow_each_other_are_sound(tmp_path: Path):
    second = ROW.replace("valid_from = 2020-02-01", "valid_from = 2020-02-10")
    (tmp_path / "trial.toml").write_text(HEAD + RULE + ROW + second, encoding="utf-8")
    (tmp_path / "sources.toml").write_text('S1 = "somewhere"', encoding="utf-8")
    assert [row.version for row in load(tmp_path).rows] == ["trial.limit@2020-02-01", "trial.limit@2020-02-10"]


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ('order = ["low", "medium"]\nlow = { cum = { eq = 0 } }', "却没有它的条件", "without criteria for it"),
        ('order = ["low", "medium"]\nlow = { else = true }\nmedium = { else = true }', "只能有一个等级写 else", "only one level may be else"),
        ('order = ["medium", "low"]\nlow = { cum = { eq = 0 } }\nmedium = { else = true }', "须排在最后", "must come last"),
        ('order = ["low"]\nlow = { all = [{ cum = { eq = 0 } }, { cum = { gt = 50 } }] }', "不可能同时成立", "can't hold together"),
        ('order = ["low", "low"]\nlow = { else = true }', "排了两次", "ordered twice"),
        ('order = ["low", "high", "medium"]\nlow = { cum = { eq = 0 } }\nhigh = { cum = { eq = 0 } }\nmedium = { else = true }', "永远轮不到", "never be reached"),
        ('order = ["low"]\nlow = { deaths = { gt = 1 } }', "没有这个事实", "no such fact"),
        ('order = ["low"]\nlow = { cum = { about = 1 } }', "须写成一个比较", "must be one comparison"),
        ('order = ["low"]\nlow = { cum = { eq = 0 } }', "没有等级写 else", "no level is else"),
        ('order = ["low"]\nlow = { else = true }\nhigh = { cum = { gt = 1 } }', "没有这个字段", "no such key"),
    ],
)  # fmt: skip
def test_a_rule_that_contradicts_itself_is_refused_in_both_languages(tmp_path: Path, value: str, zh: str, en: str):
    found = faults_of(tmp_path, ZONING + value)
    assert any(zh in fault.zh for fault in found)
    assert any(en in fault.en for fault in found)
    assert all(fault.file == "trial.toml" and fault.row == "trial.zone row 1" for fault in found)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path):
    (fault,) = faults_of(tmp_path, "[pack\n")
    assert fault.file == "trial.toml"
    assert "TOML" in fault.zh


def test_english_words_hold_no_chinese_but_the_numbers_of_documents():
    packs = shipped()
    for row in packs.rows:
        said = " ".join(cell for line in in_words(packs.shape_of(row.rule_id), row.value, "en") for part in line.rows for cell in part)
        lines = " ".join(f"{line.label} {line.text}" for line in in_words(packs.shape_of(row.rule_id), row.value, "en"))
        assert not re.search(r"[\u4e00-\u9fff]", f"{row.label_en} {said} {lines}"), row.version
