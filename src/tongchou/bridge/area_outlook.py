"""Case rows to outlooks: chains of the whole city, the outlook of the city and each county, stored once a data version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q

from tongchou import areas, audit, citytime
from tongchou.access.actor import Actor
from tongchou.bridge import counts
from tongchou.bridge.area_forecast import forecast_area, nowcast_area, say_ahead, score_forecasts
from tongchou.bridge.counts import definition_marks
from tongchou.bridge.outlook_rules import FoundRules, find_outlook_rules
from tongchou.bridge.zone_levels import zone_areas
from tongchou.engine.chains import (
    AreaOutlook as Found,
)
from tongchou.engine.chains import (
    Cases,
    Chains,
    CurveFacts,
    OutlookRules,
    Share,
    estimate_outlook,
    estimate_report_delay,
    find_chains,
    read_cases,
    read_links,
)
from tongchou.engine.chains.words import speak
from tongchou.outbreak.models import AreaOutlook, Case, Outbreak
from tongchou.outbreak.queries.outlook import outlooks_of
from tongchou.reason import Reason

_IMPORTED = {Case.Origin.IMPORTED: 1, Case.Origin.LINKED: 0, Case.Origin.LOCAL: 0, Case.Origin.SECONDARY: 0}
_COLUMNS = (
    "id", "area_path", "onset_on", "confirmed_on", "asymptomatic_on", "isolated_on", "origin", "source_case_id", "changed_at",
)  # fmt: skip
# More lines than a reader follows on one page; the figures count all chains.
MOST_CHAINS = 40
SPEED_CODES = ("outlook.doubling", "outlook.halving")


@dataclass(frozen=True)
class CityCases:
    """Every infected person of an outbreak who was known by the close of a day, as the engine wants them.

    ``places`` and ``changed`` have an entry a case; ``here`` says which count to an area.
    """

    cases: Cases
    chains: Chains
    places: tuple[str, ...]
    changed: tuple[datetime, ...]

    def here(self, path: str) -> np.ndarray:
        held = {place: areas.holds(path, place) for place in set(self.places)}
        return np.array([held[place] for place in self.places], np.bool_)

    def stamp(self, here: np.ndarray) -> str:
        """The data version of an area: its cases and those of every chain that reaches it, and when one last changed."""
        reached = np.isin(self.chains.chain, self.chains.chain[here])
        last = max((self.changed[row] for row in np.flatnonzero(reached)), default=None)
        return counts.DataVersion(int(reached.sum()), last, citytime.now()).stamp


def load_cases(outbreak: Outbreak, day: date, max_incubation_days: int | None) -> CityCases:
    """Confirmed and asymptomatic cases by the close of ``day`` with the source that the investigation found for each."""
    known = counts.standing_on(day) | (Q(asymptomatic_on__lte=day) & (Q(excluded_on=None) | Q(excluded_on__gt=day)))
    rows = list(Case.objects.filter(known, outbreak=outbreak).order_by("found_at", "id").values(*_COLUMNS))
    number = {row["id"]: position for position, row in enumerate(rows)}
    cases = read_cases(
        [_day(row["onset_on"], day) for row in rows],
        reported_on=[_reported(row, day) for row in rows],
        isolated_on=[_day(row["isolated_on"], day) for row in rows],
        imported=[_IMPORTED.get(row["origin"], -1) for row in rows],
    )
    linked = [row for row in rows if row["source_case_id"] is not None]
    links = read_links([number.get(row["source_case_id"], -1) for row in linked], [number[row["id"]] for row in linked])
    return CityCases(
        cases=cases,
        chains=find_chains(cases, links, max_incubation_days=max_incubation_days),
        places=tuple(row["area_path"] for row in rows),
        changed=tuple(row["changed_at"] for row in rows),
    )


def store_outlooks(
    outbreak: Outbreak, day: date, *, by: Actor, days_to_downgrade: Mapping[str, int | None]
) -> list[AreaOutlook]:
    """The outlook of the city and of every county, stored where its data version, its rules or its downgrade day differ
    from the last version of that day. ``days_to_downgrade``: by area path, as the zone rules propose it."""
    found = find_outlook_rules(outbreak, day)
    city = load_cases(outbreak, day, found.rules.max_incubation_days if found.rules else None)
    found, own_delay = _with_own_delay(found, city, day)
    before = outlooks_of(outbreak, day)
    score_forecasts(outbreak, city.cases, city.places, day)
    changed_on = [mark.day for mark in definition_marks(outbreak, outbreak.begins_on, day)]
    rows = []
    for path in [outbreak.area_path, *zone_areas(outbreak.area_path, day)]:
        here = city.here(path)
        stamp, downgrade = city.stamp(here), days_to_downgrade.get(path)
        last = before.get(path)
        if last is not None and _same(last, stamp, found, downgrade):
            rows.append(last)
            continue
        figures, reasons = _compute(city, here, day, found, downgrade)
        if figures.get("curve") and found.rules is not None:
            figures["forecast"] = forecast_area(
                city.cases, here, path, day, found.rules.spread.serial, definition_changed_on=changed_on
            )
            figures["nowcast"] = nowcast_area(city.cases, here, day)
            reasons = _with_ahead(reasons, say_ahead(figures["forecast"], figures["nowcast"]))
        if "model" in figures:
            figures["model"]["report_delay_from"] = "cases" if own_delay else "rule"
        row = _store(outbreak, day, path, last, figures, reasons, found, stamp, by)
        rows.append(row)
    return rows


def _with_ahead(reasons: tuple[Reason, ...], ahead: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The forecast and the nowcast follow what is said of the speed."""
    speed = sum(1 for reason in reasons if reason.code in SPEED_CODES or reason.code.startswith("outlook.reproduction"))
    return reasons[: 1 + speed] + ahead + reasons[1 + speed :]


def _with_own_delay(found: FoundRules, city: CityCases, day: date) -> tuple[FoundRules, bool]:
    """The rules with the city's own delay from onset to report, where enough cases tell it; and whether they do."""
    if found.rules is None:
        return found, False
    own = estimate_report_delay(city.cases, np.datetime64(day, "D"), fewest_cases=found.rules.fewest_cases)
    if own is None:
        return found, False
    spread = replace(found.rules.spread, report_delay=own)
    return replace(found, rules=replace(found.rules, spread=spread)), True


def _same(last: AreaOutlook, stamp: str, found: FoundRules, downgrade: int | None) -> bool:
    asked = (last.data_version, last.rules, last.figures.get("days_to_downgrade"))
    return asked == (stamp, dict(found.versions), downgrade)


def _compute(
    city: CityCases, here: np.ndarray, day: date, found: FoundRules, downgrade: int | None
) -> tuple[dict[str, Any], tuple[Reason, ...]]:
    """Figures and reasons of one area; where a rule is missing only which one."""
    if found.rules is None:
        return {"days_to_downgrade": downgrade}, (Reason("outlook.no_rule", {"rule": found.missing}),)
    as_of = np.datetime64(day, "D")
    outlook = estimate_outlook(
        city.cases, city.chains, here, as_of=as_of, rules=found.rules, days_to_downgrade=downgrade
    )
    figures = _figures(outlook, found.rules, day) | {"days_to_downgrade": downgrade}
    return figures | {"chain_rows": _chain_rows(city, here, as_of, found.rules)}, outlook.reasons


@transaction.atomic
def _store(
    outbreak: Outbreak, day: date, path: str, last: AreaOutlook | None, figures: dict[str, Any],
    reasons: tuple[Reason, ...], found: FoundRules, stamp: str, by: Actor,
) -> AreaOutlook:  # fmt: skip
    row = AreaOutlook.objects.create(
        outbreak=outbreak,
        day_on=day,
        area_path=path,
        version=last.version + 1 if last else 1,
        enough=figures.get("enough", False),
        figures=figures,
        reasons=[{**reason.stored(), "zh": speak(reason, "zh"), "en": speak(reason, "en")} for reason in reasons],
        rules=dict(found.versions),
        data_version=stamp,
        computed_at=citytime.now(),
        by_post=by.post_id,
    )
    audit.record(
        "estimate",
        ledger="area_outlook",
        object_id=row.pk,
        by=by.by,
        area=path,
        note=f"{day.isoformat()} v{row.version}",
    )
    return row


def _chain_rows(city: CityCases, here: np.ndarray, as_of: np.datetime64, rules: OutlookRules) -> list[dict[str, Any]]:
    """The chains that reach the area, the one with the latest case first; ``MOST_CHAINS`` at most."""
    chains = city.chains
    open_ = chains.open_on(as_of, rules.max_incubation_days)
    numbers = np.unique(chains.chain[here])
    last = np.where(np.isnat(chains.chain_last_on[numbers]), as_of, chains.chain_last_on[numbers])
    chosen = numbers[np.lexsort((numbers, -last.astype(np.int64)))][:MOST_CHAINS]
    return [
        {
            "first_on": _text(chains.chain_first_on[one]),
            "last_on": _text(chains.chain_last_on[one]),
            "cases": int(chains.chain_size[one]),
            "here": int((here & (chains.chain == one)).sum()),
            "generations": int(chains.chain_depth[one]),
            "imported": int(chains.chain_imported[one]),
            "open": bool(open_[one]),
        }
        for one in chosen
    ]


def _figures(outlook: Found, rules: OutlookRules, day: date) -> dict[str, Any]:
    """The engine's result as JSON keeps it."""
    model = rules.spread
    return {
        "enough": outlook.enough,
        "curve": _curve(outlook.curve),
        "cases": outlook.cases,
        "cases_in_window": outlook.cases_in_window,
        "window_days": rules.window_days,
        "fewest_cases": rules.fewest_cases,
        "imported": outlook.imported,
        "local": outlook.local,
        "unknown_origin": outlook.unknown_origin,
        "imported_in_window": outlook.imported_in_window,
        "days_since_import": outlook.days_since_import,
        "unlinked": _share(outlook.unlinked),
        "chains": outlook.chains,
        "open_chains": outlook.open_chains,
        "largest_chain": outlook.largest_chain,
        "deepest_generation": outlook.deepest_generation,
        "isolation": vars(outlook.isolation),
        "days_since_last_case": outlook.days_since_last_case,
        "end": _end(outlook, rules, day),
        "downgrade": None
        if outlook.downgrade is None
        else {
            "days": outlook.downgrade.days,
            "on": (day + timedelta(days=outlook.downgrade.days)).isoformat(),
            "chance": outlook.downgrade.chance,
        },
        "model": {
            "reproduction": model.reproduction,
            "dispersion": model.dispersion,
            "reported_share": model.reported_share,
            "serial_mean_days": model.serial.mean_days,
            "report_delay_mean_days": model.report_delay.mean_days if model.report_delay else None,
            "max_incubation_days": rules.max_incubation_days,
        },
    }


def _curve(curve: CurveFacts | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {key: str(value) if isinstance(value, np.datetime64) else value for key, value in vars(curve).items()}


def _end(outlook: Found, rules: OutlookRules, day: date) -> dict[str, Any] | None:
    if outlook.end is None:
        return None
    first = outlook.end.first_day(rules.threshold)
    return {
        "threshold": rules.threshold,
        "reached_on": None if first is None else (day + timedelta(days=first)).isoformat(),
        "undated": outlook.end.undated,
        "first_on": day.isoformat(),
        "over": [_digits(one) for one in outlook.end.over],
        "no_more_reported": [_digits(one) for one in outlook.end.no_more_reported],
        "quiet": [_digits(one) for one in outlook.end.quiet],
    }


def _digits(chance: float) -> float:
    """Five digits that say something: a tiny chance is kept as tiny, not as none."""
    return float(f"{float(chance):.5g}")


def _text(day: np.datetime64) -> str | None:
    return None if np.isnat(day) else str(day)


def _share(share: Share) -> dict[str, Any]:
    return vars(share).copy()


def _day(day: date | None, close: date) -> np.datetime64:
    """A recorded day; one after the day of asking was not known then, or is mistaken, and counts as unknown."""
    return np.datetime64("NaT", "D") if day is None or day > close else np.datetime64(day, "D")


def _reported(row: Mapping[str, Any], close: date) -> np.datetime64:
    days = [row[name] for name in ("confirmed_on", "asymptomatic_on") if row[name] is not None and row[name] <= close]
    return _day(min(days, default=None), close)
