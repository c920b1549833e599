"""The day as the duty officer runs it: six steps, once, with tasks for named posts."""

import json
import re
from datetime import date

import pytest
from django.utils import translation

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post
from tongchou.audit.models import Entry
from tongchou.cli.__main__ import main
from tongchou.day.loop import run_day
from tongchou.day.models import DayBrief
from tongchou.day.words import HEADS, WORDS, speak
from tongchou.notices.models import Notice
from tongchou.outbreak.actions.case import report_case
from tongchou.reason import Reason
from tongchou.refusal import Refusal
from tongchou.tasks.models import EscalationStep, Task
from tongchou.zones.models import ZoneProposal

from tests.bridge.real_february import work_february
from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import EAST, VILLAGES, at

FEB_14 = date(2020, 2, 14)


@pytest.fixture
def february(posts):
    with citytime.standing_at(at(1, 22)):
        outbreak = panzhihua.build_outbreak()
    work_february(outbreak, posts["HOSPITAL-1"], until=FEB_14)
    return outbreak


def run(day=FEB_14, hour=17, **more):
    with citytime.standing_at(citytime.at_hour(day, hour, 30)):
        return run_day(day, by=SYSTEM, **more)


def rows():
    return {
        model.__name__: model.objects.count() for model in (Task, ZoneProposal, DayBrief, Notice, EscalationStep, Entry)
    }


def test_the_brief_says_the_day_in_both_languages(february):
    brief = run()
    assert "截至 2020-02-14 17:30（当日未满 24 时）：新增确诊 0 例，累计确诊 13 例" in brief.text_zh
    assert "13 confirmed in total" in brief.text_en
    for zh, en in HEADS.values():
        assert zh in brief.text_zh and en in brief.text_en
    assert "未录入公布名单" in brief.text_zh
    assert brief.data["assess"]["figures"]["active"] == 3
    assert [zone["name"] for zone in brief.data["assess"]["zones"]] == ["东区", "西区", "仁和区", "米易县", "盐边县"]


def test_a_day_that_is_over_is_told_as_of_its_close(february):
    with citytime.standing_at(citytime.at_hour(date(2020, 2, 15), 9)):
        brief = run_day(FEB_14, by=SYSTEM)
    assert "截至 2020-02-14 24 时：新增确诊 0 例，累计确诊 13 例" in brief.text_zh
    assert "As of the close of 2020-02-14: 0 new confirmed, 13 confirmed in total" in brief.text_en


def test_the_same_day_run_twice_creates_nothing_twice(february):
    first = run()
    before = rows()
    second = run()
    assert second.pk == first.pk
    assert rows() == before


def test_a_later_run_with_new_facts_adds_a_version_and_keeps_the_first(february, posts):
    first = run(hour=16)
    with citytime.standing_at(citytime.at_hour(FEB_14, 17)):
        report_case(
            outbreak=february, residence_path=VILLAGES[EAST], status="confirmed", found_at=at(2, 14, 16),
            reported_at=at(2, 14, 16, 30), by=posts["HOSPITAL-1"],
        )  # fmt: skip
    second = run()
    assert (first.version, second.version) == (1, 2)
    assert "累计确诊 14 例" in second.text_zh
    assert "累计确诊 13 例" in DayBrief.objects.get(pk=first.pk).text_zh


def test_the_county_command_is_asked_to_decide_once_while_the_question_stays_the_same(february, posts):
    run()
    task = Task.objects.get(kind="zone.decide", area_path=EAST)
    assert task.owner_post == posts["COMMAND-510402"].post_id
    assert task.title == "研判东区分级：规则建议中风险"
    assert task.due_at == at(2, 15, 17, 30)
    run(date(2020, 2, 15))
    assert Task.objects.filter(kind="zone.decide", area_path=EAST).count() == 1


def test_late_tasks_climb_the_ladder_and_the_brief_names_the_post(february):
    run()
    brief = run(date(2020, 2, 17))
    assert EscalationStep.objects.filter(kind="ladder").exists()
    assert {one["post"] for one in brief.data["supervise"]["late"]} >= {"510402指挥部"}
    assert "项超时未办结" in brief.text_zh and "past their limit" in brief.text_en


def test_without_a_command_post_the_brief_says_so(february):
    Post.objects.filter(role__in=["COMMAND", "OFFICE"]).update(active_to_on=date(2020, 2, 1))
    brief = run()
    assert EAST in brief.data["order"]["without_post"]
    assert "没有可交办的指挥部岗位" in brief.text_zh


@pytest.mark.parametrize(("day", "code"), [(date(2019, 12, 31), "before_outbreak"), (date(2020, 2, 15), "future")])
def test_a_day_before_the_outbreak_or_in_the_future_is_refused_in_both_languages(february, day, code):
    with citytime.standing_at(citytime.at_hour(FEB_14, 17)), pytest.raises(Refusal) as refused:
        run_day(day, by=SYSTEM)
    assert refused.value.code == code
    assert str(day) in refused.value.zh and str(day) in refused.value.en


def test_without_an_open_outbreak_the_officer_is_told_what_to_do(posts):
    with pytest.raises(Refusal) as refused:
        run_day(FEB_14, by=SYSTEM)
    assert "四个一" in refused.value.zh


def test_command_line_prints_the_brief_and_json(february, capsys):
    with citytime.standing_at(citytime.at_hour(FEB_14, 17)):
        assert main(["day", "--date", "2020-02-14", "--as", "OFFICE-5104"]) == 0
        assert "累计确诊 13 例" in capsys.readouterr().out
        assert main(["day", "--date", "2020-02-14", "--json", "--as", "OFFICE-5104"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert (data["day"], data["assess"]["figures"]["confirmed"], data["version"]) == ("2020-02-14", 13, 1)
        assert main(["day", "--date", "2020-03-01", "--as", "OFFICE-5104"]) == 1
        error = capsys.readouterr().err
        assert "还没有到" in error and "lies in the future" in error
        assert main(["day", "--date", "2020-02-30"]) == 2
        assert main(["day", "--as", "NOBODY"]) == 1


def test_zones_command_gives_one_entry_a_county(february, capsys):
    with citytime.standing_at(citytime.at_hour(FEB_14, 17)):
        assert main(["zones", "--date", "2020-02-14", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert len(entries) == 5
    east = next(entry for entry in entries if entry["area"] == EAST)
    assert (east["name"], east["level"], east["published"]) == ("东区", "medium", None)
    assert east["rule"] == "zone.sichuan.2020-02-13"
    assert "近 14 天新增" in east["reason"] and "new in the last 14 days" in east["reason"]
    assert set(east) >= {"area", "name", "level", "published", "reason", "rule", "days_to_downgrade"}
    assert ZoneProposal.objects.count() == 0, "asking stores nothing"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("code", sorted(WORDS))
def test_every_line_speaks_and_prints_only_its_values(code, lang):
    names = set(re.findall(r"\{(\w+)\}", WORDS[code][0] + WORDS[code][1]))
    values = {name: 1000 + number for number, name in enumerate(sorted(names))}
    text = speak(Reason(code, values), lang)
    allowed = set(values.values()) | ({24} if code.startswith("assess.city") and lang == "zh" else set())
    assert {int(number) for number in re.findall(r"\d+", text)} <= allowed


def test_every_number_of_a_real_brief_is_one_of_its_values(february):
    brief = run()
    for line in brief.lines:
        for lang in ("zh", "en"):
            text = speak(Reason(line["code"], line["values"]), lang)
            said = set(re.findall(r"\d+", text))
            known = set(re.findall(r"\d+", json.dumps(line["values"], ensure_ascii=False))) | {"24"}
            assert said <= known, text


def test_titles_are_stored_in_both_languages_whatever_the_runner_reads(february):
    with translation.override("en"):
        run()
    task = Task.objects.get(kind="zone.decide", area_path=EAST)
    assert (task.title, task.title_en) == (
        "研判东区分级：规则建议中风险",
        "Decide the level of 东区: the rule proposes medium",
    )
    assert "建议中风险" in DayBrief.objects.get().text_zh


def test_writing_from_the_terminal_needs_a_post(february, capsys):
    with citytime.standing_at(citytime.at_hour(FEB_14, 17)):
        assert main(["day", "--date", "2020-02-14"]) == 1
    assert "--as" in capsys.readouterr().err
