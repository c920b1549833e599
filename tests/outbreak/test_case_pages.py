"""Reporting a case by page, working it by the ledger's actions, entering cases by sheet."""

from datetime import date

import pytest

from tongchou import citytime
from tongchou.access.models import Post
from tongchou.ledger import registry, write
from tongchou.outbreak.models import Case, Outbreak
from tongchou.people.models import Person
from tongchou.places.models import Place
from tongchou.refusal import Refusal, Refusals
from tongchou.tasks.models import Clock, Task

from tests import cast as people
from tests.outbreak import panzhihua


@pytest.fixture
def cast(db):
    with citytime.standing_at(panzhihua.at(2, 14, 17)):
        gathered = people.gather()
        panzhihua.build_outbreak()
        yield gathered


def people_id(first_17: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first_17 + "10X98765432"[sum(int(d) * w for d, w in zip(first_17, weights, strict=True)) % 11]


def enter(cast, key="cdc_east", **raw):
    ledger = registry.get("case")
    actor = cast.actor(key, "investigation")
    raw = {"residence_path": "510402001001", "status": "confirmed", "confirmed_on": "2020-02-13"} | raw
    cleaned = write.clean_row(ledger, raw, actor)
    return write.create_rows(ledger, [cleaned], by=actor)[0]


def test_a_hospital_reports_a_case_with_the_items_of_the_definition_in_force(cast):
    client = cast.client("hospital")
    page = client.get("/outbreak/cases/report/").content.decode()
    assert "武汉及周边地区或有病例报告社区的旅居史" in page and "case.definition.v4" in page
    form = {
        "outbreak": str(Outbreak.objects.get().pk), "status": "suspected", "residence": people.VILLAGE,
        "found_at": "2020-02-14T16:00", "item_travel": "1", "item_symptoms": "1", "item_imaging": "0", "item_blood": "0",
    }  # fmt: skip
    refused = client.post("/outbreak/cases/report/", form)
    assert refused.status_code == 422 and "不符合疑似" in refused.content.decode()
    done = client.post("/outbreak/cases/report/", form | {"item_imaging": "1"}, follow=True).content.decode()
    case = Case.objects.get()
    assert f"已登记病例 {case.case_no}" in done
    assert case.found_at == panzhihua.at(2, 14, 16)
    task = Task.objects.get(kind="case.report")
    assert (task.owner_post, task.due_at) == (str(cast.posts["hospital"].pk), panzhihua.at(2, 14, 18))
    outside = client.post("/outbreak/cases/report/", form | {"residence": "510100", "item_imaging": "1"})
    assert outside.status_code == 422


@pytest.fixture
def ward(cast):
    """The hospital's post reaches its own site and no district, as real hospitals do."""
    with_beds = Place.objects.create(
        name="市定点医院", type_key="hospital", area_path=people.VILLAGE, place_no="H1", created_at=citytime.now(), updated_at=citytime.now()
    )
    Post.objects.filter(pk=cast.posts["hospital"].pk).update(scope_kind="site", scope_value=str(with_beds.pk))
    return with_beds


def test_a_hospital_reports_a_patient_by_identity_and_follows_its_own_case(cast, ward):
    client = cast.client("hospital")
    form = {
        "outbreak": str(Outbreak.objects.get().pk), "status": "suspected", "residence": people.VILLAGE, "found_at": "2020-02-14T16:00",
        "name": "示例甲", "id_no": "51049219800131001X", "phone": "15400000000",
    }  # fmt: skip
    wrong = client.post("/outbreak/cases/report/", form)
    assert wrong.status_code == 422 and "校验位不符" in wrong.content.decode() and not Person.objects.exists()
    form["id_no"] = people_id("51049219800131001")
    future = client.post("/outbreak/cases/report/", form | {"onset_on": "2020-02-20"})
    assert future.status_code == 422 and not Person.objects.exists(), "a refused case leaves no patient behind"
    done = client.post("/outbreak/cases/report/", form, follow=True)
    case, person = Case.objects.get(), Person.objects.get()
    assert done.status_code == 200 and case.case_no in done.content.decode(), "the page that follows is within reach"
    assert (case.person, case.hospital, case.age_years, case.sex) == (person, ward, 40, "male")
    assert case.case_no in client.get("/ledger/case/").content.decode()
    client.post("/outbreak/cases/report/", form)
    assert Person.objects.count() == 1, "the same number is the same person"
    other = client.post("/outbreak/cases/report/", form | {"name": "示例乙"})
    assert other.status_code == 422 and "另一个姓名" in other.content.decode()
    assert "/outbreak/cases/report/" in client.get("/ledger/case/").content.decode(), "the list's button leads to the report page"


def test_an_investigation_says_the_source_or_that_it_was_asked_in_vain(cast):
    case = enter(cast, status="suspected", confirmed_on="")
    client = cast.client("cdc_east")
    empty = client.post(f"/ledger/case/{case.pk}/do/finish_investigation/", {})
    assert empty.status_code == 422 and "流调要写明来源" in empty.content.decode()
    wrong = client.post(f"/ledger/case/{case.pk}/do/finish_investigation/", {"unknown": "来源、天气"})
    assert wrong.status_code == 422 and "没有这些项目：天气" in wrong.content.decode()
    done = client.post(f"/ledger/case/{case.pk}/do/finish_investigation/", {"unknown": "来源、隔离日期"}, follow=True)
    case.refresh_from_db()
    assert done.status_code == 200 and case.unknown == ["isolated_on", "origin"]
    assert case.investigated_at is not None


def test_a_hospital_is_shown_no_late_task_that_it_cannot_open(cast, ward):
    enter(cast, status="suspected", confirmed_on="")
    with citytime.standing_at(panzhihua.at(2, 16, 9)):
        assert "辖区内超时" not in cast.client("hospital").get("/").content.decode()
        late = cast.client("cdc_east").get("/tasks/board/").content.decode()
        assert "/tasks/village/" in late
        assert "/tasks/village/" not in cast.client("hospital").get("/tasks/board/").content.decode()


def test_the_county_confirms_by_the_ledger_s_action_and_reads_the_course(cast):
    case = enter(cast, status="suspected", confirmed_on="")
    client = cast.client("cdc_east")
    without = client.post(f"/ledger/case/{case.pk}/do/confirm/", {"pcr": "0"})
    assert without.status_code == 422 and "缺少确诊依据" in without.content.decode()
    client.post(f"/ledger/case/{case.pk}/do/confirm/", {"pcr": "1", "severity": "mild"})
    case.refresh_from_db()
    assert (case.status, case.severity) == ("confirmed", "mild")
    course = client.get(f"/outbreak/cases/{case.pk}/").content.decode()
    assert "病例流行病学调查" in course and "依据：实时荧光 RT-PCR 核酸阳性" in course
    assert cast.client("cdc_west").get(f"/outbreak/cases/{case.pk}/").status_code == 404
    assert cast.client("command").get(f"/outbreak/cases/{case.pk}/").status_code in (403, 404)


def test_a_discharge_by_form_lists_what_is_missing(cast):
    case = enter(cast)
    client = cast.client("hospital")
    page = client.post(f"/ledger/case/{case.pk}/do/discharge/", {"fever_free_days": "4"})
    assert page.status_code == 422
    assert "连续 2 次呼吸道标本核酸阴性" in page.content.decode()
    client.post(
        f"/ledger/case/{case.pk}/do/discharge/",
        {
            "first_negative_at": "2020-02-12T09:00", "second_negative_at": "2020-02-13T09:00", "fever_free_days": "4",
            "symptoms_improved": "1", "imaging_improved": "1",
        },
    )  # fmt: skip
    case.refresh_from_db()
    assert (case.outcome, case.discharged_on) == ("recovered", date(2020, 2, 14))


def test_a_case_entered_as_plain_data_gets_its_definition_step_and_clocks(cast):
    case = enter(cast, onset_on="2020-02-10", age_years="52", sex="female")
    assert (case.definition_version, case.area_path, case.found_at) == ("v4", people.VILLAGE, panzhihua.at(2, 13, 12))
    assert case.case_no.startswith("CV5104-")
    assert case.statuses.get().status == "confirmed"
    assert set(Clock.objects.values_list("rule_id", flat=True)) == {"clock.case_report", "clock.case_investigation"}


def test_a_line_of_the_past_owes_nothing_any_more(cast):
    case = enter(cast, discharged_on="2020-02-14")
    assert (case.outcome, Clock.objects.count(), Task.objects.count()) == ("recovered", 0, 0)
    old = enter(cast, confirmed_on="2020-02-03")
    assert (old.outcome, Clock.objects.count(), Task.objects.count()) == ("ill", 0, 0)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"onset_on": "2020-02-14"}, "onset_on"),
        ({"onset_on": "2019-12-01"}, "onset_on"),
        ({"confirmed_on": "2020-02-15"}, "confirmed_on"),
        ({"discharged_on": "2020-02-12"}, "confirmed_on"),
        ({"residence_path": ""}, "residence_path"),
        ({"status": "clinically_diagnosed"}, "status"),
    ],
)
def test_bad_rows_are_refused_by_field_and_nothing_is_written(cast, raw, field):
    with pytest.raises(Refusal) as refused:
        enter(cast, **raw)
    parts = refused.value.parts if isinstance(refused.value, Refusals) else [refused.value]
    assert field in [part.field for part in parts]
    assert Case.objects.count() == 0


def test_a_form_never_moves_a_status(cast):
    case = enter(cast, status="suspected", confirmed_on="")
    ledger, actor = registry.get("case"), cast.actor("cdc_east", "investigation")
    values = write.clean_row(ledger, {"status": "confirmed"}, actor, creating=False)
    with pytest.raises(Refusals) as refused:
        write.change_rows(ledger, [(Case.objects.get(pk=case.pk), values)], by=actor)
    assert refused.value.parts[0].code == "by_action_only"
    assert "用“办理”改变" in refused.value.zh


def test_the_outbreak_ledger_opens_by_action_only_with_the_four_ones(cast):
    Outbreak.objects.update(status="closed", closed_on=date(2020, 2, 14))
    client = cast.client("command")
    form = {
        "code": "FLU1",
        "name": "流感疫情",
        "disease": "influenza",
        "area_path": "510400000000",
        "begins_on": "2020-02-01",
    }
    client.post("/ledger/outbreak/new/", form | {"lead_post": "x", "plan": "y"})
    row = Outbreak.objects.get(code="FLU1")
    page = client.post(f"/ledger/outbreak/{row.pk}/do/open/", {"sure": "1"})
    assert page.status_code == 422 and "四个一" in page.content.decode()
    ledger, actor = registry.get("outbreak"), cast.actor("command")
    values = write.clean_row(ledger, {"task_force": "z", "voice_post": "w"}, actor, creating=False)
    write.change_rows(ledger, [(row, values)], by=actor)
    client.post(f"/ledger/outbreak/{row.pk}/do/open/", {"sure": "1"})
    row.refresh_from_db()
    assert (row.status, row.opened_on) == ("open", date(2020, 2, 14))


def test_the_ledger_shows_a_command_post_no_health_data(cast):
    enter(cast)
    assert cast.client("command").get("/ledger/case/").status_code in (403, 404)
    mine = cast.client("cdc_east").get("/ledger/case/").content.decode()
    assert "CV5104-" in mine
    assert "CV5104-" not in cast.client("cdc_west").get("/ledger/case/").content.decode()
    assert Post.objects.filter(role="CDC_DISTRICT").count() >= 2
