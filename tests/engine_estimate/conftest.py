"""Where the public data lies that the estimators are held against; it is not in the repository."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the public data is not at {DATA}")
    return DATA


@pytest.fixture(scope="session")
def reference(shared):
    """``reference(file, column)``: a column of EpiEstim's reference files, NaN where empty."""

    def column(file: str, name: str) -> np.ndarray:
        with (shared / "epiestim-reference" / file).open(encoding="utf-8") as lines:
            return np.array([float(row[name]) if row[name] else np.nan for row in csv.DictReader(lines)])

    return column
