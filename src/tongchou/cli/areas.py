"""``tongchou areas WORD``: the dated tree of divisions from the terminal."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.actions.outline import import_outlines
from tongchou.areas.actions.reform import Part, ReformResult, merge_areas, rename_area, split_area
from tongchou.areas.drafts import Reason, parse_day
from tongchou.areas.sheet import decode
from tongchou.cli import acting, terminal
from tongchou.refusal import Refusal

NAME = "areas"
HELP_ZH = "区划：导入、查看、合并、拆分、改名、边界，以及按另一天的区划重新汇总"
HELP_EN = "divisions: import, show, merge, split, rename, outlines, and figures told again under another day's divisions"
JSON = {
    "import": {
        "rows": "表头以下的行数 = created + updated + unchanged + rejected / rows below the header",
        "created": "新增 / divisions added",
        "updated": "更新 / divisions changed",
        "unchanged": "未变 / rows that already stood so",
        "rejected": "退回 / rows handed back",
        "refused": "整份文件是否退回 / whether the whole file was refused",
        "reasons": "原因 [{row, column, code, zh, en}]；整份退回时 row 为 0 / why; row 0 speaks of the whole file",
    },
    "tree": {
        "code": "区划代码 / division code",
        "path": "去掉末尾零级的代码 / the code without trailing zero levels",
        "name": "名称 / name",
        "level": "级别 / level",
        "parent": "上级 / path of the division above",
        "valid_from_on": "生效日期 / first day",
        "valid_to_on": "失效日期（不含），无则 null / first day on which it is no more, else null",
        "lon": "驻地经度（度）/ seat, degrees",
        "lat": "驻地纬度（度）/ seat, degrees",
        "datum": "坐标系 / datum of the seat",
    },
    "merge": {
        "on": "变更日期 / day of the change",
        "unchanged": "已登记过，未作改动 / it stood on record already",
        "ended": "自这一天停用的区划 / divisions that end",
        "began": "自这一天启用的区划 / divisions that begin",
        "successions": "去向 [{from, to, share}] / where each division's people live now",
    },
    "split": {"…": "同 merge / as for merge"},
    "rename": {"…": "同 merge / as for merge"},
    "retell": {
        "on": "所用区划的日期 / the day of the divisions",
        "total": "合计 / total, the same before and after",
        "counts": "逐项列表 / one entry each: {path, name, count}",
    },
    "outlines": {
        "rows": "要素数 = created + updated + unchanged + rejected / features",
        "created": "新增 / outlines added",
        "updated": "替换 / outlines that replace older ones",
        "unchanged": "未变 / outlines already there",
        "rejected": "退回 / features handed back",
        "refused": "整份文件是否退回 / whether the whole file was refused",
        "reasons": "原因 [{row, column, code, zh, en}] / why features were handed back",
        "warnings": "提醒，如驻地不在边界内 / warnings, such as a seat outside its outline",
        "missing": "同级中没有边界的区划 / divisions of the same level without an outline",
    },
}
INPUT = {
    "code": "import：区划代码，12 位（网格 15 位；2、4、6、9 位的上级代码也可）/ division code",
    "name": "import：名称 / name",
    "level": "import：级别，可不填（由代码得出）/ level, optional: it follows from the code",
    "parent": "import：上级代码，可不填 / the division above, optional",
    "urban_rural": "import：城乡分类代码 111、112、121、122、123、210、220，可不填 / urban-rural class, optional",
    "lon": "import：驻地经度（度），可不填 / seat, degrees, optional",
    "lat": "import：驻地纬度（度）/ seat, degrees",
    "datum": "import：坐标系 WGS-84、CGCS2000、GCJ-02、BD-09；有坐标必填 / datum, needed with a seat",
    "seat_source": "import：坐标来源，可不填 / whose coordinates, optional",
    "valid_from_on": "import：生效日期，不填则用 --valid-from / first day, else --valid-from",
    "valid_to_on": "import：失效日期（自这一天起不再有效），可不填 / first day on which it is no more, optional",
    "code, count": "retell：两列，区划代码和人数或件数 / two columns: division code and a whole number",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="areas_word", metavar="WORD", required=True, parser_class=terminal.Parser)
    _add_import(words)
    _add_tree(words)
    _add_reforms(words)
    _add_retell(words)
    _add_outlines(words)


def _word(words: Any, name: str, said: str, do: Callable[[argparse.Namespace], int], *, writes: bool = True) -> Any:
    parser = words.add_parser(name, help=said, description=said)
    parser.set_defaults(do=do)
    if writes:
        acting.add_argument(parser)
    return parser


def _add_import(words: Any) -> None:
    said = "从 CSV 导入一个城市的区划（UTF-8 或 GB18030）/ take a city's divisions in from a CSV file"
    parser = _word(words, "import", said, _import)
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV 文件 / the file")
    parser.add_argument("--valid-from", metavar="DATE", required=True, help="没写生效日期的行从哪一天起有效 / first day of rows that name none")
    parser.add_argument("--source", default="", help="来源 / where the file comes from")
    parser.add_argument("--datum", default="", help="没写坐标系的行用哪个坐标系 / datum of rows that name none")
    parser.add_argument("--dry-run", action="store_true", help="只核对，不写入 / judge only, write nothing")


def _add_tree(words: Any) -> None:
    parser = _word(words, "tree", "某一天的区划树 / the tree of divisions on a day", _tree, writes=False)
    parser.add_argument("--under", metavar="CODE", default="", help="只看这个区划之下 / only below this division")
    parser.add_argument("--on", metavar="DATE", help="哪一天，默认今天 / which day, today by default")
    parser.add_argument("--level", choices=areas.LEVELS, default="", help="只看一个级别 / one level only")


def _add_reforms(words: Any) -> None:
    merge = _word(words, "merge", "合并区划，下级随之改码 / merge divisions; those below get new codes", _merge)
    merge.add_argument("--from", dest="parts", metavar="CODE", action="append", required=True, help="被合并的区划，可多次 / division, repeatable")
    merge.add_argument("--to", metavar="CODE", required=True, help="并入的区划，或新代码 / the division that takes them in, or a new code")
    merge.add_argument("--name", default="", help="新名称（新代码必填）/ its new name, needed for a new code")
    merge.add_argument("--child", metavar="OLD=NEW", action="append", default=[], help="下级的新代码 / a child's announced code")
    merge.add_argument("--population", metavar="CODE=N", action="append", default=[], help="各区划人口，用于往回分 / populations, to tell later figures back")
    split = _word(words, "split", "拆分区划 / cut a division into several", _split)
    split.add_argument("code", metavar="CODE", help="被拆分的区划 / the division")
    split.add_argument("--into", metavar="CODE=N[:NAME]", action="append", required=True, help="各部分的代码、人口、名称 / each part: code, people, name")
    split.add_argument("--child", metavar="CHILD=PART", action="append", default=[], help="下级归哪一部分 / which part takes a child")
    rename = _word(words, "rename", "区划改名 / give a division another name", _rename)
    rename.add_argument("code", metavar="CODE", help="区划代码 / the division")
    rename.add_argument("name", metavar="NAME", help="新名称 / its new name")
    for parser in (merge, split, rename):
        parser.add_argument("--on", metavar="DATE", required=True, help="自哪一天起 / from which day")
        parser.add_argument("--source", default="", help="文号或来源 / the decree or source")
        parser.add_argument("--note", default="", help="说明 / a note")


def _add_retell(words: Any) -> None:
    said = "把按区划统计的数按另一天的区划重新汇总，合计不变 / tell counts again under another day's divisions; the total stays"
    parser = _word(words, "retell", said, _retell, writes=False)
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV，两列：代码和数 / CSV with two columns: code and count")
    parser.add_argument("--on", metavar="DATE", required=True, help="按哪一天的区划 / under the divisions of which day")
    parser.add_argument("--counted-on", metavar="DATE", help="这些数是按哪一天的区划统计的 / the day whose divisions the counts were written under")
    parser.add_argument("--level", choices=areas.LEVELS, default="", help="汇总到哪一级 / add up to one level")


def _add_outlines(words: Any) -> None:
    said = "从 GeoJSON 导入本市自己的边界 / take the city's own outlines in from GeoJSON"
    parser = _word(words, "outlines", said, _outlines)
    parser.add_argument("file", metavar="FILE", type=Path, help="GeoJSON 文件 / the file")
    parser.add_argument("--datum", required=True, help="坐标系 / datum: WGS-84, CGCS2000, GCJ-02, BD-09")
    parser.add_argument("--source", required=True, help="边界来源 / whose outlines they are")
    parser.add_argument("--dry-run", action="store_true", help="只核对，不写入 / judge only, write nothing")


def run(args: argparse.Namespace) -> int:
    return args.do(args)


def _import(args: argparse.Namespace) -> int:
    actor = _may(args, "import")
    result = import_divisions(
        file=_bytes(args.file), valid_from_on=_day(args.valid_from), source=args.source, datum=args.datum,
        by=actor.by, reach=_reach(actor), dry_run=args.dry_run,
    )  # fmt: skip
    args.say(result.as_dict(), _account(result, args.dry_run))
    return 1 if result.refused else 0


def _outlines(args: argparse.Namespace) -> int:
    result = import_outlines(
        file=_bytes(args.file), datum=args.datum, source=args.source, by=_may(args, "import").by, dry_run=args.dry_run
    )
    lines = [_account(result, args.dry_run), *_reason_lines("提醒 / warning", result.warnings)]
    if result.missing:
        names = "、".join(areas.name_of(path) for path in result.missing)
        lines.append(f"没有边界 / without an outline: {names}")
    args.say(result.as_dict(), "\n".join(lines))
    return 1 if result.refused else 0


def _account(result: Any, dry_run: bool) -> str:
    lines = []
    if not result.refused:
        dry = "（只核对，未写入 / dry run, nothing written）" if dry_run else ""
        lines.append(
            f"共 {result.rows} 行：新增 {result.created}，更新 {result.updated}，未变 {result.unchanged}，退回 {result.rejected}"
            f" / {result.rows} rows: {result.created} created, {result.updated} updated, {result.unchanged} unchanged,"
            f" {result.rejected} rejected {dry}".rstrip()
        )
    return "\n".join([*lines, *_reason_lines("退回 / rejected", result.reasons)])


def _reason_lines(head: str, reasons: Iterable[Reason]) -> list[str]:
    return [
        f"{head}: {f'第 {one.row} 行 / row {one.row}' if one.row else '整份文件 / the whole file'}"
        f"{f', {one.column}' if one.column else ''}: {one.zh} / {one.en}"
        for one in reasons
    ]


def _tree(args: argparse.Namespace) -> int:
    day = _day(args.on)
    under = areas.get(args.under, day).path if args.under else ""
    found = areas.below(under, day, args.level)
    data = [
        {
            "code": one.code, "path": one.path, "name": one.name, "level": one.level, "parent": one.parent_path,
            "valid_from_on": one.valid_from_on, "valid_to_on": one.valid_to_on, "lon": one.lon, "lat": one.lat,
            "datum": one.seat_datum,
        }
        for one in found
    ]  # fmt: skip
    indent = {level: "  " * step for step, level in enumerate(areas.LEVELS)}
    least = min((len(indent[one.level]) for one in found), default=0)
    text = "\n".join(f"{indent[one.level][least:]}{one.code}  {one.name}" for one in found)
    args.say(data, text or f"{day} 没有区划；用 tongchou areas import 导入 / no divisions on {day}; take them in with areas import")
    return 0


def _merge(args: argparse.Namespace) -> int:
    populations = {code: _number(people) for code, people in _pairs(args.population)}
    return _say_reform(args, merge_areas(
        from_paths=args.parts, to=args.to, on=_day(args.on), by=_may(args, "succeed", *args.parts, args.to).by, name=args.name,
        children=dict(_pairs(args.child)), populations=populations, source=args.source, note=args.note,
    ))  # fmt: skip


def _split(args: argparse.Namespace) -> int:
    children: dict[str, list[str]] = {}
    for child, part in _pairs(args.child):
        children.setdefault(areas.path_of(part), []).append(child)
    parts = []
    for code, said in _pairs(args.into):
        people, _, name = said.partition(":")
        parts.append(Part(code, name, population=_number(people), children=tuple(children.pop(areas.path_of(code), ()))))
    if children:
        raise terminal.UsageError(
            f"--child 写的 {'、'.join(children)} 不在 --into 之中", f"--child names {', '.join(children)}, which no --into does"
        )
    actor = _may(args, "succeed", args.code, *(part.code for part in parts))
    return _say_reform(args, split_area(
        path=args.code, into=parts, on=_day(args.on), by=actor.by, source=args.source, note=args.note
    ))  # fmt: skip


def _rename(args: argparse.Namespace) -> int:
    actor = _may(args, "succeed", args.code)
    return _say_reform(args, rename_area(
        path=args.code, name=args.name, on=_day(args.on), by=actor.by, source=args.source, note=args.note
    ))  # fmt: skip


def _say_reform(args: argparse.Namespace, result: ReformResult) -> int:
    moves = [{"from": start, "to": end, "share": float(share)} for start, end, share in result.successions]
    data = {"on": result.on, "unchanged": result.unchanged, "ended": result.ended, "began": result.began, "successions": moves}
    lines = ["已登记过，未作改动 / on record already, nothing changed"] if result.unchanged else []
    eve = date.fromordinal(result.on.toordinal() - 1)
    lines += [
        f"{areas.full_name(start, eve)} {start} → {areas.full_name(end, result.on)} {end}"
        f"{'' if share == 1 else f' ({float(share):.2%})'}"
        for start, end, share in result.successions
    ]
    lines += [f"{areas.full_name(path, result.on)} {path}" for path in result.began if not result.successions]
    args.say(data, "\n".join(lines))
    return 0


def _retell(args: argparse.Namespace) -> int:
    counts = _counts(_bytes(args.file))
    on = _day(args.on)
    told = areas.reaggregate(counts, on=on, counted_on=_day(args.counted_on) if args.counted_on else None, level=args.level)
    rows = [{"path": path, "name": areas.full_name(path, on), "count": count} for path, count in told.items()]
    total = sum(told.values())
    text = terminal.records({"path": "区划 / path", "name": "名称 / name", "count": "数 / count"}, rows)
    args.say({"on": on, "total": total, "counts": rows}, f"{text}\n合计 / total {total}")
    return 0


def _counts(file: bytes) -> dict[str, int]:
    counts: dict[str, int] = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(decode(file))), start=2):
        try:
            path = areas.path_of((row.get("code") or row.get("代码") or "").strip())
            counts[path] = counts.get(path, 0) + _number(row.get("count") or row.get("数") or "")
        except Refusal as error:
            raise terminal.CommandError(f"第 {number} 行：{error.zh}", f"row {number}: {error.en}") from error
    return counts


def _may(args: argparse.Namespace, verb: str, *codes: str) -> Actor:
    """The acting post, held to the permission table and, for the divisions named, to its own area."""
    actor = acting.actor(args.post)
    if not permissions.may(actor, "area", verb):
        raise terminal.CommandError(
            f"岗位“{actor.post_name}”无权改动区划，请以有权的岗位（如 办公室）办理",
            f"the post {actor.post_code} may not change divisions; act as one that may, such as the office",
        )
    outside = [code for code in codes if not areas.path_of(code).startswith(_reach(actor))]
    if outside:
        raise terminal.CommandError(
            f"{'、'.join(outside)} 不在岗位“{actor.post_name}”的辖区之内",
            f"{', '.join(outside)}: outside the area of the post {actor.post_code}",
        )
    return actor


def _reach(actor: Actor) -> tuple[str, ...]:
    """The paths below which a post may write; the system's own is ``""``."""
    return tuple(scope.value for scope in actor.scopes if scope.kind == "area")


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise terminal.CommandError(f"找不到文件 {path}", f"there is no file {path}")
    return path.read_bytes()


def _day(text: str | None) -> date:
    return (parse_day("date", text) if text else None) or citytime.today()


def _number(text: str) -> int:
    text = text.strip()
    if not text.isascii() or not text.isdigit():
        raise terminal.CommandError(f"“{text}”不是整数", f"'{text}' is no whole number")
    return int(text)


def _pairs(said: Iterable[str]) -> list[tuple[str, str]]:
    pairs = [tuple(part.strip() for part in one.split("=", 1)) for one in said]
    if bad := next((one for one, pair in zip(said, pairs, strict=True) if len(pair) != 2 or not all(pair)), None):
        raise terminal.UsageError(f"“{bad}”应写成 甲=乙", f"write '{bad}' as A=B")
    return [(pair[0], pair[1]) for pair in pairs]
