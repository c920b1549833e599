"""Cases to counts: a day's figures, by area, and as series that say which date they mean.

Everything is counted from the days on which a case entered a status, so the figures of a past day come out the
same whenever they are asked, until a case is corrected; ``data_version`` says of which cases they speak.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Substr

from tongchou import areas, citytime, rulebook
from tongchou.outbreak.definitions import DEFINITION_RULE
from tongchou.outbreak.models import Case, Outbreak

REPORT, ONSET = "report", "onset"
DATE_MEANS = {
    REPORT: ("确诊报告日（当日 24 时为止）", "day of the confirmation report (until 24:00)"),
    ONSET: ("发病日", "day of onset"),
}
_WIDTH = {"province": 2, "city": 4, "county": 6, "township": 9, "village": 12, "grid": 15}


@dataclass(frozen=True)
class Figures:
    """The figures of one area at the close of one day, in cases. ``new_*`` are of that day, the rest stand at its close."""

    new_confirmed: int = 0
    confirmed: int = 0
    new_recovered: int = 0
    recovered: int = 0
    new_deaths: int = 0
    deaths: int = 0
    moved: int = 0
    active: int = 0
    new_asymptomatic: int = 0
    asymptomatic: int = 0
    suspected: int = 0


@dataclass(frozen=True)
class DataVersion:
    """Of which cases figures speak: how many there were, and when the last one changed (None: no case)."""

    cases: int
    changed_at: datetime | None
    read_at: datetime

    @property
    def stamp(self) -> str:
        return f"{self.cases}@{self.changed_at.isoformat() if self.changed_at else '-'}"

    @property
    def age_minutes(self) -> int | None:
        """Whole minutes between the last change of a case and the reading."""
        return None if self.changed_at is None else int((self.read_at - self.changed_at).total_seconds() // 60)


@dataclass(frozen=True)
class Mark:
    """The first day of another case definition inside a series: counts on both sides are not comparable."""

    day: date
    before: str
    after: str


@dataclass(frozen=True)
class Series:
    """New confirmed cases by day. ``counted_by`` is ``report`` or ``onset``; ``undated`` cases have no onset recorded."""

    counted_by: str
    days: tuple[date, ...]
    counts: tuple[int, ...]
    undated: int = 0
    marks: tuple[Mark, ...] = ()
    version: DataVersion | None = field(default=None, compare=False)

    @property
    def means(self) -> tuple[str, str]:
        """Which date the series counts by, in Chinese and English."""
        return DATE_MEANS[self.counted_by]


def data_version(outbreak: Outbreak) -> DataVersion:
    """The stamp of the outbreak's cases as they stand now."""
    found = Case.objects.filter(outbreak=outbreak).aggregate(cases=Count("id"), changed=Max("changed_at"))
    return DataVersion(found["cases"], found["changed"], citytime.now())


def standing_on(day: date) -> Q:
    """Cases that were confirmed by the close of ``day`` and not taken back by then."""
    return Q(confirmed_on__lte=day) & _not_by("excluded_on", day)


def in_hospital_on(day: date) -> Q:
    """Confirmed cases that had neither recovered, moved away nor died by the close of ``day``."""
    return standing_on(day) & _not_by("discharged_on", day) & _not_by("moved_on", day) & _not_by("died_on", day)


def figures_of(outbreak: Outbreak, day: date, area: str = "") -> Figures:
    """The figures of one area (path; "" is the whole outbreak) at the close of ``day``."""
    cases = _cases(outbreak, area)
    return Figures(**cases.aggregate(**_aggregates(day)))


def figures_by_area(outbreak: Outbreak, day: date, level: str = "county") -> dict[str, Figures]:
    """The figures of every area of ``level`` that has a case, under the divisions in force on ``day``."""
    told: dict[str, dict[str, int]] = defaultdict(dict)
    rows = grouped_by_place(_cases(outbreak, ""), day, level).annotate(**_aggregates(day))
    by_name: dict[str, dict[str, int]] = {name: {} for name in _aggregates(day)}
    for row in rows:
        for name, counts in by_name.items():
            if row[name]:
                counts[row["place"]] = row[name]
    for name, counts in by_name.items():
        for place, count in retold(counts, day, level).items():
            told[place][name] = count
    return {place: Figures(**counts) for place, counts in sorted(told.items())}


def series(outbreak: Outbreak, first: date, last: date, *, by: str = REPORT, area: str = "") -> Series:
    """New confirmed cases of ``first`` to ``last`` by the day that ``by`` names, marked where the definition changed."""
    if by not in DATE_MEANS:
        raise KeyError(by)
    field_name = {REPORT: "confirmed_on", ONSET: "onset_on"}[by]
    cases = _cases(outbreak, area).filter(standing_on(last))
    found = (
        cases.filter(**{f"{field_name}__gte": first, f"{field_name}__lte": last})
        .values_list(field_name)
        .annotate(count=Count("id"))
        .order_by(field_name)
    )
    counts = dict(found)
    days = tuple(first + timedelta(days=step) for step in range((last - first).days + 1))
    return Series(
        counted_by=by,
        days=days,
        counts=tuple(counts.get(day, 0) for day in days),
        undated=cases.filter(onset_on__isnull=True).count() if by == ONSET else 0,
        marks=definition_marks(outbreak, first, last),
        version=data_version(outbreak),
    )


def definition_marks(outbreak: Outbreak, first: date, last: date) -> tuple[Mark, ...]:
    """The days inside (first, last] on which another case definition came into force for the city."""
    marks, before = [], _definition(outbreak, first)
    for row in sorted(rulebook.book().rows_of(DEFINITION_RULE), key=lambda row: row.valid_from_on):
        if first < row.valid_from_on <= last:
            after = _definition(outbreak, row.valid_from_on)
            if after != before:
                marks.append(Mark(row.valid_from_on, before, after))
                before = after
    return tuple(marks)


def _definition(outbreak: Outbreak, day: date) -> str:
    try:
        return rulebook.at(day, area=outbreak.area_path, disease=outbreak.disease).get(DEFINITION_RULE).version
    except rulebook.NoRule:
        return ""


def _not_by(field_name: str, day: date) -> Q:
    return Q(**{f"{field_name}__isnull": True}) | Q(**{f"{field_name}__gt": day})


def _cases(outbreak: Outbreak, area: str) -> QuerySet[Case]:
    cases = Case.objects.filter(outbreak=outbreak)
    return cases.filter(areas.within("area_path", area)) if area else cases


def _aggregates(day: date) -> dict[str, Count]:
    held = standing_on(day)
    # a case is suspected or asymptomatic at the close of the day while it has moved no further by then
    not_further = _not_by("excluded_on", day) & _not_by("confirmed_on", day)
    suspected = Q(suspected_on__lte=day) & not_further & _not_by("clinical_on", day) & _not_by("asymptomatic_on", day)
    asymptomatic = Q(asymptomatic_on__lte=day) & not_further & _not_by("discharged_on", day)
    conditions = {
        "new_confirmed": held & Q(confirmed_on=day),
        "confirmed": held,
        "new_recovered": held & Q(discharged_on=day),
        "recovered": held & Q(discharged_on__lte=day),
        "new_deaths": held & Q(died_on=day),
        "deaths": held & Q(died_on__lte=day),
        "moved": held & Q(moved_on__lte=day),
        "active": in_hospital_on(day),
        "new_asymptomatic": Q(asymptomatic_on=day) & _not_by("excluded_on", day),
        "asymptomatic": asymptomatic,
        "suspected": suspected,
    }
    return {name: Count("id", filter=condition) for name, condition in conditions.items()}


def divisions_moved(day: date) -> bool:
    """Whether any division had changed by ``day``, so that codes of cases may need to be told anew."""
    return any(change.changed_on <= day for change in areas.tree().changes)


def grouped_by_place(cases: QuerySet[Case], day: date, level: str, *also: str) -> Any:
    """Cases grouped by ``place``: the area of ``level``, or the whole path where divisions have moved (then ``retold``)."""
    place = F("area_path") if divisions_moved(day) else Substr("area_path", 1, _WIDTH[level])
    return cases.annotate(place=place).values("place", *also)


def retold(counts: dict[str, int], day: date, level: str) -> dict[str, int]:
    """Counts by path under the divisions of ``day``; where no division ever changed they are that already."""
    if not divisions_moved(day):
        return counts
    return areas.reaggregate(counts, on=day, level=level)
