"""``tong.py``: what it makes, what it leaves alone, and how it goes on after an interruption.

pip and npm are replaced by small programs that write down what they were asked for; the real ones run in CI, whose
first step is this very script in a fresh clone.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.source import ROOT

# No database is touched: one run of the suite is enough.
pytestmark = pytest.mark.skipif(os.environ["TONGCHOU_TEST_DATABASE"] != "sqlite", reason="tested in the first run")


@pytest.fixture
def tong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module that stands in a small project of its own."""
    spec = importlib.util.spec_from_file_location("tong_under_test", ROOT / "tong.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home = tmp_path / "project"
    (home / "var").mkdir(parents=True)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "package.json", "package-lock.json"):
        (home / name).write_text(f"{name}\npackage==1 \\\n")
    monkeypatch.setattr(module, "ROOT", home)
    monkeypatch.setattr(module, "VENV", home / ".venv")
    monkeypatch.setattr(module, "PYTHON", home / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "NODE_MODULES", home / "node_modules")
    monkeypatch.setattr(module, "LOG", home / "var" / "setup.log")
    return module


@pytest.fixture
def calls(tong: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of venv, pip and npm, in order; each does the least that the script relies on."""
    made: list[str] = []

    def run(words: list[str], step: object, on_line: str = "", total: int = 0) -> None:
        if "venv" in words:
            made.append("venv")
            tong.PYTHON.parent.mkdir(parents=True, exist_ok=True)
            for stamp in tong.VENV.glob("*.json"):
                stamp.unlink()
            tong.PYTHON.unlink(missing_ok=True)
            tong.PYTHON.symlink_to(sys.executable)
        elif "pip" in words:
            made.append(f"pip {Path(words[-1]).name}")
            assert "--require-hashes" in words
        else:
            made.append(" ".join(words[-2:]) if "--omit=dev" not in words else "npm ci --omit=dev")
            assert "--ignore-scripts" in words
            tong.NODE_MODULES.mkdir(exist_ok=True)

    monkeypatch.setattr(tong, "run", run)
    monkeypatch.setattr(tong, "npm_words", lambda step: ["npm"])
    return made


def test_the_first_run_makes_everything_and_the_second_nothing(tong: ModuleType, calls: list[str]):
    tong.set_up(dev=False)
    assert calls == ["venv", "pip requirements.txt", "npm ci --omit=dev"]
    calls.clear()
    tong.set_up(dev=False)
    assert calls == []


def test_tests_get_the_development_packages_and_serve_the_base_too(tong: ModuleType, calls: list[str]):
    tong.set_up(dev=True)
    assert calls[:2] == ["venv", "pip requirements-dev.txt"] and "npm ci --omit=dev" not in calls and len(calls) == 3
    calls.clear()
    tong.set_up(dev=False)
    assert calls == []


def test_a_changed_lock_is_installed_again_and_only_that(tong: ModuleType, calls: list[str]):
    tong.set_up(dev=False)
    calls.clear()
    (tong.ROOT / "requirements.txt").write_text("package==2 \\\n")
    tong.set_up(dev=False)
    assert calls == ["pip requirements.txt"]
    calls.clear()
    (tong.ROOT / "package-lock.json").write_text("{}")
    tong.set_up(dev=False)
    assert calls == ["npm ci --omit=dev"]


def test_an_interrupted_installation_starts_from_a_clean_environment(tong: ModuleType, calls: list[str], monkeypatch: pytest.MonkeyPatch):
    def killed(file: Path, step: object, total: int = 0) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as during, pytest.raises(KeyboardInterrupt):
        during.setattr(tong, "pip_install", killed)
        tong.set_up(dev=False)
    assert json.loads((tong.VENV / tong.STAMP).read_text())["unfinished"] == "base"
    calls.clear()
    tong.set_up(dev=False)
    assert calls[:2] == ["venv", "pip requirements.txt"]
    assert "unfinished" not in json.loads((tong.VENV / tong.STAMP).read_text())


def test_a_link_to_nothing_is_replaced_and_a_working_one_is_used(tong: ModuleType, calls: list[str], tmp_path: Path):
    tong.VENV.symlink_to(tmp_path / "gone")
    tong.set_up(dev=False)
    assert calls[0] == "venv" and not tong.VENV.is_symlink()
    calls.clear()
    elsewhere = tmp_path / "elsewhere"
    tong.VENV.rename(elsewhere)
    tong.VENV.symlink_to(elsewhere)
    tong.set_up(dev=False)
    assert calls == [] and tong.VENV.is_symlink()


def test_a_python_that_went_away_means_a_new_environment(tong: ModuleType, calls: list[str]):
    tong.set_up(dev=False)
    calls.clear()
    tong.PYTHON.unlink()
    tong.PYTHON.symlink_to("/nowhere/python3.10")
    tong.set_up(dev=False)
    assert calls[:2] == ["venv", "pip requirements.txt"]


def test_a_damaged_stamp_counts_as_none(tong: ModuleType, calls: list[str]):
    tong.set_up(dev=False)
    calls.clear()
    (tong.VENV / tong.STAMP).write_text("{half")
    tong.set_up(dev=False)
    assert "pip requirements.txt" in calls


def test_a_failing_step_says_what_to_do_and_keeps_the_log(tong: ModuleType):
    with pytest.raises(tong.SetupError) as failed, tong.Step("试", "try") as step:
        tong.run([sys.executable, "-c", "print('Collecting django'); print('no route'); raise SystemExit(3)"], step, "Collecting ", 2)
    said = str(failed.value)
    assert "no route" in said and "再运行同一命令" in said and "run the same command again" in said
    assert "no route" in tong.LOG.read_text()


def test_an_old_python_is_refused_in_both_languages(tmp_path: Path):
    program = (ROOT / "tong.py").read_text(encoding="utf-8").replace("OLDEST = (3, 11)", "OLDEST = (9, 0)").replace('"python3.1', '"no-python3.1')
    (tmp_path / "tong.py").write_text(program, encoding="utf-8")
    done = subprocess.run([sys.executable, str(tmp_path / "tong.py"), "demo"], capture_output=True, text=True)
    assert done.returncode == 1 and "统筹需要 Python 3.11" in done.stderr and "needs Python 3.11 or newer" in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "tong.py"], "nothing was made"


def test_the_script_can_be_read_by_an_old_python():
    """Python 3.8 must get as far as the refusal: no syntax of later versions."""
    tree = ast.parse((ROOT / "tong.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


def test_the_real_script_runs_a_command_at_once(tmp_path: Path):
    """In a checkout that is set up, words go straight to the command line."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("src", "tong.py", "requirements.txt", "requirements-dev.txt", "package.json", "package-lock.json", "node_modules"):
        (project / name).symlink_to(ROOT / name)
    (project / "tong.py").unlink()
    (project / "tong.py").write_text((ROOT / "tong.py").read_text(encoding="utf-8"), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TONGCHOU")}
    venv = project / ".venv"
    venv.symlink_to(Path(sys.prefix))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_INSTALLING, str(project / "tong.py"), "messages", "--json"],
        env=environment, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"compiled", "current"}


# Runs the script with its two installing steps taken out: they would write into the environment that runs this test.
WITHOUT_INSTALLING = """
import runpy, sys
sys.argv = sys.argv[1:]
found = runpy.run_path(sys.argv[0])
found["main"].__globals__["install_python"] = lambda dev: {}
found["main"].__globals__["install_front_end"] = lambda dev: None
sys.exit(found["main"](sys.argv[1:]))
"""
