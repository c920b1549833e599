"""Who belongs where the case belongs: households, buildings, workplaces, vehicles, known from lists and not from check-ins.

A list shows that two people belong to one hub at one time. It does not show that they met, so what it says is expected
time, never measured time, and its certainty stays below a bound of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.certainty import CertaintyRule
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.exposures import CLOSE, GENERAL, HUB, Exposure
from tongchou.engine.contacts.records import Ints, whole_numbers
from tongchou.reason import Reason

KINDS = ("household", "building", "workplace", "vehicle")
DAY_S = 86_400


@dataclass(frozen=True)
class HubRule:
    """What belonging to one kind of hub is worth.

    Attributes:
        seconds_a_day: time that two members are expected to share one room on a day on which both belong.
        at_most: certainty that the list alone can reach: the doubt whether they met at all.
        most_members: a hub with more members is not listed person by person; it is named in ``HubContacts.too_large``.
        grade: ``close`` or ``general``.
    """

    seconds_a_day: int
    at_most: float
    most_members: int
    grade: str = CLOSE

    def __post_init__(self) -> None:
        if self.seconds_a_day < 0 or not 0 <= self.at_most <= 1 or self.most_members < 1 or self.grade not in (CLOSE, GENERAL):
            raise ContactError(
                "名单规则不成立：每日秒数不得为负，可信度上限须在 0 到 1 之间。",
                "The hub rule does not hold: seconds a day are not negative, its bound lies between 0 and 1.",
                code="hub_rule",
            )


#: What is assumed where the caller says nothing else. A choice that ranks a household above a workplace and a workplace
#: above a building, with bounds below what measured visits reach; none of the figures is a measurement.
NEUTRAL: Mapping[str, HubRule] = {
    "household": HubRule(8 * 3600, 0.95, 50),
    "workplace": HubRule(2 * 3600, 0.6, 500),
    "vehicle": HubRule(3600, 0.7, 200),
    "building": HubRule(300, 0.2, 2000, GENERAL),
}


@dataclass(frozen=True)
class Hubs:
    """Memberships of one kind: ``person`` belonged to ``hub`` within [start, end), seconds. Arrays of one length."""

    kind: str
    person: Ints
    hub: Ints
    start: Ints
    end: Ints

    def __post_init__(self) -> None:
        for name in ("person", "hub", "start", "end"):
            object.__setattr__(self, name, whole_numbers(getattr(self, name), name))
        sizes = {getattr(self, name).size for name in ("person", "hub", "start", "end")}
        if self.kind not in KINDS or len(sizes) > 1 or (self.end < self.start).any():
            raise ContactError(
                f"名单不成立：类别须为 {'、'.join(KINDS)} 之一，各列长度相同，结束不早于开始。",
                f"The list does not hold: its kind is one of {', '.join(KINDS)}, columns are of one length, none ends before it starts.",
                code="hubs",
            )


@dataclass(frozen=True)
class HubContacts:
    """``exposures`` in order of case and contact; ``too_large`` are (kind, hub, members) that were not listed."""

    exposures: tuple[Exposure, ...]
    too_large: tuple[tuple[str, int, int], ...]


def find_hub_contacts(
    lists: tuple[Hubs, ...],
    cases: Mapping[int, tuple[int, int]],
    *,
    generation: int = 1,
    case_of: Mapping[int, int] | None = None,
    rules: Mapping[str, HubRule] = NEUTRAL,
    certainty: CertaintyRule | None = None,
) -> HubContacts:
    """Fellow members of the cases' hubs, whose time there overlaps the case's within its window.

    Args:
        cases: {person: (begins, ends)} in the lists' seconds, half-open.
        generation, case_of: to follow first-generation contacts to their own hubs, give them as ``cases`` with
            ``generation=2`` and name each one's case in ``case_of``.

    Two memberships of one pair in one hub count once each; the same pair in two hubs gives two exposures, which
    ``merge_exposures`` joins.
    """
    certainty = certainty or CertaintyRule()
    found: list[Exposure] = []
    large: set[tuple[str, int, int]] = set()
    for members in lists:
        rule = rules[members.kind]
        order = np.argsort(members.hub, kind="stable")
        hubs = members.hub[order]
        for own in np.flatnonzero(np.isin(members.person, np.fromiter(cases, np.int64, len(cases)))):
            low, high = np.searchsorted(hubs, members.hub[own], "left"), np.searchsorted(hubs, members.hub[own], "right")
            rows = order[low:high]
            size = np.unique(members.person[rows]).size
            if size > rule.most_members:
                large.add((members.kind, int(members.hub[own]), int(size)))
                continue
            found += _fellows(members, int(own), rows, cases, rule, certainty, generation, case_of)
    found.sort(key=lambda one: (one.case, one.contact, one.first))
    return HubContacts(tuple(found), tuple(sorted(large)))


def _fellows(
    members: Hubs, own: int, rows: NDArray[np.intp], cases: Mapping[int, tuple[int, int]], rule: HubRule,
    certainty: CertaintyRule, generation: int, case_of: Mapping[int, int] | None,
) -> list[Exposure]:  # fmt: skip
    """The exposures that one membership of one case makes."""
    person = int(members.person[own])
    case = person if case_of is None else case_of[person]
    begins, ends = cases[person]
    found = []
    for row in rows:
        contact = int(members.person[row])
        first = max(int(members.start[own]), int(members.start[row]), begins)
        last = min(int(members.end[own]), int(members.end[row]), ends)
        if contact in (person, case) or last <= first:
            continue
        expected = round((last - first) / DAY_S * rule.seconds_a_day)
        sure = min(rule.at_most, float(certainty.of(expected)))
        values = {
            "case": case, "met": person, "contact": contact, "hub": int(members.hub[own]), "first": first, "last": last,
            "expected_s": expected, "at_most_percent": round(rule.at_most * 100),
        }  # fmt: skip
        reason = Reason(f"hub.{members.kind}", values)
        found.append(Exposure(case, contact, generation, 0, first, last, sure, rule.grade, HUB, reason))
    return found
