"""A seeded ledger city in the current data folder: N invented residents, M cases, T tasks (``tongchou city synthesize-ledger``).

The residents are those of the demo's synthesis, so their households and spread are a city's. Cases
and tasks are rows of plausible shape for measuring lists, searches and the day run; they pass no
action and start no clock, and the outbreak's name says that they were made for a bench.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Exit code: 0 done, 1 with the reason in both languages."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger_city")
    for name, default in (("people", 10_000), ("cases", 0), ("tasks", 0), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.settings")
    sys.path[:0] = [path for path in (str(ROOT / "src"), str(ROOT)) if path not in sys.path]
    django.setup()
    from bench import ledger_rows  # its models can be imported only once Django stands
    from tongchou.cli import terminal  # the path to src is set only now

    voice = terminal.Voice(args.json)
    try:
        counts = ledger_rows.make(args.people, args.cases, args.tasks, args.seed, voice.progress)
    except Exception as error:
        if not (hasattr(error, "zh") and hasattr(error, "en")):
            raise
        return terminal.fail(error)
    voice(counts, "  ".join(f"{name} {count:,}" for name, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
