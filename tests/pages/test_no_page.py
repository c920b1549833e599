"""What stands in ``NO_PAGE`` answers no page: the list cannot hide one from the browser."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tongchou import citytime
from tongchou.access import permissions
from tongchou.access.actions.phone import bind_phone, show_code
from tongchou.access.models import PhoneBinding

from tests.cast import BACKEND, PEOPLE, Cast
from tests.pages.addresses import NO_PAGE, routes
from tests.pages.walks import PIN

SAMPLE = {"account_confirm_email": {"key": "k"}, "account_reset_password_from_key": {"uidb36": "a", "key": "b"}}


def of_kind(*kinds: str) -> list[str]:
    return [route for route, kind in NO_PAGE.items() if kind in kinds]


DATA = [route for route in NO_PAGE if route not in of_kind("closed", "step", "sent on", "part") and not route.startswith("api-")]


def is_page(answer: HttpResponse) -> bool:
    """Whether a browser would show the answer as a document of its own."""
    body = b"" if answer.streaming else answer.content
    return answer["Content-Type"].startswith("text/html") and (b"<html" in body.lower() or b"<!doctype" in body.lower())


def test_the_measure_itself(scene):
    assert is_page(scene.cast.client("grid").get(reverse("home")))


def test_every_entry_is_a_route():
    assert set(NO_PAGE) - set(routes()) == set()


@pytest.mark.parametrize("route", of_kind("closed"))
def test_a_closed_route_is_closed_to_everybody(cast: Cast, route: str):
    assert not any(permissions.may_open(cast.actor(who), route) for who in PEOPLE)
    answer = cast.client("command").get(reverse(route, kwargs=SAMPLE.get(route)))
    assert answer.status_code == 404
    assert "404.html" in {template.name for template in answer.templates}


def steps(scene: Any) -> dict[str, tuple[str, dict[str, Any], dict[str, str]]]:
    """route -> who takes it, its address, what is sent."""
    cast = scene.cast
    bind_phone(secret=show_code(user=cast.users["grid"], by=cast.actor("secretary")).secret, pin=PIN, pin_again=PIN)
    return {
        "set_language": ("grid", {}, {"language": "en"}), "notices-read-all": ("grid", {}, {}),
        "phone-unbind": ("secretary", {"pk": PhoneBinding.objects.get().pk}, {}),
        "day-run": ("office", {}, {"date": (citytime.today() - timedelta(days=1)).isoformat()}),
        "act": ("grid", {"pk": scene.task, "step": "accept"}, {"face": "desk"}),
    }  # fmt: skip


@pytest.mark.parametrize("htmx", [False, True])
def test_a_step_sends_back_to_a_page(scene, htmx: bool):
    taken = steps(scene)
    assert sorted(taken) == sorted(of_kind("step"))
    for route, (who, kwargs, sent) in taken.items():
        client, address = scene.cast.client(who), reverse(route, kwargs=kwargs)
        assert client.get(address).status_code in (302, 405), route
        answer = client.post(address, sent, headers={"HX-Request": "true"} if htmx else {})
        assert answer.status_code in (200, 204, 302) and not is_page(answer), route
        assert htmx or answer.status_code == 302, route


@pytest.mark.parametrize("route", of_kind("sent on"))
def test_a_short_address_leads_on(scene, route: str):
    answer = scene.cast.client("command").get(reverse(route))
    assert answer.status_code == 302 and not is_page(answer)


def test_a_part_is_no_page(prepared_scene):
    scene = prepared_scene
    for who, route, kwargs in (
        ("command", "wall-live", {"path": "5104"}), ("cdc_east", "ledger-count", {"key": "person"}),
        ("command", "scenario-progress", {"pk": scene.waiting_comparison}),
    ):  # fmt: skip
        answer = scene.cast.client(who).get(reverse(route, kwargs=kwargs))
        assert answer.status_code == 200 and not is_page(answer), route
        assert route in of_kind("part")


def test_data_says_its_type(prepared_scene):
    scene, cast = prepared_scene, prepared_scene.cast
    codes = Client()
    codes.force_login(cast.users["auditor"], backend=BACKEND)
    session = codes.session
    record_authentication(SimpleNamespace(session=session), cast.users["auditor"], method="password")
    session.save()
    reader = cast.client("cdc_east")
    reader.post(reverse("purpose"), {"purpose": next(iter(permissions.table().purposes))})
    made = reader.post(reverse("ledger-export", kwargs={"key": "person"}))
    asked = {
        "javascript-catalog": (cast.client("grid"), {}), "mfa_download_recovery_codes": (codes, {}),
        "ledger-import-rejected": (cast.client("secretary"), {"key": "person", "pk": scene.sheet}),
        "ledger-export-file": (reader, {"key": "person", "name": made.context["name"]}),
        **{name: (cast.client("command"), {"pk": scene.comparison}) for name in ("scenario-csv", "scenario-json")},
        "area-schematic": (cast.client("office"), {}), "area-outlines": (cast.client("office"), {}),
    }  # fmt: skip
    assert sorted(asked) == sorted(DATA)
    for route, (client, kwargs) in asked.items():
        answer = client.get(reverse(route, kwargs=kwargs))
        assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, NO_PAGE[route]), route


def test_a_machine_gets_data_also_with_a_browser(scene):
    """A person who opens the interface in a browser gets the same data, no page of the framework's own."""
    client = scene.cast.client("cdc_east")
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    row = f"/api/v1/person/{scene.person}/"
    addresses = {reverse("api-schema"): 200, "/api/v1/person/": 200, row: 200, f"/api/v1/case/{scene.case}/discharge/": 405}
    for address, status in addresses.items():
        answer = client.get(address, headers=browser)
        assert answer.status_code == status, address
        assert not answer["Content-Type"].startswith("text/html"), address
