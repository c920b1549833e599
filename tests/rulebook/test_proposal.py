"""A change by two persons: nothing overwritten, both in the trail, a contradiction refused before anybody decides."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tongchou import audit, citytime, rulebook
from tongchou.audit import By
from tongchou.rulebook.actions.proposal import (
    approve_proposal,
    draft,
    propose_rule,
    propose_withdrawal,
    refuse_proposal,
)
from tongchou.rulebook.errors import NotAllowed
from tongchou.rulebook.models import RuleProposal, RuleRow
from tongchou.rulebook.queries.dry_run import try_proposal
from tongchou.rulebook.queries.history import spans_of

pytestmark = pytest.mark.django_db
FIRST = By(post="OFFICE-1", user="u1", name="方文")
SECOND = By(post="COMMAND-1", user="u2", name="钟帅")
FEB_10 = datetime(2020, 2, 10, 4, tzinfo=UTC)
FEB_12 = datetime(2020, 2, 12, 4, tzinfo=UTC)


def a_load(share: float = 0.4, **changed) -> RuleProposal:
    """Panzhihua lowers the load of charters from 12 February 2020."""
    given = {
        "rule_id": "charter.max_load", "value": {"max_load": share, "scope": "intercity", "exempt": ["city_commute"]},
        "valid_from_on": date(2020, 2, 12), "area": "510400", "disease": "covid-19", "source_text": "攀指〔2020〕7 号",
        "reason": "返程客流大",
    }  # fmt: skip
    return draft(**{**given, **changed})


def load_on(day: date, **asked) -> float:
    return rulebook.at(day, area="510402", **asked).get("charter.max_load").value["max_load"]


def in_force(proposal: RuleProposal) -> RuleProposal:
    return approve_proposal(proposal=propose_rule(proposal=proposal, by=FIRST), by=SECOND)


def test_a_proposal_changes_nothing_until_a_second_person_approves():
    proposal = propose_rule(proposal=a_load(), by=FIRST)
    assert load_on(date(2020, 2, 14)) == 0.5
    approve_proposal(proposal=proposal, by=SECOND, note="同意")
    assert load_on(date(2020, 2, 14)) == 0.4
    assert load_on(date(2020, 2, 11)) == 0.5
    answer = rulebook.at(date(2020, 2, 14), area="510402").get("charter.max_load")
    assert answer.row.own
    assert answer.source_text == "攀指〔2020〕7 号"
    assert [beaten.version for beaten in answer.beaten] == ["charter.max_load@2020-02-11"]
    assert rulebook.at(date(2020, 2, 14), area="5101").get("charter.max_load").value["max_load"] == 0.5


def test_both_persons_stand_in_the_trail():
    in_force(a_load())
    entries = list(audit.timeline("rule", "charter.max_load"))
    assert [(entry.action, entry.user, entry.post) for entry in entries] == [("approve", "u2", "COMMAND-1"), ("propose", "u1", "OFFICE-1")]
    assert entries[1].note == "返程客流大"
    assert audit.verify().sound


@pytest.mark.parametrize(
    "second",
    [FIRST, By(post="COMMAND-1", user="u1"), By(post="OFFICE-1", user="u2"), By(post="system"), By(post="COMMAND-1")],
)
def test_nobody_decides_on_their_own_proposal(second: By):
    proposal = propose_rule(proposal=a_load(), by=FIRST)
    for decide in (approve_proposal, refuse_proposal):
        with pytest.raises(NotAllowed) as caught:
            decide(proposal=proposal, note="同意", by=second)
        assert caught.value.zh and caught.value.en
    assert RuleProposal.objects.get().state == "open"
    assert not RuleRow.objects.exists()
    assert load_on(date(2020, 2, 14)) == 0.5


def test_a_decided_proposal_stays_decided():
    proposal = in_force(a_load())
    with pytest.raises(NotAllowed, match="decided already"):
        refuse_proposal(proposal=proposal, note="反悔", by=By(post="P3", user="u3"))


def test_a_refusal_needs_its_reason_and_changes_nothing():
    proposal = propose_rule(proposal=a_load(), by=FIRST)
    with pytest.raises(NotAllowed, match="say why"):
        refuse_proposal(proposal=proposal, note=" ", by=SECOND)
    refuse_proposal(proposal=proposal, note="上级规定为五成", by=SECOND)
    stored = RuleProposal.objects.get()
    assert (stored.state, stored.decision_note, stored.decided_user) == ("refused", "上级规定为五成", "u2")
    assert load_on(date(2020, 2, 14)) == 0.5


def test_a_change_closes_the_known_period_and_overwrites_nothing():
    with citytime.standing_at(FEB_10):
        in_force(a_load(0.4))
    with citytime.standing_at(FEB_12):
        in_force(a_load(0.3, valid_from_on=date(2020, 2, 20), valid_to_on=date(2020, 2, 25)))
    assert [load_on(date(2020, 2, day)) for day in (14, 20, 25, 26)] == [0.4, 0.3, 0.3, 0.4]
    assert load_on(date(2020, 2, 20), known_on=date(2020, 2, 11)) == 0.4
    assert load_on(date(2020, 2, 20), known_on=date(2020, 2, 12)) == 0.3
    rows = list(RuleRow.objects.order_by("known_from_at", "valid_from_on"))
    spans = [(row.value["max_load"], row.valid_from_on.day, row.valid_to_on and row.valid_to_on.day, bool(row.known_to_at)) for row in rows]
    assert spans == [(0.4, 12, None, True), (0.4, 12, 19, False), (0.3, 20, 25, False), (0.4, 26, None, False)]
    assert rows[1].version == rows[0].version == rows[3].version


def test_history_tells_the_spans_as_known_now_and_as_known_then():
    with citytime.standing_at(FEB_10):
        in_force(a_load(0.4))
    with citytime.standing_at(FEB_12):
        in_force(a_load(0.3, valid_from_on=date(2020, 2, 20), valid_to_on=date(2020, 2, 25)))

    def told(**asked) -> list[tuple[str, float]]:
        spans = spans_of("charter.max_load", area="510402", **asked)
        return [(f"{span.from_on:%m-%d}", span.row.value["max_load"]) for span in spans if span.row]

    assert told() == [("02-11", 0.5), ("02-12", 0.4), ("02-20", 0.3), ("02-26", 0.4)]
    assert told(known_on=date(2020, 2, 11)) == [("02-11", 0.5), ("02-12", 0.4)]


def test_withdrawing_brings_back_what_was_shipped_and_takes_two_persons_too():
    in_force(a_load())
    row = RuleRow.objects.get()
    tried = try_proposal(RuleProposal(rule_id=row.rule_id, kind="withdraw", withdraws=row))
    assert tried.returns.version == "charter.max_load@2020-02-11"
    proposal = propose_withdrawal(row=row, reason="上级已放宽", by=FIRST)
    with pytest.raises(NotAllowed, match="waits already"):
        propose_withdrawal(row=row, reason="再提一次", by=FIRST)
    with pytest.raises(NotAllowed, match="another person"):
        approve_proposal(proposal=proposal, by=FIRST)
    assert load_on(date(2020, 2, 14)) == 0.4
    approve_proposal(proposal=proposal, by=SECOND)
    assert load_on(date(2020, 2, 14)) == 0.5
    assert RuleRow.objects.get().known_to_at is not None


def test_the_gap_of_sichuan_s_price_rule_is_filled_by_the_city():
    assert rulebook.at(date(2020, 2, 14), area="5104").get("price.markup_lead").value is None
    value = {"baseline_to": date(2020, 1, 23), "no_baseline_max": 0.2, "cost_pass_through": "allowed_if_margin_not_wider"}
    in_force(a_load(rule_id="price.markup_lead", value=value, disease="", area="51", valid_from_on=date(2020, 1, 24)))
    answer = rulebook.at(date(2020, 2, 14), area="5104").get("price.markup_lead")
    assert answer.value["baseline_to"] == date(2020, 1, 23)
    assert "本市自行确定的规则优先" in answer.beaten[0].zh


@pytest.mark.parametrize(
    ("changed", "zh", "en"),
    [
        ({"value": {"max_load": 1.5, "scope": "intercity", "exempt": []}}, "大于最大值", "above the most"),
        ({"value": {"scope": "intercity", "exempt": []}}, "缺少", "is missing"),
        ({"value": {"max_load": 0.4, "scope": "moon", "exempt": []}}, "不是选项", "is no choice"),
        ({"valid_to_on": date(2020, 2, 1)}, "早于起始日", "before the first day"),
        ({"rule_id": "charter.max_lod"}, "没有这个规则编号", "no such rule"),
        ({"source_text": ""}, "依据的文件", "name the document"),
        ({"reason": "  "}, "为什么改", "why it changes"),
    ],
)  # fmt: skip
def test_a_proposal_that_cannot_stand_is_refused_with_the_reason(changed: dict, zh: str, en: str):
    with pytest.raises(NotAllowed) as caught:
        propose_rule(proposal=a_load(**changed), by=FIRST)
    assert zh in caught.value.zh
    assert en in caught.value.en
    assert not RuleProposal.objects.exists()
    assert not audit.timeline("rule", "charter.max_load").exists()


def test_no_city_may_block_work_in_a_low_risk_area_or_let_the_system_decide():
    gate = rulebook.at(date(2020, 3, 1), area="5104").get("resume.gate").value
    gate["low"]["blocking"] = True
    with pytest.raises(NotAllowed) as caught:
        propose_rule(proposal=a_load(rule_id="resume.gate", value=gate), by=FIRST)
    assert "低风险地区不得" in caught.value.zh
    assert "in a low-risk area no conditions" in caught.value.en
    zoning = rulebook.at(date(2020, 3, 1), area="5104").get("zone.level").value
    zoning["proposes_only"] = False
    with pytest.raises(NotAllowed, match="lowers nothing by itself"):
        propose_rule(proposal=a_load(rule_id="zone.level", value=zoning), by=FIRST)


def test_a_zoning_rule_that_contradicts_itself_is_refused_in_both_languages():
    zoning = rulebook.at(date(2020, 3, 1), area="5104").get("zone.level").value
    zoning["low"] = {"all": [{"cum": {"eq": 0}}, {"cum": {"gt": 50}}]}
    with pytest.raises(NotAllowed) as caught:
        propose_rule(proposal=a_load(rule_id="zone.level", value=zoning), by=FIRST)
    assert "累计确诊等于 0 且 累计确诊大于 50" in caught.value.zh
    assert "cumulative confirmed cases = 0 and cumulative confirmed cases > 50" in caught.value.en


def test_two_waiting_proposals_for_the_same_days_are_refused():
    propose_rule(proposal=a_load(), by=FIRST)
    with pytest.raises(NotAllowed, match="waits already"):
        propose_rule(proposal=a_load(0.3), by=By(post="P3", user="u3"))
    propose_rule(proposal=a_load(0.3, area="510402"), by=By(post="P3", user="u3"))
    assert RuleProposal.objects.count() == 2


def test_a_proposal_that_changes_nothing_is_refused():
    with pytest.raises(NotAllowed, match="nothing would change"):
        propose_rule(proposal=a_load(0.5, area="", valid_from_on=date(2020, 2, 11)), by=FIRST)


def test_the_dry_run_names_what_is_replaced_and_what_is_hidden():
    in_force(a_load(0.4))
    tried = try_proposal(a_load(0.3, area="510400", valid_from_on=date(2020, 3, 1)))
    assert [row.value["max_load"] for row in tried.replaced] == [0.4]
    assert tried.before.value["max_load"] == 0.4
    nation = try_proposal(a_load(0.3, area="", valid_from_on=date(2020, 3, 1)))
    assert [row.version for row in nation.hidden] == ["charter.max_load@2020-02-11"]


def test_a_proposal_is_tried_again_when_it_is_decided():
    """What stood when it was proposed may not stand any more: the row that it withdraws is gone."""
    in_force(a_load())
    proposal = propose_withdrawal(row=RuleRow.objects.get(), reason="放宽", by=FIRST)
    in_force(a_load(0.2))
    with pytest.raises(NotAllowed) as caught:
        approve_proposal(proposal=proposal, by=SECOND)
    assert "已不在用" in caught.value.zh
    assert load_on(date(2020, 2, 14)) == 0.2


def test_the_cached_book_is_read_again_only_after_a_change(django_assert_num_queries):
    rulebook.book()
    with django_assert_num_queries(1):
        before = rulebook.book()
    in_force(a_load())
    assert rulebook.book() is not before
    with django_assert_num_queries(1):
        rulebook.at(date(2020, 2, 14), area="5104").get("charter.max_load")
