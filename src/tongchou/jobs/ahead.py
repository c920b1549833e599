"""A second process that computes what a job writes next, so that a long job keeps two cores busy.

The child is a fresh interpreter with connections of its own (nothing is forked), reads the same database, and hands
items over a pipe in order. It starts while the job goes on by itself, works one item ahead, and ends with the job:
its pipe breaks. Whatever becomes of it, the job only has to compute the next item itself.

    ahead = Ahead("package.module:function", **args)    # function(after=..., **args) yields items
    if ahead.started(after=cursor):                     # False while it still starts, and where there is no second core
        item = ahead.take()                             # None once it has ended in any way
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import django
from django.db import DEFAULT_DB_ALIAS, connections

from tongchou import citytime

#: a child that is silent for so long is taken for dead
SILENT_S = 60.0
#: two processes whose city clocks differ by more do not stand at the same instant
_CLOCK_S = 5.0
_SOURCE = Path(__file__).resolve().parents[2]
AWAKE = b"awake\n"


def open_child(module: str, target: str, **more: Any) -> subprocess.Popen[bytes] | None:
    """Another process that reads the same database and does ``target`` (package.module:function). None without a second core or room."""
    if _cores() < 2:
        return None
    asked = {"target": target, "database": str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]), **more}
    with suppress(OSError):
        return subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(asked)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(_SOURCE)}
        )
    return None


class Ahead:
    """The parent's side. Raises nothing: a child that fails gives no items."""

    def __init__(self, target: str, **args: str) -> None:
        self._child = open_child("tongchou.jobs.ahead", target, args=args)
        self._given = False

    def started(self, *, after: Any) -> bool:
        """Whether items can be taken; the first time that they can, the child is told after what to begin."""
        if self._child is None or self._given:
            return self._child is not None
        assert self._child.stdout is not None and self._child.stdin is not None
        if not select.select([self._child.stdout], [], [], 0)[0]:
            return False
        try:
            if self._child.stdout.read(len(AWAKE)) != AWAKE:
                raise EOFError
            self._child.stdin.write(json.dumps({"after": after, "now": citytime.now().timestamp()}).encode() + b"\n")
            self._child.stdin.flush()
        except (OSError, EOFError):
            self.close()
            return False
        self._given = True
        return True

    def take(self) -> Any | None:
        """The next item; waits for it. None where the child has ended, failed or fallen silent."""
        if self._child is None or not self._given:
            return None
        timer = threading.Timer(SILENT_S, self._child.kill)
        timer.start()
        try:
            assert self._child.stdout is not None
            return pickle.load(self._child.stdout)  # noqa: S301 - written by this program's own child
        except (OSError, EOFError, pickle.UnpicklingError):
            self.close()
            return None
        finally:
            timer.cancel()

    def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


def same_clock(told: float) -> bool:
    """Whether two processes stand at the same instant of the city's clock, in epoch seconds."""
    return abs(told - citytime.now().timestamp()) <= _CLOCK_S


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def live_as_child(argv: list[str], work: Callable[[IO[bytes], Any, dict[str, Any]], int]) -> int:
    """Wake with a connection of its own, then ``work(out, function, asked)`` until it ends or nobody reads what it writes."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr  # nothing but items goes into the pipe
    asked = json.loads(argv[1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.settings")
    django.setup()
    connections[DEFAULT_DB_ALIAS].settings_dict["NAME"] = asked["database"]
    module, _, name = asked["target"].partition(":")
    function = getattr(import_module(module), name)
    gc.freeze()
    try:
        out.write(AWAKE)
        out.flush()
        return work(out, function, asked)
    except BrokenPipeError:
        os._exit(0)  # the job has ended: there is nobody to flush to
    except Exception as error:  # noqa: BLE001 - the job goes on by itself; as for jobs, only type and place are told
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"{argv[0]} {asked['target']}: {type(error).__name__} {place.filename}:{place.lineno}", file=sys.stderr)
        return 1


def _give(out: IO[bytes], function: Any, asked: dict[str, Any]) -> int:
    """Hear after what to begin, give items until they end."""
    line = sys.stdin.readline()
    if not line:
        return 0
    told = json.loads(line)
    if not same_clock(told["now"]):
        return 1  # the job's clock was moved inside its process
    for item in function(after=told["after"], **asked["args"]):
        pickle.dump(item, out, pickle.HIGHEST_PROTOCOL)
        out.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(live_as_child(["tongchou.jobs.ahead", *sys.argv[1:]], _give))
