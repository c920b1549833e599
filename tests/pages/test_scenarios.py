"""The comparison of two scenarios, walked in a browser as a planner does: chosen, changed, run, read, changed again and cancelled."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tongchou import jobs
from tongchou.jobs.models import JobState
from tongchou.scenarios.models import ScenarioRun

from tests.conftest import SIZES
from tests.pages.test_every_page import CHECK, LOOKS, WIDER
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
    assert page.locator(f"tr:has(a[href$='{row.pk}/'])").locator(".job-state").inner_text() == "已取消"
    assert page.faults == []


def send(page, selector: str) -> None:
    """Press a button of the form and wait until its answer stands on the page."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.click(selector)
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')")


def looked_at(page, axe: str) -> list[str]:
    """What axe and a ruler find on a desk and on a phone."""
    page.evaluate(axe)
    found = []
    for size, scheme in LOOKS:
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += page.evaluate(CHECK) + ([f"{size}: {over} px too wide"] if (over := page.evaluate(WIDER)) > 0 else [])
    page.set_viewport_size(SIZES["desktop"])
    return found


def test_a_rule_of_levels_is_set_in_fields_and_every_state_reads_well(scene, as_user, axe):
    """The form with every kind of field open, with a fault said, and the page of a comparison that waits."""
    page = as_user("command")
    page.goto(reverse("scenario-new"))
    for preset in ("zone_rule", "masks", "tracing"):
        page.select_option("#b-preset", preset)
        send(page, "button[value='add:b']")
    for line in page.locator("#side-b li.line > details > summary").all()[-3:]:
        line.click()
    page.locator("#side-b details.as-file summary").click()
    send(page, "#side-b button[value='add:b']")
    page.locator("#side-b details.as-file textarea").wait_for()
    assert not page.locator("#side-a details.as-file textarea").is_visible(), "what stands open stays so on its own side"
    page.locator("#side-b details.as-file summary").click()
    send(page, "#side-b li.line:last-child .line-remove")
    page.locator("#side-b li.line:has-text('佩戴口罩') details.fold summary").click()
    masks = page.locator("#side-b li.line:has-text('佩戴口罩')")
    assert masks.locator("text=公共管理社会保障和社会组织").is_visible(), "the last sector is not cut off"
    masks.locator("select[name$='-level']").select_option("high")
    page.locator("#side-b input[name$='-step-1-cases']").fill("0")
    for field, value in SMALL.items():
        page.fill(f"#id_{field}", value)
    assert looked_at(page, axe) == []
    press(page, "开始推演")
    page.wait_for_selector("#problems:has-text('“报告例数”应为大于 0 的整数')")
    assert looked_at(page, axe) == []
    page.locator("#side-b input[name$='-step-1-cases']").fill("2")
    press(page, "开始推演")
    page.wait_for_selector("#progress:has-text('后台空下来就开始')")
    assert looked_at(page, axe) == [] and "高级地区" in page.inner_text("main")
    assert page.faults == []


def test_a_result_on_paper_and_the_list_on_a_phone(prepared_scene, as_user):
    """Paper is white with the whole of each chart and no buttons; nothing of the list lies beside the screen."""
    page = as_user("command")
    page.goto(reverse("scenario", kwargs={"pk": prepared_scene.comparison}))
    page.wait_for_selector(".scenario-chart[data-drawn]")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 990})  # A4 less the margins of print.css
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("main button:visible, header button:visible, nav:visible").count() == 0
    charts = page.evaluate("""() => [...document.querySelectorAll(".scenario-chart")].map((box) => {
      const drawn = box.querySelector("canvas").getBoundingClientRect(), panel = box.parentElement.getBoundingClientRect();
      return [drawn.width, drawn.height, Math.round(panel.right - drawn.right) >= 0, panel.right <= window.innerWidth];
    })""")
    assert charts == [[322, 140, True, True]] * 9
    assert page.locator(".chart-key:visible").count() == 1
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    phone = as_user("command", "phone")
    phone.goto(reverse("scenarios"))
    row = phone.locator(".scenario-list tbody tr").first
    assert row.locator("td").last.is_visible()
    assert phone.evaluate("(() => { const one = document.querySelector('.table-wrap'); return one.scrollWidth - one.clientWidth; })()") == 0
    phone.set_extra_http_headers({"Accept-Language": "en"})  # English names are the longer ones
    for address in (reverse("scenario-new"), reverse("scenario", kwargs={"pk": prepared_scene.comparison})):
        phone.goto(address)
        assert phone.evaluate(WIDER) <= 0, address
    assert phone.evaluate("(() => { const one = document.querySelector('.p-orders .table-wrap'); return one.scrollWidth - one.clientWidth; })()") == 0
    phone.evaluate("""() => document.querySelectorAll(".label-above td").forEach(cell => {
      for (const text of cell.querySelectorAll("b, .change")) text.textContent = "+11,970,000";
      for (const text of cell.querySelectorAll("small")) text.textContent = "+11,870,000 – +11,970,000";
    })""")
    for table in phone.locator(".label-above").all():
        assert table.evaluate("one => Math.max(one.scrollWidth - one.clientWidth, one.getBoundingClientRect().right - window.innerWidth)") <= 0
        assert table.locator("tbody th").last.evaluate("one => one.getBoundingClientRect().width") > 200  # no label letter by letter
    assert page.faults == phone.faults == []
