"""What an outlook is made with and what it says: plain frozen figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongchou.engine.chains.curve import CurveFacts
from tongchou.engine.chains.downgrade import Downgrade
from tongchou.engine.chains.episode import EpisodeEnd, Spread
from tongchou.engine.chains.shares import Share
from tongchou.engine.estimate import Prior
from tongchou.reason import Reason


@dataclass(frozen=True)
class OutlookRules:
    """The figures of the disease and of the house that an outlook is made with; all come from the rulebook.

    Attributes:
        window_days, fewest_cases: below so many cases in the window nothing is estimated from the curve.
        max_incubation_days: a chain is open for so long after its last case.
        spread: the branching process for the end of the episode.
        threshold: the chance from which an episode is called over.
        horizon_days: how far ahead the chances are given.
        prior: of the reproduction number, where there are enough cases to estimate it.
    """

    window_days: int
    fewest_cases: int
    max_incubation_days: int
    spread: Spread
    threshold: float
    horizon_days: int = 60
    prior: Prior = Prior()


@dataclass(frozen=True)
class DelayFacts:
    """Days between two dates of the same case, as they are.

    Attributes:
        known: cases with both dates, of which ``negative`` have the second before the first.
        missing: cases without one of the dates.
        median, q25, q75: None where no case has both.
    """

    known: int
    missing: int
    negative: int
    median: float | None
    q25: float | None
    q75: float | None


@dataclass(frozen=True)
class AreaOutlook:
    """What can be said of an area at the close of ``as_of``.

    Attributes:
        enough: whether the window holds enough cases for estimates from the curve.
        curve: reproduction number and growth; None where there are too few cases, or it began too lately.
        cases, cases_in_window: all cases, and those reported (else fallen ill) in the last ``window_days`` days.
        imported, local, unknown_origin: all cases by where they were infected.
        imported_in_window, days_since_import: None where no case was imported.
        unlinked: cases infected inside without a known infector, of those infected inside.
        chains, open_chains, largest_chain, deepest_generation: chains with a case in the area, whole chains counted.
        isolation: days from onset to isolation.
        days_since_last_case: None where the area has had none.
        end: chances of the end; None without cases.
        downgrade: None where the rule names no day.
        reasons: the same in words, most important first.
    """

    as_of: np.datetime64
    enough: bool
    curve: CurveFacts | None
    cases: int
    cases_in_window: int
    imported: int
    local: int
    unknown_origin: int
    imported_in_window: int
    days_since_import: int | None
    unlinked: Share
    chains: int
    open_chains: int
    largest_chain: int
    deepest_generation: int
    isolation: DelayFacts
    days_since_last_case: int | None
    end: EpisodeEnd | None
    downgrade: Downgrade | None
    reasons: tuple[Reason, ...]
