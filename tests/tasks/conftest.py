"""A small city: a village under a street under a county under the city, each with its post."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.access.models import Post, PostHolding, User
from tongchou.access.roles import Role
from tongchou.tasks.actions.task import open_task

CITY, COUNTY, TOWNSHIP, VILLAGE = "5104", "510402", "510402001", "510402001001"
NOON = datetime(2020, 2, 14, 4, 0, tzinfo=UTC)  # 12:00 in the city


@pytest.fixture
def noon():
    """The city's clock stands at noon of 14 February 2020."""
    with citytime.standing_at(NOON):
        yield NOON


def _post(code, name, role, area, parent=None):
    return Post.objects.create(code=code, name=name, role=role, area_path=area, parent=parent)


def _holder(post, username, kind=PostHolding.Kind.HOLDER, user=None):
    user = user or User.objects.create_user(username, "Correct-horse-7", name=username)
    PostHolding.objects.create(user=user, post=post, kind=kind)
    return user


@pytest.fixture
def city(db, noon):
    """Posts and their holders: ``city.village`` is the Actor of the village's secretary, and so on."""
    command = _post("CMD", "市指挥部", Role.COMMAND, CITY)
    county = _post("OFF-510402", "东区指挥部办公室", Role.OFFICE, COUNTY, command)
    street = _post("SEC-510402001", "街道书记", Role.SECRETARY, TOWNSHIP, county)
    village = _post("SEC-510402001001", "社区书记", Role.SECRETARY, VILLAGE, street)
    grid = _post("GRID-1", "网格员", Role.GRID, VILLAGE, village)
    cdc = _post("CDC-510402", "东区疾控", Role.CDC_DISTRICT, COUNTY)
    other = _post("SEC-510411", "仁和区街道书记", Role.SECRETARY, "510411001")
    posts = SimpleNamespace(command=command, county=county, street=street, village=village, grid=grid, cdc=cdc, other=other)
    people = {name: _holder(post, name) for name, post in vars(posts).items()}
    actors = {name: Actor.of_post(post, people[name]) for name, post in vars(posts).items()}
    return SimpleNamespace(posts=posts, users=SimpleNamespace(**people), **actors)


@pytest.fixture
def opened(city):
    """A function that opens a task for the village, asked for by the county's office."""

    def open_one(**changes):
        values = {
            "kind": "household.check", "title": "核查重点场所", "title_en": "Check the places of risk", "post": city.posts.village,
            "ledger": "place", "object_id": "p-1", "area_path": VILLAGE, "clock_rule": "clock.case_investigation", "key": "", "by": city.county,
        }
        return open_task(**{**values, **changes})

    return open_one
