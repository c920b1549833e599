"""Forecast and nowcast of an area where there are enough cases; and the score of earlier forecasts once the days have come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from tongchou import areas, citytime
from tongchou.engine.chains import Cases, DayDelay, daily_counts
from tongchou.engine.estimate import CaseSeries, EstimateError, nowcast_counts, reports_of_cases
from tongchou.engine.estimate.artefact_words import speak
from tongchou.engine.estimate.artefacts import CleanedSeries, find_artefacts
from tongchou.engine.estimate.forecast_methods import CaseForecast, forecast_cases
from tongchou.engine.estimate.hubverse import issue, score_issued
from tongchou.outbreak.models import AreaOutlook, ForecastScore, Outbreak
from tongchou.reason import Reason

HORIZON_DAYS = 14
#: onset days that the nowcast shows, and those of which it learns
NOWCAST_DAYS, MEMORY_DAYS = 14, 60
#: days of onset whose sum is told in words
WEEK_DAYS = 7
#: a day of onset this old is taken as fully reported
MOST_DELAY_DAYS = 30


def forecast_area(
    cases: Cases, here: np.ndarray, path: str, day: date, serial: DayDelay, *, definition_changed_on: Iterable[date] = ()
) -> dict[str, Any] | None:
    """Daily cases by report of the next two weeks in 23 quantiles, as the method chosen in the backtest gives them.

    Batch reports, definition changes and the like are set aside first, each with its reason; a day that still runs is
    shown and not learnt from. The random streams are keyed by area and day, so the same data give the same forecast.
    None where the series is too short for the method.
    """
    first, every, came = daily_counts(cases, here, np.datetime64(day, "D"))
    first_on = date.fromisoformat(str(first))
    running = citytime.now() < citytime.day_close(day)
    whole = every[:-1] if running else every
    if not whole.size:
        return None
    cleaned = find_artefacts(path, first_on, whole, definition_changed_on=definition_changed_on)
    used = np.concatenate([cleaned.cleaned, every[whole.size :]])
    ordinary = np.concatenate([cleaned.ordinary, np.zeros(every.size - whole.size, bool)])
    series = CaseSeries(path, used, np.minimum(came, used), first_on=first_on)
    try:
        found = forecast_cases([series], interval=serial.pmf, horizon=HORIZON_DAYS, seed=day.toordinal(), ordinary=[ordinary])[0]
    except EstimateError:
        return None  # shorter than the method's fewest days
    return {
        "method": found.method,
        "reference_on": found.reference_on.isoformat(),
        "levels": list(found.levels),
        "days": [found.day(ahead).isoformat() for ahead in range(1, found.horizon + 1)],
        "quantiles": [[round(float(value), 3) for value in row] for row in found.quantiles],
        "past_days": [(day - timedelta(days=back)).isoformat() for back in range(min(28, every.size) - 1, -1, -1)],
        "past": [int(count) for count in every[-min(28, every.size) :]],
        "set_aside": [{side: speak(reason, side) for side in ("zh", "en")} for reason in _reasons(cleaned)],
    }


def _reasons(cleaned: CleanedSeries) -> list[Reason]:
    """Each reason for which days were changed, once."""
    return list(dict.fromkeys(change.reason for change in cleaned.changes))


def nowcast_area(cases: Cases, here: np.ndarray, day: date) -> dict[str, Any] | None:
    """Cases by day of onset of the last two weeks as they will be known in the end; None where no delay can be learnt."""
    close = np.datetime64(day, "D")
    used = here & ~np.isnat(cases.onset_on) & (cases.reported_on >= cases.onset_on) & (cases.reported_on <= close)
    recent = used & (cases.onset_on > close - MEMORY_DAYS)
    if not recent.any():
        return None
    first = cases.onset_on[recent].min()
    onset, report = ((one[recent] - first).astype(np.int64) for one in (cases.onset_on, cases.reported_on))
    last = int((close - first).astype(np.int64))
    try:
        found = nowcast_counts(
            reports_of_cases(onset, report, last=last),
            most_delay_days=min(MOST_DELAY_DAYS, max(last, 1)),
            seed=day.toordinal(),
        )
    except EstimateError:
        return None  # too few pairs of onset and report to learn a delay from
    shown = min(NOWCAST_DAYS, last + 1)
    low, middle, high = (found.levels.index(level) for level in (0.025, 0.5, 0.975))
    quantiles = found.quantiles[0, -shown:]
    week = found.draws[0, -WEEK_DAYS:].sum(axis=0)  # the days of one draw belong together, so their sum has its own interval
    return {
        "days": [(day - timedelta(days=back)).isoformat() for back in range(shown - 1, -1, -1)],
        "known": [int(one) for one in found.known[0, -shown:]],
        "median": [float(one) for one in quantiles[:, middle]],
        "low": [float(one) for one in quantiles[:, low]],
        "high": [float(one) for one in quantiles[:, high]],
        "week": {
            "days": min(WEEK_DAYS, last + 1),
            "known": int(found.known[0, -WEEK_DAYS:].sum()),
            **{name: round(float(np.quantile(week, level))) for name, level in (("low", 0.025), ("median", 0.5), ("high", 0.975))},
        },
        "not_dated": int((here & ~used).sum()),
    }


def say_ahead(forecast: dict[str, Any] | None, nowcast: dict[str, Any] | None) -> tuple[Reason, ...]:
    """What a forecast and a nowcast say, with their intervals, as reasons of the outlook."""
    said = []
    if forecast is not None:
        low, middle, high = (forecast["levels"].index(level) for level in (0.05, 0.5, 0.95))
        week, end = (forecast["quantiles"][ahead - 1] for ahead in (WEEK_DAYS, HORIZON_DAYS))
        values = {"median": week[middle], "low": week[low], "high": week[high]}
        values |= {"late": end[middle], "late_low": end[low], "late_high": end[high]}
        said.append(Reason("outlook.forecast", {name: round(value) for name, value in values.items()}))
    if nowcast is not None:
        said.append(Reason("outlook.nowcast", nowcast["week"]))
    return tuple(said)


@transaction.atomic
def score_forecasts(outbreak: Outbreak, cases: Cases, places: tuple[str, ...], day: date) -> int:
    """Score every kept forecast for the days that have closed by ``day`` and are not scored yet; how many days were.

    Of a day on which the run was made several times the last version counts: what stood when the day closed. The
    truth is what is known now; a later correction does not change a score that was given.
    """
    closed = day if citytime.now() >= citytime.day_close(day) else day - timedelta(days=1)
    rows = AreaOutlook.objects.filter(
        outbreak=outbreak, day_on__lt=closed, day_on__gte=closed - timedelta(days=2 * HORIZON_DAYS)
    )
    kept = {(row.area_path, row.day_on): row for row in rows.order_by("version") if row.figures.get("forecast")}
    known = set(ForecastScore.objects.filter(outlook__in=kept.values()).values_list("outlook_id", "target_on"))
    scored = []
    for (path, _on), row in kept.items():
        truth = _truth(cases, places, path, closed)
        forecast = _as_issued(row)
        due = [
            one for one in issue(forecast) if one.target_end_on <= closed and (row.pk, one.target_end_on) not in known
        ]
        scored += [
            _score(row, one) for one in score_issued(due, {one.key: truth.get(one.target_end_on, 0) for one in due})
        ]
    ForecastScore.objects.bulk_create(scored)
    return len(scored)


def _as_issued(row: AreaOutlook) -> CaseForecast:
    kept = row.figures["forecast"]
    return CaseForecast(
        area=row.area_path,
        reference_on=date.fromisoformat(kept["reference_on"]),
        method=kept["method"],
        quantiles=np.array(kept["quantiles"]),
        levels=tuple(kept["levels"]),
    )


def _truth(cases: Cases, places: tuple[str, ...], path: str, closed: date) -> dict[date, int]:
    here = np.array([areas.holds(path, place) for place in places], np.bool_)
    here &= ~(cases.reported_on > np.datetime64(closed, "D"))
    first, every, _came = daily_counts(cases, here, np.datetime64(closed, "D"))
    start = date.fromisoformat(str(first))
    return {start + timedelta(days=step): int(count) for step, count in enumerate(every)}


def _score(row: AreaOutlook, one: Any) -> ForecastScore:
    return ForecastScore(
        outlook=row,
        target_on=one.forecast.target_end_on,
        horizon_days=one.forecast.horizon,
        method=one.forecast.model,
        observed=int(one.observed),
        wis=float(one.wis),
        in_50=bool(one.in_50),
        in_90=bool(one.in_90),
        scored_at=citytime.now(),
    )
