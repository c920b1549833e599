"""From cases and infector links to chains: which links can hold, who stands in which chain and generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tongchou.engine.chains.cases import NO, YES, Cases, Counts, Days, Flags, Links, Reals

#: Why a link was set aside, in the order of the checks.
REFUSED = ("unknown_case", "itself", "repeated", "impossible_dates", "ring")
KEPT = ""


@dataclass(frozen=True)
class Chains:
    """Chains are numbered from 0 by the day of their first case. Arrays ``link_*`` have an entry a link, ``chain_*``
    an entry a chain, the others an entry a case.

    Attributes:
        link_fate: "" for a link that was kept, else one of ``REFUSED``.
        link_share: the probability of a kept link among its infectee's links (they sum to 1); 0 where refused.
        refused: how many links were set aside, by reason.
        undated_links: kept links of which one end has no onset, so that no date could speak against them.
        imported_infectees: kept links whose infectee is said to be infected outside; one of the two is wrong.
        chain: number of the chain that the case stands in.
        generation: steps from the nearest case without an infector; ``generation_latest`` by the longest way.
        infectors, infectees: kept links that end, and that start, at the case. More than one infector means several
            possible ones, so that the infectees of all cases may add up to more than were infected.
        offspring: cases infected if every infectee is given to its likeliest infector (the first row where equal).
        offspring_expected: the same with every link counted by its share.
        chain_size, chain_depth: cases, and the last generation.
        chain_first_on, chain_last_on: first and last day (onset, else report); NaT where no case has one.
        chain_imported: cases of the chain infected outside.
    """

    link_fate: NDArray[np.str_]
    link_share: Reals
    refused: Mapping[str, int]
    undated_links: int
    imported_infectees: int
    chain: Counts
    generation: Counts
    generation_latest: Counts
    infectors: Counts
    infectees: Counts
    offspring: Counts
    offspring_expected: Reals
    chain_size: Counts
    chain_depth: Counts
    chain_first_on: Days
    chain_last_on: Days
    chain_imported: Counts

    @property
    def kept(self) -> Flags:
        return self.link_fate == KEPT

    def open_on(self, as_of: np.datetime64, max_incubation_days: int) -> Flags:
        """The chains whose last case fell ill no longer ago than the longest incubation: one more may still appear.

        A chain without any day counts as open: nothing says that it has ended.
        """
        return np.isnat(self.chain_last_on) | ((as_of - self.chain_last_on).astype(np.int64) <= max_incubation_days)


def find_chains(
    cases: Cases, links: Links, *, max_incubation_days: int | None = None, longest_lag_days: int | None = None
) -> Chains:
    """The chains that ``links`` make of ``cases``.

    With ``max_incubation_days`` a link is refused where its infectee fell ill more than that before the infector:
    who is infected by another is infected later, so even with the longest incubation against none the onset lies no
    further back. With ``longest_lag_days`` it is refused where the infectee fell ill longer than that after the
    infector. All links of a ring are refused: nothing says which of them is the wrong one.
    """
    fate = _fates(cases, links, max_incubation_days, longest_lag_days)
    fate[_in_ring(len(cases), links, fate == KEPT)] = "ring"
    kept = fate == KEPT
    source, target = links.infector[kept], links.infectee[kept]
    share = np.zeros(len(links))
    total = np.bincount(target, weights=links.weight[kept], minlength=len(cases))
    share[kept] = links.weight[kept] / total[target]
    undated = np.isnat(cases.onset_on[source]) | np.isnat(cases.onset_on[target])
    chain = _numbered(cases, source, target)
    count = int(chain.max()) + 1 if chain.size else 0
    earliest, latest = _generations(len(cases), source, target)
    first_on, last_on = _span(cases.dated_on, chain, count)
    depth = np.zeros(count, np.int64)
    np.maximum.at(depth, chain, earliest)
    return Chains(
        link_fate=fate,
        link_share=share,
        refused=MappingProxyType({code: int((fate == code).sum()) for code in REFUSED}),
        undated_links=int(undated.sum()),
        imported_infectees=int((cases.imported[target] == YES).sum()),
        chain=chain,
        generation=earliest,
        generation_latest=latest,
        infectors=np.bincount(target, minlength=len(cases)).astype(np.int64),
        infectees=np.bincount(source, minlength=len(cases)).astype(np.int64),
        offspring=_likeliest(source, target, share[kept], len(cases)),
        offspring_expected=np.bincount(source, weights=share[kept], minlength=len(cases)).astype(np.float64),
        chain_size=np.bincount(chain, minlength=count).astype(np.int64),
        chain_depth=depth,
        chain_first_on=first_on,
        chain_last_on=last_on,
        chain_imported=np.bincount(chain, weights=cases.imported == YES, minlength=count).astype(np.int64),
    )


def _fates(cases: Cases, links: Links, incubation: int | None, longest: int | None) -> NDArray[np.str_]:
    fate = np.full(len(links), KEPT, dtype="<U20")
    size = len(cases)
    strange = (links.infector < 0) | (links.infectee < 0) | (links.infector >= size) | (links.infectee >= size)
    fate[strange] = "unknown_case"
    fate[(fate == KEPT) & (links.infector == links.infectee)] = "itself"
    pairs = links.infector * max(size, 1) + links.infectee
    rest = np.flatnonzero(fate == KEPT)
    first = rest[np.unique(pairs[rest], return_index=True)[1]]
    fate[np.setdiff1d(rest, first)] = "repeated"
    held = np.flatnonzero(fate == KEPT)
    gap = cases.onset_on[links.infectee[held]] - cases.onset_on[links.infector[held]]
    dated = ~np.isnat(gap)
    lag = np.where(dated, gap.astype(np.int64), 0)
    wrong = np.zeros(held.size, np.bool_)
    if incubation is not None:
        wrong |= dated & (lag < -incubation)
    if longest is not None:
        wrong |= dated & (lag > longest)
    fate[held[wrong]] = "impossible_dates"
    return fate


def _graph(size: int, source: Counts, target: Counts) -> coo_matrix:
    return coo_matrix((np.ones(source.size, np.int8), (source, target)), shape=(size, size))


def _in_ring(size: int, links: Links, kept: Flags) -> Flags:
    """The kept links whose two ends can each reach the other."""
    within = np.zeros(len(links), np.bool_)
    if kept.any():
        source, target = links.infector[kept], links.infectee[kept]
        _n, part = connected_components(_graph(size, source, target), directed=True, connection="strong")
        within[np.flatnonzero(kept)[part[source] == part[target]]] = True
    return within


def _numbered(cases: Cases, source: Counts, target: Counts) -> Counts:
    """The chain of every case, numbered by the day of the chain's first case, then by its first row."""
    if not len(cases):
        return np.zeros(0, np.int64)
    count, part = connected_components(_graph(len(cases), source, target), directed=False)
    first_on, _last_on = _span(cases.dated_on, part, count)
    first_row = np.full(count, len(cases))
    np.minimum.at(first_row, part, np.arange(len(cases)))
    order = np.lexsort((first_row, first_on))  # NaT sorts last
    number = np.empty(count, np.int64)
    number[order] = np.arange(count)
    return number[part]


def _span(dated_on: Days, chain: NDArray[np.integer], count: int) -> tuple[Days, Days]:
    """First and last known day of every chain."""
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, np.iinfo(np.int64).min)
    known = ~np.isnat(dated_on)
    day = dated_on[known].astype(np.int64)
    np.minimum.at(first, chain[known], day)
    np.maximum.at(last, chain[known], day)
    none = last == np.iinfo(np.int64).min
    nat = np.datetime64("NaT")
    return (
        np.where(none, nat, np.where(none, 0, first).astype("datetime64[D]")),
        np.where(none, nat, np.where(none, 0, last).astype("datetime64[D]")),
    )


def _generations(size: int, source: Counts, target: Counts) -> tuple[Counts, Counts]:
    """Generations by the shortest and the longest way from a case without infector, a round a generation."""
    earliest = np.full(size, -1, np.int64)
    latest = np.zeros(size, np.int64)
    waiting = np.bincount(target, minlength=size)
    round_ = np.flatnonzero(waiting == 0)
    earliest[round_] = 0
    left = np.arange(source.size)
    while left.size:
        done = np.zeros(size, np.bool_)
        done[round_] = True
        now = left[done[source[left]]]
        left = left[~done[source[left]]]
        np.subtract.at(waiting, target[now], 1)
        np.maximum.at(latest, target[now], latest[source[now]] + 1)
        shorter = earliest[source[now]] + 1
        fresh = earliest[target[now]] < 0
        earliest[target[now][fresh]] = np.iinfo(np.int64).max
        np.minimum.at(earliest, target[now], shorter)
        reached = np.unique(target[now])
        round_ = reached[waiting[reached] == 0]
    return earliest, latest


def _likeliest(source: Counts, target: Counts, share: Reals, size: int) -> Counts:
    """Infected cases a case, each infectee given to its likeliest infector."""
    order = np.lexsort((source, -share, target))
    first = np.ones(order.size, np.bool_)
    first[1:] = target[order][1:] != target[order][:-1]
    return np.bincount(source[order][first], minlength=size).astype(np.int64)


def unlinked(cases: Cases, chains: Chains) -> Flags:
    """Cases infected inside the area by nobody known: not imported and without a kept infector."""
    return (cases.imported == NO) & (chains.infectors == 0)
