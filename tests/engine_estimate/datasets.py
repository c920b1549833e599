"""Where the public data sets that these tests read lie; a test is skipped, with the reason, where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest
from demo.extract.sources import NoSource, data_folder


def folder_of(name: str) -> Path:
    """The folder of one data set."""
    try:
        return data_folder() / name
    except NoSource as reason:
        pytest.skip(str(reason))
