"""Whether this installation may be trusted with a city's data: each finding says what to do in both languages."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pysqlite3
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from tongchou import audit, env, keys
from tongchou.cli import messages

OK, WARN, BAD = "ok", "warn", "bad"
DISK_FULL_SHARE = 0.85  # reliability.md F5: the alarm stands at 85 %
BACKUP_DUE_H = 26


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``level``: ok, warn (goes on, needs care) or bad (do not run a city on this)."""

    name: str
    level: str
    zh: str
    en: str

    def as_row(self) -> dict[str, str]:
        return asdict(self)


Check = Callable[[], Iterator[Finding]]


def _finding(name: str, good: bool, zh: str, en: str, *, worst: str = BAD) -> Finding:
    return Finding(name, OK if good else worst, zh, en)


def sqlite_version() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    found, oldest = pysqlite3.sqlite_version, ".".join(map(str, env.SQLITE_OLDEST))
    good = pysqlite3.sqlite_version_info >= env.SQLITE_OLDEST
    need = (f",需要 {oldest} 或更新：运行 python3 tong.py 重新安装", f", {oldest} or newer is needed: run python3 tong.py to install it")
    yield _finding("sqlite.version", good, f"内置数据库 SQLite {found}{'' if good else need[0]}", f"SQLite {found}{'' if good else need[1]}")


def _pragma(name: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


def sqlite_durability() -> Iterator[Finding]:
    """WAL and FULL as the open connection has them: what the settings file says counts for nothing."""
    if connection.vendor != "sqlite":
        return
    wanted = {"journal_mode": "wal", "synchronous": 2, "mmap_size": 0, "foreign_keys": 1}
    found = {name: _pragma(name) for name in wanted}
    wrong = {name: value for name, value in found.items() if value != wanted[name]}
    yield _finding(
        "sqlite.durability", not wrong,
        "写入设置生效（WAL、FULL、外键）" if not wrong else f"写入设置未生效：{wrong}；请检查数据盘是否支持 WAL（网络盘不支持）",
        "durable writing is in force (WAL, FULL, foreign keys)" if not wrong
        else f"durable writing is not in force: {wrong}; see whether the data disk can do WAL (network disks cannot)",
    )  # fmt: skip


def sqlite_immediate() -> Iterator[Finding]:
    """A transaction takes the write lock as it opens; shown by a second connection that is kept out."""
    if connection.vendor != "sqlite":
        return
    kept_out = False
    with transaction.atomic():
        second = pysqlite3.connect(str(connection.settings_dict["NAME"]), timeout=0, isolation_level=None)
        try:
            second.execute("BEGIN IMMEDIATE")
            second.execute("ROLLBACK")
        except pysqlite3.OperationalError:
            kept_out = True
        finally:
            second.close()
    yield _finding(
        "sqlite.immediate", kept_out,
        "事务以 IMMEDIATE 方式开始" if kept_out else "事务没有以 IMMEDIATE 方式开始，并发写入会失败：请恢复 settings.py 的数据库设置",
        "transactions begin IMMEDIATE" if kept_out
        else "transactions do not begin IMMEDIATE, so writes beside each other fail: restore the database settings",
    )  # fmt: skip


def postgres_durability() -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        return
    wanted = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    found = {}
    with connection.cursor() as cursor:
        for name in (*wanted, "data_checksums", "server_version"):
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    wrong = {name: found[name] for name in wanted if found[name] != wanted[name]}
    version = found["server_version"]
    yield _finding(
        "postgres.durability", not wrong,
        f"PostgreSQL {version} 写入设置生效" if not wrong else f"PostgreSQL 设置会丢失已确认的数据：{wrong}；请在 postgresql.conf 中改为 on",
        f"PostgreSQL {version} writes durably" if not wrong
        else f"PostgreSQL would lose acknowledged data: {wrong}; set them to on in postgresql.conf",
    )  # fmt: skip
    summed = found["data_checksums"] == "on"
    yield _finding(
        "postgres.checksums", summed,
        "数据页校验已开启" if summed else "数据页校验未开启：停机时可用 pg_checksums --enable 开启",
        "data checksums are on" if summed else "data checksums are off: pg_checksums --enable switches them on while the server is down",
        worst=WARN,
    )  # fmt: skip


def key_files() -> Iterator[Finding]:
    folder = Path(settings.DATA) / "keys"
    missing = [name for name in keys.NAMES if not (folder / name).exists()]
    loose = [
        path.name for path in [folder, *(folder / name for name in keys.NAMES)]
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]  # fmt: skip
    yield _finding(
        "keys.present", not missing,
        "密钥文件齐全" if not missing else f"缺少密钥文件 {missing}：用 tongchou restore 从备份恢复",
        "all key files are there" if not missing else f"key files {missing} are missing: restore them from a backup",
    )  # fmt: skip
    yield _finding(
        "keys.private", not loose,
        "密钥只有本账户可读" if not loose else f"密钥可被其他账户读取：{loose}；运行 chmod -R go-rwx {folder}",
        "keys are readable by this account alone" if not loose else f"other accounts can read {loose}: run chmod -R go-rwx {folder}",
    )  # fmt: skip


def disk_space() -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.DATA)
    share = 1 - usage.free / usage.total
    free_gb = usage.free / 1e9
    good = share < DISK_FULL_SHARE
    more = ("", "") if good else (":请清理或扩容，满盘后系统只读", ": make room, a full disk makes the system read-only")
    yield _finding(
        "disk.space", good,
        f"数据盘已用 {share:.0%}，余 {free_gb:.1f} GB{more[0]}", f"data disk {share:.0%} full, {free_gb:.1f} GB left{more[1]}",
        worst=WARN if usage.free > 200e6 else BAD,
    )  # fmt: skip


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    pending = [f"{step.app_label}.{step.name}" for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    yield _finding(
        "database.migrations", not pending,
        "数据库结构为最新" if not pending else f"数据库结构待升级（{len(pending)} 项）：运行 tongchou upgrade",
        "the database is at the program's version" if not pending else f"{len(pending)} database changes are due: run tongchou upgrade",
    )  # fmt: skip


def catalogues() -> Iterator[Finding]:
    stale = [path for path in messages.catalogues() if not path.with_suffix(".mo").exists()]
    yield _finding(
        "program.catalogues", not stale,
        "英文词条已编译" if not stale else "英文词条未编译：运行 tongchou messages",
        "the English catalogues are compiled" if not stale else "the English catalogues are not compiled: run tongchou messages",
    )  # fmt: skip


def front_end() -> Iterator[Finding]:
    there = (env.ROOT / "node_modules").is_dir()
    yield _finding(
        "program.front_end", there,
        "前端库已安装" if there else "前端库未安装：运行 python3 tong.py 重新安装",
        "the front-end libraries are installed" if there else "the front-end libraries are missing: run python3 tong.py",
    )  # fmt: skip


def exposure() -> Iterator[Finding]:
    yield _finding(
        "web.debug", not settings.DEBUG,
        "调试页面已关闭" if not settings.DEBUG else "调试页面开启，会泄露数据：去掉 TONGCHOU_DEBUG",
        "debug pages are off" if not settings.DEBUG else "debug pages are on and leak data: unset TONGCHOU_DEBUG",
    )  # fmt: skip
    only_here = {"localhost", "127.0.0.1", "[::1]"} >= set(settings.ALLOWED_HOSTS)
    safe = settings.HTTPS or only_here
    yield _finding(
        "web.tls", safe,
        "只在本机或经 TLS 提供服务" if safe else "对外提供服务却没有 TLS：用 serve --tls，或在代理后设置 TONGCHOU_HTTPS=1",
        "served on this machine alone or by TLS" if safe
        else "served to others without TLS: use serve --tls, or set TONGCHOU_HTTPS=1 behind a proxy",
        worst=WARN,
    )  # fmt: skip


def integrity() -> Iterator[Finding]:
    """Every page of the database; minutes on a large city, so only when asked."""
    if connection.vendor == "sqlite":
        said = _pragma("integrity_check")
        yield _finding(
            "database.integrity", said == "ok",
            "数据库逐页检查完好" if said == "ok" else f"数据库损坏：{said}；停止服务并用 tongchou restore 恢复",
            "every page of the database is sound" if said == "ok" else f"the database is damaged: {said}; stop and run tongchou restore",
        )  # fmt: skip


def audit_chain() -> Iterator[Finding]:
    verdict = audit.verify()
    yield _finding("audit.chain", verdict.broken_at is None, verdict.zh, verdict.en)


QUICK: tuple[Check, ...] = (
    sqlite_version, sqlite_durability, sqlite_immediate, postgres_durability, key_files, disk_space, migrations, catalogues,
    front_end, exposure,
)  # fmt: skip
DEEP: tuple[Check, ...] = (integrity, audit_chain)


def look(*, deep: bool = False) -> list[Finding]:
    """Run the checks. A database that cannot be reached is a finding too, and ends what would need it."""
    found: list[Finding] = []
    for check in (*QUICK, *(DEEP if deep else ())):
        try:
            found.extend(check())
        except (DatabaseError, OSError) as error:
            found.append(
                Finding(
                    check.__name__, BAD,
                    f"无法检查：{error}；请确认数据库可以连接、数据目录可以读写（{os.fspath(settings.DATA)}）",
                    f"could not be checked: {error}; see that the database answers and {os.fspath(settings.DATA)} can be written",
                )
            )  # fmt: skip
    return found
