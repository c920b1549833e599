"""The cast, and the shipped book without the city's own rows."""

from __future__ import annotations

import pytest

from tongchou.rulebook import packs
from tongchou.rulebook.reader import Book

from tests.cast import Cast, gather


@pytest.fixture
def cast(db) -> Cast:
    return gather()


@pytest.fixture(scope="session")
def book() -> Book:
    return Book(packs.shipped())
