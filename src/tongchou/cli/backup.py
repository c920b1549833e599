"""``tongchou backup``: the whole city in one encrypted file, taken while it works."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder

import tongchou
from tongchou import audit, env
from tongchou.cli import archive, snapshot, terminal
from tongchou.jobs.machine import machine_now

NAME = "backup"
HELP_ZH = "把整座城市的数据备份为一个加密文件；服务不必停止"
HELP_EN = "back the whole city up into one encrypted file; the service goes on"
JSON = {
    "file": "备份文件 / the backup",
    "bytes": "大小 / its size",
    "made_at": "备份时刻 / when it was taken",
    "rows": "数据库各表行数之和 / rows of the database, all tables together",
    "key_file": "密钥文件，须另行保管；用口令时为空 / the key file, to be kept elsewhere; empty with a passphrase",
}

FORMAT = 1
# What a backup leaves out: the live database (its snapshot goes in), what set-up makes again, other backups.
LEFT_OUT = ("city.sqlite3", "city.sqlite3-wal", "city.sqlite3-shm", "static", "backups", "kernels", "last-backup.json")

Progress = Callable[[str, str], None]


def add_secret(parser: argparse.ArgumentParser) -> None:
    """The options that say which secret seals or opens a backup."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--key-file", type=Path, metavar="FILE",
        help="密钥文件，默认在数据目录旁 / key file, beside the data folder by default",
    )  # fmt: skip
    chosen.add_argument(
        "--passphrase-file", metavar="FILE",
        help="从文件第一行读口令，- 为在终端输入 / read a passphrase from a file's first line, - asks at the terminal",
    )  # fmt: skip


def secret_for_making(args: argparse.Namespace) -> tuple[archive.Secret, str]:
    """The secret and the path of its key file ("" for a passphrase); the key file is made where it is missing."""
    if args.passphrase_file:
        return terminal.read_passphrase(args.passphrase_file, twice=True), ""
    path = args.key_file or env.backup_key()
    if path.resolve().is_relative_to(Path(settings.DATA)):
        raise terminal.UsageError(
            f"密钥 {path} 在数据目录里，会与数据一起丢失：请放在别处",
            f"the key {path} lies in the data folder and would be lost with it: keep it elsewhere",
        )
    return archive.read_key_file(path, make=True), str(path)


def take_snapshot(folder: Path) -> dict[str, Any]:
    """Write the database's snapshot into a folder; what the manifest says about it."""
    address = env.postgres()
    engine = snapshot.POSTGRES if address else snapshot.SQLITE
    target = folder / snapshot.FILES[engine]
    if address:
        connected = psycopg.connect(
            dbname=address["NAME"], user=address["USER"], password=address["PASSWORD"], host=address["HOST"],
            port=address["PORT"] or None, autocommit=True,
        )  # fmt: skip
        with closing(connected) as line:
            rows = snapshot.dump_postgres(line, dict(address), target)
    else:
        rows = snapshot.copy_sqlite(Path(settings.DATA) / snapshot.FILES[engine], target)
    return {"engine": engine, "file": target.name, "sha256": snapshot.sha256(target), "bytes": target.stat().st_size, "rows": rows}


def kept_files(data: Path) -> Iterator[tuple[str, Path]]:
    """(name in the archive, path) of every file of the data folder that a backup carries."""
    for path in sorted(data.rglob("*")):
        inside = path.relative_to(data)
        if inside.parts[0] in LEFT_OUT or inside.parts[0].startswith(".") or path.suffix == ".lock":
            continue
        if path.is_file() and not path.is_symlink():
            yield inside.as_posix(), path


def write_archive(target: Path, secret: archive.Secret, database: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Seal manifest, snapshot and files into ``target``; the manifest."""
    data = Path(settings.DATA)
    files = dict(kept_files(data))
    manifest = {
        "format": FORMAT,
        "version": tongchou.__version__,
        "made_at": machine_now().isoformat(),
        "database": database,
        "migrations": sorted(f"{app}.{name}" for app, name in MigrationRecorder.Migration.objects.values_list("app", "name")),
        "files": {name: snapshot.sha256(path) for name, path in files.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    with target.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        # links are followed: a restore takes plain files only
        with archive.Writer(file, secret) as sealed, tarfile.open(  # type: ignore[call-overload]
            fileobj=sealed, mode="w|", format=tarfile.PAX_FORMAT, dereference=True
        ) as tar:
            tar.add(folder / "manifest.json", "manifest.json")
            tar.add(folder / database["file"], database["file"])
            for name, path in files.items():
                tar.add(path, f"files/{name}", recursive=False)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def read_back(path: Path, secret: archive.Secret) -> int:
    """Open every piece of the archive as a restore would; the bytes inside."""
    count = 0
    with path.open("rb") as file:
        opened = archive.Reader(file, lambda kind: secret)
        while piece := opened.read(archive.PIECE):
            count += len(piece)
    return count


def make_backup(target: Path, secret: archive.Secret, progress: Progress) -> dict[str, Any]:
    """Write a backup to ``target`` and read it back; its manifest. A failure leaves no file behind.

    Raises:
        CommandError: where the target exists or cannot be written.
    """
    if target.exists():
        raise terminal.CommandError(f"{target} 已存在：请换一个文件名", f"{target} is there already: choose another name")
    half = target.with_name(f"{target.name}.part")
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=settings.DATA))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        progress("复制数据库", "copying the database")
        database = take_snapshot(folder)
        progress("加密写入", "sealing")
        half.unlink(missing_ok=True)
        manifest = write_archive(half, secret, database, folder)
        progress("回读核对", "reading it back")
        read_back(half, secret)
        half.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise terminal.CommandError(
            f"备份未能写入 {target}:{error.strerror}；请检查磁盘空间与权限",
            f"the backup could not be written to {target}: {error.strerror}; check space and permissions",
        ) from error
    finally:
        half.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    noted = {"made_at": manifest["made_at"], "file": str(target)}
    (Path(settings.DATA) / "last-backup.json").write_text(json.dumps(noted), encoding="utf-8")
    return manifest


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def default_target() -> Path:
    return Path(settings.DATA) / "backups" / f"{machine_now():%Y%m%d-%H%M%S}.tongchou"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE",
        help="备份文件，默认在数据目录的 backups/ 下按时刻命名 / the backup, named by the time in backups/ of the data folder by default",
    )  # fmt: skip
    add_secret(parser)


def run(args: argparse.Namespace) -> int:
    secret, key_file = secret_for_making(args)
    target = (args.file or default_target()).resolve()
    manifest = make_backup(target, secret, args.say.progress)
    # Recorded once the file stands: the line is in the next backup, and a failed attempt leaves no claim.
    audit.record(
        "backup", ledger="city", object_id=target.name, by=audit.By(post="system", name=f"terminal:{getpass.getuser()}", purpose="backup"),
    )  # fmt: skip
    rows = sum(count for count, _ in manifest["database"]["rows"].values())
    size = target.stat().st_size
    result = {"file": str(target), "bytes": size, "made_at": manifest["made_at"], "rows": rows, "key_file": key_file}
    text = f"备份完成：{target}（{size / 1e6:.1f} MB,{rows} 行） / backup written: {target} ({size / 1e6:.1f} MB, {rows} rows)"
    if key_file:
        text += (
            f"\n密钥在 {key_file}：请另存一份到别处，没有它备份无法打开"
            f" / the key is {key_file}: keep a copy elsewhere, without it the backup cannot be opened"
        )
    args.say(result, text)
    return 0


