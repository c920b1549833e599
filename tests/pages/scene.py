"""What tests of pages share: an hour, free passwords, a task for a post of the cast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tongchou import citytime
from tongchou.tasks.actions.task import open_task
from tongchou.tasks.models import Task

from tests.cast import VILLAGE, Cast

NOON = datetime(2020, 2, 14, 4, 0, tzinfo=UTC)  # 12:00 in the city


@pytest.fixture
def noon():
    with citytime.standing_at(NOON):
        yield NOON


@pytest.fixture
def fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def open_task_for(cast: Cast) -> Callable[..., Task]:
    """``open_task_for("grid", "title", hours_ago=3)``: a task with the 24-hour clock of a case investigation."""

    def opened(who: str, title: str, *, asked_by: str = "east", hours_ago: float = 0, area: str = VILLAGE, **changes) -> Task:
        return open_task(
            kind="household.check", title=title, title_en=changes.pop("title_en", ""), post=cast.posts[who], ledger="place",
            object_id="p-1", area_path=area, clock_rule=changes.pop("clock_rule", "clock.case_investigation"), key="",
            started_at=citytime.now() - timedelta(hours=hours_ago), by=cast.actor(asked_by), **changes,
        )  # fmt: skip

    return opened
