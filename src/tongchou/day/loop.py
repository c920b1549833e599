"""The day of the command post as one loop of six steps. Running a day again creates nothing twice.

1. report 报: what came in during the day, every row accounted for
2. assess 判: the day's counts, zone proposals by the rule in force, days without a new case
3. plan 策: the measures that each area's level suggests, and those that lose their basis
4. order 令: what a post must decide becomes a task with a clock
5. supervise 督: reminders and escalation of what is late
6. publish 布: the brief of the day, as values and as text in both languages
"""

from __future__ import annotations

from datetime import date, datetime

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.day import assess, order, plan, publish, report, supervise
from tongchou.day.models import DayBrief
from tongchou.day.step import Day
from tongchou.outbreak.models import Outbreak
from tongchou.refusal import Refusal


def run_day(day: date, *, by: Actor, at: datetime | None = None, outbreak: Outbreak | None = None) -> DayBrief:
    """Run the six steps for ``day`` and return its brief.

    ``at`` is the instant of the run, by default now; figures are those at the close of the day (of a day that is
    still running, as they stand). ``outbreak`` may be left out where the city has one open. Each step commits by
    itself, so that no write transaction is long. Raises Refusal for a day before the outbreak or in the future.
    """
    now = at or citytime.now()
    outbreak = outbreak or only_outbreak(day)
    refuse_outside(day, outbreak, now)
    today = Day(outbreak, day, min(now, citytime.day_close(day)), by)
    steps = {}
    steps["report"] = report.run(today)
    steps["assess"] = assess.run(today)
    steps["plan"] = plan.run(today, steps["assess"])
    steps["order"] = order.run(today, steps["assess"])
    steps["supervise"] = supervise.run(today)
    return publish.run(today, steps)


def only_outbreak(day: date) -> Outbreak:
    """The outbreak that a day belongs to, where there is exactly one. Raises Refusal."""
    found = [
        row
        for row in Outbreak.objects.exclude(status=Outbreak.Status.DRAFT).order_by("-opened_on", "code")
        if row.closed_on is None or day <= row.closed_on
    ]
    held = [row for row in found if row.begins_on <= day] or found
    if not held:
        raise Refusal(
            "还没有启动的疫情：请先登记疫情，填齐“四个一”并启动",
            "no outbreak is open: register one, fill its four ones and open it first",
            code="no_outbreak",
        )
    if len(held) > 1:
        codes = [row.code for row in held]
        raise Refusal(
            f"有多起疫情在进行：{'、'.join(codes)}，请指明其中一起",
            f"several outbreaks are open: {', '.join(codes)}; name one",
            code="several_outbreaks",
            field="outbreak",
        )
    return held[0]


def refuse_outside(day: date, outbreak: Outbreak, now: datetime) -> None:
    """Refuse a day before the outbreak begins, in the future, or after the outbreak was closed."""
    today = citytime.day_of(now)
    if day < outbreak.begins_on:
        raise Refusal(
            f"{day} 早于本次疫情（{outbreak.name}）的计入起始日 {outbreak.begins_on}，请选该日或以后的日期",
            f"{day} lies before this outbreak ({outbreak.code}) begins on {outbreak.begins_on}; choose that day or a later one",
            code="before_outbreak",
            field="date",
        )
    if day > today:
        raise Refusal(
            f"{day} 还没有到（今天是 {today}），请选今天或以前的日期",
            f"{day} lies in the future (today is {today}); choose today or an earlier day",
            code="future",
            field="date",
        )
    if outbreak.closed_on is not None and day > outbreak.closed_on:
        raise Refusal(
            f"本次疫情（{outbreak.name}）已于 {outbreak.closed_on} 结束，请选该日或以前的日期",
            f"this outbreak ({outbreak.code}) was closed on {outbreak.closed_on}; choose that day or an earlier one",
            code="after_outbreak",
            field="date",
        )
