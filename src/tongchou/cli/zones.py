"""``tongchou zones --date D``: every county's level by the rule in force, beside the published one."""

from __future__ import annotations

import argparse
from typing import Any

from tongchou import citytime
from tongchou.bridge.zone_levels import computed_levels
from tongchou.cli.day import outbreak_of, read_day
from tongchou.cli.terminal import table
from tongchou.day.loop import only_outbreak, refuse_outside
from tongchou.zones.models import ZoneProposal
from tongchou.zones.queries.table import ZoneLine, zone_table
from tongchou.zones.words import LEVELS

NAME = "zones"
HELP_ZH = "某一天各县（区）的分级建议、公布级别、理由与距可降级天数"
HELP_EN = "level of every county on a day: computed, published, why, days to downgrade"
JSON = {
    "area": "地区路径 / path of the area",
    "name": "名称 / name",
    "level": "按规则计算的级别；空为未提建议 / level by the rule, empty where nothing is proposed",
    "published": "公布级别；空为无公布 / published level, null where none",
    "published_reason": "公布与计算的异同，或为何没有 / how the two differ, or why there is none",
    "decided": "岗位决定的级别 / level decided by a post, null where none",
    "reason": "理由 / why",
    "rule": "所用规则的版本 / version of the rule",
    "beaten": "被优先的规则 / rules that it was preferred to",
    "days_to_downgrade": "距可建议降级的天数；空为不会仅因等待而降 / days until a lower level can be proposed, null if waiting alone will not",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--date", metavar="D", help="日期，如 2020-02-28；缺省为今天 / the day, today if left out")
    parser.add_argument(
        "--outbreak", metavar="CODE", help="疫情编号；只有一起时可省 / the outbreak, where several are open"
    )


def run(args: argparse.Namespace) -> int:
    day = read_day(args.date)
    outbreak = outbreak_of(args.outbreak) or only_outbreak(day)
    refuse_outside(day, outbreak, citytime.now())
    stored = list(ZoneProposal.objects.filter(day_on=day, disease=outbreak.disease).order_by("area_path"))
    lines = zone_table(day, disease=outbreak.disease, proposals=stored or computed_levels(outbreak, day))
    rows = [_row(line) for line in lines]
    heads = ["地区/area", "建议/level", "公布/published", "决定/decided", "降级/days", "规则/rule"]
    cells = [
        (line.name, _level(line.level), _level(line.published), _level(line.decided), line.days_to_downgrade, line.rule)
        for line in lines
    ]
    why = "\n".join(f"{row['name']}: {row['reason']}\n  {row['published_reason']}" for row in rows)
    args.say(rows, f"{day}\n{table(heads, cells)}\n\n{why}")
    return 0


def _level(level: str) -> str:
    return "/".join(LEVELS[level]) if level else "-"


def _row(line: ZoneLine) -> dict[str, Any]:
    return {
        "area": line.area,
        "name": line.name,
        "level": line.level or None,
        "published": line.published or None,
        "published_reason": f"{line.published_text('zh')} / {line.published_text('en')}",
        "decided": line.decided or None,
        "reason": f"{'；'.join(line.reasons('zh'))} / {'; '.join(line.reasons('en'))}",
        "rule": line.rule,
        "beaten": line.beaten("zh"),
        "days_to_downgrade": line.days_to_downgrade,
    }
