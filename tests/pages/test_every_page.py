"""Every page of the app in a real browser, on a desk and on a phone: readable by all, clean, never wider than the screen.

Each page is loaded once and looked at twice: light on a desk, then dark on a screen of a phone's size.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test.signals import template_rendered
from django.urls import reverse

from tongchou.access.errors import AccessError
from tongchou.desk import pages as desk_pages

from tests.conftest import SIZES
from tests.pages.addresses import addresses, unseen
from tests.pages.walks import WALKS

pytestmark = pytest.mark.browser

CHECK = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] });
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join(" | ")}`);
}"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETTLED = "() => !document.querySelector('.htmx-request') && document.readyState === 'complete'"
LOOKS = (("desktop", "light"), ("phone", "dark"))


class Eyes:
    """Looks at pages and keeps what is wrong with each."""

    def __init__(self, page: Any, axe: str) -> None:
        self.page, self.axe = page, axe
        self.wrong: dict[str, list[str]] = {}
        self.seen: set[str] = set()

    def look(self, route: str, where: str, status: int = 200, expected: tuple[int, ...] = (200,)) -> None:
        """Judge the page that is open: console and policy errors, axe findings, sideways scroll, one heading above all."""
        page = self.page
        page.wait_for_function(SETTLED)
        faults = [fault for fault in page.faults if "Failed to load resource" not in fault]  # said by the status instead
        if status not in expected:
            faults.append(f"status {status}")
        page.evaluate(self.axe)  # by the debugger, so that the page's content policy stays as it is served
        for size, scheme in LOOKS:
            page.set_viewport_size(SIZES[size])
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # a colour halfway between themes is no finding
            found = page.evaluate(CHECK)
            if (over := page.evaluate(WIDER)) > 0:
                found.append(f"{over} px wider than the screen")
            faults += [f"{size}: {fault}" for fault in found]
        page.set_viewport_size(SIZES["desktop"])
        page.emulate_media(color_scheme="light")
        if page.locator("h1").count() != 1:
            faults.append(f"{page.locator('h1').count()} headings of the first level")
        if faults:
            self.wrong[f"{route} {where}"] = faults
        self.seen.add(route)
        page.faults.clear()

    def said(self) -> str:
        return "\n".join(f"{where}\n    " + "\n    ".join(found) for where, found in self.wrong.items())


@pytest.fixture
def eyes(open_page, axe):
    cache.clear()  # failed tries are counted there
    return Eyes(open_page("desktop", color_scheme="light"), axe)


@pytest.fixture
def rendered():
    """Names of the templates that were rendered meanwhile."""
    names: set[str] = set()

    def note(sender: Any, template: Any, **_more: Any) -> None:
        names.add(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


def whole_pages() -> set[str]:
    """Every template of ours that is a whole page: it extends the frame."""
    folders = [*Path(settings.PACKAGE).glob("*/templates"), Path(settings.PACKAGE) / "templates"]
    return {
        path.relative_to(folder).as_posix()
        for folder in folders for path in folder.rglob("*.html")
        if re.match(r"\{% extends ", path.read_text(encoding="utf-8"))
    }  # fmt: skip


#: templates that other tests of this file look at
ELSEWHERE = {"400.html", "403.html", "403_csrf.html", "404.html", "outbreak/no_outbreak.html", "account/account_inactive.html"}


def test_every_page(prepared_scene, eyes, signed_in, rendered):
    scene, page = prepared_scene, eyes.page
    now = None
    for one in sorted(addresses(scene), key=lambda one: (one.who, one.session)):
        if (one.who, one.session) != now:
            signed_in(page, one.who, one.session)
            now = (one.who, one.session)
        answer = page.goto(one.path)
        gone = "unknown" in one.path
        eyes.look(one.route, f"({one.who} {one.path})", answer.status, (404, 410) if gone else (200,))
        if not gone and page.url.partition("?")[0].removesuffix("#") != page.context.base + one.path:
            eyes.wrong.setdefault(f"{one.route} ({one.who})", []).append(f"sent on to {page.url}")
    for who, session, walk in WALKS:
        signed_in(page, who, session)
        for route in walk(page, scene):
            eyes.look(route, f"({who} in {walk.__name__})")
    assert not eyes.wrong, eyes.said()
    assert unseen(eyes.seen) == set(), "name an address in tests/pages/addresses.py, a walk, or what the route answers instead"
    assert whole_pages() - rendered - ELSEWHERE == set(), "a page that no browser opened"


def test_a_city_before_its_first_outbreak(cast, eyes, signed_in):
    """Pages that have nothing to show yet say so, and read as well."""
    page = eyes.page
    empty = {
        "command": ("home", "wall", "zones", "task-board", "notices", "day-brief", "search", "scenarios"), "cdc_east": ("case-report", "duplicates"),
        "grid": ("field", "home"), "sec_admin": ("tokens",), "office": ("rules-proposals", "area-map"),
    }  # fmt: skip
    for who, names in empty.items():
        signed_in(page, who)
        for name in names:
            eyes.look(name, f"({who}, nothing yet)", page.goto(reverse(name)).status)
    signed_in(page, "cdc_east")
    for key in ("case", "task", "zone_decision"):
        eyes.look("ledger-list", f"({key}, nothing yet)", page.goto(reverse("ledger-list", kwargs={"key": key})).status)
    assert not eyes.wrong, eyes.said()


def test_the_error_pages(scene, eyes, signed_in, monkeypatch):
    page = eyes.page
    signed_in(page, "grid")
    eyes.look("404", "", page.goto("/nothing/here/").status, (404,))
    assert "没有这一页" in page.inner_text("h1")
    many = "&".join(f"a{number}=1" for number in range(1001))
    eyes.look("400", "", page.goto(f"/notices/?{many}").status, (400,))
    page.goto(reverse("notices"))
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    page.evaluate("() => { const form = document.createElement('form'); form.method = 'post'; form.action = '/i18n/setlang/'; document.body.append(form); form.submit(); }")
    page.wait_for_function("() => document.readyState === 'complete' && location.pathname.includes('setlang')")
    eyes.look("403_csrf", "")

    def broken(*_given: Any, **_more: Any) -> None:
        raise AccessError("test", "坏", "broken")

    monkeypatch.setattr(desk_pages, "render", broken)
    eyes.look("500", "", page.goto(reverse("notices")).status, (500,))
    assert not eyes.wrong, eyes.said()
