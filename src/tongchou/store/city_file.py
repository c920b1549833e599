"""A city on disk: one ``.npy`` file an array and a manifest, opened as a memory map.

A folder is written beside its final name and renamed when it is whole, so a folder that is there is a whole city. The
manifest states the format, the maker's words (source, seed, counties, notes) and the SHA-256 of every array.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from tongchou.engine.city.model import City, CityFault, County

MANIFEST: Final = "city.json"
FORMAT: Final = "tongchou-city"
VERSION: Final = 1


def save_city(city: City, folder: Path | str, *, replace: bool = False) -> str:
    """Write a city and return its hash (``city_hash``).

    Raises CityFault where the folder is there already and ``replace`` is not asked for, or is there and holds no city.
    """
    target = Path(folder).resolve()
    if target.exists():
        if not replace:
            raise CityFault(f"{target} 已存在：请换一个文件夹，或用 --replace", f"{target} is there already; choose another folder or --replace")
        if not (target / MANIFEST).is_file() and any(target.iterdir()):
            raise CityFault(f"{target} 不是城市文件夹，不会覆盖", f"{target} holds no city and is not overwritten")
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        stated = _write(city, made)
        made.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
            target.replace(old)
            made.replace(target)
            shutil.rmtree(old)
        else:
            made.replace(target)
        _settle(target.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return str(stated["sha256"])


def load_city(folder: Path | str, *, mmap: bool = True, verify: bool = False) -> City:
    """The city of a folder. ``mmap``: arrays stay on disk until they are read, and cannot be written.

    ``verify`` reads everything and compares the hashes. Raises CityFault where the folder is no city, is of another
    version, lacks an array or (with ``verify``) was changed.
    """
    source = Path(folder)
    stated = read_manifest(source)
    arrays = {}
    for name, told in stated["arrays"].items():
        path = source / f"{name}.npy"
        try:
            array = np.load(path, mmap_mode="r" if mmap and told["length"] else None, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise CityFault(f"城市文件 {path} 缺失或损坏", f"the city file {path} is missing or damaged") from None
        if array.dtype.str != told["dtype"] or array.shape != (told["length"],):
            raise CityFault(f"城市文件 {path} 与清单不符", f"the city file {path} is not what the manifest states")
        if verify and _hash(array) != told["sha256"]:
            raise CityFault(f"城市文件 {path} 已被改动", f"the city file {path} was changed")
        arrays[name] = array
    counties = tuple(County(**county) for county in stated["counties"])
    try:
        return City(**arrays, counties=counties, source=stated["source"], seed=stated["seed"], notes=stated["notes"])
    except TypeError:
        raise CityFault(f"{source} 缺少数组", f"{source} lacks arrays of a city") from None


def read_manifest(folder: Path | str) -> dict[str, Any]:
    """What a city's folder says of itself. Raises CityFault where it is no city or one of another version."""
    path = Path(folder) / MANIFEST
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise CityFault(f"{folder} 不是城市文件夹：没有 {MANIFEST}", f"{folder} is no city's folder: it has no {MANIFEST}") from None
    except ValueError:
        raise CityFault(f"{path} 已损坏", f"{path} is damaged") from None
    if stated.get("format") != FORMAT or stated.get("version") != VERSION:
        raise CityFault(f"{path} 的格式版本不是 {VERSION}：请重新生成城市", f"{path} is not of format version {VERSION}; synthesise the city again")
    return dict(stated)


def city_hash(city: City) -> str:
    """SHA-256 over the arrays and counties: equal for equal cities, whoever made them."""
    return _whole(
        {name: {"dtype": array.dtype.str, "length": len(array), "sha256": _hash(array)} for name, array in city.arrays().items()},
        [vars(county) for county in city.counties],
    )


def _write(city: City, folder: Path) -> dict[str, Any]:
    arrays = {}
    for name, array in city.arrays().items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        arrays[name] = {"dtype": array.dtype.str, "length": len(array), "sha256": _hash(array)}
    counties = [vars(county) for county in city.counties]
    stated = {
        "format": FORMAT, "version": VERSION, "sha256": _whole(arrays, counties), "people": len(city), "seed": city.seed,
        "source": city.source, "notes": city.notes, "counties": counties, "arrays": arrays,
    }  # fmt: skip
    with (folder / MANIFEST).open("w", encoding="utf-8") as text:
        json.dump(stated, text, ensure_ascii=False, indent=1)
        text.flush()
        os.fsync(text.fileno())
    return stated


def _whole(arrays: dict[str, Any], counties: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps([arrays, counties], ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _hash(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).view(np.uint8).data).hexdigest()


def _settle(folder: Path) -> None:
    """The renamed entry itself reaches the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
