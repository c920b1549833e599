"""Where the public data sets lie, and how an extract is written."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT / "demo" / "facts"
CITY = "5104"


class NoSource(Exception):
    """The public data sets are not on this machine; the extracts that we ship do not need them."""


def data_folder() -> Path:
    """``TONGCHOU_SHARED``, or ``shared`` beside the repository or one folder further up."""
    stated = os.environ.get("TONGCHOU_SHARED")
    places = [Path(stated)] if stated else [ROOT.parent / "shared", ROOT.parent.parent / "shared"]
    found = next((place / "data" for place in places if (place / "data").is_dir()), None)
    if found is None:
        raise NoSource(f"no data sets in {' or '.join(map(str, places))}; set TONGCHOU_SHARED to their folder")
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, plain or gzipped."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """CSV text with lines ended by a line feed, so that the same facts are the same bytes everywhere."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
