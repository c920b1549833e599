"""``tongchou rules``: the rule in force on a day, every rule in force, and the check of the packs."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from tongchou import citytime, rulebook
from tongchou.cli import terminal
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook import words
from tongchou.rulebook.reader import COVID
from tongchou.rulebook.rows import MARK_WORDS
from tongchou.rulebook.shapes import plain

NAME = "rules"
HELP_ZH = "查看某日、某地适用的规则，及其来源与优先次序"
HELP_EN = "show the rule in force on a day and in an area, with its source and what it goes before"
JSON = {
    "show": {
        "id": "规则编号 / rule id",
        "version": "适用的版本 / the version that applies",
        "value": "内容；未找到时为 null / the value; null where it was not found",
        "label_zh": "中文名称 / Chinese label",
        "label_en": "英文名称 / English label",
        "on": "所问日期 / the day asked",
        "area": "所问区划 / the area asked",
        "known_on": "按哪一天所知 / as known on which day",
        "valid_from": "生效日 / first day in force",
        "valid_to": "最后有效日 / last day in force",
        "mark": "标记 / mark: seen, knowledge, default, not_found",
        "source": "来源 / sources: {mark, text}",
        "source_text": "本市文件 / the city's own document",
        "note_zh": "中文说明 / note in Chinese",
        "note_en": "英文说明 / note in English",
        "own": "是否本市自定 / whether the city entered it",
        "beaten": "被优先的行 / the rows it goes before: {version, zh, en}",
        "why_zh": "中文理由 / why, in Chinese",
        "why_en": "英文理由 / why, in English",
    },
    "list": {
        "id": "规则编号 / rule id",
        "version": "适用的版本 / the version that applies",
        "label_zh": "中文名称 / Chinese label",
        "label_en": "英文名称 / English label",
        "area": "该行的区划 / the row's area",
        "valid_from": "生效日 / first day in force",
        "mark": "标记 / mark",
        "own": "是否本市自定 / whether the city entered it",
    },
    "check": {
        "packs": "规则包数 / packs read",
        "rules": "规则数 / rules",
        "rows": "行数 / rows",
        "not_found": "未找到、须填写的版本 / versions marked not found",
        "faults": "错误 / faults: {file, row, key, zh, en}",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    below = parser.add_subparsers(dest="what", required=True, metavar="WHAT", title="内容 / what")
    show = below.add_parser("show", help="一条规则 / one rule")
    show.add_argument("id", metavar="ID", help="规则编号或版本名 / rule id or version name, e.g. zone.level")
    several = below.add_parser("list", help="当日适用的全部规则 / every rule in force")
    several.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="编号开头 / beginning of the id")
    for one in (show, several):
        one.add_argument("--on", type=_day, metavar="D", help="日期，默认今天 / the day, by default today")
        one.add_argument("--area", default="", metavar="CODE", help="区划代码，默认全国 / division code, by default the country")
        one.add_argument("--known-on", type=_day, metavar="D", help="按那天所知，默认现在 / as known on that day, by default now")
        one.add_argument("--disease", default=COVID, help=f"病种，默认 {COVID} / disease, by default {COVID}")
        one.add_argument("--group", default="", help="人群 / group of people")
        one.add_argument("--sector", default="", help="行业 / sector")
        one.add_argument("--firm-class", default="", help="企业类别 / class of firm")
    below.add_parser("check", help="检查规则包 / check the packs")


def run(args: argparse.Namespace) -> int:
    return {"show": _show, "list": _list, "check": _check}[args.what](args)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise terminal.UsageError(
            f"“{text}”不是日历上的日期，请写成 2020-02-14。", f"{text!r} is no day on the calendar; write 2020-02-14."
        ) from None


def _rules(args: argparse.Namespace, area: str) -> rulebook.Rules:
    return rulebook.at(
        args.on or citytime.today(),
        area=area,
        disease=args.disease,
        known_on=args.known_on,
        group=args.group,
        sector=args.sector,
        firm_class=args.firm_class,
    )


def _show(args: argparse.Namespace) -> int:
    named = rulebook.book().row_named(args.id)
    rule_id, area = (named.rule_id, args.area or named.scope.area) if named else (args.id, args.area)
    answer = _rules(args, area).get(rule_id)
    if named is not None and named.version != answer.version:
        args.say.progress(
            f"您问的版本 {named.version} 在 {answer.day} 不适用，适用的是 {answer.version}",
            f"the version you asked for, {named.version}, does not apply on {answer.day}; {answer.version} does",
        )
    args.say(_as_json(answer, args), _as_text(answer))
    return 0


def _as_json(answer: rulebook.RuleAnswer, args: argparse.Namespace) -> dict[str, Any]:
    row = answer.row
    sources = pack_files.shipped().sources
    return {
        "id": answer.rule_id,
        "version": answer.version,
        "value": plain(answer.value),
        "label_zh": answer.label_zh,
        "label_en": answer.label_en,
        "on": answer.day.isoformat(),
        "area": answer.asked.area,
        "known_on": args.known_on.isoformat() if args.known_on else None,
        "valid_from": row.valid_from_on.isoformat(),
        "valid_to": row.valid_to_on.isoformat() if row.valid_to_on else None,
        "mark": answer.mark,
        "source": [{"mark": mark, "text": sources.get(mark, "")} for mark in answer.source],
        "source_text": answer.source_text,
        "note_zh": row.note_zh,
        "note_en": row.note_en,
        "own": row.own,
        "beaten": [{"version": one.version, "zh": one.zh, "en": one.en} for one in answer.beaten],
        "why_zh": answer.why("zh"),
        "why_en": answer.why("en"),
    }


def _as_text(answer: rulebook.RuleAnswer) -> str:
    packs = pack_files.shipped()
    kind = packs.kinds.get(answer.rule_id)
    shape = packs.shapes[kind.shape] if kind else None
    mark_zh, mark_en = MARK_WORDS[answer.mark]
    parts = [
        f"{answer.label_zh} / {answer.label_en}",
        f"{answer.rule_id} · {answer.version}",
        f"标记 / mark: {mark_zh} / {mark_en}",
        *(f"来源 / source: {mark} {packs.sources.get(mark, '')}" for mark in answer.source),
        *([f"文件 / document: {answer.source_text}"] if answer.source_text else []),
        "",
    ]
    if answer.value is None:
        parts.append("（空：未找到，须由本市填写 / empty: not found, the city must enter it）")
    else:
        parts += [words.as_text(shape, answer.value, "zh"), "", words.as_text(shape, answer.value, "en")]
    return "\n".join([*parts, "", answer.why("zh"), answer.why("en")])


def _list(args: argparse.Namespace) -> int:
    found = _rules(args, args.area).find(args.prefix)
    rows = [
        {
            "id": answer.rule_id,
            "version": answer.version,
            "label_zh": answer.label_zh,
            "label_en": answer.label_en,
            "area": answer.row.scope.area,
            "valid_from": answer.row.valid_from_on.isoformat(),
            "mark": answer.mark,
            "own": answer.row.own,
        }
        for answer in found
    ]
    if not rows:
        args.say.progress("当日没有这样的规则", "no such rule is in force on that day")
    heads = {"id": "ID", "label_zh": "名称", "label_en": "label", "area": "区划/area", "valid_from": "生效/from", "mark": "标记/mark"}
    args.say(rows, terminal.records(heads, rows) if rows else "")
    return 0


def _check(args: argparse.Namespace) -> int:
    try:
        packs = pack_files.load(pack_files.FOLDER)
    except rulebook.PackError as error:
        faults = [{"file": p.file, "row": p.row, "key": p.key, "zh": p.zh, "en": p.en} for p in error.problems]
        args.say({"packs": 0, "rules": 0, "rows": 0, "not_found": [], "faults": faults})
        raise
    missing = [row.version for row in packs.rows if row.value is None]
    summary = {
        "packs": len(packs.labels),
        "rules": len(packs.kinds),
        "rows": len(packs.rows),
        "not_found": missing,
        "faults": [],
    }
    lines = [
        f"规则包无误：{len(packs.labels)} 个包、{len(packs.kinds)} 条规则、{len(packs.rows)} 行"
        f" / the packs are sound: {len(packs.labels)} packs, {len(packs.kinds)} rules, {len(packs.rows)} rows",
        f"未找到、须由本市填写 {len(missing)} 行 / not found, for the city to enter: {len(missing)}",
        *(f"  - {version}" for version in missing),
    ]
    args.say(summary, "\n".join(lines))
    return 0
