"""The small city, loaded."""

from datetime import date

import pytest

from tongchou.areas.actions.division import import_divisions

from tests.areas.small_city import CLERK, SMALL_CITY


@pytest.fixture
def small_city(db):
    result = import_divisions(file=SMALL_CITY.encode(), valid_from_on=date(2019, 1, 1), source="invented", by=CLERK)
    assert (result.rows, result.created, result.rejected) == (17, 17, 0), result.reasons
    return result
