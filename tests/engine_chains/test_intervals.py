"""Delays in whole days, serial intervals of pairs, and exact intervals of shares."""

import numpy as np
import pytest

from tongchou.engine.chains import (
    ChainInputError,
    DayDelay,
    estimate_attack_rates,
    estimate_serial_interval,
    estimate_share,
    read_cases,
    read_delay,
    read_links,
)
from tongchou.engine.estimate import EstimateError


def pairs_of(lags, start="2020-01-01"):
    first = np.datetime64(start)
    onset = np.concatenate([np.full(len(lags), first), first + np.asarray(lags, "timedelta64[D]")])
    return read_cases(onset), read_links(np.arange(len(lags)), np.arange(len(lags)) + len(lags))


@pytest.mark.parametrize("family", ["gamma", "lognormal"])
def test_whole_days_keep_the_mean_and_add_a_sixth_to_the_variance(family):
    """Each date is rounded within its day, so the difference gains the variance of two uniform days, 1/6."""
    delay = read_delay(family, 4.7, 2.9)
    days = np.arange(delay.pmf.size)
    assert delay.pmf.sum() == pytest.approx(1)
    assert delay.mean_days == pytest.approx(4.7, abs=1e-3)
    assert delay.pmf @ days**2 - delay.mean_days**2 == pytest.approx(2.9**2 + 1 / 6, rel=5e-3)
    assert delay.cumulative([-1, 0, 10_000]).tolist() == pytest.approx([0, delay.pmf[0], 1])


def test_a_simulated_delay_between_dates_is_met_day_by_day():
    rng = np.random.default_rng(4)
    start = rng.uniform(size=400_000)
    days = np.floor(start + rng.gamma((4.7 / 2.9) ** 2, 2.9**2 / 4.7, size=start.size)).astype(int)
    share = np.bincount(days)[:12] / days.size
    assert read_delay("gamma", 4.7, 2.9).pmf[:12] == pytest.approx(share, abs=2.5e-3)


def test_a_delay_that_cannot_be_is_refused():
    for bad in (
        lambda: read_delay("weird", 4, 2),
        lambda: read_delay("gamma", 0, 2),
        lambda: DayDelay(np.array([0.5, 0.4])),
    ):
        with pytest.raises(EstimateError):
            bad()


def test_lags_as_they_are_by_hand():
    found = estimate_serial_interval(*pairs_of([-2, 0, 3, 4, 5, 8]))
    assert (found.pairs, found.negative, found.mean, found.median) == (6, 1, 3.0, 3.5)
    assert found.sd == pytest.approx(np.std([-2, 0, 3, 4, 5, 8], ddof=1))


def test_the_fit_sees_past_whole_days_and_past_what_is_not_known_yet():
    """Infectors of 30 days, infectees known for as long as there was time: the plain mean is short, the fit is not."""
    rng = np.random.default_rng(6)
    as_of = np.datetime64("2020-01-31")
    start = np.datetime64("2020-01-01") + rng.integers(14, 30, size=6000).astype("timedelta64[D]")
    hour = rng.uniform(size=start.size)
    lag = np.floor(hour + rng.normal(6, 3, size=start.size)).astype("timedelta64[D]")
    known = start + lag <= as_of
    size = int(known.sum())
    cases = read_cases(np.concatenate([start[known], (start + lag)[known]]))
    links = read_links(np.arange(size), np.arange(size) + size)
    plain, aware = estimate_serial_interval(cases, links), estimate_serial_interval(cases, links, as_of=as_of)
    assert plain.fitted_mean < 5.5
    assert aware.fitted_mean == pytest.approx(6, abs=0.25)
    assert aware.fitted_sd == pytest.approx(3, abs=0.2)


def test_too_few_pairs_are_told_and_not_fitted():
    found = estimate_serial_interval(*pairs_of([3]))
    assert (found.pairs, found.mean) == (1, 3.0)
    assert np.isnan(found.sd) and np.isnan(found.fitted_mean)


def test_exact_intervals_of_a_share():
    """Clopper and Pearson: 1 - (1 - p)^n meets the tail; 0 of 10 has the upper end 1 - 0.025^(1/10)."""
    none = estimate_share(0, 10)
    assert (none.low, none.high) == (0, pytest.approx(1 - 0.025**0.1))
    some = estimate_share(3, 10)
    assert (some.low, some.high) == (pytest.approx(0.0667, abs=1e-4), pytest.approx(0.6525, abs=1e-4))
    assert estimate_share(0, 0).share is None
    with pytest.raises(ChainInputError):
        estimate_share(3, 2)


def test_attack_rates_by_setting_leave_unknown_contacts_beside():
    settings = ["home"] * 5 + ["work"] * 4
    rates = estimate_attack_rates(settings, [1, 0, 1, 0, -1, 0, 0, 0, 1])
    assert [(one.setting, one.rate.part, one.rate.whole, one.untested) for one in rates] == [
        ("home", 2, 4, 1), ("work", 1, 4, 0),
    ]  # fmt: skip
