"""A sheet of people into a ledger city: wall time, and the peak memory of this process and of all its children together.

    python -m bench.imports FOLDER [--rows 100000]

FOLDER is a data folder with divisions (a ledger city); the people are invented and stay in it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import sys
import tempfile
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.imports")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    os.environ |= {"TONGCHOU_DATA": str(args.folder.resolve()), "DJANGO_SETTINGS_MODULE": "tongchou.settings", "TONGCHOU_DEMO": "1"}
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    django.setup()
    gc.freeze()  # as the command line does
    from tongchou.access.actor import SYSTEM  # Django stands only now
    from tongchou.ledger import registry
    from tongchou.ledger.exchange import applying, staging
    from tongchou.people.models import Person

    serial = Person.objects.count()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.xlsx"
        _write(path, args.rows, serial)
        memory = _Memory()
        started, cpu_started = time.perf_counter(), time.process_time()
        source = staging.stage(registry.get("person"), path, file_name=path.name, by=SYSTEM)
        staged = time.perf_counter()
        applying.apply_now(source=source, by=SYSTEM)
        ended, cpu_ended = time.perf_counter(), time.process_time()
    source.refresh_from_db()
    told = applying.account(source, most_reasons=3)
    print(json.dumps({
        "rows": told["rows"], "created": told["created"], "rejected": told["rejected"], "reasons": told["reasons"],
        "read_and_judge_s": round(staged - started, 1), "write_s": round(ended - staged, 1), "total_s": round(ended - started, 1),
        "parent_cpu_s": round(cpu_ended - cpu_started, 1),
        "parent_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "together_peak_mb": memory.stop(),
    }, ensure_ascii=False))  # fmt: skip
    return 0 if told["created"] + told["rejected"] + told["updated"] + told["unchanged"] == told["rows"] else 1


class _Memory:
    """Resident memory of this process and its children together, looked at twenty times a second."""

    def __init__(self) -> None:
        self._most, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """The most there was, in MiB."""
        self._over.set()
        self._thread.join()
        return self._most // 1024

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self._most = max(self._most, sum(_resident_kib(pid) for pid in (str(os.getpid()), *_children())))


def _children() -> list[str]:
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii").split()


def _resident_kib(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0  # it has ended meanwhile
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def _write(path: Path, rows: int, serial: int) -> None:
    import xlsxwriter  # only this function makes a sheet

    from tongchou.areas.models import Area  # as above
    from tongchou.people import id_number

    villages = list(Area.objects.filter(level="village").values_list("code", flat=True))
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "证件号码", "电话", "居住区划", "详细住址", "职业"])
        for number in range(rows):
            n = serial + number
            born = date(1940, 1, 1) + timedelta(days=n % 28_000)
            first = f"510499{born:%Y%m%d}{(n // 28_000) % 1000:03d}"
            cells = [f"甲{n}", first + id_number.check_character(first), f"154{n % 100_000_000:08d}", villages[n % len(villages)], f"示例路 {n} 号", "工人"]
            for place, text in enumerate(cells):
                sheet.write_string(number + 1, place, text)


if __name__ == "__main__":
    sys.exit(main())
