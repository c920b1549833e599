"""The parent's side: start the capped child, hand its rows on, and turn every way it can end into a clear word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tongchou.files.sheets.formats import SheetRefused

WALL_S = 900
_SOURCE = Path(__file__).resolve().parents[3]


def read_rows(path: Path, *, wall_s: float = WALL_S) -> Iterator[tuple[int, list[str]]]:
    """Rows of a sheet as (row number in the file, cells as text), blank rows left out.

    Raises:
        SheetRefused: the file cannot be taken as a whole; rows given before that must be thrown away.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "tongchou.files.sheets.child", str(path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env={"PYTHONPATH": str(_SOURCE), "PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
        cwd="/",
    )  # fmt: skip
    timer = threading.Timer(wall_s, child.kill)
    timer.start()
    ended = False
    try:
        assert child.stdout is not None
        for line in child.stdout:
            item = json.loads(line)
            if isinstance(item, list):
                yield item[0], item[1]
            elif "refused" in item:
                raise SheetRefused(**item["refused"])
            elif "end" in item:
                ended = True
        child.wait()
        if not ended:
            raise _stopped(child.returncode)
    finally:
        timer.cancel()
        child.kill()
        child.communicate()


def _stopped(code: int) -> SheetRefused:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return SheetRefused(
            "too_slow", "读这个文件用时过长，已停止；请拆成几个文件或另存为 .csv。", "Reading this file took too long and was stopped; split it or save it as .csv."
        )
    return SheetRefused(
        "too_large", "读这个文件超过 512 MB 内存，已停止；请拆成几个文件或另存为 .csv。",
        "Reading this file needed more than 512 MB of memory and was stopped; split it or save it as .csv.",
    )  # fmt: skip
