"""The pack of place types: the product's own, with the city's file over it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language

from tongchou.places.errors import PlacesError

_PACK = Path(__file__).parent / "packs" / "place_types.toml"
_FIELDS = {"label_zh", "label_en", "kind", "capacity_unit", "closed_institution"}
KINDS = (
    "homes", "trade", "school", "care", "epidemic", "work",
    "hazard", "gate", "closed", "leisure", "service", "transport",
)


@dataclass(frozen=True)
class PlaceType:
    key: str
    label_zh: str
    label_en: str
    kind: str
    capacity_unit: str = ""
    closed_institution: bool = False

    @property
    def label(self) -> str:
        """The label in the language of the request."""
        return self.label_en if (get_language() or "zh").startswith("en") else self.label_zh


def read_pack(path: Path) -> dict[str, PlaceType]:
    """Read one pack file.

    Raises:
        PlacesError: where the file is no TOML, a label is missing, or a word is unknown.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        zh, en = f"{path} 不是有效的 TOML:{fault}", f"{path} is no valid TOML: {fault}"
        raise PlacesError("type_pack", zh, en) from fault
    types = {}
    for key, row in tables.items():
        unknown = set(row) - _FIELDS
        if unknown or not row.get("label_zh") or not row.get("label_en") or row.get("kind") not in KINDS:
            raise PlacesError(
                "type_pack",
                f"{path} 的 [{key}]：须有 label_zh、label_en 和 kind({'、'.join(KINDS)})，不认识 {sorted(unknown)}",
                f"{path} [{key}]: give label_zh, label_en and kind ({', '.join(KINDS)}); unknown: {sorted(unknown)}",
            )
        types[key] = PlaceType(key, **row)
    return types


@lru_cache(maxsize=4)
def _types(city_file: Path) -> dict[str, PlaceType]:
    types = read_pack(_PACK)
    if city_file.exists():
        types |= read_pack(city_file)
    return types


def place_types() -> dict[str, PlaceType]:
    """Every type in force by key, the city's file over the product's."""
    return _types(Path(settings.DATA) / "packs" / "place_types.toml")


def choices() -> list[tuple[str, str]]:
    """(key, label in the language of the request), for forms and filters."""
    return [(key, kind.label) for key, kind in place_types().items()]


def get(key: str) -> PlaceType:
    """One type.

    Raises:
        PlacesError: where no pack has it.
    """
    try:
        return place_types()[key]
    except KeyError:
        raise PlacesError(
            "place_type_unknown",
            f"没有场所类型 {key}，可用：{'、'.join(place_types())}",
            f"There is no place type {key}; known: {', '.join(place_types())}",
        ) from None
