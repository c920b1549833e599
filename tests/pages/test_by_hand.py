"""What people do with their hands: keyboard alone, a thumb on a phone, a printer, a choice of theme and language."""

from __future__ import annotations

from io import BytesIO
from unicodedata import normalize

import pytest
from pypdf import PdfReader

from tongchou.tasks.models import Task, TaskState

pytestmark = pytest.mark.browser


def tab_to(page, test: str, most: int = 80) -> None:
    """Press Tab until ``test`` (a function of the focused element) holds."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"() => ({test})(document.activeElement)"):
            return
    pytest.fail(f"the keyboard never reached {test}")


def test_from_sign_in_to_a_done_task_by_keyboard_alone(scene, open_page, live_server):
    user = scene.cast.users["grid"]
    user.set_password("Correct-horse-7")
    user.save()
    page = open_page("desktop")
    page.goto(f"{live_server.url}/")
    page.wait_for_url("**/account/login/**")
    if page.evaluate("() => document.activeElement.name") != "login":
        tab_to(page, "(el) => el.name === 'login'")
    page.keyboard.type("grid")
    page.keyboard.press("Tab")
    page.keyboard.type("Correct-horse-7")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('我的工作')")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to(page, "(el) => el.tagName === 'BUTTON' && el.textContent.includes('承办')")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已承办")
    tab_to(page, "(el) => el.tagName === 'SUMMARY' && el.textContent.includes('反馈')")
    page.keyboard.press("Enter")
    tab_to(page, "(el) => el.tagName === 'TEXTAREA'")
    page.keyboard.type("已上门核实，登记齐全。")
    tab_to(page, "(el) => el.textContent.includes('确认反馈')")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已反馈，等待复核")
    task = Task.objects.get(pk=scene.task)
    assert (task.state, task.report_note) == (TaskState.REPORTED, "已上门核实，登记齐全。")
    assert page.faults == []


def test_the_slash_key_goes_to_the_search_box_and_finds(scene, open_page, live_server, signed_in):
    page = open_page("desktop")
    signed_in(page, "cdc_east")
    page.goto(f"{live_server.url}/")
    page.keyboard.press("/")
    page.keyboard.type("13800000001")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('搜索')")
    assert "13800000001" not in page.url
    assert page.locator("tbody tr").count() == 1


@pytest.mark.parametrize("width", [320, 390])
def test_a_thumb_on_a_phone(scene, open_page, live_server, signed_in, width):
    page = open_page("phone")
    page.set_viewport_size({"width": width, "height": 700})
    signed_in(page, "grid")
    page.goto(f"{live_server.url}/field/")
    small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main summary, main h3 a, nav a, nav button")]
          .filter((el) => el.offsetParent !== null && el.getClientRects().length && !el.closest("h3"))
          .filter((el) => { const box = el.getBoundingClientRect(); return box.height < 48 || box.width < 48; })
          .map((el) => el.outerHTML.slice(0, 120))"""
    )
    assert small == []
    card = page.locator(f"#task-{scene.task}")
    card.locator("button:has-text('承办')").tap()
    card.locator("text=已承办").wait_for()
    card.locator("summary").tap()
    card.locator(".quick button").first.tap()
    card.locator("button:has-text('取消')").tap()
    assert Task.objects.get(pk=scene.task).state == TaskState.ACCEPTED
    card.locator("summary").tap()
    card.locator("button:has-text('确认反馈')").tap()
    card.locator("text=已反馈，等待复核").wait_for()
    assert Task.objects.get(pk=scene.task).report_note == "已上门核实。"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_phone_page_has_a_contrast_of_seven(scene, open_page, live_server, signed_in, axe, scheme):
    page = open_page("phone", color_scheme=scheme)
    signed_in(page, "grid")
    page.goto(f"{live_server.url}/field/")
    page.evaluate(axe)
    low = page.evaluate(
        """async () => (await axe.run(document, { runOnly: ["color-contrast-enhanced"], rules: { "color-contrast-enhanced": { enabled: true } } }))
          .violations.flatMap((one) => one.nodes.map((node) => node.html.slice(0, 100) + " " + node.any.map((part) => part.message).join(" ")))"""
    )
    assert low == []


def test_a_failed_step_is_said_and_nothing_is_lost(scene, open_page, live_server, signed_in):
    page = open_page("desktop")
    signed_in(page, "grid")
    page.goto(f"{live_server.url}/")
    row = page.locator(f"#task-{scene.task}")
    row.locator("button:has-text('承办')").click()
    row.locator("text=已承办").wait_for()
    row.locator("summary").click()
    row.locator("textarea").fill("我写的字")
    page.route("**/act/**", lambda route: route.abort())
    row.locator("button:has-text('确认反馈')").click()
    page.wait_for_selector("#said:has-text('连不上服务器')")
    assert row.locator("textarea").input_value() == "我写的字"


def test_theme_and_language_are_kept(scene, open_page, live_server, signed_in):
    page = open_page("desktop")
    signed_in(page, "command")
    page.goto(f"{live_server.url}/")
    assert page.evaluate("() => document.documentElement.dataset.bsTheme") == "light"
    page.click("button[aria-label='显示与语言']")
    page.click("button[data-theme-choice='dark']")
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.bsTheme") == "dark"
    page.click("button[aria-label='显示与语言']")
    page.click("button[name='language'][value='en']")
    page.wait_for_selector("h1:has-text('My work')")
    page.goto(f"{live_server.url}/notices/")
    assert page.inner_text("h1") == "Notices"
    assert page.get_attribute("html", "lang") == "en"
    assert page.faults == []


def test_pages_print_without_their_frame(scene, open_page, live_server, signed_in):
    page = open_page("desktop", color_scheme="dark")
    signed_in(page, "grid")
    page.goto(f"{live_server.url}/")
    page.emulate_media(media="print")
    for part in (".bar", ".side", ".page-actions"):
        assert page.locator(part).first.is_hidden()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    text = normalize("NFKC", "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages))
    assert "我的工作" in text
    assert "核查返程人员信息" in text


def test_the_wall_draws_its_curve_and_stays_still(scene, open_page, live_server, signed_in):
    page = open_page("desktop")
    signed_in(page, "command")
    page.goto(f"{live_server.url}/wall/")
    page.wait_for_selector("#curve-chart[data-drawn]")
    assert page.locator("#curve-chart canvas").count() == 1
    page.evaluate("() => { document.querySelector('#curve-chart canvas').dataset.mine = '1'; }")
    with page.expect_response("**/wall/live/**") as answered:
        page.evaluate("() => htmx.ajax('GET', document.querySelector('#live').getAttribute('hx-get'), '#live')")
    assert answered.value.status == 200
    page.wait_for_selector("#curve-chart canvas[data-mine='1']")  # the same canvas after the swap
    page.click("a[aria-label*='东山区']")
    page.wait_for_selector("h1:has-text('东山区')")
    assert page.faults == []
