"""Forecasts kept as issued: one file a reference day, method and data version, written once and never changed.

A file is CSV in the hubverse's columns, named ``2020-02-12-tongchou-renewal-<data version>.csv``. Beside it a JSON file of
the same name says what made it: data version, method, seed and whatever the caller adds, and the SHA-256 of the rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tongchou.engine.estimate.hubverse import COLUMNS, IssuedForecast, gather_rows, hub_rows
from tongchou.store.durable import one_writer, put, sync_folder

TEAM = "tongchou"
_NAME = re.compile(r"^(\d{4}-\d\d-\d\d)-([A-Za-z0-9_]+)-([A-Za-z0-9_]+)-([A-Za-z0-9_.]+)\.csv$")
_VERSION = re.compile(r"^[A-Za-z0-9_.]{1,64}$")


class ForecastKept(ValueError):
    """A forecast cannot be kept as asked, or what is kept is not what was issued; both sentences say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class KeptForecast:
    """One file of the store: ``stated`` is what its JSON file says."""

    path: Path
    reference_on: date
    method: str
    data_version: str
    stated: Mapping[str, Any]
    issued: tuple[IssuedForecast, ...]


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Hubverse rows as CSV; the same rows are the same bytes everywhere."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def keep_forecasts(
    folder: Path, issued: Sequence[IssuedForecast], *, data_version: str, stated: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write what was issued, one file a reference day and model; their paths in order of the days and models.

    The same forecast again changes nothing. Raises ForecastKept where a file of that name holds another forecast, which
    is never overwritten, and for a data version that cannot be part of a file's name.
    """
    if not _VERSION.match(data_version):
        raise ForecastKept(
            f"数据版本“{data_version}”只能用字母、数字、下划线和点，至多 64 个",
            f"the data version {data_version!r} may hold letters, digits, underscores and dots only, at most 64",
        )
    groups: dict[tuple[date, str], list[IssuedForecast]] = {}
    for one in issued:
        groups.setdefault((one.reference_on, one.model), []).append(one)
    paths = []
    with one_writer(folder):
        for (reference_on, model), members in sorted(groups.items()):
            data = as_csv(hub_rows(members))
            path = folder / f"{reference_on.isoformat()}-{TEAM}-{model}-{data_version}.csv"
            facts = {
                **(stated or {}), "reference_date": reference_on.isoformat(), "model_id": f"{TEAM}-{model}", "data_version": data_version,
                "rows": data.count(b"\n") - 1, "sha256": hashlib.sha256(data).hexdigest(),
            }  # fmt: skip
            _keep_one(path, data, json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True, default=str).encode("utf-8"))
            paths.append(path)
    return paths


def _keep_one(path: Path, data: bytes, facts: bytes) -> None:
    if path.exists():
        if path.read_bytes() != data:
            raise ForecastKept(
                f"{path.name} 已发布且内容不同；已发布的预测不改写，请换数据版本",
                f"{path.name} was issued with other figures; what was issued is never rewritten, use another data version",
            )
    else:
        # The facts come first: a forecast without them would be a file that nobody can check.
        put(path.with_suffix(".json"), facts)
        beside = path.with_name(path.name + ".new")
        put(beside, data)
        beside.chmod(0o444)
        os.link(beside, path)  # fails where another file has the name; never replaces
        beside.unlink()
        sync_folder(path.parent)


def kept_forecasts(folder: Path) -> list[KeptForecast]:
    """Every forecast of the folder in order of days. Raises ForecastKept where a file was changed after it was issued."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        named = _NAME.match(path.name)
        if named is None:
            continue
        data, facts = path.read_bytes(), path.with_suffix(".json")
        stated = json.loads(facts.read_text(encoding="utf-8")) if facts.is_file() else {}
        if stated.get("sha256") != hashlib.sha256(data).hexdigest():
            raise ForecastKept(
                f"{path.name} 与发布时的记录不符（缺少 {facts.name} 或文件被改动）",
                f"{path.name} is not what was issued: {facts.name} is missing or the file was changed",
            )
        rows = [typed_row(row) for row in csv.DictReader(io.StringIO(data.decode("utf-8")))]
        issued = gather_rows(rows, named[3])
        found.append(KeptForecast(path, date.fromisoformat(named[1]), named[3], named[4], stated, issued))
    return found


def typed_row(row: Mapping[str, str]) -> dict[str, Any]:
    """A hubverse row with its dates and numbers as such. Raises ValueError for a cell that is neither."""
    return {
        **row,
        "reference_date": date.fromisoformat(row["reference_date"]),
        "target_end_date": date.fromisoformat(row["target_end_date"]),
        "horizon": int(float(row["horizon"])),
    }
