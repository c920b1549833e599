"""Every engine that answers the question, asked in one way: cities in, the oracle's lines out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import psycopg
import pyarrow as pa
from pyarrow import parquet

from tongchou.engine.contacts import Visits, find_contacts
from tongchou.engine.contacts.records import FAR_AHEAD, LONG_AGO
from tongchou.store import visit_engines
from tongchou.store.visit_engines import VisitEngine
from tongchou.store.visit_query import ANSWER, find_contacts_sql

from tests import servers
from tests.conftest import need
from tests.engine_contacts.oracle import City, Line, Visit, Window

Ask = Callable[[City], list[Line]]
#: Ids of a city in a row of cities lie this far from those of the city before it.
APART = 16


def table_of(visits: Iterable[Visit]) -> pa.Table:
    rows = list(visits)
    return pa.table({name: pa.array([row[at] for row in rows], pa.int64()) for at, name in enumerate(Visit._fields)})


def side_by_side(cities: Iterable[City], min_overlap_s: int, generations: int) -> City:
    """Many cities as one whose people and places never meet, so that one question asks them all."""
    visits, cases = [], []
    for number, city in enumerate(cities):
        by = APART * number
        visits += [
            Visit(visit.person + by, None if visit.place is None else visit.place + by, visit.start, visit.end)
            for visit in city.visits
        ]
        cases += [Window(window.person + by, window.begins, window.ends) for window in city.cases]
    return City(tuple(visits), tuple(cases), min_overlap_s, generations)


def ask_sql(engine: VisitEngine, city: City) -> list[Line]:
    answer = find_contacts_sql(engine, city.cases, min_overlap_s=city.min_overlap_s, generations=city.generations)
    assert answer.column_names == list(ANSWER)
    return [Line(*row.values()) for row in answer.to_pylist()]


@dataclass
class Machine:
    """What the engines of a test session share: a folder, and a database server once one is asked for."""

    folder: Path
    cluster: servers.Cluster | None = None
    url: str = ""

    def database(self) -> str:
        if not self.url:
            self.cluster = servers.Cluster()
            self.url = self.cluster.start()
        return self.url


@contextmanager
def index(machine: Machine) -> Iterator[Ask]:
    yield _ask_index


def _ask_index(city: City) -> list[Line]:
    """The index holds visits at known places; one that goes on ends, for it, after everything else."""
    ends = [row.end for row in city.visits] + [window.ends for window in city.cases]
    after = max((end for end in ends if end is not None), default=0) + 1
    known = [row for row in city.visits if row.place is not None]
    columns = [[row.person for row in known], [row.place for row in known], [row.start for row in known]]
    visits = Visits(*columns, [after if row.end is None else row.end for row in known])
    begins = [LONG_AGO if window.begins is None else window.begins for window in city.cases]
    ends_at = [FAR_AHEAD if window.ends is None else window.ends for window in city.cases]
    people = [window.person for window in city.cases]
    found = find_contacts(
        visits, people, window=(begins, ends_at), min_overlap_s=city.min_overlap_s, generations=city.generations
    )
    order = ("generation", "case", "contact", "overlap_s", "meetings", "first", "last", "places", "is_case")
    return [Line(*(getattr(pair, name) for name in order)) for pair in found]


@contextmanager
def duckdb(machine: Machine) -> Iterator[Ask]:
    yield lambda city: _on_parquet(machine, city, "duckdb")


@contextmanager
def postgres(machine: Machine) -> Iterator[Ask]:
    need("postgres", servers.postgres_programs() is not None, "apt-get install postgresql")

    def ask(city: City) -> list[Line]:
        with psycopg.connect(machine.database()) as connection:
            visit_engines.load_visits(connection, table_of(city.visits).to_batches(max_chunksize=1000))
        with visit_engines.open_engine(machine.url, "visits", memory_mb=256) as engine:
            return ask_sql(engine, city)

    yield ask


@contextmanager
def spark(machine: Machine) -> Iterator[Ask]:
    need("spark", find_spec("pyspark") is not None, "pip install -r requirements-scale.txt")
    need("spark", shutil.which("java") is not None, "apt-get install openjdk-17-jre-headless")
    # A Java machine that lives a minute never earns back its time for compiling what it runs a few times.
    with mock.patch.dict(os.environ, {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}):
        yield lambda city: _on_parquet(machine, city, "spark")


def _on_parquet(machine: Machine, city: City, setting: str) -> list[Line]:
    """The visits as a folder of two files, the way days lie beside each other."""
    folder = machine.folder / setting
    folder.mkdir(exist_ok=True)
    half = len(city.visits) // 2
    parquet.write_table(table_of(city.visits[:half]), folder / "day-1.parquet")
    parquet.write_table(table_of(city.visits[half:]), folder / "day-2.parquet")
    with visit_engines.open_engine(setting, folder, memory_mb=1024) as engine:
        return ask_sql(engine, city)


ENGINES = {"index": index, "duckdb": duckdb, "postgres": postgres, "spark": spark}
