"""Background jobs of the bridge."""

from __future__ import annotations

from typing import Any

from tongchou import jobs


@jobs.handler("scenario.run", max_attempts=3, lease_minutes=30, long=True)
def run_scenario(run: jobs.Run) -> dict[str, Any]:
    """Compare two scenarios; see ``scenario_runs``."""
    from tongchou.bridge import scenario_runs  # loads the engine: seconds and 100 MB, only where simulated

    return scenario_runs.work(run)
