"""Published tables of ../shared/data as the engine's arrays. Where the folder is absent the tests say so and skip."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from tongchou.engine.chains import Cases, Links, read_cases, read_links

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def rows(name: str) -> list[dict[str, str]]:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"published data not here: {path}")
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def day(text: str) -> str:
    """The day of a cell; NaT for one that is empty or in words."""
    text = text[:10].replace("/", "-")
    return text if text[:4].isdigit() else "NaT"


def arrays(onsets: dict[str, str], pairs: list[tuple[str, str]]) -> tuple[list[str], Cases, Links]:
    """Ids in row order, cases and links of a table of onsets by id and a list of (infector, infectee)."""
    ids = list(onsets)
    number = {one: row for row, one in enumerate(ids)}
    links = read_links([number.get(a, -1) for a, _b in pairs], [number.get(b, -1) for _a, b in pairs])
    return ids, read_cases([day(onsets[one]) for one in ids]), links
