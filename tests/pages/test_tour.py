"""The steps of docs/tour.md that take two people or two screens, each walked in a browser as its people do."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import reverse

from tongchou import citytime, rulebook
from tongchou.access.actions.user import reset_second_factor
from tongchou.access.models import PhoneBinding
from tongchou.access.pages import phones
from tongchou.people.models import Person
from tongchou.tasks.models import Task, TaskState
from tongchou.zones.models import ZoneDecision

from tests.cast import EAST, VILLAGE
from tests.desk.test_search import register
from tests.pages.walks import PIN, press, sign_in

pytestmark = pytest.mark.browser
NEW_PASSWORD = "Red-lantern-42"


def test_a_raised_level_holds_at_once_and_a_second_person_confirms_it(scene, as_user):
    county = as_user("east")
    county.goto(reverse("zone-area", kwargs={"area_path": EAST}))
    press(county, "作出决定")
    assert county.locator("label:has-text('法律依据')").inner_text().endswith("（必填）")
    county.select_option("select[name=level]", "high")
    county.fill("textarea[name=reason]", "本周出现聚集性疫情")
    county.fill("input[name=legal_basis]", "传染病防治法第四十二条")
    county.fill("input[name=complaint_channel]", "拨打 12345")
    press(county, "提交决定")
    county.wait_for_selector("text=已临时生效，等待第二人复核")
    made = ZoneDecision.objects.get()
    assert made.state == ZoneDecision.State.PROVISIONAL
    county.goto(reverse("ledger-detail", kwargs={"key": "zone_decision", "pk": made.pk}))
    press(county, "确认（第二人）")
    press(county, "确认（第二人）")
    county.wait_for_selector("main .alert-danger")  # who decided cannot second it
    city = as_user("command")
    city.goto(reverse("ledger-detail", kwargs={"key": "zone_decision", "pk": made.pk}))
    press(city, "确认（第二人）")
    press(city, "确认（第二人）")
    city.wait_for_selector("text=已办理：确认（第二人）")
    made.refresh_from_db()
    assert (made.state, made.seconded_by_name) == (ZoneDecision.State.IN_FORCE, "市指挥部")
    assert [fault for fault in county.faults if "422" not in fault] == city.faults == []


def test_a_rule_is_proposed_by_one_and_approved_by_another(scene, as_user):
    office = as_user("office")
    office.goto(reverse("rules-detail", kwargs={"rule_id": "clock.case_report"}))
    press(office, "提出修改")
    office.fill("input[name='v:limit_minutes']", "60")
    office.fill("input[name=source_text]", "攀指〔2020〕8 号")
    office.fill("textarea[name=reason]", "从严")
    press(office, "试算")
    office.wait_for_selector("#tried-title")
    office.locator("button[name=propose]").click()
    office.wait_for_selector("text=提案已提交")
    assert office.locator("button[name=approve]").count() == 0
    command = as_user("command")
    command.goto(reverse("rules-proposals"))
    command.locator("main td a").first.click()
    command.locator("button[name=approve]").click()
    command.wait_for_selector("text=已批准，规则即刻生效")
    assert rulebook.at(citytime.today(), area="5104", disease="covid-19").get("clock.case_report").value["limit_minutes"] == 60
    assert office.faults == command.faults == []


def test_the_office_verifies_and_closes_what_a_post_reported(scene, as_user, open_task_for):
    task = open_task_for("secretary", "核对隔离点床位", asked_by="office")
    village = as_user("secretary")
    village.goto(reverse("home"))
    row = village.locator(f"#task-{task.pk}")
    row.locator("button:has-text('承办')").click()
    row.locator("text=已承办").wait_for()
    row.locator("summary").click()
    row.locator("textarea").fill("共 42 张，空 30 张。")
    row.locator("button:has-text('确认反馈')").click()
    row.locator("text=已反馈，等待复核").wait_for()
    office = as_user("office")
    office.goto(reverse("home"))
    judged = office.locator(f"#task-{task.pk}")
    assert "共 42 张" in judged.inner_text()
    judged.locator("button:has-text('复核通过')").click()
    judged.locator("button:has-text('办结')").click()
    judged.locator("text=已办结").wait_for()
    assert Task.objects.get(pk=task.pk).state == TaskState.CLOSED
    assert village.faults == office.faults == []


def test_a_worker_binds_a_phone_by_the_code_and_signs_in_by_pin(scene, as_user, monkeypatch):
    shown = []
    drawn = phones.qr_svg
    monkeypatch.setattr(phones, "qr_svg", lambda text: shown.append(text) or drawn(text))
    desk = as_user("secretary")
    desk.goto(reverse("phones"))
    desk.locator("tr", has_text="葛网").locator("button:has-text('出示二维码')").click()
    desk.wait_for_selector("img[alt='绑定手机的二维码']")
    hand = as_user(size="phone")
    hand.goto(urlsplit(shown[0]).path)
    hand.fill("input[name=pin]", PIN)
    hand.fill("input[name=pin_again]", PIN)
    press(hand, "绑定")
    hand.wait_for_url("**/access/phone/")
    hand.fill("input[name=pin]", PIN)
    press(hand, "登录")
    hand.wait_for_url("**/field/")
    assert "核查返程人员信息" in hand.inner_text("main")
    desk.goto(reverse("phones"))
    desk.locator("tr", has_text="葛网").locator("button:has-text('解绑')").click()
    desk.wait_for_selector("text=已解绑")
    hand.reload()
    assert "/account/login/" in hand.url
    assert PhoneBinding.objects.get().unbound_at is not None
    assert desk.faults == hand.faults == []


def test_a_new_colleague_comes_in_by_a_one_time_link(scene, as_user):
    reset_second_factor(user=scene.cast.users["lab"], by=scene.cast.actor("sec_admin"))
    admin = as_user("sys_admin")
    admin.goto(reverse("user-doors", kwargs={"pk": scene.cast.users["lab"].pk}))
    press(admin, "生成一次性链接")
    address = admin.locator("[role=status] code").inner_text()
    page = as_user()
    page.goto(urlsplit(address).path)
    page.fill("input[name=password]", NEW_PASSWORD)
    page.fill("input[name=again]", NEW_PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_selector("text=的密码已设置")
    sign_in(page, "lab", NEW_PASSWORD)
    page.wait_for_selector("h1:has-text('设置第二因素')")
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.fill("input[name=code]", format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    press(page, "启用")
    page.wait_for_selector("h1:has-text('恢复码')")
    page.goto(reverse("home"))
    assert "黎验" in page.inner_text("body")
    page.goto(urlsplit(address).path)
    assert page.inner_text("h1") == "链接无效"
    assert [fault for fault in page.faults if "410" not in fault] == []


def test_two_rows_of_one_person_are_merged_and_taken_apart_again(scene, as_user):
    for name in ("钱二", "钱二"):
        register(name, VILLAGE, phone="13800000009", born_on="1980-02-14")
    desk = as_user("cdc_east")
    desk.goto(reverse("duplicates"))
    press(desk, "保留此行，另一行并入")
    desk.wait_for_selector("text=打开")
    dropped = Person.objects.get(status=Person.Status.MERGED)
    desk.goto(reverse("ledger-detail", kwargs={"key": "person", "pk": dropped.pk}))
    press(desk, "撤销合并")
    press(desk, "撤销合并")
    desk.wait_for_selector("text=已办理：撤销合并")
    assert not Person.objects.filter(status=Person.Status.MERGED).exists()
    assert desk.faults == []


def test_a_wrong_report_is_taken_back_on_the_phone(scene, as_user):
    page = as_user("grid", "phone")
    page.goto(reverse("field"))
    card = page.locator(f"#task-{scene.task}")
    card.locator("button:has-text('承办')").tap()
    card.locator("text=已承办").wait_for()
    card.locator("summary").tap()
    card.locator(".quick button").first.tap()
    card.locator("button:has-text('确认反馈')").tap()
    card.locator("text=已反馈，等待复核").wait_for()
    page.reload()
    page.locator(".done-list button:has-text('撤回反馈')").tap()
    page.wait_for_selector("text=反馈已撤回")
    task = Task.objects.get(pk=scene.task)
    assert (task.state, task.report_note, task.clock.stopped_at) == (TaskState.ACCEPTED, "", None)
    with citytime.standing_at(citytime.now() + timedelta(minutes=1)):
        page.reload()
    assert page.locator(f"#task-{scene.task} summary:has-text('反馈')").count() == 1
    assert page.faults == []
