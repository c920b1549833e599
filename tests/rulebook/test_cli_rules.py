"""``tongchou rules`` at the terminal."""

from __future__ import annotations

import json

import pytest

from tongchou.cli import __main__ as terminal

pytestmark = pytest.mark.django_db


def asked(capsys, *words: str) -> tuple[int, str, str]:
    code = terminal.main(["rules", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_show_says_value_source_and_reason_in_both_languages(capsys):
    code, out, _ = asked(capsys, "show", "zone.level", "--on", "2020-02-28", "--area", "510402000000")
    assert code == 0
    for words in (
        "zone.sichuan.2020-02-13", "S34", "每 10 万人一周新增大于 3", "new cases a week per 100,000 people > 3",
        "地区更具体（51 对 全国）", "its area is more specific",
    ):  # fmt: skip
        assert words in out


def test_show_as_json_carries_value_and_beaten_rows(capsys):
    code, out, _ = asked(capsys, "show", "cert.sichuan.migrant.validity_days", "--on", "2020-02-26", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["value"] == {"days": 14, "keyed_on": "issue_date"}
    assert told["mark"] == "seen"
    assert [row["version"] for row in told["beaten"]] == ["cert.sichuan.migrant.validity_days.2020-02-01"]


def test_show_of_a_gap_is_null_and_says_what_to_enter(capsys):
    code, out, _ = asked(capsys, "show", "price.markup_lead", "--on", "2020-02-14", "--area", "51", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["value"] is None
    assert told["mark"] == "not_found"
    assert "请填写" in told["note_zh"]
    _, text, _ = asked(capsys, "show", "price.markup_lead", "--on", "2020-02-14", "--area", "51")
    assert "空：未找到" in text
    assert "empty: not found" in text


def test_show_as_known_on_a_past_day(capsys):
    ask = ("show", "contact.window", "--on", "2020-02-10", "--json")
    _, now, _ = asked(capsys, *ask)
    _, then, _ = asked(capsys, *ask, "--known-on", "2020-02-05")
    assert json.loads(now)["value"]["days_before"] == 2
    assert json.loads(then)["value"]["days_before"] == 0


def test_a_version_name_is_understood_and_says_where_it_does_not_apply(capsys):
    code, out, err = asked(capsys, "show", "zone.sichuan.2020-02-13", "--on", "2020-02-10", "--json")
    assert code == 0
    assert json.loads(out)["version"] == "zone.sichuan.2020-02-06"
    assert "不适用" in err
    assert "does not apply" in err


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (("show", "clock.case_reprt", "--on", "2020-02-14"), "相近的有：clock.case_report", "Near it: clock.case_report"),
        (("show", "zone.level", "--on", "2020-02-30"), "不是日历上的日期", "no day on the calendar"),
        (("show", "zone.level", "--area", "51x"), "无法识别", "cannot be read"),
        (("show", "zone.level", "--on", "2019-12-01", "--area", "5104"), "2020-02-06 起生效", "in force from 2020-02-06"),
    ],
)
def test_bad_input_gets_a_message_in_both_languages(capsys, words, zh, en):
    code, out, err = asked(capsys, *words)
    assert code != 0
    assert out == ""
    assert zh in err
    assert en in err


def test_list_under_a_prefix(capsys):
    code, out, _ = asked(capsys, "list", "seat.", "--on", "2020-02-14", "--json")
    told = json.loads(out)
    assert code == 0
    assert [row["id"] for row in told] == [
        "seat.aircraft", "seat.ordinary_train", "seat.sealed_coach", "seat.sealed_train", "seat.ship", "seat.ventilated_coach",
    ]  # fmt: skip
    assert all(row["label_zh"] and row["label_en"] for row in told)


def test_check_counts_the_packs_and_lists_the_gaps(capsys):
    code, out, _ = asked(capsys, "check", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["faults"] == []
    assert told["rows"] > 250
    assert "price.markup_lead@51@2020-01-24" in told["not_found"]
