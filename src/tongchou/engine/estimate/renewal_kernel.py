"""The compiled part of ``renewal``: the mode and curvature of one area at every grid point, areas side by side.

Unknowns of an area, in order: log R of every day, log level of infections on the day before day 1, growth before day 1, seven
log weekday effects (measured from their mean). Each area is worked on by one thread alone, so results do not depend on threads.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

WEEK = 7
EXTRA = 2 + WEEK
MOST_NEWTON = 60
CLOSE = 1e-4
FARTHEST = 1.0


@njit(cache=True, nogil=True)
def _mean_reports(unknown, days, chances, delay, early, infected, slope, mean, mean_slope):
    """Infections, expected reports and the slopes of both in every unknown; ``early`` days stand before day 1."""
    level, growth = unknown[days], unknown[days + 1]
    for place in range(early):
        back = early - 1 - place
        infected[place] = math.exp(level - growth * back)
        slope[place, :] = 0.0
        slope[place, days] = infected[place]
        slope[place, days + 1] = -back * infected[place]
    reach = min(chances.shape[0] - 1, early)
    for day in range(days):
        place = early + day
        number = math.exp(unknown[day])
        slope[place, :] = 0.0
        total = 0.0
        for lag in range(1, reach + 1):
            weight = chances[lag]
            source = place - lag
            total += weight * infected[source]
            top = day - lag + 1
            for column in range(top):
                slope[place, column] += weight * slope[source, column]
            slope[place, days] += weight * slope[source, days]
            slope[place, days + 1] += weight * slope[source, days + 1]
        infected[place] = number * total
        for column in range(day):
            slope[place, column] *= number
        slope[place, days] *= number
        slope[place, days + 1] *= number
        slope[place, day] = infected[place]
    middle = 0.0
    for one in range(WEEK):
        middle += unknown[days + 2 + one] / WEEK
    for day in range(days):
        place = early + day
        mean[day] = 1e-9
        mean_slope[day, :] = 0.0
        for lag in range(min(delay.shape[0], place + 1)):
            weight = delay[lag]
            source = place - lag
            mean[day] += weight * infected[source]
            for column in range(day - lag + 1):
                mean_slope[day, column] += weight * slope[source, column]
            mean_slope[day, days] += weight * slope[source, days]
            mean_slope[day, days + 1] += weight * slope[source, days + 1]
        # From here on slopes are those of the log of expected reports.
        for column in range(days + 2):
            mean_slope[day, column] /= mean[day]
        for one in range(WEEK):
            mean_slope[day, days + 2 + one] = -1.0 / WEEK
        mean_slope[day, days + 2 + day % WEEK] += 1.0
        mean[day] *= math.exp(unknown[days + 2 + day % WEEK] - middle)


@njit(cache=True, nogil=True)
def _prior_lack(unknown, days, start, walk, sds):
    """Minus the log prior, with the walk's own constant (it differs between grid points)."""
    lack = 0.5 * (unknown[0] / sds[0]) ** 2 + (days - 1) * math.log(walk)
    for day in range(1, days):
        lack += 0.5 * ((unknown[day] - unknown[day - 1]) / walk) ** 2
    lack += 0.5 * ((unknown[days] - start) / sds[2]) ** 2 + 0.5 * (unknown[days + 1] / sds[1]) ** 2
    for one in range(WEEK):
        lack += 0.5 * (unknown[days + 2 + one] / sds[3]) ** 2
    return lack


@njit(cache=True, nogil=True)
def _report_lack(counts, mean, kappa):
    """Minus the log likelihood of negative binomial reports."""
    size = 1.0 / (kappa * kappa)
    lack = 0.0
    for day in range(counts.shape[0]):
        count = counts[day]
        lack -= (
            math.lgamma(count + size)
            - math.lgamma(size)
            - math.lgamma(count + 1.0)
            + count * (math.log(mean[day]) - math.log(mean[day] + size))
            - size * math.log1p(mean[day] / size)
        )
    return lack


@njit(cache=True, nogil=True)
def _curvature(counts, mean, mean_slope, unknown, days, start, walk, kappa, sds, curve, lift):
    """Fisher's information plus the prior's precision, and the slope of the log posterior."""
    size = unknown.shape[0]
    curve[:, :] = 0.0
    lift[:] = 0.0
    for day in range(days):
        spread = 1.0 + mean[day] * kappa * kappa
        weight = mean[day] / spread
        gap = (counts[day] - mean[day]) / spread
        for row in range(size):
            value = mean_slope[day, row]
            if value == 0.0:
                continue
            lift[row] += gap * value
            weighted = weight * value
            for column in range(row + 1):
                curve[row, column] += weighted * mean_slope[day, column]
    curve[0, 0] += 1.0 / sds[0] ** 2
    lift[0] -= unknown[0] / sds[0] ** 2
    precision = 1.0 / walk**2
    for day in range(1, days):
        step = (unknown[day] - unknown[day - 1]) * precision
        lift[day] -= step
        lift[day - 1] += step
        curve[day, day] += precision
        curve[day - 1, day - 1] += precision
        curve[day, day - 1] -= precision
    curve[days, days] += 1.0 / sds[2] ** 2
    lift[days] -= (unknown[days] - start) / sds[2] ** 2
    curve[days + 1, days + 1] += 1.0 / sds[1] ** 2
    lift[days + 1] -= unknown[days + 1] / sds[1] ** 2
    for one in range(WEEK):
        curve[days + 2 + one, days + 2 + one] += 1.0 / sds[3] ** 2
        lift[days + 2 + one] -= unknown[days + 2 + one] / sds[3] ** 2


@njit(cache=True, nogil=True)
def _decompose(curve):
    """Cholesky's lower triangle in place; the log determinant of the whole."""
    size = curve.shape[0]
    log_determinant = 0.0
    for row in range(size):
        for column in range(row + 1):
            value = curve[row, column]
            for inner in range(column):
                value -= curve[row, inner] * curve[column, inner]
            if row == column:
                curve[row, row] = math.sqrt(max(value, 1e-12))
                log_determinant += 2.0 * math.log(curve[row, row])
            else:
                curve[row, column] = value / curve[column, column]
    return log_determinant


@njit(cache=True, nogil=True)
def _solve(curve, lift, step):
    size = curve.shape[0]
    for row in range(size):
        value = lift[row]
        for inner in range(row):
            value -= curve[row, inner] * step[inner]
        step[row] = value / curve[row, row]
    for row in range(size - 1, -1, -1):
        value = step[row]
        for inner in range(row + 1, size):
            value -= curve[inner, row] * step[inner]
        step[row] = value / curve[row, row]


@njit(cache=True, nogil=True)
def _spread_of(curve, days, spread):
    """Standard deviations of the first ``days`` unknowns from Cholesky's triangle: norms of the inverse's columns."""
    size = curve.shape[0]
    column = np.zeros(size)
    for start in range(days):
        total = 0.0
        for row in range(start, size):
            value = 1.0 if row == start else 0.0
            for inner in range(start, row):
                value -= curve[row, inner] * column[inner]
            column[row] = value / curve[row, row]
            total += column[row] ** 2
        spread[start] = math.sqrt(total)


@njit(cache=True, nogil=True)
def _mode(counts, chances, delay, early, start, walk, kappa, sds, unknown, infected, slope, mean, mean_slope, curve):
    """Moves ``unknown`` to the mode and leaves Cholesky's triangle there in ``curve``; (log marginal, whether it was reached)."""
    days, size = counts.shape[0], unknown.shape[0]
    lift, step, tried = np.zeros(size), np.zeros(size), np.zeros(size)
    _mean_reports(unknown, days, chances, delay, early, infected, slope, mean, mean_slope)
    lack = _report_lack(counts, mean, kappa) + _prior_lack(unknown, days, start, walk, sds)
    log_determinant, reached = 0.0, False
    for _turn in range(MOST_NEWTON):
        _curvature(counts, mean, mean_slope, unknown, days, start, walk, kappa, sds, curve, lift)
        log_determinant = _decompose(curve)
        if reached:
            break
        _solve(curve, lift, step)
        largest = 0.0
        for place in range(size):
            largest = max(largest, abs(step[place]))
        part = min(1.0, FARTHEST / largest) if largest > 0.0 else 1.0
        better = lack
        for _half in range(12):
            for place in range(size):
                tried[place] = unknown[place] + part * step[place]
            _mean_reports(tried, days, chances, delay, early, infected, slope, mean, mean_slope)
            better = _report_lack(counts, mean, kappa) + _prior_lack(tried, days, start, walk, sds)
            if better <= lack + 1e-9:
                break
            part *= 0.5
        if better > lack + 1e-9:
            break
        unknown[:] = tried
        lack = better
        reached = largest * part < CLOSE * 100.0 and part == 1.0
    return -lack - 0.5 * log_determinant, reached


@njit(cache=True, nogil=True)
def _fit_area(counts, chances, delay, sds, walks, kappas, logs, centre, spread, weekday, infections):
    """Fills the answers of one area; whether every mode was reached."""
    days = counts.shape[0]
    early, size = max(chances.shape[0], delay.shape[0]), days + EXTRA
    unknown, infected, slope = np.zeros(size), np.zeros(early + days), np.zeros((early + days, size))
    mean, mean_slope, curve = np.zeros(days), np.zeros((days, size)), np.zeros((size, size))
    start = math.log(counts[: min(WEEK, days)].mean() + 0.5)
    unknown[days] = start
    settled = True
    for row in range(walks.shape[0] - 1, -1, -1):
        for turn in range(kappas.shape[0]):
            # To and fro through the grid, so that each mode starts beside the last one.
            column = turn if row % 2 == 1 else kappas.shape[0] - 1 - turn
            logs[row, column], reached = _mode(
                counts, chances, delay, early, start, walks[row], kappas[column], sds, unknown, infected, slope, mean,
                mean_slope, curve,
            )  # fmt: skip
            settled = settled and reached
            centre[row, column] = unknown[:days]
            _spread_of(curve, days, spread[row, column])
            middle = unknown[days + 2 :].mean()
            for one in range(WEEK):
                weekday[row, column, one] = math.exp(unknown[days + 2 + one] - middle)
            infections[row, column] = infected[early:]
    return settled


def fit_areas(counts, chances, delay, sds, walks, kappas):
    """Log marginal likelihood, centre and spread of log R, weekday effects, infections at every grid point of every area.

    ``counts`` (areas, days); ``sds`` of log R on day 1, growth, level, weekdays. Answers have the shape (areas, walks, kappas)
    and a last axis of days or weekdays; the sixth says of each area whether every mode was reached.
    """
    areas, days = counts.shape
    grid = (areas, len(walks), len(kappas))
    answers = (
        np.zeros(grid),
        np.zeros((*grid, days)),
        np.ones((*grid, days)),
        np.ones((*grid, WEEK)),
        np.zeros((*grid, days)),
    )

    def fit(area):
        return _fit_area(counts[area], chances, delay, sds, walks, kappas, *(one[area] for one in answers))

    # Threads share nothing but the input: an area is one thread's alone, so their number changes nothing.
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        settled = np.fromiter(pool.map(fit, range(areas)), dtype=np.bool_, count=areas)
    return (*answers, settled)
