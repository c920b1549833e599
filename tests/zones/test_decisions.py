"""Deciding a level: a raise stands at once, a lower level needs a second person, nothing falls by itself."""

from datetime import date, timedelta

import pytest

from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.bridge.zone_levels import store_levels
from tongchou.refusal import Refusal, Refusals
from tongchou.tasks.models import Task
from tongchou.zones.actions.decision import decide_level, refuse_decision, second_decision
from tongchou.zones.models import ZoneDecision
from tongchou.zones.queries.level import lapsed, standing
from tongchou.zones.queries.table import zone_table

from tests.bridge.real_february import report
from tests.outbreak.panzhihua import EAST, at

FEB_14 = date(2020, 2, 14)
SAID = {
    "rule_id": "zone.level",
    "rule_version": "zone.sichuan.2020-02-13",
    "reason": "近 14 天有新增病例",
    "legal_basis": "传染病防治法第四十二条",
    "complaint_channel": "12345",
}


@pytest.fixture
def east(posts):
    return posts["COMMAND-510402"]


@pytest.fixture
def city(posts):
    return posts["COMMAND-5104"]


def decide(by, level, *, to_on=date(2020, 3, 14), **more):
    return decide_level(area_path=EAST, disease="covid-19", level=level, to_on=to_on, by=by, **(SAID | more))


def stands(on=FEB_14):
    row = standing(EAST, disease="covid-19", on=on)
    return row.level if row else None


def test_a_raise_stands_at_once_and_is_reviewed_by_a_second_person(east, city):
    decision = decide(east, "medium")
    assert (decision.state, stands()) == ("provisional", "medium")
    task = Task.objects.get(kind="zone.second")
    assert task.owner_post == city.post_id
    assert task.due_at == at(2, 15), "the review of an emergency restriction is due in 24 hours"
    confirmed = second_decision(decision=decision, by=city)
    assert (confirmed.state, confirmed.seconded_by_name) == ("in_force", "市指挥部")
    task.refresh_from_db()
    assert task.state == "reported"
    assert [line.action for line in audit.timeline("zone_decision", decision.id)] == ["confirm", "decide"]


def test_lowering_waits_for_the_second_person(east, city):
    second_decision(decision=decide(east, "medium"), by=city)
    lower = decide(east, "low")
    assert (lower.state, stands()) == ("waiting", "medium")
    second_decision(decision=lower, by=city)
    assert stands() == "low"
    assert ZoneDecision.objects.get(level="medium").state == "replaced"


def test_nobody_confirms_his_own_decision(east):
    decision = decide(east, "medium")
    with pytest.raises(Refusal) as refused:
        second_decision(decision=decision, by=east)
    assert refused.value.code == "same_person"


def test_a_refused_raise_gives_the_level_before_back(east, city):
    second_decision(decision=decide(east, "medium"), by=city)
    high = decide(city, "high")
    assert stands() == "high"
    refuse_decision(decision=high, reason="未达到条件", by=east)
    assert stands() == "medium"
    assert high.level_before == "medium"


def test_when_its_end_passes_nothing_is_lowered_and_the_table_says_so(east, city, outbreak, posts):
    second_decision(decision=decide(east, "medium", to_on=FEB_14 + timedelta(days=1)), by=city)
    with citytime.standing_at(at(2, 20)):
        decision = standing(EAST, disease="covid-19", on=date(2020, 2, 20))
        assert decision.level == "medium" and lapsed(decision, date(2020, 2, 20))
        rows = zone_table(
            date(2020, 2, 20), disease="covid-19", proposals=store_levels(outbreak, date(2020, 2, 20), by=SYSTEM)
        )
    line = next(line for line in rows if line.area == EAST)
    assert (line.level, line.decided, line.needs_decision) == ("low", "medium", True)
    assert "不会自动降级" in line.decided_text("zh")


def test_posts_without_the_right_or_the_area_are_refused(posts, east):
    for actor in (posts["CDC-510402"], posts["COMMAND-510403"], posts["HOSPITAL-1"]):
        with pytest.raises(Refusal) as refused:
            decide(actor, "medium")
        assert refused.value.code == "no_right"
    assert ZoneDecision.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"complaint_channel": ""}, "complaint_channel"),
        ({"rule_id": ""}, "rule_id"),
        ({"to_on": date(2020, 2, 13)}, "to_on"),
        ({"review_on": date(2020, 5, 1)}, "review_on"),
        ({"level": "red"}, "level"),
    ],
)
def test_a_decision_says_everything_or_is_refused_by_field(east, change, field):
    level = change.pop("level", "medium")
    with pytest.raises(Refusals) as refused:
        decide(east, level, **change)
    assert field in [part.field for part in refused.value.parts]


def test_one_open_question_an_area(east, city):
    decide(east, "medium")
    with pytest.raises(Refusal) as refused:
        decide(city, "high")
    assert refused.value.code == "pending"


def test_a_proposal_never_decides(outbreak, posts, east, city):
    second_decision(decision=decide(east, "high"), by=city)
    report(outbreak, EAST, FEB_14 - timedelta(days=1), posts["HOSPITAL-1"])
    store_levels(outbreak, FEB_14, by=SYSTEM)
    assert stands() == "high"
