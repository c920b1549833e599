"""``tongchou contacts``: who was exposed to the cases of a file, from visits in Parquet, by the index or another engine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tongchou.cli.contact_cases import AskedCases, read_asked_cases
from tongchou.cli.terminal import CommandError, UsageError, table
from tongchou.engine.contacts import Contacts, Window, find_contacts_in_turn, find_sources
from tongchou.store.contact_index import open_contact_index
from tongchou.store.durable import settle
from tongchou.store.visit_rows import RowCount

NAME = "contacts"
HELP_ZH = "按到访记录查病例的接触者与次密接，或反向查传染来源"
HELP_EN = "who was exposed to cases, by visits: contacts and their contacts, or backwards the possible sources"
DJANGO = False
ENGINES = ("index", "duckdb", "postgres", "spark")
OUT_COLUMNS = ("case", "contact", "overlap_s", "meetings", "first", "last", "generation")
SHOWN = 20
#: What building an index holds at the least: Python and its libraries, two days being sorted.
LEAST_MB = 1024
INPUT = {
    "person": "病例的人员编号，整数 / number of the case's person",
    "onset": "发病时刻，到访所用的秒；时间窗为前后各 --days 天 / onset in the visits' seconds; the window is --days to either side",
    "from": "时间窗起点，秒，可代替 onset / start of the window in seconds, instead of onset",
    "to": "时间窗终点，秒，不含 / end of the window, not included",
}
JSON = {
    "engine": "所用引擎 / engine",
    "index": "索引 built、updated 或 reused；其他引擎为 null / index built, updated or reused; null for other engines",
    "visits": "到访各类行数：good（含 open_ends）、missing、no_place、not_whole、backwards / rows of visits by kind",
    "cases": "所查病例：asked、merged（同一人多行合并）、unknown（无任何到访）及不可用的行 / cases asked, merged, unknown, lines not usable",
    "generation_1": "一代接触对数 / pairs of generation 1",
    "generation_2": "二代接触对数 / pairs of generation 2",
    "people": "涉及的不同人数 / different people on the list",
    "meetings": "接触次数 / meetings",
    "seconds": "用时：prepare、search、write / seconds: prepare, search, write",
    "out": "写出的文件 / file written, null without --out",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--visits", required=True, metavar="PATH", help="到访 Parquet 文件或文件夹 / Parquet file of visits or a folder of them")
    add("--cases", required=True, metavar="FILE", help="病例 CSV（person,onset 或 person,from,to）/ CSV of cases")
    add("--days", type=float, default=14, metavar="N", help="发病前后各几天，缺省 14 / days to either side of onset, 14 if left out")
    add("--generations", type=int, choices=(1, 2), default=1, help="1，或 2 含次密接 / 1, or 2 with the contacts' contacts")
    add("--min-overlap", type=int, default=60, metavar="S", help="至少同处几秒，缺省 60 / least seconds together, 60 if left out")
    add("--backward", action="store_true", help="反向：发病前 --days 天内遇到的人 / backwards: whom the cases met before onset")
    add("--engine", choices=ENGINES, default="index", help="引擎，缺省 index / engine, index if left out")
    add("--database", metavar="URL", help="--engine postgres 的地址 postgresql://… / address for --engine postgres")
    add("--index", type=Path, metavar="FOLDER", help="索引存放处，缺省在 PATH 旁 / where the index is kept, by default beside PATH")
    add("--memory", type=int, default=4096, metavar="MB", help="内存上限，缺省 4096 / cap of memory, 4096 if left out")
    add("--threads", type=int, default=2, metavar="N", help="线程数，不影响结果 / threads; the answer does not depend on them")
    add("--out", type=Path, metavar="FILE", help=f"写出 CSV：{','.join(OUT_COLUMNS)} / write a CSV of these columns")


@dataclass
class Tally:
    """What has been found so far, and how long it took."""

    index: str | None = None
    visits: RowCount = field(default_factory=RowCount)
    pairs: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 0})
    meetings: int = 0
    unknown: set[int] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=lambda: {"prepare": 0.0, "search": 0.0, "write": 0.0})
    people: list[np.ndarray] = field(default_factory=list)
    best: list[tuple[Any, ...]] = field(default_factory=list)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[what] += time.perf_counter() - began

    def add(self, part: Contacts) -> None:
        for generation in (1, 2):
            self.pairs[generation] += int(np.count_nonzero(part.generation == generation))
        self.meetings += int(part.meetings.sum())
        self.unknown.update(part.unknown_cases.tolist())
        self.people = [np.unique(np.concatenate([*self.people, part.contact]))]
        rows = part.ranked()[:SHOWN]
        self.best += [(part.generation[row], -part.certainty[row], -part.overlap_s[row], part.pair(int(row))) for row in rows]
        self.best = sorted(self.best, key=lambda one: one[:3])[:SHOWN]


def run(args: argparse.Namespace) -> int:
    _check(args)
    asked = read_asked_cases(args.cases, args.days, backward=args.backward)
    _say_lines(args, asked)
    tally = Tally()
    parts = _by_index(args, asked, tally) if args.engine == "index" else _by_query(args, asked, tally)
    with _written(args.out, tally) as write:
        while True:
            with tally.timed("search"):
                part = next(parts, None)
            if part is None:
                break
            tally.add(part)
            with tally.timed("write"):
                write(part)
    _say_rows(args, tally.visits)
    args.say(_data(args, asked, tally), _text(args, asked, tally))
    return 0


def _check(args: argparse.Namespace) -> None:
    least_mb = LEAST_MB if args.engine == "index" else 256
    if args.days < 0 or args.min_overlap < 0 or args.memory < least_mb or args.threads < 1:
        raise UsageError(
            f"--days、--min-overlap 不得为负，--memory 至少 {least_mb}，--threads 至少 1",
            f"--days and --min-overlap are 0 or more, --memory {least_mb} at least, --threads 1 at least",
        )
    if (args.engine == "postgres") != (args.database is not None):
        raise UsageError("--engine postgres 与 --database 须一起给", "--engine postgres and --database are given together")
    if args.backward and (args.engine != "index" or args.generations != 1):
        raise UsageError("--backward 只用于索引引擎与一代", "--backward is for the index engine and one generation")


def _by_index(args: argparse.Namespace, asked: AskedCases, tally: Tally) -> Iterator[Contacts]:
    """The answer by the index, a part at a time, so that it need not fit in memory."""
    with tally.timed("prepare"):
        opened = open_contact_index(args.visits, folder=args.index, memory_mb=args.memory, tell=args.say.progress)
    tally.index, tally.visits = opened.done, opened.count
    window = Window(asked.since, asked.until)
    if args.backward:
        yield find_sources(opened.index, asked.person, window=window, min_overlap_s=args.min_overlap)
        return
    yield from find_contacts_in_turn(
        opened.index, asked.person, window=window, min_overlap_s=args.min_overlap, generations=args.generations,
        threads=args.threads,
    )  # fmt: skip


def _by_query(args: argparse.Namespace, asked: AskedCases, tally: Tally) -> Iterator[Contacts]:
    """The answer of one Ibis expression on another engine."""
    # Ibis takes longer to import than the index to answer
    from tongchou.store import visit_engines, visit_query, visit_tables  # so they are opened late

    setting, source = args.engine, args.visits
    with tally.timed("prepare"):
        if args.engine == "postgres":
            args.say.progress("把到访载入 PostgreSQL（已载入则沿用）", "loading the visits into PostgreSQL, unless they are there")
            setting, (source, _fresh) = args.database, visit_tables.loaded_table(args.database, args.visits)
    with visit_engines.open_engine(setting, source, memory_mb=args.memory, threads=args.threads) as engine:
        with tally.timed("prepare"):
            tally.visits = visit_tables.count_rows(engine)
        windows = list(zip(asked.person.tolist(), asked.since.tolist(), asked.until.tolist(), strict=True))
        found = visit_query.find_contacts_sql(engine, windows, min_overlap_s=args.min_overlap, generations=args.generations)
        unknown = visit_query.cases_without_visits(engine, asked.person.tolist())
    columns = {name: found[name].to_numpy() for name in found.column_names}
    yield Contacts.of(columns, asked.person, unknown_cases=np.array(unknown, np.int64))


@contextmanager
def _written(out: Path | None, tally: Tally) -> Iterator[Any]:
    """A function that writes parts to the file asked for; the file is there when all of it is."""
    if out is None:
        yield lambda part: None
        return
    schema = pa.schema([(name, pa.int64()) for name in OUT_COLUMNS])
    beside = out.with_name(out.name + ".tmp")
    try:
        with csv.CSVWriter(beside, schema) as writer:
            yield lambda part: writer.write_table(_ordered(part))
    except OSError as error:
        raise CommandError(f"写不了 {out}：{error.strerror}", f"{out} cannot be written: {error.strerror}") from None
    with tally.timed("write"):
        settle(beside, out)


def _ordered(part: Contacts) -> pa.Table:
    """The rows of a part by case, the surest and longest first."""
    turn = np.concatenate([[0], np.cumsum(part.case[1:] != part.case[:-1])]) if len(part) else np.zeros(0, np.int64)
    order = np.lexsort((-part.overlap_s, -part.certainty, turn, part.generation))
    return pa.table({name: pa.array(getattr(part, name)[order].astype(np.int64)) for name in OUT_COLUMNS})


def _say_lines(args: argparse.Namespace, asked: AskedCases) -> None:
    if asked.faults:
        count = sum(asked.faults.values())
        args.say.progress(
            f"病例文件有 {count} 行不可用：{'；'.join(asked.examples)}", f"lines of the case file not usable: {count} (see above)"
        )
    if asked.merged:
        args.say.progress(
            f"同一人多行：{asked.merged} 行并入首个时间窗（取最早起点至最晚终点）",
            f"further lines of a person: {asked.merged}, merged into one window from the first start to the last end",
        )


def _say_rows(args: argparse.Namespace, count: RowCount) -> None:
    if count.bad or count.open_ends:
        args.say.progress(
            f"到访 {count.read} 行：可用 {count.good}（其中 {count.open_ends} 行尚未结束），缺人员或开始 {count.missing}，"
            f"场所不详 {count.no_place}，非整数 {count.not_whole}，结束早于开始 {count.backwards}",
            f"rows of visits {count.read}: good {count.good} ({count.open_ends} of them still going on), without person or start "
            f"{count.missing}, place unknown {count.no_place}, no whole numbers {count.not_whole}, ending before they start {count.backwards}",
        )


def _data(args: argparse.Namespace, asked: AskedCases, tally: Tally) -> dict[str, Any]:
    return {
        "engine": args.engine,
        "index": tally.index,
        "visits": tally.visits.stored(),
        "cases": {"asked": asked.person.size, "merged": asked.merged, "unknown": len(tally.unknown), **asked.faults},
        "generation_1": tally.pairs[1],
        "generation_2": tally.pairs[2],
        "people": sum(one.size for one in tally.people),
        "meetings": tally.meetings,
        "seconds": {what: round(seconds, 6) for what, seconds in tally.seconds.items()},
        "out": str(args.out) if args.out else None,
    }


def _text(args: argparse.Namespace, asked: AskedCases, tally: Tally) -> str:
    data = _data(args, asked, tally)
    lines = [
        f"病例 {asked.person.size} 人（{len(tally.unknown)} 人无到访记录）：一代 {data['generation_1']} 对，二代 {data['generation_2']} 对，"
        f"涉及 {data['people']} 人，接触 {data['meetings']} 次",
        f"cases {asked.person.size} ({len(tally.unknown)} without any visit): pairs of generation 1 {data['generation_1']}, of generation 2 "
        f"{data['generation_2']}, people {data['people']}, meetings {data['meetings']}",
        f"用时 / seconds: {' · '.join(f'{what} {seconds:.3f}' for what, seconds in tally.seconds.items())}",
    ]
    if args.out:
        return "\n".join([*lines, f"已写出 / written: {args.out}"])
    heads = ["病例/case", "接触者/contact", "秒/s", "次/meetings", "首/first", "末/last", "代/gen.", "可信度/certainty"]
    pairs = [one[3] for one in tally.best]
    cells = [
        (p.case, p.contact, p.overlap_s, p.meetings, p.first, p.last, p.generation, f"{p.certainty:.0%}") for p in pairs
    ]
    shown = [f"前 {len(pairs)} 对，全部请用 --out / the first {len(pairs)} pairs; --out writes all", table(heads, cells)]
    return "\n".join([*lines, *(shown if pairs else [])])
