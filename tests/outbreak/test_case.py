"""A case from report to its end, as a hospital and the disease control centres work it."""

from datetime import date

import pytest

from tongchou import audit, citytime
from tongchou.access.models import Post
from tongchou.outbreak.actions.case import (
    confirm_case,
    convert_asymptomatic,
    network_report,
    report_case,
    set_severity,
)
from tongchou.outbreak.actions.investigation import finish_investigation, link_source
from tongchou.outbreak.models import Case
from tongchou.refusal import Refusal, Refusals
from tongchou.tasks.models import Clock, Task
from tongchou.tasks.queries.clock import states

from tests.outbreak.panzhihua import EAST, VILLAGES, WEST, at

SUSPECTED = {"travel": True, "symptoms": True, "imaging": True, "blood": False}


def state_of(clock, instant):
    """As the pages read it: the clock's state at an instant."""
    return states([Clock.objects.get(pk=clock.pk)], instant)[clock.pk]


@pytest.fixture
def hospital(posts):
    return posts["HOSPITAL-1"]


def report(outbreak, hospital, **plain):
    plain.setdefault("found_at", at(2, 14, 11, 30))
    return report_case(
        outbreak=outbreak, residence_path=plain.pop("residence_path", VILLAGES[EAST]), by=hospital, **plain
    )


@pytest.mark.mechanism("B01")
def test_case_registry_with_versioned_definitions_and_2_hour_report_clock(outbreak, posts, hospital):
    """Case registry with versioned definitions; 2-hour report clock."""
    case = report(outbreak, hospital, criteria=SUSPECTED, onset_on=date(2020, 2, 10))
    assert (case.case_no, case.status, case.definition_version) == ("CV5104-00001", "suspected", "v4")
    step = case.statuses.get()
    assert (step.definition_id, step.evidence) == ("case.definition.v4", SUSPECTED)

    task = Task.objects.get(kind="case.report")
    assert task.owner_post == hospital.post_id
    assert task.due_at == at(2, 14, 13, 30), "two hours after the hospital found it"
    with citytime.standing_at(at(2, 14, 13, 10)):
        assert state_of(task.clock, citytime.now()) == "near"
    with citytime.standing_at(at(2, 14, 13, 31)):
        assert state_of(task.clock, citytime.now()) == "over"
        network_report(case=case, at=at(2, 14, 13, 20), by=hospital)
    task.refresh_from_db()
    assert (task.state, task.clock.stopped_at) == ("reported", at(2, 14, 13, 20))
    with citytime.standing_at(at(2, 14, 18)):
        assert state_of(task.clock, citytime.now()) == "ok"

    with citytime.standing_at(at(3, 5)):  # trial plan 7 stands: antibodies count
        confirmed = confirm_case(case=case, criteria={"antibody": True}, by=posts["CDC-510402"])
    assert (confirmed.status, confirmed.definition_version) == ("confirmed", "trial7")
    assert [(row.status, row.definition_version) for row in case.statuses.all()] == [
        ("suspected", "v4"),
        ("confirmed", "trial7"),
    ]


def test_antibodies_are_no_proof_before_trial_plan_7(outbreak, posts, hospital):
    case = report(outbreak, hospital, criteria=SUSPECTED)
    with pytest.raises(Refusal) as refused:
        confirm_case(case=case, criteria={"antibody": True}, by=posts["CDC-510402"])
    assert refused.value.code == "unknown_item"
    assert "antibody" in refused.value.zh


@pytest.mark.parametrize(
    ("criteria", "met"),
    [
        ({"travel": True, "symptoms": True, "imaging": True}, True),
        ({"travel": True, "symptoms": True, "imaging": False, "blood": False}, False),
        ({"symptoms": True, "imaging": True, "blood": True}, True),
        (
            dict.fromkeys(("travel", "contact_positive", "contact_fever", "cluster"), False)
            | {"symptoms": True, "imaging": True, "blood": False},
            False,
        ),
        ({"symptoms": True}, True),  # nothing else was asked yet: entered as it is, said to be open
    ],
)
def test_suspected_is_held_against_the_definition(outbreak, hospital, criteria, met):
    if met:
        assert report(outbreak, hospital, criteria=criteria).statuses.get().reasons
        return
    with pytest.raises(Refusal) as refused:
        report(outbreak, hospital, criteria=criteria)
    assert refused.value.code == "definition_not_met"
    assert "不符合疑似" in refused.value.zh and "not suspected" in refused.value.en
    assert Case.objects.count() == 0


def test_confirmation_without_proof_says_what_would_be_one(outbreak, posts, hospital):
    case = report(outbreak, hospital, criteria=SUSPECTED)
    with pytest.raises(Refusal) as refused:
        confirm_case(case=case, criteria={"pcr": False}, by=posts["CDC-510402"])
    assert "实时荧光 RT-PCR 核酸阳性、病毒基因测序高度同源" in refused.value.zh


def test_a_definition_whose_text_was_not_found_judges_nothing_but_is_stored(outbreak, posts, hospital):
    with citytime.standing_at(at(1, 31)):
        case = report(outbreak, hospital, found_at=at(1, 31, 9), criteria=SUSPECTED)
    assert case.definition_version == "v3"
    assert case.statuses.get().reasons[0]["code"] == "definition.not_found"


def test_clinical_diagnosis_exists_only_where_the_rule_stands(outbreak, hospital):
    with pytest.raises(Refusal) as refused:
        report(outbreak, hospital, status="clinically_diagnosed")
    assert "仅湖北" in refused.value.zh


@pytest.mark.parametrize(
    ("plain", "field", "words"),
    [
        ({"onset_on": date(2020, 2, 15)}, "onset_on", "在今天"),
        ({"onset_on": date(2019, 12, 31)}, "onset_on", "早于本次疫情"),
        ({"status": "confirmed", "onset_on": date(2020, 2, 14), "sampled_on": date(2020, 2, 14)}, None, ""),
        ({"found_at": at(2, 14, 12, 1)}, "found_at", "现在之后"),
        ({"found_at": at(2, 14, 9), "reported_at": at(2, 14, 8)}, "reported_at", "早于发现"),
        ({"residence_path": "510100000000"[:6]}, "residence_path", "不在本次疫情"),
    ],
)
def test_impossible_days_and_places_are_refused_by_field(outbreak, hospital, plain, field, words):
    if field is None:
        assert report(outbreak, hospital, **plain).confirmed_on == date(2020, 2, 14)
        return
    with pytest.raises(Refusals) as refused:
        report(outbreak, hospital, **plain)
    assert [part.field for part in refused.value.parts] == [field]
    assert words in refused.value.zh
    assert Case.objects.count() == 0


def test_onset_after_confirmation_is_refused_and_nothing_is_half_written(outbreak, posts, hospital):
    case = report(outbreak, hospital, onset_on=date(2020, 2, 13))
    confirm_case(case=case, by=posts["CDC-510402"])
    with citytime.standing_at(at(2, 16)), pytest.raises(Refusals) as refused:
        finish_investigation(case=case, findings={"onset_on": date(2020, 2, 15)}, by=posts["CDC-510402"])
    assert refused.value.parts[0].code == "order"
    case.refresh_from_db()
    assert (case.onset_on, case.investigated_at) == (date(2020, 2, 13), None)


def test_the_24_hour_investigation_is_the_county_s_task(outbreak, posts, hospital):
    case = report(outbreak, hospital, residence_path=VILLAGES[WEST], reported_at=at(2, 14, 11, 50))
    assert not Task.objects.filter(kind="case.report").exists(), "the report was made: its clock stands, nobody owes it"
    assert Clock.objects.get(rule_id="clock.case_report").stopped_at == at(2, 14, 11, 50)
    task = Task.objects.get(kind="case.investigate")
    assert task.owner_post == posts["CDC-510403"].post_id
    assert task.due_at == at(2, 15, 11, 50)
    with citytime.standing_at(at(2, 15, 9)):
        finish_investigation(
            case=case,
            findings={"onset_on": date(2020, 2, 8), "origin": "local"},
            unknown=("first_visit_on",),
            by=posts["CDC-510403"],
        )
    task.refresh_from_db()
    case.refresh_from_db()
    assert (task.state, case.origin, case.unknown) == ("reported", "local", ["first_visit_on"])


def test_a_case_without_any_cdc_post_still_has_its_clocks(outbreak, hospital):
    Post.objects.filter(role__startswith="CDC").update(active_to_on=date(2020, 1, 31))
    report(outbreak, hospital)
    assert set(Clock.objects.values_list("rule_id", flat=True)) == {"clock.case_report", "clock.case_investigation"}


def test_an_asymptomatic_infection_is_converted_when_signs_appear(outbreak, posts, hospital):
    case = report(outbreak, hospital, status="asymptomatic", criteria={"pcr": True, "symptoms": False})
    with pytest.raises(Refusal):
        convert_asymptomatic(case=case, criteria={"imaging": False}, by=posts["CDC-510402"])
    converted = convert_asymptomatic(
        case=case, criteria={"symptoms": True}, onset_on=date(2020, 2, 14), severity="mild", by=posts["CDC-510402"]
    )
    assert (converted.status, converted.asymptomatic_on, converted.confirmed_on, converted.severity) == (
        "confirmed",
        date(2020, 2, 14),
        date(2020, 2, 14),
        "mild",
    )


def test_a_status_that_does_not_follow_is_refused(outbreak, posts, hospital):
    case = report(outbreak, hospital, status="confirmed")
    with pytest.raises(Refusal) as refused:
        confirm_case(case=case, by=posts["CDC-510402"])
    assert refused.value.code == "no_such_step"
    with pytest.raises(Refusal):
        set_severity(case=case, severity="bad", by=hospital)
    assert set_severity(case=case, severity="severe", by=hospital).severity == "severe"


def test_links_count_generations_and_refuse_rings(outbreak, posts, hospital):
    cdc = posts["CDC-510402"]
    first = report(outbreak, hospital, status="confirmed", origin="imported", imported_from="other_province")
    second, third = (report(outbreak, hospital, status="confirmed") for _each in range(2))
    link_source(case=third, source=second, by=cdc, cluster_id="C1")
    link_source(case=first, source=None, by=cdc)
    first.refresh_from_db()
    link_source(case=second, source=first, by=cdc, cluster_id="C1")
    assert list(Case.objects.order_by("case_no").values_list("generation", flat=True)) == [0, 1, 2]
    with pytest.raises(Refusal) as refused:
        link_source(case=first, source=Case.objects.get(pk=third.pk), by=cdc)
    assert refused.value.code == "ring"


def test_health_values_enter_the_trail_only_as_hashes(outbreak, posts, hospital):
    case = report(outbreak, hospital)
    confirm_case(case=case, by=posts["CDC-510402"])
    lines = list(audit.timeline("case", case.id))
    assert [line.action for line in lines] == ["confirmed", "report"]
    assert "suspected" not in str([line.changes for line in lines])
    assert audit.verify().sound
