"""``tongchou restore``: a city from its backup, onto an empty data folder, checked before it is put in place.

No Django here: reading the settings would make new keys in the very folder that the backup's keys belong in.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tongchou import env
from tongchou.cli import archive, snapshot, terminal

NAME = "restore"
HELP_ZH = "从备份恢复整座城市到空的数据目录，核对后才生效"
HELP_EN = "restore the whole city from a backup onto an empty data folder; put in place only once it is checked"
DJANGO = False
JSON = {
    "data": "数据目录 / the data folder",
    "made_at": "备份时刻 / when the backup was taken",
    "rows": "数据库各表行数之和 / rows of the database, all tables together",
    "tables": "表数 / tables",
    "files": "文件数 / files beside the database",
    "checks": "恢复后的检查，同 check / what check found afterwards",
}

FORMAT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="备份文件 / the backup")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--key-file", type=Path, metavar="FILE",
                        help="密钥文件，默认在数据目录旁 / key file, beside the data folder by default")  # fmt: skip
    chosen.add_argument("--passphrase-file", metavar="FILE",
                        help="从文件第一行读口令，- 为在终端输入 / read a passphrase from a file's first line, - asks")  # fmt: skip


def refuse_occupied(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise terminal.CommandError(
            f"{data} 不是空目录，恢复不会覆盖已有数据：请移走它，或把 TONGCHOU_DATA 设为新目录",
            f"{data} is not empty, and a restore overwrites nothing: move it away, or set TONGCHOU_DATA to a new folder",
        )


def _take_out(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the members below the folder: plain files and folders only, none that leads elsewhere.

    Written out because ``extractall``'s own filter came with Python 3.11.4, and Debian 12 has 3.11.2.
    """
    for member in tar:
        place = Path(member.name)
        if place.is_absolute() or ".." in place.parts or not (member.isreg() or member.isdir()):
            raise archive.ArchiveError(f"备份里有不该有的内容：{member.name}", f"the backup holds what no backup holds: {member.name}")
        target = folder / place
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        content = tar.extractfile(member)
        assert content is not None  # a regular member has content
        with target.open("wb") as file:
            shutil.copyfileobj(content, file)
        target.chmod(member.mode & 0o700 | 0o600)


def unpack(file: Path, secret_for: Any, folder: Path) -> dict[str, Any]:
    """Open the archive into a folder; its manifest. Everything in it is checked against the manifest."""
    try:
        with file.open("rb") as source:
            opened = archive.Reader(source, secret_for)
            with tarfile.open(fileobj=opened, mode="r|") as tar:  # type: ignore[call-overload]
                _take_out(tar, folder)
            while opened.read(archive.PIECE):
                pass  # tar stops at its own end: the last pieces are read so that a cut or added tail is seen too
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise terminal.CommandError(f"找不到备份文件 {error.filename}", f"there is no backup {error.filename}") from None
    except (tarfile.TarError, json.JSONDecodeError) as error:
        raise archive.ArchiveError(f"备份内容不完整：{error}", f"the backup is not whole: {error}") from None
    if manifest["format"] != FORMAT:
        raise archive.ArchiveError(
            f"备份格式 {manifest['format']} 由更新的程序写成：请先升级程序",
            f"backup format {manifest['format']} was written by a newer program: update the program first",
        )
    verify(manifest, folder)
    return manifest


def verify(manifest: dict[str, Any], folder: Path) -> None:
    """Raises ArchiveError where a file is missing, added or other than the manifest says."""
    wanted = {manifest["database"]["file"]: manifest["database"]["sha256"]}
    wanted |= {f"files/{name}": digest for name, digest in manifest["files"].items()}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"manifest.json"}
    wrong = sorted(set(wanted) ^ present) or [name for name, digest in wanted.items() if snapshot.sha256(folder / name) != digest]
    if wrong:
        raise archive.ArchiveError(f"备份内容与清单不符：{wrong[:5]}", f"the backup does not match its own list: {wrong[:5]}")


def place_database(manifest: dict[str, Any], folder: Path, city: Path) -> None:
    """Put the database where the city expects it: into the folder, or into the empty PostgreSQL database."""
    database, address = manifest["database"], env.postgres()
    engine = snapshot.POSTGRES if address else snapshot.SQLITE
    if database["engine"] != engine:
        names = {snapshot.SQLITE: ("内置数据库", "the embedded database"), snapshot.POSTGRES: ("PostgreSQL", "PostgreSQL")}
        wanted = names[database["engine"]]
        raise terminal.CommandError(
            f"这份备份来自{wanted[0]}：请相应设置或清空 TONGCHOU_DATABASE_URL",
            f"this backup comes from {wanted[1]}: set or unset TONGCHOU_DATABASE_URL to match",
        )
    source = folder / database["file"]
    if address is None:
        snapshot.check_sqlite(source)
        source.replace(city / snapshot.FILES[snapshot.SQLITE])
        return
    connected = psycopg.connect(
        dbname=address["NAME"], user=address["USER"], password=address["PASSWORD"], host=address["HOST"],
        port=address["PORT"] or None, autocommit=True,
    )  # fmt: skip
    with closing(connected) as line:
        found = snapshot.load_postgres(line, dict(address), source)
    if found != database["rows"]:
        wrong = sorted(name for name in set(found) | set(database["rows"]) if found.get(name) != database["rows"].get(name))
        raise snapshot.SnapshotError(
            f"恢复后的数据与备份不一致：{wrong[:5]}；请删除该数据库后重试",
            f"what was restored differs from the backup in {wrong[:5]}: drop that database and try again",
        )


def place_files(folder: Path, city: Path) -> None:
    """Move what stands beside the database into the city's folder; keys are readable by the owner alone."""
    if (folder / "files").is_dir():
        for path in (folder / "files").iterdir():
            path.replace(city / path.name)
    for private in ("keys", "tls"):
        if (city / private).is_dir():
            (city / private).chmod(0o700)
            for path in (city / private).iterdir():
                path.chmod(0o600)


def check_city(city: Path) -> list[dict[str, str]]:
    """What ``tongchou check --deep`` finds in the restored folder, asked in a process that has it as its data."""
    done = subprocess.run(
        [sys.executable, "-m", "tongchou.cli", "check", "--deep", "--json"],
        env={**os.environ, "TONGCHOU_DATA": str(city)}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)["checks"]
    except (ValueError, KeyError):
        raise terminal.CommandError(
            f"恢复的数据无法打开：{done.stderr.strip()[-600:]}", f"the restored data cannot be opened: {done.stderr.strip()[-600:]}"
        ) from None
    # An older program's backup has changes due; `upgrade` makes them. Anything else bad is a backup not to be trusted.
    bad = [row for row in found if row["level"] == "bad" and row["name"] != "database.migrations"]
    if bad:
        raise terminal.CommandError(
            "恢复的数据未通过检查，数据目录未改动：" + ";".join(row["zh"] for row in bad),
            "the restored data did not pass its check, the data folder is untouched: " + "; ".join(row["en"] for row in bad),
        )
    return found


def restore(file: Path, data: Path, secret_for: Any, progress: Any) -> dict[str, Any]:
    """Restore ``file`` into the empty folder ``data``; what ``--json`` prints. A failure leaves ``data`` as it was."""
    refuse_occupied(data)
    data.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{data.name}-restore-", dir=data.parent))
    try:
        folder, city = work / "opened", work / "city"
        folder.mkdir()
        city.mkdir(mode=0o700)
        progress("解密并核对备份", "opening and checking the backup")
        manifest = unpack(file, secret_for, folder)
        progress("恢复数据库", "restoring the database")
        place_database(manifest, folder, city)
        place_files(folder, city)
        progress("检查数据库与审计链", "checking the database and the audit chain")
        found = check_city(city)
        if data.exists():
            data.rmdir()
        city.replace(data)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rows = manifest["database"]["rows"]
    return {
        "data": str(data),
        "made_at": manifest["made_at"],
        "rows": sum(count for count, _ in rows.values()),
        "tables": len(rows),
        "files": len(manifest["files"]),
        "checks": found,
    }


def run(args: argparse.Namespace) -> int:
    def secret_for(kind: str) -> archive.Secret:
        if kind == "passphrase":
            if not args.passphrase_file:
                raise terminal.UsageError(
                    "这份备份用口令加密：加上 --passphrase-file FILE 或 --passphrase-file -",
                    "this backup is sealed with a passphrase: add --passphrase-file FILE or --passphrase-file -",
                )
            return terminal.read_passphrase(args.passphrase_file, twice=False)
        return archive.read_key_file(args.key_file or env.backup_key())

    result = restore(args.file, env.folder("TONGCHOU_DATA"), secret_for, args.say.progress)
    chain = next(row for row in result["checks"] if row["name"] == "audit.chain")
    due = any(row["name"] == "database.migrations" and row["level"] == "bad" for row in result["checks"])
    text = (
        f"已恢复到 {result['data']}:{result['tables']} 张表 {result['rows']} 行，{result['files']} 个文件；{chain['zh']}"
        f" / restored to {result['data']}: {result['tables']} tables with {result['rows']} rows, {result['files']} files; {chain['en']}"
    )
    if due:
        text += "\n备份来自较早的程序：请运行 tongchou upgrade / the backup is of an older program: run tongchou upgrade"
    args.say(result, text)
    return 0
