"""The zero-case clock: days in a row without a new case, and what a run of them means (mechanism B11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongchou import rulebook
from tongchou.bridge import counts
from tongchou.outbreak.models import Case, Outbreak

RULE = "zero_case.clock"


@dataclass(frozen=True)
class ZeroClock:
    """``days`` without a new case at the close of ``day``; None where the outbreak never had one there.

    ``marks`` are the runs of days that the rule names, shortest first; empty where no rule is in force.
    """

    day: date
    last_on: date | None
    marks: tuple[int, ...]
    rule_version: str

    @property
    def days(self) -> int | None:
        return None if self.last_on is None else (self.day - self.last_on).days

    @property
    def reached(self) -> int:
        """The longest named run that is complete; 0 where none is. An area without any case has completed all."""
        if self.days is None:
            return max(self.marks, default=0)
        return max((mark for mark in self.marks if self.days >= mark), default=0)

    @property
    def to_next(self) -> int | None:
        """Days still to go to the next named run, if no case comes; None where all are complete."""
        if self.days is None:
            return None
        return min((mark - self.days for mark in self.marks if self.days < mark), default=None)

    @property
    def text(self) -> str:
        if self.days is None:
            return _("无病例")
        return ngettext("%(n)d 天", "%(n)d 天", self.days) % {"n": self.days}

    @property
    def status(self) -> str:
        """The declaration in one sentence."""
        if self.days is None:
            return _("本次疫情没有病例")
        run = ngettext("连续 %(n)d 天无新增", "连续 %(n)d 天无新增", self.days) % {"n": self.days}
        if self.marks and self.reached == max(self.marks):
            return _("%(run)s，已满 %(mark)d 天：清零") % {"run": run, "mark": self.reached}
        if self.reached:
            run = _("%(run)s，已满 %(mark)d 天") % {"run": run, "mark": self.reached}
        if self.to_next:
            ahead = ngettext("再过 %(n)d 天满 %(mark)d 天", "再过 %(n)d 天满 %(mark)d 天", self.to_next)
            return _("，").join([run, ahead % {"n": self.to_next, "mark": self.days + self.to_next}])
        return run


def clocks(outbreak: Outbreak, day: date, level: str, paths: Iterable[str]) -> dict[str, ZeroClock]:
    """The zero-case clock of each area at the close of ``day``, by path. One query for all of a level."""
    marks, version = _rule(outbreak, day)
    last: dict[str, date] = {}
    held = Case.objects.filter(counts.standing_on(day), outbreak=outbreak)
    rows = counts.grouped_by_place(held, day, level).annotate(last=Max("confirmed_on")).values_list("place", "last")
    for written, on in rows:
        for place in counts.retold({written: 1}, day, level):
            last[place] = max(last.get(place, on), on)
    return {path: ZeroClock(day, last.get(path), marks, version) for path in paths}


def _rule(outbreak: Outbreak, day: date) -> tuple[tuple[int, ...], str]:
    try:
        answer = rulebook.at(day, area=outbreak.area_path, disease=outbreak.disease).get(RULE)
    except rulebook.NoRule:
        return (), ""
    return (tuple(sorted(answer.value["days"])) if answer.value else ()), answer.version
