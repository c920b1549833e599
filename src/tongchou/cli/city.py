"""``tongchou city``: a city person by person from census tables, its description, and ledgers of any size for measuring."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from tongchou import env
from tongchou.cli import city_report, terminal
from tongchou.engine.city import CityFault, synthesize_city
from tongchou.engine.city.describe import compare_with_census, describe_city
from tongchou.store.census_tables import read_census, read_figures
from tongchou.store.city_file import load_city, save_city

NAME = "city"
HELP_ZH = "按普查表生成逐人城市并说明；生成用于测量的台账"
HELP_EN = "a city person by person from census tables, and what it is; ledgers for measuring"
DJANGO = False
JSON = {
    "synthesize-ledger": {
        "people": "居民数 / residents",
        "cases": "病例数 / cases",
        "tasks": "任务数 / tasks",
    },
    "synthesize": {
        "out": "城市文件夹 / the city's folder",
        "people": "人数 / persons",
        "households": "户数 / households, rooms of collective ones included",
        "sites": "场所数 / sites: schools, firms, institutions",
        "groups": "班组数 / classes, teams and wards",
        "neighbourhoods": "社区数 / neighbourhoods",
        "routes": "同乘组数 / parties that ride together",
        "seed": "种子 / seed",
        "source": "普查表 / census table",
        "bytes_per_person": "每人字节数 / bytes a person",
        "build_s": "生成秒数 / seconds to build",
        "save_s": "写盘秒数 / seconds to write",
        "sha256": "城市的散列值 / hash of the city",
        "misplaced": "年龄或性别与家庭位置不合的人数 / persons in a household place that their age or sex does not fit",
        "persons_missed": "因无合适户型而独居的人数 / persons who live alone because no household type was left",
    },
    "describe": {
        "people": "人数 / persons",
        "source": "普查表 / census table",
        "seed": "种子 / seed",
        "counties": "区县及人数 / counties and their persons",
        "ages": "各年龄组男女人数 / men and women by age group",
        "household_sizes": "家庭户按人数的比重 / share of family households by persons",
        "persons_by_household_kind": "各类住户人数 / persons by kind of household",
        "sectors": "就业人员行业比重 / share of workers by industry",
        "sites": "各类场所数、人数、平均与最大规模 / sites by kind: number, persons, mean and largest",
        "work_in_other_county": "跨区县就业比重 / share of workers whose site is in another county",
        "riders": "同乘通勤人数 / persons who ride in parties",
        "neighbourhood_persons": "社区平均人数 / persons a neighbourhood",
        "bytes_per_person": "每人字节数 / bytes a person",
        "differences": "逐区县与普查表之差 / every census figure by county: census, city, difference",
        "left_out": "名单中有、城市中没有的行数，普查城市为空 / rows of lists that are not in the city, empty for a census city",
        "largest_differences": "各类数字的最大差 / the largest difference of each figure and its county",
    },
}
_LEAST_PEOPLE, _MOST_PEOPLE = 300, 2_400_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", metavar="WORD", required=True, parser_class=terminal.Parser)
    _ledger_arguments(words)
    made = words.add_parser(
        "synthesize",
        help="按普查表生成逐人城市 / a city person by person from census tables",
        description="按区县普查表生成居民、家庭户、学校、单位、小区和通勤 / residents, households, schools, firms, neighbourhoods and commuting",
    )
    made.add_argument("--census", required=True, metavar="NAME|FILE", help="内置普查表名或区县普查表 CSV / a table that the product carries, or a CSV")
    made.add_argument("--area", default="", metavar="CODE", help="只取代码以此开头的区县，如 5104 / only counties whose code begins so")
    made.add_argument("--people", type=int, metavar="N", help="人数，缺省为普查人口 / persons; the census's by default")
    made.add_argument("--seed", type=int, default=1, metavar="S", help="种子：同一种子得同一城市 / the same seed makes the same city")
    made.add_argument("--threads", type=int, default=2, metavar="N", help="线程数，不影响结果，缺省 2 / threads; results do not depend on them, 2 if left out")
    made.add_argument("--figures", metavar="FILE", help="自备参数文件 TOML / figures of your own in place of figures.toml")
    made.add_argument("--out", required=True, metavar="DIR", help="城市文件夹 / the city's folder")
    made.add_argument("--replace", action="store_true", help="覆盖原有城市文件夹 / replace a city that is there")
    told = words.add_parser("describe", help="城市概况及与普查表之差 / a city in figures, and how it differs from its census")
    told.add_argument("folder", metavar="DIR", help="城市文件夹 / the city's folder")


def run(args: argparse.Namespace) -> int:
    try:
        return {"synthesize-ledger": _synthesize_ledger, "synthesize": _synthesize, "describe": _describe}[args.what](args)
    except CityFault as fault:
        raise terminal.CommandError(fault.zh, fault.en) from fault


def _synthesize(args: argparse.Namespace) -> int:
    if args.seed < 0:
        raise terminal.UsageError("--seed 不能为负", "--seed cannot be negative")
    if args.threads < 1:
        raise terminal.UsageError("--threads 至少为 1", "--threads is 1 or more")
    if Path(args.out).exists() and not args.replace:
        raise terminal.UsageError(f"{args.out} 已存在：请换文件夹或加 --replace", f"{args.out} is there already; choose another or add --replace")
    figures = read_figures(Path(args.figures)) if args.figures else None
    census = read_census(args.census, area=args.area, figures=figures)
    people = census.population if args.people is None else args.people
    args.say.progress(f"{len(census.counties)} 个区县，{people} 人", f"{len(census.counties)} counties, {people} people")
    begun = perf_counter()
    city = synthesize_city(census, people=people, seed=args.seed, threads=args.threads)
    built = perf_counter()
    told = save_city(city, args.out, replace=args.replace)
    data = {
        "out": str(args.out), "people": len(city), "households": city.households, "sites": city.sites, "groups": city.groups,
        "neighbourhoods": city.neighbourhoods, "routes": city.routes, "seed": args.seed, "source": city.source,
        "bytes_per_person": round(city.nbytes / len(city), 2), "build_s": round(built - begun, 2),
        "save_s": round(perf_counter() - built, 2), "sha256": told,
        "misplaced": city.notes["misplaced"], "persons_missed": city.notes["persons_missed"],
    }  # fmt: skip
    args.say(data, "\n".join(f"{key}: {value}" for key, value in data.items()))
    return 0


def _describe(args: argparse.Namespace) -> int:
    city = load_city(args.folder)
    figures, differences = describe_city(city), compare_with_census(city)
    args.say(city_report.as_data(city, figures, differences), city_report.as_text(city, figures, differences))
    return 0


def _ledger_arguments(words: Any) -> None:
    made = words.add_parser(
        "synthesize-ledger",
        help="在当前数据文件夹生成居民、病例和任务台账 / residents, cases and tasks in the current data folder",
        description="在空的数据文件夹（TONGCHOU_DATA）里生成；中断后再运行会接着做 / fills an empty data folder; run again, it goes on",
    )
    made.add_argument("--people", type=int, required=True, metavar="N", help="居民数 / residents")
    made.add_argument("--cases", type=int, default=0, metavar="M", help="病例数，默认 0 / cases, 0 by default")
    made.add_argument("--tasks", type=int, default=0, metavar="T", help="任务数，默认 0 / tasks, 0 by default")
    made.add_argument("--seed", type=int, default=1, metavar="S", help="种子：同一种子得同一城市 / the same seed makes the same city")


def _synthesize_ledger(args: argparse.Namespace) -> int:
    if not _LEAST_PEOPLE <= args.people <= _MOST_PEOPLE:
        raise terminal.UsageError(
            f"--people {args.people}：应在 {_LEAST_PEOPLE} 到 {_MOST_PEOPLE} 之间",
            f"--people {args.people}: from {_LEAST_PEOPLE} to {_MOST_PEOPLE}",
        )
    if not 0 <= args.cases <= args.people or args.tasks < 0 or args.seed < 0:
        raise terminal.UsageError(
            "--cases 不能多于 --people;--tasks、--seed 不能为负",
            "--cases cannot exceed --people; --tasks and --seed cannot be negative",
        )
    if not (env.ROOT / "bench" / "ledger_city.py").is_file():
        raise terminal.CommandError("生成程序只随源代码提供（bench/）", "the generator comes with the source tree only (bench/)")
    words = [sys.executable, "-m", "bench.ledger_city"]
    for name in ("people", "cases", "tasks", "seed"):
        words += [f"--{name}", str(getattr(args, name))]
    if getattr(args, "json", False):
        words.append("--json")
    path = os.pathsep.join([str(env.ROOT / "src"), str(env.ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(words, cwd=env.ROOT, env={**os.environ, "PYTHONPATH": path}, check=False).returncode
