"""How fast it spreads and what is still to be reported: delays, reproduction number, growth, nowcast."""

from importlib import import_module
from typing import Any

from tongchou.engine.estimate.case_reproduction import CaseReproduction, estimate_case_reproduction
from tongchou.engine.estimate.delay_fit import (
    DelayFit,
    Pairs,
    WeakPrior,
    estimate_delay,
    find_delay_family,
    pairs_of_days,
)
from tongchou.engine.estimate.delays import Delay, delay_of_moments, delay_of_quantiles
from tongchou.engine.estimate.discretise import discretise_delay, discretise_serial_interval, serial_interval_of
from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.growth import Growth, estimate_growth
from tongchou.engine.estimate.infections import InfectionReproduction, estimate_infection_reproduction
from tongchou.engine.estimate.nowcast import Nowcast, nowcast_counts
from tongchou.engine.estimate.published import delay_of_rule
from tongchou.engine.estimate.reports import Reports, pairs_of_reports, reports_of_cases
from tongchou.engine.estimate.reproduction import (
    STATUSES,
    Prior,
    Reproduction,
    Windows,
    estimate_reproduction,
    infectivity_of,
    sliding_windows,
)
from tongchou.engine.estimate.series import CaseSeries, Stack, stack_series
from tongchou.engine.estimate.uncertain_interval import (
    Uncertain,
    draw_serial_intervals,
    estimate_reproduction_uncertain,
)

__all__ = [
    "STATUSES", "CaseReproduction", "CaseSeries", "Delay", "DelayFit", "EstimateError", "Growth",
    "InfectionReproduction", "Nowcast", "Pairs", "Prior", "Renewal", "RenewalPrior", "Reports", "Reproduction",
    "Stack", "Uncertain", "WeakPrior", "Windows", "delay_of_moments", "delay_of_quantiles", "delay_of_rule",
    "discretise_delay", "discretise_serial_interval", "draw_serial_intervals", "estimate_case_reproduction",
    "estimate_delay", "estimate_growth", "estimate_infection_reproduction", "estimate_renewal",
    "estimate_reproduction", "estimate_reproduction_uncertain", "find_delay_family", "infectivity_of",
    "nowcast_counts", "pairs_of_days", "pairs_of_reports", "reports_of_cases", "serial_interval_of",
    "sliding_windows", "stack_series",
]  # fmt: skip

_LATE = ("Renewal", "RenewalPrior", "estimate_renewal")


def __getattr__(name: str) -> Any:
    """The renewal model is compiled: numba is loaded by those who ask for it, not by every command."""
    if name in _LATE:
        return getattr(import_module("tongchou.engine.estimate.renewal"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
