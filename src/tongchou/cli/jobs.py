"""``tongchou jobs``: the worker, and what it has to do."""

from __future__ import annotations

import argparse

from tongchou import jobs
from tongchou.cli import terminal
from tongchou.jobs.models import Job

NAME = "jobs"
HELP_ZH = "后台作业：运行工作进程，或列出作业"
HELP_EN = "background jobs: run the worker, or list them"
JSON = {
    "run": {"done": "做完的作业数 / jobs done"},
    "list": {
        "id": "作业编号 / id of the job",
        "kind": "种类 / kind",
        "state": "状态 / queued, running, done, failed, cancelled or poison",
        "done": "已完成的量 / amount done",
        "total": "总量，0 为未知 / amount in all, 0 while unknown",
        "asked_at": "提出时间 / when it was asked for",
        "error": "失败原因 / why it failed",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", required=True, metavar="WORD", title="命令 / commands")
    runs = words.add_parser("run", help="运行工作进程，直到被停止 / run the worker until it is stopped")
    runs.add_argument("--until-idle", action="store_true", help="做完到期的作业就结束 / end when nothing is due")
    runs.add_argument("--long", action="store_true",
                      help="只做模拟等耗时长的作业，低优先级，做完就结束；工作进程会自己启动它 / "
                           "long jobs only (simulations), at low priority, ending when none is due; the worker starts it itself")  # fmt: skip
    lists = words.add_parser("list", help="列出最近的作业 / list the latest jobs")
    lists.add_argument("--state", choices=sorted(Job.state.field.flatchoices and dict(Job.state.field.flatchoices)),
                       help="只列一种状态 / one state only")  # fmt: skip
    lists.add_argument("--limit", type=int, default=50, metavar="N", help="最多几条，默认 50 / at most so many, 50 by default")


def run(args: argparse.Namespace) -> int:
    if args.what == "run":
        count = jobs.run_long() if args.long else jobs.run(until_idle=args.until_idle)
        args.say({"done": count}, f"完成 {count} 项作业 / {count} jobs done")
        return 0
    chosen = Job.objects.order_by("-id")
    if args.state:
        chosen = chosen.filter(state=args.state)
    rows = list(chosen.values("id", "kind", "state", "done", "total", "asked_at", "error")[: max(args.limit, 1)])
    heads = {"asked_at": "提出 asked", "kind": "种类 kind", "state": "状态 state", "done": "完成 done", "total": "总 total", "error": "原因 why"}
    args.say(rows, terminal.records(heads, rows) if rows else "没有作业 / no jobs")
    return 0
