"""Periodic work of this room."""

from __future__ import annotations

from typing import Any

from tongchou import citytime, jobs
from tongchou.access.actor import SYSTEM
from tongchou.tasks.actions.escalation import run_escalations


@jobs.handler("tasks.escalate")
def escalate(run: jobs.Run) -> dict[str, Any]:
    """Remind and escalate as of now; each step is once only, so a restart repeats nothing."""
    return {"steps": len(run_escalations(at=citytime.now(), by=SYSTEM))}


jobs.every("tasks.escalate", minutes=5)
