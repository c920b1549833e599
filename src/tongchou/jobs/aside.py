"""A second process that answers questions of a job in the order in which they are asked, so that a long job keeps two cores busy.

The child is made as in ``tongchou.jobs.ahead``. It is asked only while it has little to do, so that the job works along;
whatever becomes of it, the job only has to answer the open questions itself.

    aside = Aside("package.module:function", **args)    # function(**args) gives a function that answers one question
    if aside.free():                                    # awake, and with few open questions
        aside.ask(question)
    answer = aside.take()                               # None once it has ended in any way
"""

from __future__ import annotations

import pickle
import queue
import sys
import threading
from contextlib import suppress
from typing import IO, Any

from tongchou import citytime
from tongchou.jobs.ahead import AWAKE, SILENT_S, live_as_child, open_child, same_clock

#: one that is being answered and what keeps the child busy while the job answers one itself and writes down the others
_OPEN = 4


class Aside:
    """The parent's side. Raises nothing: a child that fails gives no answers."""

    def __init__(self, target: str, **args: Any) -> None:
        self._child = open_child("tongchou.jobs.aside", target)
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
                if pipe.read(len(AWAKE)) == AWAKE:
                    self._tell({"now": citytime.now().timestamp(), **self._args})
                    self._awake.set()
                    while True:
                        self._answers.put(pickle.load(pipe))  # noqa: S301 - written by this program's own child
            except (OSError, EOFError, pickle.UnpicklingError):
                self._answers.put(None)


def _answer(out: IO[bytes], function: Any, _asked: dict[str, Any]) -> int:
    """Hear what the questions are about, then answer one after another until the pipe ends."""
    questions = sys.stdin.buffer
    try:
        told = pickle.load(questions)  # noqa: S301 - written by this program's own parent
        if not same_clock(told.pop("now")):
            return 1  # the job's clock was moved inside its process
        answer = function(**told)
        while True:
            pickle.dump(answer(pickle.load(questions)), out, pickle.HIGHEST_PROTOCOL)  # noqa: S301 - as above
            out.flush()
    except EOFError:
        return 0


if __name__ == "__main__":
    raise SystemExit(live_as_child(["tongchou.jobs.aside", *sys.argv[1:]], _answer))
