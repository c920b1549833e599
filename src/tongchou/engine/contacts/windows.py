"""From a rule to the window in which a case counts: days before onset or sampling, until isolation.

The figures are the rulebook's (``contact.window``): the caller hands in the value in force. Version 4 of the national
plan of prevention and control begins two days before onset, or before sampling for those without symptoms; version 9
begins at the last negative test of those found by repeated screening; all end with the case's isolation (sources
stand beside each row of the pack ``contacts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tongchou.engine.contacts.errors import ContactError
from tongchou.reason import Reason

ANCHORS = ("onset", "onset_or_sampling")


@dataclass(frozen=True)
class WindowRule:
    """``days_before`` whole days before the day of the anchor; ``screened`` whether the last negative test goes before."""

    days_before: int
    anchor: str
    screened: bool = False


@dataclass(frozen=True)
class CaseDates:
    """What is known of one case, as days of the city; None is not known or has not happened.

    ``isolated_at`` is an instant where the hour is known, else the day of isolation, which then counts whole.
    """

    onset_on: date | None = None
    sampled_on: date | None = None
    isolated_at: datetime | date | None = None
    last_negative_on: date | None = None


@dataclass(frozen=True)
class CaseWindow:
    """[since, until) as city instants without zone, and why; both None where the dates allow no window."""

    since: datetime | None
    until: datetime | None
    why: tuple[Reason, ...]


def read_window_rule(value: Mapping[str, Any]) -> WindowRule:
    """The value of a row of ``contact.window``. Raises ContactError for what this version of the search cannot follow."""
    anchor, days = value.get("anchor"), value.get("days_before")
    if anchor not in ANCHORS or not isinstance(days, int) or days < 0 or value.get("ends") != "isolation":
        raise ContactError(
            f"看不懂的时间窗规则：{dict(value)}", f"a rule of the window that cannot be followed: {dict(value)}", code="window_rule"
        )
    if value.get("screened") not in (None, "since_last_negative"):
        raise ContactError(f"看不懂的筛查规则：{value['screened']}", f"a rule of screening unknown: {value['screened']}", code="window_rule")
    return WindowRule(days, anchor, value.get("screened") == "since_last_negative")


def window_of_rule(rule: WindowRule, dates: CaseDates, now: datetime) -> CaseWindow:
    """When a case counts. ``now`` ends the window of a case that is not isolated yet; the bridge hands it in."""
    anchor, code = dates.onset_on, "window.onset"
    if anchor is None and rule.anchor == "onset_or_sampling":
        anchor, code = dates.sampled_on, "window.sampling"
    if rule.screened and dates.last_negative_on is not None:
        since = _midnight(dates.last_negative_on)
        reasons = [Reason("window.last_negative", {"anchor_on": dates.last_negative_on.isoformat()})]
    elif anchor is not None:
        since = _midnight(anchor - timedelta(days=rule.days_before))
        reasons = [Reason(code, {"anchor_on": anchor.isoformat(), "days_before": rule.days_before})]
    else:
        return CaseWindow(None, None, (Reason("window.no_anchor"),))
    ended = dates.isolated_at
    if ended is None:
        until = now
        reasons.append(Reason("window.not_isolated", {"ended_on": now.isoformat(sep=" ", timespec="minutes")}))
    else:
        until = ended if isinstance(ended, datetime) else _midnight(ended + timedelta(days=1))
        reasons.append(Reason("window.isolation", {"ended_on": ended.isoformat()}))
    return CaseWindow(since, max(since, until), tuple(reasons))


def infection_window(onset_on: date, shortest_days: int, longest_days: int) -> tuple[datetime, datetime]:
    """When a case can have been infected: from the longest incubation before onset to the shortest, days whole.

    For ``find_sources``. The figures are those of the disease (``epi-parameters``) and come from the caller.
    """
    if not 0 <= shortest_days <= longest_days:
        raise ContactError("潜伏期须为 0 ≤ 最短 ≤ 最长", "an incubation is 0 <= shortest <= longest", code="incubation")
    return _midnight(onset_on - timedelta(days=longest_days)), _midnight(onset_on - timedelta(days=shortest_days - 1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
