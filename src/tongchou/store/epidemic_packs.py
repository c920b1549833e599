"""Disease and contact packs that ship with the engine, and those of a city's own, as TOML files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tongchou.engine import epidemic
from tongchou.engine.epidemic import Contacts, Disease, EpidemicFault, read_contacts, read_disease

PACKS = Path(epidemic.__file__).parent / "packs"
SCENARIOS = Path(epidemic.__file__).parent / "scenarios"
PRESETS = Path(epidemic.__file__).parent / "presets.toml"


def disease_names() -> list[str]:
    """Diseases that ship."""
    return sorted(path.stem for path in PACKS.glob("*.toml") if path.stem != "contacts")


def load_disease(name: str) -> Disease:
    """A shipped disease by its name, or a pack of one's own by its path. Raises EpidemicFault for neither."""
    return read_disease(_read(name, disease_names()))


def describe_disease(name: str) -> dict[str, Any]:
    """What a shipped pack says of itself: ``code``, ``name_zh``, ``name_en``, ``version``, ``reproduction_number`` and
    ``sources``, one line a table, each with its marks in square brackets."""
    disease, pack = load_disease(name), _read(name, disease_names())
    return {
        "code": disease.code, "name_zh": disease.name_zh, "name_en": disease.name_en, "version": str(pack.get("version", "")),
        "reproduction_number": disease.reproduction_number, "sources": list(disease.sources),
    }  # fmt: skip


def scenario_text(name: str) -> str:
    """The file of a shipped scenario. Raises EpidemicFault for another name."""
    if name not in scenario_names():
        known = ", ".join(scenario_names())
        raise EpidemicFault(f"没有情景 {name}：可用 {known}", f"there is no scenario {name!r}; use one of {known}")
    return (SCENARIOS / f"{name}.toml").read_text(encoding="utf-8")


def load_presets() -> dict[str, dict[str, Any]]:
    """Measures to start from, by name: ``name_zh``, ``name_en``, ``source`` with its marks, and the ``row`` of a scenario file."""
    return tomllib.loads(PRESETS.read_text(encoding="utf-8"))


def load_contacts(name: str = "contacts") -> Contacts:
    """The shipped contact pack, or one of one's own by its path."""
    return read_contacts(_read(name, ["contacts"]))


def scenario_names() -> list[str]:
    """Scenarios that ship."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def scenario_path(name: str) -> Path:
    """The file of a shipped scenario by its name; any other name is a path."""
    return SCENARIOS / f"{name}.toml" if name in scenario_names() else Path(name)


def _read(name: str, shipped: list[str]) -> dict[str, Any]:
    path = PACKS / f"{name}.toml" if name in shipped else Path(name)
    if path.suffix != ".toml" or not path.is_file():
        known = ", ".join(shipped)
        raise EpidemicFault(f"没有参数包 {name}：可用 {known}，或写 .toml 文件的路径", f"no pack {name!r}: write one of {known}, or the path of a .toml file")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise EpidemicFault(f"{path} 不是正确的 TOML：{error}", f"{path} is not valid TOML: {error}") from None
