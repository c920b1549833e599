"""The test run itself: its database is the engine that was asked for, with the settings of a city."""

import os

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_run_uses_the_database_that_was_asked_for():
    assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[os.environ["TONGCHOU_TEST_DATABASE"]]


@pytest.mark.django_db
def test_the_embedded_database_runs_with_full_durability():
    if connection.vendor != "sqlite":
        pytest.skip("the embedded database only")
    with connection.cursor() as cursor:
        found = {}
        for pragma in ("journal_mode", "synchronous", "mmap_size", "foreign_keys"):
            cursor.execute(f"PRAGMA {pragma}")
            found[pragma] = cursor.fetchone()[0]
        cursor.execute("SELECT sqlite_version()")
        version = tuple(int(part) for part in cursor.fetchone()[0].split("."))
    assert found == {"journal_mode": "wal", "synchronous": 2, "mmap_size": 0, "foreign_keys": 1}
    assert version >= (3, 51, 3)


def test_the_data_folder_is_the_run_s_own(settings):
    assert "tongchou-test-" in str(settings.DATA)
