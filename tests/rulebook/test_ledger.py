"""The ledger of rules: derived from the rulebook, always up to date, never edited."""

from __future__ import annotations

from datetime import date

import pytest

from tongchou import ledger, rulebook
from tongchou.audit import By
from tongchou.rulebook.actions.catalogue import keep_listed
from tongchou.rulebook.actions.proposal import approve_proposal, draft, propose_rule
from tongchou.rulebook.models import RulebookState, RuleEntry

pytestmark = pytest.mark.django_db


def a_change() -> None:
    value = rulebook.at(date(2020, 2, 14)).get("clock.case_report").value | {"limit_minutes": 60}
    proposal = draft(
        rule_id="clock.case_report", value=value, valid_from_on=date(2020, 2, 14), area="5104", disease="covid-19",
        source_text="攀指〔2020〕8 号", reason="从严",
    )  # fmt: skip
    approve_proposal(proposal=propose_rule(proposal=proposal, by=By("p1", "u1", "甲")), by=By("p2", "u2", "乙"))


def test_the_ledger_lists_every_row_and_follows_a_change(cast):
    rules = ledger.get("rule")
    shipped = rules.rows(cast.actor("office")).count()
    assert shipped == sum(len(rulebook.book().rows_of(rule_id)) for rule_id in rulebook.book().ids())
    a_change()
    rows = rules.rows(cast.actor("office"))
    assert rows.count() == shipped + 1
    own = rows.get(own=True)
    assert (own.rule_id, own.area_path) == ("clock.case_report", "5104")
    assert "60 分钟（1 小时）" in own.value_zh
    assert "60 minutes (1 hour)" in own.value_en


def test_a_gap_is_listed_as_empty(cast):
    entry = ledger.get("rule").rows(cast.actor("auditor")).get(version="price.markup_lead@51@2020-01-24")
    assert (entry.mark, entry.value_zh, entry.value_en) == ("not_found", "", "")


def test_the_list_is_written_once_and_only_what_changed_again(cast, django_assert_max_num_queries):
    keep_listed()
    ids = set(RuleEntry.objects.values_list("id", flat=True))
    with django_assert_max_num_queries(1):
        keep_listed()
    RulebookState.objects.update(listed="")
    RuleEntry.objects.filter(rule_id="clock.case_report").update(label_zh="改坏")
    keep_listed()
    assert set(RuleEntry.objects.values_list("id", flat=True)) == ids
    assert RuleEntry.objects.get(rule_id="clock.case_report").label_zh == "病例网络直报"


def test_the_ledger_page_opens_and_a_grid_worker_sees_none(cast):
    html = cast.client("office").get("/ledger/rule/").content.decode()
    assert "calendar.working_days" in html
    assert "新增" not in html
    assert cast.client("grid").get("/ledger/rule/").status_code == 404
    assert ledger.get("rule").rows(cast.actor("grid")).count() == 0
