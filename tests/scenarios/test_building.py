"""Building a comparison on the page: shipped orders, fields, files; what is wrong is said, nothing typed is lost."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tongchou.bridge import scenario_choices as choices
from tongchou.people.models import Person
from tongchou.scenarios.models import ScenarioRun
from tongchou.store.census_tables import SHIPPED

from tests.people.conftest import register, village
from tests.scenarios.conftest import OPEN, SHUT, form_with

__all__ = ["register", "village"]
pytestmark = pytest.mark.django_db
DAY = date(2020, 2, 14)


def sides(answer):
    return [side for side, _name, _lines, _imports in answer.context["sides"]]


def text(answer) -> str:
    return answer.content.decode()


def test_the_first_visit_asks_for_two_weeks_of_school(desk):
    answer = desk.client.get(reverse("scenario-new"))
    first, second = sides(answer)
    assert (first.name_zh, second.name_zh) == ("学校停课四周", "学校停课六周")
    said = text(answer)
    assert said.count("与另一情景不同") == 2 and "2月21日至4月2日（第 7–48 天）" in said
    assert "新型冠状病毒（原始株）" in said and "1,212,203" in said
    assert 'class="mark is-' in said, "sources of the disease pack with their marks"
    empty = text(desk.client.get(reverse("scenarios")))
    assert "还没有推演" in empty and reverse("scenario-new") in empty


def test_two_weeks_longer_is_one_field(desk):
    start = desk.client.get(reverse("scenario-new"))
    fields = desk.fields(start)
    last = int(fields["b-count"]) - 1
    answer = desk.send("refresh", **{**fields, f"b-{last}-to_day": "62"})
    rows = sides(answer)[1].rows
    assert rows[last] == {"kind": "closure", "layers": ["school"], "from_day": 7, "to_day": 62}
    assert "（第 7–62 天）" in text(answer)


def test_load_copy_add_and_remove(desk):
    fields = desk.fields(desk.client.get(reverse("scenario-new")))
    loaded = desk.send("load:a", **{**fields, "a-template": "uncontrolled"})
    assert sides(loaded)[0].rows == [] and len(sides(loaded)[1].rows) == 6
    copied = desk.send("copy:b", **desk.fields(loaded))
    assert sides(copied)[1].rows == []
    added = desk.send("add:b", **{**desk.fields(copied), "b-preset": "tracing"})
    assert [row["kind"] for row in sides(added)[1].rows] == ["tracing"]
    changed = desk.send("refresh", **{**desk.fields(added), "b-0-found-school": "55", "b-0-found-community": "", "b-0-delay-school": "3"})
    row = sides(changed)[1].rows[0]
    assert row["found"]["school"] == 0.55 and "community" not in row["found"]
    assert row["delay_days"]["school"] == 3 and "community" not in row["delay_days"]
    removed = desk.send("remove:b:0", **desk.fields(changed))
    assert sides(removed)[1].rows == []


@pytest.mark.parametrize("name", sorted(choices.presets()))
def test_every_measure_on_offer_survives_the_form(desk, name):
    """Added, shown as fields and sent back unchanged, it is the measure that the preset names, for the engine too."""
    fields = desk.fields(desk.client.get(reverse("scenario-new")))
    added = desk.send("add:a", **{**fields, "a-preset": name})
    again = desk.send("refresh", **desk.fields(added))
    assert not sides(again)[0].problem
    assert sides(again)[0].rows[-1] == choices.presets()[name]["row"]


def test_strengths_ages_sectors_and_counties(desk):
    fields = desk.fields(desk.client.get(reverse("scenario-new")))
    answer = desk.send("add:a", **{**fields, "a-preset": "sector"})
    at = len(sides(answer)[0].rows) - 1
    changed = {
        f"a-{at}-compliance": "80", f"a-{at}-from_day": "5", f"a-{at}-to_day": "", f"a-{at}-sectors": ["2", "7"],
        f"a-{at}-counties": ["510403"], f"a-{at}-first_age": "18", f"a-{at}-last_age": "59",
    }  # fmt: skip
    answer = desk.send("refresh", **{**desk.fields(answer), **changed})
    assert sides(answer)[0].rows[at] == {
        "kind": "closure", "compliance": 0.8, "sectors": [2, 7], "counties": ["510403"], "ages": [18, 59], "from_day": 5,
    }  # fmt: skip
    assert "80% 遵守 · 西区、制造业、住宿和餐饮业、18–59 岁" in text(answer)


def test_a_rule_of_levels_and_a_measure_that_holds_at_one(desk):
    """A county's level by what is reported there, and schools closed in areas at the high level alone: all in fields."""
    fields = desk.fields(desk.client.get(reverse("scenario-new")))
    added = desk.send("add:b", **{**fields, "b-preset": "zone_rule"})
    at = len(sides(added)[1].rows) - 1
    changed = {f"b-{at}-unit": "neighbourhood", f"b-{at}-step-1-cases": "10", f"b-{at}-step-1-within_days": "7", f"b-{at - 1}-level": "high"}
    answer = desk.send("refresh", **{**desk.fields(added), **changed})
    hint = "分级本身不减少接触"
    assert sides(answer)[1].problem == "" and hint in text(added) and hint not in text(answer)
    school, rule = sides(answer)[1].rows[-2:]
    assert rule["unit"] == "neighbourhood" and rule["levels"][1] == {"name": "high", "cases": 10, "within_days": 7}
    assert rule["levels"][0] == choices.presets()["zone_rule"]["row"]["levels"][0]
    assert school["level"] == "high" and "高级地区" in text(answer) and "7 天内报告 10 例为高级" in text(answer)
    anywhere = desk.send("refresh", **{**desk.fields(answer), f"b-{at - 1}-level": ""})
    assert "level" not in sides(anywhere)[1].rows[at - 1]
    wrong = desk.send("refresh", **{**desk.fields(answer), f"b-{at}-step-0-cases": "0"})
    assert "“报告例数”应为大于 0 的整数" in text(wrong)
    assert desk.send("run", **{**desk.fields(answer), "people": "1000", "days": "14", "replicates": "2"}).status_code == 302


def test_a_set_of_measures_with_a_name_of_its_own_is_no_ready_one(desk):
    """The choice of ready sets shows what stands in the side, or asks to choose; choosing nothing changes nothing."""
    fields = desk.fields(desk.client.get(reverse("scenario-new")))
    answer = desk.send("load:a", **{**fields, "a-name": "本市方案", "a-template": ""})
    assert sides(answer)[0].rows == sides(desk.send("refresh", **fields))[0].rows
    page = text(answer)
    first, second = (page.split(f'name="{key}-template"')[1].split("</select>")[0] for key in "ab")
    assert "selected" not in first and 'value="schools-six-weeks" selected' in second and "选一套现成的措施" in first


def test_a_measure_that_stands_twice_is_said(desk):
    """Masks from day 7 and masks throughout multiply; on other days, or for other people, two are as meant."""
    fields = desk.fields(desk.build(OPEN, SHUT))
    twice = desk.send("add:b", **{**fields, "b-preset": "masks"})
    assert text(twice).count("“佩戴口罩”有两项同时执行，效果相乘") == 1 and twice.context["notes"]["a"] == []
    apart = desk.send("refresh", **{**desk.fields(twice), "b-0-to_day": "6", "b-2-from_day": "7"})
    assert "效果相乘" not in text(apart)
    for_some = desk.send("refresh", **{**desk.fields(twice), "b-2-counties": ["510403"]})
    assert "效果相乘" not in text(for_some)


WEST = {"measure": SHUT + 'counties = ["510403"]\n', "imports": SHUT + '[[imports]]\ncount = 3\ncounty = "510403"\n'}


@pytest.mark.parametrize("where", sorted(WEST))
def test_a_county_in_which_nobody_lives_is_named_at_once(desk, register, where):
    """West is in the census city; of the residents on record nobody lives there, and the form says so before the job would."""
    register(sex="male", born_on="1980-02-21")
    answer = desk.build(OPEN, WEST[where])
    assert not any(side.problem for side in sides(answer)) and choices.cities("5104", DAY)["panzhihua"].empty == ()
    chosen = desk.send("refresh", **{**desk.fields(answer), "city": "ledger"})
    said = "所选城市在西区（510403）没有居民"
    assert said in sides(chosen)[1].problem and not sides(chosen)[0].problem and "请改选东山区（510402）" in text(chosen)
    english = desk.client.post(reverse("scenario-new"), {"do": "refresh", **desk.fields(chosen)}, headers={"Accept-Language": "en"})
    assert "nobody of the chosen city lives in" in text(english) and "(510403)" in text(english)
    refused = desk.send("run", **desk.fields(chosen))
    assert refused.status_code == 422 and said in text(refused) and ScenarioRun.objects.count() == 0
    register(sex="female", born_on="1980-02-21", area_path="510403")
    assert desk.send("run", **desk.fields(chosen)).status_code == 302


def test_where_residents_are_is_asked_in_one_query(desk, register, django_assert_num_queries):
    rows = [register(sex="male", born_on="1980-02-21", area_path=area) for area in ("510402", "510402", "510403")]
    Person.objects.filter(pk=rows[-1].pk).update(status=Person.Status.LEFT)
    choices.cities("5104", DAY)
    with django_assert_num_queries(1):
        found = choices.cities("5104", DAY)["ledger"]
    assert found.persons == 2 and found.counties == (("510402", "东山区"),) and ("510403", "西区") in found.empty


@pytest.mark.parametrize(("key", "value", "said"), [
    ("compliance", "180", "compliance 应在 0 到 1 之间"), ("compliance", "many", "第 1 项措施：“遵守”应为数字，现为“many”"),
    ("from_day", "1.5", "“从第几天”应为整数"), ("to_day", "2", "to_day 不应早于 from_day"),
])  # fmt: skip
def test_what_is_wrong_with_a_measure_is_said_beside_it(desk, key, value, said):
    order = '[[measure]]\nkind = "closure"\ncompliance = 0.9\nlayers = ["school"]\nfrom_day = 5\n'
    fields = desk.fields(desk.build(order, SHUT))
    answer = desk.send("run", **{**fields, f"a-0-{key}": value})
    assert answer.status_code == 422 and said in text(answer)
    assert ScenarioRun.objects.count() == 0


@pytest.mark.parametrize(("file", "zh", "en"), [
    ('[[measure]]\nkind = "closure"\nlayers = ["moon"]\n', "第 2 行", "line 2"),
    ('name_zh = "x"\n\n[[measure]]\nkind = "holiday"\n', "第 4 行：没有措施 holiday", "line 4: there is no measure"),
    ("disease = \n", "第 1 行：不是正确的 TOML", "line 1: not valid TOML"),
    ('measure = 3\n', "measure 应逐项写成 [[measure]]", "write each of measure as a table"),
    ('[[measure]]\nkind = "closure"\nfrom_day = "Monday"\n', "第 3 行：from_day 应为整数", "line 3: from_day must be a whole number"),
    ('[[imports]]\ncount = "ten"\n', "第 2 行：count 应为整数", "line 2: count must be a whole number"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_names_the_line_in_both_languages(desk, file, zh, en):
    sent = form_with("", "")
    answer = desk.send("text:a", **{**sent, "a-text": file})
    assert zh in text(answer) and file in sides(answer)[0].text, "what was pasted stays in the field"
    assert en in desk.client.post(reverse("scenario-new"), {"do": "text:a", **sent, "a-text": file}, headers={"Accept-Language": "en"}).content.decode()


def test_a_file_is_uploaded(desk):
    file = SimpleUploadedFile("open.toml", ('disease = "measles"\n' + OPEN + "[[imports]]\nper_day = 0.5\nto_day = 9\n").encode())
    answer = desk.client.post(reverse("scenario-new"), {"do": "text:a", **form_with("", ""), "a-file": file})
    side = sides(answer)[0]
    assert side.name_zh == "open" and side.rows[0]["kind"] == "masks" and side.imports == [{"per_day": 0.5, "to_day": 9}]
    assert "文件写的疾病是 measles" in text(answer) and "输入感染 · 平均每天 0.5 例" in text(answer)
    again = desk.send("refresh", **desk.fields(answer))
    assert sides(again)[0].imports == side.imports, "what the fields do not show is carried along"
    broken = SimpleUploadedFile("broken.toml", b"\xff\xfe\x00")
    assert "不是 UTF-8 文本" in text(desk.client.post(reverse("scenario-new"), {"do": "text:a", **form_with("", ""), "a-file": broken}))


def test_tampered_rows_are_not_taken(desk):
    fields = desk.fields(desk.build())
    levels = '{"kind": "zone_rule", "unit": "county", "clear_days": 1, "levels": [%s]}'
    for stored in (levels % "3", levels % '{"name": "high"}', "[]", "{", '{"kind": "closure", "layers": 7}', '{"kind": "nuke"}', '{"kind": "closure", "from_day": {"a": 1}}'):
        answer = desk.send("refresh", **{**fields, "a-0-row": stored})
        assert answer.status_code == 200 and sides(answer)[0].rows == []


def test_the_stored_file_is_whole_and_an_earlier_one_can_be_changed(desk):
    row = desk.ask(imports_per_day="0.5", imports_days="7")
    table = tomllib.loads(row.sides[1]["text"])
    assert table["disease"] == "sars-cov-2-wild" and table["first_weekday"] == 4  # 14 February 2020 was a Friday
    assert [one["kind"] for one in table["measure"]] == ["masks", "closure"]
    assert row.plan["imports"] == [{"count": 20}, {"per_day": 0.5, "from_day": 1, "to_day": 7}]
    answer = desk.client.get(reverse("scenario-new"), {"from": str(row.pk)})
    form = answer.context["form"]
    assert [one.rows for one in sides(answer)] == [tomllib.loads(side["text"])["measure"] for side in row.sides]
    assert (str(form["days"].value()), str(form["people"].value()), str(form["imports_per_day"].value())) == ("14", "1000", "0.5")


def test_what_the_form_asks_is_bounded(desk):
    fields = desk.fields(desk.build())
    answer = desk.send("run", **{**fields, "days": "9999", "replicates": "1", "starts_on": "x", "disease": "plague"})
    assert answer.status_code == 422 and set(answer.context["form"].errors) == {"days", "replicates", "starts_on", "disease"}


def test_a_city_of_its_own_census(desk, tmp_path, settings):
    """The county table that an installation brings stands beside the shipped ones."""
    shipped = choices.cities("5104", DAY)["panzhihua"]
    settings.DATA = tmp_path
    (tmp_path / "packs").mkdir()
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    (tmp_path / "packs" / "census.csv").write_text("\n".join([lines[0], *(line for line in lines if line.startswith("panzhihua"))]), encoding="utf-8")
    own = choices.cities("5104", DAY)["own"]
    assert (own.persons, own.counties) == (shipped.persons, shipped.counties)
    assert choices.cities("510402", DAY)["own"].counties == (("510402", "东区"),)
