"""Rows that another engine (DuckDB, PostgreSQL, Spark) holds: counted by their faults, and loaded where they must be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
from ibis import _
from pyarrow import parquet

from tongchou.store.visit_engines import VisitEngine, load_visits
from tongchou.store.visit_rows import BATCH_ROWS, COLUMNS, RowCount, state_of, visit_files


def count_rows(engine: VisitEngine) -> RowCount:
    """Every row by its fault, counted where the rows lie; the expression leaves out the same rows."""
    missing = _.person.isnull() | _.start.isnull()
    no_place = ~missing & _.place.isnull()
    known = ~missing & _.place.notnull()
    ended = known & _.end.notnull()
    counts = engine.visits.aggregate(
        rows=_.count(), missing=missing.sum(), no_place=no_place.sum(),
        backwards=(ended & (_.end < _.start)).sum(), open_ends=(known & _.end.isnull()).sum(),
    )  # fmt: skip
    row = {name: int(value or 0) for name, value in engine.connection.to_pyarrow(counts).to_pylist()[0].items()}
    bad = row["missing"] + row["no_place"] + row["backwards"]
    return RowCount(
        good=row["rows"] - bad, open_ends=row["open_ends"], missing=row["missing"], no_place=row["no_place"],
        backwards=row["backwards"],
    )  # fmt: skip


def loaded_table(database: str, path: str | Path) -> tuple[str, bool]:
    """The PostgreSQL table with the visits of ``path``, loaded where it is not there yet; and whether it was loaded now.

    The table's name says how the files stood, so a changed file makes a new table. Raises VisitFileError without files.
    """
    files = [state_of(file.resolve()) for file in visit_files(path)]
    stood = repr([(str(file.path), file.size, file.written_ns) for file in files])
    table = f"visits_{hashlib.blake2b(stood.encode(), digest_size=8).hexdigest()}"
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
        if row is not None and row[0] is not None:
            return table, False
        batches = (
            batch
            for file in files
            for batch in parquet.ParquetFile(file.path).iter_batches(batch_size=BATCH_ROWS // 4, columns=list(COLUMNS))
        )
        load_visits(connection, batches, table)
    return table, True


