"""What the plain query refuses, and rows that are no visits."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from tongchou.store.visit_engines import VisitQueryError, open_engine
from tongchou.store.visit_query import find_contacts_sql
from tongchou.store.visit_rows import VisitFileError

from tests.engine_contacts import oracle
from tests.engine_contacts.engines import table_of

CITY = oracle.EDGES["second generation"]


def asked(path: Path, setting: str = "duckdb") -> list[dict[str, object]]:
    with open_engine(setting, path) as engine:
        return find_contacts_sql(engine, CITY.cases, generations=2).to_pylist()


def test_rows_without_person_or_start_are_no_visits(tmp_path: Path):
    table = table_of(CITY.visits)
    parquet.write_table(table, tmp_path / "good.parquet")
    right = asked(tmp_path)
    holes = {"person": [None, 1, 2], "place": [5, 5, 5], "start": [0, None, None], "end": [900, 900, 900]}
    parquet.write_table(pa.table(holes, schema=table.schema), tmp_path / "holes.parquet")
    assert asked(tmp_path) == right != []


def test_smaller_whole_numbers_are_taken_as_they_are(tmp_path: Path):
    small = pa.schema([(name, pa.int32()) for name in ("person", "place", "start", "end")])
    parquet.write_table(table_of(CITY.visits).cast(small), tmp_path / "visits.parquet")
    assert [row["contact"] for row in asked(tmp_path / "visits.parquet")] == [2, 3, 5]


def test_a_native_duckdb_table_answers_alike(tmp_path: Path):


    parquet.write_table(table_of(CITY.visits), tmp_path / "visits.parquet")
    with duckdb.connect(str(tmp_path / "city.duckdb")) as connection:
        connection.execute(f"CREATE TABLE visits AS FROM '{tmp_path}/visits.parquet'")
    with open_engine(f"duckdb://{tmp_path}/city.duckdb", "visits") as engine:
        assert find_contacts_sql(engine, CITY.cases, generations=2).to_pylist() == asked(tmp_path / "visits.parquet")
    with pytest.raises(VisitQueryError) as refused, open_engine(f"duckdb://{tmp_path}/city.duckdb", "elsewhere"):
        pass
    assert refused.value.code == "table_missing"


@pytest.mark.parametrize(
    ("setting", "source", "code"),
    [
        ("sqlite", "visits.parquet", "engine_unknown"),
        ("postgresql://nobody@127.0.0.1:1/nowhere", "visits", "postgres_unreachable"),
        ("duckdb", "text.parquet", "columns_missing"),
        ("duckdb", "three.parquet", "columns_missing"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_both_languages(tmp_path: Path, setting: str, source: str, code: str):
    table = table_of(CITY.visits)
    parquet.write_table(table, tmp_path / "visits.parquet")
    parquet.write_table(table.set_column(0, "person", pa.array(["x"] * table.num_rows)), tmp_path / "text.parquet")
    parquet.write_table(table.drop_columns("end"), tmp_path / "three.parquet")
    where = source if setting.startswith("postgres") else tmp_path / source
    with pytest.raises(VisitQueryError) as refused, open_engine(setting, where):
        pass
    assert refused.value.code == code and refused.value.zh and refused.value.en


def test_no_files_a_case_twice_and_a_third_generation_are_refused(tmp_path: Path):
    with pytest.raises(VisitFileError), open_engine("duckdb", tmp_path):
        pass
    parquet.write_table(table_of(CITY.visits), tmp_path / "visits.parquet")
    with open_engine("duckdb", tmp_path) as engine:
        with pytest.raises(VisitQueryError, match="twice"):
            find_contacts_sql(engine, [(1, 0, 9), (1, 5, 20)])
        with pytest.raises(VisitQueryError) as refused:
            find_contacts_sql(engine, [(1, 0, 9)], generations=3)
    assert refused.value.code == "generations"


@pytest.mark.skipif(find_spec("pyspark") is not None and shutil.which("java") is not None, reason="Spark is here")
def test_where_spark_is_not_installed_it_says_what_to_install(tmp_path: Path):
    parquet.write_table(table_of(CITY.visits), tmp_path / "visits.parquet")
    with pytest.raises(VisitQueryError) as refused, open_engine("spark", tmp_path):
        pass
    assert refused.value.code in ("java_missing", "pyspark_missing")
