"""A comparison from the asking to the figures: job, cancel, resume, limits, who may see it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from tongchou import jobs
from tongchou.audit import timeline
from tongchou.bridge import scenario_runs
from tongchou.engine.epidemic.ensemble import SERIES
from tongchou.jobs.machine import machine_now
from tongchou.jobs.models import Job
from tongchou.notices.models import Notice
from tongchou.refusal import Refusal
from tongchou.scenarios.actions.run import ask_run, refuse_too_large
from tongchou.scenarios.models import ScenarioRun
from tongchou.store.ensemble_runner import Ensemble
from tongchou.wall.scenario import verdict

from tests.people.conftest import home, register, village
from tests.scenarios.conftest import OPEN, SHUT

__all__ = ["home", "register", "village"]
pytestmark = pytest.mark.django_db
ZONES = '[[measure]]\nkind = "zone_rule"\nunit = "county"\nlevels = [{ name = "high", cases = 5, within_days = 14 }]\nclear_days = 14\n'


def work() -> None:
    jobs.run(until_idle=True, periodic=False)


def test_a_comparison_is_computed_and_who_asked_is_told(done, cast):
    result = done.result
    assert (done.job.state, done.job.done, done.job.total) == ("done", 4, 4)
    assert result["replicates"] == 2 and result["city"]["persons"] == done.persons == 1000
    assert all(np.shape(result["bands"][arm][name]) == (5, 14) for arm in ("first", "second") for name in SERIES)
    lost = [result["totals"][arm]["school_days_lost"] for arm in ("first", "second")]
    assert max(lost[0]) == 0 and min(lost[1]) > 0, "schools were closed in the second alone"
    assert result["gains"]["school_days_lost"]["low"] == pytest.approx(min(lost[1]), abs=0.02)
    assert done.data_version.startswith("census 2020, panzhihua") and len(result["sha256"]) == 64
    assert result["over_beds"]["first"] in (0, 0.5, 1)
    notice = Notice.objects.get(key=f"scenario.done:{done.pk}")
    assert notice.to_post == str(cast.posts["command"].pk) and str(done.pk) in notice.link
    assert not scenario_runs.folder_of(str(done.pk)).exists(), "the city of arrays is removed with the last figure"
    assert [one.action for one in timeline("scenario_run", str(done.pk))] == ["ask"]


def test_the_same_question_has_the_same_answer(done, desk):
    again = desk.ask()
    work()
    again.refresh_from_db()
    assert again.pk != done.pk and again.result["sha256"] == done.result["sha256"]
    assert again.result["bands"] == done.result["bands"]


def test_how_far_it_is_is_said_from_the_first_moment(desk, monkeypatch):
    row = desk.ask()
    said: list[str] = []
    whole = jobs.Run.save

    def save(self, cursor, **told):
        whole(self, cursor, **told)
        said.append(desk.client.get(reverse("scenario-progress", kwargs={"pk": row.pk})).content.decode())

    waiting = desk.client.get(reverse("scenario", kwargs={"pk": row.pk})).content.decode()
    monkeypatch.setattr(jobs.Run, "save", save)
    work()
    assert "在排队，后台空下来就开始。" in waiting
    assert "正在按名册或普查表生成城市" in said[0] and "已推演 0/4 次" in said[1]
    assert any("已推演 1/4 次" in one for one in said)
    Job.objects.filter(pk=row.job_id).update(state="running", message_zh="", message_en="")
    assert "正在准备。" in desk.client.get(reverse("scenario-progress", kwargs={"pk": row.pk})).content.decode()


def test_what_was_cancelled_goes_on_where_it_stopped(desk, monkeypatch, cast):
    row = desk.ask(replicates="4")
    counted: list[int] = []
    whole = jobs.Run.save

    def save(self, cursor, **said):
        whole(self, cursor, **said)
        counted.append(said.get("done") or 0)
        if said.get("done") == 2:
            Job.objects.filter(pk=row.job_id).update(cancel_asked=True)

    monkeypatch.setattr(jobs.Run, "save", save)
    monkeypatch.setattr(scenario_runs, "ASK_S", 0.0)
    work()
    row.refresh_from_db()
    assert row.job.state == "cancelled" and row.computed_at is None
    kept = list(Path(scenario_runs.folder_of(str(row.pk))).glob("runs-*/runs/*/*.npz"))
    assert 2 <= len(kept) < 8
    monkeypatch.setattr(jobs.Run, "save", whole)
    page = desk.client.get(reverse("scenario", kwargs={"pk": row.pk})).content.decode()
    assert "从已算完的次数接着算" in page
    assert desk.client.post(reverse("scenario", kwargs={"pk": row.pk}), {"do": "resume"}).status_code == 302
    work()
    row.refresh_from_db()
    assert row.job.state == "done" and row.result["resumed"] == len(kept)


def test_a_queued_comparison_is_cancelled_at_once(desk):
    row = desk.ask()
    address = reverse("scenario", kwargs={"pk": row.pk})
    assert desk.client.post(address, {"do": "cancel"}).status_code == 302
    work()
    row.refresh_from_db()
    assert row.job.state == "cancelled" and row.computed_at is None
    again = desk.client.post(address, {"do": "cancel"})
    assert again.status_code == 200 and "作业已经结束" in again.content.decode()


def test_a_worker_that_died_is_followed_by_one_that_goes_on(desk, monkeypatch):
    """The first start ends in the middle as a kill would end it; nothing that was finished is run again."""
    row = desk.ask(replicates="4")
    whole = jobs.Run.save

    class Killed(BaseException):
        """Neither a fault nor a wish to stop."""

    def save(self, cursor, **said):
        whole(self, cursor, **said)
        if said.get("done") == 3:
            raise Killed

    monkeypatch.setattr(jobs.Run, "save", save)
    with pytest.raises(Killed):
        work()
    monkeypatch.setattr(jobs.Run, "save", whole)
    assert Job.objects.get(pk=row.job_id).state == "running"
    Job.objects.filter(pk=row.job_id).update(lease_until_at=machine_now())
    work()
    row.refresh_from_db()
    assert row.job.state == "done" and row.result["resumed"] == 3


def test_a_city_that_cannot_be_made_is_said_in_both_languages(desk):
    row = desk.ask()
    ScenarioRun.objects.filter(pk=row.pk).update(plan={**row.plan, "people": 1})
    work()
    row.refresh_from_db()
    assert row.job.state == "failed" and "人数应在" in row.job.message_zh and "people must be" in row.job.message_en
    assert "人数应在" in desk.client.get(reverse("scenario", kwargs={"pk": row.pk})).content.decode()


def test_the_residents_on_record_are_a_city_too(desk, register, home):
    for born in ("1980-02-21", "1985-02-20", "2014-06-01", "1950-01-01", "1960-05-05"):
        register(sex="male", born_on=born)
    row = desk.ask(city="ledger", imports_first="2")
    assert row.persons == 5
    work()
    row.refresh_from_db()
    assert row.job.state == "done", row.job.message_zh
    assert row.result["city"]["persons"] == 5 and row.data_version.startswith("ledgers, 2020-02-14")
    assert row.result["left_out"] == {"without_birth": 0, "without_sex": 0, "households_without_people": 1, "sites_without_people": 0}
    page = desk.client.get(reverse("scenario", kwargs={"pk": row.pk})).content.decode()
    assert "台账中未纳入的" in page and "1 户没有居民，未纳入" in page and "人出生日期不详" not in page


def test_limits_are_said_with_what_would_do(monkeypatch, cast, desk):
    monkeypatch.setattr(settings, "SCENARIO_LIMIT", 10_000)
    with pytest.raises(Refusal) as refused:
        refuse_too_large(1000, 6)
    assert "请把次数减到 5 以下" in refused.value.zh and "ask for 5 replicates or fewer" in refused.value.en
    with pytest.raises(Refusal, match="choose a smaller area"):
        refuse_too_large(9000, 2)
    refuse_too_large(1000, 5)
    answer = desk.send("run", **{**desk.fields(desk.build(replicates="6")), "replicates": "6"})
    assert answer.status_code == 422 and "超过本系统上限" in answer.content.decode()
    assert ScenarioRun.objects.count() == 0


def test_one_post_has_three_waiting_at_most(desk, cast):
    for seed in "123":
        desk.ask(seed=seed)
    answer = desk.send("run", **desk.fields(desk.build()))
    assert "已有 3 项推演在排队" in answer.content.decode()
    other = type(desk)(cast.client("office"))
    assert other.ask().by_post == str(cast.posts["office"].pk)


def test_who_may_ask_and_who_sees_what(desk, cast, done):
    """A county's command sees and asks for its own county; the whole city's comparison is not its to read."""
    address = reverse("scenario", kwargs={"pk": done.pk})
    reached = {key: cast.client(key).get(address).status_code for key in ("office", "cdc_city", "department", "east", "west", "grid", "lab")}
    assert reached == {"office": 200, "cdc_city": 200, "department": 200, "east": 404, "west": 404, "grid": 404, "lab": 404}
    assert cast.client("department").get(reverse("scenario-new")).status_code == 404
    assert cast.client("department").post(address, {"do": "cancel"}).status_code == 404
    with pytest.raises(Refusal, match="not ask for one"):
        ask_run(title="x", area_path="5104", plan=done.plan, persons=10, by=cast.actor("department"))
    east = type(desk)(cast.client("east"))
    page = east.client.get(reverse("scenario-new"))
    assert page.context["form"].fields["area"].choices == [("510402", "东山区")]
    row = east.ask(area="510402")
    assert row.area_path == "510402" and cast.client("west").get(reverse("scenario", kwargs={"pk": row.pk})).status_code == 404
    assert east.send("run", **{**east.fields(east.build()), "area": "5104"}).status_code == 422, "an area out of reach is not taken"
    shown = cast.client("east").get(reverse("scenarios")).content.decode()
    assert str(row.pk) in shown and str(done.pk) not in shown
    rows = cast.client("east").get("/api/v1/scenario_run/").json()["results"]
    assert [one["id"] for one in rows] == [str(row.pk) for row in ScenarioRun.objects.filter(area_path="510402").order_by("-asked_at", "-id")]


def test_a_side_that_does_nothing_new_is_refused(desk):
    for first, second, said in (
        (OPEN, OPEN, "完全相同"),
        (OPEN, OPEN + '[[measure]]\nkind = "closure"\ncounties = ["999999"]\n', "999999 不在所选城市中"),
        (OPEN, OPEN + '[[measure]]\nkind = "closure"\nlevel = "high"\n', "措施只在“高级”地区执行，却没有"),
        (OPEN, OPEN + 2 * ZONES, "两项措施定出同名的级别"),
    ):
        answer = desk.send("run", **desk.fields(desk.build(first, second)))
        assert answer.status_code == 422 and said in answer.content.decode()
    answer = desk.send("run", **{**desk.fields(desk.build()), "imports_first": "0"})
    assert "疫情不会开始" in answer.content.decode()


def test_files_hold_every_band(done, desk):
    answer = desk.client.get(reverse("scenario-csv", kwargs={"pk": done.pk}))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    daily = [row for row in rows if row["kind"] == "daily"]
    assert len(daily) == 2 * len(SERIES) * 14
    assert [row["series"] for row in daily[::14]] == [*SERIES, *SERIES]
    assert [row["q50"] for row in daily[:14]] == [str(value) for value in done.result["bands"]["first"]["infections"][2]]
    assert daily[0]["date"] == "2020-02-14" and answer["Content-Disposition"].endswith('.csv"')
    told = desk.client.get(reverse("scenario-json", kwargs={"pk": done.pk})).json()
    assert told["plan"]["sides"][1]["text"].startswith("name_zh") or "closure" in told["plan"]["sides"][1]["text"]
    assert told["result"]["sha256"] == done.result["sha256"]


def test_an_unfinished_one_has_no_files(desk):
    row = desk.ask()
    assert desk.client.get(reverse("scenario-csv", kwargs={"pk": row.pk})).status_code == 404
    moving = desk.client.get(reverse("scenario-progress", kwargs={"pk": row.pk}))
    assert moving.status_code == 200 and "HX-Refresh" not in moving.headers
    work()
    assert desk.client.get(reverse("scenario-progress", kwargs={"pk": row.pk}))["HX-Refresh"] == "true"


def test_folders_of_runs_that_are_gone_are_swept(done, desk):
    waiting = desk.ask(seed="7")
    root = scenario_runs.folder_of(str(done.pk)).parent
    for name in (str(done.pk), str(waiting.pk), "stranger"):
        (root / name).mkdir(parents=True, exist_ok=True)
    scenario_runs.sweep()
    assert [path.name for path in root.iterdir()] == [str(waiting.pk)]


def test_the_city_is_simulated_with_the_measures_that_the_page_shows(done, desk, monkeypatch):
    """What the job runs is the text that is stored and shown: its arms' digests are those of the files."""
    seen: list[Ensemble] = []
    whole = scenario_runs.result_of
    monkeypatch.setattr(scenario_runs, "result_of", lambda ensemble, **more: (seen.append(ensemble), whole(ensemble, **more))[1])
    row = desk.ask(SHUT, OPEN)
    work()
    row.refresh_from_db()
    assert row.result["arms"] == {"first": done.result["arms"]["second"], "second": done.result["arms"]["first"]}
    assert [measure.kind for measure in seen[0].plan.arms[0].measures] == ["masks", "closure"]


def test_the_result_is_said_in_whole_sentences(done, desk):
    """Beds that suffice, reports that nobody could make, and the difference: each in words of both languages."""
    page = desk.client.get(reverse("scenario", kwargs={"pk": done.pk})).content.decode()
    assert "没有检测的情景查不出病例" in page and "2020 年人口普查 · " in page and "census 2020" not in page
    result = {**done.result, "over_beds": {"first": 0.0, "second": 0.0}}
    ScenarioRun.objects.filter(pk=done.pk).update(result=result)
    one_sided = {**result["gains"], "infections": {"low": -9.0, "median": -5.0, "high": -2.0}}
    for lang, sentence in (("zh-hans", "感染少 5 人次（2–9）"), ("en", "5 fewer infections (2–9)")):
        with translation.override(lang):
            assert sentence in verdict.verdict_of(one_sided)[0]
    address = reverse("scenario", kwargs={"pk": done.pk})
    zh = desk.client.get(address).content.decode()
    en = desk.client.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "可用床位 1 张：两个情景的各次推演都够用。" in zh and "suffice in every simulation of both" in en
    lost = verdict.number(result["gains"]["school_days_lost"]["median"])
    assert f"误学多 {lost} 人日（" in zh and f"{lost} more school days lost (" in en


def test_what_both_orders_share_is_said_where_there_is_something(desk, done):
    page = desk.client.get(reverse("scenario", kwargs={"pk": done.pk})).content.decode()
    assert "其余措施相同，见页末。" in page
    other = desk.ask("", SHUT)
    work()
    page = desk.client.get(reverse("scenario", kwargs={"pk": other.pk})).content.decode()
    assert "两套措施没有相同之处" in page and "其余措施相同" not in page
