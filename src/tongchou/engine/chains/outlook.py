"""One area on one day in few words and figures: too few to say, or what can be said; and always what is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tongchou.engine.chains.cases import NO, UNKNOWN, YES, Cases, ChainInputError, Counts, Flags
from tongchou.engine.chains.curve import CurveFacts, counted_on, estimate_curve
from tongchou.engine.chains.downgrade import estimate_downgrade
from tongchou.engine.chains.episode import EpisodeEnd, Spread, estimate_episode_over
from tongchou.engine.chains.facts import AreaOutlook, DelayFacts, OutlookRules
from tongchou.engine.chains.shares import estimate_share
from tongchou.engine.chains.telling import find_reasons
from tongchou.engine.chains.trees import Chains, unlinked


def estimate_outlook(
    cases: Cases, chains: Chains, here: Flags, *, as_of: np.datetime64, rules: OutlookRules,
    days_to_downgrade: int | None = None,
) -> AreaOutlook:  # fmt: skip
    """The outlook of the cases ``here`` within all cases of the city, so that a source in the next county is known.

    ``cases`` are those known by ``as_of``; a day after it is refused (ChainInputError), as is a mask of another length.
    """
    if here.shape != (len(cases),):
        raise ChainInputError("地区标记与病例数不同", "the marks of the area and the cases differ in number")
    latest = counted_on(cases)[here]
    if (latest[~np.isnat(latest)] > as_of).any():
        raise ChainInputError(
            f"有 {as_of} 以后的病例，请先去掉", f"there are cases after {as_of}: leave them out first"
        )
    days = counted_on(cases)
    within = here & ~np.isnat(days) & (days > as_of - rules.window_days)
    imported = here & (cases.imported == YES)
    numbers = np.unique(chains.chain[here])
    open_ = chains.open_on(as_of, rules.max_incubation_days)[numbers]
    inside = here & (cases.imported == NO)
    enough = int(within.sum()) >= rules.fewest_cases
    end = _end(cases, chains, here, as_of, rules, int((within & imported).sum())) if here.any() else None
    facts = AreaOutlook(
        as_of=as_of,
        enough=enough,
        curve=_curve(cases, here, as_of, rules) if enough else None,
        cases=int(here.sum()),
        cases_in_window=int(within.sum()),
        imported=int(imported.sum()),
        local=int(inside.sum()),
        unknown_origin=int((here & (cases.imported == UNKNOWN)).sum()),
        imported_in_window=int((within & imported).sum()),
        days_since_import=_days_since(days[imported], as_of),
        unlinked=estimate_share(int((unlinked(cases, chains) & here).sum()), int(inside.sum())),
        chains=int(numbers.size),
        open_chains=int(open_.sum()),
        largest_chain=int(chains.chain_size[numbers].max(initial=0)),
        deepest_generation=int(chains.generation[here].max(initial=0)),
        isolation=find_delay(cases.onset_on[here], cases.isolated_on[here]),
        days_since_last_case=_days_since(days[here], as_of),
        end=end,
        downgrade=None if end is None else estimate_downgrade(days_to_downgrade, end),
        reasons=(),
    )
    return replace(facts, reasons=find_reasons(facts, rules))


def find_delay(first_on: np.ndarray, second_on: np.ndarray) -> DelayFacts:
    """Days from ``first_on`` to ``second_on`` of the same case, with what is missing or runs backwards counted."""
    gap = second_on - first_on
    known = ~np.isnat(gap)
    days = gap[known].astype(np.int64)
    low, middle, high = (
        (float(one) for one in np.quantile(days, [0.25, 0.5, 0.75])) if days.size else (None, None, None)
    )
    return DelayFacts(int(known.sum()), int((~known).sum()), int((days < 0).sum()), middle, low, high)


def _curve(cases: Cases, here: Flags, as_of: np.datetime64, rules: OutlookRules) -> CurveFacts | None:
    return estimate_curve(
        cases, here, as_of=as_of, serial=rules.spread.serial, window_days=rules.window_days,
        fewest_cases=rules.fewest_cases, prior=rules.prior,
    )  # fmt: skip


def _days_since(days: np.ndarray, as_of: np.datetime64) -> int | None:
    known = days[~np.isnat(days)]
    return int((as_of - known.max()).astype(np.int64)) if known.size else None


def _end(
    cases: Cases, chains: Chains, here: Flags, as_of: np.datetime64, rules: OutlookRules, imported_lately: int
) -> EpisodeEnd:
    """Ages by onset; a case reported before it fell ill (a positive contact) counts from its report."""
    dated = cases.dated_on
    ages: Counts = np.maximum((as_of - dated[here & ~np.isnat(dated)]).astype(np.int64), 0)
    return estimate_episode_over(
        ages,
        rules.spread,
        infected=_expected_infected(cases, chains, rules.spread)[here & ~np.isnat(dated)],
        horizon_days=rules.horizon_days,
        imports_per_day=imported_lately / rules.window_days,
        undated=int((here & np.isnat(dated)).sum()),
    )


def _expected_infected(cases: Cases, chains: Chains, spread: Spread) -> np.ndarray:
    """Secondary cases of each case: the linked ones by share, and each case of unknown source divided among earlier cases
    by how likely the days between are for the serial interval (Wallinga and Teunis 2004, Am J Epidemiol 160:509).

    Worked out by day, so that many cases cost no more than few: cases of the same day are alike, but for an orphan not
    being its own infector.
    """
    made = chains.offspring_expected.copy()
    known = np.flatnonzero(~np.isnat(cases.dated_on))
    if not known.size:
        return made
    days = cases.dated_on[known].astype(np.int64)
    days -= days.min()
    length = int(days.max()) + 1
    orphan = ((cases.imported != YES) & (chains.infectors == 0))[known]
    pmf = np.zeros(length)
    size = min(length, spread.serial.pmf.size)
    pmf[:size] = spread.serial.pmf[:size]
    every, orphans = np.bincount(days, minlength=length), np.bincount(days[orphan], minlength=length)
    likely = np.convolve(every, pmf)[:length] - pmf[0]  # all who could have infected an orphan of that day, not itself
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where((orphans > 0) & (likely > 1e-12), 1 / likely, 0.0)
    given = np.convolve((orphans * part)[::-1], pmf)[:length][::-1]
    made[known] += given[days] - np.where(orphan, pmf[0] * part[days], 0.0)
    return made
