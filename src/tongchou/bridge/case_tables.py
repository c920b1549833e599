"""Grouped counts of the cases that one zone rule counts, by area and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from tongchou.bridge import counts
from tongchou.engine.zoning import CaseCounts
from tongchou.outbreak.models import Case, Outbreak


def counted_cases(value: Mapping[str, Any]) -> Q:
    """The cases that a zone rule counts, by origin.

    "Imported" in these rules means from abroad (the national rule's note); a case brought in from another
    province counts to the county like a local one, and so does a case whose origin nobody has entered yet.
    """
    origins = value["cases"]["origin"]
    left_out = Q(pk__in=[])
    if Case.Origin.IMPORTED not in origins:
        left_out |= Q(origin=Case.Origin.IMPORTED, imported_from=Case.ImportedFrom.ABROAD)
    if Case.Origin.LINKED not in origins:
        left_out |= Q(origin__in=[Case.Origin.LINKED, Case.Origin.SECONDARY])
    if Case.Origin.LOCAL not in origins:
        left_out |= Q(origin__in=[Case.Origin.LOCAL, ""])
    return ~left_out


class CaseTables:
    """Grouped counts of the cases that one rule counts, by area of judgement and day."""

    def __init__(self, outbreak: Outbreak, day: date, value: Mapping[str, Any], level: str) -> None:
        self.day, self.level = day, level
        statuses = value["cases"]["status"]
        fields = [
            {"asymptomatic": "asymptomatic_on", "confirmed": "confirmed_on"}[status] for status in sorted(statuses)
        ]
        cases = Case.objects.filter(counted_cases(value), outbreak=outbreak)
        cases = cases.annotate(counted_on=Coalesce(*fields, fields[0])).filter(counted_on__lte=day)
        self.cases = cases.exclude(excluded_on__lte=day)
        self.new = self._by_day(self.cases, "counted_on")
        self.clusters = self._clusters()
        inside = counts.in_hospital_on(day) | (
            Q(asymptomatic_on__lte=day, confirmed_on__isnull=True, discharged_on=None)
        )
        self.in_hospital = self._by_place(self.cases.filter(inside))
        self.left = self._last_left()

    def of(self, path: str) -> CaseCounts:
        return CaseCounts(
            new=self.new.get(path, {}),
            clusters=self.clusters.get(path, {}),
            in_hospital=self.in_hospital.get(path, 0),
            last_left_on=self.left.get(path),
        )

    def _grouped(self, cases: QuerySet[Case], *also: str) -> Any:
        return counts.grouped_by_place(cases, self.day, self.level, *also)

    def _by_place(self, cases: QuerySet[Case]) -> dict[str, int]:
        found = {row["place"]: row["cases"] for row in self._grouped(cases).annotate(cases=Count("id"))}
        return counts.retold(found, self.day, self.level)

    def _by_day(self, cases: QuerySet[Case], name: str) -> dict[str, dict[date, int]]:
        by_day: dict[date, dict[str, int]] = defaultdict(dict)
        for row in self._grouped(cases, name).annotate(cases=Count("id")):
            by_day[row[name]][row["place"]] = row["cases"]
        told: dict[str, dict[date, int]] = defaultdict(dict)
        for one_day, found in by_day.items():
            for place, number in counts.retold(found, self.day, self.level).items():
                told[place][one_day] = number
        return told

    def _clusters(self) -> dict[str, dict[str, dict[date, int]]]:
        """Clusters with a case in the last 60 days: longer than any window of a rule with its own window before it."""
        recent = self.cases.filter(counted_on__gt=self.day - timedelta(days=60)).exclude(cluster_id="")
        told: dict[str, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
        for row in self._grouped(recent, "cluster_id", "counted_on").annotate(cases=Count("id")):
            for place, number in counts.retold({row["place"]: row["cases"]}, self.day, self.level).items():
                days = told[place][row["cluster_id"]]
                days[row["counted_on"]] = days.get(row["counted_on"], 0) + number
        return told

    def _last_left(self) -> dict[str, date]:
        """The last day on which a case left hospital: discharged, moved to another area, or died there."""
        last: dict[str, date] = {}
        for name in ("discharged_on", "moved_on", "died_on"):
            left = self.cases.filter(**{f"{name}__lte": self.day})
            for row in self._grouped(left).annotate(last=Max(name)):
                for place in counts.retold({row["place"]: 1}, self.day, self.level):
                    last[place] = max(last.get(place, row["last"]), row["last"])
        return last
