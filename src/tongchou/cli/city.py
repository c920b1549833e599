"""``tongchou city synthesize-ledger``: a seeded ledger city of any size in the current data folder, for measuring."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tongchou import env
from tongchou.cli import terminal

NAME = "city"
HELP_ZH = "生成用于测量的城市（虚构居民、病例、任务）"
HELP_EN = "make a city for measuring (invented residents, cases, tasks)"
DJANGO = False
JSON = {
    "synthesize-ledger": {
        "people": "居民数 / residents",
        "cases": "病例数 / cases",
        "tasks": "任务数 / tasks",
    }
}
_LEAST_PEOPLE, _MOST_PEOPLE = 300, 2_400_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", metavar="WORD", required=True, parser_class=terminal.Parser)
    made = words.add_parser(
        "synthesize-ledger",
        help="在当前数据文件夹生成居民、病例和任务台账 / residents, cases and tasks in the current data folder",
        description="在空的数据文件夹（TONGCHOU_DATA）里生成；中断后再运行会接着做 / fills an empty data folder; run again, it goes on",
    )
    made.add_argument("--people", type=int, required=True, metavar="N", help="居民数 / residents")
    made.add_argument("--cases", type=int, default=0, metavar="M", help="病例数，默认 0 / cases, 0 by default")
    made.add_argument("--tasks", type=int, default=0, metavar="T", help="任务数，默认 0 / tasks, 0 by default")
    made.add_argument("--seed", type=int, default=1, metavar="S", help="种子：同一种子得同一城市 / the same seed makes the same city")


def run(args: argparse.Namespace) -> int:
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
