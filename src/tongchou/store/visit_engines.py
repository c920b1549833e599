"""Where the plain query runs: DuckDB on Parquet, PostgreSQL, PySpark. One setting names the engine.

``duckdb`` reads the Parquet files where they lie, ``postgresql://...`` a table that ``load_visits`` filled, ``spark`` or
``spark://HOST`` the same Parquet files on this machine or on a cluster.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import ibis
import psycopg
import pyarrow as pa
from ibis.common.exceptions import TableNotFound
from ibis.expr import types as ir
from psycopg import sql
from pyarrow import csv

from tongchou.store.visit_rows import COLUMNS, visit_files

#: What the comment of a loaded table begins with; the seconds of its longest visit follow.
LONGEST = "tongchou visits, longest s: "


class VisitQueryError(Exception):
    """The question cannot be asked of this engine as things stand; both sentences say what to do."""

    def __init__(self, zh: str, en: str, *, code: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code = zh, en, code


@dataclass(frozen=True)
class VisitEngine:
    """An open connection and the visits on it. ``longest_s`` bounds the join where a B-tree serves it."""

    name: str
    connection: Any
    visits: ir.Table
    longest_s: int | None = None

    def close(self) -> None:
        """Ends the connection; a Spark session ends with it."""
        if self.name == "spark":
            self.connection._session.stop()
        else:
            self.connection.disconnect()


@contextlib.contextmanager
def open_engine(
    setting: str, source: str | Path, *, memory_mb: int = 4096, threads: int = 2
) -> Iterator[VisitEngine]:
    """The engine that ``setting`` names, with the visits of ``source`` ready.

    Args:
        setting: ``duckdb``, ``duckdb:///FILE`` (a native table), ``postgresql://...``, ``spark`` (this machine) or
            ``spark://HOST`` (a cluster).
        source: a Parquet file, a folder of them or a visit store for ``duckdb`` and ``spark``; the name of a table for a database.
        memory_mb: cap of the engine's memory; DuckDB writes to disk beyond it.
        threads: cores that the engine may use.

    Raises:
        VisitQueryError: where the engine is not installed or cannot be reached, or has no such table or columns.
        VisitFileError: where ``source`` holds no Parquet file.
    """
    kind = setting.partition(":")[0]
    openers = {"duckdb": _open_duckdb, "postgresql": _open_postgres, "postgres": _open_postgres, "spark": _open_spark}
    if kind not in openers:
        raise VisitQueryError(
            f"不认识查询引擎“{setting}”，请写 duckdb、postgresql://… 或 spark。",
            f"{setting!r} names no engine; write duckdb, postgresql://... or spark.",
            code="engine_unknown",
        )
    engine = openers[kind](setting, source, memory_mb, threads)
    try:
        yield engine
    finally:
        engine.close()


def _open_duckdb(setting: str, source: str | Path, memory_mb: int, threads: int) -> VisitEngine:
    file = setting.removeprefix("duckdb").removeprefix(":").removeprefix("//")
    connection = ibis.duckdb.connect(file or ":memory:", read_only=bool(file), threads=threads, memory_limit=f"{memory_mb}MB")
    if file:
        return VisitEngine("duckdb", connection, _table_of(connection, str(source)))
    return VisitEngine("duckdb", connection, _checked(connection.read_parquet(_paths(source))))


def _open_postgres(setting: str, source: str | Path, memory_mb: int, threads: int) -> VisitEngine:
    try:
        connection = ibis.postgres.from_connection(psycopg.connect(setting))
    except psycopg.OperationalError as error:
        raise VisitQueryError(
            f"连接不上 PostgreSQL：{error}请检查地址与服务是否启动。",
            f"PostgreSQL cannot be reached: {error}Check the address and whether the server runs.",
            code="postgres_unreachable",
        ) from error
    visits = _table_of(connection, str(source))
    with connection.con.cursor() as cursor:
        cursor.execute(sql.SQL("SET work_mem = {}").format(sql.Literal(f"{max(4, memory_mb // (4 * threads))}MB")))
        cursor.execute("SELECT obj_description(to_regclass(%s))", (str(source),))
        (comment,) = cursor.fetchone() or ("",)
    known = (comment or "").removeprefix(LONGEST) if (comment or "").startswith(LONGEST) else ""
    return VisitEngine("postgresql", connection, visits, int(known) if known else None)


def _open_spark(setting: str, source: str | Path, memory_mb: int, threads: int) -> VisitEngine:
    if shutil.which("java") is None:
        raise VisitQueryError(
            "没有找到 Java：Spark 需要 Java 17 或更新版本（Debian：apt-get install openjdk-17-jre-headless）。",
            "Java was not found: Spark needs Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless).",
            code="java_missing",
        )
    try:
        session_of = import_module("pyspark.sql").SparkSession
    except ImportError as error:
        raise VisitQueryError(
            "没有安装 pyspark：请运行 pip install -r requirements-scale.txt。",
            "pyspark is not installed: run pip install -r requirements-scale.txt.",
            code="pyspark_missing",
        ) from error
    master = setting if setting.startswith("spark://") else f"local[{threads}]"
    settings = {
        "spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": f"{memory_mb}m",
        "spark.sql.shuffle.partitions": str(2 * threads), "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
    }  # fmt: skip
    builder = session_of.builder.master(master).appName("tongchou contacts")
    for key, value in settings.items():
        if master == setting and key.startswith("spark.driver."):
            continue  # on a cluster the driver's address and memory are the cluster's affair
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    connection = ibis.pyspark.connect(session)
    session.read.parquet(*_paths(source)).createOrReplaceTempView("visits")
    return VisitEngine("spark", connection, _checked(connection.table("visits")))


def _paths(source: str | Path) -> list[str]:
    return [str(file) for file in visit_files(source)]


def _table_of(connection: Any, name: str) -> ir.Table:
    try:
        return _checked(connection.table(name))
    except TableNotFound as error:
        raise VisitQueryError(
            f"数据库中没有表 {name}：请先载入到访记录。", f"The database has no table {name}: load the visits first.", code="table_missing"
        ) from error


def _checked(visits: ir.Table) -> ir.Table:
    """Raises VisitQueryError where a column is missing or holds no whole numbers."""
    columns = dict(visits.schema().items())
    wrong = [name for name in COLUMNS if name not in columns or not columns[name].is_integer()]
    if wrong:
        raise VisitQueryError(
            f"到访记录缺少整数列 {'、'.join(wrong)}；需要 person、place、start、end，均为整数，时间以秒计。",
            f"The visits lack the whole-number columns {', '.join(wrong)}; person, place, start and end are needed, times in seconds.",
            code="columns_missing",
        )
    return visits.select(*COLUMNS)


def load_visits(connection: psycopg.Connection[Any], batches: Iterable[pa.RecordBatch], table: str = "visits") -> int:
    """Visits copied into a PostgreSQL table with the two B-trees that the join uses; how many rows.

    ``(person, start)`` finds a person's visits, ``(place, start)`` with the other columns in it finds who else was there.
    The length of the longest visit is kept in the table's comment: it bounds the range that the second one reads. A visit
    without an end has no length, so a table with one in it is read without that bound. Either all of it stands or nothing.
    """
    name = sql.Identifier(table)
    rows = 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        columns = "(person bigint NOT NULL, place bigint, start bigint NOT NULL, \"end\" bigint)"
        cursor.execute(sql.SQL("CREATE TABLE {} " + columns).format(name))
        with cursor.copy(sql.SQL("COPY {} (person, place, start, \"end\") FROM STDIN (FORMAT csv)").format(name)) as copy:
            for batch in batches:
                copy.write(_as_csv(batch))
                rows += batch.num_rows
        cursor.execute(sql.SQL("CREATE INDEX ON {} (person, start) INCLUDE (place, \"end\")").format(name))
        cursor.execute(sql.SQL("CREATE INDEX ON {} (place, start) INCLUDE (\"end\", person)").format(name))
        longest = "SELECT CASE WHEN count(*) = count(\"end\") THEN max(\"end\" - start) END FROM {}"
        (seconds,) = cursor.execute(sql.SQL(longest).format(name)).fetchone() or (None,)
        comment = f"{LONGEST}{'' if seconds is None else seconds}"
        cursor.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(comment)))
        cursor.execute(sql.SQL("ANALYZE {}").format(name))
    return rows


def _as_csv(batch: pa.RecordBatch) -> bytes:
    sink = io.BytesIO()
    columns = pa.Table.from_batches([batch]).select(list(COLUMNS))
    csv.write_csv(columns, sink, csv.WriteOptions(include_header=False, quoting_style="none"))
    return sink.getvalue()
