"""The rules pages as their users see them."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tongchou import rulebook
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook.models import RuleProposal, RuleRow
from tongchou.rulebook.shapes import plain

pytestmark = pytest.mark.django_db
LIST = "/house/rules/"
ZONE = "/house/rules/one/zone.level/"


def page(client, address: str, **asked) -> str:
    response = client.get(address, asked)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def sent_form(client, address: str, **asked) -> dict[str, list[str]]:
    """What a browser would send from the form as it stands: every named field with its present value."""
    html = client.get(address, asked).content.decode()
    form = html[html.index('<form method="post" class="sheet"') :]
    data: dict[str, list[str]] = {}
    for tag in re.finditer(r"<input[^>]*>|<select.*?</select>|<textarea.*?</textarea>", form, re.DOTALL):
        text = tag[0]
        name = re.search(r'name="([^"]+)"', text)
        if not name or name[1] == "csrfmiddlewaretoken" or 'type="checkbox"' in text and " checked" not in text:
            continue
        if text.startswith("<select"):
            chosen = re.search(r'<option value="([^"]*)" selected', text)
            value = chosen[1] if chosen else ""
        elif text.startswith("<textarea"):
            value = re.search(r">(.*)</textarea>", text, re.DOTALL)[1]
        else:
            found = re.search(r'value="([^"]*)"', text)
            value = found[1] if found else ""
        data.setdefault(name[1], []).append(value)
    return data


def test_the_list_shows_the_rules_of_a_day_and_an_area(cast):
    client = cast.client("office")
    html = page(client, LIST, on="2020-02-28", area="510402")
    assert "四川三级判定（2020-02-13）" in html
    assert "每 10 万人一周新增大于 3" in html
    html = page(client, LIST, on="2020-02-10", area="510402", q="zone.level")
    assert "空：未找到，须由本市填写" in html
    assert "clock.case_report" not in html


def test_the_list_in_english(cast):
    response = cast.client("office").get(LIST, {"on": "2020-02-28", "area": "370800"}, headers={"accept-language": "en"})
    html = response.content.decode()
    assert "National three levels (2020-02-17)" in html
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"(?s)<head>.*?</head>|<code>.*?</code>|<datalist.*?</datalist>", "", html[html.index("<h1>") : html.index("</main>")]))


def test_the_detail_shows_value_reason_source_and_history(cast):
    html = page(cast.client("office"), ZONE, on="2020-02-28", area="510402")
    for words in ("每 10 万人一周新增大于 3", "地区更具体（51 对 全国）", "[S34]", "历次适用", "zone.sichuan.2020-02-06", "已见来源"):
        assert words in html
    assert "{" not in html[html.index("<h1>") : html.index("</main>")]


def test_the_detail_of_a_gap_says_what_to_enter(cast):
    html = page(cast.client("office"), "/house/rules/one/price.markup_lead/", on="2020-02-14", area="5104")
    assert "空：未找到，须由本市填写" in html
    assert "请填写基准日和差价率" in html
    assert "填写内容" in html


def test_the_detail_as_known_on_a_past_day(cast):
    client = cast.client("office")
    address = "/house/rules/one/contact.window/"
    assert "contact.window.v4</code>" in page(client, address, on="2020-02-10")
    html = page(client, address, on="2020-02-10", known_on="2020-02-05")
    assert '<span class="aside"><code>contact.window.v2</code>' in html


def test_bad_questions_are_answered_with_a_sentence(cast):
    html = page(cast.client("office"), LIST, on="2020-02-30", area="51x")
    assert "不是日历上的日期" in html
    assert "无法识别" in html


def test_rules_of_every_pack_open(cast):
    client = cast.client("command")
    for rule_id in list(pack_files.shipped().kinds)[::5]:
        assert client.get(f"/house/rules/one/{rule_id}/", {"on": "2020-03-01"}).status_code == 200, rule_id


def test_the_form_gives_back_the_value_that_it_shows(cast):
    """For one rule of every shape: the untouched form reads back as the very value in force."""
    client = cast.client("command")
    checked = 0
    for rule_id in sorted({kind.shape: kind.rule_id for kind in pack_files.shipped().kinds.values()}.values()):
        rows = [row for row in rulebook.book().rows_of(rule_id) if row.value]
        for row in rows[-1:]:
            scope = row.scope
            asked = {"on": row.valid_from_on.isoformat(), "area": scope.area, "sector": scope.sector, "disease": scope.disease}
            address = f"/house/rules/one/{rule_id}/propose/"
            data = sent_form(client, address, **asked)
            data |= {"reason": ["核对"], "source_text": ["文"], "area": ["510499"], "propose": ["1"]}
            response = client.post(address, data)
            assert response.status_code == 302, (rule_id, re.findall(r'<ul class="errorlist".*?</ul>', response.content.decode()))
            assert RuleProposal.objects.latest("proposed_at").value == plain(row.value), rule_id
            checked += 1
    assert checked > 50


def test_two_persons_change_a_rule_on_the_pages(cast):
    office, command = cast.client("office"), cast.client("command")
    address = "/house/rules/one/charter.max_load/propose/"
    data = sent_form(office, address, on="2020-02-12", area="5104")
    data |= {"v:max_load": ["0.4"], "source_text": ["攀指〔2020〕7 号"], "reason": ["返程客流大"]}
    tried = office.post(address, {**data, "try": "1"})
    assert "试算：批准后会怎样" in tried.content.decode()
    assert "客座率不超过" in tried.content.decode() and "40%" in tried.content.decode()
    assert not RuleProposal.objects.exists()
    filed = office.post(address, {**data, "propose": "1"})
    proposal = RuleProposal.objects.get()
    assert filed.url == f"/house/rules/proposals/{proposal.pk}/"
    assert "须由另一岗位的另一人决定" in office.get(filed.url).content.decode()
    office.post(filed.url, {"approve": "1"})
    assert RuleProposal.objects.get().state == "open"
    command.post(filed.url, {"approve": "1", "note": "同意"})
    assert rulebook.at(date(2020, 2, 14), area="5104").get("charter.max_load").value["max_load"] == 0.4
    html = page(command, "/house/rules/one/charter.max_load/", on="2020-02-14", area="5104")
    assert "40%" in html and "攀指〔2020〕7 号" in html and "方文" in html and "钟帅" in html and "本市自定" in html
    withdrawal = f"/house/rules/row/{RuleRow.objects.get().pk}/withdraw/"
    assert "charter.max_load@2020-02-11" in page(office, withdrawal)
    assert "请写明为什么撤回" in office.post(withdrawal, {"reason": ""}).content.decode()
    command.post(office.post(withdrawal, {"reason": "上级放宽"}).url, {"approve": "1"})
    assert rulebook.at(date(2020, 2, 14), area="5104").get("charter.max_load").value["max_load"] == 0.5
    assert "已批准" in page(office, "/house/rules/proposals/")


def test_a_form_with_faults_names_them_at_the_field_and_keeps_what_was_typed(cast):
    client = cast.client("office")
    data = sent_form(client, "/house/rules/one/clock.case_report/propose/", on="2020-02-14", area="5104")
    data |= {"v:limit_minutes": ["两小时"], "valid_from_on": ["2020-02-30"], "reason": ["试"]}
    html = client.post("/house/rules/one/clock.case_report/propose/", {**data, "propose": "1"}).content.decode()
    assert "应为整数，现为 &#x27;两小时&#x27;" in html
    assert 'value="两小时"' in html
    assert "请写成日历上的日期" in html
    assert "不能为空" in html
    assert not RuleProposal.objects.exists()


def test_a_zoning_rule_is_edited_by_lines_and_a_contradiction_is_named(cast):
    client = cast.client("command")
    address = "/house/rules/one/zone.level/propose/"
    data = sent_form(client, address, on="2020-03-01", area="510402")
    assert data["v:high[1][1].fact"] == ["clusters_14d"]
    data |= {"v:low[1][2].fact": ["cum"], "v:low[1][2].is": ["gt"], "v:low[1][2].number": ["50"], "reason": ["试"], "source_text": ["试"]}
    html = client.post(address, {**data, "propose": "1"}).content.decode()
    assert "自相矛盾，不可能同时成立：累计确诊等于 0 且 累计确诊大于 50" in html
    assert not RuleProposal.objects.exists()


def test_who_may_open_what(cast):
    expected = {
        ("grid", LIST): 404, ("hospital", ZONE): 404, ("resident", LIST): 200, ("auditor", ZONE): 200, ("department", LIST): 200,
        ("department", ZONE + "propose/"): 404, ("resident", ZONE + "propose/"): 404, ("resident", "/house/rules/proposals/"): 404,
        ("cdc_east", ZONE + "propose/"): 200, ("sys_admin", ZONE + "propose/"): 404, ("office", "/house/rules/one/no.such/"): 404,
        ("office", "/house/rules/one/no.such/propose/"): 404,
    }  # fmt: skip
    assert {ask: cast.client(ask[0]).get(ask[1]).status_code for ask in expected} == expected


def test_a_county_makes_no_rule_for_the_city_and_decides_on_none(cast):
    east = cast.client("east")
    address = "/house/rules/one/charter.max_load/propose/"
    data = sent_form(east, address, on="2020-02-12", area="5104")
    data |= {"v:max_load": ["0.4"], "source_text": ["文"], "reason": ["试"], "propose": ["1"]}
    html = east.post(address, data).content.decode()
    assert "只能为本岗位的辖区" in html
    assert not RuleProposal.objects.exists()
    filed = cast.client("office").post(address, data)
    assert "不在您岗位的辖区内" in east.get(filed.url).content.decode()
    assert east.post(filed.url, {"approve": "1"}).status_code == 404
    own = east.post(address, data | {"area": ["510402"]})
    cast.client("command").post(own.url, {"approve": "1"})
    assert rulebook.at(date(2020, 2, 14), area="510402").get("charter.max_load").value["max_load"] == 0.4
    assert rulebook.at(date(2020, 2, 14), area="510403").get("charter.max_load").value["max_load"] == 0.5


def test_a_district_cdc_proposes_and_does_not_approve(cast):
    data = sent_form(cast.client("office"), "/house/rules/one/charter.max_load/propose/", on="2020-02-12", area="5104")
    data |= {"v:max_load": ["0.4"], "source_text": ["文"], "reason": ["试"], "propose": ["1"]}
    filed = cast.client("office").post("/house/rules/one/charter.max_load/propose/", data)
    assert cast.client("cdc_east").post(filed.url, {"approve": "1"}).status_code == 404
    assert RuleProposal.objects.get().state == "open"


def test_an_anonymous_visitor_is_asked_to_sign_in(client, db):
    assert client.get(LIST).url.startswith("/account/login/")
