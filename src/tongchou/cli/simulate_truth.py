"""``tongchou simulate`` written out: files of the truth, visits by day, series by area and age, and who infected whom."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli.simulate_files import FILES, Calendar, every_series, told_of, write_files
from tongchou.cli.terminal import CommandError, UsageError
from tongchou.engine.city import City
from tongchou.engine.epidemic import Contacts, EpidemicFault, Outcome
from tongchou.engine.epidemic.diary import simulate_visits
from tongchou.engine.epidemic.scenario import Scenario
from tongchou.engine.epidemic.series import check_series
from tongchou.engine.epidemic.words import WORDS
from tongchou.reason import say
from tongchou.store.visit_store import VisitStore

LAST = -1
"""for ``--explain last``"""
MONDAY = date(2020, 1, 6)
MOST_PERSON_DAYS = 20_000_000
"""of visits written out: about four rows a person and day, so some eighty million rows"""


def add_truth_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, metavar="DIR", help=f"写出首次重复 / write out the first replicate: {', '.join(FILES)}")
    add("--series", action="append", default=[], metavar="NAME[:BY]", help="daily.csv 只含这些，可多次，如 tests:age / only these in daily.csv, repeatable")
    add("--visits", type=Path, metavar="DIR", help="空文件夹：逐日写出到访，供 tongchou contacts / an empty folder: the visits of the city by day")
    add("--visit-days", metavar="A:B", help="只写第 A 到第 B 天的到访 / visits of days A to B only, both counted")
    add("--first", type=_date, metavar="DATE", help="第 0 天的日期，缺省 2020-01-06 那一周 / date of day 0, by default in the week of 2020-01-06")
    add("--explain", type=_person, metavar="PERSON", help="此人（或 last：最后感染者）由谁、在何处感染，追到源头 / who infected this person (or last: the last one) and where, back to the source")


def is_asked(args: argparse.Namespace) -> bool:
    """Whether the words ask for something that only one run can give."""
    return bool(args.out or args.series or args.visits or args.visit_days or args.explain is not None)


def check(args: argparse.Namespace) -> None:
    """Raises UsageError for words that contradict each other, EpidemicFault for a series that says nothing."""
    wanted_series(args)
    if args.series and not args.out:
        raise UsageError("--series 说明 daily.csv 的内容，请同时给 --out", "--series says what daily.csv holds; give --out as well")
    if args.visit_days and not args.visits:
        raise UsageError("--visit-days 须与 --visits 一起给", "--visit-days is given with --visits")
    if args.visits:
        _visit_days(args)


def dated(args: argparse.Namespace, scenario: Scenario) -> tuple[Scenario, Calendar]:
    """The scenario with the weekday of --first, and its calendar. Raises UsageError where the scenario names another weekday."""
    if args.first is None:
        return scenario, Calendar(MONDAY + timedelta(days=scenario.first_weekday))
    if scenario.first_weekday not in (0, args.first.weekday()):
        raise UsageError(
            f"{args.first} 是星期第 {args.first.weekday()} 天（0 为星期一），情景的 first_weekday 为 {scenario.first_weekday}：请改其一",
            f"{args.first} is weekday {args.first.weekday()} (0 is Monday) and the scenario says first_weekday = {scenario.first_weekday}; change one of them",
        )
    return replace(scenario, first_weekday=args.first.weekday()), Calendar(args.first)


def wanted_series(args: argparse.Namespace) -> list[tuple[str, str]]:
    """(quantity, division) of daily.csv."""
    wanted = [(name, by) for name, _colon, by in (words.partition(":") for words in args.series)]
    for quantity, by in wanted:
        check_series(quantity, by)
    return wanted or every_series()


def ready_visits(args: argparse.Namespace, city: City) -> None:
    """Raises CommandError before the run where its visits would be too many, or the folder holds visits already."""
    if not args.visits:
        return
    days = _visit_days(args)
    if city.persons * len(days) > MOST_PERSON_DAYS:
        fit = MOST_PERSON_DAYS // city.persons
        raise CommandError(
            f"{city.persons} 人 {len(days)} 天的到访过多（上限 {MOST_PERSON_DAYS} 人日）：请用 --visit-days 选不超过 {fit} 天，或缩小城市",
            f"the visits of {city.persons} persons on {len(days)} days are too many (at most {MOST_PERSON_DAYS} person-days): "
            f"choose at most {fit} days by --visit-days, or a smaller city",
        )
    if VisitStore(args.visits).days():
        raise CommandError(f"{args.visits} 中已有到访：请换一个空文件夹。", f"{args.visits} holds visits already: name an empty folder.")


def tell(args: argparse.Namespace, outcome: Outcome, scenario: Scenario, contacts: Contacts, calendar: Calendar) -> dict[str, Any]:
    """Writes what was asked for, and returns what is said of the run in JSON."""
    told = told_of(outcome)
    if args.explain is not None:
        told["explained"] = _explained(outcome, args.explain)
    if args.out:
        told["files"] = write_files(outcome, args.out, calendar, wanted_series(args))
    if args.visits:
        told["visits"] = _write_visits(args, outcome, scenario, contacts, calendar)
    return told


def text_of(told: dict[str, Any]) -> str:
    """The same for a person."""
    layers, interval = told["layers"], told["generation_interval"]
    lines = ["感染场景 / infected in: " + ", ".join(f"{name} {count}" for name, count in layers.items())]
    if interval["pairs"]:
        lines.append(f"代间隔 / generation interval: {interval['mean']:.1f} ± {interval['sd']:.1f} 天 / days ({interval['pairs']} 对 / pairs)")
    weeks = [f"{week['r']:.2f}" + ("" if week["complete"] else "*") for week in told["cohorts"] if week["r"] is not None]
    lines.append("逐周感染者的 R / R of those infected in each week: " + " ".join(weeks) + ("（* 尚未完结 / not complete）" if "*" in "".join(weeks) else ""))
    lines += [f"  {step['zh']} / {step['en']}" for step in told.get("explained", [])]
    if "files" in told:
        lines.append("已写出 / written: " + ", ".join(told["files"]))
    if "visits" in told:
        lines.append(f"到访 / visits: {told['visits']['rows']} → {told['visits']['folder']}")
    return "\n".join(lines)


def _explained(outcome: Outcome, person: int) -> list[dict[str, Any]]:
    rows = np.flatnonzero((outcome.chain.person == person) | (person == LAST)).tolist()
    if not rows:
        last = outcome.city.persons - 1
        raise CommandError(
            f"人员 {person} 在此次运行中未感染（编号 0 到 {last}；感染者见 --out 的 line_list.csv）",
            f"person {person} was not infected in this run (persons are 0 to {last}; --out lists the infected in line_list.csv)",
        )
    chain = outcome.explain(rows[-1])
    return [{**step.stored(), "zh": say(step, WORDS, "zh"), "en": say(step, WORDS, "en")} for step in chain]


def _write_visits(
    args: argparse.Namespace, outcome: Outcome, scenario: Scenario, contacts: Contacts, calendar: Calendar
) -> dict[str, Any]:
    store, days, last = VisitStore(args.visits), _visit_days(args), -1
    parts = simulate_visits(
        outcome, scenario.measures, contacts=contacts, days=days, first_weekday=scenario.first_weekday, midnight_s=calendar.midnight_s
    )
    try:
        for day, visits in parts:
            if day != last and (day - days[0]) % max(1, len(days) // 10) == 0:
                args.say.progress(f"写出第 {day} 天的到访", f"visits of day {day}")
            last = day
            store.ingest(visits)
        store.compact()
    except OSError as error:
        raise CommandError(f"写不了 {args.visits}：{error.strerror}", f"{args.visits} cannot be written: {error.strerror}") from None
    return {"folder": str(args.visits), "days": [days[0], days[-1]], "rows": sum(store.days().values())}


def _visit_days(args: argparse.Namespace) -> range:
    if not args.visit_days:
        return range(args.days)
    first, colon, last = args.visit_days.partition(":")
    try:
        days = range(int(first), int(last if colon else first) + 1)
    except ValueError:
        raise UsageError(f"--visit-days 应写成 A:B，现为 {args.visit_days}", f"--visit-days is written A:B, not {args.visit_days}") from None
    if not days or days[0] < 0 or days[-1] >= args.days:
        raise EpidemicFault(
            f"--visit-days 应在第 0 到第 {args.days - 1} 天之内且不倒置", f"--visit-days lie between 0 and {args.days - 1}, the last not before the first"
        )
    return days


def _person(text: str) -> int:
    if text == "last":
        return LAST
    if not text.isdigit():
        raise UsageError(f"--explain 应为人员编号或 last，现为 {text}", f"--explain takes the number of a person, or last, not {text!r}")
    return int(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"“{text}”不是日历上的日期，请写成 2020-01-06。", f"{text!r} is no day on the calendar; write 2020-01-06.") from None
