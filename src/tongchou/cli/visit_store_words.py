"""The words of ``tongchou visits`` about a visit store: take files in, gather a day's files into one, replace a day."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from tongchou.store.visit_rows import RowCount, state_of, visit_files
from tongchou.store.visit_store import VisitStore


def add_words(below: Any) -> None:
    """``ingest``, ``replace-day`` and ``compact`` under ``tongchou visits``."""
    taken = below.add_parser("ingest", help="把 Parquet 到访文件并入到访库 / take Parquet files of visits into a store")
    taken.add_argument("store", type=Path, metavar="STORE", help="到访库文件夹 / folder of the store")
    taken.add_argument("visits", type=Path, metavar="PATH", help="Parquet 文件或文件夹 / a Parquet file or a folder of them")
    taken.add_argument(
        "--key", default="", metavar="TEXT", help="批次名：同名批次只并入一次 / name of the batch: taken in once however often sent"
    )
    taken.add_argument(
        "--utc-offset", type=int, metavar="S", help="市历午夜早于 UTC 几秒，首次并入时定（中国 28800） / seconds by which the city's midnight is before that of UTC"
    )
    day = below.add_parser("replace-day", help="用一个文件替换某日全部到访 / replace all visits of a day by those of a file")
    day.add_argument("store", type=Path, metavar="STORE", help="到访库文件夹 / folder of the store")
    day.add_argument("day", type=int, metavar="DAY", help="日序，1970-01-01 为 0 / number of the day, 1970-01-01 being 0")
    day.add_argument("visits", type=Path, metavar="FILE", help="Parquet 文件 / a Parquet file")
    packed = below.add_parser("compact", help="每日的多个文件并成一个 / gather the files of each day into one")
    packed.add_argument("store", type=Path, metavar="STORE", help="到访库文件夹 / folder of the store")


def ingest(args: argparse.Namespace) -> int:
    store = VisitStore(args.store, utc_offset_s=args.utc_offset)
    files = visit_files(args.visits)
    for file in files:
        state_of(file)
    taken = store.ingest(files, key=args.key)
    if taken.again:
        args.say.progress(
            f"批次“{args.key}”此前已并入，本次未再加入", f"the batch {args.key!r} was taken in before; nothing was added again"
        )
    args.say({**taken.count.stored(), "days": len(taken.days), "again": taken.again}, _told(taken.count, len(taken.days)))
    return 0


def replace_day(args: argparse.Namespace) -> int:
    state_of(args.visits)
    table: pa.Table = parquet.read_table(args.visits)
    taken = VisitStore(args.store).replace_day(args.day, table)
    args.say({**taken.count.stored(), "days": 1, "again": False}, _told(taken.count, 1))
    return 0


def compact(args: argparse.Namespace) -> int:
    store = VisitStore(args.store)
    days = store.compact()
    args.say(
        {"days": len(days), "visits": sum(store.days().values())},
        f"合并了 {len(days)} 天的文件 / days whose files were gathered: {len(days)}",
    )
    return 0


def _told(count: RowCount, days: int) -> str:
    return (
        f"读 {count.read} 行：并入 {count.good}（{days} 天，其中 {count.open_ends} 行尚未结束），缺人员或开始 {count.missing}，"
        f"场所不详 {count.no_place}，非整数 {count.not_whole}，结束早于开始 {count.backwards}\n"
        f"rows read {count.read}: taken in {count.good} (days {days}, still going on {count.open_ends}), without person or start "
        f"{count.missing}, place unknown {count.no_place}, no whole numbers {count.not_whole}, ending before they start {count.backwards}"
    )
