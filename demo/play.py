"""From an empty data folder to a served demo: migrate, load, replay, stand the clock, tell who can sign in."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from demo.loading import city, marks, posts
from demo.loading.plan import DEFAULT_PEOPLE, Plan, read_plan
from demo.replay.run import replay
from demo.replay.scenario import read_scenario
from tongchou import citytime
from tongchou.audit.models import Entry
from tongchou.cli import serve
from tongchou.wall import official


@dataclass(frozen=True)
class Made:
    """A demo that is ready: where its clock stands and who can sign in."""

    people: int
    stands_at: datetime
    sign_ins: list[dict[str, str]]


def prepare(people: int | str | None, say: marks.Say) -> Made:
    """Bring the data folder to the end of the replay; what is there already is not done again.

    ``people``: a number, "full" for the census's count, or "" for what the folder was begun with (20,000 where it is new).
    """
    migrate(say)
    plan = chosen_plan(people)
    city.load_city(plan, say)
    shutil.copyfile(Path(__file__).with_name("facts") / "daily_official.csv", settings.DATA / official.FILE)
    stands_at = replay(read_scenario(), say)
    return Made(plan.total, _latest(stands_at), posts.sign_ins())


def migrate(say: marks.Say) -> None:
    """Apply migrations that are missing; the check alone costs a moment."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("建立数据库", "setting up the database")
        call_command("migrate", verbosity=0, interactive=False)


def chosen_plan(people: int | str | None) -> Plan:
    """The plan for what was asked, or for what the data folder was begun with."""
    if people == "full":
        return read_plan(None)
    if people in ("", None):
        begun = marks.note_of("plan")
        return read_plan(int(begun.split("people=")[1].split()[0]) if begun else DEFAULT_PEOPLE)
    return read_plan(int(people))


def _latest(stands_at: datetime) -> datetime:
    """Where the clock stands: the end of the replay, or the last thing that was done in the demo after it."""
    last = Entry.objects.order_by("-position").values_list("at", flat=True).first()
    return max(stands_at, last) if last else stands_at


def serve_demo(made: Made, port: int, started: float) -> int:
    """Serve with the clock running on from where it stands; the exit code of the server."""
    os.environ["TONGCHOU_CLOCK"] = f"{made.stands_at.astimezone(citytime.zone()).isoformat()}@{_epoch()}"
    service = serve.Service(port=port)
    return serve.serve(service, lambda ready: tell(made, ready.address, time.monotonic() - started))


def _epoch() -> float:
    # The demo's clock is tied to the machine's: this one reading of it is what TONGCHOU_CLOCK is made of.
    return time.time()


def tell(made: Made, address: str, seconds: float) -> None:
    """Print the address, the day that it is, and the demo sign-ins."""
    day = made.stands_at.astimezone(citytime.zone())
    lines = [
        "",
        f"统筹演示城市已就绪：攀枝花，{made.people:,} 名虚构居民，{day:%Y-%m-%d %H:%M}（用时 {seconds:.1f} 秒）",
        f"Demo city ready: Panzhihua, {made.people:,} invented residents, {day:%Y-%m-%d %H:%M} ({seconds:.1f} s)",
        "真实：区划、人口、每日病例数。虚构：人、单位、病例经过。 / Real: divisions, census, daily counts."
        " Invented: people, firms, the course of each case.",
    ]
    if address:
        lines += [f"地址 / address: {address}"]
    if settings.DEMO and made.sign_ins:
        lines.append(f"密码 / password: {made.sign_ins[0]['password']}   （数据文件夹 / data: {settings.DATA}）")
        lines += [f"  {row['username']:<14}{row['post']}" for row in made.sign_ins]
    if address:
        lines.append("按 Ctrl+C 停止 / Ctrl+C stops")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
