"""``tongchou test`` and the switches of a test run: what is required and missing must fail, never be skipped in silence."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tongchou.cli import terminal
from tongchou.cli import test as command

from tests.architecture.source import ROOT

# No database is touched: one run of the suite is enough.
pytestmark = pytest.mark.skipif(os.environ["TONGCHOU_TEST_DATABASE"] != "sqlite", reason="tested in the first run")


def words(database: str = "both", processes: int = 1, pytest_words: tuple[str, ...] = ()) -> argparse.Namespace:
    return argparse.Namespace(database=database, processes=processes, pytest=list(pytest_words))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What would be run: (database, words of pytest); every run passes."""
    made: list[tuple[str, list[str]]] = []

    def run(call: list[str], *, env: dict[str, str], **rest: object) -> subprocess.CompletedProcess[bytes]:
        made.append((env["TONGCHOU_TEST_DATABASE"], call[3:]))
        return subprocess.CompletedProcess(call, CODES.pop(0) if CODES else 0)

    monkeypatch.setattr(command.subprocess, "run", run)
    CODES.clear()
    return made


CODES: list[int] = []


def test_both_databases_are_tested_and_text_once(runs, monkeypatch):
    monkeypatch.setattr(command, "has_postgres", lambda: True)
    assert command.run(words(processes=2)) == 0
    left_out = [f"--ignore-glob={ROOT / room}" for room in ("tests/architecture", "tests/engine_*", "tests/store")]
    assert runs == [("sqlite", ["-n", "2", "--dist", "loadfile"]), ("postgres", ["-n", "2", "--dist", "loadfile", *left_out])]


def test_a_machine_without_postgres_tests_one_and_says_so_unless_it_is_required(runs, monkeypatch, capsys):
    monkeypatch.setattr(command, "has_postgres", lambda: False)
    monkeypatch.setenv("TONGCHOU_REQUIRE", "")
    assert command.run(words()) == 0
    assert [database for database, _ in runs] == ["sqlite"] and "apt-get install postgresql" in capsys.readouterr().err
    monkeypatch.setenv("TONGCHOU_REQUIRE", "postgres,chromium")
    with pytest.raises(terminal.CommandError):
        command.run(words())


@pytest.mark.parametrize(("codes", "passes"), [([0, 0], True), ([0, 1], False), ([1, 0], False), ([0, 5], True), ([5, 5], False), ([2, 0], False)])
def test_a_failure_on_either_database_fails_the_whole(codes: list[int], passes: bool, runs, monkeypatch):
    monkeypatch.setattr(command, "has_postgres", lambda: True)
    CODES.extend(codes)
    if passes:
        assert command.run(words()) == 0
    else:
        with pytest.raises(terminal.CommandError):
            command.run(words())


def run_pytest(tmp_path: Path, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A test file run as its own session under the project's conftest."""
    file = tmp_path / "test_sample.py"
    file.write_text(program, encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", str(file), "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT),
            "-p", "tests.conftest", "-p", "no:cacheprovider", "-rs",
        ],
        cwd=ROOT, env={**own, "TONGCHOU_TEST_DATABASE": "sqlite", **variables}, capture_output=True, text=True,
    )  # fmt: skip


NEEDS_NOTHING_HERE = """
def test_needs(request):
    conftest = next(plugin for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "IS_WORKER"))
    conftest.need("chromium", False, "apt-get install chromium")
    assert False, "not reached"
"""


def test_what_is_missing_is_skipped_or_fails_as_the_run_says(tmp_path: Path):
    skipped = run_pytest(tmp_path, NEEDS_NOTHING_HERE, TONGCHOU_REQUIRE="")
    assert skipped.returncode == 0 and "1 skipped" in skipped.stdout and "apt-get install chromium" in skipped.stdout
    failed = run_pytest(tmp_path, NEEDS_NOTHING_HERE, TONGCHOU_REQUIRE="postgres,chromium")
    assert failed.returncode == 1 and "1 failed" in failed.stdout and "TONGCHOU_REQUIRE" in failed.stdout


def test_an_unknown_database_is_refused(tmp_path: Path):
    done = run_pytest(tmp_path, "def test_nothing():\n    assert 1 + 1 == 2\n", TONGCHOU_TEST_DATABASE="oracle")
    assert done.returncode == 4 and "write sqlite or postgres" in done.stderr + done.stdout
