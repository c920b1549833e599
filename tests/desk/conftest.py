"""The cast at noon of 14 February 2020, and tasks for it."""

from __future__ import annotations

import pytest

from tests.cast import Cast, gather
from tests.pages.scene import fast_passwords, noon, open_task_for  # noqa: F401


@pytest.fixture
def cast(db, noon) -> Cast:  # noqa: F811
    return gather()
