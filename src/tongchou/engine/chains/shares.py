"""Shares of small counts with exact intervals: secondary attack rates by setting, unlinked and imported shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from tongchou.engine.chains.cases import UNKNOWN, YES, ChainInputError


@dataclass(frozen=True)
class Share:
    """``part`` of ``whole`` with the exact interval of Clopper and Pearson (1934, Biometrika 26:404); None for 0 of 0."""

    part: int
    whole: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AttackRate:
    """The secondary attack rate of one setting; ``untested`` contacts are in neither part of the share."""

    setting: str
    rate: Share
    untested: int


def estimate_share(part: int, whole: int, confidence: float = 0.95) -> Share:
    """Raises ChainInputError where ``part`` is negative or above ``whole``."""
    if not 0 <= part <= whole:
        raise ChainInputError(f"{part} 不能是 {whole} 的一部分", f"{part} cannot be a part of {whole}")
    if whole == 0:
        return Share(0, 0, None, None, None)
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(1 - tail, part + 1, whole - part)) if part < whole else 1.0
    return Share(part, whole, part / whole, low, high)


def estimate_attack_rates(
    setting: ArrayLike, infected: ArrayLike, *, confidence: float = 0.95
) -> tuple[AttackRate, ...]:
    """Infected among exposed contacts by setting, the setting with most contacts first.

    ``setting``: one text a contact. ``infected``: 1 infected, 0 tested or observed to the end without infection, -1
    not known; unknown ones are counted beside, never as uninfected. The interval takes contacts as independent;
    those of one infector are not, so it is too narrow where few infectors made most contacts.
    """
    where = np.asarray(setting, np.str_).reshape(-1)
    outcome = np.asarray(infected, np.int64).reshape(-1)
    if where.shape != outcome.shape:
        raise ChainInputError("每个接触者须各有场所与结果", "every contact needs a setting and an outcome")
    rates = []
    for name in np.unique(where):
        here = outcome[where == name]
        known = here[here != UNKNOWN]
        rate = estimate_share(int((known == YES).sum()), int(known.size), confidence)
        rates.append(AttackRate(str(name), rate, int((here == UNKNOWN).sum())))
    return tuple(sorted(rates, key=lambda one: (-one.rate.whole, one.setting)))
