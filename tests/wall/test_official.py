"""What the wall calls real is compared with the official totals, day by day, and taken back once the demo differs."""

from __future__ import annotations

import shutil
from datetime import date
from types import SimpleNamespace

import pytest

from tongchou import env
from tongchou.wall import official
from tongchou.wall.panels import figures

OUTBREAK = SimpleNamespace(area_path="5104")


@pytest.fixture
def facts(settings, tmp_path):
    settings.DATA, settings.DEMO = tmp_path, True
    shutil.copyfile(env.ROOT / "demo" / "facts" / "daily_official.csv", tmp_path / official.FILE)


def found(confirmed: int, recovered: int) -> SimpleNamespace:
    return SimpleNamespace(confirmed=confirmed, recovered=recovered)


def test_panzhihua_by_official_date(facts):
    assert official.totals_on(date(2020, 1, 20)) == official.Totals(0, 0)
    assert official.totals_on(date(2020, 2, 14)) == official.Totals(13, 10)
    assert official.totals_on(date(2020, 2, 17)).confirmed == 16
    assert official.totals_on(date(2020, 2, 22)) == official.Totals(16, 16)


@pytest.mark.parametrize(("path", "counted", "kind"), [
    ("5104", (13, 10), "real"), ("5104", (14, 10), "invented"), ("5104", (13, 9), "invented"), ("510402", (13, 10), "invented"),
])  # fmt: skip
def test_only_equal_totals_of_the_whole_city_are_real(facts, path, counted, kind):
    assert figures._origin(path, OUTBREAK, date(2020, 2, 14), found(*counted))[0] == kind


def test_a_city_of_its_own_claims_neither(settings, tmp_path):
    settings.DATA, settings.DEMO = tmp_path, False
    assert official.totals_on(date(2020, 2, 14)) is None
    assert figures._origin("5104", OUTBREAK, date(2020, 2, 14), found(13, 10))[0] == ""
