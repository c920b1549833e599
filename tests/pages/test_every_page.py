"""Every page of the app in a real browser, on a desk and on a phone: readable by all, clean, never wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.addresses import addresses, unseen

pytestmark = pytest.mark.browser

CHECK = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] });
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join(" | ")}`);
}"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
STRICT = "script-src 'self'"


def open_at(page: Any, base: str, path: str) -> int:
    page.faults.clear()
    answer = page.goto(base + path)
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    return answer.status


def faults_of(page: Any, axe: str, size: str) -> list[str]:
    """What is wrong with the page that is open: console and policy errors, axe findings, sideways scroll on a phone."""
    wrong = list(page.faults)
    page.evaluate(axe)  # by the debugger, so that the page's content policy stays as it is served
    wrong += page.evaluate(CHECK)
    if size == "phone" and (over := page.evaluate(WIDER)) > 0:
        wrong.append(f"{over} px wider than the screen")
    return wrong


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_every_page(scene, open_page, live_server, signed_in, axe, size, scheme):
    made = addresses(scene)
    assert unseen(made) == set(), "name an address in tests/pages/addresses.py, or a reason why it is no page"
    page = open_page(size, color_scheme=scheme)
    page.context.base = live_server.url
    wrong: dict[str, list[str]] = {}
    now = None
    for one in sorted(made, key=lambda one: (one.who, one.route)):
        if one.who != now:
            signed_in(page, one.who)
            now = one.who
        status = open_at(page, live_server.url, one.path)
        expected = (200, 404, 410) if one.route in ("phone-bind", "one-time-link") else (200,)
        faults = faults_of(page, axe, size)
        if status in (404, 410) and status in expected:
            faults = [fault for fault in faults if "Failed to load resource" not in fault]
        if status not in expected:
            faults.append(f"status {status}")
        if page.locator("h1").count() != 1:
            faults.append(f"{page.locator('h1').count()} headings of the first level")
        if faults:
            wrong[f"{one.route} ({one.who} {one.path})"] = faults
    assert not wrong, "\n".join(f"{where}\n    " + "\n    ".join(found) for where, found in wrong.items())


def test_the_error_pages(scene, open_page, live_server, signed_in, axe):
    page = open_page("desktop")
    page.context.base = live_server.url
    signed_in(page, "grid")
    assert open_at(page, live_server.url, "/nothing/here/") == 404
    assert "没有这一页" in page.inner_text("h1")
    assert [fault for fault in faults_of(page, axe, "desktop") if "Failed to load resource" not in fault] == []
