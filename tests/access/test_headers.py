"""Headers, cookies and caches (P10): strict content policy, nothing personal kept by a cache, forms guarded."""

import pytest
from django.test import Client

from tests.cast import BACKEND

PAGES = ["/", "/access/", "/access/organisation/", "/ledger/post/", "/account/login/"]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_carries_the_policy(cast, address):
    answer = cast.client("office").get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    for loose in ("unsafe-inline", "unsafe-eval", "http:", "*"):
        assert loose not in policy
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("address", ["/", "/access/", "/ledger/person/", "/access/organisation/", "/no/such/page/"])
def test_nothing_a_person_sees_is_kept_by_a_cache(cast, address):
    assert "no-store" in cast.client("cdc_east").get(address)["Cache-Control"]


def test_two_people_on_one_computer_never_see_each_other(cast):
    client = Client()
    client.force_login(cast.users["grid"], backend=BACKEND)
    first = client.get("/access/").content.decode()
    client.force_login(cast.users["grid_west"], backend=BACKEND)
    second = client.get("/access/").content.decode()
    assert "葛网" in first
    assert "葛网" not in second
    assert "郭网" in second


def test_forms_without_their_token_are_refused(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.users["office"], backend=BACKEND)
    for address in ("/access/purpose/", "/access/post/", "/account/logout/"):
        assert client.post(address, {"purpose": "duty"}).status_code == 403


def test_cookies_are_closed_to_scripts_and_strange_sites(cast):
    user, client = cast.users["grid"], Client()
    user.set_password("Red-lantern-42")
    user.save()
    client.post("/account/login/", {"login": "grid", "password": "Red-lantern-42"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_stranger_learns_nothing_from_a_missing_object(cast):
    west, client = cast.posts["grid_west"], cast.client("secretary")
    missing = client.get("/ledger/post/00000000-0000-7000-8000-000000000000/")
    foreign = client.get(f"/ledger/post/{west.pk}/")
    assert missing.status_code == foreign.status_code == 404
    assert west.name not in foreign.content.decode()
