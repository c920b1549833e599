"""Load the demo city, replay its days, serve it: the process that ``tongchou demo`` starts.

The environment names the data folder (``TONGCHOU_DATA``) and marks the demo (``TONGCHOU_DEMO=1``) before Django is set up.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Exit code: 0 done, 1 with the reason in both languages."""
    args = _arguments()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.settings")
    sys.path[:0] = [path for path in (str(ROOT / "src"), str(ROOT)) if path not in sys.path]
    django.setup()
    from demo import play  # its models need Django, which stands only now
    from tongchou.cli import terminal  # the path to src is set only now

    started = time.monotonic()
    say = terminal.Voice().progress
    try:
        made = play.prepare(_people(args.people), say)
        if args.no_serve:
            play.tell(made, "", time.monotonic() - started)
            return 0
        return play.serve_demo(made, args.port, started)
    except Exception as error:
        if not (hasattr(error, "zh") and hasattr(error, "en")):
            raise
        return terminal.fail(error)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo")
    parser.add_argument("--people", default="")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-serve", action="store_true")
    return parser.parse_args()


def _people(text: str) -> int | None | str:
    return text if text in ("", "full") else int(text)


if __name__ == "__main__":
    sys.exit(main())
