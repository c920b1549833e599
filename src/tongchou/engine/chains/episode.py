"""Is it over? The chance that an episode brings no further case, from its cases, a branching process and what is missed.

Each case infects a negative binomial number (mean R, size k); each onset follows its infector's by the serial
interval. Two answers:

``estimate_no_more_onsets``: Nishiura, Miyamatsu and Mizumoto 2016, Emerg Infect Dis 22:146: every case is looked at
by itself, all cases are seen, and nothing is made of how many each has infected already.

``estimate_episode_over``: with cases that are never reported, as Djaafara et al. 2021 (Am J Epidemiol 190:642) put the
question, answered by generating functions instead of simulation. Given its infectiousness v (gamma, shape k, mean R) a
case makes reported and unreported secondary cases as two independent Poisson streams. Of a case of age a let
x(a) be the chance that one secondary case of it stays without trace: born later than a, or unreported and itself
without a reported descendant in the days left. What was seen of a case with z reported secondary cases has the weight
E[v^z exp(-v (1 - x))], which is (k/R + 1 - x)^-(k+z) up to a factor; a chance about the future is the ratio of two such
weights, and the cases multiply. Days of report enter through the delay from onset to report.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tongchou.engine.chains.cases import ChainInputError, Counts, Reals
from tongchou.engine.chains.intervals import DayDelay

# Same-day infections make one day's equation implicit; halving steps from below converge far sooner than this.
MOST_ROUNDS = 500


@dataclass(frozen=True)
class Spread:
    """What the branching process is made of.

    Attributes:
        reproduction: mean number that a case infects, under the measures as they stand.
        dispersion: k of the negative binomial; ``inf`` for the Poisson.
        serial: days from an infector's onset to an infectee's, none negative.
        reported_share: share of cases that are ever reported, above 0 and at most 1.
        report_delay: days from onset to report; None where the series counts by onset.
    """

    reproduction: float
    dispersion: float
    serial: DayDelay
    reported_share: float = 1.0
    report_delay: DayDelay | None = None

    def __post_init__(self) -> None:
        if not (self.reproduction >= 0 and self.dispersion > 0 and 0 < self.reported_share <= 1):
            raise ChainInputError(
                "再生数不小于 0，离散参数 k 大于 0，报告比例大于 0 且不超过 1",
                "the reproduction number is 0 or more, the dispersion k above 0, the reported share above 0 and at most 1",
            )

    def seen_by(self, age: Counts) -> Reals:
        """Chance that a case of onset ``age`` days ago has been reported."""
        told = np.where(age < 0, 0.0, 1.0) if self.report_delay is None else self.report_delay.cumulative(age)
        return self.reported_share * told

    def nobody(self, chance: Reals | float) -> Reals:
        """The generating function of the offspring: chance that all of them do what each does with ``chance``."""
        missing = 1 - np.asarray(chance, np.float64)
        if np.isinf(self.dispersion):
            return np.exp(-self.reproduction * missing)
        return (1 + self.reproduction / self.dispersion * missing) ** -self.dispersion


@dataclass(frozen=True)
class EpisodeEnd:
    """Chances by days ahead of the day of asking; entry 0 is that day. Further imports are not in ``over``.

    Attributes:
        over: that nobody falls ill any more, seen or unseen, if no case has been reported until that day.
        no_more_reported: that no case is ever reported again, on the same condition.
        quiet: seen from the day of asking, that no case is reported up to and including that day.
        undated: cases without any day, taken as of the day of asking, which delays the end.
    """

    over: Reals
    no_more_reported: Reals
    quiet: Reals
    undated: int

    def first_day(self, threshold: float) -> int | None:
        """Days ahead until ``over`` reaches ``threshold`` if no case comes; None beyond the horizon."""
        reached = np.flatnonzero(self.over >= threshold)
        return int(reached[0]) if reached.size else None


def estimate_no_more_onsets(ages: ArrayLike, spread: Spread) -> float:
    """Chance that no case falls ill any more, by the published formula (Nishiura et al. 2016), every case being seen.

    ``ages``: days since the onset of every case. The product over cases of the chance that all secondary cases of it
    have fallen ill by now, each on its own with the distribution function of the serial interval.
    """
    return float(np.prod(spread.nobody(spread.serial.cumulative(np.asarray(ages, np.int64)))))


def estimate_episode_over(
    ages: ArrayLike, spread: Spread, *, infected: ArrayLike | None = None, horizon_days: int = 60,
    imports_per_day: float = 0.0, undated: int = 0,
) -> EpisodeEnd:  # fmt: skip
    """Chances of the end for an episode whose reported cases fell ill ``ages`` days ago.

    ``infected``: reported secondary cases of each, whole or expected numbers; nought by default, which is too hopeful
    where links are missing. ``imports_per_day``: expected further imported cases, which end a quiet spell, too.
    ``undated``: how many more cases have no day. An episode without cases is over for certain.
    """
    age = np.concatenate([np.asarray(ages, np.int64).reshape(-1), np.zeros(undated, np.int64)])
    known = np.zeros(age.size - undated) if infected is None else np.asarray(infected, np.float64).reshape(-1)
    if known.size != age.size - undated or (age < 0).any() or (known < 0).any():
        raise ChainInputError(
            "每例须有不小于 0 的天数与传染人数", "every case needs a number of days and of infected, neither negative"
        )
    made = np.concatenate([known, np.zeros(undated)])
    ahead = np.arange(horizon_days + 1)
    imports = np.exp(-imports_per_day * ahead)
    if age.size == 0 or spread.reproduction == 0:
        sure = np.ones(ahead.size)
        return EpisodeEnd(sure, sure, imports, undated)
    silent, done, for_ever = _trace(spread, int(age.max()) + horizon_days)
    now = _weight(silent[age], made, spread)
    later = np.array([_weight(silent[age + day], made, spread) for day in ahead])
    ended = np.array([_weight(done[age + day], made, spread) for day in ahead])
    never = _weight(np.full(age.size, for_ever), made, spread)
    return EpisodeEnd(
        over=np.exp(ended - later),
        no_more_reported=np.exp(never - later),
        quiet=np.exp(later - now) * imports,
        undated=undated,
    )


def _weight(chance: Reals, infected: Reals, spread: Spread) -> float:
    """Log weight of what was seen of all cases, each secondary case staying without trace with ``chance``."""
    if np.isinf(spread.dispersion):
        return float(-spread.reproduction * (1 - chance).sum())
    k = spread.dispersion
    return float(-((k + infected) * np.log(k / spread.reproduction + 1 - chance)).sum())


def _trace(spread: Spread, longest: int) -> tuple[Reals, Reals, float]:
    """For a case of each age 0 to ``longest``: chance that one secondary case of it has left no trace so far; that it has
    left none and neither it nor a descendant falls ill later; and that it never leaves any."""
    serial = np.zeros(longest + 1)
    size = min(longest + 1, spread.serial.pmf.size)
    serial[:size] = spread.serial.pmf[:size]
    unborn = 1 - np.cumsum(serial)
    unseen = 1 - spread.seen_by(np.arange(longest + 1))
    silent, done = np.zeros(longest + 1), np.zeros(longest + 1)
    quiet_line, dead_line = np.ones(longest + 1), np.ones(longest + 1)  # the same for a whole line of descent
    for age in range(longest + 1):
        young = np.arange(age)  # the ages of secondary cases that were born at least a day after this case
        held = serial[age - young] * unseen[young]
        same_day = serial[0] * unseen[age]
        silent[age], quiet_line[age] = _settle(
            float(held @ quiet_line[young]) + max(unborn[age], 0.0), same_day, spread
        )
        done[age], dead_line[age] = _settle(float(held @ dead_line[young]), same_day, spread)
    for_ever, _line = _settle(0.0, 1 - spread.reported_share, spread)
    return silent, done, for_ever


def _settle(fixed: float, same: float, spread: Spread) -> tuple[float, float]:
    """The smallest solution of x = fixed + same * G(x), and G(x)."""
    chance = fixed
    for _round in range(MOST_ROUNDS):
        line = float(spread.nobody(chance))
        following = fixed + same * line
        if abs(following - chance) < 1e-13:
            break
        chance = following
    return chance, float(spread.nobody(chance))
