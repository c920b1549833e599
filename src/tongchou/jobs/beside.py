"""The worker of long jobs: a process of its own, started by the ordinary worker when such a job waits, ended when none does.

A simulation computes for minutes. In the ordinary worker it would keep clocks, notices and imports waiting, so it runs
beside it, at low priority. Each long job is leased like any other: where its process is killed, the next one goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tongchou.jobs.claims import due

NICENESS = 10
"""added to the process's own: whatever else the machine has to do comes first"""
END_S = 3.0
"""given to the process to end by itself; what it has not committed is done again"""


class Beside:
    """Starts the process of long jobs and ends it with the worker."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def see(self) -> None:
        """Start the process where a long job is due and none is running."""
        if self._process is not None and self._process.poll() is None:
            return
        if due(long=True).exists():
            self._process = subprocess.Popen(words(), stdin=subprocess.DEVNULL)


def words() -> list[str]:
    return [sys.executable, "-m", "tongchou.cli", "jobs", "run", "--long"]


def step_back() -> None:
    """Give way to every other process of the machine."""
    os.nice(NICENESS)
