"""The day run of a ledger city: the six steps at the close of a day, first and again.

    python -m bench.day_run FOLDER [--date 2020-03-01]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from datetime import date
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.day_run")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2020, 3, 1))
    args = parser.parse_args()
    os.environ |= {"TONGCHOU_DATA": str(args.folder.resolve()), "DJANGO_SETTINGS_MODULE": "tongchou.settings", "TONGCHOU_DEMO": "1"}
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    django.setup()
    from tongchou import citytime  # Django stands only now
    from tongchou.access.actor import SYSTEM
    from tongchou.day.loop import run_day
    from tongchou.outbreak.models import Case
    from tongchou.people.models import Person

    took = []
    with citytime.standing_at(citytime.day_close(args.date)):
        for _again in range(2):
            started = time.perf_counter()
            run_day(args.date, by=SYSTEM)
            took.append(round(time.perf_counter() - started, 2))
    print(json.dumps({
        "date": str(args.date), "people": Person.objects.count(), "cases": Case.objects.count(), "first_s": took[0], "again_s": took[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
