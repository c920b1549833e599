"""``tongchou import LEDGER FILE``: a sheet into a ledger, each row accounted for."""

from __future__ import annotations

import argparse
from pathlib import Path

from tongchou.cli import acting
from tongchou.cli.terminal import CommandError
from tongchou.ledger import registry
from tongchou.ledger.exchange import applying, staging
from tongchou.ledger.models import Import

NAME = "import"
HELP_ZH = "把 xlsx 或 csv 表格导入台账，逐行有交代；--dry-run 只核对不写入"
HELP_EN = "import an xlsx or csv sheet into a ledger and account for every row; --dry-run writes nothing"
JSON = {
    "rows": "表头以下的非空行数 / rows below the header that are not blank",
    "created": "新增 / rows added",
    "updated": "更新 / rows changed",
    "unchanged": "未变 / rows that already stood so",
    "rejected": "退回 / rows handed back; rows = created + updated + unchanged + rejected",
    "refused": "整份退回的原因 {code, zh, en}，否则 null / why the whole file was refused, else null",
    "reasons": "退回原因 [{row, column, code, zh, en}] / why rows were handed back",
    "ignored_columns": "没有采用的列 / columns of the file that were not taken",
    "state": "staged（只核对）、done、refused / staged after a dry run, done or refused",
    "id": "导入编号，可整体撤销 / the import, which can be undone as a whole",
    "ledger": "台账 / the ledger",
    "file": "文件名 / the file's name",
}
INPUT = {
    "第一行表头 / header": "台账导出的列名（中文、英文名均可），或列对照 --map 所列 / the ledger's own column labels or names, or those of --map",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", metavar="LEDGER", help="台账，例如 person、case / ledger key")
    parser.add_argument("file", metavar="FILE", type=Path, help="xlsx 或 csv(UTF-8、GB18030)/ xlsx or csv")
    parser.add_argument("--map", dest="map_name", metavar="NAME", default="", help="列对照名称 / a column mapping by name")
    parser.add_argument("--dry-run", action="store_true", help="只核对，不写入 / judge only, write nothing")
    acting.add_argument(parser)


def run(args: argparse.Namespace) -> int:
    if not args.file.is_file():
        raise CommandError(f"找不到文件 {args.file}", f"there is no file {args.file}")
    by = acting.actor(args.post)
    ledger = registry.get(args.ledger)
    args.say.progress("正在读取和核对…", "reading and judging…")
    source = staging.stage(ledger, args.file, file_name=args.file.name, by=by, map_name=args.map_name)
    if source.state == Import.State.STAGED and not args.dry_run:
        args.say.progress(f"正在写入 {source.created + source.updated} 行…", f"writing {source.created + source.updated} rows…")
        applying.apply_now(source=source, by=by)
        source.refresh_from_db()
    told = applying.account(source)
    args.say(told, _text(told))
    return 1 if told["refused"] else 0


def _text(told: dict) -> str:
    if told["refused"]:
        return f"整份退回：{told['refused']['zh']}\nrefused: {told['refused']['en']}"
    lines = [
        f"共 {told['rows']} 行：新增 {told['created']}，更新 {told['updated']}，未变 {told['unchanged']}，退回 {told['rejected']}",
        f"{told['rows']} rows: {told['created']} created, {told['updated']} updated, {told['unchanged']} unchanged, {told['rejected']} rejected",
    ]
    if told["ignored_columns"]:
        lines.append(f"没有采用的列 / columns not taken: {'、'.join(told['ignored_columns'])}")
    lines += [f"  第 {r['row']} 行 {r['column']}: {r['zh']} / {r['en']}" for r in told["reasons"][:50]]
    if len(told["reasons"]) > 50:
        lines.append(f"  …共 {len(told['reasons'])} 条，加 --json 看全部 / {len(told['reasons'])} in all, see --json")
    return "\n".join(lines)
