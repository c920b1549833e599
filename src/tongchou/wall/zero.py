"""The zero-case clock in words and as a strip of days (mechanism B11); the counting is ``bridge.zero_clock``."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tongchou.bridge.zero_clock import ZeroClock

#: a cell of the strip is 5 wide and stands every 6; a strip is never longer than this many days
CELL_STEP, LONGEST_STRIP = 6, 56


@dataclass(frozen=True)
class Strip:
    """``cells`` are (x, filled), one a day up to the longest step of the rule; ``marks`` are the x of the steps."""

    label: str
    text: str
    cells: list[tuple[int, bool]]
    marks: list[int]
    width: int


def strip_of(clock: ZeroClock) -> Strip:
    longest = min(max(clock.marks, default=0), LONGEST_STRIP)
    full = longest if clock.last_case_on is None else min(clock.days, longest)
    return Strip(
        label=status(clock),
        text=_("无病例") if clock.last_case_on is None else ngettext("%(n)d 天", "%(n)d 天", clock.days) % {"n": clock.days},
        cells=[(step * CELL_STEP, step < full) for step in range(longest)],
        marks=[mark * CELL_STEP - 1 for mark in clock.marks if mark < longest],
        width=max(longest * CELL_STEP - 1, 1),
    )


def status(clock: ZeroClock) -> str:
    """What may be declared, and what comes next, in one sentence."""
    if clock.last_case_on is None:
        return _("本次疫情没有病例")
    parts = [ngettext("连续 %(n)d 天无新增", "连续 %(n)d 天无新增", clock.days) % {"n": clock.days}]
    if clock.reached is not None:
        declared = clock.reached.en if english() else clock.reached.zh
        parts.append(_("可宣布：%(status)s") % {"status": declared})
    if clock.ahead is not None and clock.days_ahead is not None:
        ahead = ngettext("再过 %(n)d 天满 %(mark)d 天", "再过 %(n)d 天满 %(mark)d 天", clock.days_ahead)
        parts.append(ahead % {"n": clock.days_ahead, "mark": clock.ahead.days})
    return _("，").join(parts)


def reopens(clock: ZeroClock) -> list[str]:
    """What may be considered for reopening at the step reached; empty below the first."""
    return [en if english() else zh for zh, en in (clock.reached.reopens if clock.reached else ())]


def english() -> bool:
    return (get_language() or "").startswith("en")
