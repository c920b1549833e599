"""A small city with an outbreak, a case, a person, tasks and notices, served to a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings as city_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache

from tongchou import citytime, notices
from tongchou.access.actor import SYSTEM
from tongchou.bridge.zone_levels import store_levels
from tongchou.outbreak.actions.case import report_case
from tongchou.outbreak.actions.outbreak import draft_outbreak, open_outbreak

from tests.cast import BACKEND, CITY, VILLAGE, gather
from tests.desk.test_search import register
from tests.pages.prepared import prepare
from tests.pages.scene import NOON, fast_passwords, open_task_for

__all__ = ["fast_passwords", "open_task_for"]


@pytest.fixture
def cast(transactional_db):
    """The cast; the clock stands still at noon for the server's threads too."""
    with citytime.standing_at(NOON):
        yield gather()


@pytest.fixture
def scene(cast, open_task_for):  # noqa: F811
    """One of each thing that an address can name."""
    day = citytime.today()
    with citytime.standing_at(NOON - timedelta(days=20)):
        draft = draft_outbreak(
            code="T-2020", name="新型冠状病毒肺炎疫情", disease="covid-19", area_path=CITY, begins_on=day - timedelta(days=22), by=SYSTEM,
            lead_post="COMMAND", task_force="指挥部", plan="方案一", voice_post="OFFICE",
        )  # fmt: skip
        outbreak = open_outbreak(outbreak=draft, by=SYSTEM)
    with citytime.standing_at(NOON - timedelta(days=5)):
        found_at = citytime.now() - timedelta(hours=2)
        case = report_case(
            outbreak=outbreak, residence_path=VILLAGE, found_at=found_at, reported_at=found_at + timedelta(hours=1), by=SYSTEM,
            status="confirmed", onset_on=citytime.today() - timedelta(days=3),
        )  # fmt: skip
    store_levels(outbreak, citytime.today(), by=SYSTEM)
    cast.users["command"].set_password("Correct-horse-7")
    cast.users["command"].save()
    late = open_task_for("grid", "核查返程人员信息", title_en="Check those who came back", hours_ago=30)
    open_task_for("grid", "核对小区出入登记", hours_ago=2)
    notice = notices.send(to_post=str(cast.posts["grid"].pk), title="任务将到期", body="请在 18:00 前反馈", key="n-1", link="/field/")
    person = register("赵一一", VILLAGE, phone="13800000001")
    return SimpleNamespace(
        cast=cast, task=late.pk, notice=notice.pk, person=person.pk, case=case.pk, post=cast.posts["grid"].pk, user=cast.users["grid"].pk
    )


@pytest.fixture
def prepared_scene(fast_passwords, scene, open_task_for):  # noqa: F811
    """The scene, with what pages of a later step need."""
    accepted = open_task_for("grid", "走访独居老人", hours_ago=1)
    for name, found in prepare(scene.cast, accepted).items():
        setattr(scene, name, found)
    return scene


@pytest.fixture
def signed_in(cast):
    """``signed_in(page, "grid")`` gives the page a session, as after password and second factor.

    "fresh" is one of this minute; with any other, sensitive pages ask again.
    """

    def enter(page, who: str, session: str = "") -> None:
        page.context.clear_cookies()
        if not who:
            return
        user, store = cast.users[who], SessionStore()
        store[SESSION_KEY], store[BACKEND_SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), BACKEND, user.get_session_auth_hash()
        if session == "fresh":
            record_authentication(SimpleNamespace(session=store), user, method="password")
        store.create()
        page.context.add_cookies([{"name": city_settings.SESSION_COOKIE_NAME, "value": store.session_key, "url": page.context.base}])

    return enter


AXE = Path(city_settings.ROOT) / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's program."""
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing: run npm ci --ignore-scripts")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def as_user(open_page, signed_in):
    """``as_user("east")`` is the desk of a person who has signed in; ``size`` is of its screen."""
    cache.clear()  # wrong codes and PINs are counted there

    def opened(who: str = "", size: str = "desktop"):
        page = open_page(size)
        signed_in(page, who)
        return page

    return opened
