"""``tongchou check``: what it refuses, shown by breaking it."""

from __future__ import annotations

import os
import re
from types import SimpleNamespace

import pytest
from django.db import connection

from tongchou import env, keys
from tongchou.cli import soundness

from tests.setup.conftest import Installation

CHINESE, ENGLISH = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z]{2}")
ON_SQLITE = os.environ["TONGCHOU_TEST_DATABASE"] == "sqlite"
sqlite_only = pytest.mark.skipif(not ON_SQLITE, reason="the embedded database")
postgres_only = pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL")


def levels(findings) -> dict[str, str]:
    return {finding.name: finding.level for finding in findings}


def test_a_sound_city_passes_and_says_so_in_both_languages(city: Installation):
    result = city.json("check", "--deep")
    found = {row["name"]: row["level"] for row in result["checks"]}
    assert result["ok"] is True
    assert found["audit.chain"] == found["keys.present"] == found["database.migrations"] == "ok"
    assert found["sqlite.durability" if ON_SQLITE else "postgres.durability"] == "ok"
    assert all(CHINESE.search(row["zh"]) and ENGLISH.search(row["en"]) for row in result["checks"])


def test_an_old_sqlite_is_refused():
    with pytest.raises(env.SettingError) as refused:
        env.require_sqlite((3, 40, 1))
    assert "3.40.1" in str(refused.value) and "3.51.3" in str(refused.value) and "python3 tong.py" in str(refused.value)
    with pytest.raises(env.SettingError):
        env.require_sqlite((3, 51, 2))
    env.require_sqlite((3, 51, 3))


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_weakened_writing_is_found_on_the_open_connection():
    assert levels(soundness.sqlite_durability()) == {"sqlite.durability": "ok"}
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=NORMAL")
    try:
        finding = next(soundness.sqlite_durability())
    finally:
        connection.close()
    assert finding.level == "bad" and "synchronous" in finding.zh and "synchronous" in finding.en


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_transactions_that_begin_late_are_found():
    assert levels(soundness.sqlite_immediate()) == {"sqlite.immediate": "ok"}
    connection.close()
    before, connection.settings_dict["OPTIONS"]["transaction_mode"] = connection.settings_dict["OPTIONS"]["transaction_mode"], "DEFERRED"
    try:
        assert levels(soundness.sqlite_immediate()) == {"sqlite.immediate": "bad"}
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"]["transaction_mode"] = before


@postgres_only
@pytest.mark.django_db(transaction=True)
def test_postgres_that_could_lose_data_is_found():
    assert levels(soundness.postgres_durability()) == {"postgres.durability": "ok", "postgres.checksums": "ok"}
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        finding = next(soundness.postgres_durability())
    finally:
        connection.close()
    assert finding.level == "bad" and "synchronous_commit" in finding.en and "postgresql.conf" in finding.zh


def test_open_or_missing_keys_are_found(tmp_path, settings):
    settings.DATA = tmp_path
    keys.load(tmp_path / "keys")
    assert levels(soundness.key_files()) == {"keys.present": "ok", "keys.private": "ok"}
    (tmp_path / "keys" / "seal").chmod(0o644)
    assert levels(soundness.key_files()) == {"keys.present": "ok", "keys.private": "bad"}
    (tmp_path / "keys" / "seal").unlink()
    assert levels(soundness.key_files())["keys.present"] == "bad"


def test_a_city_without_one_of_its_keys_does_not_start(tmp_path, city: Installation):
    data = tmp_path / "data"
    keys.load(data / "keys")
    (data / "keys" / "index").unlink()
    done = Installation(data, city.variables).run("check")
    assert done.returncode == 1
    assert "缺少密钥文件" in done.stderr and "restore them from the backup" in done.stderr and "Traceback" not in done.stderr


def test_a_full_disk_warns_before_it_stops(monkeypatch):
    found = []
    for free in (40_000_000_000, 4_000_000_000, 100_000_000):
        usage = SimpleNamespace(free=free, total=100_000_000_000)
        monkeypatch.setattr(soundness.shutil, "disk_usage", lambda path, usage=usage: usage)
        found.append(levels(soundness.disk_space())["disk.space"])
    assert found == ["ok", "warn", "bad"]


def test_debug_and_plain_http_to_others_are_found(settings):
    settings.DEBUG, settings.ALLOWED_HOSTS, settings.HTTPS = True, ["10.0.0.7"], False
    assert levels(soundness.exposure()) == {"web.debug": "bad", "web.tls": "warn"}
    settings.DEBUG, settings.HTTPS = False, True
    assert levels(soundness.exposure()) == {"web.debug": "ok", "web.tls": "ok"}


@pytest.mark.django_db
def test_pending_changes_are_found(tmp_path, new_database, city: Installation):
    fresh = Installation(tmp_path / "fresh", {"TONGCHOU_DATABASE_URL": new_database(f"fresh_{tmp_path.name}")})
    done = fresh.run("check")
    assert done.returncode == 1 and "tongchou upgrade" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [("TONGCHOU_DEMO", "yes", "0 or 1"), ("TONGCHOU_DATABASE_URL", "mysql://x/y", "postgresql://"), ("TONGCHOU_DATABASE_URL", "postgresql://x:port/y", "number")],
)
def test_a_wrong_setting_is_named(name: str, value: str, word: str, tmp_path):
    done = Installation(tmp_path / "data", {name: value}).run("check")
    assert done.returncode == 1 and name in done.stderr and word in done.stderr and CHINESE.search(done.stderr)
    assert "Traceback" not in done.stderr


def test_an_unreachable_database_is_a_finding(tmp_path):
    done = Installation(tmp_path / "data", {"TONGCHOU_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}).run("check")
    assert done.returncode == 1 and "无法检查" in done.stdout and "could not be checked" in done.stdout
