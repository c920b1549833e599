"""One table of long work and one worker: progress, cancel, resume after a kill."""

from importlib import import_module
from typing import TYPE_CHECKING

from tongchou.jobs.registry import HANDLERS, PERIODIC, every, handler

if TYPE_CHECKING:
    from tongchou.jobs.actions.job import JobError, ask, cancel_job, retry_job
    from tongchou.jobs.models import Job, JobState
    from tongchou.jobs.worker import Run, run, run_long

_LATE = {
    "ask": "actions.job", "cancel_job": "actions.job", "retry_job": "actions.job", "JobError": "actions.job",
    "Job": "models", "JobState": "models", "Run": "worker", "run": "worker", "run_long": "worker",
}  # fmt: skip

__all__ = ["HANDLERS", "PERIODIC", "Job", "JobError", "JobState", "Run", "ask", "cancel_job", "every", "handler", "retry_job", "run", "run_long"]


def __getattr__(name: str):
    """Reach what needs the table late: a model can be imported only once Django's apps are ready."""
    if name in _LATE:
        return getattr(import_module(f"tongchou.jobs.{_LATE[name]}"), name)
    raise AttributeError(name)
