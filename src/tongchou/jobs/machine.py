"""The machine's own clock and the proof that a worker of this machine is alive.

Leases and back-off are held in machine time, not in the city's: a replay stands the city's clock
still for minutes and then moves it by days, and a lease measured by it would either never end or
end while its worker is at work. What people read (asked, started, finished) is city time.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from django.conf import settings

from tongchou.audit.ids import uuid7


def machine_now() -> datetime:
    """The machine's present instant, aware, in UTC. For leases and back-off only."""
    return datetime.fromtimestamp(time.time(), UTC)


def _host() -> str:
    return socket.gethostname()[:40] or "host"


def _folder() -> Path:
    return Path(settings.DATA) / "workers"


class WorkerIdentity:
    """A worker's name ``host:pid:id`` and the lock file that it holds as long as it lives.

    The kernel drops the lock when the process ends in any way, ``kill -9`` included, so a second
    worker on the same machine sees the death at once and need not wait for the lease to end.
    """

    def __init__(self) -> None:
        self.name = f"{_host()}:{os.getpid()}:{uuid7().hex[-12:]}"
        _folder().mkdir(parents=True, exist_ok=True)
        self._path = _folder() / f"{self.name.replace(':', '_')}.lock"
        self._file: TextIOWrapper | None = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def __enter__(self) -> WorkerIdentity:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def surely_dead(worker: str) -> bool:
    """True only where ``worker`` ran on this machine and its lock file is free: its process ended.

    False where nothing can be said (another machine, no lock file): then the lease decides.
    """
    if worker.split(":", 1)[0] != _host():
        return False
    path = _folder() / f"{worker.replace(':', '_')}.lock"
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return False
    path.unlink(missing_ok=True)
    return True
