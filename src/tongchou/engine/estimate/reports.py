"""What was known when: cases by day of onset as they stood in successive reports (a reporting triangle, looked at from its edge)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tongchou.engine.estimate.delay_fit import Pairs
from tongchou.engine.estimate.errors import EstimateError


@dataclass(frozen=True)
class Reports:
    """Cumulative counts by area, report and day of onset.

    Attributes:
        totals: cases of onset day t known in report s, shape (areas, reports, days). Days after a report hold 0.
        seen_on: the last day that each report covers, counted from the first day of onset (0), shape (reports,); evenly spaced.
    """

    totals: NDArray[np.int64]
    seen_on: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.totals.ndim != 3 or self.totals.shape[1] != len(self.seen_on) or not self.totals.size:
            raise EstimateError(
                "报告须为（地区，报告，发病日）", "reports have the shape (areas, reports, days of onset)"
            )
        gaps = np.diff(self.seen_on)
        if len(gaps) and (gaps.min() < 1 or gaps.min() != gaps.max()):
            raise EstimateError("各次报告须先后排列且间隔相等", "reports must follow each other at equal distances")
        if self.seen_on[-1] + 1 != self.totals.shape[2]:
            raise EstimateError(
                "发病日须到最后一次报告的当天为止", "the days of onset must end with the day of the last report"
            )
        if self.totals.min() < 0:
            raise EstimateError("累计数不能为负", "cumulative counts must not be negative")

    @property
    def gap_days(self) -> int:
        """Days between reports; 1 where there is only one."""
        return int(self.seen_on[1] - self.seen_on[0]) if len(self.seen_on) > 1 else 1

    @property
    def began_on(self) -> int:
        """First day that the first report with a case covers: 0 where the first report has one (there was always a record).

        Where reporting begins in the middle of an epidemic, earlier cases were all reported late, which says nothing of later ones.
        """
        first = int(np.argmax(self.totals.any(axis=(0, 2))))
        return int(self.seen_on[first]) + 1 - self.gap_days if first else 0

    @property
    def known(self) -> NDArray[np.int64]:
        """Counts of the last report, shape (areas, days)."""
        return self.totals[:, -1]

    def as_of(self, report: int) -> Reports:
        """The same as it stood with an earlier report (its index)."""
        end = int(self.seen_on[report]) + 1
        return Reports(self.totals[:, : report + 1, :end], self.seen_on[: report + 1])


def reports_of_cases(
    onset: ArrayLike, report: ArrayLike, *, last: int, areas: ArrayLike | None = None, area_count: int = 1,
    counts: ArrayLike | None = None,
) -> Reports:  # fmt: skip
    """Daily reports from cases with a day of onset and of report (whole numbers, the first day of onset is 0), up to ``last``.

    Cases reported after ``last`` are not known yet and left out. ``areas`` gives each case's area (0 to ``area_count`` - 1),
    ``counts`` how many cases a row stands for. Raises EstimateError for a report before its onset or an onset before day 0.
    """
    began, told = np.asarray(onset, dtype=np.int64), np.asarray(report, dtype=np.int64)
    place = np.zeros_like(began) if areas is None else np.asarray(areas, dtype=np.int64)
    many = np.ones_like(began) if counts is None else np.asarray(counts, dtype=np.int64)
    if (told < began).any() or (began < 0).any():
        raise EstimateError(
            f"{int((told < began).sum())} 例的报告早于发病，请更正",
            f"{int((told < began).sum())} cases are reported before onset: mend them",
        )
    seen = told <= last
    new = np.zeros((area_count, last + 1, last + 1), dtype=np.int64)
    np.add.at(new, (place[seen], told[seen], began[seen]), many[seen])
    return Reports(np.cumsum(new, axis=1), np.arange(last + 1, dtype=np.int64))


def pairs_of_reports(reports: Reports, most_delay_days: int) -> Pairs:
    """Onset and report windows of all areas' cases, for fitting one delay; a case first seen in a report lies in its gap.

    The fit knows that nothing could be reported before the first report (``seen_from``). Delays longer than ``most_delay_days``
    are counted as that long. Negative corrections between reports are left out.
    """
    totals = reports.totals.sum(axis=0)
    gap = reports.gap_days
    new = np.maximum(np.diff(totals, axis=0, prepend=0), 0)
    # Of onsets before the first report's own gap only the late reports would be seen: they would make the delay too long.
    new[:, : max(0, int(reports.seen_on[0]) - gap + 1)] = 0
    rows, days = np.nonzero(new)
    end = reports.seen_on[rows] + 1
    late = np.minimum(end, days + most_delay_days + 1).astype(float)
    first = days.astype(float)
    seen_to = np.minimum(float(reports.seen_on[-1]) + 1, first + most_delay_days + 1)
    early = np.maximum(late - gap, first)
    began = np.minimum(float(reports.began_on), early)
    return Pairs(first, first + 1, early, late, seen_to, new[rows, days].astype(float), began)
