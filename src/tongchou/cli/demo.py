"""``tongchou demo``: the demo city in a data folder of its own. The demo's files stand beside the product, in ``demo/``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tongchou import env
from tongchou.cli import terminal

NAME = "demo"
HELP_ZH = "建立并打开演示城市：攀枝花，2020年1月22日至2月14日"
HELP_EN = "make and open the demo city: Panzhihua, 22 January to 14 February 2020"
DJANGO = False

_FOLDER = env.ROOT / "demo"
_LEAST_PEOPLE = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-serve", action="store_true", help="只建立，不提供网页 / make the city without serving it")
    parser.add_argument("--port", type=int, default=8000, help="端口，默认 8000 / port, 8000 by default")
    parser.add_argument("--data", metavar="DIR", help="数据文件夹，默认 var/demo / data folder, var/demo by default")
    parser.add_argument("--people", metavar="N|full", default="",
                        help="居民数，默认 20000;full 为普查的 1212203 人 / "
                             "residents, 20000 by default; full: the census's 1,212,203")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    if not _FOLDER.is_dir():
        raise terminal.CommandError(
            f"找不到演示文件夹 {_FOLDER}；演示只随源代码提供", f"there is no {_FOLDER}: the demo comes with the source tree only"
        )
    if not 1 <= args.port <= 65535:
        raise terminal.UsageError(f"端口 {args.port} 无效，请在 1 到 65535 之间选", f"port {args.port} is none: choose 1 to 65535")
    words = [sys.executable, "-m", "demo", "--people", people_of(args.people), "--port", str(args.port)]
    if args.no_serve:
        words.append("--no-serve")
    # The demo reads its data folder before Django stands, so this process becomes it, with another environment.
    os.chdir(env.ROOT)
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(sys.executable, words, surroundings(args.data))  # noqa: S606
    return subprocess.run(words, env=surroundings(args.data), check=False).returncode


def people_of(text: str) -> str:
    """``--people`` as the demo reads it. Raises UsageError for what is no number of people."""
    if text in ("", "full"):
        return text
    if not text.isascii() or not text.isdigit() or int(text) < _LEAST_PEOPLE:
        raise terminal.UsageError(
            f"--people {text}：请填不小于 {_LEAST_PEOPLE} 的整数或 full", f"--people {text}: a number from {_LEAST_PEOPLE} up, or full"
        )
    return text


def surroundings(data: str | None) -> dict[str, str]:
    """The environment of a demo: its own folder and embedded database, marked as a demo, on the machine's own clock.

    A server that the environment names holds a real city: the demo never goes there.
    """
    folder = Path(data).expanduser().resolve() if data else env.ROOT / "var" / "demo"
    path = os.pathsep.join([str(env.ROOT / "src"), str(env.ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    inherited = {name: value for name, value in os.environ.items() if name != "TONGCHOU_CLOCK"}
    return {**inherited, "TONGCHOU_DATA": str(folder), "TONGCHOU_DATABASE_URL": "", "TONGCHOU_DEMO": "1", "PYTHONPATH": path}
