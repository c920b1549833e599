"""Panzhihua's 16 confirmed cases by their official days, spread over its counties; the people are invented.

Official (demo/facts/daily_official.csv, new by report day): 30 January 1, 31 January 6, 1 February 2, 2 February 1,
4 February 1, 7 February 1, 8 February 1, 17 February 3. The published list of 28 February (East district medium,
West district low) asks that the three of the 17th count to the East and that the West's patients left early.
"""

from __future__ import annotations

from datetime import date, timedelta

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.outbreak.actions.case import report_case
from tongchou.outbreak.actions.outcome import discharge_case
from tongchou.outbreak.models import Case, Outbreak

from tests.outbreak.panzhihua import EAST, RENHE, VILLAGES, WEST

# (confirmed on, county, discharged on)
CASES = (
    (date(2020, 1, 30), EAST, date(2020, 2, 7)),
    (date(2020, 1, 31), EAST, date(2020, 2, 8)),
    (date(2020, 1, 31), EAST, date(2020, 2, 8)),
    (date(2020, 1, 31), WEST, date(2020, 2, 9)),
    (date(2020, 1, 31), WEST, date(2020, 2, 9)),
    (date(2020, 1, 31), EAST, date(2020, 2, 11)),
    (date(2020, 1, 31), EAST, date(2020, 2, 11)),
    (date(2020, 2, 1), RENHE, date(2020, 2, 11)),
    (date(2020, 2, 1), EAST, date(2020, 2, 13)),
    (date(2020, 2, 2), WEST, date(2020, 2, 13)),
    (date(2020, 2, 4), EAST, date(2020, 2, 17)),
    (date(2020, 2, 7), EAST, date(2020, 2, 21)),
    (date(2020, 2, 8), EAST, date(2020, 2, 21)),
    (date(2020, 2, 17), EAST, date(2020, 2, 22)),
    (date(2020, 2, 17), EAST, date(2020, 2, 22)),
    (date(2020, 2, 17), EAST, date(2020, 2, 22)),
)


def work_february(outbreak: Outbreak, hospital: Actor, *, until: date) -> list[Case]:
    """Report and discharge the cases on their days, as the hospital does, with the clock standing there."""
    events = sorted(
        [(confirmed, 0, number) for number, (confirmed, _county, _left) in enumerate(CASES)]
        + [(left, 1, number) for number, (_confirmed, _county, left) in enumerate(CASES)]
    )
    cases: dict[int, Case] = {}
    for day, leaving, number in events:
        if day > until:
            break
        with citytime.standing_at(citytime.at_hour(day, 16)):
            if leaving:
                discharge(cases[number], day, hospital)
            else:
                cases[number] = report(outbreak, CASES[number][1], day, hospital)
    return [cases[number] for number in sorted(cases)]


def report(outbreak: Outbreak, county: str, day: date, hospital: Actor, **plain: object) -> Case:
    found_at = citytime.at_hour(day, 14)
    plain.setdefault("onset_on", day - timedelta(days=3))
    return report_case(
        outbreak=outbreak,
        residence_path=VILLAGES[county],
        status="confirmed",
        found_at=found_at,
        reported_at=found_at + timedelta(minutes=50),
        by=hospital,
        **plain,
    )


def discharge(case: Case, day: date, hospital: Actor) -> Case:
    samples = [citytime.at_hour(day - timedelta(days=2), 9), citytime.at_hour(day - timedelta(days=1), 9)]
    shown = {"negatives": samples, "fever_free_days": 4, "symptoms_improved": True, "imaging_improved": True}
    return discharge_case(case=case, criteria=shown, discharged_on=day, by=hospital)
