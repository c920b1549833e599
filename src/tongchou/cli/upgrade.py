"""``tongchou upgrade``: after a new version of the program, bring the data along; a backup comes first."""

from __future__ import annotations

import argparse
import io

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from tongchou.cli import backup, messages, soundness, terminal

NAME = "upgrade"
HELP_ZH = "升级数据：先备份，再更新数据库结构、编译词条并检查"
HELP_EN = "upgrade the data: back up, change the database, compile the catalogues, check"
CITY = "optional"
JSON = {
    "backup": "升级前的备份，没有可备份的数据时为空 / the backup taken first, empty where there was nothing to keep",
    "applied": "完成的数据库变更 / database changes made",
    "ok": "升级后检查通过 / the check passed afterwards",
    "checks": "同 check / as check prints them",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    backup.add_secret(parser)


def pending() -> list[str]:
    executor = MigrationExecutor(connection)
    return [f"{step.app_label}.{step.name}" for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def apply_changes(kept: str) -> None:
    """Run the migrations; a failure names the way back."""
    try:
        call_command("migrate", interactive=False, verbosity=0, stdout=io.StringIO())
    except (DatabaseError, ValueError) as error:
        back = (f";原数据在 {kept}，用 tongchou restore 恢复", f"; the data as it was: {kept}, bring it back with tongchou restore")
        raise terminal.CommandError(
            f"数据库升级失败：{error}{back[0] if kept else ''}", f"the database could not be changed: {error}{back[1] if kept else ''}"
        ) from error


def run(args: argparse.Namespace) -> int:
    due, tables = pending(), connection.introspection.table_names()
    kept = ""
    if due and tables:
        secret, _ = backup.secret_for_making(args)
        target = backup.default_target()
        backup.make_backup(target, secret, args.say.progress)
        kept = str(target)
    if due:
        args.say.progress(f"更新数据库结构（{len(due)} 项）", f"changing the database ({len(due)} changes)")
        apply_changes(kept)
    messages.compile_catalogues()
    found = soundness.look()
    ok = all(finding.level != soundness.BAD for finding in found)
    result = {"backup": kept, "applied": due, "ok": ok, "checks": [finding.as_row() for finding in found]}
    lines = [f"完成 {len(due)} 项数据库变更 / {len(due)} database changes made"]
    lines += [f"备份 / backup: {kept}"] if kept else []
    lines += [f"✗ {finding.zh} / {finding.en}" for finding in found if finding.level == soundness.BAD]
    args.say(result, "\n".join(lines))
    return 0 if ok else 1
