"""Panzhihua on 14 February 2020 at noon, with posts and an open outbreak."""

import pytest

from tongchou import citytime

from tests.outbreak import panzhihua


@pytest.fixture
def midday():
    with citytime.standing_at(panzhihua.at(2, 14)):
        yield


@pytest.fixture
def posts(db, midday):
    panzhihua.build_divisions()
    return panzhihua.build_posts()


@pytest.fixture
def outbreak(posts):
    return panzhihua.build_outbreak()
