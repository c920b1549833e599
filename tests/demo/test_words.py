"""The two commands at the terminal: what they refuse, where the demo keeps its data, a small city from end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tongchou import env
from tongchou.cli import demo
from tongchou.cli.__main__ import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo", "--people", "5"], "300"),
        (["demo", "--people", "many"], "full"),
        (["demo", "--port", "99999"], "65535"),
        (["city", "synthesize-ledger", "--people", "5"], "300"),
        (["city", "synthesize-ledger", "--people", "1000", "--cases", "2000"], "--cases"),
        (["city", "synthesize-ledger", "--people", "1000", "--tasks", "-1"], "--tasks"),
    ],
)
def test_wrong_words_are_refused_in_both_languages(words, said, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert said in told and " / " in told


def test_the_demo_has_a_folder_of_its_own_and_its_own_clock(monkeypatch, tmp_path):
    monkeypatch.setenv("TONGCHOU_CLOCK", "2030-01-01T00:00:00+08:00")
    monkeypatch.setenv("TONGCHOU_DATABASE_URL", "postgresql://city:secret@db/city")
    own = demo.surroundings(None)
    assert own["TONGCHOU_DATABASE_URL"] == ""
    assert own["TONGCHOU_DATA"] == str(env.ROOT / "var" / "demo") and own["TONGCHOU_DEMO"] == "1"
    assert "TONGCHOU_CLOCK" not in own
    assert demo.surroundings(str(tmp_path / "x"))["TONGCHOU_DATA"] == str(tmp_path / "x")


def test_a_ledger_city_from_the_terminal(tmp_path: Path):
    surroundings = {
        **os.environ, "TONGCHOU_DATA": str(tmp_path / "city"), "TONGCHOU_DATABASE_URL": "", "TONGCHOU_DEMO": "0",
        "PYTHONPATH": os.pathsep.join([str(env.ROOT / "src"), str(env.ROOT)]),
    }  # fmt: skip
    words = [sys.executable, "-m", "tongchou.cli", "city", "synthesize-ledger", "--people", "400", "--cases", "40", "--tasks", "7", "--json"]
    first = subprocess.run(words, env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(first.stdout) == {"people": 400, "cases": 40, "tasks": 7}
    assert "residents 400/400" in first.stderr
    assert not (tmp_path / "city" / "demo-sign-ins.json").exists()
    other = subprocess.run([*words[:-6], "401", *words[-5:]], env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert other.returncode == 1 and "people=400" in other.stderr
