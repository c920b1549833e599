"""Division codes: GB/T 2260 six digits, three for the township, three for the village, three for a grid.

A *code* is what people write (12 digits, 15 for a grid); a *path* is the code without its trailing zero levels,
so that an area's path begins with the path of every area that holds it. Paths are digits only and never begin
with 0 or 99, so ``low <= path < high`` sorts alike in every collation of both databases.
"""

from __future__ import annotations

from functools import lru_cache

from tongchou.areas.errors import BadCode

LEVELS = ("province", "city", "county", "township", "village", "grid")
LENGTHS = {"province": 2, "city": 4, "county": 6, "township": 9, "village": 12, "grid": 15}
LEVEL_OF_LENGTH = {length: level for level, length in LENGTHS.items()}
_PROVINCES_BY_REGION = {1: "12345", 2: "123", 3: "1234567", 4: "123456", 5: "01234", 6: "12345", 7: "1", 8: "12"}
PROVINCES = frozenset(f"{region}{last}" for region, lasts in _PROVINCES_BY_REGION.items() for last in lasts)


def path_of(code: str) -> str:
    """The path of a code: ``510402000000`` -> ``510402``, ``510402001004`` -> ``510402001004``.

    Shorter codes (2, 4, 6, 9 digits) are taken as they are written in their own level. Raises ``BadCode``.
    """
    text = str(code).strip()
    if not text.isascii() or not text.isdigit():
        raise BadCode(
            "code_not_digits",
            f"区划代码“{text}”含有数字以外的字符，请填 12 位数字（网格 15 位）",
            f"division code '{text}' holds something other than digits; write 12 digits (15 for a grid)",
        )
    if len(text) not in LEVEL_OF_LENGTH:
        raise BadCode(
            "code_length",
            f"区划代码“{text}”有 {len(text)} 位，应为 12 位（网格 15 位，或 2、4、6、9 位的上级代码）",
            f"division code '{text}' has {len(text)} digits; it needs 12 (15 for a grid, 2 to 9 for an upper level)",
        )
    if text[:2] not in PROVINCES:
        raise BadCode(
            "code_province",
            f"区划代码“{text}”的前两位 {text[:2]} 不是任何省份，请核对",
            f"division code '{text}' begins with {text[:2]}, which is no province; check it",
        )
    return _without_zero_levels(text)


@lru_cache(maxsize=8192)
def _without_zero_levels(text: str) -> str:
    for length in sorted(LEVEL_OF_LENGTH, reverse=True):
        if len(text) == length and length > 2:
            shorter = max(other for other in LEVEL_OF_LENGTH if other < length)
            if set(text[shorter:]) == {"0"}:
                text = text[:shorter]
    return text


def code_of(path: str) -> str:
    """The written code of a path: filled with zeros to 12 digits; a grid keeps its 15."""
    return path.ljust(12, "0")


def level_of(path: str) -> str:
    """``province`` ... ``grid`` by the length of a path."""
    return LEVEL_OF_LENGTH[len(path_of(path))]


def parent_of(path: str) -> str:
    """The path of the area above; ``""`` above a province.

    A township straight under a city (Dongguan: 441900003) has the city as its parent.
    """
    path = path_of(path)
    if len(path) == 2:
        return ""
    return _without_zero_levels(path[: max(other for other in LEVEL_OF_LENGTH if other < len(path))])


def ancestors(path: str) -> list[str]:
    """Every path above, from the province down, without the path itself."""
    found: list[str] = []
    while path := parent_of(path):
        found.append(path)
    return found[::-1]


def subtree(path: str) -> tuple[str, str]:
    """The half-open text range ``low <= area_path < high`` that holds an area and all below it."""
    path = path_of(path)
    return path, str(int(path) + 1)
