"""Ensembles: the same from one process, several and Dask; equal scenarios are equal in every replicate; nothing kept is lost."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tongchou import env
from tongchou.engine.city import City
from tongchou.engine.epidemic import EpidemicFault, Imports, Layer, Outcome, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.ensemble import (
    SERIES,
    Arm,
    EnsemblePlan,
    Replicate,
    digest_of,
    estimate_bands,
    estimate_gain,
    find_paired_difference,
)  # fmt: skip
from tongchou.store.city_file import load_city, read_manifest, save_city
from tongchou.store.ensemble_crews import Fault, Task, run_task
from tongchou.store.ensemble_runner import run_ensemble

from tests.engine_epidemic.cities import PLAIN, USUAL, town

SCHOOLS = m.Where(layers=(Layer.SCHOOL,))
FREE = Arm("free", PLAIN, (), (Imports(count=10),))
NEVER = replace(FREE, name="closed too late", measures=(m.closure(m.Where(from_day=500)),))
CLOSED = replace(FREE, name="closed", measures=(m.closure(SCHOOLS),))
ASKED = {"replicates": 3, "seed": 7, "days": 40}


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble") / "town"
    save_city(town(), folder)
    return folder


@pytest.fixture(scope="session")
def alone(saved):
    """What every other way of running has to give."""
    return run_ensemble(saved, [FREE, NEVER, CLOSED], workers=1, **ASKED)


def hashes(ensemble):
    return {arm.name: [run.sha256 for run in ensemble.replicates(arm.name)] for arm in ensemble.plan.arms}


def test_a_replicate_is_the_run_of_its_seed(saved, alone):
    assert alone.complete and alone.resumed == 0
    for run in alone.replicates("closed"):
        outcome = simulate_epidemic(load_city(saved), PLAIN, CLOSED.measures, contacts=USUAL, days=40, imports=10, seed=run.seed)
        assert run.sha256 == outcome.digest() and run.attack_rate == outcome.attack_rate
        assert np.array_equal(run.series["reports"], outcome.daily("reports")) and set(run.series) == set(SERIES)
        assert run.series["infectious"].sum() == outcome.infectious_days


def test_two_processes_give_what_one_gives(saved, alone, monkeypatch):
    def refuse(_city, _protocol):
        raise AssertionError("the city was pickled")

    monkeypatch.setattr(City, "__reduce_ex__", refuse)
    with pytest.raises(AssertionError, match="was pickled"):
        pickle.dumps(load_city(saved))
    seen = []
    two = run_ensemble(saved, [FREE, NEVER, CLOSED], workers=2, progress=lambda *at: seen.append(at), **ASKED)
    assert hashes(two) == hashes(alone)
    assert seen == [(done, 9) for done in range(10)]


def test_dask_gives_what_one_gives(saved, alone):
    if find_spec("distributed") is None:
        reason = "Dask is not installed: pip install -r requirements-scale.txt"
        print(f"skipped: {reason}")
        pytest.skip(reason)
    assert hashes(run_ensemble(saved, [FREE, NEVER, CLOSED], backend="dask", workers=2, **ASKED)) == hashes(alone)
    assert run_ensemble(saved, [FREE], backend="dask", workers=1, cancelled=lambda: True, **ASKED).complete is False


@pytest.mark.skipif(find_spec("distributed") is not None, reason="Dask is here")
def test_without_dask_it_says_what_to_install(saved):
    with pytest.raises(EpidemicFault, match="requirements-scale.txt") as refused:
        run_ensemble(saved, [FREE], backend="dask", **ASKED)
    assert "未安装 Dask" in refused.value.zh


def test_scenarios_that_do_the_same_are_the_same_in_every_replicate(alone):
    assert FREE.digest != NEVER.digest, "they must be run apart for this test to say something"
    differences = alone.differences("free", "closed too late")
    assert [one.seed for one in differences] == [7, 8, 9]
    for one in differences:
        assert (one.spared, one.added, one.moved) == (0, 0, 0) and set(one.totals.values()) == {0.0}
    assert all(gain.sd_paired == 0 == gain.mean for gain in alone.gains("free", "closed too late").values())


def test_scenarios_that_differ_are_paired_person_by_person(alone):
    for one, other, told in zip(alone.replicates("free"), alone.replicates("closed"), alone.differences("free", "closed"), strict=True):
        first, second = (dict(zip(run.infected.tolist(), run.first_day.tolist(), strict=True)) for run in (one, other))
        assert told.spared == len(first.keys() - second.keys()) and told.added == len(second.keys() - first.keys())
        assert told.moved == sum(first[person] != second[person] for person in first.keys() & second.keys())
        assert told.totals["infections"] == other.series["infections"].sum() - one.series["infections"].sum()
    gain = alone.gains("free", "closed")["infections"]
    assert gain.low <= gain.median <= gain.high < 0 < gain.sd_paired


def test_bands_and_gains_by_hand():
    bands = estimate_bands([np.array([0.0, 10.0]), np.array([2.0, 20.0]), np.array([4.0, 90.0])], (0.0, 0.25, 0.5, 1.0))
    assert bands.tolist() == [[0, 10], [1, 15], [2, 20], [4, 90]]
    gain = estimate_gain([10, 20, 30], [9, 18, 27])
    assert (gain.mean, gain.median, gain.sd_paired) == (-2, -2, 1)
    assert gain.sd_independent == pytest.approx(np.sqrt(100 + 81))
    assert np.isnan(estimate_gain([1], [2]).sd_paired)
    with pytest.raises(EpidemicFault, match="no bands"):
        estimate_bands([])
    with pytest.raises(EpidemicFault, match="same number"):
        estimate_gain([1, 2], [1])


def test_only_runs_of_one_seed_are_paired(alone):
    first, second, _third = alone.replicates("free")
    with pytest.raises(EpidemicFault, match="one seed"):
        find_paired_difference(first, second)


def test_the_city_is_never_sent(saved):
    task = Task(str(saved), "", CLOSED, USUAL, 40, 1)
    assert len(pickle.dumps(task)) < 100_000 < sum(array.nbytes for array in load_city(saved).arrays().values())
    assert not any(isinstance(value, City | Outcome) for value in vars(task).values())
    assert "city" not in Replicate.__dataclass_fields__


def test_what_is_cancelled_goes_on(saved, alone, tmp_path):
    done = 0

    def count(at, _total):
        nonlocal done
        done = at

    stopped = run_ensemble(saved, [FREE, CLOSED], workers=1, keep=tmp_path, progress=count, cancelled=lambda: done >= 2, **ASKED)
    assert not stopped.complete and done == 2 and len(stopped.differences("free", "closed")) == 1
    again = run_ensemble(saved, [FREE, CLOSED], workers=1, keep=tmp_path, **ASKED)
    assert again.complete and again.resumed == 2
    assert hashes(again) == {name: hashes(alone)[name] for name in ("free", "closed")}
    more = run_ensemble(saved, [FREE, CLOSED], workers=1, keep=tmp_path, **{**ASKED, "replicates": 4})
    assert more.resumed == 6 and len(more.replicates("free")) == 4
    assert json.loads((tmp_path / "ensemble.json").read_text("utf-8"))["seeds"] == [[7, 10]]


def test_processes_that_are_cancelled_keep_what_they_finish(saved, tmp_path):
    done = 0

    def count(at, _total):
        nonlocal done
        done = at

    stopped = run_ensemble(saved, [FREE], workers=2, keep=tmp_path, replicates=400, seed=1, days=40, progress=count, cancelled=lambda: done >= 2)
    assert not stopped.complete and 2 <= len(stopped.replicates("free")) == done < 400


KILLED = """
import os, signal, sys
from tests.engine_epidemic.test_ensemble import ASKED, CLOSED, FREE
from tongchou.store.ensemble_runner import run_ensemble

if __name__ == "__main__":
    run_ensemble(sys.argv[1], [FREE, CLOSED], workers=2, keep=sys.argv[2], progress=lambda done, _: print(done, os.getpid(), flush=True), **{**ASKED, "replicates": 500})
"""


def children_of(pid: int) -> set[int]:
    """Processes that come of one, theirs too (Linux)."""
    found = {int(word) for path in Path(f"/proc/{pid}/task").glob("*/children") for word in path.read_text().split()}
    return found | {grandchild for child in found for grandchild in children_of(child)}


def test_what_is_killed_goes_on(saved, alone, tmp_path):
    program, keep = tmp_path / "run.py", tmp_path / "kept"
    program.write_text(KILLED, encoding="utf-8")
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join((str(env.ROOT / "src"), str(env.ROOT)))}
    with subprocess.Popen([sys.executable, program, saved, keep], stdout=subprocess.PIPE, text=True, env=paths, cwd=tmp_path) as run:
        for line in run.stdout:
            if int(line.split()[0]) >= 3:
                break
        workers = children_of(run.pid)
        run.kill()
    assert run.returncode == -signal.SIGKILL and workers
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()], "workers outlived the caller that was killed"
    kept = sorted(keep.glob("runs/*/*.npz"))
    assert 3 <= len(kept) < 1000
    again = run_ensemble(saved, [FREE, CLOSED], workers=1, keep=keep, **ASKED)
    assert again.complete and again.resumed >= 3
    assert hashes(again) == {name: hashes(alone)[name] for name in ("free", "closed")}


def test_a_damaged_file_is_counted_and_run_again(saved, alone, tmp_path):
    run_ensemble(saved, [FREE], workers=1, keep=tmp_path, **ASKED)
    first, second, third = sorted(tmp_path.glob("runs/*/*.npz"))
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    changed = bytearray(second.read_bytes())
    changed[len(changed) // 2] ^= 0xFF
    second.write_bytes(changed)
    again = run_ensemble(saved, [FREE], workers=1, keep=tmp_path, **ASKED)
    assert (again.damaged, again.resumed) == (2, 1) and third.exists()
    assert hashes(again)["free"] == hashes(alone)["free"] and first.read_bytes() == whole


def test_runs_of_something_else_are_refused(saved, tmp_path):
    keep = tmp_path / "kept"
    run_ensemble(saved, [FREE], workers=1, keep=keep, **ASKED)
    other = tmp_path / "other"
    save_city(town(3000), other)
    for words, call in {
        "another city": lambda: run_ensemble(other, [FREE], keep=keep, **ASKED),
        "another days": lambda: run_ensemble(saved, [FREE], keep=keep, **{**ASKED, "days": 41}),
        "another contact pack": lambda: run_ensemble(saved, [FREE], keep=keep, contacts=replace(USUAL, own_neighbourhood=0.5), **ASKED),
        "scenario free is not the one": lambda: run_ensemble(saved, [replace(CLOSED, name="free")], keep=keep, **ASKED),
        "holds other files": lambda: run_ensemble(saved, [FREE], keep=other, **ASKED),
        "a name of its own": lambda: run_ensemble(saved, [FREE, FREE], **ASKED),
        "nobody brings the disease": lambda: run_ensemble(saved, [replace(FREE, imports=())], **ASKED),
        "no backend": lambda: run_ensemble(saved, [FREE], backend="spark", **ASKED),
        "at least 1 worker": lambda: run_ensemble(saved, [FREE], workers=0, **ASKED),
        "replicates must be": lambda: run_ensemble(saved, [FREE], **{**ASKED, "replicates": 0}),
    }.items():
        with pytest.raises(EpidemicFault, match=words):
            call()


def test_a_folder_serves_one_ensemble_at_a_time(saved, tmp_path):
    def second(done, _total):
        if done == 1:
            run_ensemble(saved, [FREE], workers=1, keep=tmp_path, **ASKED)

    with pytest.raises(EpidemicFault, match="another ensemble is working"):
        run_ensemble(saved, [FREE], workers=1, keep=tmp_path, progress=second, **ASKED)


def test_a_fault_in_a_worker_reaches_the_caller(saved):
    nowhere = replace(FREE, imports=(Imports(count=1, county="Z"),))
    fault = run_task(Task(str(saved), str(read_manifest(saved)["sha256"]), nowhere, USUAL, 40, 1))
    assert isinstance(fault, Fault) and pickle.loads(pickle.dumps(fault)) == fault
    with pytest.raises(EpidemicFault, match="Z") as refused:
        run_ensemble(saved, [nowhere], workers=1, **ASKED)
    assert (refused.value.zh, refused.value.en) == (fault.zh, fault.en)


def test_another_city_under_the_path_of_a_worker_is_refused(saved, tmp_path):
    folder = tmp_path / "moved"
    save_city(town(3000), folder)

    def swap(done, _total):
        if done == 0:
            save_city(town(2000), folder, replace=True)

    with pytest.raises(EpidemicFault, match="another city for this worker"):
        run_ensemble(folder, [FREE], workers=1, progress=swap, **ASKED)
    assert read_manifest(folder)["people"] == 2000


def test_digests_tell_apart_what_differs():
    assert digest_of(1) != digest_of(1.0) != digest_of("1") and digest_of(("a", "b")) != digest_of(("ab",))
    assert digest_of(np.array([1, 2])) != digest_of(np.array([[1, 2]])) and digest_of({"a": 1}) == digest_of({"a": 1})
    assert replace(FREE, name="other").digest == FREE.digest != replace(FREE, first_weekday=1).digest
    with pytest.raises(TypeError, match="has no digest"):
        digest_of(object())


def test_replicates_come_in_pairs():
    plan = EnsemblePlan((FREE, CLOSED), USUAL, 10, 2, 5)
    assert [(arm.name, seed) for arm, seed in plan.tasks()] == [("free", 5), ("closed", 5), ("free", 6), ("closed", 6)]
