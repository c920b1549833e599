"""Why an outlook says what it says: its figures as reasons, most important first."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tongchou.engine.chains.facts import AreaOutlook, OutlookRules
from tongchou.reason import Reason


def find_reasons(facts: AreaOutlook, rules: OutlookRules) -> tuple[Reason, ...]:
    """The reasons of ``facts``, in the order in which a reader wants them."""
    if facts.cases == 0:
        return (Reason("outlook.no_case"),)
    return (
        _few(facts, rules),
        *_curve(facts),
        *_last(facts),
        *_chains(facts, rules),
        *_origin(facts, rules),
        *_delay(facts),
        *_end(facts, rules),
    )


def _few(facts: AreaOutlook, rules: OutlookRules) -> Reason:
    values = {"days": rules.window_days, "cases": facts.cases_in_window, "fewest": rules.fewest_cases}
    return Reason("outlook.enough" if facts.enough else "outlook.too_few", values)


def _curve(facts: AreaOutlook) -> Iterator[Reason]:
    curve = facts.curve
    if curve is None:
        return
    values = {
        "mean": round(curve.mean, 2),
        "low": round(curve.low, 2),
        "high": round(curve.high, 2),
        "cases": curve.cases,
    }
    spreading = "growing" if curve.low > 1 else "shrinking" if curve.high < 1 else "unclear"
    yield Reason(f"outlook.reproduction_{spreading}", values)
    if curve.doubling_days is not None and curve.rate_low is not None and curve.rate_high is not None:
        code = "outlook.doubling" if curve.doubling_days > 0 else "outlook.halving"
        low, high = sorted(math.log(2) / abs(rate) for rate in (curve.rate_low, curve.rate_high))
        spread = {"low": round(low, 1), "high": round(high, 1)}
        yield Reason(code, {"days": round(abs(curve.doubling_days), 1), "over": curve.growth_days} | spread)


def _last(facts: AreaOutlook) -> Iterator[Reason]:
    if facts.days_since_last_case is not None:
        yield Reason("outlook.last_case", {"days": facts.days_since_last_case})


def _chains(facts: AreaOutlook, rules: OutlookRules) -> Iterator[Reason]:
    values = {
        "chains": facts.chains,
        "largest": facts.largest_chain,
        "generation": facts.deepest_generation,
        "incubation": rules.max_incubation_days,
    }
    if facts.open_chains:
        yield Reason("outlook.chains_open", {**values, "open": facts.open_chains})
    else:
        yield Reason("outlook.chains_closed", values)


def _origin(facts: AreaOutlook, rules: OutlookRules) -> Iterator[Reason]:
    yield Reason(
        "outlook.origin",
        {"imported": facts.imported, "local": facts.local, "unknown": facts.unknown_origin},
    )
    if facts.unlinked.whole:
        values = {"unlinked": facts.unlinked.part, "local": facts.unlinked.whole}
        shares = {
            "share": _percent(facts.unlinked.share),
            "low": _percent(facts.unlinked.low),
            "high": _percent(facts.unlinked.high),
        }
        yield Reason("outlook.unlinked", values | shares)
    if facts.days_since_import is None:
        yield Reason("outlook.imports_never")
    else:
        values = {"days": rules.window_days, "imported": facts.imported_in_window, "ago": facts.days_since_import}
        yield Reason("outlook.imports", values)


def _delay(facts: AreaOutlook) -> Iterator[Reason]:
    delay = facts.isolation
    if delay.median is None:
        yield Reason("outlook.isolation_unknown", {"missing": delay.missing})
        return
    values = {"median": _days(delay.median), "q25": _days(delay.q25), "q75": _days(delay.q75)}
    yield Reason("outlook.isolation", {**values, "known": delay.known, "missing": delay.missing})


def _end(facts: AreaOutlook, rules: OutlookRules) -> Iterator[Reason]:
    if facts.end is None:
        return
    now = {"chance": _percent(float(facts.end.over[0]))}
    first = facts.end.first_day(rules.threshold)
    threshold = {"threshold": _percent(rules.threshold)}
    if first == 0:
        yield Reason("outlook.over", now | threshold)
    elif first is None:
        yield Reason("outlook.not_over_within", now | threshold | {"days": rules.horizon_days})
    else:
        yield Reason("outlook.not_over", now | threshold | {"days": first})
    if rules.window_days < facts.end.quiet.size:
        chance = _percent(float(facts.end.quiet[rules.window_days]))
        yield Reason("outlook.quiet", {"days": rules.window_days, "chance": chance})
    if facts.downgrade is not None and facts.downgrade.chance is not None:
        values = {"days": facts.downgrade.days, "chance": _percent(facts.downgrade.chance)}
        yield Reason("outlook.downgrade", values)


def _percent(share: float | None) -> int | float:
    """Whole percent, and one decimal where whole ones would say 0 or 100 of something that is neither."""
    percent = 100 * (share or 0.0)
    whole = round(percent)
    if whole in (0, 100) and percent != whole:
        return min(max(round(percent, 1), 0.1), 99.9)
    return whole


def _days(days: float | None) -> int | float:
    days = days or 0.0
    return int(days) if days == int(days) else round(days, 1)
