"""``tongchou test``: the test suite on the embedded database, then on PostgreSQL."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tongchou import env
from tongchou.cli import terminal

NAME = "test"
HELP_ZH = "运行全部测试：先用内置数据库，再用 PostgreSQL"
HELP_EN = "run the whole test suite: on the embedded database, then on PostgreSQL"
DJANGO = False

# pytest's own codes: 0 all passed, 5 nothing was selected (a path that one database leaves out).
NOTHING_SELECTED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", choices=("both", "sqlite", "postgres"), default="both",
        help="用哪个数据库，默认两个都跑 / which database, both by default",
    )
    parser.add_argument("-n", "--processes", type=int, default=1, metavar="N", help="并行进程数 / processes beside each other")
    parser.add_argument(
        "pytest", nargs="*", metavar="WORD",
        help="交给 pytest 的路径或选项，写在 -- 之后 / paths and options for pytest, after --",
    )


def has_postgres() -> bool:
    """Whether this machine has PostgreSQL's server programs, or a server is named in the environment."""
    debian = any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian or bool(shutil.which("initdb") or env.text("TONGCHOU_DATABASE_URL"))


def databases(chosen: str) -> list[str]:
    """The databases of this run.

    Raises:
        CommandError: where PostgreSQL is required and this machine has none.
    """
    if chosen != "both":
        return [chosen]
    if has_postgres():
        return ["sqlite", "postgres"]
    missing_zh = "这台机器没有 PostgreSQL(apt-get install postgresql)"
    missing_en = "this machine has no PostgreSQL (apt-get install postgresql)"
    if "postgres" in os.environ.get("TONGCHOU_REQUIRE", ""):
        raise terminal.CommandError(missing_zh, missing_en)
    terminal.Voice().progress(f"{missing_zh}，只测内置数据库", f"{missing_en}: testing the embedded database alone")
    return ["sqlite"]


#: rooms of tests that ask no city's database; those that compare engines start servers of their own
NO_CITY_DATABASE = ("tests/architecture", "tests/engine_*", "tests/store")


def run_suite(database: str, args: argparse.Namespace, first: bool) -> int:
    """One run of pytest; its exit code. What reads source text, or computes and keeps files, is tested in the first run alone."""
    words = [sys.executable, "-m", "pytest", *args.pytest]
    if args.processes > 1:
        words += ["-n", str(args.processes), "--dist", "loadfile"]
    if not first:
        words += [f"--ignore-glob={env.ROOT / room}" for room in NO_CITY_DATABASE]
    terminal.Voice().progress(f"测试：{database}", f"testing on {database}")
    surroundings = {**os.environ, "TONGCHOU_TEST_DATABASE": database}
    return subprocess.run(words, cwd=env.ROOT, env=surroundings, stdin=subprocess.DEVNULL).returncode


def run(args: argparse.Namespace) -> int:
    chosen = databases(args.database)
    codes = [run_suite(name, args, first=index == 0) for index, name in enumerate(chosen)]
    if all(code == NOTHING_SELECTED for code in codes):
        raise terminal.CommandError("没有选中任何测试", "no test was selected")
    failed = [name for name, code in zip(chosen, codes, strict=True) if code not in (0, NOTHING_SELECTED)]
    if failed:
        raise terminal.CommandError(f"测试未通过：{'、'.join(failed)}", f"tests failed on: {', '.join(failed)}")
    return 0
