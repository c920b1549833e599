"""Is there a city to speak to? Asked once Django stands, before a command that needs one is run."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.utils import OperationalError

from tongchou import citytime
from tongchou.audit.models import Entry
from tongchou.cli import standing
from tongchou.cli.terminal import CommandError


def refuse_empty() -> None:
    """Raises CommandError where the database cannot be reached or holds no city yet."""
    try:
        tables = connection.introspection.table_names()
    except OperationalError as error:
        raise CommandError(
            f"数据库连不上：{error}；请检查 TONGCHOU_DATABASE_URL 与数据库服务",
            f"the database cannot be reached: {error}; check TONGCHOU_DATABASE_URL and the server",
        ) from error
    if Entry._meta.db_table not in tables:
        raise CommandError(
            f"{settings.DATA} 里还没有城市：先运行 python3 tong.py demo（演示）或 python3 tong.py init（自己的城市）",
            f"there is no city in {settings.DATA} yet: run python3 tong.py demo first, or python3 tong.py init for your own",
        )


def stand_demo_clock() -> None:
    """Let the clock of a demo city go on from its last recorded act, here and in processes that are started from here."""
    if not settings.DEMO or os.environ.get("TONGCHOU_CLOCK"):
        return
    last = Entry.objects.order_by("-position").values_list("at", flat=True).first()
    if last is not None:
        os.environ["TONGCHOU_CLOCK"] = standing.clock_setting(last.astimezone(citytime.zone()).isoformat())
        started = time.monotonic()
        citytime.set_clock(lambda: last + timedelta(seconds=time.monotonic() - started))
