"""A second process that answers questions of a job in the order in which they are asked, so that a long job keeps two cores busy.

The child is a fresh interpreter with connections of its own (nothing is forked) and reads the same database. It is asked
only while it has little to do, so that the job works along, and ends with the job: its pipe breaks. Whatever becomes of
it, the job only has to answer the open questions itself.

    aside = Aside("package.module:function", **args)    # function(**args) gives a function that answers one question
    if aside.free():                                    # awake, and with few open questions; never without a second core
        aside.ask(question)
    answer = aside.take()                               # None once it has ended in any way
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
import traceback
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
#: one question that is being answered and what keeps the child busy while the job answers one itself and writes down the others
_OPEN = 4
#: as much as Linux allows everybody: questions and answers that wait fit in, so that neither process waits for the other to read
_PIPE_BYTES = 1 << 20
_SOURCE = Path(__file__).resolve().parents[2]
_AWAKE = b"awake\n"


class Aside:
    """The parent's side. Raises nothing: a child that fails gives no answers."""

    def __init__(self, target: str, **args: Any) -> None:
        self._child = _open_child(target)
        self._args, self._open, self._awake = args, 0, threading.Event()
        self._answers: queue.Queue[Any] = queue.Queue()
        if self._child is not None:
            # answers are taken off the pipe while the next question goes in: neither process waits for the other
            threading.Thread(target=self._hear, args=(self._child.stdout,), daemon=True).start()

    def free(self) -> bool:
        """Whether a question is worth asking now."""
        return self._child is not None and self._awake.is_set() and self._open < _OPEN

    def ask(self, question: Any) -> None:
        self._open += 1
        self._tell(question)

    def ready(self) -> bool:
        """Whether the next answer can be had without waiting (or will never come)."""
        return self._child is None or not self._answers.empty()

    def take(self) -> Any | None:
        """The next answer; waits for it."""
        self._open -= 1
        if self._child is None:
            return None
        try:
            answer = self._answers.get(timeout=SILENT_S)
        except queue.Empty:
            answer = None
        if answer is None:
            self.close()
        return answer

    def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            if child.stdin is not None:
                with suppress(OSError):  # what it was still to be told
                    child.stdin.close()

    def _tell(self, item: Any) -> None:
        try:
            assert self._child is not None and self._child.stdin is not None
            pickle.dump(item, self._child.stdin, pickle.HIGHEST_PROTOCOL)
            self._child.stdin.flush()
        except OSError:
            self.close()

    def _hear(self, pipe: IO[bytes]) -> None:
        with pipe:
            try:
                if pipe.read(len(_AWAKE)) == _AWAKE:
                    self._tell({"now": citytime.now().timestamp(), **self._args})
                    self._awake.set()
                    while True:
                        self._answers.put(pickle.load(pipe))  # noqa: S301 - written by this program's own child
            except (OSError, EOFError, pickle.UnpicklingError):
                self._answers.put(None)


def _open_child(target: str) -> subprocess.Popen[bytes] | None:
    """Another process that reads the same database and does ``target``. None without a second core or room."""
    if _cores() < 2:
        return None
    asked = {"target": target, "database": str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])}
    with suppress(OSError):
        return subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(asked)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=_PIPE_BYTES, env=os.environ | {"PYTHONPATH": str(_SOURCE)},
        )  # fmt: skip
    return None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _live(told: str) -> int:
    """Be the child: wake with a connection of its own, then answer until the pipe ends or nobody reads what it writes."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr  # nothing but answers goes into the pipe
    asked = json.loads(told)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.settings")
    django.setup()
    connections[DEFAULT_DB_ALIAS].settings_dict["NAME"] = asked["database"]
    module, _, name = asked["target"].partition(":")
    function = getattr(import_module(module), name)
    gc.freeze()
    try:
        out.write(_AWAKE)
        out.flush()
        return _answer(out, function)
    except BrokenPipeError:
        os._exit(0)  # the job has ended: there is nobody to flush to
    except Exception as error:  # noqa: BLE001 - the job goes on by itself; as for jobs, only type and place are told
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"tongchou.jobs.aside {asked['target']}: {type(error).__name__} {place.filename}:{place.lineno}", file=sys.stderr)
        return 1


def _answer(out: IO[bytes], function: Any) -> int:
    """Hear what the questions are about, then answer one after another until the pipe ends."""
    questions = sys.stdin.buffer
    try:
        told = pickle.load(questions)  # noqa: S301 - written by this program's own parent
        if abs(told.pop("now") - citytime.now().timestamp()) > _CLOCK_S:
            return 1  # the job's clock was moved inside its process
        answer = function(**told)
        while True:
            pickle.dump(answer(pickle.load(questions)), out, pickle.HIGHEST_PROTOCOL)  # noqa: S301 - as above
            out.flush()
    except EOFError:
        return 0


if __name__ == "__main__":
    raise SystemExit(_live(sys.argv[1]))
