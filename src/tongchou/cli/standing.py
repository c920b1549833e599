"""Which city a command speaks to where none is named, and on which day it stands.

Without ``TONGCHOU_DATA`` a command means the city in ``var/city``, or the demo city where that is the only one here.
A demo city's clock goes on from the last thing that happened in it; a command that wrote there on the machine's own day
would carry the demo years ahead.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tongchou import env

DEMO_FOLDER = env.ROOT / "var" / "demo"
DEMO_MARK = "demo-sign-ins.json"  # the demo's own file of invented accounts


def holds_city(folder: Path) -> bool:
    database = folder / "city.sqlite3"
    return database.is_file() and database.stat().st_size > 0


def choose_city() -> None:
    """Settle data folder and demo mark in the environment, before the settings are read."""
    if env.text("TONGCHOU_DATABASE_URL"):
        return
    if "TONGCHOU_DATA" not in os.environ and not holds_city(env.folder("TONGCHOU_DATA")) and holds_city(DEMO_FOLDER):
        os.environ["TONGCHOU_DATA"] = str(DEMO_FOLDER)
        sys.stderr.write("· 这里只有演示城市，以下针对演示城市 / only the demo city is here: this is about the demo city\n")
    if "TONGCHOU_DEMO" not in os.environ and (env.folder("TONGCHOU_DATA") / DEMO_MARK).exists():
        os.environ["TONGCHOU_DEMO"] = "1"


def clock_setting(instant_text: str) -> str:
    """``TONGCHOU_CLOCK`` for a clock that stands at an instant now and runs on."""
    return f"{instant_text}@{time.time()}"
