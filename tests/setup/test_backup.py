"""Backup, restore and upgrade as an operator runs them: processes, real databases, writers beside them."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tongchou.cli import restore
from tongchou.cli.archive import ArchiveError

from tests.setup.conftest import Installation

# Appends to the audit trail until its parent closes the pipe, and says each number once it is committed.
WRITER = """
import django, sys
django.setup()
from tongchou import audit
for number in range(100000):
    audit.record("test", ledger="writer", object_id=str(number), by=audit.By(name="writer"))
    print(number, flush=True)
"""


def written(installation: Installation) -> list[int]:
    """The numbers that stand in the trail."""
    query = "SELECT object_id FROM audit_entry WHERE ledger = 'writer' ORDER BY position"
    url = installation.variables["TONGCHOU_DATABASE_URL"]
    if url:
        with psycopg.connect(url) as line:
            return [int(row[0]) for row in line.execute(query)]
    with sqlite3.connect(installation.data / "city.sqlite3") as database:
        return [int(row[0]) for row in database.execute(query)]


@pytest.fixture
def elsewhere(tmp_path: Path, new_database: Callable[[str], str], city: Installation) -> Installation:
    """A second, empty machine that has the backup's key."""
    return Installation(
        tmp_path / "elsewhere" / "data",
        {
            "TONGCHOU_DATABASE_URL": new_database(f"elsewhere_{tmp_path.name}"),
            "TONGCHOU_BACKUP_KEY": str(city.data.with_name(f"{city.data.name}.backup-key")),
        },
    )


def test_a_backup_under_writes_restores_whole(city: Installation, elsewhere: Installation, tmp_path: Path):
    (city.data / "files").mkdir(exist_ok=True)
    (city.data / "files" / "photo.bin").write_bytes(os.urandom(70_000))
    writer = city.python(WRITER)
    assert writer.stdout is not None
    before = [int(writer.stdout.readline()) for _ in range(30)]
    result = city.json("backup", str(tmp_path / "city.tongchou"))
    during = int(writer.stdout.readline())
    writer.terminate()
    writer.wait()
    writer.stdout.close()

    restored = elsewhere.json("restore", str(tmp_path / "city.tongchou"))
    numbers = written(elsewhere)
    assert numbers[: len(before)] == before, "everything acknowledged before the backup began is in it"
    assert numbers == list(range(len(numbers))) and len(numbers) <= written(city)[-1] + 1
    assert during > before[-1]
    assert restored["rows"] == result["rows"] > len(numbers)
    assert [row["level"] for row in restored["checks"] if row["name"] == "audit.chain"] == ["ok"]
    assert (elsewhere.data / "files" / "photo.bin").read_bytes() == (city.data / "files" / "photo.bin").read_bytes()
    for name in ("session", "seal", "index", "audit"):
        assert (elsewhere.data / "keys" / name).read_text() == (city.data / "keys" / name).read_text()
        assert stat.S_IMODE((elsewhere.data / "keys" / name).stat().st_mode) == 0o600


def test_nothing_of_the_city_can_be_read_in_a_backup(city: Installation, tmp_path: Path):
    target = tmp_path / "city.tongchou"
    done = city.run("backup", str(target))
    assert done.returncode == 0 and "没有它备份无法打开" in done.stdout and "keep a copy elsewhere" in done.stdout
    whole = target.read_bytes()
    seal = (city.data / "keys" / "seal").read_text().encode()
    assert all(word not in whole for word in (seal, bytes.fromhex(seal.decode()), b"audit_entry", b"manifest", b"SQLite format"))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not [path for path in city.data.iterdir() if path.name.startswith(".backup-")]


def test_a_backup_overwrites_nothing_and_its_key_lies_outside(city: Installation, tmp_path: Path):
    target = tmp_path / "city.tongchou"
    target.write_text("precious")
    done = city.run("backup", str(target))
    assert done.returncode == 1 and "已存在" in done.stderr and "is there already" in done.stderr
    assert target.read_text() == "precious"
    inside = city.run("backup", str(tmp_path / "b"), "--key-file", str(city.data / "my-key"))
    assert inside.returncode == 2 and "密钥" in inside.stderr and "keep it elsewhere" in inside.stderr


@pytest.mark.parametrize("damage", ["flip", "cut", "key"])
def test_a_tampered_archive_is_refused_and_leaves_nothing(damage: str, city: Installation, elsewhere: Installation, tmp_path: Path):
    target = tmp_path / "city.tongchou"
    city.json("backup", str(target))
    whole = bytearray(target.read_bytes())
    if damage == "flip":
        whole[len(whole) // 2] ^= 1
    elif damage == "cut":
        whole = whole[: len(whole) * 2 // 3]
    else:
        other = tmp_path / "other-key"
        other.write_text("ab" * 32)
        elsewhere = replace(elsewhere, variables={**elsewhere.variables, "TONGCHOU_BACKUP_KEY": str(other)})
    target.write_bytes(whole)
    done = elsewhere.run("restore", str(target))
    assert done.returncode == 1, done.stdout
    assert "备份无法打开" in done.stderr and "cannot be opened" in done.stderr
    assert not elsewhere.data.exists() and list(elsewhere.data.parent.iterdir()) == []


def test_a_restore_touches_no_folder_that_holds_something(city: Installation, tmp_path: Path):
    target = tmp_path / "city.tongchou"
    city.json("backup", str(target))
    before = (city.data / "keys" / "seal").read_text()
    done = city.run("restore", str(target))
    assert done.returncode == 1 and "不是空目录" in done.stderr and "overwrites nothing" in done.stderr
    assert (city.data / "keys" / "seal").read_text() == before


def test_a_passphrase_opens_what_it_sealed(city: Installation, elsewhere: Installation, tmp_path: Path):
    target, phrase, short = tmp_path / "city.tongchou", tmp_path / "phrase", tmp_path / "short"
    phrase.write_text("panzhihua 2020 攀枝花\n")
    short.write_text("short\n")
    assert city.run("backup", str(target), "--passphrase-file", str(short)).returncode == 2
    assert city.json("backup", str(target), "--passphrase-file", str(phrase))["key_file"] == ""
    without = elsewhere.run("restore", str(target))
    assert without.returncode == 2 and "--passphrase-file" in without.stderr
    assert elsewhere.json("restore", str(target), "--passphrase-file", str(phrase))["tables"] > 10


def test_a_missing_or_foreign_file_is_named(elsewhere: Installation, tmp_path: Path):
    missing = elsewhere.run("restore", str(tmp_path / "none"))
    assert missing.returncode == 1 and "找不到备份文件" in missing.stderr
    (tmp_path / "picture.png").write_bytes(b"\x89PNG" + bytes(100))
    foreign = elsewhere.run("restore", str(tmp_path / "picture.png"))
    assert foreign.returncode == 1 and "不是统筹的备份" in foreign.stderr and "no backup file" in foreign.stderr


def test_an_upgrade_backs_up_first_and_is_idle_when_nothing_is_due(city: Installation, tmp_path: Path, new_database: Callable[[str], str]):
    older = Installation(tmp_path / "older", {"TONGCHOU_DATABASE_URL": new_database(f"older_{tmp_path.name}")})
    half = older.python("import django; django.setup(); from django.core.management import call_command as c; c('migrate', 'auth', verbosity=0)")
    half.communicate()
    assert half.returncode == 0
    result = older.json("upgrade")
    assert result["ok"] and len(result["applied"]) > 10
    assert Path(result["backup"]).exists() and Path(result["backup"]).parent == older.data / "backups"
    again = older.json("upgrade")
    assert again["applied"] == [] and again["backup"] == "" and again["ok"]
    assert json.loads((older.data / "last-backup.json").read_text())["file"] == result["backup"]


@pytest.mark.parametrize("name", ["../outside", "/outside", "files/../../outside", "link", "device"])
def test_a_restore_writes_nothing_outside_its_folder(name: str, tmp_path: Path):
    """The members of an archive are plain files below the folder, whatever the archive says of itself."""
    packed = tmp_path / "x.tar"
    member = tarfile.TarInfo(name)
    member.type = {"link": tarfile.SYMTYPE, "device": tarfile.CHRTYPE}.get(name, tarfile.REGTYPE)
    member.linkname, member.size = "/etc" if name == "link" else "", 0 if name in ("link", "device") else 1
    with tarfile.open(packed, "w") as tar:
        tar.addfile(member, io.BytesIO(b"x"))
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    with tarfile.open(packed) as tar, pytest.raises(ArchiveError) as refused:
        restore._take_out(tar, folder)
    assert name in refused.value.zh and name in refused.value.en
    assert list(folder.iterdir()) == []
    assert not list(tmp_path.rglob("outside"))
