"""The comparison of two scenarios, walked in a browser as a planner does: chosen, changed, run, read, changed again and cancelled."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tongchou import jobs
from tongchou.jobs.models import JobState
from tongchou.scenarios.models import ScenarioRun

from tests.pages.walks import press

pytestmark = pytest.mark.browser
SMALL = {"people": "1000", "days": "14", "replicates": "2", "imports_first": "20", "beds": "1"}


def build(page) -> None:
    """Schools closed for four weeks against six, the six cut to what lies within the fortnight; a small city."""
    for side, name in (("a", "schools-four-weeks"), ("b", "schools-six-weeks")):
        page.select_option(f"#{side}-template", name)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.click(f"#side-{side} button[value='load:{side}']")
        page.wait_for_load_state("networkidle")
    closure = page.locator("#side-b li.line:has-text('学校停课')")
    closure.locator("summary").first.click()
    closure.locator("input[name$='-to_day']").fill("9")
    for field, value in SMALL.items():
        page.fill(f"#id_{field}", value)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_two_orders_are_compared_and_the_cost_is_read(scene, as_user, size):
    page = as_user("command", size)
    page.goto(reverse("scenarios"))
    page.click("text=新的推演 >> nth=0")
    page.wait_for_url("**/scenarios/new/")
    build(page)
    press(page, "开始推演")
    page.wait_for_selector("#progress")
    row = ScenarioRun.objects.get()
    assert "学校停课" in page.inner_text("main") and not row.job.over
    jobs.run(until_idle=True, periodic=False)
    page.wait_for_selector("#verdict", state="attached")  # the page looks by itself every two seconds
    row.refresh_from_db()
    said = page.inner_text(".p-verdict")
    assert "代价" in said and "误学" in said
    orders = page.locator(".p-orders tbody tr")
    assert orders.count() == 1 and "学校停课" in orders.inner_text() and "2月23日" in orders.inner_text()  # day 9 of 14 February
    school = page.locator(".scenario-totals tr:has-text('误学')")
    assert "is-less" in school.locator(".change").get_attribute("class") and "−" in school.inner_text()
    chart = page.locator(".scenario-chart-panel:has(.scenario-chart[data-series=infections])")
    chart.locator("canvas, svg").first.wait_for()
    chart.locator("summary").click()
    middle = row.result["quantiles"].index(0.5)
    shown = [float(cell.replace(",", "")) for cell in chart.locator("tbody tr td:nth-of-type(1)").all_inner_texts()]
    assert shown == pytest.approx(row.result["bands"]["first"]["infections"][middle], abs=0.5) and len(shown) == int(SMALL["days"])
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, f"{width} px wider than the screen"
    assert page.faults == []


def test_a_comparison_is_changed_asked_again_and_cancelled(prepared_scene, as_user):
    page = as_user("command")
    page.goto(reverse("scenario", kwargs={"pk": prepared_scene.comparison}))
    page.click("text=改动后再推演")
    page.wait_for_selector("#plan")
    assert page.locator("#side-a li.line").count() == 1 and page.input_value("#id_people") == "1000"
    page.fill("#id_seed", "2")
    press(page, "开始推演")
    page.wait_for_selector("#progress")
    row = ScenarioRun.objects.latest("asked_at")
    press(page, "取消推演")
    page.wait_for_selector("text=取消")
    jobs.run(until_idle=True, periodic=False)
    row.job.refresh_from_db()
    assert row.job.state == JobState.CANCELLED and row.plan["seed"] == 2
    page.goto(reverse("scenarios"))
    assert page.locator(f"tr:has(a[href$='{row.pk}/'])").locator(".job-state").inner_text() == row.job.get_state_display()
    assert page.faults == []
