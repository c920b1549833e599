"""``tongchou export LEDGER``: a ledger as a sheet that the importer reads back unchanged."""

from __future__ import annotations

import argparse
from pathlib import Path

from tongchou.cli import acting
from tongchou.cli.terminal import CommandError
from tongchou.ledger import registry
from tongchou.ledger.exchange import exporting

NAME = "export"
HELP_ZH = "把台账导出为 csv 或 xlsx（岗位看得到的行和列）"
HELP_EN = "export a ledger to csv or xlsx: the rows and columns that the post may see"
JSON = {
    "ledger": "台账 / the ledger",
    "rows": "行数 / rows written",
    "file": "文件 / the file",
    "password": "加密文件的口令，未加密为空 / password of the encrypted file, empty where it is plain",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", metavar="LEDGER", help="台账，例如 person、case / ledger key")
    parser.add_argument("--out", metavar="FILE", type=Path, help="写到哪里，默认 LEDGER.csv / where to, LEDGER.csv by default")
    parser.add_argument("--encrypt", action="store_true", help="xlsx 整体加密，打印口令 / encrypt the xlsx as a whole and print its password")
    acting.add_argument(parser)


def run(args: argparse.Namespace) -> int:
    by = acting.actor(args.post)
    ledger = registry.get(args.ledger)
    path = args.out or Path(f"{ledger.key}.csv")
    if path.suffix not in (".csv", ".xlsx"):
        raise CommandError("文件名请以 .csv 或 .xlsx 结尾", "the file's name ends in .csv or .xlsx")
    done = exporting.export(ledger, ledger.rows(by), path, by=by, encrypt=args.encrypt)
    told = {"ledger": ledger.key, "rows": done.rows, "file": str(path), "password": done.password}
    args.say(told, f"已导出 {done.rows} 行到 {path} / {done.rows} rows written to {path}" + (f"\n口令 / password: {done.password}" if done.password else ""))
    return 0
