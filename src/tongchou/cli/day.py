"""``tongchou day --date D``: run the six steps of one day and print its brief."""

from __future__ import annotations

import argparse
from datetime import date

from tongchou import citytime
from tongchou.cli import acting
from tongchou.cli.terminal import CommandError, UsageError
from tongchou.day.loop import run_day
from tongchou.outbreak.models import Outbreak

NAME = "day"
HELP_ZH = "运行某一天的六步（报判策令督布）并打印简报"
HELP_EN = "run the six steps of one day and print its brief"
JSON = {
    "day": "日期 / the day",
    "outbreak": "疫情编号 / code of the outbreak",
    "version": "简报版次；重复运行而无变化时不增加 / version of the brief; a run without changes adds none",
    "data_version": "所依据病例数据的版本 / of which case data the figures speak",
    "made_at": "生成时间 / when the brief was made",
    "report": "当日进来的病例记录与导入 / case steps and imports of the day",
    "assess": "统计、分级建议、零新增 / figures, zone proposals, days without a new case",
    "plan": "各地区的措施 / measures by area",
    "order": "交办的任务与时限状态 / tasks asked for and clocks by state",
    "supervise": "提醒、上报与超时岗位 / reminders, escalations, late posts",
    "text_zh": "中文简报 / the brief in Chinese",
    "text_en": "英文简报 / the brief in English",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--date", metavar="D", help="日期，如 2020-02-14；缺省为今天 / the day, today if left out")
    parser.add_argument(
        "--as", dest="post", metavar="POST", help="以该岗位代码行事；缺省为系统 / act as this post's code"
    )
    parser.add_argument(
        "--outbreak", metavar="CODE", help="疫情编号；只有一起时可省 / the outbreak, where several are open"
    )


def run(args: argparse.Namespace) -> int:
    day = read_day(args.date)
    args.say.progress(f"正在运行 {day}", f"running {day}")
    brief = run_day(day, by=acting.actor(args.post), outbreak=outbreak_of(args.outbreak))
    data = {
        "day": brief.day_on.isoformat(),
        "outbreak": brief.outbreak.code,
        "version": brief.version,
        "data_version": brief.data_version,
        "made_at": brief.made_at.isoformat(),
        **brief.data,
        "text_zh": brief.text_zh,
        "text_en": brief.text_en,
    }
    args.say(data, f"{brief.text_zh}\n\n{brief.text_en}")
    return 0


def read_day(text: str | None) -> date:
    """A calendar day, today if left out. Raises UsageError."""
    if not text:
        return citytime.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"日期“{text}”无法识别，请写成 2020-02-14", f"{text!r} is no day; write it as 2020-02-14"
        ) from None


def outbreak_of(code: str | None) -> Outbreak | None:
    """The outbreak of that code, None if left out. Raises CommandError."""
    if not code:
        return None
    found = Outbreak.objects.filter(code=code).first()
    if found is None:
        known = "、".join(Outbreak.objects.values_list("code", flat=True)) or "-"
        raise CommandError(f"没有编号为 {code} 的疫情；现有：{known}", f"there is no outbreak {code}; known: {known}")
    return found
