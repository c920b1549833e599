"""``tongchou visits``: the store of visits, and ``synthesize``: a made-up city's visits, so that others can repeat a benchmark or try a search."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from tongchou.cli import visit_store_words
from tongchou.cli.terminal import CommandError, UsageError
from tongchou.engine.contacts import Visits
from tongchou.engine.visits import synthesize_visits
from tongchou.store.visit_store import VisitStore

NAME = "visits"
HELP_ZH = "合成一座城市的到访记录，或把到访按日存入到访库（Parquet）"
HELP_EN = "synthesize a city's visits, or keep visits in a visit store, Parquet by day"
DJANGO = False
JSON = {
    "synthesize": {
        "people": "人数 / people",
        "places": "场所数 / places",
        "visits": "到访数 / visits",
        "days": "天数 / days",
        "first": "第一天 / first day",
        "seed": "种子 / seed",
        "files": "文件数 / files",
        "bytes": "总字节数 / bytes in all",
        "out": "文件夹 / folder",
    },
    "ingest": {
        "good": "可用的到访行 / rows that are visits",
        "open_ends": "其中尚未结束的 / of these still going on",
        "missing": "缺人员或开始的行 / rows without person or start",
        "no_place": "场所不详的行 / rows whose place is unknown",
        "not_whole": "非整数的行 / rows with no whole numbers",
        "backwards": "结束早于开始的行 / rows that end before they start",
        "days": "涉及的天数 / days",
        "again": "该批次此前已并入 / whether the batch had been taken in before",
    },
    "replace-day": {
        "good": "可用的到访行 / rows that are visits",
        "open_ends": "其中尚未结束的 / of these still going on",
        "missing": "缺人员或开始的行 / rows without person or start",
        "no_place": "场所不详的行 / rows whose place is unknown",
        "not_whole": "非整数的行 / rows with no whole numbers",
        "backwards": "结束早于开始的行 / rows that end before they start",
        "days": "涉及的天数 / days",
        "again": "该批次此前已并入 / whether the batch had been taken in before",
    },
    "compact": {
        "days": "合并了文件的天数 / days whose files were gathered",
        "visits": "库中到访数 / visits in the store",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    below = parser.add_subparsers(dest="what", required=True, metavar="WHAT", title="内容 / what")
    made = below.add_parser("synthesize", help="合成到访记录 / synthesize visits")
    made.add_argument("--people", type=int, required=True, metavar="N", help="人数 / people")
    made.add_argument("--visits", type=int, required=True, metavar="M", help="到访总数 / visits in all")
    made.add_argument("--days", type=int, required=True, metavar="D", help="天数 / days")
    made.add_argument("--places", type=int, metavar="P", help="场所数，默认每 500 次到访一个 / places, by default one for 500 visits")
    made.add_argument("--seed", type=int, default=1, metavar="S", help="种子，默认 1 / seed, by default 1")
    made.add_argument(
        "--first", type=_day, default=date(2020, 1, 6), metavar="DATE", help="第一天，默认 2020-01-06 / first day, by default 2020-01-06"
    )
    made.add_argument("--threads", type=int, default=2, metavar="T", help="线程数，不影响结果 / threads; the result does not depend on it")
    made.add_argument("--out", type=Path, required=True, metavar="PATH", help="空文件夹 / an empty folder")


    visit_store_words.add_words(below)


def run(args: argparse.Namespace) -> int:
    words = {"ingest": visit_store_words.ingest, "replace-day": visit_store_words.replace_day, "compact": visit_store_words.compact}
    return words.get(args.what, synthesize)(args)


def synthesize(args: argparse.Namespace) -> int:
    city = synthesize_visits(
        people=args.people, visits=args.visits, days=args.days, seed=args.seed, places=args.places,
        first=args.first, threads=args.threads,
    )  # fmt: skip
    store = VisitStore(args.out)
    if store.days():
        raise CommandError(f"{args.out} 中已有到访：请换一个空文件夹。", f"{args.out} holds visits already: name an empty folder.")
    for number, day in enumerate(city, start=1):
        taken = store.replace_day(store.day_of(int(day.start[0])), Visits(day.person, day.place, day.start, day.end))
        args.say.progress(
            f"第 {number}/{len(city)} 天，{taken.count.good} 次到访", f"day {number} of {len(city)}, {taken.count.good} visits"
        )
    files = list(args.out.glob("*.parquet"))
    data = {
        "people": city.people, "places": city.places, "visits": sum(store.days().values()), "days": len(city),
        "first": city.first.isoformat(), "seed": city.seed, "files": len(files), "bytes": sum(file.stat().st_size for file in files),
        "out": str(args.out),
    }  # fmt: skip
    args.say(
        data,
        f"{data['visits']} 次到访，{city.people} 人，{city.places} 个场所，{len(city)} 天，共 {data['bytes']} 字节，存于 {args.out}\n"
        f"{data['visits']} visits of {city.people} people at {city.places} places on {len(city)} days, {data['bytes']} bytes in {args.out}",
    )
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"“{text}”不是日历上的日期，请写成 2020-01-06。", f"{text!r} is no day on the calendar; write 2020-01-06."
        ) from None
