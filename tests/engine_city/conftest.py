"""Cities that several tests read."""

from __future__ import annotations

import pytest

from tongchou.engine.city import City, synthesize_city
from tongchou.engine.city.census import Census
from tongchou.store.census_tables import read_census

SMALL = 120_000


@pytest.fixture(scope="session")
def census() -> Census:
    return read_census("panzhihua")


@pytest.fixture(scope="session")
def city(census) -> City:
    return synthesize_city(census, people=SMALL, seed=4)
