"""What stood in the index columns before becomes what is looked for now: nobody is lost by an upgrade."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tongchou.access.sealed import shortened

migration = import_module("tongchou.people.migrations.0006_indexes_of_numbers")

DIGITS = ["0" * 20, "f" * 20, "8" + "0" * 19, "7" + "f" * 19, "0123456789abcdef0123", "fedcba98765432100000"]


@pytest.mark.django_db
def test_the_upgrade_makes_of_each_index_the_number_that_is_looked_for():
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.create_function("shortened", 1, migration.shortened)
    expression = migration.NUMBER[connection.vendor].format("held")
    with connection.cursor() as cursor:
        for digits in DIGITS:
            cursor.execute(f"SELECT {expression} FROM (SELECT %s AS held) AS one", [digits])
            assert int(cursor.fetchone()[0]) == shortened(digits)
        cursor.execute(f"SELECT {expression} FROM (SELECT '' AS held) AS one")
        assert cursor.fetchone()[0] == "0"


@given(st.integers(0, (1 << 256) - 1))
def test_a_number_is_positive_and_kept_whole_by_both_databases(hashed):
    digits = f"{hashed:064x}"
    assert 0 <= shortened(digits) < 1 << 63
    assert shortened(digits) == shortened(digits[:20]) == int(migration.shortened(digits[:20]))
