"""The cast, and a password hasher that costs nothing."""

from __future__ import annotations

import pytest

from tests.cast import Cast, gather


@pytest.fixture(autouse=True)
def fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db) -> Cast:
    return gather()
