"""The tools that read the source run in every test run: layers, style, types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT


def run_tool(*words: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run([str(Path(sys.executable).parent / words[0]), *words[1:]], cwd=ROOT, env=surroundings, capture_output=True, text=True)


def test_rooms_import_only_what_stands_right_of_them():
    done = run_tool("lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_ruff_finds_nothing():
    done = run_tool("ruff", "check", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_mypy_finds_nothing():
    done = run_tool("mypy", "src", "tong.py")
    assert done.returncode == 0, done.stdout


STARTED = """
import sys, django
django.setup()
from importlib import import_module
from django.conf import settings
import_module(settings.ROOT_URLCONF)
print(sorted({"django", "numba", "scipy", "duckdb", "pyarrow"} & set(sys.modules)))
"""


def test_a_process_that_serves_or_imports_loads_no_engine():
    """The engine takes seconds and 100 MB to load: only what computes with it does (``wall.urls``, ``bridge.handlers``, ``day.assess``)."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DJANGO_SETTINGS_MODULE": "tongchou.settings"}
    done = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.stdout.strip() == "['django']", done.stdout + done.stderr
