"""Who runs the replicates: this process, processes of this machine, or a Dask cluster; one interface for all.

A worker opens the saved city as a memory map, once, and keeps it: all workers of a machine read the same pages, and what
goes to a worker is the path of the city and a scenario of some kilobytes. Processes start from a fork server, not by
forking the caller, which may have threads (a web server has) that a fork would leave half alive.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import wait as wait_for_end
from typing import Any, Protocol

from tongchou.engine.city import City, CityFault
from tongchou.engine.epidemic import Contacts, EpidemicFault
from tongchou.engine.epidemic.ensemble import Arm, Replicate, simulate_replicate
from tongchou.store.city_file import load_city, read_manifest

BACKENDS = ("processes", "dask")
POLL_S = 0.2
"""how often a waiting ensemble looks whether it was cancelled"""


@dataclass(frozen=True, eq=False)
class Task:
    """One replicate as it is sent to a worker."""

    city_folder: str
    city_sha256: str
    arm: Arm
    contacts: Contacts
    days: int
    seed: int


@dataclass(frozen=True)
class Fault:
    """What a worker could not compute, in words: an exception with two sentences does not survive pickling."""

    zh: str
    en: str


def run_task(task: Task) -> Replicate | Fault:
    """What a worker does, wherever it is."""
    try:
        city = _city(task.city_folder, task.city_sha256)
        return simulate_replicate(city, task.arm, task.contacts, days=task.days, seed=task.seed)
    except (EpidemicFault, CityFault) as fault:
        return Fault(fault.zh, fault.en)


@lru_cache(maxsize=1)
def _city(folder: str, sha256: str) -> City:
    if read_manifest(folder)["sha256"] != sha256:
        raise CityFault(
            f"此工作进程的 {folder} 是另一座城市：各机应能以同一路径读到同一城市文件夹",
            f"{folder} is another city for this worker; every machine must see the same city folder under the same path",
        )
    return load_city(folder)


class Crew(Protocol):
    """Runs tasks. ``room`` is how many it holds at once."""

    room: int

    def submit(self, task: Task) -> Any: ...
    def finished(self, handles: Iterable[Any]) -> list[Any]:
        """Those that are done, after waiting ``POLL_S`` at most."""

    def give_up(self, handles: Iterable[Any]) -> set[Any]:
        """Start nothing more; those that are under way and will still end."""


class Alone:
    """Runs each task in this process when it is handed over."""

    room = 1

    def submit(self, task: Task) -> Future[Replicate | Fault]:
        done: Future[Replicate | Fault] = Future()
        done.set_result(run_task(task))
        return done

    def finished(self, handles: Iterable[Any]) -> list[Any]:
        return list(handles)

    def give_up(self, handles: Iterable[Any]) -> set[Any]:
        return set(handles)


class Processes:
    """Runs tasks in processes of this machine."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self.pool, self.room = pool, workers + 1

    def submit(self, task: Task) -> Future[Replicate | Fault]:
        return self.pool.submit(run_task, task)

    def finished(self, handles: Iterable[Any]) -> list[Any]:
        return list(wait(handles, POLL_S, FIRST_COMPLETED).done)

    def give_up(self, handles: Iterable[Any]) -> set[Any]:
        return {handle for handle in handles if not handle.cancel()}


class Cluster:
    """Runs tasks on a Dask cluster."""

    def __init__(self, client: Any, wait_for: Callable[..., Any], room: int) -> None:
        self.client, self.wait_for, self.room = client, wait_for, room

    def submit(self, task: Task) -> Any:
        return self.client.submit(run_task, task, pure=False)

    def finished(self, handles: Iterable[Any]) -> list[Any]:
        try:
            return list(self.wait_for(list(handles), timeout=POLL_S, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []

    def give_up(self, handles: Iterable[Any]) -> set[Any]:
        self.client.cancel(list(handles))
        return set()


def open_crew(backend: str, workers: int, scheduler: str) -> Any:
    """A context that holds the workers. ``scheduler``: address of a Dask cluster; empty for one on this machine."""
    if backend not in BACKENDS:
        raise EpidemicFault(f"没有运行方式 {backend}：可用 {', '.join(BACKENDS)}", f"there is no backend {backend!r}; use {' or '.join(BACKENDS)}")
    if workers < 1:
        raise EpidemicFault("工作进程数至少为 1", "there must be at least 1 worker")
    if scheduler and backend != "dask":
        raise EpidemicFault("只有 dask 方式有调度地址", "only the backend dask has a scheduler's address")
    return _cluster(workers, scheduler) if backend == "dask" else _processes(workers)


@contextmanager
def _processes(workers: int) -> Iterator[Crew]:
    if workers == 1:
        yield Alone()
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_settle_worker)
    try:
        yield Processes(pool, workers)
    except BrokenProcessPool:
        raise EpidemicFault(
            "一个工作进程被系统中止，通常因内存不足：请减少 --workers；已保留的运行会续接",
            "a worker process was ended by the system, mostly for want of memory; take fewer --workers; runs that were kept are resumed",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _settle_worker() -> None:
    """A worker leaves Ctrl-C to the caller, and ends with the caller even where that one was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    caller = multiprocessing.parent_process()
    if caller is not None:
        threading.Thread(target=_end_with, args=(caller.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_end([sentinel])
    os._exit(1)


@contextmanager
def _cluster(workers: int, scheduler: str) -> Iterator[Crew]:
    if find_spec("distributed") is None:
        raise EpidemicFault(
            "未安装 Dask：请执行 pip install -r requirements-scale.txt，或用 --backend processes",
            "Dask is not installed; run pip install -r requirements-scale.txt, or use --backend processes",
        )
    distributed = import_module("distributed")
    here = None if scheduler else distributed.LocalCluster(workers, threads_per_worker=1, dashboard_address=None)
    try:
        client = distributed.Client(scheduler or here, timeout="20s")
    except OSError:
        raise EpidemicFault(f"连接不上 Dask 调度器 {scheduler}", f"no Dask scheduler answers at {scheduler}") from None
    try:
        found = sum(client.nthreads().values()) if scheduler else workers
        if found < 1:
            raise EpidemicFault(f"Dask 调度器 {scheduler} 没有工作进程", f"the Dask scheduler {scheduler} has no workers")
        yield Cluster(client, distributed.wait, found + 1)
    except distributed.KilledWorker:
        raise EpidemicFault(
            "Dask 的工作进程屡次中止，通常因内存不足：请给它更多内存；已保留的运行会续接",
            "workers of Dask ended again and again, mostly for want of memory; give them more; runs that were kept are resumed",
        ) from None
    finally:
        client.close()
        if here is not None:
            here.close()
