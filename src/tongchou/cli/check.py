"""``tongchou check``: may this installation be trusted with a city's data?"""

from __future__ import annotations

import argparse

from tongchou.cli import soundness

NAME = "check"
HELP_ZH = "检查安装：数据库版本与写入设置、密钥、磁盘、数据库结构、审计链"
HELP_EN = "check the installation: database version and durability, keys, disk, database changes, audit chain"
CITY = "optional"
JSON = {
    "ok": "没有一项为 bad 时为 true / true where nothing is bad",
    "checks": "逐项列表 / one entry each: {name, level: ok|warn|bad, zh, en}",
}
MARKS = {soundness.OK: "✓", soundness.WARN: "!", soundness.BAD: "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deep", action="store_true",
        help="另外逐页检查数据库并核对整条审计链（较慢） / also read every page of the database and the whole audit chain (slow)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    found = soundness.look(deep=args.deep)
    ok = all(finding.level != soundness.BAD for finding in found)
    lines = [f"{MARKS[finding.level]} {finding.zh} / {finding.en}" for finding in found]
    args.say({"ok": ok, "checks": [finding.as_row() for finding in found]}, "\n".join(lines))
    return 0 if ok else 1
