"""A whole installation beside the test run's own: a data folder (and a database) that commands work on as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests.architecture.source import ROOT


@dataclass
class Installation:
    """Runs ``tongchou`` as a process on a data folder."""

    data: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TONGCHOU_DATA": str(self.data), **self.variables}

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tongchou.cli", *words],
            env={**self.environment, **variables}, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def json(self, *words: str, **variables: str) -> Any:
        done = self.run(*words, "--json", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def python(self, program: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", program, *words],
            env={**self.environment, "DJANGO_SETTINGS_MODULE": "tongchou.settings"}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[str], str]]:
    """``new_database(name)`` gives the URL of an empty database of the run's kind ("" for the embedded one)."""
    server = os.environ["TONGCHOU_DATABASE_URL"]
    made: list[str] = []

    def make(name: str) -> str:
        if not server:
            return ""
        full = f"{name}_{os.getpid()}"
        with psycopg.connect(server, autocommit=True) as line:
            line.execute(f'CREATE DATABASE "{full}"')
        made.append(full)
        return urlsplit(server)._replace(path=f"/{quote(full)}").geturl()

    yield make
    for full in made:
        with psycopg.connect(server, autocommit=True) as line:
            line.execute(f'DROP DATABASE "{full}" WITH (FORCE)')


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[str], str]) -> Installation:
    """An installation with its database at the program's version, shared by the tests of this folder."""
    made = Installation(tmp_path_factory.mktemp("city") / "data", {"TONGCHOU_DATABASE_URL": new_database("city")})
    result = made.json("upgrade")
    assert result["ok"], result
    return made
