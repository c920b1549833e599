"""A change of rights holds with the next request of every open session (P5)."""

import pytest

from tongchou import citytime
from tongchou.access.actions import post as posts
from tongchou.access.actions import user as users
from tongchou.access.models import PostHolding


@pytest.fixture
def session(cast):
    client = cast.client("cdc_east")
    assert client.get("/ledger/person/").status_code == 200
    return client


def test_a_disabled_user_is_out(cast, session):
    users.end_user(user=cast.users["cdc_east"], by=cast.actor("sys_admin"))
    answer = session.get("/ledger/person/")
    assert answer.status_code == 302
    assert answer.url.startswith("/account/login/")


def test_an_ended_holding_takes_the_rights_away(cast, session):
    posts.end_holding(holding=PostHolding.objects.get(user=cast.users["cdc_east"]), by=cast.actor("sys_admin"))
    assert session.get("/ledger/person/").status_code == 404


def test_a_changed_role_and_a_moved_area_hold_at_once(cast, session):
    post = cast.posts["cdc_east"]
    post.area_path = "510403"
    post.save()
    assert session.get("/").wsgi_request.actor.area_path == "510403"
    post.role = "LEADER"
    post.save()
    assert session.get("/ledger/person/").status_code == 404


def test_an_account_ends_after_its_last_day(cast, session):
    users.end_user(user=cast.users["cdc_east"], on=citytime.today(), by=cast.actor("sys_admin"))
    assert session.get("/ledger/person/").status_code == 200
    with citytime.standing_at(citytime.day_close(citytime.today())):
        assert session.get("/ledger/person/").status_code == 302


def test_the_purpose_ends_after_eight_hours(cast, session):
    session.post("/access/purpose/", {"purpose": "investigation", "next": "/access/"})
    assert session.get("/").wsgi_request.actor.purpose == "investigation"
    later = citytime.now().timestamp() + 8 * 3600 + 1
    with citytime.standing_at(citytime.now().fromtimestamp(later, citytime.zone())):
        assert session.get("/").wsgi_request.actor.purpose == ""


def test_a_purpose_outside_the_list_is_refused(session):
    page = session.post("/access/purpose/", {"purpose": "curiosity"}).content.decode()
    assert "请从列表中选择用途" in page
    assert session.get("/").wsgi_request.actor.purpose == ""


def test_the_way_back_stays_on_this_site(session):
    assert session.post("/access/purpose/", {"purpose": "duty", "next": "//evil.example/"}).url == "/"
    assert session.post("/access/purpose/", {"purpose": "duty", "next": "/ledger/person/"}).url == "/ledger/person/"
