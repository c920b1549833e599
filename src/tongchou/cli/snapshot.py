"""The database as one consistent file, and back: SQLite by its online backup, PostgreSQL by pg_dump and pg_restore.

A snapshot is taken while the city goes on working; what is committed before it begins is in it whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pysqlite3

from tongchou.cli.terminal import CommandError

SQLITE, POSTGRES = "sqlite", "postgresql"
FILES = {SQLITE: "city.sqlite3", POSTGRES: "city.pgdump"}


class SnapshotError(CommandError):
    """The database would not give or take its snapshot."""


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_sqlite(source: Path, target: Path) -> dict[str, list[int]]:
    """Copy a live database; {table: [rows, 0]} of the copy.

    The whole copy is one read transaction: writers go on beside it and are in the copy wholly or not at all.
    """
    reader = pysqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)
    copy = pysqlite3.connect(str(target))
    try:
        reader.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # a backup is one file, without a log beside it
        return sqlite_rows(copy)
    finally:
        copy.close()
        reader.close()


def sqlite_rows(database: Any) -> dict[str, list[int]]:
    """{table: [rows, 0]}: the file's own hash stands for the contents."""
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")]
    return {table: [database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0], 0] for table in sorted(tables)}  # noqa: S608


def check_sqlite(path: Path) -> None:
    """Raises SnapshotError where a page of the file is damaged."""
    database = pysqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        said = database.execute("PRAGMA integrity_check").fetchone()[0]
    except pysqlite3.DatabaseError as error:
        said = str(error)
    finally:
        database.close()
    if said != "ok":
        raise SnapshotError(f"备份中的数据库已损坏：{said}", f"the database in the backup is damaged: {said}")


def postgres_program(name: str) -> str:
    """The newest pg_dump or pg_restore of this machine: an older one refuses a newer server."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(debian[-1]) if debian else shutil.which(name)
    if not found:
        raise SnapshotError(
            f"找不到 {name}：请安装 PostgreSQL 客户端（apt-get install postgresql-client）",
            f"{name} was not found: install PostgreSQL's client (apt-get install postgresql-client)",
        )
    return found


def _call(words: list[str], database: dict[str, Any]) -> None:
    """Run a PostgreSQL client with the address in its environment, where other accounts cannot read the password."""
    named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    address = {variable: str(database[key]) for variable, key in named.items() if database.get(key)}
    done = subprocess.run(words, env={**os.environ, **address}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        name = Path(words[0]).name
        raise SnapshotError(f"{name} 失败：{done.stderr.strip()}", f"{name} failed: {done.stderr.strip()}")


def dump_postgres(connection: Any, database: dict[str, Any], target: Path) -> dict[str, list[int]]:
    """Dump a live database; {table: [rows, digest]} of the very snapshot that was dumped.

    ``connection`` is a psycopg connection of its own, outside any transaction.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 0")
        shared = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        program = postgres_program("pg_dump")
        _call([program, "--format=custom", "--no-owner", f"--snapshot={shared}", f"--file={target}"], database)
        return postgres_rows(connection)


def postgres_rows(connection: Any) -> dict[str, list[int]]:
    """{table: [rows, digest]}; the digest adds a hash of each row's text, so the order of rows does not matter."""
    named = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    found = {}
    for (table,) in named:
        query = f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM public."{table}" t'  # noqa: S608
        rows, digest = connection.execute(query).fetchone()
        found[table] = [int(rows), int(digest)]
    return found


def load_postgres(connection: Any, database: dict[str, Any], source: Path) -> dict[str, list[int]]:
    """Fill an empty database from a dump, all or nothing; {table: [rows, digest]} of what stands there now."""
    occupied = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()[0]
    if occupied:
        raise SnapshotError(
            f"目标 PostgreSQL 数据库已有 {occupied} 张表：请恢复到一个新建的空数据库",
            f"the PostgreSQL database already holds {occupied} tables: restore into a new, empty one",
        )
    program = postgres_program("pg_restore")
    _call([program, "--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={database['NAME']}", str(source)], database)
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        return postgres_rows(connection)
