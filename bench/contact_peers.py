"""The engines that ``bench.contacts`` measures, each asked in its own best words, in a process of its own.

    python -m bench.contact_peers ENGINE prepare|ask WORK        (started by bench.contacts; answers in JSON)
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

#: Every engine gives these, in this order; certainty is the index's alone.
COLUMNS = ("generation", "case", "contact", "overlap_s", "meetings", "first", "last", "places")
MEMORY_GB, THREADS = 4, 2
MEETINGS = """
    SELECT q."case" AS "case", o.person AS contact, o.place AS place, greatest(q.begins, o.start) AS begins, least(q.ends, o."end") AS ends
    FROM (SELECT w."case", v.person, v.place, greatest(v.start, w.begins) AS begins, least(v."end", w.ends) AS ends
          FROM visits v JOIN {windows} w ON v.person = w.person WHERE v.start < w.ends AND v."end" > w.begins) q
    JOIN visits o ON o.place = q.place AND o.person <> q.person AND o.start < q.ends AND o."end" > q.begins {bound}
    WHERE least(q.ends, o."end") - greatest(q.begins, o.start) >= {least}
"""
GATHERED = """
    SELECT {generation} AS generation, "case", contact, sum(ends - begins) AS overlap_s, count(*) AS meetings,
           min(begins) AS first, max(ends) AS last, count(DISTINCT place) AS places
    FROM ({meetings}) m GROUP BY "case", contact
"""


def question_sql(generations: int, least: int, bound: str) -> str:
    """The definition as SQL over the tables ``visits`` and ``asked`` ("case", person, begins, ends)."""
    first = GATHERED.format(generation=1, meetings=MEETINGS.format(windows="asked", bound=bound, least=least))
    if generations == 1:
        return f'WITH one AS ({first}) SELECT * FROM one ORDER BY generation, "case", contact'
    second = GATHERED.format(generation=2, meetings=MEETINGS.format(windows="beyond", bound=bound, least=least))
    return f"""
        WITH one AS MATERIALIZED ({first}),
        beyond AS MATERIALIZED (
            SELECT one."case", one.contact AS person, one.first AS begins, asked.ends FROM one JOIN asked ON one."case" = asked."case"),
        named AS (SELECT contact AS person FROM one UNION SELECT person FROM asked)
        SELECT * FROM one UNION ALL
        SELECT * FROM ({second}) two WHERE contact NOT IN (SELECT person FROM named) ORDER BY generation, "case", contact
    """


class Engine:
    """One way to keep the visits and to ask them. ``files`` are what it reads, for their size and to make it cold."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.raw = work / "raw"

    def prepare(self) -> None: ...

    def files(self) -> list[Path]: ...

    def open(self) -> None: ...

    def ask(self, cases: list[int], window: tuple[int, int], generations: int, least: int) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Index(Engine):
    def prepare(self) -> None:
        import_module("tongchou.store.contact_index").open_contact_index(self.raw, folder=self.work / "index", memory_mb=4000)

    def files(self) -> list[Path]:
        return sorted((self.work / "index").iterdir())

    def open(self) -> None:
        opened = import_module("tongchou.store.contact_index").open_contact_index(self.raw, folder=self.work / "index")
        if opened.done != "reused":
            raise SystemExit("the index is not the one that was prepared")
        self.index = opened.index
        self.find = import_module("tongchou.engine.contacts").find_contacts

    def ask(self, cases: list[int], window: tuple[int, int], generations: int, least: int) -> dict[str, Any]:
        found = self.find(self.index, cases, window=window, min_overlap_s=least, generations=generations)
        return {name: getattr(found, name) for name in COLUMNS}


class DuckParquet(Engine):
    """DuckDB on one Parquet file sorted by place and start: no table, nothing loaded."""

    def connect(self, file: str = ":memory:") -> Any:
        connection = import_module("duckdb").connect(file)
        connection.execute(f"SET threads={THREADS}; SET memory_limit='{MEMORY_GB}GB'; SET temp_directory='{self.work}/spill'")
        return connection

    def sorted_file(self) -> Path:
        return self.work / "sorted.parquet"

    def prepare(self) -> None:
        half = self.sorted_file().with_suffix(".half")
        self.connect().execute(
            f"COPY (SELECT person, place, start, \"end\" FROM read_parquet('{self.raw}/*.parquet') ORDER BY place, start) TO '{half}' (FORMAT parquet)"
        )
        half.replace(self.sorted_file())

    def files(self) -> list[Path]:
        return [self.sorted_file()]

    def open(self) -> None:
        self.connection = self.connect()
        self.connection.execute(f"CREATE VIEW visits AS SELECT * FROM read_parquet('{self.sorted_file()}')")

    def ask(self, cases: list[int], window: tuple[int, int], generations: int, least: int) -> dict[str, Any]:
        asked = ", ".join(f"({case}, {case}, {window[0]}, {window[1]})" for case in cases)
        self.connection.execute(
            f'CREATE OR REPLACE TEMP TABLE asked AS SELECT * FROM (VALUES {asked}) t("case", person, begins, ends)'
        )
        return self.connection.execute(question_sql(generations, least, "")).fetchnumpy()


class DuckTable(DuckParquet):
    """DuckDB's own table, loaded in the order of place and start."""

    def prepare(self) -> None:
        file = self.work / "visits.duckdb"
        file.unlink(missing_ok=True)
        connection = self.connect(str(file))
        connection.execute(
            f"CREATE TABLE visits AS SELECT person, place, start, \"end\" FROM read_parquet('{self.raw}/*.parquet') ORDER BY place, start"
        )
        connection.close()

    def files(self) -> list[Path]:
        return [self.work / "visits.duckdb"]

    def open(self) -> None:
        self.connection = self.connect(str(self.work / "visits.duckdb"))


class Polars(Engine):
    """Polars on a frame in memory, sorted by place and start, 32-bit columns. Opening it is loading it."""

    def files(self) -> list[Path]:
        return [self.work / "sorted.parquet"]

    def open(self) -> None:
        os.environ["POLARS_MAX_THREADS"] = str(THREADS)
        self.polars = pl = import_module("polars")
        self.visits = pl.read_parquet(self.files()[0]).cast(pl.Int32).set_sorted("place")

    def ask(self, cases: list[int], window: tuple[int, int], generations: int, least: int) -> dict[str, Any]:
        pl = self.polars
        asked = pl.DataFrame({"case": cases, "person": cases}, schema={"case": pl.Int32, "person": pl.Int32}).with_columns(
            begins=pl.lit(window[0], pl.Int32), ends=pl.lit(window[1], pl.Int32)
        )
        one = self._gathered(self._meetings(asked, least), 1)
        if generations == 2:
            beyond = one.select("case", person="contact", begins="first").join(asked.select("case", "ends"), on="case")
            named = pl.concat([one["contact"], asked["person"]]).unique()
            met = self._meetings(beyond, least).join(named.to_frame("contact"), on="contact", how="anti")
            one = pl.concat([one, self._gathered(met, 2)])
        return {name: column.to_numpy() for name, column in one.sort("generation", "case", "contact").to_dict().items()}

    def _meetings(self, windows: Any, least: int) -> Any:
        pl = self.polars
        own = (
            self.visits.lazy()
            .filter(pl.col("person").is_in(windows["person"].unique().implode()))
            .join(windows.lazy(), on="person")
            .select("case", "place", who="person", begins=pl.max_horizontal("start", "begins"), ends=pl.min_horizontal("end", "ends"))
            .filter(pl.col("ends") > pl.col("begins"))
            .collect()
        )
        return (
            self.visits.lazy()
            .filter(pl.col("place").is_in(own["place"].unique().implode()))
            .join(own.lazy(), on="place")
            .filter((pl.col("start") < pl.col("ends")) & (pl.col("end") > pl.col("begins")) & (pl.col("person") != pl.col("who")))
            .select("case", "place", contact="person", begins=pl.max_horizontal("start", "begins"), ends=pl.min_horizontal("end", "ends"))
            .filter(pl.col("ends") - pl.col("begins") >= least)
            .collect(engine="streaming")
        )

    def _gathered(self, meetings: Any, generation: int) -> Any:
        pl = self.polars
        return (
            meetings.group_by("case", "contact")
            .agg(
                overlap_s=(pl.col("ends") - pl.col("begins")).cast(pl.Int64).sum(), meetings=pl.len(), first=pl.col("begins").min(),
                last=pl.col("ends").max(), places=pl.col("place").n_unique(),
            )
            .select(pl.lit(generation, pl.Int8).alias("generation"), *COLUMNS[1:])
        )  # fmt: skip


class Postgres(Engine):
    """PostgreSQL with the two covering B-trees of ``load_visits``; a cluster of its own in the work folder."""

    def cluster(self) -> Any:
        cluster = import_module("tests.servers").Cluster()
        cluster.home.rmdir()
        cluster.home = self.work / "postgres"
        return cluster

    def url(self) -> str:
        return f"postgresql://city@{str(self.work / 'postgres').replace('/', '%2F')}/city"

    def start(self) -> None:
        settings = f"-c listen_addresses='' -c unix_socket_directories='{self.work}/postgres' -c shared_buffers=1GB -c work_mem=512MB"
        settings += " -c maintenance_work_mem=1GB -c max_wal_size=8GB -c max_parallel_workers_per_gather=1"
        self.cluster()._run("pg_ctl", "start", "--pgdata=data", "--wait", "--log=log", f"--options={settings}")

    def stop(self) -> None:
        self.cluster()._run("pg_ctl", "stop", "--pgdata=data", "--mode=fast", "--wait")

    def prepare(self) -> None:
        home = self.work / "postgres"
        if not (home / "data").exists():
            home.mkdir(exist_ok=True)
            cluster = self.cluster()
            if cluster.account:
                os.chown(home, cluster.account["user"], cluster.account["group"])
            cluster._run("initdb", "--pgdata=data", "--username=city", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
            self.start()
            cluster._run("createdb", f"--host={home}", "--username=city", "city")
        else:
            self.start()
        psycopg, parquet = import_module("psycopg"), import_module("pyarrow.parquet")
        load = import_module("tongchou.store.visit_engines").load_visits
        batches = (batch for file in sorted(self.raw.glob("*.parquet")) for batch in parquet.ParquetFile(file).iter_batches(1 << 18))
        with psycopg.connect(self.url()) as connection:
            load(connection, batches)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("VACUUM visits")
        self.stop()

    def files(self) -> list[Path]:
        return [path for path in (self.work / "postgres" / "data").rglob("*") if path.is_file()]

    def open(self) -> None:
        self.start()
        self.connection = import_module("psycopg").connect(self.url(), autocommit=True)
        self.longest = self.connection.execute('SELECT max("end" - start) FROM visits').fetchone()[0]

    def ask(self, cases: list[int], window: tuple[int, int], generations: int, least: int) -> dict[str, Any]:
        self.connection.execute('CREATE TEMP TABLE IF NOT EXISTS asked ("case" bigint, person bigint, begins bigint, ends bigint)')
        with self.connection.transaction():
            self.connection.execute("TRUNCATE asked")
            rows = [(case, case, *window) for case in cases]
            with self.connection.cursor() as cursor:
                cursor.executemany("INSERT INTO asked VALUES (%s, %s, %s, %s)", rows)
        self.connection.execute("ANALYZE asked")
        with self.connection.cursor(binary=True) as cursor:
            cursor.execute(question_sql(generations, least, f"AND o.start > q.begins - {self.longest}"))
            found = cursor.fetchall()
        columns = zip(*found, strict=True) if found else [()] * len(COLUMNS)
        return {name: np.array([int(value) for value in column], np.int64) for name, column in zip(COLUMNS, columns, strict=True)}

    def close(self) -> None:
        self.connection.close()
        self.stop()


ENGINES: dict[str, type[Engine]] = {
    "index": Index, "duckdb-table": DuckTable, "duckdb-parquet": DuckParquet, "polars": Polars, "postgres": Postgres,
}  # fmt: skip


def digest(found: dict[str, Any]) -> tuple[str, int]:
    """One number for the whole answer: equal answers, equal digests; and how many rows."""
    columns = [np.ascontiguousarray(np.asarray(found[name]), dtype=np.int64) for name in COLUMNS]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    whole = hashlib.sha256()
    for column in columns:
        whole.update(column[order].tobytes())
    return whole.hexdigest()[:16], columns[0].size


def make_cold(files: list[Path]) -> None:
    """The files leave the machine's page cache; what is not written yet is written first."""
    libc = ctypes.CDLL(None, use_errno=True)
    for path in files:
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
            if libc.posix_fadvise(handle.fileno(), ctypes.c_long(0), ctypes.c_long(0), 4):
                raise OSError(ctypes.get_errno(), f"posix_fadvise on {path}")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def peak_mb() -> int:
    """This program's own peak: ``getrusage`` would count the process that started it too."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def prepare(engine: Engine) -> dict[str, Any]:
    took, _none = timed(engine.prepare)
    return {"build_s": round(took, 2), "peak_mb": peak_mb(), "size_mb": size_mb(engine)}


def size_mb(engine: Engine) -> int:
    return round(sum(path.stat().st_size for path in engine.files()) / 1e6)


def ask(engine: Engine, plan: dict[str, Any]) -> dict[str, Any]:
    """Every question of the plan: once cold (the first of all), then ``repeat`` times, the median."""
    make_cold(engine.files())
    opened, _none = timed(engine.open)
    answers = []
    for number, asked in enumerate(plan["questions"]):
        words = (asked["cases"], tuple(plan["window"]), asked["generations"], plan["least"])
        first, found = timed(lambda words=words: engine.ask(*words))  # type: ignore[misc]
        told, rows = digest(found)
        del found
        again = plan["repeat"] if first < 0.5 else 3 if first < 5 else 1
        times = [timed(lambda words=words: engine.ask(*words))[0] for _again in range(again)]  # type: ignore[misc]
        answers.append({
            "name": asked["name"], "rows": rows, "digest": told, "first_s": first, "warm_s": statistics.median(times),
            "least_s": min(times), "most_s": max(times), "cold": number == 0,
        })  # fmt: skip
    done = {"open_s": round(opened, 3), "peak_mb": peak_mb(), "size_mb": size_mb(engine), "answers": answers}
    engine.close()
    return done


def main() -> int:
    name, what, work = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    engine = ENGINES[name](work)
    done = prepare(engine) if what == "prepare" else ask(engine, json.loads((work / "plan.json").read_text()))
    sys.stdout.write(json.dumps(done))
    return 0


def run_apart(name: str, what: str, work: Path) -> dict[str, Any]:
    """The same in a process of its own, so that its peak of memory is its own."""
    words = [sys.executable, "-m", "bench.contact_peers", name, what, str(work)]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
