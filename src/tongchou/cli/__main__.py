"""``python -m tongchou.cli WORD ...``: the command line of Tongchou."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
from importlib import import_module

import django

from tongchou import env
from tongchou.cli import commands, standing, terminal

ABOUT = """统筹：一座城市的疫情指挥系统 / Tongchou: a city's command system for an epidemic

每个命令都有自己的帮助 / every command has its own help: tongchou WORD --help
退出码 / exit codes: 0 完成 done · 1 失败并说明原因 failed, with the reason · 2 命令写法有误 wrong usage"""


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give ``--json`` to a command, or to each word under it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in set(action.choices.values()):
                add_json(below)
            return
    if "--json" not in parser._option_string_actions:
        parser.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")


def overview() -> terminal.Parser:
    """The parser that knows every command by name and opens none of them."""
    parser = terminal.Parser(prog="tongchou", description=ABOUT)
    words = parser.add_subparsers(dest="word", metavar="WORD", title="命令 / commands")
    for command in commands.every().values():
        words.add_parser(command.name, help=command.help, description=command.help)
    return parser


def parser_of(command: commands.Command) -> terminal.Parser:
    """The complete parser of one command, whose file is imported (Django must stand where it is needed)."""
    parser = terminal.Parser(prog=f"tongchou {command.name}", description=command.help, epilog=terminal.columns(command.input))
    command.load().add_arguments(parser)
    if command.json:
        add_json(parser)
    return parser


def ready_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.settings")
    django.setup()
    gc.freeze()  # what start-up made stays: a long command need not look through it for rubbish again and again


def keep_compiled_kernels() -> None:
    """Where the program's own folder cannot be written, keep the engine's compiled kernels in the city's data folder.

    Numba keeps them beside the source else; with nowhere to keep them it would refuse to run. Without a data folder of
    its own a run compiles into a folder that nobody else can write, for what lies there is executed.
    """
    if os.environ.get("NUMBA_CACHE_DIR") or os.access(env.ROOT / "src" / "tongchou" / "engine", os.W_OK):
        return
    data = env.folder("TONGCHOU_DATA")
    os.environ["NUMBA_CACHE_DIR"] = str(data / "kernels") if os.access(data, os.W_OK) else tempfile.mkdtemp(prefix="tongchou-kernels-")


def run_command(words: list[str]) -> int:
    known = commands.every()
    command = known.get(words[0]) if words else None
    if command is None:
        if words and not words[0].startswith("-"):
            raise terminal.UsageError(
                f"没有“{words[0]}”这个命令；可用：{'、'.join(known)}",
                f"there is no command {words[0]!r}; there are: {', '.join(known)}",
            )
        overview().parse_args(words)
        overview().print_help()
        return 0
    if command.city != "none":
        standing.choose_city()
    keep_compiled_kernels()
    if command.django:
        ready_django()
    args = parser_of(command).parse_args(words[1:])
    args.say = terminal.Voice(getattr(args, "json", False))
    if command.city == "needed":
        presence = import_module("tongchou.cli.presence")
        presence.refuse_empty()
        presence.stand_demo_clock()
    return command.load().run(args) or 0


def main(words: list[str] | None = None) -> int:
    """Run one command line; its exit code. Errors that name what to do are printed without a traceback."""
    try:
        return run_command(sys.argv[1:] if words is None else words)
    except KeyboardInterrupt:
        sys.stderr.write("\n已停止 / stopped\n")
        return 130
    except BrokenPipeError:  # the reader of a pipe (head, less) has what it wanted
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 -- stays open to the end of the process
        return 0
    except env.SettingError as error:
        return terminal.fail(error)
    except Exception as error:
        if not (hasattr(error, "zh") and hasattr(error, "en")):
            raise
        return terminal.fail(error)


if __name__ == "__main__":
    sys.exit(main())
