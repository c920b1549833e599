"""How fast it spreads and what is still to be reported: delays, reproduction number, growth, nowcast."""

from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.series import CaseSeries, Stack, stack_series

__all__ = ["CaseSeries", "EstimateError", "Stack", "stack_series"]
