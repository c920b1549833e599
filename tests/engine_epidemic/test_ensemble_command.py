"""``tongchou simulate`` with --workers, --keep and --against."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tongchou.cli import __main__ as cli
from tongchou.cli.terminal import Voice

ASKED = ["simulate", "--people", "3000", "--days", "30", "--imports", "10", "--seed", "4"]


def told(capsys, *words):
    assert cli.main([*ASKED, "--json", *words]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return json.loads(printed)


def hashes(data):
    return [row["sha256"] for row in data["replicates"]]


def test_workers_give_what_threads_give(capsys, tmp_path):
    threads = told(capsys, "--replicates", "3")
    kept = told(capsys, "--replicates", "3", "--workers", "1", "--keep", str(tmp_path / "kept"))
    assert hashes(kept) == hashes(threads) and kept["replicates"] == threads["replicates"]
    assert (kept["complete"], kept["resumed"], kept["damaged"]) == (True, 0, 0)
    assert len(kept["bands"]["uncontrolled.toml"]["reports"]) == len(kept["quantiles"]) == 5
    more = told(capsys, "--replicates", "4", "--workers", "1", "--keep", str(tmp_path / "kept"))
    assert more["resumed"] == 3 and hashes(more)[:3] == hashes(threads)


def test_two_scenarios_side_by_side(capsys, tmp_path):
    words = ("--replicates", "2", "--workers", "1", "--keep", str(tmp_path), "--scenario", "uncontrolled", "--against", "controlled")
    data = told(capsys, *words)
    difference = data["difference"]
    assert [one["seed"] for one in difference["replicates"]] == [4, 5] and set(data["bands"]) == {"uncontrolled.toml", "controlled.toml"}
    mean = sum(one["totals"]["infections"] for one in difference["replicates"]) / 2
    assert difference["totals"]["infections"]["mean"] == pytest.approx(mean) and mean < 0
    assert cli.main([*ASKED, *words]) == 0
    shown = capsys.readouterr().out
    assert "差/difference" in shown and f"{difference['totals']['infections']['median']:+.0f}" in shown
    single = told(capsys, *words, "--replicates", "1")
    assert single["difference"]["totals"]["infections"]["sd_paired"] is None and single["resumed"] == 2


def test_ctrl_c_ends_after_what_runs_and_the_same_words_go_on(capsys, tmp_path, monkeypatch):
    before, lines = signal.getsignal(signal.SIGINT), []

    def interrupt(_voice, _zh, en):
        lines.append(en)
        if en.startswith("1 of"):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Voice, "progress", interrupt)
    words = ("--replicates", "5", "--workers", "1", "--keep", str(tmp_path), "--json")
    assert cli.main([*ASKED, *words]) == 130
    stopped = json.loads(capsys.readouterr().out)
    assert stopped["complete"] is False and len(stopped["replicates"]) == 1
    assert lines[-1] == f"stopped; the same command goes on from {tmp_path}" and signal.getsignal(signal.SIGINT) is before
    monkeypatch.undo()
    again = told(capsys, *words)
    assert again["complete"] and again["resumed"] == 1 and hashes(again) == hashes(told(capsys, "--replicates", "5"))


def test_what_cannot_be_asked_together(capsys, tmp_path):
    for words, code, said in (
        (("--workers", "0"), 1, "at least 1 worker"),
        (("--workers", "1", "--out", str(tmp_path)), 2, "--out writes out one run"),
        (("--workers", "1", "--against", "uncontrolled"), 2, "have one file name"),
        (("--scheduler", "tcp://127.0.0.1:1"), 1, "only the backend dask"),
    ):
        assert cli.main([*ASKED, *words]) == code
        assert said in capsys.readouterr().err
