"""Which function does which kind of job, and which kinds come round by themselves.

Each room declares its handlers in a module ``handlers.py``, found when the house starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tongchou.jobs.worker import Run

Work = Callable[["Run"], "dict[str, Any] | None"]


@dataclass(frozen=True)
class Handler:
    kind: str
    work: Work
    max_attempts: int
    lease_minutes: int
    long: bool = False


HANDLERS: dict[str, Handler] = {}
PERIODIC: dict[str, int] = {}


def handler(kind: str, *, max_attempts: int = 5, lease_minutes: int = 5, long: bool = False) -> Callable[[Work], Work]:
    """Declare the function that does jobs of ``kind``.

    It may be started again after a kill, from ``run.cursor``; each batch must be written in one
    transaction with its ``run.save``. ``max_attempts`` starts without progress set the job aside.
    ``lease_minutes`` is the longest time that it works between two saves. A ``long`` job computes for minutes: it is done
    in a process of its own at low priority, so that clocks, notices and imports never wait for it (``jobs.beside``).
    """

    def declare(work: Work) -> Work:
        known = HANDLERS.get(kind)
        if known is not None and (known.work.__module__, known.work.__qualname__) != (work.__module__, work.__qualname__):
            raise ValueError(f"two handlers for job kind {kind}: {known.work.__module__} and {work.__module__}")
        HANDLERS[kind] = Handler(kind, work, max_attempts, lease_minutes, long)
        return work

    return declare


def long_kinds() -> list[str]:
    """Kinds of jobs that the ordinary worker leaves to the one beside it."""
    return [kind for kind, declared in HANDLERS.items() if declared.long]


def every(kind: str, *, minutes: int) -> None:
    """Declare that the worker does ``kind`` again and again, ``minutes`` apart (machine time)."""
    if minutes < 1:
        raise ValueError(f"every({kind!r}): minutes must be at least 1")
    PERIODIC[kind] = minutes
