"""The kept runs of an ensemble: a folder with one file a replicate and a manifest, so that a killed ensemble resumes.

``ensemble.json`` says of which city, days, contacts and engine the runs are, and which scenario each name stands for.
``runs/<scenario>/<seed>.npz`` holds one replicate; it is written beside its name and renamed when it is on the disk, so
a file that is there is whole, whenever the machine was cut off. A file that was damaged since is found by its checksums
and run again.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from tongchou.engine import chance, epidemic
from tongchou.engine.epidemic import EpidemicFault
from tongchou.engine.epidemic.ensemble import SERIES, Arm, EnsemblePlan, Replicate, digest_of
from tongchou.store import durable

MANIFEST: Final = "ensemble.json"
FORMAT: Final = "tongchou-ensemble"
VERSION: Final = 2
MEANING = {
    "city": ("城市", "city"), "days": ("天数", "days"), "contacts": ("接触参数", "contact pack"), "engine": ("程序版本", "engine's code"),
}  # fmt: skip


class Keeper(Protocol):
    """Where the replicates of an ensemble are."""

    damaged: set[Path]

    def put(self, arm: Arm, replicate: Replicate) -> None: ...
    def get(self, arm: Arm, seed: int) -> Replicate | None:
        """None where it was not run yet."""


class MemoryKeeper:
    """Keeps replicates while the process lives."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Replicate] = {}
        self.damaged = set[Path]()

    def put(self, arm: Arm, replicate: Replicate) -> None:
        self._found[arm.digest, replicate.seed] = replicate

    def get(self, arm: Arm, seed: int) -> Replicate | None:
        return self._found.get((arm.digest, seed))


class FolderKeeper:
    """Keeps replicates in a folder. Make it with ``open_kept``. ``damaged``: files found that cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.damaged = folder, set[Path]()

    def put(self, arm: Arm, replicate: Replicate) -> None:
        path = self.path(arm, replicate.seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        series = np.stack([replicate.series[name] for name in SERIES])
        stated = json.dumps({"seed": replicate.seed, "persons": replicate.persons, "sha256": replicate.sha256, "series": SERIES})
        np.savez_compressed(packed, stated=stated, series=series, lost=replicate.lost_by_sector, infected=replicate.infected, first_day=replicate.first_day)
        durable.put(path, packed.getvalue())

    def get(self, arm: Arm, seed: int) -> Replicate | None:
        """None also for a file that was damaged: its checksums do not agree, and the run is done again."""
        try:
            with np.load(self.path(arm, seed), allow_pickle=False) as kept:
                stated, series, lost = json.loads(str(kept["stated"])), kept["series"], kept["lost"]
                infected, first_day = kept["infected"], kept["first_day"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            self.damaged.add(self.path(arm, seed))
            return None
        named = dict(zip(stated["series"], series, strict=True))
        return Replicate(stated["seed"], stated["persons"], stated["sha256"], named, lost, infected, first_day)

    def path(self, arm: Arm, seed: int) -> Path:
        return self.folder / "runs" / arm.digest[:16] / f"{seed}.npz"


@contextmanager
def open_kept(folder: Path, plan: EnsemblePlan, city: str) -> Iterator[FolderKeeper]:
    """The keeper of a folder that is new or holds runs of the same plan; more replicates and scenarios may be asked for.

    ``city`` is the hash of the city. Held against a second ensemble until the block ends. Raises EpidemicFault where
    another one holds it, or the folder's runs are of another city, contacts, days, engine or scenario.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MANIFEST).exists() and any(path.name not in ("lock", "city") for path in folder.iterdir()):
        raise EpidemicFault(f"{folder} 中有别的文件，不是集合模拟的文件夹：请换一个", f"{folder} holds other files and no ensemble; choose another folder")
    with (folder / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EpidemicFault(
                f"另一个集合模拟正在使用 {folder}：请等它结束，或换一个文件夹", f"another ensemble is working in {folder}; wait for it, or choose another folder"
            ) from None
        _agree(folder, plan, city)
        yield FolderKeeper(folder)


def _agree(folder: Path, plan: EnsemblePlan, city: str) -> None:
    """Writes the manifest, or completes the one that is there where it does not contradict the plan."""
    asked: dict[str, Any] = {"city": city, "days": plan.days, "contacts": digest_of(plan.contacts), "engine": engine_digest()}
    scenarios = {arm.name: arm.digest for arm in plan.arms}
    seeds = set(plan.seeds)
    if (folder / MANIFEST).exists():
        stated = _read(folder / MANIFEST)
        for key, (zh, en) in MEANING.items():
            if stated[key] != asked[key]:
                raise EpidemicFault(
                    f"{folder} 中保留的运行属于另一{zh}：请换一个文件夹", f"the runs kept in {folder} are of another {en}; choose another folder"
                )
        for name, digest in stated["scenarios"].items():
            if scenarios.setdefault(name, digest) != digest:
                raise EpidemicFault(
                    f"情景 {name} 与 {folder} 中保留的不同：请改名或换一个文件夹",
                    f"the scenario {name} is not the one kept in {folder}; name it otherwise or choose another folder",
                )
        seeds |= {seed for first, last in stated["seeds"] for seed in range(first, last + 1)}
    whole = {"format": FORMAT, "version": VERSION, **asked, "scenarios": scenarios, "seeds": _spans(seeds)}
    durable.put(folder / MANIFEST, json.dumps(whole, ensure_ascii=False, indent=1).encode())


def _spans(numbers: set[int]) -> list[list[int]]:
    """Numbers as [first, last] of each unbroken row."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return spans


def _read(path: Path) -> dict[str, Any]:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise EpidemicFault(f"{path} 已损坏：请换一个文件夹", f"{path} is damaged; choose another folder") from None
    if not isinstance(stated, dict) or stated.get("format") != FORMAT or stated.get("version") != VERSION:
        raise EpidemicFault(f"{path} 的格式版本不是 {VERSION}：请换一个文件夹", f"{path} is not of format version {VERSION}; choose another folder")
    return stated


def engine_digest() -> str:
    """SHA-256 of the source of the engine: runs of two versions of it are not put together unseen."""
    seen = hashlib.sha256()
    for room in (chance, epidemic):
        for path in sorted(Path(str(room.__file__)).parent.glob("*.py")):
            seen.update(path.name.encode() + path.read_bytes())
    return seen.hexdigest()
